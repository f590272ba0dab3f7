"""A model card: Markdown for people, with the YAML header that model hubs read.

Everything is from the model file, and a stranger's text. What is inserted into `card.md.jinja` is
escaped. What the file does not say, such as a licence, is left out: whoever publishes the model
knows, and adds it.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from sentiment.cli.facts import about_model
from sentiment.model.decision import UNCERTAIN
from sentiment.reviews.cells import count_of, visible

# Titles in a model's own card that belong into the header.
_KNOWN = ("language", "license")
# What Markdown takes for markup, anywhere or at the beginning of a line; code in a line stays code.
_MARKUP = re.compile(r"((?<!`)`[^`|]+`(?!`))|[\\`*_\[\]<>&|~]|^([#+=-]|\d+[.)](?=\s|$))")
_NOT_IN_YAML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def card_of(facts: Mapping[str, Any], language: str = "") -> str:
    """Write a card.

    Args:
        facts: what `facts_of` gives, and the file as `model`.
        language: of the texts it is for, such as `en`; empty where nobody knows.
    """
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
        known=({"language": language} if language else {})
        | {title: card[title] for title in _KNOWN if title in card},
        own={title: text for title, text in card.items() if title not in _KNOWN},
        rows=about_model(facts),
        log_loss=best[0].get("validation_loss") if best else None,
        units=[f"{layer['units']:,}" for layer in facts["layers"]],
        name=Path(facts["model"]).stem,
        file=Path(facts["model"]).name,
        uncertain=UNCERTAIN,
        count_of=count_of,
    )


def _text(text: str) -> str:
    """Write a line of the file's as text: no control characters, no markup, no HTML."""
    return _MARKUP.sub(_escaped, visible(text.strip()))


def _escaped(found: re.Match[str]) -> str:
    markup = found[0]
    return found[1] or f"{markup[:-1]}\\{markup[-1]}"


def _quoted(text: str) -> str:
    """Write a YAML scalar: a JSON string, which YAML reads as one."""
    quoted = json.dumps(visible(text), ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
