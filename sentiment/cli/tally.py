"""Counts of a run of `predict`: rows and answers, input by input."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from sentiment.cli.console import console
from sentiment.errors import DataError, GoalError
from sentiment.labels import NO_ANSWER, UNCERTAIN
from sentiment.reviews.batch import BadRows, Batch
from sentiment.reviews.cells import and_more, count_of, count_of_class


class Tally:
    """Counts answers, input by input.

    Attributes:
        answers: the number of each answer; "" is that of a row without text.
        rows: the number of rows of each input, by name.
        read: the number of reviews read, which may have several rows, one for each sentence.
        left_out: the number of rows that were not to be written.
        bad_rows: counts those that cannot be read.
    """

    def __init__(self) -> None:
        """Start the clock."""
        self.answers: Counter[str] = Counter()
        self.rows: dict[str, int] = {}
        self.read = self.left_out = 0
        self.bad_rows = BadRows()
        self._name = ""
        self._started = time.monotonic()

    def begin(self, name: str) -> None:
        """Count for this input from now on."""
        self._name = name
        self.rows.setdefault(name, 0)

    def reading(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield batches of reviews, and count these."""
        for batch in batches:
            self.read += len(batch)
            yield batch

    def add(self, answers: Iterable[str] | Mapping[str, int]) -> None:
        """Count answers, or add counts made elsewhere."""
        before = self.total
        self.answers.update(answers)
        self.rows[self._name] += self.total - before

    @property
    def total(self) -> int:
        """The number of rows."""
        return self.answers.total()

    @property
    def written(self) -> int:
        """The number of rows that were written, or are to be."""
        return self.total - self.left_out

    @property
    def rejects(self) -> int:
        """The number of rows that cannot be read."""
        return self.bad_rows.found

    def check_rejects(self, most: float) -> None:
        """Check the share of rows that cannot be read.

        Args:
            most: the largest that is allowed.

        Raises:
            GoalError: it is larger.
        """
        skipped = self.rejects if self.bad_rows.policy == "skip" else 0
        rows = self.read + skipped
        if self.rejects > most * rows:
            raise GoalError(
                f"{self.rejects:,} of {count_of(rows, 'row')} cannot be read "
                f"({self.rejects / rows:.2%}), more than --max-rejects {most:g} allows"
            )

    @property
    def seconds(self) -> float:
        """The time since the counting began."""
        return time.monotonic() - self._started

    def warn_if_empty(self) -> None:
        """Warn of inputs without rows."""
        if empty := [name for name, rows in self.rows.items() if not rows]:
            console.warn(f"no rows in {and_more(empty, 1)}")

    def fail_if_empty(self) -> None:
        """Raise DataError if there are no rows at all."""
        if not self.total:
            raise DataError(f"no rows in {and_more(list(self.rows), 1)} (--fail-if-empty)")

    def report(self, target: Path, classes: Sequence[str]) -> None:
        """Print the number of rows and of each answer, the time it took, and the output."""
        parts = [
            f"{count_of_class(self.answers[answer], answer)} "
            f"({self.answers[answer] / self.total:.0%})"
            for answer in (*reversed(classes), UNCERTAIN)
            if self.answers[answer]
        ]
        if self.answers[NO_ANSWER]:
            parts.append(f"{self.answers[NO_ANSWER]:,} without text")
        what = f": {', '.join(parts)}" if parts else ""
        rows = f"{count_of(self.total, 'row')} in {self.seconds:,.1f} s"
        some = f"{count_of(self.written, 'row')} in " if self.left_out else ""
        console.note(f"{and_more(list(self.rows), 1)}: {rows}{what} → {some}{target}")
