"""What people read while a command works: all of it on stderr."""

import os
import sys
import traceback
from contextlib import suppress

import click


class Console:
    """Notes, warnings, errors and progress on stderr.

    Attributes:
        quiet: only warnings and errors (`--quiet`).
        verbose: also what is usually said to terminals only (`--verbose`).
        debug: a traceback with each error (`--debug`).
    """

    def __init__(self) -> None:
        self.quiet = False
        self.verbose = False
        self.debug = False
        self._line_open = False

    @property
    def terminal(self) -> bool:
        """Whether a person is likely to be watching stderr."""
        return sys.stderr.isatty()

    def note(self, text: str) -> None:
        """Say something useful."""
        if not self.quiet:
            self._say(text)

    def detail(self, text: str) -> None:
        """Say something that only a person at a terminal, or `--verbose`, cares about."""
        if self.verbose or (self.terminal and not self.quiet):
            self._say(text, dim=True)

    def warn(self, text: str) -> None:
        """Say what may surprise later."""
        self._say(self._style("warning: ", fg="yellow") + text)

    def error(self, text: str, error: BaseException | None = None) -> None:
        """Say what went wrong, in one line."""
        if error is not None and self.debug:
            traceback.print_exception(error)
        self._say(self._style("error: ", fg="red") + " ".join(text.split("\n")))

    def status(self, text: str) -> None:
        """Show what is going on now, on a terminal, until something else is shown."""
        if self.terminal and not self.quiet:
            click.echo(f"\r\x1b[2K{self._style(text, dim=True)}", nl=False, err=True)
            self._line_open = True

    def clear_status(self) -> None:
        """Take back what `status` showed."""
        if self._line_open:
            click.echo("\r\x1b[2K", nl=False, err=True)
            self._line_open = False

    def _say(self, text: str, dim: bool | None = None) -> None:
        self.clear_status()
        with suppress(OSError):  # with stderr gone, nobody can be told that it is
            click.echo(self._style(text, dim=dim), err=True)

    def _style(self, text: str, fg: str | None = None, dim: bool | None = None) -> str:
        return click.style(text, fg=fg, dim=dim) if self.terminal and colored() else text


def colored() -> bool:
    """Whether colors are welcome, by the convention of no-color.org; terminals only."""
    return not os.environ.get("NO_COLOR")


console = Console()
