"""JSON lines in, JSON lines out, in constant memory: one record for one line, in order."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.exceptions import HTTPException

from sentiment.errors import DataError
from sentiment.reviews.cells import encode, to_json
from sentiment.reviews.jsonl import as_row
from sentiment.serving.limits import Limits
from sentiment.serving.requests import checked, read_json
from sentiment.serving.service import Answer, Service, aside

# Lines that are answered before others have their turn: a chunk may hold thousands of short ones.
_AT_ONCE = 256

ADDED = ("predicted", "p_positive", "reason", "error")


@dataclass(frozen=True)
class Line:
    """A line as it was read.

    Attributes:
        row: its keys and values; empty if it cannot be read.
        text: what is to be answered.
        error: why it is not, if it is not.
    """

    row: dict[str, Any]
    text: str = ""
    error: str | None = None


class LineCutter:
    """Cuts what arrives into lines.

    What is longer than a line may be is not kept: a None comes in its place.
    """

    def __init__(self, longest: int) -> None:
        """Take how many bytes a line may have."""
        self._longest = longest
        self._rest = bytearray()
        self._too_long = False

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Take what arrived; give the lines that are complete, and not blank."""
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            yield from self._cut(part)
        self._hold(rest)

    def end(self) -> Iterator[bytes | None]:
        """Give what stands after the last line break, if anything."""
        yield from self._cut(b"")

    def _cut(self, part: bytes) -> Iterator[bytes | None]:
        self._hold(part)
        line, too_long = bytes(self._rest), self._too_long
        self._rest.clear()
        self._too_long = False
        if too_long:
            yield None
        elif line and not line.isspace():
            yield line

    def _hold(self, part: bytes) -> None:
        if len(self._rest) + len(part) > self._longest:
            self._too_long = True
            self._rest.clear()
        elif not self._too_long:
            self._rest += part


async def answer_lines(
    chunks: AsyncIterator[bytes], service: Service, limits: Limits
) -> AsyncIterator[bytes]:
    """Answer the lines of each chunk as it arrives.

    A record is what the line has, and what `sentiment predict --json` adds. A line that cannot be
    read gets `error`, and no answer.

    Args:
        chunks: the body.
        service: gives the answers.
        limits: how long a line and a text may be.
    """
    cutter = LineCutter(limits.max_body)
    async for chunk in chunks:
        lines = cutter.feed(chunk)
        while some := list(islice(lines, _AT_ONCE)):
            yield await _answer(some, service, limits)
    if last := list(cutter.end()):
        yield await _answer(last, service, limits)


async def _answer(lines: list[bytes | None], service: Service, limits: Limits) -> bytes:
    """Answer some lines: a record each."""
    size = sum(len(line or b"") for line in lines)
    read = await aside(size, lambda: [_read(line, limits) for line in lines])
    answers = await service.predict([line.text for line in read])
    return await aside(size, lambda: b"".join(map(_written, read, answers)))


def _read(line: bytes | None, limits: Limits) -> Line:
    if line is None:
        return Line({}, error=f"the line has more than {limits.max_body:,} bytes")
    try:
        row = as_row(read_json(line))
        if "text" not in row:
            raise HTTPException(422, 'the line has no "text"')
        if taken := [name for name in ADDED if name in row]:
            raise HTTPException(422, f'the line has "{taken[0]}" already')
        return Line(row, checked(row["text"], '"text"', limits))
    except HTTPException as error:
        return Line({}, error=error.detail)
    except ValueError as error:  # neither an object nor a string
        return Line({}, error=str(error))


def _written(line: Line, answer: Answer) -> bytes:
    """Write a record."""
    try:
        if line.error is None:
            return encode(to_json({**line.row, **answer})) + b"\n"
        error = line.error
    except DataError as failure:  # nested more deeply than can be written
        error = str(failure)
    return encode(to_json({"predicted": None, "p_positive": None, "error": error})) + b"\n"
