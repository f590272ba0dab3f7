"""Endpoints for those who run the service: is it there, is it ready, which version, what it did."""

import asyncio
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sentiment import __version__
from sentiment.errors import MissingDependencyError
from sentiment.serving.metrics import METRICS_TYPE, Metrics
from sentiment.serving.models import Models
from sentiment.serving.requests import constant, json_response
from sentiment.serving.service import Service


def hashes_of(services: Sequence[Service]) -> dict[str, str]:
    """Return the names of models with the hashes of their files."""
    return {each.info["name"]: each.info["hash"] for each in services}


class Operations:
    """The endpoints, and what they report.

    Attributes:
        metrics: what the service counts.
        routes: of the endpoints.
    """

    def __init__(self, models: Models, metrics: Metrics) -> None:
        self.metrics = metrics
        self._models = models
        self._stopping = False
        self.routes = [
            constant("/health", {"status": "ok"}),
            Route("/ready", self._ready, methods=["GET"]),
            Route("/version", self._version, methods=["GET"]),
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

    async def _version(self, _: Request) -> Response:
        return json_response({"version": __version__, "models": hashes_of(self._models.services)})

    async def _metrics(self, _: Request) -> Response:
        try:
            page = await asyncio.to_thread(self.metrics.page)
        except MissingDependencyError as error:
            raise HTTPException(501, str(error)) from None
        return Response(page, media_type=METRICS_TYPE)
