"""A model card: Markdown for people, with the YAML header that model hubs read.

Everything is from the model file. What it does not say, such as a licence, is left out: whoever
publishes the model knows, and adds it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from sentiment.cli.facts import about_model
from sentiment.model.decision import UNCERTAIN
from sentiment.reviews.cells import count_of, visible

_TAGS = ("sentiment-analysis", "text-classification", "safetensors")
# Titles in a model's own card that belong into the header.
_KNOWN = ("language", "license")
# What Markdown takes for markup, anywhere or at the beginning of a line; code in a line stays code.
_MARKUP = re.compile(r"((?<!`)`[^`|]+`(?!`))|[\\`*_\[\]<>&|~]|^([#+=-]|\d+[.)](?=\s|$))")
_NOT_IN_YAML = re.compile("[\ud800-\udfff\ufffe\uffff]")


def card_of(facts: Mapping[str, Any], language: str = "") -> Iterator[str]:
    """Write a card, line by line.

    Args:
        facts: what `facts_of` gives, and the file as `model`.
        language: of the texts it is for, such as `en`; empty where nobody knows.
    """
    about = facts["provenance"] or {}
    own = {title: text for title, text in about.get("card", {}).items() if title not in _KNOWN}
    name = Path(facts["model"]).stem
    yield from _header(facts, name, {"language": language} if language else {})
    yield ""
    yield f"# {_text(name)}"
    yield ""
    yield "Says of a text how likely it is positive: a sentiment classifier of two classes."
    for title, text in own.items():
        yield from _section(title[:1].upper() + title[1:], map(_text, text.splitlines()))
    yield from _section("What is in it", _parts(facts))
    yield from _section("Limits of the figures", [f"- {each}" for each in _limits(about)])
    yield ""
    yield "## Use"
    yield ""
    yield "```sh"
    yield f'sentiment predict -m {visible(quote(Path(facts["model"]).name))} "your text"'
    yield "```"


def _header(facts: Mapping[str, Any], name: str, known: dict[str, str]) -> Iterator[str]:
    """The YAML header: names as hubs know them, every text in quotes."""
    about = facts["provenance"] or {}
    known |= {each: about["card"][each] for each in _KNOWN if each in about.get("card", {})}
    yield "---"
    for key, value in known.items():
        yield f"{key}: {_quoted(value)}"
    yield "library_name: sentiment"
    yield "pipeline_tag: text-classification"
    yield "tags:"
    for tag in _TAGS:
        yield f"- {tag}"
    if about and about["accuracy"] is not None:
        yield from _results(about, facts["history"], name)
    yield "---"


def _results(about: Mapping[str, Any], history: list[dict[str, float]], name: str) -> Iterator[str]:
    """The figures of held-out reviews, as an index of results."""
    rows = about["validation"]
    held_out = count_of(rows["positive"] + rows["negative"], "held-out review")
    held_out += " (cross-validation)" if about["in_turns"] else ""
    yield "metrics:"
    yield "- accuracy"
    yield "model-index:"
    yield f"- name: {_quoted(name)}"
    yield "  results:"
    yield "  - task:"
    yield "      type: text-classification"
    yield "      name: Sentiment"
    yield "    dataset:"
    yield "      type: held-out"
    yield f"      name: {_quoted(held_out)}"
    yield "    metrics:"
    figures = {"Accuracy": ("accuracy", about["accuracy"])}
    best = [epoch for epoch in history if epoch.get("number") == about["best_epoch"]]
    if best and "validation_loss" in best[0]:
        figures["Log loss"] = ("log_loss", best[0]["validation_loss"])
    for title, (kind, value) in figures.items():
        yield f"    - type: {kind}"
        yield f"      name: {title}"
        yield f"      value: {round(value, 4)}"


def _parts(facts: Mapping[str, Any]) -> Iterator[str]:
    """What it is made of and where it came from, as a table."""
    yield "| | |"
    yield "|---|---|"
    units = " → ".join(f"{layer['units']:,}" for layer in facts["layers"])
    yield f"| network | {units} units, {facts['trainable_parameters']:,} parameters |"
    for title, text in about_model(facts):
        yield f"| {title} | {_text(text)} |"


def _limits(about: Mapping[str, Any]) -> Iterator[str]:
    yield "There are two classes, and none for neutral texts."
    yield f"A text of which it knows too few words is answered `{UNCERTAIN}`."
    if not about:
        yield "The file does not say what it was trained on, nor how good it is."
        return
    chosen = "its calibration, and it may be its threshold and" if about["calibrated"] else "only"
    yield (
        f"The held-out reviews chose {chosen} the number of its epochs, which flatters the figures "
        "a little; on other kinds of text it may do worse."
    )
    if not about["calibrated"]:
        yield "Too few reviews were held out to calibrate its probabilities."
    if about["refitted"]:
        yield "The figures are of a model that had not seen them; this one was then fitted on all."


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield ""
    yield f"## {_text(title)}"
    yield ""
    yield from lines


def _text(text: str) -> str:
    """A line of the file's as text: no control characters, no markup, no HTML."""
    return _MARKUP.sub(_escaped, visible(text.strip()))


def _escaped(found: re.Match[str]) -> str:
    markup = found[0]
    return found[1] or f"{markup[:-1]}\\{markup[-1]}"


def _quoted(text: str) -> str:
    """A YAML scalar: a JSON string, which YAML reads as one."""
    quoted = json.dumps(visible(text), ensure_ascii=False)
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
