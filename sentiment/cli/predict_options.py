"""Options of `sentiment predict`: what scores, which rows are written, what is said of the run."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from sentiment.cli import options
from sentiment.errors import UsageError

if TYPE_CHECKING:
    from sentiment.cli.ranking import Order
    from sentiment.labels import LabelSet


@dataclass(frozen=True)
class Engine:
    """What scores.

    Attributes:
        engine: `processes` of this machine, or `ray`.
        address: of a Ray cluster; None to start one.

    Raises:
        UsageError: the choices contradict each other.
    """

    engine: str = "processes"
    address: str | None = None

    def __post_init__(self) -> None:
        if self.address is not None and not self.is_ray:
            raise UsageError("--address names a Ray cluster: add --engine ray")
        if "://" in (self.address or ""):
            raise UsageError(
                f"--address {self.address}: run this on a machine of the cluster, and name it as "
                "HOST:PORT or auto"
            )
        if self.address == "":
            raise UsageError("--address is empty; leave it out to start Ray on this machine")

    @property
    def is_ray(self) -> bool:
        """Whether Ray scores."""
        return self.engine == "ray"

    def refuse(self, given: Iterable[tuple[object, str]]) -> None:
        """Refuse options that Ray does not support.

        Args:
            given: the value of each option, and what to say if it was given.

        Raises:
            UsageError: one was given, and the engine is Ray.
        """
        for value, why in given:
            if value and self.is_ray:
                raise UsageError(f"--engine ray {why}")


engine_options = options.group(
    Engine,
    "engine",
    [
        click.option(
            "--engine",
            type=options.Choice(["processes", "ray"]),
            default="processes",
            show_default=True,
            help="What scores: processes of this machine, or Ray on many; see docs/cluster.md.",
        ),
        click.option(
            "--address",
            metavar="ADDRESS",
            help="Ray cluster to join. Default: one is started here for the run.",
        ),
    ],
)


@dataclass(frozen=True)
class Rows:
    """Which rows are written, in which order, and how many may be left out as unreadable.

    Attributes:
        top: how many of the first; None for all.
        sort: the key to sort by, see `Order`; None for the order of the input.
        skip_empty: whether rows without text are left out.
        max_rejects: the largest share of rows that may be unreadable; None for any.
    """

    top: int | None = None
    sort: str | None = None
    skip_empty: bool = False
    max_rejects: float | None = None

    @property
    def are_all(self) -> bool:
        """Whether each row of the input is written, in its place."""
        return self.top is None and self.sort is None and not self.skip_empty

    def check(self, format: str, policy: str) -> None:
        """Check what does not depend on the model.

        Args:
            format: of the output.
            policy: what is done with bad rows.

        Raises:
            UsageError: the options contradict each other.
        """
        if format == "fasttext" and not self.are_all:
            raise UsageError(
                "fasttext has a label for each row of the input, and no text to tell them apart: "
                "choose another --format, or leave out --top, --sort and --skip-empty"
            )
        if self.max_rejects is not None and policy == "stop":
            raise UsageError(
                "--max-rejects allows some rows that cannot be read, and the run stops at the "
                "first: add --on-bad-row skip"
            )

    def order(self, labels: "LabelSet") -> "Order | None":
        """Return the order of the rows, None for that of the input.

        Raises:
            UsageError: the key is none for these classes.
        """
        if self.top is None and self.sort is None:
            return None
        from sentiment.cli.ranking import CONFIDENCE, Order  # most answers are not sorted

        return Order(labels, self.sort or CONFIDENCE, self.top)


row_options = options.group(
    Rows,
    "rows",
    [
        click.option("--top", type=click.IntRange(1), metavar="N",
                     help="Write only the N most certain answers, or the first N by --sort."),
        click.option("--sort", metavar="KEY",
                     help="Sort the answers: by confidence, the most certain first; by uncertain, "
                     "the least certain first; or by the probability of a class, such as "
                     "negative."),
        click.option("--skip-empty", is_flag=True, help="Leave out rows without text."),
        click.option("--max-rejects", type=options.Share(), metavar="SHARE",
                     help="Exit with code 6 if more rows cannot be read, as in 0.01 or 1%."),
    ],
)  # fmt: skip


summary_option = click.option(
    "--summary",
    type=options.TARGET,
    metavar="FILE",
    help="Write counts, time and model of the run here as JSON, also if it fails.",
)
