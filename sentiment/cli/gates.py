"""`--fail-under` and `--fail-over`: what a figure must reach, and what it may not exceed."""

from collections.abc import Callable, Sequence

import click

from sentiment.cli.options import Command

fail_under = click.option(
    "--fail-under",
    multiple=True,
    metavar="METRIC=NUMBER",
    help="Exit with code 6 if a metric is below its limit, as in accuracy=0.9 or "
    "slice:COLUMN=VALUE:accuracy=0.8; may be repeated.",
)


def fail_over(names: Sequence[str], example: str) -> Callable[[Command], Command]:
    """Return the declaration of `--fail-over` for figures of these names."""
    return click.option(
        "--fail-over",
        multiple=True,
        metavar="NAME=NUMBER",
        help=f"Exit with code 6 if a figure is above its limit, as in {example}; may be repeated. "
        f"Figures: {', '.join(names)}.",
    )
