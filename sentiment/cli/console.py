"""Standard streams, and messages for people: all of them on stderr."""

import os
import sys
from contextlib import suppress
from io import FileIO, TextIOWrapper
from typing import Any

import click

from sentiment import files
from sentiment.labels import NEGATIVE, POSITIVE, UNCERTAIN
from sentiment.values import visible

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> str:
    """Return a bar to the right: `width` characters for a share of 1."""
    eighths = round(8 * width * min(max(share, 0.0), 1.0))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def two_sided(share: float, width: int) -> str:
    """Return a bar from a middle line, to the left below 0: `width` characters on either side."""
    if share >= 0:
        return " " * width + "│" + bar(share, width)
    halves = round(2 * width * min(-share, 1.0))
    return ("▐" * (halves % 2) + "█" * (halves // 2)).rjust(width) + "│"


def prepare() -> None:
    """Replace closed standard streams; make stdin and stdout read and write completely.

    Like stderr, stdout escapes characters that its encoding lacks.
    """
    _replace_closed()
    if _is_plain(sys.stdin):
        sys.stdin = TextIOWrapper(files.reader(0), encoding=sys.stdin.encoding)
    if _is_plain(sys.stdout):
        # With PYTHONUNBUFFERED, which containers set, Python's own stream may drop a part silently.
        sys.stdout = TextIOWrapper(
            files.writer(1),
            encoding=sys.stdout.encoding,
            newline="\n",
            line_buffering=sys.stdout.isatty(),
        )
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _replace_closed() -> None:
    """Occupy descriptors 0 to 2 if the caller closed them, so that no file gets one of them.

    Writing to a closed stdout is an error, writing to a closed stderr is not.
    """
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            flags = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            opened = os.open(os.devnull, flags)
            if opened != descriptor:
                os.dup2(opened, descriptor)
                os.close(opened)
            if name != "stdin":  # None marks a missing stdin
                setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def _is_plain(stream: Any) -> bool:
    """Return whether a stream passes bytes unchanged; a Windows console or a test's does not."""
    binary = getattr(stream, "buffer", None)
    return type(getattr(binary, "raw", binary)) is FileIO


# The longest line, and how much of its end is kept; a damaged model may have very long names.
_LONGEST = 1000
_END = 300


class Console:
    """Notes, warnings, errors and progress on stderr.

    Attributes:
        quiet: whether to print only warnings and errors (`--quiet`).
        verbose: whether to print details without a terminal, too (`--verbose`).
        debug: whether to print tracebacks (`--debug`).
        warnings: the warnings so far.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the options and warnings of an earlier command."""
        self.quiet = False
        self.verbose = False
        self.debug = False
        self.warnings: list[str] = []
        self._status_shown = False

    def note(self, text: str) -> None:
        """Print a message, unless quiet."""
        if not self.quiet:
            self._print("", text)

    def detail(self, text: str) -> None:
        """Print a detail for a person at a terminal, or with `--verbose`."""
        if self.verbose or (_is_terminal() and not self.quiet):
            self._print("", text, dim=True)

    def warn(self, text: str) -> None:
        """Print a warning."""
        self.warnings.append(text)
        self._print(_styled("warning: ", fg="yellow"), text)

    def error(self, text: str, error: BaseException | None = None) -> None:
        """Print an error in one line, after its traceback with `--debug`."""
        if error is not None and self.debug:
            import traceback  # only errors need it

            for line in "".join(traceback.format_exception(error)).splitlines():
                self._print("", line)
        self._print(_styled("error: ", fg="red"), text)

    def line(self, text: str) -> None:
        """Print a line of a log, of any length and whatever the options."""
        self.clear_status()
        self._write(f"{visible(text)}\n")

    @property
    def shows_status(self) -> bool:
        """Whether `status` shows anything: on capable terminals only."""
        return _is_terminal() and not self.quiet and os.environ.get("TERM") != "dumb"

    def status(self, text: str) -> None:
        """Show the current activity until the next message, where `shows_status`."""
        if self.shows_status:
            self._write(f"\r\x1b[2K{_styled(text, dim=True)}")
            self._status_shown = True

    def clear_status(self) -> None:
        """Erase what `status` showed."""
        if self._status_shown:
            self._write("\r\x1b[2K")
            self._status_shown = False

    def _print(self, head: str, text: str, **style: Any) -> None:
        """Write one line; control characters in names and values become visible."""
        line = visible(text)
        if len(line) > _LONGEST:  # the advice is at the end
            line = f"{line[: _LONGEST - _END]} … {line[-_END:]}"
        self.clear_status()
        self._write(f"{head}{_styled(line, **style) if style else line}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError):  # stderr is gone
            click.echo(text, nl=False, err=True)


def _is_terminal() -> bool:
    return sys.stderr.isatty()


def _styled(text: str, **style: Any) -> str:
    """Color a text on a terminal, by the convention of no-color.org."""
    return click.style(text, **style) if _is_terminal() and not os.environ.get("NO_COLOR") else text


def stdout_has_colors() -> bool:
    """Return whether stdout is a terminal with colors, by the convention of no-color.org."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


COLORS = {POSITIVE: "green", NEGATIVE: "red", UNCERTAIN: "yellow"}
OTHER_COLOR = "blue"  # of other classes


def in_color(answer: str) -> str:
    """Return an answer in its color, in bold."""
    color = COLORS.get(answer, OTHER_COLOR)
    return click.style(answer, fg=color, bold=True) if answer else answer


console = Console()
