"""Reviews that a model was trained on: they make every figure too good."""

from dataclasses import dataclass

import numpy as np

from sentiment.features.hashing import Hashes


@dataclass(frozen=True)
class Overlap:
    """How many of the evaluated reviews stood in the training data.

    Attributes:
        found: reviews known to have been trained on.
        checked: reviews that could be told; fewer than all where the training data were so large
            that the model remembers only a part of them.
    """

    found: int
    checked: int


def find_overlap(seen: Hashes, limit: int, digests: Hashes) -> Overlap:
    """Compare hashes of reviews with those a model remembers.

    Args:
        seen: the smallest hashes of the training reviews, sorted, at most `limit`. This is a
            bottom-k sketch (Cohen and Kaplan, 2007): whatever is below its largest hash can be
            told for certain, and that part is a uniform sample of all reviews.
        limit: how many hashes a model remembers.
        digests: hashes of the evaluated reviews, uint64 [n].
    """
    if seen.size >= limit:
        digests = digests[digests <= seen[-1]]
    return Overlap(int(np.isin(digests, seen).sum()), int(digests.size))
