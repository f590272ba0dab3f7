"""Aspects: what people talk about (a part of its own)."""

# ruff: noqa: ARG001

from collections.abc import Sequence

from sentiment.model.model import Model
from sentiment.summary.result import Aspect, Passage


def find_aspects(
    passages: Sequence[Passage],
    model: Model | None,
    classes: Sequence[str],
    asked: Sequence[str],
    limit: int,
) -> Sequence[Aspect]:
    """Return the aspects."""
    return ()
