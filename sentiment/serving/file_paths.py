"""The paths of the service that take a file: what is sent back of what `files` makes of it."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from sentiment.errors import MissingDependencyError, SentimentError
from sentiment.reviews.cells import encode, to_json
from sentiment.reviews.streams import TooLargeError
from sentiment.serving.exchange import BYTES, JSON_LINES, HttpError, Request, Response
from sentiment.serving.file_query import file_request, in_terms_of_http
from sentiment.serving.files import Answered, FileAnswers, Found, Step
from sentiment.serving.limits import Limits
from sentiment.serving.meter import Meter
from sentiment.serving.service import Service
from sentiment.serving.trial import Trial
from sentiment.serving.uploads import receive

T = TypeVar("T")

TYPES = {
    "text": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "jsonl": JSON_LINES,
    "parquet": "application/vnd.apache.parquet",
    "fasttext": "text/plain; charset=utf-8",
}

_FILES_AT_ONCE = 4  # of the largest size
_HELD = 1 << 18  # bytes of a result that are made before it is sent
_PART = 1 << 20  # bytes of a result in a line of JSON

# One, as `aside` has; but whoever asks for a text does not wait until some of a file is read.
_thread = ThreadPoolExecutor(1)


class FilePaths:
    """Answers files: with a file, or with what there is to tell of it on the way."""

    def __init__(self, service: Service, limits: Limits) -> None:
        """Take what answers texts, and how much is taken on."""
        self._service = service
        self._limits = limits
        self._places = Meter(max(limits.max_requests // 32, 1), "too many files at once")
        self._bytes = Meter(_FILES_AT_ONCE * limits.max_file, "too many large files at once")

    async def result(self, request: Request) -> Response:
        """Answer with the file and its answers.

        What is wrong with the file is a status, unless it is far behind in it: then the answer is
        broken off.
        """
        answers, found = await self._opened(request)
        if found.trouble is not None:
            raise HttpError(422, found.trouble)
        parts = self._steps(request, answers, lambda step: step.part)
        held = bytearray()
        async for part in parts:
            held += part
            if len(held) >= _HELD:
                break

        async def all_parts() -> AsyncIterator[bytes]:
            yield bytes(held)
            async for part in parts:
                yield part

        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.result)}"}
        body = bytes(held) if len(held) < _HELD else all_parts()
        return Response(200, body, TYPES[found.to], headers)

    async def events(self, request: Request) -> Response:
        """Answer with JSON lines: what was found, and with some rows each how far it is."""
        answers, found = await self._opened(request)

        async def lines() -> AsyncIterator[bytes]:
            yield _line(_as_opened(found))
            if found.trouble is not None:
                return
            try:
                async for some in self._steps(request, answers, lambda step: _as_rows(step, found)):
                    yield some
            except HttpError as error:
                yield _line({"event": "error", "error": error.why})

        return Response(200, lines(), JSON_LINES)

    async def _opened(self, request: Request) -> tuple[FileAnswers, Found]:
        """Receive a file, and look what is in it."""
        if request.media_type != BYTES:
            raise HttpError(415, f"send it as it is, with Content-Type: {BYTES}")
        asked = file_request(request.query)
        request.take(self._places)
        file = await receive(request, self._limits.max_file, self._bytes, _thread)
        answers = FileAnswers(file, asked, self._limits, in_terms_of_http)
        request.at_end(lambda: _thread.submit(answers.close))
        request.watch()
        if _foreseen(lambda: asked.is_parquet):
            trial = Trial(file, asked, self._limits)
            request.at_end(trial.end)
            await asyncio.to_thread(_foreseen, trial.wait)
            file.seek(0)
        return answers, await _aside(answers.open)

    async def _steps(
        self, request: Request, answers: FileAnswers, form: Callable[[Step], bytes]
    ) -> AsyncIterator[bytes]:
        """Answer a file, as long as somebody waits for it; give each step in a form."""
        while (texts := await _aside(answers.read)) is not None:
            said = await self._service.answers(texts)
            request.check()
            yield await _aside(partial(_formed, form, answers.write, said))
        yield await _aside(lambda: form(answers.end()))


def _formed(
    form: Callable[[Step], bytes],
    write: Callable[[Sequence[Answered]], Step],
    said: Sequence[Answered],
) -> bytes:
    return form(write(said))


async def _aside(function: Callable[[], T]) -> T:
    """Call a function in the thread of files."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_thread, _foreseen, function)


def _foreseen(function: Callable[[], T]) -> T:
    """Call a function; what may be wrong with a file is an answer of HTTP.

    Raises:
        HttpError: something is.
    """
    try:
        return function()
    except SentimentError as error:
        status = {TooLargeError: 413, MissingDependencyError: 415}.get(type(error), 422)
        raise HttpError(status, in_terms_of_http(str(error))) from error


def _as_opened(found: Found) -> dict[str, Any]:
    return {
        "event": "opened",
        "format": found.format,
        "header": found.header,
        "columns": found.columns,
        "text_columns": found.text_columns,
        "notes": found.notes,
        "to": found.to,
        "result": found.result,
        "error": found.trouble,
    }


def _as_rows(step: Step, found: Found) -> bytes:
    """Write a step in lines of JSON; the part of a result that is no text in base64."""
    text, parts = "", []
    if found.to == "parquet":
        parts = [step.part[at : at + _PART] for at in range(0, len(step.part), _PART)]
    else:
        text = step.part.decode()
    rows = {
        "event": "rows",
        "rows": step.rows,
        "outcomes": step.outcomes,
        "share": round(step.share, 4),
        "formulas": step.formulas,
        "shown": [row._asdict() for row in step.shown],
        "errors": step.errors,
        "part": text,
        "end": step.last,
    }
    more = [{"event": "part", "base64": base64.b64encode(part).decode()} for part in parts]
    return b"".join([*map(_line, more), _line(rows)])


def _line(event: dict[str, Any]) -> bytes:
    return encode(to_json(event)) + b"\n"
