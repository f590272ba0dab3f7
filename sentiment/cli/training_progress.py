"""How a training looks in a terminal, and in a log."""

from collections.abc import Sequence

from sentiment.cli.charts import why_kept
from sentiment.cli.console import Console
from sentiment.cli.wording import describe
from sentiment.reviews.cells import count_of
from sentiment.training import Epoch, Progress, Recipe
from sentiment.training.progress import Labels
from sentiment.training.recipe import UNBALANCED
from sentiment.training.suggestion import Gain

_BAR = 24


class ShownProgress(Progress):
    """A bar that moves on a terminal, a line an epoch everywhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.gain: Gain | None = None
        self._diverged = False

    def chosen(
        self, recipe: Recipe, training: Labels, held_out: Labels, cross_validated: bool
    ) -> None:
        """Say how the rows were split and what the data decided."""
        positive = int(training.sum())
        held = "5-fold cross-validation" if cross_validated else f"{len(held_out):,} held out"
        self._console.note(
            f"training on {count_of(len(training), 'review')} ({positive:,} positive, "
            f"{len(training) - positive:,} negative), {held}"
        )
        self._console.note(
            f"features: {describe(recipe.ngrams)}; batches of {recipe.batch_size}, "
            f"at most {count_of(recipe.epochs, 'epoch')}"
        )
        share = positive / len(training)
        if not UNBALANCED <= share <= 1 - UNBALANCED:
            self._console.note(
                f"unbalanced labels ({share:.1%} positive): the threshold is chosen for "
                f"{recipe.objective}"
            )
        self._console.status("featurizing, and starting TensorFlow …")

    def featurized(self, done: int, reviews: int) -> None:
        """Show how far it is."""
        self._console.status(f"featurizing: {done:,} of {reviews:,} reviews …")

    def resumed(self, network: int, epoch: int) -> None:
        """Say where it goes on."""
        if (network, epoch) == (1, 0):
            self._console.note("nothing to resume: starting from the beginning")
        else:
            after = f", after {count_of(epoch, 'epoch')}" if epoch else ""
            self._console.note(f"resuming with network {network}{after}")

    def unlabeled(self, number: int, rows: int) -> None:
        """Name the round."""
        self._console.note(f"round {number} with {count_of(rows, 'unlabeled review')}")

    def judged(self, better: bool, loss: float, before: float) -> None:
        """Say whether it helped."""
        verdict = "kept" if better else "no better, so it is left out"
        self._console.note(f"validation loss {before:.4f} before, {loss:.4f} with them: {verdict}")

    def stacked(self, reviews: int, base: float, alone: float, together: float) -> None:
        """Say what was gained."""
        self._console.note(
            f"accuracy at 0.5 on {count_of(reviews, 'held-out review')} new to the base: base "
            f"{base:.1%}, new network alone {alone:.1%}, combined {together:.1%}"
        )

    def suggested(self, gain: Gain) -> None:
        """Keep it for the end."""
        self.gain = gain

    def kept(self, epochs: Sequence[Epoch], number: int) -> None:
        """Say which epoch, and why."""
        losses = [epoch.validation_loss for epoch in epochs]
        self._console.note(f"kept epoch {number} of {len(losses)}: {why_kept(losses, number)}")

    def refitting(self, rows: int, epochs: int) -> None:
        """Say that the held-out reviews are learned from too."""
        self._console.note(f"fitting all {rows:,} reviews for {count_of(epochs, 'epoch')}")

    def misfit(self, undone: bool) -> None:
        """Warn that calibration and threshold are not those of the last network."""
        instead = "; the network before it is kept" if undone else ""
        self._console.warn(
            "the network retrained on all reviews does not fit the calibration and threshold that "
            f"were chosen before{instead}"
        )

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Move the bar."""
        done = _BAR * step // steps
        self._console.status(f"epoch {epoch} [{'━' * done}{' ' * (_BAR - done)}] {step}/{steps}")

    def diverged(self, loss: float, constant: float) -> None:
        """Warn, once for all fits."""
        if not self._diverged:
            self._console.warn(
                f"training diverged: its loss came to {loss:.4f}, and one answer to all reviews "
                f"has {constant:.4f}; lower --learning-rate"
            )
        self._diverged = True

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """Write the epoch's line."""
        self._console.note(
            f"epoch {epoch.number}/{epochs}  loss {epoch.loss:.4f}  "
            f"validation loss {epoch.validation_loss:.4f}  "
            f"accuracy {epoch.validation_accuracy:.1%}"
        )
