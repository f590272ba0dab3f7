"""`sentiment info`: what is in a model."""

import json
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from sentiment.cli.card import card_of
from sentiment.cli.charts import epochs_as_text, words_beside
from sentiment.cli.facts import about_model, facts_of
from sentiment.cli.models import open_model
from sentiment.cli.options import json_option, talk_options
from sentiment.cli.paths import FILE
from sentiment.errors import UsageError
from sentiment.general import LANGUAGE, MODEL
from sentiment.model import Model
from sentiment.reviews.cells import printable

_WIDTH = 100


@click.command(short_help="Show what is in a model.")
@click.argument("model_path", required=False, type=FILE, metavar="[MODEL]")
@click.option("--words", type=click.IntRange(1), metavar="N",
              help="Show the N n-grams that speak most for either answer.")  # fmt: skip
@click.option("--history", is_flag=True, help="Show how the training went, epoch by epoch.")
@click.option("--card", is_flag=True,
              help="Write a model card: Markdown, with the YAML header of model hubs.")  # fmt: skip
@json_option
@talk_options
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
    from sentiment.model.influence import strongest_phrases

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
