"""The standard streams, made ready for whatever caller the program has."""

import os
import sys
from io import FileIO, TextIOWrapper
from typing import Any

from sentiment import descriptors


def prepare() -> None:
    """Occupy those that are closed; let all of stdin be read, and all of stdout be written.

    Stdout spells out the characters that it cannot hold, as Python has stderr do.
    """
    _replace_closed()
    if _is_plain(sys.stdin):
        sys.stdin = TextIOWrapper(descriptors.reader(0), encoding=sys.stdin.encoding)
    if _is_plain(sys.stdout):
        # With PYTHONUNBUFFERED, which containers set, Python's own may write a part and not say so.
        sys.stdout = TextIOWrapper(
            descriptors.writer(1),
            encoding=sys.stdout.encoding,
            newline="\n",
            line_buffering=sys.stdout.isatty(),
        )
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _replace_closed() -> None:
    """Occupy descriptors 0 to 2 where the caller closed them, lest a file that is opened gets one.

    What is written to a closed stdout is an error; to a closed stderr it is nobody's loss.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            flags = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            opened = os.open(os.devnull, flags)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            if name != "stdin":  # a missing stdin is known by its absence
                setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _is_plain(stream: Any) -> bool:
    """Whether bytes pass as they are: not to a console of Windows, nor to what a test put there."""
    binary = getattr(stream, "buffer", None)
    return type(getattr(binary, "raw", binary)) is FileIO
