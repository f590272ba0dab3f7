"""The service as an ASGI application: its routes, and what applies to every response."""

import asyncio
import mimetypes
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from sentiment.serving.access import Access
from sentiment.serving.docs_page import docs_route
from sentiment.serving.document import document_of
from sentiment.serving.file_endpoints import FileEndpoints
from sentiment.serving.logs import Outcome, Proxies, RequestIds
from sentiment.serving.metrics import Metrics
from sentiment.serving.models import Models
from sentiment.serving.operations import Operations
from sentiment.serving.requests import (
    JSON,
    JSON_LINES,
    Meter,
    StreamedResponse,
    answer_lines,
    json_response,
    length_of,
    media_type,
    read_body,
    read_chunks,
    read_explanation,
    read_texts,
)
from sentiment.serving.server import Limits
from sentiment.serving.service import Service, offload

T = TypeVar("T")

_BODIES = 32  # bodies of maximum size in memory at once
_SLICE = 65_536

_PAGE = Path(__file__).parent / "page"
mimetypes.add_type("text/javascript", ".js")  # some systems map it to something else

# The page loads and runs only its own files.
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
_PAGE_HEADERS = [*_HEADERS[:-1], (b"cache-control", b"no-cache")]


class App:
    """The ASGI application."""

    def __init__(
        self,
        models: Models,
        access: Access,
        limits: Limits,
        report: Callable[[BaseException], None],
        log: Callable[[Outcome], None] | None = None,
        proxies: Proxies | None = None,
    ) -> None:
        """Build the routes.

        Args:
            models: answer texts.
            access: what requests have to have.
            limits: on requests.
            report: receives unexpected errors.
            log: receives every request that is over.
            proxies: believed when they say who asked; None for none.
        """
        self._models = models
        self._checks = access.checks
        self._secured = access.needs_token
        self._limits = limits
        self._report = report
        self._log = log
        self._proxies = proxies or Proxies()
        self._ids = RequestIds()
        self._slots = Meter(limits.max_requests, "too many requests at once")
        fewer = max(limits.max_requests // 4, 1)  # they take long: leave slots for others
        self._streams = Meter(fewer, "too many streams at once")
        self._explanations = Meter(fewer, "too many explanations at once")
        self._bytes = Meter(_BODIES * limits.max_body, "too many large requests at once")
        paths = self._document(models.default)["paths"]
        self.operations = Operations(models, Metrics(paths, lambda: models.services))
        self._requests = self.operations.metrics.requests
        self._routes = Router(
            [
                Route("/predict", self._predict, methods=["POST"]),
                Route("/explain", self._explain, methods=["POST"]),
                *FileEndpoints(models, limits, self._bytes).routes,
                *self.operations.routes,
                Route("/info", self._info),
                Route("/openapi.json", self._openapi),
                docs_route(lambda: self._document(models.default)),
                *_page(),
            ],
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        scope["app"] = self  # so that Starlette's routes raise errors instead of answering
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        began = time.perf_counter()
        given = scope["given"] = dict(scope["headers"])
        request_id = scope["request_id"] = self._ids.of(given.get(b"x-request-id"))
        scope["service"] = self._models.default
        answer = _Answer(scope, send, self._limits.timeout)
        refused: HTTPException | None = None
        with ExitStack() as scope["at_end"]:
            try:
                for check in self._checks:
                    check(scope)
                await self._respond(scope, receive, answer)
            except HTTPException as error:
                refused = error
            except ClientDisconnect:
                pass
            except asyncio.CancelledError:  # the grace period after a signal is over
                refused = HTTPException(503, "the service has been stopped")
            except Exception as error:
                error.add_note(f"request {request_id.decode()}")
                self._report(error)
                refused = HTTPException(500, "an unexpected error occurred in the service")
            if refused is not None and not answer.status:
                with suppress(ClientDisconnect):
                    await _refusal(scope, refused)(scope, receive, answer)
        seconds = time.perf_counter() - began
        self._requests.add(scope["path"], answer.outcome, seconds)
        if self._log is not None:
            self._log(self._outcome(scope, answer, seconds))

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        # What is asked most does not wait for the search for its route.
        if scope["path"] == "/predict" and scope["method"] == "POST":
            response = await self._predict(Request(scope, receive, send))
            await response(scope, receive, send)
        else:
            await self._routes(scope, receive, send)

    def _outcome(self, scope: Scope, answer: "_Answer", seconds: float) -> Outcome:
        return Outcome(
            scope["request_id"].decode(),
            self._proxies.client_of(scope),
            scope["method"],
            scope["path"],
            answer.status,
            answer.ended,
            scope["service"].stamp[1].decode(),
            seconds,
        )

    async def _info(self, request: Request) -> Response:
        service, names = self._models.asked(request.scope), self._models.names
        about = {**service.info, "limits": self._limits.of_bodies(), "models": names}
        return json_response(about)

    async def _openapi(self, request: Request) -> Response:
        return json_response(self._document(self._models.asked(request.scope)))

    def _document(self, service: Service) -> dict[str, Any]:
        names = tuple(self._models.names)
        return document_of(self._limits, service.labels, names, secured=self._secured)

    async def _predict(self, request: Request) -> Response:
        service = self._models.asked(request.scope)
        kind = media_type(request)
        if kind == JSON_LINES:
            return await self._stream(request, service)
        if kind != JSON:
            raise HTTPException(415, f"send it with Content-Type: {JSON} or {JSON_LINES}")
        texts = await self._read(request, self._slots, lambda body: read_texts(body, self._limits))
        if isinstance(texts, str):
            (answer,) = await service.predict([texts])
            return json_response({"text": texts, **answer})
        answers = await service.predict(texts)
        records = [{"text": text, **answer} for text, answer in zip(texts, answers, strict=True)]
        return json_response({"predictions": records})

    async def _explain(self, request: Request) -> Response:
        service = self._models.asked(request.scope)
        if media_type(request) != JSON:
            raise HTTPException(415, f"send it with Content-Type: {JSON}")
        labels, limits = service.labels, self._limits
        job = await self._read(
            request, self._explanations, lambda body: read_explanation(body, labels, limits)
        )
        return Response(await service.explain(*job), media_type=JSON)

    async def _read(self, request: Request, slots: Meter, read: Callable[[bytes], T]) -> T:
        """Read a JSON body, and acquire a slot."""
        body = await read_body(request, self._limits, self._bytes)
        slots.acquire(request.scope)
        return await offload(len(body), lambda: read(body))

    async def _stream(self, request: Request, service: Service) -> Response:
        """Answer JSON lines as they arrive; an error before the first answer is still a status.

        A body of known, allowed size is read first: nginx, for one, stops sending a request once
        the response has started.
        """
        self._streams.acquire(request.scope)
        length, old = length_of(request), request.scope["http_version"] == "1.0"
        if old or (length is not None and length <= self._limits.max_body):
            chunks = _slices(await read_body(request, self._limits, self._bytes))
        else:
            chunks = read_chunks(request, self._limits, lambda chunk: b"\n" in chunk)
        parts = answer_lines(chunks, service, self._limits)
        first = await anext(parts, b"")
        return StreamedResponse(first, parts, self._bytes, media_type=JSON_LINES)


@dataclass
class _Answer:
    """Sends a response with the common headers.

    Attributes:
        scope: of the request.
        send: of ASGI.
        timeout: seconds for the client to read each part.
        status: of HTTP, 0 before the response starts.
        head: the first message until it is sent.
        ended: whether everything has been sent.
    """

    scope: Scope
    send: Send
    timeout: float
    status: int = 0
    head: Message | None = None
    ended: bool = False

    async def __call__(self, message: Message) -> None:
        """Send a message; before the last one, release what the request has acquired.

        Raises:
            ClientDisconnect: the client has gone, or does not read.
        """
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = (self.scope["service"].stamp, (b"x-request-id", self.scope["request_id"]))
            message["headers"] = [
                *message["headers"], *_headers(self.scope, self.status), *own,
            ]  # fmt: skip
            self.head = message
            return
        try:
            if message.get("more_body"):
                async with asyncio.timeout(self.timeout):
                    await self._send(message)
            else:
                self.scope["at_end"].close()
                await self._send(message)
                self.ended = True
        except (OSError, RuntimeError):  # a timeout, or uvloop's error for a closed connection
            raise ClientDisconnect from None

    async def _send(self, message: Message) -> None:
        if self.head:
            await self.send(self.head)
            self.head = None
        await self.send(message)

    @property
    def outcome(self) -> int | str:
        """The status of a whole response, else why there is none."""
        if self.ended:
            return self.status
        return "aborted" if self.status else "disconnected"


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), _SLICE):
        yield body[begin : begin + _SLICE]


def _headers(scope: Scope, status: int) -> list[tuple[bytes, bytes]]:
    page = scope["path"] in ("/", "/docs") or scope["path"].startswith("/static/")
    headers = _PAGE_HEADERS if page and status < 400 else _HEADERS
    given = scope["given"]
    if b"expect" in given or b"upgrade" in given:
        # The body may never come, or may not be HTTP: do not read what follows.
        return [*headers, (b"connection", b"close")]
    return headers


def _page() -> list[Route | Mount]:
    files = StaticFiles(directory=_PAGE)

    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    return [Route("/", index), Mount("/static", files)]


def _refusal(scope: Scope, error: HTTPException) -> Response:
    """Return `{"error": "one clear line"}`; Starlette's own 404 and 405 have no detail."""
    why, headers = error.detail, dict(error.headers or {})
    if error.status_code == 404 and why == "Not Found":
        why = "not found; GET /docs shows what there is"
    elif error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
        why = f"{scope['path']} accepts only {headers['Allow']}"
    return json_response({"error": why}, error.status_code, headers)
