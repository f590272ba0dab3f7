"""Standard streams, and what people read while a command works: all of it on stderr."""

import os
import sys
from contextlib import suppress
from io import FileIO, TextIOWrapper
from typing import Any

import click

from sentiment import files
from sentiment.reviews.cells import visible

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> str:
    """Draw a bar to the right: up to `width` characters for a share of 1."""
    eighths = round(8 * width * min(max(share, 0.0), 1.0))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def two_sided(share: float, width: int) -> str:
    """Draw a bar from a middle line, to the left below 0: `width` characters on either side."""
    if share >= 0:
        return " " * width + "│" + bar(share, width)
    halves = round(2 * width * min(-share, 1.0))
    return ("▐" * (halves % 2) + "█" * (halves // 2)).rjust(width) + "│"


def prepare() -> None:
    """Occupy those that are closed; let all of stdin be read, and all of stdout be written.

    Stdout spells out the characters that it cannot hold, as Python has stderr do.
    """
    _replace_closed()
    if _is_plain(sys.stdin):
        sys.stdin = TextIOWrapper(files.reader(0), encoding=sys.stdin.encoding)
    if _is_plain(sys.stdout):
        # With PYTHONUNBUFFERED, which containers set, Python's own may write a part and not say so.
        sys.stdout = TextIOWrapper(
            files.writer(1),
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


# Characters of a line; a damaged model or a wild file name may hold many more.
_LONGEST = 1000
_END = 300


class Console:
    """Notes, warnings, errors and progress on stderr.

    Attributes:
        quiet: only warnings and errors (`--quiet`).
        verbose: also what is usually said to terminals only (`--verbose`).
        debug: a traceback with each error (`--debug`).
        warnings: what was warned of so far.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what an earlier command was told and warned of."""
        self.quiet = False
        self.verbose = False
        self.debug = False
        self.warnings: list[str] = []
        self._status_shown = False

    def note(self, text: str) -> None:
        """Say something useful."""
        if not self.quiet:
            self._say("", text)

    def detail(self, text: str) -> None:
        """Say something that only a person at a terminal, or `--verbose`, cares about."""
        if self.verbose or (_is_terminal() and not self.quiet):
            self._say("", text, dim=True)

    def warn(self, text: str) -> None:
        """Say what may surprise later."""
        self.warnings.append(text)
        self._say(_styled("warning: ", fg="yellow"), text)

    def error(self, text: str, error: BaseException | None = None) -> None:
        """Say what went wrong, in one line."""
        if error is not None and self.debug:
            import traceback  # a command that goes well starts without it

            for line in "".join(traceback.format_exception(error)).splitlines():
                self._say("", line)
        self._say(_styled("error: ", fg="red"), text)

    def status(self, text: str) -> None:
        """Show what is going on now, until something else is shown; on capable terminals only."""
        if _is_terminal() and not self.quiet and os.environ.get("TERM") != "dumb":
            self._write(f"\r\x1b[2K{_styled(text, dim=True)}")
            self._status_shown = True

    def clear_status(self) -> None:
        """Take back what `status` showed."""
        if self._status_shown:
            self._write("\r\x1b[2K")
            self._status_shown = False

    def _say(self, head: str, text: str, **style: Any) -> None:
        """Write one line, whatever the text holds of names and values that others chose."""
        line = visible(text)
        if len(line) > _LONGEST:  # the way out is said at the end
            line = f"{line[: _LONGEST - _END]} … {line[-_END:]}"
        self.clear_status()
        self._write(f"{head}{_styled(line, **style) if style else line}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # with stderr gone, nobody can be told that it is
            click.echo(text, nl=False, err=True)


def _is_terminal() -> bool:
    return sys.stderr.isatty()


def _styled(text: str, **style: Any) -> str:
    """Color a text where that is welcome: on a terminal, by the convention of no-color.org."""
    return click.style(text, **style) if _is_terminal() and not os.environ.get("NO_COLOR") else text


console = Console()
