"""What `sentiment serve` writes on stderr while it runs: for people, or as lines of JSON."""

from collections.abc import Callable, Sequence
from traceback import format_exception
from typing import Any

from sentiment import __version__
from sentiment.cli.console import console
from sentiment.serving.logs import Log, Outcome
from sentiment.serving.operations import hashes_of
from sentiment.serving.service import SHORT_HASH, Service


class ServiceLog:
    """The lines: the first one, requests with `--verbose`, warnings and errors."""

    def __init__(self, form: str) -> None:
        """Write lines as `text` or `json`."""
        self._log = Log(console.line, as_json=form == "json")

    @property
    def requests(self) -> Callable[[Outcome], None] | None:
        """What takes every request that is over, None unless that is asked for."""
        return self._log.request if console.verbose else None

    def started(self, services: Sequence[Service], address: str) -> None:
        """Say which models of which version answer where, unless quiet."""
        found = hashes_of(services)
        if self._log.as_json:
            self.note("started", version=__version__, models=found, address=address)
            return
        hashes = ", ".join(each[:SHORT_HASH] for each in found.values())
        are, s = ("answer", "s") if len(found) > 1 else ("answers", "")
        about = f"sentiment {__version__}, model{s} {hashes}; Ctrl-C stops it"
        console.note(f"{', '.join(found)} {are} at {address} ({about})")

    def note(self, text: str, **fields: Any) -> None:
        """Say what has happened, unless quiet; `fields` are in JSON alone."""
        if not console.quiet:
            self._log.line("info", text, **fields)

    def warn(self, text: str) -> None:
        """Say that something is wrong that the service goes on with."""
        self._log.line("warning", text)

    def report(self, error: BaseException) -> None:
        """Write an error that nobody foresaw, with the request that met it."""
        notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
        text = f"unexpected {type(error).__name__}: {error}{notes}"
        if not console.debug:
            self._log.line("error", f"{text} (--debug shows where)")
            return
        trace = "".join(format_exception(error)).splitlines()
        if not self._log.as_json:
            for line in trace:
                console.line(line)
        self._log.line("error", text, traceback=trace)
