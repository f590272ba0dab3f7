"""Endpoints for those who run the service: is it there, is it ready, which version, what it did."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sentiment import __version__
from sentiment.errors import MissingDependencyError
from sentiment.serving.metrics import METRICS_TYPE, Metrics
from sentiment.serving.requests import constant, json_response
from sentiment.serving.service import Service

SHORT_HASH = 12  # characters


def stamp_of(info: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the header that says which model answers: the beginning of the hash of its file."""
    return b"x-model", str(info.get("hash", ""))[:SHORT_HASH].encode()


class Operations:
    """The endpoints, and what they report.

    Attributes:
        metrics: what the service counts.
        routes: of the endpoints.
    """

    def __init__(self, service: Service, metrics: Metrics) -> None:
        info = service.info
        named, found = info.get("name", ""), info.get("hash", "")
        self.metrics = metrics
        self.metrics.show(named, found, service.counts)
        self._stopping = False
        self.routes = [
            constant("/health", {"status": "ok"}),
            constant("/version", {"version": __version__, "model": named, "hash": found}),
            Route("/ready", self._ready, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    def stop(self) -> None:
        """Say from now on that the service is not ready."""
        self._stopping = True

    async def _ready(self, _: Request) -> Response:
        """Answer whether more requests may come; the model was loaded before the service began."""
        if self._stopping:
            raise HTTPException(503, "the service is stopping; ask another one")
        return json_response({"status": "ready"})

    async def _metrics(self, _: Request) -> Response:
        try:
            page = await asyncio.to_thread(self.metrics.page)
        except MissingDependencyError as error:
            raise HTTPException(501, str(error)) from None
        return Response(page, media_type=METRICS_TYPE)
