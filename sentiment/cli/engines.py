"""`--engine`: what scores many files, processes of this machine or Ray on a cluster."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import click

from sentiment.cli.commands import Choice
from sentiment.cli.options import gathered
from sentiment.errors import UsageError


@dataclass(frozen=True)
class Engine:
    """What scores.

    Attributes:
        engine: `processes` of this machine, or `ray`.
        address: of a cluster; None for one that is started here.
    """

    engine: str = "processes"
    address: str | None = None

    def __post_init__(self) -> None:
        """Check that the choices go together.

        Raises:
            UsageError: they do not.
        """
        if self.address is not None and not self.is_ray:
            raise UsageError("--address is that of a Ray cluster: add --engine ray")
        if "://" in (self.address or ""):
            raise UsageError(
                f"--address {self.address}: run this on a machine of the cluster, and name it as "
                "HOST:PORT or auto"
            )
        if self.address == "":
            raise UsageError("--address is empty; leave it out to start Ray on this machine")

    @property
    def is_ray(self) -> bool:
        """Whether it is Ray."""
        return self.engine == "ray"

    def refuse(self, given: Iterable[tuple[object, str]]) -> None:
        """If it is Ray, refuse what that has no part for.

        Args:
            given: what was given, and what to say if it was.

        Raises:
            UsageError: something was.
        """
        for value, why in given:
            if value and self.is_ray:
                raise UsageError(f"--engine ray {why}")


def engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """Declare `--engine` and `--address`."""
    return gathered(
        Engine,
        "engine",
        [
            click.option(
                "--engine",
                type=Choice(["processes", "ray"]),
                default="processes",
                show_default=True,
                help="What scores: processes of this machine, or Ray on many; docs/cluster.md.",
            ),
            click.option(
                "--address",
                metavar="ADDRESS",
                help="A Ray cluster to join; by default one is started here for the run.",
            ),
        ],
    )(command)
