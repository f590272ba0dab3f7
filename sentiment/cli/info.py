"""`sentiment info`: what is in a model, and its card."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from textwrap import wrap
from typing import Any

import click

from sentiment.cli.models import describe_band, open_model
from sentiment.cli.options import FILE, json_option, verbosity_options
from sentiment.cli.train import CHANCE, HeldOut
from sentiment.cli.training import epochs_as_text, words_beside
from sentiment.errors import UsageError
from sentiment.general import LANGUAGE, MODEL
from sentiment.labels import LabelSet
from sentiment.model.component import Component
from sentiment.model.model import UNCERTAIN, Decision, Model, Record
from sentiment.model.provenance import Provenance
from sentiment.reviews.cells import count_of, printable, visible


def facts_of(model: Model) -> dict[str, Any]:
    """Gather what there is to know, as JSON values; a base stands within what stands on it."""
    return model.add_up(
        [_facts(model.labels, *part) for part in model.parts],
        lambda own, base, weight: own | {"base": {"weight": weight, **base}},
    )


def _facts(
    labels: LabelSet, component: Component, decision: Decision, record: Record
) -> dict[str, Any]:
    encoder, layers = component.encoder, component.network.summary()
    return {
        "labels": list(labels.names),
        "vectorizer": {
            "features": encoder.size,
            "kinds": encoder.describe(),
            **encoder.settings(),
        },
        "layers": layers,
        "trainable_parameters": sum(layer["trainable_parameters"] for layer in layers),
        "threshold": decision.threshold,
        "band": decision.abstention_interval,
        "calibration": component.calibration._asdict(),
        "history": list(record.history),
        "provenance": record.provenance.as_json() if record.provenance else None,
        "base": None,
    }


def about_model(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Say in words what a model is made of and where it came from: titles and texts.

    What the file itself says is in them as it is.

    Args:
        facts: what `facts_of` gives.
    """
    yield (
        "vectorizer",
        f"{facts['vectorizer']['features']:,} n-grams: {facts['vectorizer']['kinds']}",
    )
    decision = Decision(facts["threshold"], facts["band"])
    yield "labels", f"{', '.join(facts['labels'])}; {describe_band(decision)}"
    calibration = facts["calibration"]
    slope, intercept = calibration["slope"], calibration["intercept"]
    yield "calibration", f"p = σ({slope:.3f} · logit {intercept:+.3f})"
    if facts["base"] is not None:
        yield "base", _base(facts["base"])
    if facts["provenance"] is not None:
        yield from _origin(facts["provenance"])


def _base(base: Mapping[str, Any]) -> str:
    features = f"a model of {base['vectorizer']['features']:,} n-grams"
    if base["provenance"] is not None:
        rows = base["provenance"]["training"]
        features += (
            f", trained on {rows['positive']:,} positive and {rows['negative']:,} negative "
            f"reviews (hash {rows['hash'][:12]})"
        )
    return f"adds {base['weight']:.2f} times the log-odds of {features}"


def _origin(about: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    held_out = "cross-val." if about["in_turns"] else "held out"
    for name, title in (("training", "trained on"), ("validation", held_out)):
        rows = about[name]
        if not rows["positive"] + rows["negative"]:
            continue  # a base knew them all
        yield (
            title,
            (
                f"{rows['positive']:,} positive and {rows['negative']:,} negative reviews "
                f"(hash {rows['hash'][:12]})"
            ),
        )
    if about["accuracy"] is not None:
        figures = HeldOut.of(Provenance.from_json(about))
        chance = f": {CHANCE}" if figures and figures.is_chance else ""
        yield "right", f"{about['accuracy']:.1%} of the held-out reviews{chance}"
    if about["goal"]:
        from sentiment.evaluation.intervals import CONFIDENCE  # of calibrated models alone

        yield "goal", f"{about['goal']}, with {CONFIDENCE:.0%} confidence"
    if about["unlabeled"]:
        yield "unlabeled", f"{count_of(about['unlabeled'], 'review')} without labels"
    yield "epochs", _epochs(about)
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    yield "made with", versions


def _epochs(about: Mapping[str, Any]) -> str:
    """Say how many epochs were run, and by what they were chosen."""
    number = about["best_epoch"]
    if about["in_turns"]:
        return f"{number}, chosen by cross-validation"
    return f"{number}{f', then retrained for {number} on all reviews' * about['refitted']}"


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


_WIDTH = 100


@click.command(short_help="Show what is in a model.")
@click.argument("model_path", required=False, type=FILE, metavar="[MODEL]")
@click.option("--words", type=click.IntRange(1), metavar="N",
              help="Show the N n-grams that speak most for either answer.")  # fmt: skip
@click.option("--history", is_flag=True, help="Show how the training went, epoch by epoch.")
@click.option("--card", is_flag=True,
              help="Write a model card: Markdown, with the YAML header of model hubs.")  # fmt: skip
@json_option
@verbosity_options
def command(
    model_path: Path | None, words: int | None, history: bool, card: bool, as_json: bool
) -> None:
    """Show what is in a model: its vectorizer, its network layer by layer, where it came from.

    Without MODEL: $SENTIMENT_MODEL, else ./model.safetensors, else general, the model that comes
    along. With --words or --history, these alone; in JSON beside the rest. With --card, a model
    card of what is in the file: what is not known is left out.

    The number of an n-gram is what it adds to the logit of a text that holds nothing else, in
    proportion to its weight: 1 for the n-gram of the largest.

    \b
    Examples:
      sentiment info
      sentiment info --words 20
      sentiment info --history
      sentiment info big.safetensors --json
      sentiment info big.safetensors --card
    """
    if card and (as_json or history or words is not None):
        raise UsageError("--card is written by itself: leave out --json, --words and --history")
    path, model = open_model(model_path)
    facts = facts_of(model) | {"model": str(path), "bytes": path.stat().st_size}
    if words is not None:
        facts |= _words(model, words)
    if card:
        click.echo(card_of(facts, LANGUAGE if path == MODEL else ""))
        return
    if as_json:
        click.echo(json.dumps(facts))
        return
    parts = [list(words_beside(facts["words"]))] if words is not None else []
    parts += [list(epochs_as_text(facts))] if history else []
    click.echo("\n\n".join("\n".join(part) for part in parts or [list(_as_text(facts))]))


def _words(model: Model, count: int) -> dict[str, Any]:
    from sentiment.model.explanation import strongest_phrases

    positive, negative = strongest_phrases(model, count)
    return {"words": {"positive": positive, "negative": negative}}


def _as_text(facts: dict[str, Any]) -> Iterator[str]:
    vectorizer, *about = about_model(facts)
    yield f"{printable(facts['model'])} ({facts['bytes'] / 1e6:.1f} MB)"
    yield ""
    yield _titled(*vectorizer)
    yield ""
    yield f"{'layer':<12}{'inputs':>10}{'units':>8}  {'activation':<12}{'parameters':>12}"
    for layer in facts["layers"]:
        yield (
            f"{layer['name']:<12}{layer['inputs']:>10,}{layer['units']:>8,}  "
            f"{layer['activation']:<12}{layer['trainable_parameters']:>12,}"
        )
    yield f"{'in all':<12}{facts['trainable_parameters']:>44,}"
    yield ""
    for title, text in about:
        yield _titled(title, text)
    yield from _card((facts["provenance"] or {}).get("card", {}))


def _card(card: dict[str, str]) -> Iterator[str]:
    """What the maker says of the model: a title, and below it the text, line by line."""
    for title, text in card.items():
        yield ""
        yield printable(title)
        for line in text.splitlines():
            yield from wrap(printable(line), _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _titled(title: str, text: str) -> str:
    return f"{title:<12}{printable(text)}"
