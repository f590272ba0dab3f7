"""Scoring reviews with labels, and warning of what makes the figures less than they seem."""

import numpy as np
from numpy.typing import NDArray

from sentiment.cli.console import console
from sentiment.errors import DataError
from sentiment.evaluation import find_overlap
from sentiment.model import SEEN_LIMIT, Model
from sentiment.reviews import LabelledReviews


def scored(model: Model, reviews: LabelledReviews) -> tuple[LabelledReviews, NDArray[np.float64]]:
    """Score the reviews that can be read; warn of others, and of those that the model has seen.

    Returns:
        The n reviews that are left, and their probabilities of *positive*, float64 [n].

    Raises:
        DataError: None is left.
    """
    warn_of_overlap(model, reviews)
    p_positive = score_reviews(model, reviews)
    rows = readable_rows(np.isnan(p_positive))
    return reviews.take(rows), p_positive[rows]


def score_reviews(model: Model, reviews: LabelledReviews) -> NDArray[np.float64]:
    """Give the probabilities of *positive*, float64 [n]; NaN for a review without a token."""
    console.status(f"scoring {len(reviews):,} reviews …")
    return model.probabilities(reviews.texts)


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


def warn_of_overlap(model: Model, reviews: LabelledReviews, name: str = "the model") -> None:
    """Warn of reviews that a model was made with: trained, chosen or calibrated on.

    Args:
        model: what was made.
        reviews: what it is to be measured on.
        name: what to call the model.
    """
    overlap = find_overlap(model.seen, SEEN_LIMIT, reviews.digest())
    if overlap.found:
        sample = "" if overlap.checked == len(reviews) else " that could be checked"
        console.warn(
            f"{overlap.found:,} of {overlap.checked:,} reviews{sample} were used to make {name}; "
            "the figures are better than they would be on new reviews"
        )
