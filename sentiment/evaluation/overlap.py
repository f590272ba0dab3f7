"""Reviews that a model was made with: they make every figure too good."""

from dataclasses import dataclass

from sentiment.features.hashing import Hashes, among


@dataclass(frozen=True)
class Overlap:
    """How many of the evaluated reviews a model was trained, chosen or calibrated on.

    Attributes:
        found: reviews that it is known to have been made with.
        checked: reviews that could be told; fewer than all where those were so many
            that the model remembers only a part of them.
    """

    found: int
    checked: int


def find_overlap(seen: Hashes, limit: int, digests: Hashes) -> Overlap:
    """Compare hashes of reviews with those a model remembers.

    Args:
        seen: the smallest hashes of those reviews, sorted, at most `limit`. This is a
            bottom-k sketch (Cohen and Kaplan, 2007): whatever is below its largest hash can be
            told for certain, and that part is a uniform sample of all reviews.
        limit: how many hashes a model remembers.
        digests: hashes of the evaluated reviews, uint64 [n].
    """
    if seen.size >= limit:
        digests = digests[digests <= seen[-1]]
    return Overlap(int(among(digests, seen).sum()), int(digests.size))
