"""From a model and an address to a service that runs until it is told to stop."""

import logging
import socket
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import Any

from sentiment.errors import UsageError
from sentiment.serving.limits import Limits

_BACKLOG = 2048
# Seconds that requests have to be answered once the service is told to stop.
_GRACE = 30


def listen(host: str, port: int) -> socket.socket:
    """Open the socket that requests come to.

    Args:
        host: an address of this machine, or a name that has one.
        port: 0 for one that is free.

    Raises:
        UsageError: there is no such address here, or the port cannot be had.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = min(found, key=lambda each: each[0])
        listening = socket.socket(family, kind, protocol)
        try:
            if hasattr(socket, "SO_REUSEPORT"):  # not Windows, where it would let two have one port
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except OSError:
            listening.close()
            raise
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "not the name of a host"
        raise UsageError(
            f"cannot listen at {host}, port {port}: {why}; --host and --port name another"
        ) from error
    return listening


def address_of(listening: socket.socket) -> str:
    """Say where a socket listens: `http://127.0.0.1:8000`."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listening: socket.socket) -> bool:
    """Tell whether only this machine reaches a socket."""
    return ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def run(app: Any, listening: socket.socket, limits: Limits, say: Callable[[str], None]) -> None:
    """Answer requests until SIGTERM or SIGINT, then finish those that were accepted.

    The signal that ended it is raised again at the end.

    Args:
        app: the application.
        listening: where requests come to.
        limits: how many connections there may be, and how long each may wait.
        say: told of what goes wrong with connections, in lines.
    """
    from uvicorn import Config

    from sentiment.serving.connection import KEEP_ALIVE, Connection
    from sentiment.serving.watched import WatchedServer

    _allow_files(limits.max_connections + _BACKLOG + 64)
    for name in ("uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [_Lines(say)]
        logger.propagate = False
    config = Config(
        app,
        http=partial(Connection, limits),  # type: ignore[arg-type]  # called as the class is
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.ERROR,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        timeout_notify=1,
        backlog=_BACKLOG,
    )
    server = WatchedServer(config)
    config.callback_notify = server.check_connections
    server.run(sockets=[listening])


class _Lines(logging.Handler):
    """Passes on what is logged, a line each."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if "without completing response" in record.msg or (
            isinstance(error, RuntimeError) and "closed=True" in str(error)
        ):
            return  # a client has gone, as clients do; the latter is how uvloop says it
        more = f": {type(error).__name__}: {error}" if error else ""
        self._say(f"{record.getMessage().strip()}{more}")


def _allow_files(count: int) -> None:
    """Let this process have that many connections, as far as the system allows."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
