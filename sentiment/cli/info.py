"""`sentiment info`: the contents of a model, its training curve and its card."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from sentiment.cli import options
from sentiment.cli.console import bar
from sentiment.cli.models import open_model
from sentiment.cli.weights import notation, weights_as_text, weights_of
from sentiment.errors import UsageError
from sentiment.evaluation.intervals import CONFIDENCE
from sentiment.evaluation.metrics import constant_confusion, metrics_of
from sentiment.features.language import LANGUAGES
from sentiment.labels import UNCERTAIN, LabelSet
from sentiment.model.component import Component
from sentiment.model.decision import AnyDecision, Decision, MultiDecision, describe_band
from sentiment.model.model import Model, Record
from sentiment.model.provenance import DatasetSummary, Provenance
from sentiment.reviews.cells import and_more, count_of, count_of_class, printable

SHOWN = 6  # classes named one by one
CHANCE = "no better than answering every review the same"
Rows = Iterator[tuple[str, str]]


class HeldOut(NamedTuple):
    """Metrics on the held-out reviews of a training, each from 0 to 1.

    Attributes:
        reviews: number of held-out reviews.
        figures: metrics of the model, under the keys of `evaluate --json`.
        constant: metrics of a classifier that always answers the most frequent label.
        is_chance: whether the model is no better than that classifier: its macro F1 is not higher,
            or its mean recall is within one standard error of that of a constant answer.
    """

    reviews: int
    figures: dict[str, float]
    constant: dict[str, float]
    is_chance: bool

    @classmethod
    def of(cls, about: Provenance | None) -> "HeldOut | None":
        """Compute the metrics from the correct answers of each class; None if not recorded."""
        if about is None or about.right is None or about.accuracy is None:
            return None
        names = tuple(about.right)
        sizes, correct = (
            np.array([*counts.values()]) for counts in (about.validation.counts, about.right)
        )
        answered = np.diag(correct) + np.fliplr(np.diag(sizes - correct))
        if about.confusion is not None:
            answered = np.array(about.confusion)
            sizes, correct = answered.sum(axis=1), np.diag(answered)
        figures, same = (_figures(each, names) for each in (answered, constant_confusion(answered)))
        recall = correct / np.maximum(sizes, 1)
        error = np.sqrt((recall * (1 - recall) / np.maximum(sizes, 1)).sum()) / sizes.size
        no_better = recall.mean() <= 1 / sizes.size + error
        chance = figures["macro_f1"] <= same["macro_f1"] or no_better
        return cls(about.validation.total, figures, same, bool(chance))

    def as_json(self) -> dict[str, float]:
        """Return macro F1, recalls and the baseline, under the keys of `evaluate --json`."""
        baseline = {f"constant_{name}": self.constant[name] for name in ("accuracy", "macro_f1")}
        return {name: each for name, each in self.figures.items() if name != "accuracy"} | baseline

    def describe(self, *, cross_validated: bool) -> str:
        """Return one line with accuracy, macro F1, recalls and the baseline."""
        reviews = f"{self.reviews:,} reviews" + " (5-fold cross-validation)" * cross_validated
        return (
            f"on {reviews if cross_validated else f'{self.reviews:,} held-out reviews'}: accuracy "
            f"{self.figures['accuracy']:.1%} (one answer for all: {self.constant['accuracy']:.1%}),"
            f" {self.by_class()}"
        )

    def by_class(self) -> str:
        """Return macro F1 and recalls in words."""
        recalls = [
            f"{name.removeprefix('recall_')} {each:.1%}"
            for name, each in self.figures.items()
            if name.startswith("recall_")
        ]
        return f"macro F1 {self.figures['macro_f1']:.1%}, recall {and_more(recalls, SHOWN)}"


def _figures(answered: NDArray[Any], names: Sequence[str]) -> dict[str, float]:
    """Compute the metrics of a confusion matrix, [K, K], that are shown; by class the recalls."""
    found = metrics_of(answered, LabelSet(tuple(names)))
    shown = ("accuracy", "macro_f1", *(f"recall_{name}" for name in names))
    return {name: float(found[name]) for name in shown}


def facts_of(model: Model) -> dict[str, Any]:
    """Return the contents of a model as JSON values; a base is nested under `base`."""
    facts = model.add_up(
        [_facts(model.labels, *part) for part in model.parts],
        lambda own, base, weight: own | {"base": {"weight": weight, **base}},
    )
    words = model.words.described(model.labels)
    facts |= {"languages": [*model.languages] or None}
    return facts | ({"own_words": words} if words else {})


def _facts(
    labels: LabelSet, component: Component, decision: AnyDecision, record: Record
) -> dict[str, Any]:
    encoder, layers = component.encoder, component.network.summary()
    settings = encoder.settings()
    if "corrected" in settings:
        settings["corrected"] = len(settings["corrected"])
    return {
        "labels": list(labels.names),
        "vectorizer": {
            "unit": encoder.unit,
            "features": encoder.size,
            "kinds": encoder.describe(),
            **settings,
        },
        "network": component.network.describe(),
        "layers": layers,
        "trainable_parameters": sum(layer["trainable_parameters"] for layer in layers),
        **decision.as_json(),
        "calibration": component.calibration.as_json(),
        "history": list(record.history),
        "provenance": record.provenance.as_json() if record.provenance else None,
        "base": None,
    }


def about_model(facts: Mapping[str, Any]) -> Rows:
    """Yield titles and texts that describe a model, from what `facts_of` returns."""
    vectorizer, names = facts["vectorizer"], facts["labels"]
    yield "vectorizer", f"{_features(vectorizer)}: {vectorizer['kinds']}"
    yield "network", f"{facts['network']}, {facts['trainable_parameters']:,} parameters"
    slope, intercept = facts["calibration"]["slope"], facts["calibration"]["intercept"]
    if "threshold" in facts:
        decision = Decision(facts["threshold"], facts["band"])
        band = describe_band(decision, LabelSet(tuple(names)))
        yield "labels", f"{', '.join(names)} ({band})"
        yield "calibration", f"p = σ({slope:.3f} · logit {intercept:+.3f}) (Platt scaling)"
    else:
        yield "labels", ", ".join(names)
        yield "decision", _multi_decision(facts)
        rest = intercept if isinstance(intercept, list) else [intercept] * (len(names) - 1)
        biases = _by_name(names, [0.0, *rest])
        yield "calibration", f"p = softmax({slope:.3f} · logits + biases); biases: {biases}"
    if facts["languages"]:
        names = and_more([LANGUAGES[code] for code in facts["languages"]], SHOWN)
        yield "languages", f"{names}; texts in others are {UNCERTAIN}"
    if own := facts.get("own_words"):
        yield "your words", f"{len(own):,}: {and_more(own, SHOWN)}"
    if facts["base"] is not None:
        yield "base", _base(facts["base"])
    if facts["provenance"] is not None:
        yield from _origin(facts["provenance"])


def _features(vectorizer: Mapping[str, Any]) -> str:
    return f"{vectorizer['features']:,} {vectorizer['unit']}"


def _multi_decision(facts: Mapping[str, Any]) -> str:
    """Return how a model of more than two classes decides."""
    most = "the most likely class"
    if facts["offsets"]:
        offsets = _by_name(facts["labels"], facts["offsets"])
        most += f", by log-probabilities less offsets: {offsets}"
    if facts["minima"] is None:
        return most
    decision = MultiDecision((), facts["minima"])
    band = describe_band(decision, LabelSet(tuple(facts["labels"])))
    return f"{most}; {band}"


def _by_name(names: Sequence[str], numbers: Sequence[float]) -> str:
    """Return numbers of classes with their names."""
    pairs = [f"{name} {number:+.2f}" for name, number in zip(names, numbers, strict=True)]
    return and_more(pairs, SHOWN)


def _base(base: Mapping[str, Any]) -> str:
    about = base["provenance"]
    trained = f", trained on {_reviews(about['training'])}" if about is not None else ""
    return (
        f"adds {base['weight']:.2f} times the log-odds of a model of "
        f"{_features(base['vectorizer'])}{trained}"
    )


def _reviews(rows: Mapping[str, Any]) -> str:
    return f"{by_class(DatasetSummary.from_json(rows).counts)} (hash {rows['hash'][:12]})"


def by_class(counts: Mapping[str, int]) -> str:
    """Return how many reviews of each class there are, the last class first."""
    if len(counts) > SHOWN:
        return f"{count_of(sum(counts.values()), 'review')} of {len(counts)} classes"
    *first, (name, count) = reversed([*counts.items()])
    some = ", ".join(count_of_class(n, word) for word, n in first)
    if name[:1].isdigit():
        return f"{some} and {count_of_class(count, name)}"
    return f"{some} and {count_of(count, f'{name} review')}"


def _origin(about: Mapping[str, Any]) -> Rows:
    yield from ((title, about[title]) for title in ("name", "note") if title in about)
    yield "trained on", _reviews(about["training"])
    rows = about["validation"]
    if DatasetSummary.from_json(rows).total:  # none if a base knew them all
        yield "cross-val." if about["in_turns"] else "held out", _reviews(rows)
    if about["accuracy"] is not None:
        figures = HeldOut.of(Provenance.from_json(about))
        chance = f": {CHANCE}" if figures and figures.is_chance else ""
        yield "accuracy", f"{about['accuracy']:.1%} on the held-out reviews{chance}"
        if figures and len(about["right"]) > 2:
            yield "by class", figures.by_class()
    if about["goal"]:
        yield "goal", f"{about['goal']}, with {CONFIDENCE:.0%} confidence"
    if (file := _file_of_vectors(about["recipe"])) is not None:
        yield "embeddings", file
    if about["unlabeled"]:
        yield "unlabeled", f"{count_of(about['unlabeled'], 'review')} without labels"
    epochs = about["best_epoch"]
    how = "cross-validation" if about["in_turns"] else "held-out reviews"
    refit = f", then retrained for {epochs} on all reviews" * about["refitted"]
    yield "epochs", f"{epochs} (chosen by {how}){refit}"
    yield from _fitting(about)
    yield "versions", ", ".join(f"{name} {number}" for name, number in about["versions"].items())


def _file_of_vectors(recipe: Mapping[str, Any]) -> str | None:
    """Return the file that the vectors of words began with, if the model's file names one."""
    file = recipe.get("embeddings")
    if not isinstance(file, dict) or not all(
        type(file.get(key)) is str for key in ("file", "hash")
    ):
        return None
    return f"{file['file']} (hash {file['hash'][:12]})"


def _fitting(about: Mapping[str, Any]) -> Rows:
    """Yield loss and optimizer, if the file says how the network was fitted."""
    recipe, classes = about["recipe"], len(DatasetSummary.from_json(about["training"]).counts)
    rate, epochs, batch = (recipe.get(name) for name in ("learning_rate", "epochs", "batch_size"))
    given = rate, epochs, batch
    if not all(isinstance(each, int | float) and 0 <= each < 1e12 for each in given):
        return
    loss, output = ("binary", "sigmoid") if classes == 2 else ("categorical", "softmax")
    yield "loss", f"{loss} cross-entropy of the {output}"
    # Only the blocks of an encoder are fine-tuned, by another optimizer.
    name, decay = ("AdamW", "rising, then falling") if "tuned" in recipe else ("Adam", "falling")
    steps = f"over {epochs} epochs, {batch:,} reviews a step"
    yield "optimizer", f"{name}, learning rate {rate:.4g} {decay} to 0 {steps}"


_WORD = 24
_WORD_BAR = 6
_CURVE_BAR = 12

Move = tuple[str, float]


def words_as_text(words: Mapping[str, Sequence[Move]]) -> Iterator[str]:
    """Yield lines with the strongest n-grams of each class, two classes side by side.

    Args:
        words: lists of n-grams and their log-odds, by class.
    """
    if not any(words.values()):
        yield "this model keeps no phrases as text"
        return
    most = max(abs(moved) for side in words.values() for _, moved in side)
    width = 8 + _WORD_BAR + 2 + _WORD
    for start in range(0, len(words), 2):
        if start:
            yield ""
        pair = [*words][start : start + 2]
        yield "  ".join(f"{printable(name):<{width}}" for name in pair).rstrip()
        for moves in zip_longest(*(words[name] for name in pair)):
            shown = (_move(move, most) if move else "" for move in moves)
            yield "  ".join(f"{each:<{width}}" for each in shown).rstrip()
    yield from notation(name for side in words.values() for name, _ in side)


def _move(move: Move, most: float) -> str:
    name, moved = move
    shown = printable(name)
    shown = shown if len(shown) <= _WORD else f"{shown[: _WORD - 1]}…"
    return f"{moved:+7.3f} {bar(abs(moved) / most, _WORD_BAR):<{_WORD_BAR}}  {shown}"


def history_as_text(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each epoch: loss, validation loss and accuracy, with bars."""
    epochs: list[dict[str, float]] = facts["history"]
    about = facts["provenance"]
    if not epochs:
        old = about is not None and about["in_turns"]
        yield (
            "no curve: this model was cross-validated by an older version, which kept none"
            if old
            else "this model has no training curve"
        )
        return
    loss, validation_loss, accuracy = (
        [epoch.get(name, 0.0) for epoch in epochs]
        for name in ("loss", "validation_loss", "validation_accuracy")
    )
    most = max(*loss, *validation_loss) or 1.0
    # Accuracies are close together: their bars start at a round number below the lowest.
    floor = min(int(min(accuracy) * 20), 19) / 20
    column = 8 + _CURVE_BAR
    kept = 0 if about is None else about["best_epoch"]
    titles = f"{'loss':<{column}} {'validation loss':<{column}}"
    yield f"epoch  {titles} accuracy (bars from {floor:.0%})"
    for number, row in enumerate(zip(loss, validation_loss, accuracy, strict=True), start=1):
        cells = [f"{each:.4f}  {bar(each / most, _CURVE_BAR):<{_CURVE_BAR}}" for each in row[:2]]
        risen = bar((row[2] - floor) / (1 - floor), _CURVE_BAR)
        mark = "kept" if number == kept else ""
        line = f"{number:>5}  {' '.join(cells)} {row[2]:6.1%}  {risen:<{_CURVE_BAR}}  {mark}"
        yield line.rstrip()
    if 0 < kept <= len(epochs):
        yield f"kept: {why_kept(validation_loss, kept)}"


def why_kept(losses: Sequence[float], number: int) -> str:
    """Return why an epoch was kept, by all validation losses; see `sentiment.training.decide`."""
    if losses[number - 1] == min(losses):
        return "the epoch of the lowest validation loss"
    return "the latest epoch within one standard error of the lowest validation loss"


_WIDTH = 100


@click.command(cls=options.TopicCommand, short_help="Show what is in a model.")
@click.argument("model_path", required=False, type=options.MODEL, metavar="[MODEL]")
@click.option("--words", type=click.IntRange(1), metavar="N",
              help="Show the N strongest n-grams of each class.")  # fmt: skip
@click.option("--weights", is_flag=True,
              help="Show the range of each layer's weights, and which n-grams feed which hidden "
              "unit most.")  # fmt: skip
@click.option("--history", is_flag=True, help="Show the training curve, epoch by epoch.")
@click.option("--card", is_flag=True,
              help="Write a model card: Markdown with the YAML header of model hubs.")  # fmt: skip
@options.as_json
@options.verbosity
def command(
    model_path: Path | None,
    words: int | None,
    weights: bool,
    history: bool,
    card: bool,
    as_json: bool,
) -> None:
    """Show what is in a model: its vectorizer, its network layer by layer, its training data.

    Without MODEL: $SENTIMENT_MODEL, else ./model.safetensors, else general; general and fast
    are bundled. --words, --weights and --history replace this overview; with --json they are added
    to it. --card writes a model card; it leaves out what the file does not say.

    The number of an n-gram is its effect on the log-odds in a text of nothing else; the n-gram
    with the largest weight counts in full, others in proportion. What marks such as "… good" mean
    is said below the list.

    \b
    Examples:
      sentiment info
      sentiment info --words 20
      sentiment info --history --weights
      sentiment info big.safetensors --json
      sentiment info big.safetensors --card
    """
    if card and (as_json or history or weights or words is not None):
        raise UsageError("--card cannot be combined with --json, --words, --weights or --history")
    path, model = open_model(model_path)
    facts = facts_of(model) | {"model": str(path), "bytes": path.stat().st_size}
    if words is not None:
        facts |= _words(model, words)
    if weights:
        facts["weights"] = weights_of(model)
    if card:
        from sentiment.cli.card import card_of  # which takes the texts about a model from here

        click.echo(card_of(facts))
        return
    if as_json:
        click.echo(json.dumps(facts))
        return
    parts = [list(words_as_text(facts["words"]))] if words is not None else []
    parts += [list(weights_as_text(facts["weights"]))] if weights else []
    parts += [list(history_as_text(facts))] if history else []
    click.echo("\n\n".join("\n".join(part) for part in parts or [list(_as_text(facts))]))


def _words(model: Model, count: int) -> dict[str, Any]:
    from sentiment.model.phrases import strongest_phrases

    names = model.labels.names
    if model.labels.is_binary:
        return {"words": dict(zip(reversed(names), strongest_phrases(model, count), strict=True))}
    strongest = (strongest_phrases(model, count, label)[0] for label in range(len(names)))
    return {"words": dict(zip(names, strongest, strict=True))}


def _as_text(facts: dict[str, Any]) -> Iterator[str]:
    vectorizer, network, *about = about_model(facts)
    inputs = facts["vectorizer"]
    yield f"{printable(facts['model'])} ({facts['bytes'] / 1e6:.1f} MB)"
    yield ""
    yield _titled(*vectorizer)
    yield _titled(*network)
    yield ""
    wide = max(12, *(len(layer["name"]) + 2 for layer in facts["layers"]))
    yield f"{'layer':<{wide}}{'inputs':>10}{'units':>10}  {'activation':<12}{'parameters':>12}"
    yield f"{'input':<{wide}}{'':>10}{inputs['features']:>10,}  {inputs['unit']}"
    for layer in facts["layers"]:
        yield (
            f"{layer['name']:<{wide}}{layer['inputs']:>10,}{layer['units']:>10,}  "
            f"{layer['activation']:<12}{layer['trainable_parameters']:>12,}"
        )
    yield f"{'total':<{wide}}{facts['trainable_parameters']:>46,}"
    yield ""
    for title, text in about:
        yield _titled(title, text)
    for title, text in (facts["provenance"] or {}).get("card", {}).items():
        yield ""
        yield printable(title)
        for line in text.splitlines():
            yield from wrap(printable(line), _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _titled(title: str, text: str) -> str:
    return f"{title:<12}{printable(text)}"
