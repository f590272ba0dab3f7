"""Progress of a training that is called in Python, in one line on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager

from sentiment.progress import ProgressLine
from sentiment.reviews.cells import progress_bar
from sentiment.training.decide import Epoch
from sentiment.training.run import Progress, Run


@contextmanager
def shown_run(verbose: int) -> Iterator[Run]:
    """Yield what a training runs with that shows how far it is.

    Args:
        verbose: 0 to show nothing.
    """
    with ProgressLine(verbose) as line:
        yield Run(progress=FitProgress(line))


class FitProgress(Progress):
    """Shows a training in a line: epoch and step, and the figures of the latest epoch."""

    def __init__(self, line: ProgressLine) -> None:
        self._line = line
        self._figures = ""

    def featurized(self, done: int, reviews: int) -> None:
        """Show how many reviews are read."""
        self._line.show(f"features {progress_bar(done, reviews)} {done:,} of {reviews:,} reviews")

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Show the batch, and the figures of the epoch before."""
        self._line.show(f"epoch {epoch} {progress_bar(step, steps)} {step}/{steps}{self._figures}")

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """Show the figures of an epoch, and keep them for the next line."""
        self._figures = (
            f"  loss {epoch.loss:.4f}, validation loss {epoch.validation_loss:.4f}, "
            f"accuracy {epoch.validation_accuracy:.1%}"
        )
        self._line.show(f"epoch {epoch.number} of {epochs}{self._figures}", always=True)
