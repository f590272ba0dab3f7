"""Progress of a long run on a terminal: rows, rate, time left, and what `fast` would take."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sentiment import general
from sentiment.cli.console import console
from sentiment.model.file import load_model
from sentiment.reviews.cells import count_of, progress_bar
from sentiment.reviews.streams import Where

_PATIENCE = 2.0  # seconds before the first sign
_LONG = 20.0  # seconds of a run that `fast` may be worth for
_TRIED = 300  # texts that `fast` is timed on, at most
_WORTH = 0.5  # of the time left


class Meter:
    """Shows on a terminal how far a run is, once it has taken two seconds.

    Use it in a `with` block; leaving the block erases what is shown.
    """

    def __init__(
        self,
        model: Path | None = None,
        inputs: Iterable[Where] = (),
        *,
        shown: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock.

        Args:
            model: the model that answers; of the default one, `fast` is mentioned if it is worth
                that.
            inputs: where the rows come from, in order.
            shown: whether to show anything.
            clock: returns seconds.
        """
        self._shown = shown and console.shows_status
        self._quicker = model == general.MODEL != general.FAST_MODEL
        self._bytes = [_size_of(each) for each in inputs] if self._shown else []
        self._clock, self._started = clock, clock()
        self._rows = self._of_others = self._begun = 0

    def begin(self) -> None:
        """Count for the next input from now on."""
        self._begun += 1
        self._of_others = self._rows

    def add(self, rows: int, of: int | None, texts: Sequence[str]) -> None:
        """Count rows that were answered, and show how far this is.

        Args:
            rows: their number.
            of: how many the current input has, about; None if unknown.
            texts: of these rows.
        """
        self._rows += rows
        seconds = self._clock() - self._started
        if not self._shown or seconds < _PATIENCE or not self._rows:
            return
        total = self._expected(of)
        left = None if total is None else seconds * (total - self._rows) / self._rows
        if self._quicker and total and left and seconds + left > _LONG:
            self._quicker = False  # mentioned once
            self._mention_fast(texts, total, left)
        console.status(described(self._rows, seconds, total))

    def _expected(self, of: int | None) -> int | None:
        """Return about how many rows all inputs have, by their sizes; None if unknown."""
        current, *others = self._bytes[max(self._begun - 1, 0) :] or [0]
        if of is None or (others and not all((current, *others))):
            return None
        more = of * sum(others) / current if others else 0
        return max(self._of_others + of + round(more), self._rows)

    def _mention_fast(self, texts: Sequence[str], total: int, left: float) -> None:
        """Say what `fast` would take, as timed on some texts, if it is far quicker."""
        if not (texts and general.FAST_MODEL.is_file()):
            return
        some = texts[:: -(-len(texts) // _TRIED)]
        model = load_model(general.FAST_MODEL)
        started = self._clock()
        model.scores(some)
        seconds = (self._clock() - started) * total / len(some)
        if seconds < _WORTH * left:
            about = f"about {duration(seconds)}"
            console.note(f"-m {general.FAST} answers these in {about}, and is less often right")

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *_: object) -> None:
        console.clear_status()


def described(rows: int, seconds: float, total: int | None) -> str:
    """Return rows, rate and, if their number is known, a bar and the time left."""
    rate = rows / seconds
    done = f"{count_of(rows, 'row')}, {rate:,.{0 if rate >= 10 else 1}f} a second"
    if total is None:
        return done
    return f"{progress_bar(rows, total)} {done}{time_left(seconds, rows, total - rows)}"


def time_left(seconds: float, done: int, rest: int, least: float = 0.0) -> str:
    """Return how long the rest takes, after a comma; nothing if that is not known.

    Args:
        seconds: what it took so far.
        done: how much was done in that time.
        rest: how much is left.
        least: the shortest time to mention, seconds.
    """
    if done <= 0 or rest <= 0 or (left := seconds * rest / done) < least:
        return ""
    return f", {duration(left)} left"


def duration(seconds: float) -> str:
    """Return a time of at least a second in one unit: `29 s`, `4 min`, `2.5 h`."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def _size_of(where: Where) -> int:
    """Return the size of a file in bytes; 0 if unknown, as of a stream or a folder."""
    try:
        return where.stat().st_size if isinstance(where, Path) and where.is_file() else 0
    except OSError:  # reported when it is read
        return 0
