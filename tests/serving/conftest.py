"""The service in a process of its own, and ways to ask it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest

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


@dataclass
class Served:
    """A service that runs.

    Attributes:
        process: where it runs.
        port: where it listens.
        told: what it has said on stderr so far.
    """

    process: subprocess.Popen[str]
    port: int
    told: str

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask once, over a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            connection.close()

    def post(self, path: str, value: Any, kind: str = JSON) -> Answer:
        """Send a JSON value, or bytes as they are."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask("POST", path, body, {"Content-Type": kind})

    def connect(self, data: bytes = b"") -> socket.socket:
        """Open a connection, and send some bytes."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        opened.sendall(data)
        return opened

    def stop(self, how: int = signal.SIGTERM) -> tuple[int, str]:
        """Tell it to stop; give its exit code and all that it said."""
        self.process.send_signal(how)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for its end; give its exit code and all that it said."""
        _, rest = self.process.communicate(timeout=40)
        self.told += rest
        return self.process.returncode, self.told


def everything(opened: socket.socket) -> bytes:
    """Read a connection to its end."""
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
    """Read until something has come, as many times as it is to."""
    got = b""
    while got.count(mark) < times:
        part = opened.recv(1 << 16)
        assert part, got
        got += part
    return got


def head(path: str, length: int | None, kind: str = JSON) -> bytes:
    """Write the head of a POST; without a length its body is chunked."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    text = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{size}\r\n\r\n"
    return text.encode()


def chunk(data: bytes) -> bytes:
    """Write a chunk of a body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """Wait until something holds, and give it."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "in vain"
        time.sleep(0.02)
    return value


@contextmanager
def serving(
    *options: str, model: str = "general", environment: dict[str, str] | None = None, **more: Any
) -> Iterator[Served]:
    """Run `sentiment serve` on a free port, with more in its environment."""
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
        try:
            yield Served(process, int(found[1]), told)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A service with the bundled model, and the limits that it has by itself."""
    with serving() as running:
        yield running
        code, told = running.stop()
        assert code == 143
        assert told.count("\n") == 1, "nothing was said of what was asked"
