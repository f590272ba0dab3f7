"""`sentiment compare`: which of two models is better."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import click
import numpy as np

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.reading import (
    overlap_of,
    read_reviews,
    readable_rows,
    shared_classes,
    warn_of_overlap,
)
from sentiment.cli.systems import common_classes, open_systems, system_of_file, system_of_model
from sentiment.cli.tables import class_name, shortened, width_of
from sentiment.evaluation.comparison import Comparison, System, compare
from sentiment.evaluation.intervals import MIN_CHANGES, Interval
from sentiment.evaluation.metrics import Metric, metrics_for
from sentiment.labels import LabelSet
from sentiment.model.model import Model
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.predictions import PredictionFile
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
        change = metric.write_change(each.difference)
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
    return " to ".join(map(metric.write_change, interval))


@click.command(cls=options.TopicCommand, short_help="Compare two models on the same reviews.")
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
    opened = open_systems((a, b), reading.classes)
    label_set = common_classes(opened, reading)
    reviews = read_reviews(data, reading, "evaluation", label_set=label_set)
    models = {path: each for path, each in opened.items() if isinstance(each, Model)}
    shared, reviews = shared_classes(list(models.values()), reviews, reading.named)
    models = dict(zip(models, shared, strict=True))
    warn_of_overlap({path: overlap_of(model, reviews) for path, model in models.items()})
    answers = {
        path: system_of_file(path, each, reviews)
        if isinstance(each, PredictionFile)
        else system_of_model(path, models[path], reviews, workers)
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
