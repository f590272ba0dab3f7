"""The accuracies of slices with their intervals, one below the other: a forest plot."""

from collections.abc import Sequence
from dataclasses import dataclass

from sentiment.evaluation.slices import Slice


@dataclass(frozen=True)
class Forest:
    """How the intervals of slices are laid out beside each other: from `low` to 1.

    Attributes:
        low: the accuracy at the left end; intervals may reach beyond.
        width: of the drawing.
    """

    low: float
    width: float = 160.0

    @classmethod
    def of(cls, slices: Sequence[Slice]) -> "Forest":
        """Find a round number below all that can be told."""
        told = [each.intervals["accuracy"] for each in slices if not each.too_small]
        ends = [interval[0] for interval in told if interval]
        return cls(min(int(min(ends, default=0.0) * 20), 19) / 20)

    def x(self, accuracy: float) -> str:
        """Place an accuracy."""
        share = max((accuracy - self.low) / (1 - self.low), 0)
        return f"{4 + share * (self.width - 8):.1f}"
