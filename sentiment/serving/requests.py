"""What a request asks for: bodies, within limits of size and time; texts, out of their JSON.

JSON lines are answered in constant memory: one record for one line, in order.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from sentiment.errors import DataError
from sentiment.reviews.cells import encode, to_json
from sentiment.reviews.jsonl import as_row
from sentiment.serving.limits import Limits
from sentiment.serving.service import Answer, Service, aside
from sentiment.values import read_strict_json

JSON = "application/json"
JSON_LINES = "application/x-ndjson"

# Lines that are answered before others have their turn: a chunk may hold thousands of short ones.
_AT_ONCE = 256

ADDED = ("predicted", "p_positive", "reason", "error")


class Meter:
    """Counts what is taken at once: places for requests, bytes of bodies.

    Attributes:
        taken: how much is.
    """

    def __init__(self, most: int, what: str) -> None:
        """Take how much there is, and what an error calls having taken it all."""
        self.taken = 0
        self._most = most
        self._what = what

    def take(self, scope: Scope, amount: int = 1) -> None:
        """Take some until a request is answered, however it ends.

        Raises:
            HTTPException: there is not as much left.
        """
        if self.taken + amount > self._most:
            why = f"{self._what}; come again in a second"
            raise HTTPException(503, why, {"Retry-After": "1"})
        self.taken += amount
        scope["at_end"].callback(self._give_back, amount)

    def _give_back(self, amount: int) -> None:
        self.taken -= amount


class PartsResponse(StreamingResponse):
    """An answer in parts; whole over HTTP/1.0, which knows no parts.

    Starlette would read the request meanwhile, to see whether the client is there; here that is
    the business of what makes the parts, since more of the body may be coming.
    """

    def __init__(self, first: bytes, rest: AsyncIterator[bytes], held: Meter, **more: Any) -> None:
        """Take the first part, the others, and what counts the bytes that are held."""
        super().__init__(_chained(first, rest), **more)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if scope["http_version"] != "1.0":
            with suppress(HTTPException, ClientDisconnect):  # in its midst nothing can be said
                await self.stream_response(send)
            return
        whole = bytearray()
        async for part in self.body_iterator:
            self._held.take(scope, len(part))
            whole += cast(bytes, part)
        await Response(bytes(whole), headers=dict(self.headers))(scope, receive, send)


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Answer with a JSON value."""
    return Response(encode(to_json(value)) + b"\n", status, headers, JSON)


def media_type(request: Request) -> str:
    """Return what the body is said to be, in lower case, without parameters.

    Raises:
        HTTPException: it is encoded in a way that is not read here, or taken for another protocol.
    """
    kinds = []
    for name, value in request.scope["headers"]:
        if name == b"content-type":
            kinds.append(value.decode("latin-1").lower())
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise HTTPException(415, "compressed bodies are not read here; send it as it is")
        elif name == b"upgrade":
            why = "no other protocol is spoken here: leave out the header Upgrade"
            raise HTTPException(400, why)
    kind, *parameters = ",".join(kinds).split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
            raise HTTPException(415, "JSON is UTF-8; no other charset is read here")
    return kind.strip()


def length_of(request: Request) -> int | None:
    """Return how many bytes the body has, if that is said; the server has seen that it is so."""
    said = dict(request.scope["headers"]).get(b"content-length")
    return None if said is None else int(said)


async def read_body(request: Request, limits: Limits, held: Meter) -> bytes:
    """Read a whole body.

    Args:
        request: whose body it is.
        limits: how large it may be, and how long it may take.
        held: counts the bytes of all bodies.

    Raises:
        HTTPException: it is too large, or does not arrive in time.
        ClientDisconnect: the client went away.
    """
    most = limits.max_body
    if (length_of(request) or 0) > most:
        raise _too_large(most)
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(limits.timeout):
            while more:
                chunk, more = await _next(request)
                held.take(request.scope, len(chunk))
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise _too_slow(limits) from None
    return bytes(body)


async def read_chunks(
    request: Request, limits: Limits, goes_on: Callable[[bytes], bool]
) -> AsyncIterator[bytes]:
    """Read a body as it arrives, as long as it goes on within each time that it has.

    Args:
        request: whose body it is.
        limits: how long it may take to go on.
        goes_on: whether a chunk is as much as has to arrive in that time.

    Raises:
        HTTPException: it does not go on.
        ClientDisconnect: the client went away.
    """
    clock = asyncio.get_running_loop().time
    until, more = clock() + limits.timeout, True
    while more:
        try:
            async with asyncio.timeout_at(until):
                chunk, more = await _next(request)
        except TimeoutError:
            raise _too_slow(limits) from None
        went_on = goes_on(chunk)
        if chunk:
            yield chunk
        if went_on:
            until = clock() + limits.timeout


async def _next(request: Request) -> tuple[bytes, bool]:
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


def read_json(body: bytes) -> Any:
    """Read JSON as strictly as its standard is.

    Raises:
        HTTPException: it is none, or nested too deeply.
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


def read_texts(body: bytes, names: tuple[str, ...], limits: Limits) -> str | list[str]:
    """Read `{"text": "…"}` or `{"texts": ["…", …]}`, as far as their names are taken.

    Raises:
        HTTPException: it is something else, too long, or too many.
    """
    value = read_json(body)
    wanted = " or ".join(f'{{"{name}": …}}' for name in names)
    if not isinstance(value, dict):
        raise HTTPException(422, f"the body is {_kind(value)}; {wanted} is expected")
    if len(value) != 1 or next(iter(value)) not in names:
        raise HTTPException(422, f"{wanted} is expected, with no other keys")
    ((name, given),) = value.items()
    if name == "text":
        return checked(given, '"text"', limits)
    if not isinstance(given, list):
        raise HTTPException(422, f'"texts" is {_kind(given)}; a list of strings is expected')
    if len(given) > limits.max_texts:
        most = f"at most {limits.max_texts:,} are taken at once"
        why = f"{len(given):,} texts; {most}: send fewer, or JSON lines as a stream"
        raise HTTPException(422, why)
    return [checked(text, f'"texts", number {n},', limits) for n, text in enumerate(given, 1)]


def checked(text: Any, what: str, limits: Limits) -> str:
    """Take a text.

    Args:
        text: what is in its place.
        what: what an error calls it.
        limits: how long it may be.

    Raises:
        HTTPException: it is none, too long, or cannot be written as UTF-8.
    """
    if not isinstance(text, str):
        raise HTTPException(422, f"{what} is {_kind(text)}; a string is expected")
    if len(text) > limits.max_chars:
        most = f"at most {limits.max_chars:,} are taken"
        raise HTTPException(422, f"{what} has {len(text):,} characters; {most}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        why = f"{what} has a lone surrogate (character {error.start + 1}), which is no text"
        raise HTTPException(422, why) from None
    return text


def _kind(value: Any) -> str:
    """Name the type of a value as JSON does."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}
    return kinds.get(type(value), "a number")


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
            self._hold(part)
            if self._too_long:
                yield None
            elif self._rest and not self._rest.isspace():
                yield bytes(self._rest)
            self._rest.clear()
            self._too_long = False
        self._hold(rest)

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
    if last := list(cutter.feed(b"\n")):
        yield await _answer(last, service, limits)


async def _answer(lines: list[bytes | None], service: Service, limits: Limits) -> bytes:
    """Answer some lines: a record each."""
    size = sum(len(line or b"") for line in lines)
    rows = await aside(size, lambda: [_read_line(line, limits) for line in lines])
    answers = await service.predict(["" if isinstance(row, str) else row["text"] for row in rows])
    return await aside(size, lambda: b"".join(map(_record, rows, answers)))


def _read_line(line: bytes | None, limits: Limits) -> dict[str, Any] | str:
    """Return the keys and values of a line, or why it cannot be read."""
    if line is None:
        return f"the line has more than {limits.max_body:,} bytes"
    try:
        row = as_row(read_json(line))
        if "text" not in row:
            return 'the line has no "text"'
        if taken := [name for name in ADDED if name in row]:
            return f'the line has "{taken[0]}" already'
        checked(row["text"], '"text"', limits)
    except HTTPException as error:
        return error.detail
    except ValueError as error:  # neither an object nor a string
        return str(error)
    return row


def _record(row: dict[str, Any] | str, answer: Answer) -> bytes:
    """Write a line with its answer, or why it has none."""
    try:
        if not isinstance(row, str):
            return encode(to_json({**row, **answer})) + b"\n"
    except DataError as failure:  # nested more deeply than can be written
        row = str(failure)
    return encode(to_json({"predicted": None, "p_positive": None, "error": row})) + b"\n"
