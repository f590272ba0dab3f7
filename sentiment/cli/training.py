"""The progress of a training on the terminal."""

import time
from collections.abc import Sequence
from operator import itemgetter

from sentiment.cli.console import console
from sentiment.cli.info import SHOWN, why_kept
from sentiment.cli.progress import time_left
from sentiment.reviews.cells import and_more, count_of, count_of_class, printable, progress_bar
from sentiment.training.decide import Epoch
from sentiment.training.options import UNBALANCED, Hyperparameters
from sentiment.training.run import Progress

FEATURIZING = "featurizing, and starting TensorFlow …"
_MINUTE = 60.0  # seconds; of less nothing is said


def _choices(recipe: Hyperparameters) -> str:
    """Return what the features are, and how a network is fitted to them."""
    return (
        f"{recipe.describe()}; batches of {recipe.batch_size}, "
        f"at most {count_of(recipe.epochs, 'epoch')}"
    )


def _time_left(first: int, began: float, done: int, total: int) -> str:
    """Return how long the rest takes, after a comma; nothing if that is not known, or no minute.

    Args:
        first: how many were done at the time `began`, seconds.
        began: when.
        done: how many are done now.
        total: how many there are.
    """
    return time_left(time.monotonic() - began, done - first, total - done, _MINUTE)


def shown_progress() -> Progress:
    """Return what shows the progress of a training."""
    return _ShownProgress()


class _ShownProgress(Progress):
    """Shows the progress of a training: a bar on a terminal, a line for each epoch."""

    def __init__(self) -> None:
        self._diverged = False
        # How many texts, or steps of an epoch, were done at first, and when.
        self._featurizing: tuple[int, float] | None = None
        self._stepping: tuple[int, float] | None = None

    def chosen(
        self,
        recipe: Hyperparameters,
        training: dict[str, int],
        held_out: int,
        cross_validated: bool,
    ) -> None:
        held = "5-fold cross-validation" if cross_validated else f"{held_out:,} held out"
        total = sum(training.values())
        counts = [count_of_class(count, name) for name, count in reversed(training.items())]
        console.note(f"training on {count_of(total, 'review')} ({and_more(counts, SHOWN)}), {held}")
        console.note(f"features: {_choices(recipe)}")
        name, count = [*training.items()][-1]
        if len(training) > 2:
            name, count = min(training.items(), key=itemgetter(1))
        share, even = count / total, 2 / len(training)
        if not UNBALANCED * even <= share <= 1 - UNBALANCED * even:
            how = f"the threshold is chosen for {recipe.objective}"
            if len(training) > 2:
                how = (
                    f"the offsets of classes are chosen for {recipe.objective}; "
                    "--optimize accuracy answers with the likeliest class"
                )
            console.note(f"unbalanced labels ({share:.1%} {name}): {how}")
        console.status(FEATURIZING)

    def beside(self, recipe: Hyperparameters) -> None:
        console.note(f"n-grams beside it: {_choices(recipe)}")
        console.status(FEATURIZING)

    def featurized(self, done: int, reviews: int) -> None:
        self._featurizing = self._featurizing or (done, time.monotonic())
        left = _time_left(*self._featurizing, done, reviews)
        console.status(f"featurizing: {done:,} of {reviews:,} reviews{left} …")

    def embedded(self, found: int, words: int, name: str) -> None:
        console.note(f"{found:,} of {count_of(words, 'word')} have a vector in {printable(name)}")

    def resumed(self, network: int, epoch: int) -> None:
        if (network, epoch) == (1, 0):
            console.note("nothing to resume: starting from the beginning")
        else:
            after = f", after {count_of(epoch, 'epoch')}" if epoch else ""
            console.note(f"resuming with network {network}{after}")

    def unlabeled(self, number: int, rows: int) -> None:
        console.note(f"round {number} with {count_of(rows, 'unlabeled review')}")

    def judged(self, better: bool, loss: float, before: float) -> None:
        verdict = "kept" if better else "no better, so it is left out"
        console.note(f"validation loss {before:.4f} before, {loss:.4f} with them: {verdict}")

    def stacked(self, reviews: int, base: float, alone: float, together: float) -> None:
        console.note(
            f"accuracy at 0.5 on {count_of(reviews, 'held-out review')} new to the base: base "
            f"{base:.1%}, new network alone {alone:.1%}, combined {together:.1%}"
        )

    def joined(self, reviews: int, encoder: float, ngrams: float, together: float) -> None:
        console.note(
            f"accuracy at 0.5 on {count_of(reviews, 'held-out review')}: encoder {encoder:.1%}, "
            f"n-grams {ngrams:.1%}, both {together:.1%}"
        )

    def kept(self, epochs: Sequence[Epoch], number: int) -> None:
        losses = [epoch.validation_loss for epoch in epochs]
        console.note(f"kept epoch {number} of {len(losses)}: {why_kept(losses, number)}")

    def refitting(self, rows: int, epochs: int) -> None:
        console.note(f"fitting all {rows:,} reviews for {count_of(epochs, 'epoch')}")

    def misfit(self, undone: bool) -> None:
        instead = "; the network before it is kept" if undone else ""
        console.warn(
            "the network retrained on all reviews does not fit the calibration and threshold that "
            f"were chosen before{instead}"
        )

    def step(self, epoch: int, step: int, steps: int) -> None:
        now = time.monotonic()
        if step == 1 or self._stepping is None:
            self._stepping = step, now
        left = _time_left(*self._stepping, step, steps)
        console.status(f"epoch {epoch} {progress_bar(step, steps)} {step}/{steps}{left}")

    def diverged(self, loss: float, constant: float) -> None:
        if not self._diverged:  # once for all fits
            console.warn(
                f"training diverged: its loss reached {loss:.4f}, and one answer for all reviews "
                f"has {constant:.4f}; lower --learning-rate"
            )
        self._diverged = True

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        console.note(
            f"epoch {epoch.number}/{epochs}  loss {epoch.loss:.4f}  "
            f"validation loss {epoch.validation_loss:.4f}  "
            f"accuracy {epoch.validation_accuracy:.1%}"
        )
