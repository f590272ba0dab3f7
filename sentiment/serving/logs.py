"""Lines about requests: who asked, under which id, and with what outcome; never what was sent."""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from itertools import count
from typing import Any, NamedTuple

from starlette.types import Scope

from sentiment.errors import UsageError

UNIX = "unix"  # stands for every client of a Unix socket

_ID = re.compile(rb"[A-Za-z0-9._:=+/@-]{1,128}")  # of a request: of a proxy, or ours
_PORT = re.compile(r"(?:(\d+(?:\.\d+){3})|\[(.+)\])(?::\d+)?")  # some proxies add it
_HOPS = 32  # entries of X-Forwarded-For that are read
_PATH = 300  # characters of a path that are logged
_MESSAGE = 1_000  # characters of a message

Network = IPv4Network | IPv6Network


class RequestIds:
    """Ids of requests: those that they bring, or our own, which no other process makes."""

    def __init__(self) -> None:
        self._process = os.urandom(6).hex().encode()
        self._numbers = count(1)

    def of(self, given: bytes | None) -> bytes:
        """Return the id that a request brings in `X-Request-ID`, or a new one if it is no id."""
        if given is not None and _ID.fullmatch(given):
            return given
        return b"%s-%x" % (self._process, next(self._numbers))


class Proxies:
    """The proxies whose `X-Forwarded-For` is believed."""

    def __init__(self, believed: Sequence[str] = ()) -> None:
        """Believe some addresses and networks.

        Raises:
            UsageError: one is none.
        """
        self._unix = UNIX in believed
        self._networks = [_network(each) for each in believed if each != UNIX]

    def client_of(self, scope: Scope) -> str:
        """Return the address of who asked: the last one that is no proxy we believe."""
        peer = (scope.get("client") or ("",))[0]
        if self._networks or self._unix:
            for hop in _forwarded(scope) if self._believes(peer) else ():
                peer = hop
                if not self._believes(peer):
                    break
        return peer or UNIX

    def _believes(self, address: str) -> bool:
        if not address:
            return self._unix
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self._networks)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        try:
            advice = f"do you mean {ip_network(text, strict=False)}?"
        except ValueError:
            advice = "name an address such as 10.0.0.7, a network such as 10.0.0.0/8, or unix"
        raise UsageError(f"--forwarded-for {text}: {error}; {advice}") from error


def _forwarded(scope: Scope) -> Iterator[str]:
    """Yield the addresses in `X-Forwarded-For`, the last first, up to one that is none."""
    lines = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    for hop in reversed(b",".join(lines).decode("latin-1").rsplit(",", _HOPS)[-_HOPS:]):
        bare = hop.strip().partition("%")[0]
        found = _PORT.fullmatch(bare)
        try:
            yield str(ip_address((found[1] or found[2]) if found else bare))
        except ValueError:
            return


class Outcome(NamedTuple):
    """A request that is over.

    Attributes:
        request_id: its id.
        client: the address of who asked.
        method: of HTTP.
        path: of the request, without its query.
        status: of HTTP; 0 if the client left before.
        complete: whether all of the response was sent.
        model: the beginning of the hash of the model.
        seconds: until the end.
    """

    request_id: str
    client: str
    method: str
    path: str
    status: int
    complete: bool
    model: str
    seconds: float

    @property
    def text(self) -> str:
        """The request in a line for people."""
        status = str(self.status) if self.status else "disconnected"
        aborted = " aborted" if self.status and not self.complete else ""
        milliseconds = f"{1e3 * self.seconds:.1f} ms"
        return (
            f"{self.client} {self.method} {self.path[:_PATH]} {status}{aborted} {milliseconds} "
            f"{self.request_id}"
        )

    def fields(self) -> dict[str, Any]:
        """Return the request as fields of a line of JSON."""
        return {
            "request_id": self.request_id,
            "client": self.client,
            "method": self.method,
            "path": self.path[:_PATH],
            "status": self.status or None,
            "complete": self.complete,
            "model": self.model,
            "ms": round(1e3 * self.seconds, 2),
        }


class Log:
    """Writes lines with their time, as text or as JSON.

    Each is of a level: *info*, *warning* or *error*.
    """

    def __init__(self, write: Callable[[str], None], *, as_json: bool = False) -> None:
        """Give each line to `write`, without its end."""
        self._write = write
        self.as_json = as_json

    def line(self, level: str, text: str, **fields: Any) -> None:
        """Write a line; `fields` are in JSON alone."""
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
        text = text[:_MESSAGE]
        if self.as_json:
            self._write(json.dumps({"time": now, "level": level, "message": text, **fields}))
        else:
            self._write(f"{now} {'' if level == 'info' else f'{level}: '}{text}")

    def request(self, outcome: Outcome) -> None:
        """Write a line about a request."""
        if self.as_json:
            self.line("info", "request", **outcome.fields())
        else:
            self.line("info", outcome.text)
