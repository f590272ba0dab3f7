"""Themes: what each kind of review is about (a part of its own)."""

# ruff: noqa: ARG001

from collections.abc import Sequence

from sentiment.model.model import Model
from sentiment.summary.result import Passage, Theme


def find_themes(
    passages: Sequence[Passage],
    model: Model | None,
    periods: Sequence[str],
    classes: Sequence[str],
    limit: int,
) -> Sequence[Theme]:
    """Return the themes of each class."""
    return ()
