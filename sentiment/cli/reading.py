"""Labelled reviews for a command: reading and scoring them, and what to warn of."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sentiment.cli.console import console
from sentiment.cli.models import fast_model
from sentiment.cli.options import PARTS
from sentiment.cli.scoring import score_texts
from sentiment.datasets.cache import resolve
from sentiment.errors import DataError
from sentiment.features.repair import repairs
from sentiment.general import FAST
from sentiment.labels import NEGATIVE, POSITIVE, SENTIMENT, LabelSet
from sentiment.model.model import Model, Scores
from sentiment.model.provenance import Overlap
from sentiment.reviews.cells import and_more, count_of
from sentiment.reviews.dataset import Assumed, LabelledReviews, without_neutral
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import STDIN, ReadOptions

if TYPE_CHECKING:
    from sentiment.evaluation.mistakes import Orientation


_SHOWN = 5  # languages named one by one


def read_reviews(
    paths: Sequence[str],
    reading: ReadOptions,
    purpose: str,
    label_rule_from: LabelledReviews | None = None,
    max_chars: int | None = None,
    label_set: LabelSet | None = SENTIMENT,
) -> LabelledReviews:
    """Read labelled reviews; report columns, labels and dropped rows, and warn of swapped labels.

    Args:
        paths: files, globs, folders or public data sets.
        reading: how to read them.
        purpose: training, validation, calibration or evaluation.
        label_rule_from: reviews whose labels were read by the same rule; None to detect it.
        max_chars: characters to keep in memory; None for all.
        label_set: the classes, such as those of a model; None for those that the labels name.
    """
    console.status(f"reading {purpose} reviews …")
    places = resolve(paths, PARTS[purpose])
    reading = replace(reading, label_set=label_set)
    reviews = read_labelled(places, reading, rules_from=label_rule_from, max_chars=max_chars)
    announce(reviews)
    if label_rule_from is None:
        warn_of_orientation(reviews)
    return reviews


def announce(reviews: LabelledReviews) -> None:
    """Print the notes and warnings of reading: columns, labels, dropped rows."""
    for note in reviews.notes:
        console.note(note)
    for warning in reviews.warnings:
        console.warn(warning)


def data_name(paths: Sequence[str]) -> str:
    """Return what to call all inputs together in an error."""
    return f"{len(paths)} files" if len(paths) > 1 else STDIN if paths[0] == "-" else paths[0]


def warn_of_orientation(reviews: LabelledReviews) -> None:
    """Compare ambiguous labels, such as 0 and 1, with the answers of the quick bundled model."""
    if not reviews.assumed:
        return
    from sentiment.evaluation.mistakes import orientation_of  # most labels are unambiguous

    model = fast_model()
    if model is None:
        return
    for assumed in reviews.assumed:
        negative, positive = reviews.label_set.indices_of((NEGATIVE, POSITIVE))
        rows = assumed.rows_of(reviews.places)
        rows = rows[np.isin(reviews.labels[rows], (negative, positive))]
        labels = (reviews.labels[rows] == positive).astype(np.int16)
        theirs = reviews if rows.size == len(reviews) else reviews.take(rows)
        found = orientation_of(model, theirs.texts, labels)
        if found is not None and found.verdict != "fits":
            two = set(np.unique(reviews.labels).tolist()) <= {negative, positive}
            console.warn(_orientation_warning(assumed, found, reviews.one_reading and two))


def _orientation_warning(assumed: Assumed, found: "Orientation", one_reading: bool) -> str:
    """Return the warning, and the options that swap the labels or confirm them."""
    positive, negative = (", ".join(each) for each in (assumed.positive, assumed.negative))
    turned = found.verdict == "turned"
    looks = "look swapped" if turned else "seem unrelated to sentiment"
    reads = "more negative" if turned else "no more positive"
    said = (
        f'{assumed.name}: the labels in "{assumed.column}" {looks}: reviews labelled {positive} '
        f"read {reads} than those labelled {negative} "
        f"(ROC AUC {found.auc:.2f} on {count_of(found.read, 'review')}, by {FAST})"
    )
    if not one_reading:  # the options are for all files
        return f"{said}; {'swap them in' if turned else 'consider leaving out'} that file"
    turn = f"; try {_flags(assumed.negative, assumed.positive)}" if turned else ""
    confirm = _flags(assumed.positive, assumed.negative)
    return f"{said}{turn}; if they are correct, confirm with {confirm}"


def _flags(positive: Sequence[str], negative: Sequence[str]) -> str:
    """Return the options for these labels; a value may begin with a minus."""
    values = [*(("--positive", value) for value in positive),
              *(("--negative", value) for value in negative)]  # fmt: skip
    return " ".join(
        f"{flag}{'=' if value.startswith('-') else ' '}{shlex.quote(value)}"
        for flag, value in values
    )


def shared_classes(
    models: Sequence[Model], reviews: LabelledReviews, named: Sequence[str] = ()
) -> tuple[list[Model], LabelledReviews]:
    """Leave out neutral if all reviews are negative or positive, and say so.

    Args:
        models: with the classes of the reviews.
        reviews: labelled reviews.
        named: classes that the user named, which stay.

    Returns:
        The models, which renormalise their other probabilities, and the reviews with their labels.
    """
    if shared := without_neutral(reviews, named):
        reviews = shared
        console.note(
            "no review is neutral, so neutral is left out of the answers too: the probabilities of "
            "negative and positive are scaled to add up to 1"
        )
    return [model.restricted(reviews.label_set) for model in models], reviews


class Repairs:
    """Counts the texts that a model repairs.

    Attributes:
        wanted: whether it repairs any, and is to say so.
    """

    def __init__(self, *, wanted: bool) -> None:
        """Count if `wanted`; with `--quiet` nothing is counted."""
        self.wanted = wanted and not console.quiet
        self._texts = 0
        self._kinds: Counter[str] = Counter()

    def count(self, texts: Sequence[str]) -> Sequence[str]:
        """Count texts by kind of damage; return them repaired if they are counted."""
        if not self.wanted:
            return texts
        repaired = []
        for text in texts:
            if steps := list(repairs(text)):
                self._texts += 1
                self._kinds.update({step.kind for step in steps})
            repaired.append(steps[-1].text if steps else text)
        return repaired

    def report(self) -> None:
        """Print how many texts were repaired, the most frequent kind first."""
        if self._texts:
            kinds = sorted(self._kinds.items(), key=lambda kind: (-kind[1], kind[0]))
            found = ", ".join(f"{kind} in {count:,}" for kind, count in kinds)
            console.note(f"repaired {count_of(self._texts, 'text')}: {found}")


def score(
    model: Model,
    reviews: LabelledReviews,
    path: Path | None = None,
    workers: int | None = None,
) -> tuple[LabelledReviews, Scores]:
    """Score reviews; report repairs, and warn of reviews the model has seen or cannot read.

    Args:
        model: the model.
        reviews: the reviews.
        path: see `score_texts`.
        workers: see there.

    Returns:
        The n readable reviews and their scores, [n].

    Raises:
        DataError: no review is readable.
    """
    warn_of_overlap({"the model": overlap_of(model, reviews)})
    repairs = Repairs(wanted=model.repairs)
    repairs.count(reviews.texts)
    repairs.report()
    return readable(reviews, score_all(model, reviews, path=path, workers=workers))


def score_all(
    model: Model,
    reviews: LabelledReviews,
    name: str = "the model",
    path: Path | None = None,
    workers: int | None = None,
) -> Scores:
    """Return the scores of all reviews, [n]; warn of those the model knows too little of."""
    console.status(f"scoring {count_of(len(reviews), 'review')} …")
    scores = score_texts(model, reviews.texts, path, workers)
    warn_of_unknown(scores, name)
    return scores


def warn_of_unknown(scores: Scores, name: str = "the model") -> None:
    """Warn of reviews that a model knows too little of, or that look to be in other languages."""
    every, languages = count_of(scores.coverage.size, "review"), scores.languages
    if languages:
        shown = and_more([f"{language} {n:,}" for language, n in languages.most_common()], _SHOWN)
        console.warn(
            f"{languages.total():,} of {every} look to be in other languages than {name} answers "
            f"({shown}): predict answers uncertain"
        )
    if unknown := int(np.count_nonzero(scores.unknown)) - languages.total():
        console.warn(
            f"{name} knows hardly a word of {unknown:,} of {every}: predict answers uncertain"
        )


def readable(reviews: LabelledReviews, scores: Scores) -> tuple[LabelledReviews, Scores]:
    """Drop the reviews without a probability; see `readable_rows`."""
    rows = readable_rows(np.isnan(scores.p_positive))
    return reviews.take(rows), scores.take(rows)


def readable_rows(unreadable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the rows that a model can read; warn of others, such as invisible characters alone.

    Raises:
        DataError: there are none.
    """
    dropped = int(np.count_nonzero(unreadable))
    if dropped == unreadable.size:
        raise DataError("no reviews left: none of them has anything to read")
    if dropped:
        rows = "review has" if dropped == 1 else "reviews have"
        console.warn(f"{dropped:,} {rows} nothing to read; dropped")
    return np.flatnonzero(~unreadable)


def overlap_of(model: Model, reviews: LabelledReviews) -> Overlap:
    """Count the reviews that a model was made with."""
    seen = model.record.training_hashes
    return seen.overlap(seen.digests(reviews.texts))


def warn_of_overlap(overlaps: Mapping[str, Overlap]) -> None:
    """Warn of reviews that models were trained or calibrated on, in one line.

    Args:
        overlaps: the name of each model, and how many of the reviews it was made with.
    """
    made = {name: overlap for name, overlap in overlaps.items() if overlap.found}
    if not made:
        return
    counts = [
        f"{overlap.found:,} of {count_of(overlap.checked, 'review')}"
        f"{'' if overlap.checked == overlap.reviews else ' that could be checked'} "
        f"{'' if number else 'was used ' if overlap.found == 1 else 'were used '}to make {name}"
        for number, (name, overlap) in enumerate(made.items())
    ]
    hopeless = any(overlap.is_known_set for overlap in made.values())
    console.warn(
        f"{', '.join(counts)}, or share their longest sentence with one that was; the figures "
        + ("say nothing about" if hopeless else "are better than they would be on")
        + " new reviews"
    )
