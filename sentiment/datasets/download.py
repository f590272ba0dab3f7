"""One address → one file: resumed where it broke off, whole or not there."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sentiment.datasets.archives import Unexpected
from sentiment.datasets.web import Answer, NoAnswer, ask

TIMEOUT = 30.0  # seconds without a sign of life
MOST_TIMES = 2  # a file may be so many times as large as it is known to be …
MOST_SLACK = 10_000_000  # … and so many bytes more

Report = Callable[[int, int | None], None]  # hears of the bytes that are there, and of all


@dataclass(frozen=True)
class _State:
    """What is known of a file of which a part is here; written beside it.

    Attributes:
        url: where it comes from.
        validator: its ETag, else its date: by them a server knows whether it is still the same.
        size: its bytes, None where the server does not say.
    """

    url: str
    validator: str
    size: int | None


class _Stale(Exception):  # noqa: N818  # no error: a reason to begin anew
    """The part that is here cannot be gone on with."""


def download(
    url: str, target: Path, *, size: int, report: Report, timeout: float = TIMEOUT
) -> None:
    """Bring a file here; a part of it that is here is kept if it is still that of the same file.

    What has come when the connection breaks, or when somebody interrupts, stays beside the target
    as `NAME.part`, if the server tells by what to know that it is still the same file.

    Args:
        url: Its address.
        target: Where it is to stand; a file that stands there is taken as it.
        size: About how many bytes to expect; more than twice as many are refused.
        report: Hears how it goes on.
        timeout: Seconds to wait for a sign of life.

    Raises:
        NoAnswer: It cannot be had, or not whole.
        Unexpected: It is far larger than it should be.
        OSError: It cannot be written.
    """
    if target.exists():
        return
    part = _Part(url, target.with_name(f"{target.name}.part"))
    transfer = _Transfer(part, size * MOST_TIMES + MOST_SLACK, report, timeout)
    try:
        transfer.run()
    except BaseException:
        if not part.known():
            part.discard()
        raise
    part.path.replace(target)
    part.discard()


@dataclass(frozen=True)
class _Part:
    """The part of a file that is here, and what is known of it, in a file beside it."""

    url: str
    path: Path

    def known(self) -> _State | None:
        """Give what is known; None if this cannot be gone on with."""
        try:
            state = _State(**json.loads(self._beside.read_bytes()))
            usable = state.url == self.url and state.validator and self.size()
        except (OSError, ValueError, TypeError):
            return None
        return state if usable else None

    def remember(self, state: _State) -> None:
        """Write down what is known of the file that is about to come."""
        self._beside.write_text(json.dumps(asdict(state)), encoding="utf-8")

    def size(self) -> int:
        """Count the bytes that are here."""
        return self.path.stat().st_size

    def discard(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)
        self._beside.unlink(missing_ok=True)

    @property
    def _beside(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")


@dataclass(frozen=True)
class _Transfer:
    """One attempt to bring what is missing of a file; `most` is the bytes it may have."""

    part: _Part
    most: int
    report: Report
    timeout: float

    def run(self) -> None:
        state = self.part.known()
        if state and self.part.size() == state.size:
            return
        try:
            self._go_on(state)
        except _Stale:
            self._go_on(None)

    def _go_on(self, state: _State | None) -> None:
        """Ask for what is missing, all of it without a state, and write it to its place."""
        have = self.part.size() if state else 0
        wanted = {"Range": f"bytes={have}-", "If-Range": state.validator} if state else {}
        try:
            with ask(self.part.url, wanted, self.timeout) as answer:
                now = _describe(self.part.url, answer, have)
                resumed = answer.status == 206
                if resumed and now != state:
                    raise _Stale
                if not resumed:  # a killed run must not leave new facts beside old bytes
                    self.part.discard()
                self.part.remember(now)
                there = self._receive(answer, have if resumed else 0, now.size)
        except NoAnswer as error:
            if state and error.status == 416:  # there is less of it now than is here
                raise _Stale from error
            raise
        if now.size is not None and there != now.size:
            raise NoAnswer("the connection broke")

    def _receive(self, answer: Answer, start: int, size: int | None) -> int:
        """Write what comes from a byte on; give how many bytes are there then."""
        there = start
        with self.part.path.open("ab" if start else "wb") as file:
            for block in answer.blocks():
                there += len(block)
                if there > self.most:
                    raise Unexpected(f"{self.part.url} sends more than {self.most / 1e6:,.0f} MB")
                file.write(block)
                self.report(there, size)
        return there


def _describe(url: str, answer: Answer, start: int) -> _State:
    """Read what the headers say of the file, which is to be given from a byte on.

    Raises:
        NoAnswer: The server gives a part, and all was asked for.
        _Stale: It gives another part than was asked for.
    """
    size = answer.headers.get("Content-Length", "")
    if answer.status == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
        if not start:
            raise NoAnswer("it answers with a part of the file, unasked")
        if not found or int(found[1]) != start:
            raise _Stale
        size = found[2]
    tag = answer.headers.get("ETag", "")
    # A weak tag does not promise the same bytes.
    validator = answer.headers.get("Last-Modified", "") if tag.startswith("W/") or not tag else tag
    return _State(url, validator, int(size) if size.isdecimal() else None)
