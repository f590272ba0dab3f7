"""The service in this process, clients for it, and the service in a separate process."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx2
import pytest
from starlette.testclient import TestClient

from sentiment.cli.serve import model_info
from sentiment.general import FAST_MODEL
from sentiment.labels import SENTIMENT
from sentiment.model.file import load_model
from sentiment.serving.access import Access
from sentiment.serving.app import App
from sentiment.serving.metrics import ModelCounts
from sentiment.serving.models import Models
from sentiment.serving.server import LOOPBACK, Limits
from sentiment.serving.service import Service

JSON = "application/json"
LINES = "application/x-ndjson"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.body.splitlines()]


class Served:
    """An HTTP client of a service."""

    def __init__(self, client: httpx2.Client) -> None:
        self.client = client

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Send one request."""
        got = self.client.request(method, path, content=body, headers=headers)
        return Answer(got.status_code, dict(got.headers), got.content)

    def post(self, path: str, value: Any, kind: str = JSON) -> Answer:
        """Post a value as JSON, or bytes unchanged."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask("POST", path, body, {"Content-Type": kind})


class Stand:
    """What every service has; each stand-in answers in its own way."""

    labels = SENTIMENT
    info: Mapping[str, Any] = MappingProxyType({"name": "stand", "hash": "0123456789abcdef"})
    counts = ModelCounts()
    stamp = b"x-model", b"0123456789ab"


def app_of(
    service: Any, limits: Limits, hosts: frozenset[str] | None = LOOPBACK, **more: Any
) -> App:
    """Return the application with one service."""
    return App(Models({"only": service}), Access(hosts), limits, **more)


@contextmanager
def in_process(
    limits: Limits, hosts: frozenset[str] | None = LOOPBACK, service: Any = None
) -> Iterator[Served]:
    """Run the service in this process; fail on any unexpected exception."""
    if service is None:
        model = load_model(FAST_MODEL)
        service = Service(model, model_info(FAST_MODEL, model))
    unforeseen: list[BaseException] = []
    app = app_of(service, limits, hosts, report=unforeseen.append)
    with TestClient(app, base_url="http://localhost") as client:
        yield Served(client)
    assert unforeseen == []


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A service with the bundled model and the default limits."""
    with in_process(Limits()) as running:
        yield running


def ask(
    app: App,
    *parts: bytes | float | None,
    method: str = "POST",
    path: str = "/predict",
    kind: str = JSON,
    query: str = "",
    version: str = "1.1",
    headers: Any = (),
    reads: Callable[[list[Any]], float] = lambda _: 0,
    leaves: asyncio.Event | None = None,
) -> list[Any]:
    """Send a request over ASGI; return the messages that were sent back.

    Args:
        app: the application.
        parts: bytes of the body, pauses in seconds, or None where the client disconnects.
        reads: returns the delay in seconds before the next message, given those so far.
        leaves: once the body is sent, the client disconnects when this is set.
    """
    coming, sent = list(parts), []
    given = [(b"host", b"localhost"), (b"content-type", kind.encode()), *headers]
    scope = {"type": "http", "http_version": version, "method": method, "path": path,
             "query_string": query.encode(), "headers": given, "client": None}  # fmt: skip

    async def receive() -> Any:
        while coming:
            part = coming.pop(0)
            if part is None:
                return {"type": "http.disconnect"}
            if isinstance(part, bytes):
                return {"type": "http.request", "body": part, "more_body": bool(coming)}
            await asyncio.sleep(part)
        await leaves.wait() if leaves else await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await asyncio.sleep(reads(sent))
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def body_of(sent: list[Any]) -> bytes:
    """Return the body of an answer."""
    return b"".join(message.get("body", b"") for message in sent)


class Running(Served):
    """A service in a separate process.

    Attributes:
        process: its process.
        port: the port it listens on.
        told: its stderr so far.
    """

    def __init__(self, process: subprocess.Popen[str], port: int, told: str) -> None:
        self.process, self.port, self.told = process, port, told
        each_its_own = httpx2.Limits(max_keepalive_connections=0)
        address = f"http://127.0.0.1:{port}"
        super().__init__(
            httpx2.Client(base_url=address, timeout=30, limits=each_its_own, trust_env=False)
        )

    def connect(self, data: bytes = b"") -> socket.socket:
        """Open a connection and send some bytes."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        opened.sendall(data)
        return opened

    def raw(self, request: bytes) -> bytes:
        """Send raw bytes; return everything received until the connection closes."""
        with self.connect(request) as opened:
            return everything(opened)

    def stop(self, how: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; return the exit code and all of stderr."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for the process to exit; return the exit code and all of stderr."""
        _, rest = self.process.communicate(timeout=40)
        self.told += rest
        return self.process.returncode, self.told


def everything(opened: socket.socket) -> bytes:
    """Read a connection until it closes."""
    got = b""
    while True:
        try:
            part = opened.recv(1 << 16)
        except ConnectionResetError:
            return got
        if not part:
            return got
        got += part


def read_until(opened: socket.socket, mark: bytes, times: int = 1) -> bytes:
    """Read until a mark has arrived the given number of times."""
    got = b""
    while got.count(mark) < times:
        part = opened.recv(1 << 16)
        assert part, got
        got += part
    return got


def head(path: str, length: int | None, kind: str = JSON) -> bytes:
    """Return the head of a POST request; without a length its body is chunked."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    text = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{size}\r\n\r\n"
    return text.encode()


def chunk(data: bytes) -> bytes:
    """Return a chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """Wait until a condition returns a true value; return that value."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.02)
    return value


@contextmanager
def serving(
    *options: str, model: str = "fast", environment: dict[str, str] | None = None, **more: Any
) -> Iterator[Running]:
    """Run `sentiment serve` on a free port, with additions to its environment."""
    environment = {k: v for k, v in os.environ.items() if k != "SENTIMENT_MODEL"} | (
        environment or {}
    )
    command = [sys.executable, "-m", "sentiment", "serve", "-m", str(model), "--port", "0"]
    with subprocess.Popen(
        [*command, *options],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environment,
        **more,
    ) as process:
        told = ""
        while not (found := re.search(r"http://\S+:(\d+)", told)):
            line = process.stderr.readline()  # type: ignore[union-attr]
            assert line, told
            told += line
        running = Running(process, int(found[1]), told)
        try:
            yield running
        finally:
            if process.poll() is None:
                process.kill()
            running.client.close()


@pytest.fixture(scope="session")
def live() -> Iterator[Running]:
    """A service in a separate process."""
    with serving() as running:
        yield running
        code, told = running.stop()
        assert code == 143
        assert told.count("\n") == 1, "nothing was said of what was asked"
