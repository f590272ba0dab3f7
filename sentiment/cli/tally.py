"""What `sentiment predict` says when it is done: how many rows of each answer there are, if any."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from sentiment.cli.console import console
from sentiment.errors import DataError
from sentiment.model.decision import CLASSES, NO_ANSWER, UNCERTAIN
from sentiment.reviews.cells import count_of


class Tally:
    """Counts answers, input by input.

    Attributes:
        answers: how many there are of each; "" is that of a row without text.
        rows: those of each input, by its name.
    """

    def __init__(self) -> None:
        """Start the clock."""
        self.answers: Counter[str] = Counter()
        self.rows: dict[str, int] = {}
        self._name = ""
        self._started = time.monotonic()

    def begin(self, name: str) -> None:
        """Count for this input from now on."""
        self._name = name
        self.rows.setdefault(name, 0)

    def add(self, answers: Iterable[str] | Mapping[str, int]) -> None:
        """Count answers, or take what was counted elsewhere."""
        before = self.total
        self.answers.update(answers)
        self.rows[self._name] += self.total - before

    @property
    def total(self) -> int:
        """How many rows were answered."""
        return self.answers.total()

    def warn_if_empty(self) -> None:
        """Warn of inputs that no row came of."""
        if empty := [name for name, rows in self.rows.items() if not rows]:
            console.warn(f"no rows in {name_of_all(empty)}")

    def fail_if_empty(self) -> None:
        """Make no rows at all an error.

        Raises:
            DataError: there are none.
        """
        if not self.total:
            raise DataError(f"no rows in {name_of_all(list(self.rows))} (--fail-if-empty)")

    def report(self, target: Path) -> None:
        """Say how many rows there were, their answers, how long it took, and where they are."""
        seconds = time.monotonic() - self._started
        parts = [
            f"{self.answers[answer]:,} {answer} ({self.answers[answer] / self.total:.0%})"
            for answer in (*reversed(CLASSES), UNCERTAIN)
            if self.answers[answer]
        ]
        if self.answers[NO_ANSWER]:
            parts.append(f"{self.answers[NO_ANSWER]:,} without text")
        what = f": {', '.join(parts)}" if parts else ""
        rows = f"{count_of(self.total, 'row')} in {seconds:,.1f} s"
        console.note(f"{name_of_all(list(self.rows))}: {rows}{what} → {target}")


def name_of_all(names: Sequence[str]) -> str:
    """Name some files in few words: `a.csv and 2 more`."""
    first, *others = names
    return f"{first} and {len(others):,} more" if others else first
