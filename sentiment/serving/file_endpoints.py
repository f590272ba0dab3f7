"""Files over HTTP: the query, the upload to a temporary file, and the response."""

import asyncio
import base64
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from sentiment.errors import MissingDependencyError, SentimentError, UsageError
from sentiment.labels import LabelSet
from sentiment.reviews.cells import encode, to_json
from sentiment.reviews.dialects import check_delimiter, check_quote
from sentiment.reviews.encodings import check_encoding
from sentiment.reviews.streams import (
    COMPRESSED_FORMATS,
    INPUT_FORMATS,
    OUTPUT_FORMATS,
    TooLargeError,
)
from sentiment.serving.files import FileAnswers, FileRequest, Found, Step
from sentiment.serving.models import Models
from sentiment.serving.requests import (
    JSON_LINES,
    Meter,
    StreamedResponse,
    length_of,
    media_type,
    query_fields,
    read_chunks,
)
from sentiment.serving.server import Limits
from sentiment.serving.service import Service
from sentiment.serving.trial import Trial
from sentiment.storage import folder
from sentiment.values import visible

T = TypeVar("T")

_BYTES = "application/octet-stream"
_TYPES = {
    "text": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "json": "application/json",
    "jsonl": JSON_LINES,
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "fasttext": "text/plain; charset=utf-8",
}

_FILES_AT_ONCE = 4  # of maximum size
_PROGRESS = 16_384  # bytes of a file that restart its timeout
_WRITE_SIZE = 1 << 20
_HEAD_SIZE = 1 << 18  # bytes of a result made before the response starts
_PART_SIZE = 1 << 20  # bytes of a result in a line of JSON

# Separate from the thread that scores texts, so that single texts do not wait for files.
_thread = ThreadPoolExecutor(1)


class FileEndpoints:
    """The endpoints that answer a file with a file, or with events.

    Attributes:
        routes: their routes.
    """

    def __init__(self, models: Models, limits: Limits, meter: Meter) -> None:
        """Build the routes; `meter` counts bytes kept in memory."""
        self._models = models
        self._limits = limits
        self._meter = meter
        self._slots = Meter(max(limits.max_requests // 32, 1), "too many files at once")
        self._bytes = Meter(_FILES_AT_ONCE * limits.max_file, "too many large files at once")
        self.routes = [
            Route("/files", self._result, methods=["POST"]),
            Route("/files/events", self._events, methods=["POST"]),
        ]

    async def _result(self, request: Request) -> Response:
        """Answer with the scored file.

        An error in the file is a status; far behind in a large file, it aborts the response.
        """
        service = self._models.asked(request.scope, alone=False)
        answers, found = await self._opened(request, service.labels)
        if found.error is not None:
            raise HTTPException(422, found.error)
        parts = self._steps(request, service, answers, lambda step: step.part)
        head = bytearray()
        async for part in parts:
            head += part
            if len(head) >= _HEAD_SIZE:
                break
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.result)}",
            "Content-Type": _TYPES[found.to],
        }
        if len(head) < _HEAD_SIZE:
            return Response(bytes(head), headers=headers)
        return StreamedResponse(bytes(head), parts, self._meter, headers=headers)

    async def _events(self, request: Request) -> Response:
        """Answer with JSON lines: what was found, then progress with parts of the result."""
        service = self._models.asked(request.scope, alone=False)
        answers, found = await self._opened(request, service.labels)

        async def rest() -> AsyncIterator[bytes]:
            if found.error is not None:
                return
            try:
                async for some in self._steps(
                    request, service, answers, partial(_lines_of, found.to)
                ):
                    yield some
            except HTTPException as error:
                yield _line("error", {"error": error.detail})

        first = _line("opened", vars(found))
        return StreamedResponse(first, rest(), self._meter, media_type=JSON_LINES)

    async def _opened(self, request: Request, labels: LabelSet) -> tuple[FileAnswers, Found]:
        """Receive a file and inspect it; `labels` are those of its answers."""
        if media_type(request) != _BYTES:
            raise HTTPException(415, f"send the raw file with Content-Type: {_BYTES}")
        asked = file_request(request.scope["query_string"])
        self._slots.acquire(request.scope)
        file = await self._received(request)
        answers = FileAnswers(file, asked, self._limits, labels, http_wording)
        at_end = request.scope["at_end"]
        at_end.callback(_thread.submit, answers.close)
        if _with_status(asked.is_parquet):
            trial = Trial(file, asked, self._limits, labels)
            at_end.callback(trial.end)
            await asyncio.to_thread(_with_status, trial.wait)
            file.seek(0)
        return answers, await _in_thread(answers.open)

    async def _received(self, request: Request) -> BinaryIO:
        """Receive a body into a temporary file that is removed when the request ends.

        The whole file arrives before it is read: browsers and proxies ignore earlier responses.
        """
        most, size, waiting = self._limits.max_file, 0, bytearray()
        too_large = HTTPException(413, f"the file has more than {most:,} bytes; send it in parts")
        if (length_of(request) or 0) > most:
            raise too_large

        def is_progress(chunk: bytes) -> bool:
            return (size + len(chunk)) // _PROGRESS > size // _PROGRESS

        try:
            file = cast(BinaryIO, tempfile.TemporaryFile(dir=folder()))  # noqa: SIM115
            request.scope["at_end"].callback(_thread.submit, file.close)
            async for chunk in read_chunks(request, self._limits, is_progress):
                self._bytes.acquire(request.scope, len(chunk))
                size += len(chunk)
                waiting += chunk
                if size > most:
                    raise too_large
                if len(waiting) >= _WRITE_SIZE:
                    await _in_thread(file.write, bytes(waiting))
                    waiting.clear()
            await _in_thread(file.write, bytes(waiting))
            await _in_thread(file.flush)
        except OSError as error:
            why = f"no space for the file ({error.strerror or error}); try again later"
            raise HTTPException(503, why, {"Retry-After": "60"}) from error
        return file

    async def _steps(
        self,
        request: Request,
        service: Service,
        answers: FileAnswers,
        form: Callable[[Step], bytes],
    ) -> AsyncIterator[bytes]:
        """Answer a file until the client disconnects; yield the form of each step."""
        while (texts := await _in_thread(answers.read)) is not None:
            answered = await service.answers(texts)
            if await request.is_disconnected():
                raise ClientDisconnect
            yield await _in_thread(form, await _in_thread(answers.write, answered))
        yield await _in_thread(form, await _in_thread(answers.end))


async def _in_thread(function: Callable[..., T], *arguments: Any) -> T:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_thread, _with_status, function, *arguments)


def _with_status(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function, turning this program's errors into HTTP errors."""
    try:
        return function(*arguments)
    except SentimentError as error:
        status = {TooLargeError: 413, MissingDependencyError: 415}.get(type(error), 422)
        raise HTTPException(status, http_wording(str(error))) from error


def _lines_of(to: str, step: Step) -> bytes:
    """Write a step as JSON lines; binary parts go in lines of base64 before it."""
    if to not in COMPRESSED_FORMATS:
        return _line("rows", {**vars(step), "part": step.part.decode()})
    parts = [step.part[at : at + _PART_SIZE] for at in range(0, len(step.part), _PART_SIZE)]
    lines = [_line("part", {"base64": base64.b64encode(part).decode()}) for part in parts]
    return b"".join(lines) + _line("rows", {**vars(step), "part": ""})


def _line(event: str, values: dict[str, Any]) -> bytes:
    return encode(to_json({"event": event, **values})) + b"\n"


_NAME_CHARS = 255
_MAX_ROWS = 1_000  # a limit for previews

# Options of the command line, and the query parameters of other names.
_OPTION = re.compile(
    r"--(input-format|format|encoding|prefix|sheet|text-column|on-bad-bytes|skip-lines|delimiter|quote"
    r"|comment)(?: (\w[\w-]*|'[^']+'))?"
)
_PARAMETERS = {"input-format": "format", "format": "to"}


def file_request(query: bytes) -> FileRequest:
    """Read a query string.

    Raises:
        HTTPException: a parameter is unknown, repeated or invalid.
    """
    given: dict[str, Any] = {}
    for name, value in query_fields(query):
        if name == "model":  # see Models
            continue
        if name not in _READERS:
            names = ", ".join([*_READERS, "model"])
            raise HTTPException(422, f'no parameter "{visible(name)}"; there are {names}')
        if name == "text_column":
            given.setdefault("text_columns", []).append(value)
        elif name in given:
            raise HTTPException(422, f'"{name}" is given twice')
        elif value or name == "prefix":  # other empty parameters mean the default
            given[name] = _READERS[name](name, value)
    columns = tuple(filter(None, given.pop("text_columns", ())))
    return FileRequest(**given, text_columns=columns)


def http_wording(message: str) -> str:
    """Replace command-line options in a message by query parameters."""

    def parameter(found: re.Match[str]) -> str:
        name = _PARAMETERS.get(found[1], found[1].replace("-", "_"))
        value = quote(found[2].strip("'")) if found[2] else "…"
        return f"{name}={value}"

    message = _OPTION.sub(parameter, message)
    return message.replace("--no-header", "header=false").replace("--header", "header=true")


def _name(_: str, value: str) -> str:
    """Return the last part of a path, without control characters."""
    name = visible(re.split(r"[/\\]", value)[-1])
    if len(name) > _NAME_CHARS:
        raise HTTPException(422, f'"name" has more than {_NAME_CHARS} characters')
    return name or "reviews"


def _one_of(*choices: str) -> Callable[[str, str], str]:
    def read(name: str, value: str) -> str:
        if value not in choices:
            raise HTTPException(422, f'"{name}" is one of {", ".join(choices)}')
        return value

    return read


def _boolean(name: str, value: str) -> bool:
    return _one_of("true", "false")(name, value) == "true"


def _checked(check: Callable[[str], str]) -> Callable[[str, str], str]:
    def read(_: str, value: str) -> str:
        try:
            return check(value)
        except UsageError as error:
            raise HTTPException(422, http_wording(str(error))) from None

    return read


def _prefix(name: str, value: str) -> str:
    if visible(value) != value:
        raise HTTPException(422, f'"{name}" has control characters')
    return value


def _lines(name: str, value: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", value) is None:
        raise HTTPException(422, f'"{name}" is a whole number from 0')
    return int(value)


def _rows(name: str, value: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", value) is None or not 1 <= int(value) <= _MAX_ROWS:
        raise HTTPException(422, f'"{name}" is a whole number from 1 to {_MAX_ROWS:,}')
    return int(value)


_READERS: dict[str, Callable[[str, str], Any]] = {
    "name": _name,
    "format": _one_of(*(format for format in INPUT_FORMATS if format != "folder")),
    "sheet": lambda _, value: value,
    "encoding": _checked(check_encoding),
    "on_bad_bytes": _one_of("bad-row", "replace"),
    "skip_lines": _lines,
    "delimiter": _checked(check_delimiter),
    "quote": _checked(check_quote),
    "comment": lambda _, value: value,
    "header": _boolean,
    "text_column": lambda _, value: value,
    "to": _one_of(*OUTPUT_FORMATS),
    "prefix": _prefix,
    "rows": _rows,
    "cut": _boolean,
}
