"""Signals that tell the program to stop: what they raise, and that they came.

For the command line, which takes a moment to import and may be interrupted meanwhile.

What they raise may come in disguise: before Python 3.12 inside a RuntimeError where a class is
being made, and as a TypeError of Python's own in the midst of `from … import …`.
"""

import signal
from typing import NoReturn

from sentiment.errors import INTERRUPTED, TERMINATED


class Stop:
    """Remembers what the program was told.

    Attributes:
        code: the exit code that goes with it; None if nothing was told.
    """

    def __init__(self) -> None:
        self.code: int | None = None

    def listen(self) -> None:
        """Raise what a signal stands for, so that half-written files are removed on the way."""
        signal.signal(signal.SIGTERM, self._terminate)
        # Where interrupts are ignored, as in the background of a script, they stay so.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._interrupt)

    def _terminate(self, *_: object) -> NoReturn:
        self.code = TERMINATED
        raise SystemExit(TERMINATED)

    def _interrupt(self, *_: object) -> NoReturn:
        self.code = INTERRUPTED
        raise KeyboardInterrupt


stop = Stop()
