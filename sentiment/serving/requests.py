"""What a request asks for: bodies, within limits of size and time; texts, out of their JSON."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from sentiment.reviews.cells import encode, to_json
from sentiment.reviews.jsonl import strict_json
from sentiment.serving.limits import Limits

JSON = "application/json"
JSON_LINES = "application/x-ndjson"


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

    def __init__(self, parts: AsyncIterator[bytes], held: Meter, **more: Any) -> None:
        """Take the parts, and what counts the bytes that are held."""
        super().__init__(parts, **more)
        self._parts, self._held = parts, held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if scope["http_version"] != "1.0":
            with suppress(HTTPException, ClientDisconnect):  # in its midst nothing can be said
                await self.stream_response(send)
            return
        whole = bytearray()
        async for part in self._parts:
            self._held.take(scope, len(part))
            whole += part
        headers = {name: value for name, value in self.headers.items() if name != "content-length"}
        await Response(bytes(whole), headers=headers)(scope, receive, send)


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
    said = request.headers.get("content-length")
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
        return strict_json(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise HTTPException(400, f"not UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise HTTPException(400, f"not JSON ({error.msg} at character {error.pos + 1})") from None
    except RecursionError:
        raise HTTPException(400, "nested too deeply") from None
    except ValueError as error:
        raise HTTPException(400, str(error)) from None


def one_text(value: Any, limits: Limits) -> str:
    """Take `{"text": "…"}`.

    Raises:
        HTTPException: it is something else, or too long.
    """
    (text,) = _field(value, ("text",)).values()
    return checked(text, '"text"', limits)


def one_or_more_texts(value: Any, limits: Limits) -> str | list[str]:
    """Take `{"text": "…"}` or `{"texts": ["…", …]}`.

    Raises:
        HTTPException: it is something else, too long, or too many.
    """
    ((name, given),) = _field(value, ("text", "texts")).items()
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
        place = f"character {error.start + 1}"
        raise HTTPException(
            422, f"{what} has a lone surrogate ({place}), which is no text"
        ) from None
    return text


def _field(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Take an object that has exactly one of some keys, and no others."""
    wanted = " or ".join(f'{{"{name}": …}}' for name in names)
    if not isinstance(value, dict):
        raise HTTPException(422, f"the body is {_kind(value)}; {wanted} is expected")
    if len(value) != 1 or next(iter(value)) not in names:
        raise HTTPException(422, f"{wanted} is expected, with no other keys")
    return value


def _kind(value: Any) -> str:
    """Name the type of a value as JSON does."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "a string"}
    return kinds.get(type(value), "a number")
