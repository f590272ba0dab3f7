"""`sentiment info --card`: a model card, Markdown with the YAML header of model hubs."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

from sentiment.cli.info import about_model
from sentiment.labels import UNCERTAIN
from sentiment.model.provenance import DatasetSummary
from sentiment.reviews.cells import count_of
from sentiment.values import visible

# Titles of a model's own card that belong in the YAML header.
_KNOWN = ("language", "license")
# Markdown markup, anywhere or at the start of a line; inline code stays code.
_MARKUP = re.compile(r"((?<!`)`[^`|]+`(?!`))|[\\`*_\[\]<>&|~]|^([#+=-]|\d+[.)](?=\s|$))")
_NOT_IN_YAML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def card_of(facts: Mapping[str, Any]) -> str:
    """Return a model card of what `facts_of` returns, and the path as `model`."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    def as_text(value: Any) -> Any:
        return _text(value) if type(value) is str else value

    environment = Environment(
        finalize=as_text, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["yaml"] = lambda value: Markup(_quoted(value))
    environment.filters["code"] = lambda value: Markup(visible(quote(value)))
    about = facts["provenance"] or {}
    card = about.get("card", {})
    best = [each for each in facts["history"] if each.get("number") == about.get("best_epoch")]
    template = Path(__file__).with_name("card.md.jinja").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        facts=facts,
        about=about,
        known=({"language": facts["languages"]} if facts["languages"] else {})
        | {title: card[title] for title in _KNOWN if title in card},
        own={title: text for title, text in card.items() if title not in _KNOWN},
        rows=about_model(facts),
        log_loss=best[0].get("validation_loss") if best else None,
        name=Path(facts["model"]).stem,
        file=Path(facts["model"]).name,
        uncertain=UNCERTAIN,
        count_of=count_of,
        held_out=DatasetSummary.from_json(about["validation"]).total if about else 0,
    )


def _text(text: str) -> str:
    """Escape a text from the model file: no control characters, no markup, no HTML."""
    return _MARKUP.sub(
        lambda found: found[1] or f"{found[0][:-1]}\\{found[0][-1]}", visible(text.strip())
    )


def _quoted(text: str | Sequence[str]) -> str:
    """Return a YAML scalar: a JSON string is one; or a list of several."""
    if not isinstance(text, str):
        each = [*map(_quoted, text)]
        return each[0] if len(each) == 1 else f"[{', '.join(each)}]"
    quoted = json.dumps(visible(text), ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
