"""`sentiment compare`: which of two models is better."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Any

import click
import numpy as np

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.models import find_model, note_sample, restricted
from sentiment.cli.reading import (
    overlap_of,
    read_reviews,
    readable_rows,
    score_all,
    shared_classes,
    warn_of_overlap,
)
from sentiment.cli.tables import class_name, shortened, width_of
from sentiment.errors import DataError, ModelError
from sentiment.evaluation.comparison import Comparison, System, compare
from sentiment.evaluation.intervals import MIN_CHANGES, Interval
from sentiment.evaluation.metrics import Metric, metrics_for
from sentiment.labels import SENTIMENT, UNCERTAIN, WITH_NEUTRAL, LabelSet
from sentiment.model.file import is_model_file, load_model
from sentiment.model.model import Model, even_decision
from sentiment.reviews.cells import and_more, count_of
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.predictions import NO_ANSWER, PredictionFile
from sentiment.reviews.streams import ReadOptions

SHOWN_REVIEWS = 5
_SHOWN_NAMES = 5  # of a model's classes
_TEXT_WIDTH = 60
# Smaller differences in log loss do not show, and may come from rounded probabilities.
_LEAST_LOSS = 5e-5


@dataclass(frozen=True, eq=False)
class Compared:
    """Two systems that were compared.

    Attributes:
        paths: the files of A and B.
        systems: their answers to the reviews.
        reviews: n labelled reviews.
        found: the comparison.
    """

    paths: tuple[str, str]
    systems: tuple[System, System]
    reviews: LabelledReviews
    found: Comparison

    @property
    def label_set(self) -> LabelSet:
        """The classes."""
        return self.reviews.label_set

    @property
    def winner(self) -> str | None:
        """`a` or `b`, if one is significantly more accurate."""
        accuracy = self.found.differences["accuracy"]
        if accuracy is None or not accuracy.is_significant:
            return None
        return "b" if accuracy.difference > 0 else "a"

    @property
    def unanswered(self) -> list[int]:
        """The number of reviews that each leaves unanswered."""
        classes = len(self.label_set)
        return [
            int(np.count_nonzero(system.answers_or(classes) == classes)) for system in self.systems
        ]

    @property
    def uncertain(self) -> list[int]:
        """The number of reviews that each answers `uncertain`; these count by their probability."""
        return [
            0 if system.uncertain is None else int(np.count_nonzero(system.uncertain))
            for system in self.systems
        ]


def as_json_facts(compared: Compared) -> dict[str, Any]:
    """Return the comparison as JSON values."""
    found = compared.found
    (both_wrong, only_b), (only_a, both_right) = found.correct.tolist()
    facts: dict[str, Any] = {"a": compared.paths[0], "b": compared.paths[1]}
    facts["n"] = len(compared.reviews)
    for name, each in found.differences.items():
        facts[name] = each and {
            "a": each.a, "b": each.b, "difference": each.difference, "interval": each.interval,
        }  # fmt: skip
    facts |= {"both_right": both_right, "only_a_right": only_a, "only_b_right": only_b}
    facts |= {"both_wrong": both_wrong, "mcnemar_p": found.p_value, "better": compared.winner}
    facts["unanswered"] = dict(zip("ab", compared.unanswered, strict=True))
    facts["uncertain"] = dict(zip("ab", compared.uncertain, strict=True))
    rows = found.disagreements[:SHOWN_REVIEWS].tolist()
    facts["unlike"] = [_as_json(compared, row) for row in rows]
    return facts


def as_text(compared: Compared) -> str:
    """Return the comparison as text."""
    parts = (_figures(compared), _counts(compared.found), _verdict(compared))
    lines = "\n\n".join("\n".join(part) for part in parts)
    return "\n".join([lines, *_disagreements(compared)])


def _figures(compared: Compared) -> Iterator[str]:
    for name, path in zip("AB", compared.paths, strict=True):
        yield f"{name}  {shortened(path, _TEXT_WIDTH)}"
    yield ""
    yield f"{'':<9}{'A':>9}{'B':>9}{'B − A':>10}    95% interval"
    for metric in metrics_for(compared.label_set).all:
        each = compared.found.differences.get(metric.name)
        if each is None:
            continue
        a, b = metric.write(each.a), metric.write(each.b)
        change = _signed(each.difference, metric)
        ends = _ends(each.interval, metric)
        n = count_of(len(compared.reviews), "review")
        note = f"    of {n}" if metric.name == "accuracy" else ""
        yield f"{metric.title:<9}{a:>9}{b:>9}{change:>10}    {ends}{note}"


def _counts(found: Comparison) -> Iterator[str]:
    (both_wrong, only_b), (only_a, both_right) = found.correct.tolist()
    yield f"{'':<9}{'B right':>9}{'B wrong':>9}"
    yield f"{'A right':<9}{both_right:>9,}{only_a:>9,}"
    yield f"{'A wrong':<9}{only_b:>9,}{both_wrong:>9,}"


def _verdict(compared: Compared) -> Iterator[str]:
    found, winner = compared.found, compared.winner
    for name, count in zip("AB", compared.unanswered, strict=True):
        if count:
            yield f"{name} leaves {count:,} unanswered: these count as wrong."
    for name, count in zip("AB", compared.uncertain, strict=True):
        if count:
            yield f"{name} is uncertain about {count:,}: these count by their probability."
    p_value = "p < 0.0001" if found.p_value < 1e-4 else f"p = {found.p_value:.2g}"
    if winner:
        yield f"{winner.upper()} is more accurate (McNemar's test: {p_value})."
    elif not found.disagreements.size:
        yield "Both give the same answers."
    else:
        yield f"No significant difference in accuracy (McNemar's test: {p_value})."
    loss = found.differences["log_loss"]
    if loss is None:
        yield "Log loss is missing: it needs a probability for each review from both."
    elif loss.is_significant and abs(loss.difference) >= _LEAST_LOSS:
        better = "B" if loss.difference < 0 else "A"
        yield f"{better} has the better probabilities (lower log loss)."


def _disagreements(compared: Compared) -> Iterator[str]:
    rows = compared.found.disagreements
    if not rows.size:
        return
    yield ""
    yield f"they differ on {count_of(rows.size, 'review')}, most on"
    width = width_of(compared.label_set) + 1
    yield f"{'row':>9}  {'A':<{width + 7}}{'B':<{width + 7}}{'label':<{width}}text"
    for row in rows[:SHOWN_REVIEWS].tolist():
        facts = _as_json(compared, row)
        answers = (_answer(facts[name], compared.label_set) for name in "ab")
        sides = "".join(f"{answer:<{width + 7}}" for answer in answers)
        text = shortened(facts["text"], _TEXT_WIDTH)
        yield f"{facts['row']:>9,}  {sides}{class_name(facts['label']):<{width}}{text}"


def _as_json(compared: Compared, row: int) -> dict[str, Any]:
    names = compared.label_set.names
    facts: dict[str, Any] = {
        "row": int(compared.reviews.places[row]) + 1,
        "label": names[compared.reviews.labels[row]],
        "text": compared.reviews.texts[row],
    }
    for name, system in zip("ab", compared.systems, strict=True):
        answer = int(system.answers_or(len(names))[row])
        facts[name] = {"predicted": None if answer == len(names) else names[answer]}
        for column, label in compared.label_set.columns:
            p = nan if system.probabilities is None else float(system.probabilities[row, label])
            facts[name][column] = None if isnan(p) else p
    return facts


def _answer(facts: dict[str, Any], label_set: LabelSet) -> str:
    """Write an answer and its probability; of two classes that of the second."""
    shown = None
    for column, label in label_set.columns:
        if label_set.is_binary or label_set.names[label] == facts["predicted"]:
            shown = facts[column]
    answer = class_name(facts["predicted"] or "no answer")
    return f"{answer}{'' if shown is None else f' {shown:.2f}'}"


def _ends(interval: Interval | None, metric: Metric) -> str:
    if interval is None:
        return f"needs {MIN_CHANGES} reviews"
    return " to ".join(_signed(end, metric) for end in interval)


def _signed(value: float, metric: Metric) -> str:
    """Return a difference as text: shares in points, with a real minus sign."""
    text = f"{100 * value:+.1f}" if metric.kind == "share" else f"{value:+.4f}"
    return text.replace("-", "−") if float(text) else text.lstrip("+-")


@click.command(short_help="Compare two models on the same reviews.")
@click.argument("a", type=options.NAME)
@click.argument("b", type=options.NAME)
@click.argument("data", nargs=-1, required=True, type=options.NAME, metavar="DATA...")
@options.workers
@options.measured_reading
@options.as_json
@options.verbosity
def command(
    a: str,
    b: str,
    data: tuple[str, ...],
    workers: int | None,
    reading: ReadOptions,
    as_json: bool,
) -> None:
    """Compare two models on the same reviews, and test whether one is better.

    A and B are models, or files of predictions: CSV, TSV, JSON, Parquet or Excel with `predicted`,
    `p_positive` or both, a row for each row of DATA in the same order. DATA are files, globs or
    folders of labelled reviews, as for train. Each model answers by its own threshold. Reviews
    answered `uncertain` count, too: those of a model by its threshold, those of a file by
    `p_positive` ≥ 0.5. Both are compared on the classes that both have; a file has those that it
    gives a probability of, as in `p_neutral`. Where a class is left out, the other probabilities
    are scaled to add up to 1, as in evaluate, and the likeliest is the answer. Two files without
    probabilities are of positive and negative reviews, unless --classes names others.

    \b
    Examples:
      sentiment compare old.safetensors new.safetensors held_out.csv
      sentiment compare new.safetensors their_answers.csv held_out.csv --json
    """
    opened = _opened((a, b), reading.classes)
    label_set = _common_classes(opened, reading)
    reviews = read_reviews(data, reading, "evaluation", label_set=label_set)
    models = {path: each for path, each in opened.items() if isinstance(each, Model)}
    shared, reviews = shared_classes(list(models.values()), reviews, reading.named)
    models = dict(zip(models, shared, strict=True))
    warn_of_overlap({path: overlap_of(model, reviews) for path, model in models.items()})
    answers = {
        path: _of_file(path, each, reviews)
        if isinstance(each, PredictionFile)
        else _of_model(path, models[path], reviews, workers)
        for path, each in opened.items()
    }
    systems = [answers[path] for path in (a, b)]
    unreadable = np.zeros(len(reviews), np.bool_)
    for path, system in zip((a, b), systems, strict=True):
        if path in models and system.probabilities is not None:
            unreadable |= np.isnan(system.probabilities).any(axis=1)
    rows = readable_rows(unreadable)
    reviews = reviews.take(rows)
    system_a, system_b = (system.take(rows) for system in systems)
    found = compare(system_a, system_b, reviews.labels, reviews.label_set)
    console.clear_status()
    compared = Compared((a, b), (system_a, system_b), reviews, found)
    if as_json:
        click.echo(json.dumps(as_json_facts(compared) | {"data": list(data)}))
    else:
        click.echo(as_text(compared))


def _opened(paths: Sequence[str], asked: Sequence[str]) -> dict[str, Model | PredictionFile]:
    """Open models, restricted to the classes asked for if any are, and files of predictions."""
    opened: dict[str, Model | PredictionFile] = {}
    for path in dict.fromkeys(paths):
        model = _model(path)
        if model is not None:
            opened[path] = restricted(model, asked) if asked else model
    sets = [model.labels.names for model in opened.values() if isinstance(model, Model)]
    names = dict.fromkeys([*(name for each in sets for name in each), *asked, *WITH_NEUTRAL.names])
    for path in dict.fromkeys(paths):
        if path not in opened:
            opened[path] = _predictions(path, [*names])
    return opened


def _model(path: str) -> Model | None:
    """Return a model; None for a file of predictions."""
    try:
        model = find_model(Path(path), or_reviews=True)
        if model.suffix.lower() != ".safetensors" and not is_model_file(model):
            return None
        loaded = load_model(model)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    note_sample(path, loaded)
    return loaded


def _predictions(path: str, names: Sequence[str]) -> PredictionFile:
    try:
        return PredictionFile(path, names)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


def _common_classes(
    opened: Mapping[str, Model | PredictionFile], reading: ReadOptions
) -> LabelSet | None:
    """Return the classes that both systems have, and say so; None for those of the labels.

    Raises:
        ModelError: they share fewer than two.
    """
    sets = [each.labels for each in opened.values() if isinstance(each, Model)]
    if reading.classes:
        return sets[0] if sets else None
    every = dict.fromkeys([name for each in (*sets, WITH_NEUTRAL) for name in each.names])
    found = {
        path: each.labels.names if isinstance(each, Model) else each.classes_among([*every])
        for path, each in opened.items()
    }
    known = {path: names for path, names in found.items() if len(names) > 1}
    shared = [name for name in every if all(name in each for each in known.values())]
    if len(shared) < 2:
        own = "; ".join(f"{path}: {and_more(each, _SHOWN_NAMES)}" for path, each in known.items())
        raise ModelError(f"the models share fewer than two classes ({own})")
    if any(len(names) > len(shared) for names in known.values()):
        console.note(f"compared on the classes that both have: {', '.join(shared)}")
    if not sets and len(known) < len(found):
        return SENTIMENT
    ordered = bool(sets) and all(each.ordered for each in sets) and len(shared) > 2
    return LabelSet(tuple(shared), ordered)


def _of_model(path: str, model: Model, reviews: LabelledReviews, workers: int | None) -> System:
    """Return the answers of a model."""
    scores = score_all(model, reviews, path, workers=workers)
    unreadable = np.isnan(scores.probabilities).any(axis=1)
    answers = model.decision.choose(scores.probabilities)
    uncertain = np.array(model.answers(scores)) == UNCERTAIN
    return System(np.where(unreadable, NO_ANSWER, answers), scores.probabilities, uncertain)


def _of_file(path: str, file: PredictionFile, reviews: LabelledReviews) -> System:
    """Return the answers of a file of predictions.

    Raises:
        DataError: it has more or fewer rows than the data.
    """
    content = file.read(reviews.label_set)
    if len(content) != reviews.rows_read:
        raise DataError(
            f"{path}: {len(content):,} predictions for {reviews.rows_read:,} rows; "
            "one is needed for each row, in the same order"
        )
    answers = content.answers[reviews.places]
    if content.probabilities is None:
        return System(answers)
    # Without an answer the probability counts, as it does for an abstaining model.
    probabilities = content.probabilities[reviews.places]
    uncertain = (answers == NO_ANSWER) & ~np.isnan(probabilities).any(axis=1)
    by_probability = even_decision(len(reviews.label_set)).choose(probabilities)
    return System(np.where(uncertain, by_probability, answers), probabilities, uncertain)
