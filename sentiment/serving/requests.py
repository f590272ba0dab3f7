"""Request bodies, within limits of size and time, and the texts in them.

JSON lines are answered in constant memory: one record per line, in order.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, cast
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sentiment.errors import DataError
from sentiment.labels import LabelSet
from sentiment.reviews.cells import encode, to_json
from sentiment.reviews.json_rows import as_row
from sentiment.serving.server import Limits
from sentiment.serving.service import Answer, Service, offload
from sentiment.values import read_strict_json

JSON = "application/json"
JSON_LINES = "application/x-ndjson"

_MAX_FIELDS = 1_000  # of a query
_LINES_AT_ONCE = 256  # then other requests get their turn


class Meter:
    """A limit on what all requests use at once: slots, or bytes of bodies.

    Attributes:
        taken: how much is in use.
    """

    def __init__(self, limit: int, message: str) -> None:
        self.taken = 0
        self._limit = limit
        self._message = message

    def acquire(self, scope: Scope, amount: int = 1) -> None:
        """Use some until a request ends.

        Raises:
            HTTPException: that would exceed the limit.
        """
        if self.taken + amount > self._limit:
            why = f"{self._message}; try again in a second"
            raise HTTPException(503, why, {"Retry-After": "1"})
        self.taken += amount
        scope["at_end"].callback(self._release, amount)

    def _release(self, amount: int) -> None:
        self.taken -= amount


class StreamedResponse(StreamingResponse):
    """A response in parts, or in one piece over HTTP/1.0.

    Starlette's class would read the request to notice a disconnect, but here the rest of the body
    may still be coming.
    """

    def __init__(self, first: bytes, rest: AsyncIterator[bytes], meter: Meter, **more: Any) -> None:
        """Send `first`, then `rest`; `meter` counts bytes kept in memory."""
        super().__init__(_chained(first, rest), **more)
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        if scope["http_version"] != "1.0":
            with suppress(HTTPException, ClientDisconnect):  # too late for another status
                await self.stream_response(send)
            return
        whole = bytearray()
        async for part in self.body_iterator:
            self._meter.acquire(scope, len(part))
            whole += cast(bytes, part)
        await Response(bytes(whole), headers=dict(self.headers))(scope, receive, send)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a response with a JSON value."""
    return Response(encode(to_json(value)) + b"\n", status, headers, JSON)


def constant(path: str, value: Any) -> Route:
    """Return a route whose response is always the same JSON value."""
    return Route(path, json_response(value), methods=["GET"])


def media_type(request: Request) -> str:
    """Return the content type in lower case, without parameters.

    Raises:
        HTTPException: the body is compressed, not UTF-8, or the client asks for another protocol.
    """
    kinds = []
    for name, value in request.scope["headers"]:
        if name == b"content-type":
            kinds.append(value.decode("latin-1").lower())
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise HTTPException(415, "compressed bodies are not supported; send it uncompressed")
        elif name == b"upgrade":
            raise HTTPException(400, "only HTTP is supported; leave out the Upgrade header")
    kind, *parameters = ",".join(kinds).split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
            raise HTTPException(415, "JSON must be UTF-8; other charsets are not supported")
    return kind.strip()


def length_of(request: Request) -> int | None:
    """Return the Content-Length, which the server has checked; None without one."""
    length = request.scope["given"].get(b"content-length")
    return None if length is None else int(length)


async def read_body(request: Request, limits: Limits, meter: Meter) -> bytes:
    """Read a whole body, counting its bytes in a meter.

    Raises:
        HTTPException: it is too large or too slow.
        ClientDisconnect: the client has gone.
    """
    most = limits.max_body
    if (length_of(request) or 0) > most:
        raise _too_large(most)
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(limits.timeout):
            while more:
                chunk, more = await _next_chunk(request)
                meter.acquire(request.scope, len(chunk))
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise _too_slow(limits) from None
    return bytes(body)


async def read_chunks(
    request: Request, limits: Limits, is_progress: Callable[[bytes], bool]
) -> AsyncIterator[bytes]:
    """Yield the chunks of a body as they arrive; one that `is_progress` restarts the timeout.

    Raises:
        HTTPException: a timeout.
        ClientDisconnect: the client has gone.
    """
    clock = asyncio.get_running_loop().time
    until, more = clock() + limits.timeout, True
    while more:
        try:
            async with asyncio.timeout_at(until):
                chunk, more = await _next_chunk(request)
        except TimeoutError:
            raise _too_slow(limits) from None
        progress = is_progress(chunk)
        if chunk:
            yield chunk
        if progress:
            until = clock() + limits.timeout


async def _next_chunk(request: Request) -> tuple[bytes, bool]:
    """Return the next part of a body, and whether there is more."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _too_large(most: int) -> HTTPException:
    more = "send fewer texts, or JSON lines as a stream"
    return HTTPException(413, f"the body has more than {most:,} bytes; {more}")


def _too_slow(limits: Limits) -> HTTPException:
    why = f"the request did not arrive within {limits.timeout:g} seconds"
    return HTTPException(408, why, {"Connection": "close"})


def query_fields(query: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a query string, in order.

    Raises:
        HTTPException: it is not one, or not in UTF-8.
    """
    if not query:
        return []
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:  # including UnicodeError
        what = "not in UTF-8" if isinstance(error, UnicodeError) else "not name=value&…"
        raise HTTPException(400, f"the query is {what}") from None


def read_json(body: bytes) -> Any:
    """Read JSON strictly.

    Raises:
        HTTPException: it is invalid or nested too deeply.
    """
    try:
        return read_strict_json(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"not UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise HTTPException(400, f"not JSON ({error.msg} at character {error.pos + 1})") from None
    except RecursionError:
        raise HTTPException(400, "nested too deeply") from None
    except ValueError as error:
        raise HTTPException(400, str(error)) from None


def read_texts(body: bytes, limits: Limits) -> str | list[str]:
    """Read `{"text": "…"}` or `{"texts": ["…", …]}`.

    Raises:
        HTTPException: it is anything else, too long, or too many.
    """
    ((name, given),) = _fields(body, ("text",), ("texts",)).items()
    if name == "text":
        return _checked(given, '"text"', limits)
    if not isinstance(given, list):
        raise HTTPException(422, f'"texts" is {_kind(given)}; a list of strings is expected')
    if len(given) > limits.max_texts:
        most = f"the limit is {limits.max_texts:,}"
        why = f"{len(given):,} texts; {most}: send fewer, or JSON lines as a stream"
        raise HTTPException(422, why)
    return [_checked(text, f'"texts", number {n},', limits) for n, text in enumerate(given, 1)]


def read_explanation(body: bytes, labels: LabelSet, limits: Limits) -> tuple[str, int | None]:
    """Read `{"text": "…"}`, perhaps with `"toward": "a class"`; return the text and its label.

    Raises:
        HTTPException: it is anything else, too long, or there is no such class.
    """
    given = _fields(body, ("text",), ("text", "toward"))
    text = _checked(given["text"], '"text"', limits)
    if "toward" not in given:
        return text, None
    try:
        return text, labels.label_of(_checked(given["toward"], '"toward"', limits))
    except ValueError as error:
        raise HTTPException(422, f'"toward": {error}') from None


def _fields(body: bytes, *wanted: tuple[str, ...]) -> dict[str, Any]:
    """Read an object with the keys of one of `wanted`.

    Raises:
        HTTPException: it is anything else.
    """
    value = read_json(body)
    forms = ("{" + ", ".join(f'"{name}": …' for name in names) + "}" for names in wanted)
    expected = " or ".join(forms)
    if not isinstance(value, dict):
        raise HTTPException(422, f"the body is {_kind(value)}; {expected} is expected")
    if set(value) not in [set(names) for names in wanted]:
        raise HTTPException(422, f"{expected} is expected, with no other keys")
    return value


def _checked(text: Any, what: str, limits: Limits) -> str:
    """Return a text if it is one.

    Raises:
        HTTPException: not a string, too long, or not encodable as UTF-8.
    """
    if not isinstance(text, str):
        raise HTTPException(422, f"{what} is {_kind(text)}; a string is expected")
    if len(text) > limits.max_chars:
        most = f"the limit is {limits.max_chars:,}"
        raise HTTPException(422, f"{what} has {len(text):,} characters; {most}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        why = f"{what} has a lone surrogate (character {error.start + 1}), which is not text"
        raise HTTPException(422, why) from None
    return text


def _kind(value: Any) -> str:
    """Return the JSON type of a value."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}
    return kinds.get(type(value), "a number")


class LineCutter:
    """Splits chunks into lines; a line that is too long is replaced by None."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._rest = bytearray()
        self._too_long = False

    def feed(self, chunk: bytes) -> Iterator[bytes | None]:
        """Yield the lines that are complete and not blank."""
        *complete, rest = chunk.split(b"\n")
        for part in complete:
            self._append(part)
            if self._too_long:
                yield None
            elif self._rest and not self._rest.isspace():
                yield bytes(self._rest)
            self._rest.clear()
            self._too_long = False
        self._append(rest)

    def _append(self, part: bytes) -> None:
        if len(self._rest) + len(part) > self._longest:
            self._too_long = True
            self._rest.clear()
        elif not self._too_long:
            self._rest += part


async def answer_lines(
    chunks: AsyncIterator[bytes], service: Service, limits: Limits
) -> AsyncIterator[bytes]:
    """Answer the lines of a body as they arrive.

    A record has the keys of its line, and those that `sentiment predict --json` adds. A line that
    cannot be read gets `error` and no answer.
    """
    cutter = LineCutter(limits.max_body)
    async for chunk in chunks:
        lines = cutter.feed(chunk)
        while some := list(islice(lines, _LINES_AT_ONCE)):
            yield await _answer(some, service, limits)
    if last := list(cutter.feed(b"\n")):
        yield await _answer(last, service, limits)


async def _answer(lines: list[bytes | None], service: Service, limits: Limits) -> bytes:
    size = sum(len(line or b"") for line in lines)
    added = [*_unanswered(service.labels, ""), "reason"]
    rows = await offload(size, lambda: [_read_line(line, added, limits) for line in lines])
    answers = await service.predict(["" if isinstance(row, str) else row["text"] for row in rows])
    return await offload(
        size, lambda: b"".join(map(partial(_record, service.labels), rows, answers))
    )


def _read_line(line: bytes | None, added: Sequence[str], limits: Limits) -> dict[str, Any] | str:
    """Return the object on a line, or why it cannot be read."""
    if line is None:
        return f"the line has more than {limits.max_body:,} bytes"
    try:
        row = as_row(read_json(line))
        if "text" not in row:
            return 'the line has no "text"'
        if taken := [name for name in added if name in row]:
            return f'the line already has "{taken[0]}"'
        _checked(row["text"], '"text"', limits)
    except HTTPException as error:
        return error.detail
    except ValueError as error:  # neither an object nor a string
        return str(error)
    return row


def _unanswered(labels: LabelSet, why: str) -> Answer:
    """Return the fields for a line that cannot be read."""
    nothing: Answer = dict.fromkeys(("predicted", *(name for name, _ in labels.columns)))
    return nothing | {"error": why}


def _record(labels: LabelSet, row: dict[str, Any] | str, answer: Answer) -> bytes:
    """Write a line with its answer, or why it has none."""
    try:
        if not isinstance(row, str):
            return encode(to_json({**row, **answer})) + b"\n"
    except DataError as failure:  # nested too deeply to be written
        row = str(failure)
    return encode(to_json(_unanswered(labels, row))) + b"\n"
