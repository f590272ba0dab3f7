"""The service as an ASGI application: which path answers what, and what every answer has."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from sentiment.serving.aside import aside
from sentiment.serving.asked import one_or_more_texts, one_text, read_json
from sentiment.serving.exchange import (
    JSON,
    JSON_LINES,
    GoneError,
    HttpError,
    Receive,
    Request,
    Response,
    Send,
    json_response,
    refusal,
)
from sentiment.serving.file_paths import FilePaths
from sentiment.serving.hosts import Hosts
from sentiment.serving.limits import Limits
from sentiment.serving.lines import answer_lines
from sentiment.serving.meter import Meter
from sentiment.serving.openapi import document
from sentiment.serving.page_files import read_page
from sentiment.serving.service import Service

Handler = Callable[[Request], Awaitable[Response]]
T = TypeVar("T")

# Bodies that may be held at once, if each is as large as it may be.
_BODIES = 32

_SLICE = 65_536


class App:
    """Answers requests, and refuses those that ask for too much or for nothing that is here."""

    def __init__(
        self,
        service: Service,
        hosts: Hosts,
        limits: Limits,
        report: Callable[[BaseException], None],
        log: Callable[[str], None] | None = None,
    ) -> None:
        """Put the service together.

        Args:
            service: what answers.
            hosts: under which names it may be called.
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
        files = FilePaths(service, limits)
        page = read_page()
        names = [path.removeprefix("/static/") for path in page if path != "/"]
        self._routes: dict[str, dict[str, Handler]] = {
            "/predict": {"POST": self._predict},
            "/explain": {"POST": self._explain},
            "/files": {"POST": files.result},
            "/files/events": {"POST": files.events},
            "/health": _always(json_response({"status": "ok"})),
            "/info": _always(json_response({**service.info, "limits": limits.of_bodies()})),
            "/openapi.json": _always(json_response(document(limits, names))),
            **{path: _always(response) for path, response in page.items()},
        }

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        began = time.perf_counter()
        request = Request(scope, receive, self._limits)
        status: int | str = "gone"
        try:
            response = await self._answer(request)
            status = response.status
            await self._send(request, response, send)
        except (GoneError, HttpError, asyncio.CancelledError):
            # In the midst of a stream nothing else can be said.
            status = status if status == "gone" else f"{status} broken off"
        finally:
            request.release()
        if self._log is not None:
            who = (scope.get("client") or ("?",))[0]
            taken = 1e3 * (time.perf_counter() - began)
            self._log(f"{who} {request.method} {request.path} {status} {taken:.1f} ms")

    async def _answer(self, request: Request) -> Response:
        """Give the answer to a request, whatever it is."""
        try:
            self._hosts.check(request)
            response = await self._handler(request)(request)
            if request.old and not isinstance(response.body, bytes):
                response = replace(response, body=await self._held(request, response.body))
            return response
        except HttpError as error:
            return refusal(error)
        except GoneError:
            raise
        except asyncio.CancelledError:  # it was told to stop, and has waited as long as it does
            return refusal(HttpError(503, "the service has been stopped"))
        except Exception as error:
            self._report(error)
            return refusal(HttpError(500, "something unexpected went wrong here"))

    def _handler(self, request: Request) -> Handler:
        """Give what answers a path and a method."""
        methods = self._routes.get(request.path)
        if methods is None:
            raise HttpError(404, "nothing is here; GET /openapi.json lists what there is")
        handler = methods.get(request.method)
        if handler is None:
            names = ", ".join(methods)
            raise HttpError(405, f"{request.path} takes {names}", {"Allow": names})
        return handler

    async def _predict(self, request: Request) -> Response:
        if request.media_type == JSON_LINES:
            return await self._stream(request)
        texts = await self._asked(request, self._places, one_or_more_texts)
        if isinstance(texts, str):
            (answer,) = await self._service.predict([texts])
            return json_response({"text": texts, **answer})
        answers = await self._service.predict(texts)
        records = [{"text": text, **answer} for text, answer in zip(texts, answers, strict=True)]
        return json_response({"predictions": records})

    async def _explain(self, request: Request) -> Response:
        text = await self._asked(request, self._explanations, one_text)
        return Response(200, await self._service.explain(text))

    async def _asked(self, request: Request, places: Meter, asked: Callable[[Any, Limits], T]) -> T:
        """Read a body of JSON, and take a place among the requests that are being answered."""
        if request.media_type != JSON:
            lines = f" or {JSON_LINES}" if request.path == "/predict" else ""
            raise HttpError(415, f"send it with Content-Type: {JSON}{lines}")
        body = await request.body(self._bytes)
        request.take(places)
        return await aside(len(body), lambda: asked(read_json(body), self._limits))

    async def _stream(self, request: Request) -> Response:
        """Answer JSON lines as they come; an error before the first answer is still a status.

        What is known to be no larger than any body may be is read first: there are proxies, nginx
        for one, that send no more of a request once its answer has begun.
        """
        request.take(self._streams)
        small = request.length is not None and request.length <= self._limits.max_body
        if small or request.old:
            chunks = _slices(await request.body(self._bytes))
        else:
            chunks = request.chunks()
        parts = answer_lines(chunks, self._service, self._limits)
        first = await anext(parts, b"")

        async def all_parts() -> AsyncIterator[bytes]:
            yield first
            async for part in parts:
                yield part

        return Response(200, all_parts(), JSON_LINES)

    async def _held(self, request: Request, parts: AsyncIterator[bytes]) -> bytes:
        """Give a stream whole, where it cannot be sent as one."""
        held = bytearray()
        async for part in parts:
            request.take(self._bytes, len(part))
            held += part
        return bytes(held)

    async def _send(self, request: Request, response: Response, send: Send) -> None:
        """Send an answer; a stream as fast as it is read, and the connection sees that it is."""
        headers = response.head()
        if request.waits:  # the body may not come any more: what comes instead is not to be read
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        body = response.body
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
            return
        async for part in body:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _slices(body: bytes) -> AsyncIterator[bytes]:
    """Cut a body into parts as large as those that arrive."""
    for begin in range(0, len(body), _SLICE):
        yield body[begin : begin + _SLICE]


def _always(response: Response) -> dict[str, Handler]:
    """Answer GET and HEAD with the same every time."""

    async def handle(_: Request) -> Response:
        return response

    return {"GET": handle, "HEAD": handle}
