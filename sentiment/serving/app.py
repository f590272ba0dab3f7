"""The service as an ASGI application: what answers a path, and what holds for every answer."""

import asyncio
import json
import mimetypes
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from sentiment import __version__
from sentiment.serving.file_endpoints import FileEndpoints
from sentiment.serving.limits import Limits, bare_name
from sentiment.serving.requests import (
    JSON,
    JSON_LINES,
    Meter,
    PartsResponse,
    answer_lines,
    json_response,
    length_of,
    media_type,
    read_body,
    read_chunks,
    read_texts,
)
from sentiment.serving.service import Service, aside

# Bodies that may be held at once, if each is as large as it may be.
_BODIES = 32

_SLICE = 65_536

_FOLDER = Path(__file__).parent
_PAGE = _FOLDER / "page"
mimetypes.add_type("text/javascript", ".js")  # whatever this machine calls it

# The page runs and shows what comes from here alone; whatever a review holds is text to it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
]
_HEADERS_OF_PAGE = [*_HEADERS[:-1], (b"cache-control", b"no-cache")]


class App:
    """Answers requests, and refuses those that ask for too much or for nothing that is here."""

    def __init__(
        self,
        service: Service,
        hosts: frozenset[str] | None,
        limits: Limits,
        report: Callable[[BaseException], None],
        log: Callable[[str], None] | None = None,
    ) -> None:
        """Put the service together.

        Args:
            service: what answers.
            hosts: under which names it may be called; None for any.
            limits: what it takes on.
            report: told of what nobody foresaw.
            log: told of each request that was answered, in a line; None for no log.
        """
        self._service = service
        self._hosts = hosts
        self._limits = limits
        self._report = report
        self._log = log
        self._places = Meter(limits.max_requests, "too many requests at once")
        fewer = max(limits.max_requests // 4, 1)  # lest they take all places for a long time
        self._streams = Meter(fewer, "too many streams at once")
        self._explanations = Meter(fewer, "too many explanations at once")
        self._bytes = Meter(_BODIES * limits.max_body, "too many large requests at once")
        self._routes = Router(
            [
                Route("/predict", self._predict, methods=["POST"]),
                Route("/explain", self._explain, methods=["POST"]),
                *FileEndpoints(service, limits, self._bytes).routes,
                _always("/health", {"status": "ok"}),
                _always("/info", {**service.info, "limits": limits.of_bodies()}),
                _always("/openapi.json", _document(limits)),
                *_page(),
            ],
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope["app"] = self  # so errors of Starlette's routes are raised, and not answered there
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        began = time.perf_counter()
        answer = _Answer(scope, send, self._limits.timeout)
        refused: HTTPException | None = None
        with ExitStack() as scope["at_end"]:
            try:
                self._check_host(scope)
                await self._routes(scope, receive, answer)
            except HTTPException as error:
                refused = error
            except ClientDisconnect:
                pass  # there is nobody to answer
            except asyncio.CancelledError:  # told to stop, it has waited as long as it does
                refused = HTTPException(503, "the service has been stopped")
            except Exception as error:
                self._report(error)
                refused = HTTPException(500, "something unexpected went wrong here")
            if refused is not None and not answer.status:
                with suppress(ClientDisconnect):
                    await _refusal(scope, refused)(scope, receive, answer)
        if self._log is not None:
            who = (scope.get("client") or ("?",))[0]
            taken = 1e3 * (time.perf_counter() - began)
            self._log(f"{who} {scope['method']} {scope['path']} {answer} {taken:.1f} ms")

    def _check_host(self, scope: Scope) -> None:
        """Let a request in, or not.

        Raises:
            HTTPException: it names no host, several, or another than is let in.
        """
        if self._hosts is None:
            return
        named = [value for name, value in scope["headers"] if name == b"host"]
        host = bare_name(named[0].decode("latin-1").strip()) if len(named) == 1 else None
        if host is None:
            raise HTTPException(400, "the Host header is not one name")
        if host not in self._hosts:
            raise HTTPException(421, "not called by this name; --allow-host NAME lets it in")

    async def _predict(self, request: Request) -> Response:
        kind = media_type(request)
        if kind == JSON_LINES:
            return await self._stream(request)
        if kind != JSON:
            raise HTTPException(415, f"send it with Content-Type: {JSON} or {JSON_LINES}")
        texts = await self._texts(request, self._places, "text", "texts")
        if isinstance(texts, str):
            (answer,) = await self._service.predict([texts])
            return json_response({"text": texts, **answer})
        answers = await self._service.predict(texts)
        records = [{"text": text, **answer} for text, answer in zip(texts, answers, strict=True)]
        return json_response({"predictions": records})

    async def _explain(self, request: Request) -> Response:
        if media_type(request) != JSON:
            raise HTTPException(415, f"send it with Content-Type: {JSON}")
        text = cast(str, await self._texts(request, self._explanations, "text"))
        return Response(await self._service.explain(text), media_type=JSON)

    async def _texts(self, request: Request, places: Meter, *names: str) -> str | list[str]:
        """Read a body of JSON, and take a place among the requests that are being answered."""
        body = await read_body(request, self._limits, self._bytes)
        places.take(request.scope)
        return await aside(len(body), lambda: read_texts(body, names, self._limits))

    async def _stream(self, request: Request) -> Response:
        """Answer JSON lines as they come; an error before the first answer is still a status.

        What is known to be no larger than any body may be is read first: there are proxies, nginx
        for one, that send no more of a request once its answer has begun.
        """
        self._streams.take(request.scope)
        length, old = length_of(request), request.scope["http_version"] == "1.0"
        if old or (length is not None and length <= self._limits.max_body):
            chunks = _slices(await read_body(request, self._limits, self._bytes))
        else:
            chunks = read_chunks(request, self._limits, lambda chunk: b"\n" in chunk)
        parts = answer_lines(chunks, self._service, self._limits)
        first = await anext(parts, b"")
        return PartsResponse(first, parts, self._bytes, media_type=JSON_LINES)


@dataclass
class _Answer:
    """What is sent of an answer, with headers that every one has.

    Attributes:
        scope: what is asked.
        send: sends it.
        timeout: seconds that each part of it has to be read.
        status: of HTTP; 0 before it begins.
        head: what begins it, once that is known, until it is sent.
        ended: whether all of it is sent.
    """

    scope: Scope
    send: Send
    timeout: float
    status: int = 0
    head: Message | None = None
    ended: bool = False

    async def __call__(self, message: Message) -> None:
        """Send a part; the head with the first one.

        With the last part goes all that the request has taken: whoever does not read an answer
        keeps no more than that.

        Raises:
            ClientDisconnect: nobody reads those before it, or nobody is there.
        """
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], *_headers(self.scope, self.status)]
            self.head = {**message, "headers": headers}
            return
        try:
            if message.get("more_body"):
                async with asyncio.timeout(self.timeout):
                    await self._send(message)
            else:
                self.scope["at_end"].close()
                await self._send(message)
                self.ended = True
        except (OSError, RuntimeError):  # out of time, or, as uvloop says it, closed
            raise ClientDisconnect from None

    async def _send(self, message: Message) -> None:
        if self.head:
            await self.send(self.head)
            self.head = None
        await self.send(message)

    def __str__(self) -> str:
        """Return how it ended, for the log."""
        return f"{self.status}{'' if self.ended else ' broken off'}" if self.status else "gone"


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    """Cut a body into parts as large as those that arrive."""
    for begin in range(0, len(body), _SLICE):
        yield body[begin : begin + _SLICE]


def _headers(scope: Scope, status: int) -> list[tuple[bytes, bytes]]:
    """Return the headers that an answer has whatever it is."""
    page = scope["path"] == "/" or scope["path"].startswith("/static/")
    headers = _HEADERS_OF_PAGE if page and status < 400 else _HEADERS
    given = dict(scope["headers"])
    if b"expect" in given or b"upgrade" in given:
        # A body may not come any more, or other than HTTP: what follows is not to be read.
        return [*headers, (b"connection", b"close")]
    return headers


def _always(path: str, value: Any) -> Route:
    """Answer GET and HEAD with the same every time."""
    return Route(path, json_response(value), methods=["GET"])


def _page() -> list[Route | Mount]:
    """Return the paths of the page that people see: `/`, and what it is made of."""
    files = StaticFiles(directory=_PAGE)

    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    return [Route("/", index), Mount("/static", files)]


def _document(limits: Limits) -> dict[str, Any]:
    """Return what the service can be asked, for programs: OpenAPI, with the limits that hold."""
    made: dict[str, Any] = json.loads((_FOLDER / "openapi.json").read_text(encoding="utf-8"))
    made["info"]["version"] = __version__
    schemas = made["components"]["schemas"]
    schemas["Text"]["maxLength"] = limits.max_chars
    schemas["SeveralTexts"]["properties"]["texts"]["maxItems"] = limits.max_texts
    (name,) = made["paths"]["/static/{name}"]["get"]["parameters"]
    name["schema"]["enum"] = sorted({path.name for path in _PAGE.iterdir()} - {"index.html"})
    return made


def _refusal(scope: Scope, error: HTTPException) -> Response:
    """Answer with `{"error": "one clear line"}`; 404 and 405 are Starlette's, and have none."""
    why, headers = error.detail, dict(error.headers or {})
    if error.status_code == 404:
        why = "nothing is here; GET /openapi.json lists what there is"
    elif error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
        why = f"{scope['path']} takes {headers['Allow']}"
    return json_response({"error": why}, error.status_code, headers)
