"""From a model and an address to a service that runs until it is told to stop."""

import logging
import signal
import socket
from collections.abc import Callable
from ipaddress import ip_address
from types import FrameType
from typing import Any

from sentiment.errors import UsageError
from sentiment.serving.limits import Limits

_BACKLOG = 2048
# Seconds that requests have to be answered once the service is told to stop.
_GRACE = 30
# Seconds that a connection may be idle between two requests; longer than proxies keep one.
_KEEP_ALIVE = 75


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
            # A client that vanished without a word is let go when the system finds out.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
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


def run(
    app: Any,
    listening: socket.socket,
    limits: Limits,
    say: Callable[[str], None],
    started: Callable[[], None],
) -> None:
    """Answer requests until SIGTERM or SIGINT, then finish those that were accepted.

    The signal that ended it is raised again at the end.

    Args:
        app: the application.
        listening: where requests come to.
        limits: how many connections there may be, and how long each may wait.
        say: told of what goes wrong with connections, in lines.
        started: called once signals are taken as said.
    """
    from uvicorn import Config, Server

    class Announced(Server):
        """Where interrupts are ignored, as in the background of a script, they stay so."""

        ignores = signal.getsignal(signal.SIGINT) is signal.SIG_IGN

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            _hold_signals(block=False)
            await super().startup(sockets)
            started()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not (self.ignores and sig == signal.SIGINT):
                super().handle_exit(sig, frame)

    _allow_files(limits.max_connections + _BACKLOG + 64)
    logger = logging.getLogger("asyncio")
    logger.handlers[:] = [_Lines(say)]
    logger.propagate = False
    config = Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,  # the application tells of its errors itself
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.max_connections + 1,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        backlog=_BACKLOG,
    )
    # One that came before the server takes signals would break off what was not yet awaited.
    _hold_signals(block=True)
    Announced(config).run(sockets=[listening])


def _hold_signals(*, block: bool) -> None:
    """Let signals wait that end the service, or let them through."""
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        how = signal.SIG_BLOCK if block else signal.SIG_UNBLOCK
        signal.pthread_sigmask(how, {signal.SIGINT, signal.SIGTERM})


class _Lines(logging.Handler):
    """Passes on what is logged, a line each."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
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
