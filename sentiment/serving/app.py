"""The service as an ASGI application: its routes, and what applies to every response."""

import asyncio
import json
import mimetypes
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from sentiment import __version__
from sentiment.labels import SENTIMENT, UNCERTAIN, LabelSet
from sentiment.reviews.cells import encode, to_json
from sentiment.serving.access import OPEN, Access
from sentiment.serving.file_endpoints import FileEndpoints
from sentiment.serving.models import Models
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

_FOLDER = Path(__file__).parent
_PAGE = _FOLDER / "page"
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
        log: Callable[[str], None] | None = None,
    ) -> None:
        """Build the routes.

        Args:
            models: answer texts.
            access: what requests have to have.
            limits: on requests.
            report: receives unexpected errors.
            log: receives a line per request.
        """
        self._models = models
        self._checks = access.checks
        self._document = partial(_written, limits, secured=access.needs_token)
        self._limits = limits
        self._report = report
        self._log = log
        self._slots = Meter(limits.max_requests, "too many requests at once")
        fewer = max(limits.max_requests // 4, 1)  # they take long: leave slots for others
        self._streams = Meter(fewer, "too many streams at once")
        self._explanations = Meter(fewer, "too many explanations at once")
        self._bytes = Meter(_BODIES * limits.max_body, "too many large requests at once")
        self._routes = Router(
            [
                Route("/predict", self._predict, methods=["POST"]),
                Route("/explain", self._explain, methods=["POST"]),
                *FileEndpoints(models, limits, self._bytes).routes,
                _constant("/health", {"status": "ok"}),
                Route("/info", self._info),
                Route("/openapi.json", self._openapi),
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
        answer = _Answer(scope, send, self._limits.timeout)
        refused: HTTPException | None = None
        with ExitStack() as scope["at_end"]:
            try:
                for check in self._checks:
                    check(scope)
                await self._routes(scope, receive, answer)
            except HTTPException as error:
                refused = error
            except ClientDisconnect:
                pass
            except asyncio.CancelledError:  # the grace period after a signal is over
                refused = HTTPException(503, "the service has been stopped")
            except Exception as error:
                self._report(error)
                refused = HTTPException(500, "an unexpected error occurred in the service")
            if refused is not None and not answer.status:
                with suppress(ClientDisconnect):
                    await _refusal(scope, refused)(scope, receive, answer)
        if self._log is not None:
            client = (scope.get("client") or ("?",))[0]
            duration = 1e3 * (time.perf_counter() - began)
            self._log(f"{client} {scope['method']} {scope['path']} {answer} {duration:.1f} ms")

    async def _info(self, request: Request) -> Response:
        service, names = self._models.asked(request.scope), self._models.names
        about = {**service.info, "limits": self._limits.of_bodies(), "models": names}
        return json_response(about)

    async def _openapi(self, request: Request) -> Response:
        labels, names = self._models.asked(request.scope).labels, self._models.names
        return Response(self._document(labels, tuple(names)), media_type=JSON)

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
        except (OSError, RuntimeError):  # a timeout, or uvloop's error for a closed connection
            raise ClientDisconnect from None

    async def _send(self, message: Message) -> None:
        if self.head:
            await self.send(self.head)
            self.head = None
        await self.send(message)

    def __str__(self) -> str:
        """Return the outcome, for the log."""
        if not self.status:
            return "disconnected"
        return f"{self.status}{'' if self.ended else ' aborted'}"


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(body), _SLICE):
        yield body[begin : begin + _SLICE]


def _headers(scope: Scope, status: int) -> list[tuple[bytes, bytes]]:
    page = scope["path"] == "/" or scope["path"].startswith("/static/")
    headers = _PAGE_HEADERS if page and status < 400 else _HEADERS
    given = dict(scope["headers"])
    if b"expect" in given or b"upgrade" in given:
        # The body may never come, or may not be HTTP: do not read what follows.
        return [*headers, (b"connection", b"close")]
    return headers


def _constant(path: str, value: Any) -> Route:
    return Route(path, json_response(value), methods=["GET"])


def _page() -> list[Route | Mount]:
    files = StaticFiles(directory=_PAGE)

    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    return [Route("/", index), Mount("/static", files)]


@lru_cache(16)
def _written(limits: Limits, labels: LabelSet, models: Sequence[str], *, secured: bool) -> bytes:
    """Return the OpenAPI document for one of the models, whether or not tokens are needed."""
    made = _document(limits, labels)
    made["components"]["parameters"]["Model"]["schema"]["enum"] = [*models]
    if secured:
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        answer = {**made["components"]["responses"]["Malformed"], "description": "No valid token."}
        made["components"]["responses"]["NoToken"] = answer
        for path, operations in made["paths"].items():
            for operation in operations.values() if path not in OPEN else ():
                operation["security"] = [{"token": []}]
                operation["responses"]["401"] = {"$ref": "#/components/responses/NoToken"}
    return encode(to_json(made)) + b"\n"


def _document(limits: Limits, labels: LabelSet) -> dict[str, Any]:
    """Return the OpenAPI document with the limits in effect, and the classes of the model."""
    made: dict[str, Any] = json.loads((_FOLDER / "openapi.json").read_text(encoding="utf-8"))
    made["info"]["version"] = __version__
    schemas = made["components"]["schemas"]
    schemas["Text"]["maxLength"] = limits.max_chars
    schemas["SeveralTexts"]["properties"]["texts"]["maxItems"] = limits.max_texts
    schemas["ToExplain"]["properties"]["toward"]["enum"] = [*labels.names]
    schemas["Answer"]["enum"] = [*reversed(labels.names), UNCERTAIN, None]
    _name_classes(made, labels)
    columns = [name for name, _ in labels.columns]
    for schema in map(schemas.__getitem__, ("Prediction", "Explanation", "Without", "Sentence")):
        schema["properties"] = _replaced(schema["properties"], columns)
        schema["required"] = [*_replaced(dict.fromkeys(schema["required"]), columns)]
    if not labels.is_binary:
        pair = {name: {"enum": list(labels.names)} for name in ("toward", "over")}
        schemas["Explanation"]["properties"] |= pair
        schemas["Explanation"]["required"] += pair
        schemas["Explanation"]["description"] = (
            "base + the contributions of all words = logit, the log-odds of the class `toward` "
            "over the class `over`."
        )
        info = schemas["Info"]
        numbers = {"type": ["array", "null"], "items": {"type": "number"}}
        info["properties"] = _replaced(info["properties"], ["offsets"], "threshold", numbers)
        info["properties"] = _replaced(info["properties"], ["minima"], "band", numbers)
        other = {"threshold": "offsets", "band": "minima"}
        info["required"] = [other.get(name, name) for name in info["required"]]
    (name,) = made["paths"]["/static/{name}"]["get"]["parameters"]
    name["schema"]["enum"] = sorted({path.name for path in _PAGE.iterdir()} - {"index.html"})
    return made


def _name_classes(made: dict[str, Any], labels: LabelSet) -> None:
    """Put the classes of the model into the descriptions that name *negative* and *positive*."""
    if labels == SENTIMENT:
        return
    schemas = made["components"]["schemas"]
    columns = [f"`{name}`" for name in ("predicted", *(name for name, _ in labels.columns))]
    added = made["paths"]["/files"]["post"]
    added["description"] = added["description"].replace(
        "`predicted` and `p_positive`", " and ".join([", ".join(columns[:-1]), columns[-1]])
    )
    names = " or ".join([", ".join(labels.names[:-1]), labels.names[-1]])
    made["info"]["summary"] = f"Classifies reviews as {names}, and explains why."
    of = f"that the text is {labels.names[1]}" if labels.is_binary else "of a class"
    schemas["Probability"]["description"] = (
        f"The calibrated probability {of}; null for a text without words."
    )
    side = labels.names[1] if labels.is_binary else "the class `toward`"
    schemas["Word"]["properties"]["contribution"]["description"] = (
        f"What it adds to the log-odds; above 0 it favors {side}."
    )
    schemas["Info"]["properties"]["threshold"]["description"] = (
        f"The threshold: the lowest probability that is answered {side}."
    )


def _replaced(
    fields: dict[str, Any], names: Sequence[str], old: str = "p_positive", value: Any = None
) -> dict[str, Any]:
    """Return fields with some in place of an old one, of the same value unless one is given."""
    found: dict[str, Any] = {}
    for name, each in fields.items():
        found |= dict.fromkeys(names, value or each) if name == old else {name: each}
    return found


def _refusal(scope: Scope, error: HTTPException) -> Response:
    """Return `{"error": "one clear line"}`; Starlette's own 404 and 405 have no detail."""
    why, headers = error.detail, dict(error.headers or {})
    if error.status_code == 404 and why == "Not Found":
        why = "not found; GET /openapi.json lists what there is"
    elif error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
        why = f"{scope['path']} accepts only {headers['Allow']}"
    return json_response({"error": why}, error.status_code, headers)
