"""Files over HTTP: a query → what is asked for, a body → a temporary file, `files` → an answer."""

import asyncio
import base64
import re
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from sentiment.errors import MissingDependencyError, SentimentError, UsageError
from sentiment.reviews.cells import encode, to_json, visible
from sentiment.reviews.feed import check_encoding
from sentiment.reviews.streams import INPUT_FORMATS, OUTPUT_FORMATS, TooLargeError
from sentiment.serving.files import FileAnswers, FileRequest, Found, Step
from sentiment.serving.limits import Limits
from sentiment.serving.requests import (
    JSON_LINES,
    Meter,
    PartsResponse,
    length_of,
    media_type,
    read_chunks,
)
from sentiment.serving.service import Service
from sentiment.serving.trial import Trial
from sentiment.storage import folder

T = TypeVar("T")

_BYTES = "application/octet-stream"
_TYPES = {
    "text": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "jsonl": JSON_LINES,
    "parquet": "application/vnd.apache.parquet",
    "fasttext": "text/plain; charset=utf-8",
}

_FILES_AT_ONCE = 4  # of the largest size
_PACE = 16_384  # bytes of a file that have to arrive for its time to begin anew
_AT_ONCE = 1 << 20  # bytes that are written at once
_HELD = 1 << 18  # bytes of a result that are made before it is sent
_PART = 1 << 20  # bytes of a result in a line of JSON

# One, as for long JSON; but whoever asks for a text does not wait until some of a file is read.
_thread = ThreadPoolExecutor(1)


class FileEndpoints:
    """Answers files: with a file, or with what there is to tell of it on the way.

    Attributes:
        routes: the paths of both.
    """

    def __init__(self, service: Service, limits: Limits, held: Meter) -> None:
        """Take what answers texts, how much is taken on, and what counts the bytes of bodies."""
        self._service = service
        self._limits = limits
        self._held = held
        self._places = Meter(max(limits.max_requests // 32, 1), "too many files at once")
        self._bytes = Meter(_FILES_AT_ONCE * limits.max_file, "too many large files at once")
        self.routes = [
            Route("/files", self._result, methods=["POST"]),
            Route("/files/events", self._events, methods=["POST"]),
        ]

    async def _result(self, request: Request) -> Response:
        """Answer with the file and its answers.

        What is wrong with the file is a status, unless it is far behind in it: then the answer is
        broken off.
        """
        answers, found = await self._opened(request)
        if found.error is not None:
            raise HTTPException(422, found.error)
        parts = self._steps(request, answers, lambda step: step.part)
        begun = bytearray()
        async for part in parts:
            begun += part
            if len(begun) >= _HELD:
                break
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.result)}",
            "Content-Type": _TYPES[found.to],
        }
        if len(begun) < _HELD:
            return Response(bytes(begun), headers=headers)
        return PartsResponse(bytes(begun), parts, self._held, headers=headers)

    async def _events(self, request: Request) -> Response:
        """Answer with JSON lines: what was found, and with some rows each how far it is."""
        answers, found = await self._opened(request)

        async def rest() -> AsyncIterator[bytes]:
            if found.error is not None:
                return
            try:
                async for some in self._steps(request, answers, partial(_lines_of, found.to)):
                    yield some
            except HTTPException as error:
                yield _line("error", {"error": error.detail})

        first = _line("opened", vars(found))
        return PartsResponse(first, rest(), self._held, media_type=JSON_LINES)

    async def _opened(self, request: Request) -> tuple[FileAnswers, Found]:
        """Receive a file, and look what is in it."""
        if media_type(request) != _BYTES:
            raise HTTPException(415, f"send it as it is, with Content-Type: {_BYTES}")
        asked = file_request(request.scope["query_string"])
        self._places.take(request.scope)
        file = await self._received(request)
        answers = FileAnswers(file, asked, self._limits, in_terms_of_http)
        at_end = request.scope["at_end"]
        at_end.callback(_thread.submit, answers.close)
        if _foreseen(asked.is_parquet):
            trial = Trial(file, asked, self._limits)
            at_end.callback(trial.end)
            await asyncio.to_thread(_foreseen, trial.wait)
            file.seek(0)
        return answers, await _aside(answers.open)

    async def _received(self, request: Request) -> BinaryIO:
        """Receive the file that a request sends, in a temporary file that ends with the request.

        It is read when all of it is there: browsers and proxies listen to no answer before.

        Raises:
            HTTPException: it is too large, does not go on in time, or there is no room.
            ClientDisconnect: the client went away.
        """
        most, size, waiting = self._limits.max_file, 0, bytearray()
        too_large = HTTPException(413, f"the file has more than {most:,} bytes; send it in parts")
        if (length_of(request) or 0) > most:
            raise too_large

        def goes_on(chunk: bytes) -> bool:
            return (size + len(chunk)) // _PACE > size // _PACE

        try:
            file = cast(BinaryIO, tempfile.TemporaryFile(dir=folder()))  # noqa: SIM115
            request.scope["at_end"].callback(_thread.submit, file.close)
            async for chunk in read_chunks(request, self._limits, goes_on):
                self._bytes.take(request.scope, len(chunk))
                size += len(chunk)
                waiting += chunk
                if size > most:
                    raise too_large
                if len(waiting) >= _AT_ONCE:
                    await _aside(file.write, bytes(waiting))
                    waiting.clear()
            await _aside(file.write, bytes(waiting))
            await _aside(file.flush)
        except OSError as error:
            why = f"there is no room here for the file ({error.strerror or error})"
            raise HTTPException(503, f"{why}; come again later", {"Retry-After": "60"}) from error
        return file

    async def _steps(
        self, request: Request, answers: FileAnswers, form: Callable[[Step], bytes]
    ) -> AsyncIterator[bytes]:
        """Answer a file, as long as somebody waits for it; give each step in a form."""
        while (texts := await _aside(answers.read)) is not None:
            said = await self._service.answers(texts)
            if await request.is_disconnected():
                raise ClientDisconnect
            yield await _aside(form, await _aside(answers.write, said))
        yield await _aside(form, await _aside(answers.end))


async def _aside(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function in the thread of files."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_thread, _foreseen, function, *arguments)


def _foreseen(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function; what may be wrong with a file is an answer of HTTP.

    Raises:
        HTTPException: something is.
    """
    try:
        return function(*arguments)
    except SentimentError as error:
        status = {TooLargeError: 413, MissingDependencyError: 415}.get(type(error), 422)
        raise HTTPException(status, in_terms_of_http(str(error))) from error


def _lines_of(to: str, step: Step) -> bytes:
    """Write a step in lines of JSON; the part of a result that is no text in lines of base64."""
    if to != "parquet":
        return _line("rows", {**vars(step), "part": step.part.decode()})
    parts = [step.part[at : at + _PART] for at in range(0, len(step.part), _PART)]
    lines = [_line("part", {"base64": base64.b64encode(part).decode()}) for part in parts]
    return b"".join(lines) + _line("rows", {**vars(step), "part": ""})


def _line(event: str, values: dict[str, Any]) -> bytes:
    return encode(to_json({"event": event, **values})) + b"\n"


_NAME_CHARS = 255
_MOST_ROWS = 1_000  # beyond that, somebody wants all of them
_MOST_FIELDS = 1_000

# How messages for the command line call what a query calls otherwise.
_FLAG = re.compile(r"--(input-format|format|encoding|prefix|text-column)(?: (\w[\w-]*))?")
_PARAMETERS = {"input-format": "format", "format": "to", "text-column": "text_column"}


def file_request(query: bytes) -> FileRequest:
    """Read a query.

    Raises:
        HTTPException: it asks for something that there is not.
    """
    given: dict[str, Any] = {}
    for name, value in _fields(query):
        if name not in _READERS:
            names = ", ".join(_READERS)
            raise HTTPException(422, f'no parameter "{visible(name)}"; there are {names}')
        if name == "text_column":
            given.setdefault("text_columns", []).append(value)
        elif name in given:
            raise HTTPException(422, f'"{name}" is given twice')
        elif value or name == "prefix":  # what is left empty is not said
            given[name] = _READERS[name](name, value)
    columns = tuple(filter(None, given.pop("text_columns", ())))
    return FileRequest(**given, text_columns=columns)


def in_terms_of_http(message: str) -> str:
    """Put parameters of a query in the place of the options that a message names."""

    def parameter(found: re.Match[str]) -> str:
        name = _PARAMETERS.get(found[1], found[1])
        return f"{name}={found[2] or '…'}"

    message = _FLAG.sub(parameter, message)
    return message.replace("--no-header", "header=false").replace("--header", "header=true")


def _fields(query: bytes) -> list[tuple[str, str]]:
    """Give the names and values of a query, in order."""
    if not query:
        return []
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:  # UnicodeError is one
        what = "not in UTF-8" if isinstance(error, UnicodeError) else "not name=value&…"
        raise HTTPException(400, f"the query is {what}") from None


def _name(_: str, value: str) -> str:
    """Take the last part of a path, as it can be shown."""
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


def _yes_or_no(name: str, value: str) -> bool:
    return _one_of("true", "false")(name, value) == "true"


def _encoding(_: str, value: str) -> str:
    try:
        return check_encoding(value)
    except UsageError as error:
        raise HTTPException(422, str(error)) from None


def _prefix(name: str, value: str) -> str:
    if visible(value) != value:
        raise HTTPException(422, f'"{name}" has control characters')
    return value


def _rows(name: str, value: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", value) is None or not 1 <= int(value) <= _MOST_ROWS:
        raise HTTPException(422, f'"{name}" is a whole number from 1 to {_MOST_ROWS:,}')
    return int(value)


_READERS: dict[str, Callable[[str, str], Any]] = {
    "name": _name,
    "format": _one_of(*(format for format in INPUT_FORMATS if format != "folder")),
    "encoding": _encoding,
    "header": _yes_or_no,
    "text_column": lambda _, value: value,
    "to": _one_of(*OUTPUT_FORMATS),
    "prefix": _prefix,
    "rows": _rows,
    "cut": _yes_or_no,
}
