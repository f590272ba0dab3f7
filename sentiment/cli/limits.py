"""`--fail-over NAME=NUMBER`: the largest value that a figure may have."""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite

import click

from sentiment.cli.options import Command
from sentiment.errors import GoalError, UsageError, hint


def fail_over(names: Sequence[str], example: str) -> Callable[[Command], Command]:
    """Return the declaration of `--fail-over` for figures of these names."""
    return click.option(
        "--fail-over",
        multiple=True,
        metavar="NAME=NUMBER",
        help=f"Exit with code 6 if a figure is above its limit, as in {example}; may be repeated. "
        f"Figures: {', '.join(names)}.",
    )


def read_limits(given: Sequence[str], names: Sequence[str], example: str) -> dict[str, float]:
    """Return the limit of each figure named.

    Raises:
        UsageError: the syntax is wrong, or there is no such figure.
    """
    limits: dict[str, float] = {}
    for text in given:
        name, equals, number = text.rpartition("=")
        try:
            limit = float(number)
        except ValueError:
            equals = ""
        if not equals or not isfinite(limit):
            raise UsageError(f"--fail-over {text}: write NAME=NUMBER, for instance {example}")
        if name not in names:
            known = hint(name, names) or f"; the figures are {', '.join(names)}"
            raise UsageError(f"--fail-over {text}: there is no figure {name}{known}")
        limits[name] = min(limit, limits.get(name, limit))
    return limits


def check_limits(limits: Mapping[str, float], figures: Mapping[str, float | None]) -> None:
    """Check that no figure is above its limit.

    Raises:
        GoalError: one is, or could not be computed.
    """
    failed = []
    for name, limit in limits.items():
        value = figures[name]
        if value is None:
            failed.append(f"{name} could not be computed")
        elif value > limit:
            failed.append(f"{name} is {value:.4g} (maximum {limit:g})")
    if failed:
        raise GoalError(f"over the limit: {'; '.join(failed)}")
