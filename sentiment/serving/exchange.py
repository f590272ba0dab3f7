"""A request as it arrives, and what is sent back: HTTP by the names of ASGI."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sentiment.reviews.cells import encode, to_json
from sentiment.serving.limits import Limits

if TYPE_CHECKING:
    from sentiment.serving.meter import Meter

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

JSON = "application/json"
JSON_LINES = "application/x-ndjson"
BYTES = "application/octet-stream"

# Bytes of a file that have to arrive for its time to begin anew.
_PACE = 16_384


# The page runs and shows what comes from here alone; whatever a review holds is text to it.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    )
)

# What every answer has; what it says otherwise goes first.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class HttpError(Exception):
    """A request that is not answered as it asks: a status, and one clear line why."""

    def __init__(self, status: int, why: str, headers: Mapping[str, str] | None = None) -> None:
        """Take the status, the line, and headers that say more."""
        super().__init__(why)
        self.status = status
        self.why = why
        self.headers = dict(headers or {})


class GoneError(Exception):
    """The client has gone: there is nobody to answer."""


@dataclass(frozen=True)
class Response:
    """What is sent back.

    Attributes:
        status: of HTTP.
        body: all of it, or a stream of its parts.
        media_type: what it is.
        headers: beside those that every answer has.
    """

    status: int
    body: bytes | AsyncIterator[bytes]
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def head(self) -> list[tuple[bytes, bytes]]:
        """Give all of its headers, as ASGI has them."""
        headers = {**_HEADERS, "Content-Type": self.media_type, **self.headers}
        if isinstance(self.body, bytes):
            headers["Content-Length"] = str(len(self.body))
        return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def json_response(value: Any, status: int = 200) -> Response:
    """Answer with a JSON value."""
    return Response(status, encode(to_json(value)) + b"\n")


def refusal(error: HttpError) -> Response:
    """Answer with `{"error": "one clear line"}`."""
    body = encode(to_json({"error": error.why})) + b"\n"
    return Response(error.status, body, headers=error.headers)


class Request:
    """A request whose body is read as it is asked for.

    Attributes:
        method, path: what is asked for.
        query: what stands behind the `?`, as it came.
        old: whether it is of HTTP/1.0, which has no answers in chunks.
    """

    def __init__(self, scope: Message, receive: Receive, limits: Limits) -> None:
        """Take what ASGI gives of a request, and how long to wait for the rest."""
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope.get("query_string", b"")
        self.old: bool = scope["http_version"] == "1.0"
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._receive = receive
        self._limits = limits
        self._at_end = ExitStack()
        self._begun = False
        self._gone: asyncio.Task[None] | None = None

    def headers(self, name: bytes) -> list[str]:
        """Give every value of a header; the name is in lower case."""
        return [value.decode("latin-1").strip() for key, value in self._headers if key == name]

    @property
    def length(self) -> int | None:
        """How many bytes the body has, if that is said; the parser has seen to it that it is so."""
        said = self.headers(b"content-length")
        return int(said[0]) if said else None

    @property
    def waits(self) -> bool:
        """Whether the client has asked if it may send the body, and was not told to."""
        return not self._begun and bool(self.headers(b"expect"))

    @property
    def media_type(self) -> str:
        """What the body is said to be, in lower case, without parameters.

        Raises:
            HttpError: it is encoded in a way that is not read here.
        """
        if [each for each in self.headers(b"content-encoding") if each.lower() != "identity"]:
            raise HttpError(415, "compressed bodies are not read here; send it as it is")
        kind, *parameters = ",".join(self.headers(b"content-type")).lower().split(";")
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
                raise HttpError(415, "JSON is UTF-8; no other charset is read here")
        return kind.strip()

    def take(self, meter: "Meter", amount: int = 1) -> None:
        """Take some of what there is, until `release`.

        Raises:
            HttpError: there is not as much left.
        """
        meter.take(amount)
        self._at_end.callback(meter.give_back, amount)

    def at_end(self, call: Callable[[], object]) -> None:
        """Have something done by `release`, however the request ends."""
        self._at_end.callback(call)

    def release(self) -> None:
        """Give back all that was taken."""
        self._at_end.close()

    async def body(self, held: "Meter") -> bytes:
        """Give the whole body.

        Args:
            held: counts the bytes of all bodies.

        Raises:
            HttpError: it is too large, or does not arrive in time.
            GoneError: the client went away.
        """
        most = self._limits.max_body
        if self.length is not None and self.length > most:
            raise _too_large(most)
        body = bytearray()
        more = True
        try:
            async with asyncio.timeout(self._limits.timeout):
                while more:
                    chunk, more = await self._next()
                    self.take(held, len(chunk))
                    body += chunk
                    if len(body) > most:
                        raise _too_large(most)
        except TimeoutError:
            raise _too_slow(self._limits.timeout) from None
        return bytes(body)

    def chunks(self) -> AsyncIterator[bytes]:
        """Give a body of lines as it arrives, however long it is.

        Raises:
            HttpError: the next line does not arrive in time.
            GoneError: the client went away.
        """
        return self._paced(lambda chunk: b"\n" in chunk)

    async def pieces(self, most: int) -> AsyncIterator[bytes]:
        """Give a file as it arrives.

        Args:
            most: as many bytes may it have.

        Raises:
            HttpError: it is too large, or does not go on in time.
            GoneError: the client went away.
        """
        too_large = HttpError(413, f"the file has more than {most:,} bytes; send it in parts")
        if self.length is not None and self.length > most:
            raise too_large
        arrived = 0

        def goes_on(chunk: bytes) -> bool:
            return (arrived + len(chunk)) // _PACE > arrived // _PACE

        async for chunk in self._paced(goes_on):
            arrived += len(chunk)
            if arrived > most:
                raise too_large
            yield chunk

    def watch(self) -> None:
        """See from now on whether the client is still there; the body has been read."""

        async def gone() -> None:
            while (await self._receive())["type"] != "http.disconnect":
                pass

        self._gone = asyncio.create_task(gone())
        self.at_end(self._gone.cancel)

    def check(self) -> None:
        """Make sure that the client, which is being watched, is still there.

        Raises:
            GoneError: it is not.
        """
        if self._gone is not None and self._gone.done():
            raise GoneError

    async def _paced(self, goes_on: Callable[[bytes], bool]) -> AsyncIterator[bytes]:
        """Give a body as it arrives, as long as it goes on within each time that it has."""
        clock = asyncio.get_running_loop().time
        since, more = clock(), True
        while more:
            try:
                async with asyncio.timeout_at(since + self._limits.timeout):
                    chunk, more = await self._next()
            except TimeoutError:
                raise _too_slow(self._limits.timeout) from None
            went_on = goes_on(chunk)
            if chunk:
                yield chunk
            if went_on:
                since = clock()

    async def _next(self) -> tuple[bytes, bool]:
        """Give the next part of the body, and whether there is more."""
        self._begun = True
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        return message.get("body", b""), message.get("more_body", False)


def _too_large(most: int) -> HttpError:
    return HttpError(
        413, f"the body has more than {most:,} bytes; send fewer texts, or JSON lines as a stream"
    )


def _too_slow(seconds: float) -> HttpError:
    return HttpError(
        408, f"the request did not arrive within {seconds:g} seconds", {"Connection": "close"}
    )
