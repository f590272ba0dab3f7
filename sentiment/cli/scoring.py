"""Scoring reviews with labels, and warning of what makes the figures less than they seem."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sentiment.cli.console import console
from sentiment.cli.repairs import Repairs
from sentiment.errors import DataError
from sentiment.model import Model, Overlap, Scores
from sentiment.reviews import LabelledReviews
from sentiment.reviews.cells import count_of


def scored(model: Model, reviews: LabelledReviews) -> tuple[LabelledReviews, Scores]:
    """Score the reviews that can be read; warn of others, and of those that the model has seen.

    What is repaired in them is said.

    Returns:
        The n reviews that are left, and their scores, [n].

    Raises:
        DataError: None is left.
    """
    warn_of_overlap({"the model": overlap_of(model, reviews)})
    repairs = Repairs(wanted=model.repairs)
    repairs.counted(reviews.texts)
    repairs.say()
    return readable(reviews, score_reviews(model, reviews))


def score_reviews(model: Model, reviews: LabelledReviews, name: str = "the model") -> Scores:
    """Score all reviews, [n]; warn of those that the model knows too little of."""
    console.status(f"scoring {count_of(len(reviews), 'review')} …")
    scores = model.scores(reviews.texts)
    warn_of_unknown(scores, name)
    return scores


def warn_of_unknown(scores: Scores, name: str = "the model") -> None:
    """Warn of reviews that a model knows too little of, by the scores of all."""
    if unknown := int(np.count_nonzero(scores.unknown)):
        console.warn(
            f"{unknown:,} of {count_of(scores.evidence.size, 'review')} hold hardly a word that "
            f"{name} knows: predict answers uncertain"
        )


def readable(reviews: LabelledReviews, scores: Scores) -> tuple[LabelledReviews, Scores]:
    """Leave out the reviews that cannot be read; see `readable_rows`.

    Raises:
        DataError: None is left.
    """
    rows = readable_rows(np.isnan(scores.p_positive))
    return reviews.take(rows), scores.take(rows)


def readable_rows(unreadable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Leave out the reviews that no model can read, such as one of invisible characters.

    Raises:
        DataError: None is left.
    """
    dropped = int(np.count_nonzero(unreadable))
    if dropped == unreadable.size:
        raise DataError("no reviews left: there is nothing to read in any of them")
    if dropped:
        rows = "review has" if dropped == 1 else "reviews have"
        console.warn(f"{dropped:,} {rows} nothing to read; dropped")
    return np.flatnonzero(~unreadable)


def overlap_of(model: Model, reviews: LabelledReviews) -> Overlap:
    """Count the reviews that a model was made with."""
    return model.seen.overlap(model.seen.digests(reviews.texts))


def warn_of_overlap(overlaps: Mapping[str, Overlap]) -> None:
    """Warn once of reviews that models were made with: trained, chosen or calibrated on.

    Args:
        overlaps: of the reviews that they are measured on, by what to call each model.
    """
    made = {name: overlap for name, overlap in overlaps.items() if overlap.found}
    if not made:
        return
    counts = [
        f"{overlap.found:,} of {count_of(overlap.checked, 'review')}"
        f"{'' if overlap.checked == overlap.reviews else ' that could be checked'} "
        f"{'' if number else 'were used '}to make {name}"
        for number, (name, overlap) in enumerate(made.items())
    ]
    hopeless = any(overlap.is_known_set for overlap in made.values())
    console.warn(
        f"{', '.join(counts)}, or share their longest sentence with one that was; the figures "
        + ("say nothing of" if hopeless else "are better than they would be on")
        + " new reviews"
    )
