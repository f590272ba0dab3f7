"""A summary as JSON values, and as a tidy table: a row for each group, period and class."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sentiment.summary.result import Cell, Summary

_FIGURES = ("value", "low", "high", "counted", "labelled")


def as_json(summary: Summary) -> dict[str, Any]:
    """Return JSON values, named as the attributes of `Summary`."""
    return asdict(summary)


def tidy_columns(summary: Summary) -> list[str]:
    """Return the names of the columns of `tidy_rows`."""
    return [*summary.by, "period", "class", *_FIGURES, "reviews", "uncertain"]


def tidy_rows(summary: Summary) -> Iterator[list[str]]:
    """Yield a row for each group, period and class.

    The cells of groups and of the period are empty where a row is of all; those of figures are
    empty below the minimum of reviews.
    """
    for cell in summary.cells:
        for label, name in enumerate(summary.classes):
            group = cell.group or ("",) * len(summary.by)
            sizes = (str(cell.reviews), str(cell.uncertain))
            yield [*group, cell.period or "", name, *_figures(cell, label), *sizes]


def _figures(cell: Cell, label: int) -> list[str]:
    if not cell.shares:
        return [""] * len(_FIGURES)
    values = (getattr(cell.shares[label], figure) for figure in _FIGURES)
    return ["" if value is None else f"{value:.6f}" for value in values]
