"""Progress of a long call in Python: one line on stderr that is written again and again.

A carriage return begins it anew, in terminals and in notebooks; there is nothing to install.
"""

import sys
import time
from typing import Self

from sentiment.reviews.cells import count_of, progress_bar

_PAUSE = 0.1  # seconds between two signs of life, at least


class ProgressLine:
    """A line on stderr that replaces itself, and stays when its `with` block is left.

    Args:
        verbose: 0 for nothing.
    """

    def __init__(self, verbose: int) -> None:
        self._shown = verbose > 0
        self._length = 0
        self._last = -_PAUSE

    def show(self, text: str, *, always: bool = False) -> None:
        """Show a text in place of the one before, unless that is very young.

        Args:
            text: one line.
            always: show it in any case.
        """
        now = time.monotonic()
        if not self._shown or (now - self._last < _PAUSE and not always):
            return
        self._last = now
        sys.stderr.write(f"\r{text:<{self._length}}")
        sys.stderr.flush()
        self._length = len(text)

    def rows(self, done: int, of: int) -> None:
        """Show how many rows are done; the last time is shown in any case."""
        shown = f"{progress_bar(done, of)} {done:,} of {count_of(of, 'row')}"
        self.show(shown, always=done == of)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._length:
            sys.stderr.write("\n")
            sys.stderr.flush()
        self._length = 0
