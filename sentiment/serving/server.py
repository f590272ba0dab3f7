"""How the service is reached: limits, host names, the socket, and uvicorn, which runs the app."""

import logging
import os
import re
import signal
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from types import FrameType
from typing import TYPE_CHECKING, Any

from sentiment.errors import UsageError

if TYPE_CHECKING:
    from uvicorn import Config

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

_BACKLOG = 2048
_GRACE = 30  # seconds to finish requests after a signal
_KEEP_ALIVE = 75  # seconds that a connection may idle; longer than proxies keep one

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{0,5})?", re.ASCII)


@dataclass(frozen=True)
class Limits:
    """Limits on requests; what exceeds them is refused.

    Attributes:
        max_body: bytes of a JSON body and of a line of JSON lines; characters of a row of a file.
        max_texts: texts in a JSON body, but not in JSON lines.
        max_chars: characters of a text.
        max_file: bytes of a file, compressed and decompressed.
        max_requests: concurrent requests.
        max_connections: open connections.
        timeout: seconds for a body to arrive, and for each step of a stream.
    """

    max_body: int = 2_000_000
    max_texts: int = 1_000
    max_chars: int = 100_000
    max_file: int = 200_000_000
    max_requests: int = 256
    max_connections: int = 4_096
    timeout: float = 10.0

    def of_bodies(self) -> dict[str, int]:
        """Return the limits that clients need to know."""
        names = ("max_body", "max_texts", "max_chars", "max_file")
        return {name: getattr(self, name) for name in names}


def host_names(loopback: bool, allowed: Iterable[str] = ()) -> frozenset[str] | None:
    """Return the accepted values of the Host header, None for any.

    This prevents DNS rebinding: a web page whose host name resolves to 127.0.0.1 could otherwise
    read the answers.

    Args:
        loopback: whether the service listens on a loopback address.
        allowed: further names; if there are any, only these.
    """
    others = frozenset(filter(None, map(bare_name, allowed)))
    return LOOPBACK | others if loopback or others else None


@lru_cache(256)
def bare_name(name: str) -> str | None:
    """Return a host name in lower case without port and trailing dot, None if it is invalid."""
    host = _HOST.fullmatch(name.lower())
    return host[1].removesuffix(".") if host else None


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; port 0 is any free one.

    Raises:
        UsageError: the address does not exist or the port is not available.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = min(found, key=lambda each: each[0])
        listening = socket.socket(family, kind, protocol)
        try:
            if hasattr(socket, "SO_REUSEPORT"):  # not on Windows: two servers could share the port
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # The system detects clients that vanished.
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
    """Return the URL of a socket: `http://127.0.0.1:8000`, or `unix:PATH`."""
    if is_local(listening):
        return f"unix:{listening.getsockname()}"
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_local(listening: socket.socket) -> bool:
    """Return whether a socket is one of the file system."""
    return listening.family == getattr(socket, "AF_UNIX", None)


def is_loopback(listening: socket.socket) -> bool:
    """Return whether a socket has an address of the network that only this machine can reach."""
    return (
        not is_local(listening)
        and ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback
    )


def run(
    app: Any,
    listening: socket.socket,
    limits: Limits,
    log: Callable[[str], None],
    started: Callable[[], None],
    stopping: Callable[[], None],
    reload: Callable[[], None],
) -> None:
    """Serve an ASGI application until SIGTERM or SIGINT.

    Accepted requests are then finished, and the signal is raised again. `log` receives a line for
    each error of a connection. Within the event loop, `started` is called once signals are handled,
    `reload` on SIGHUP, and `stopping` when a signal ends the service.
    """
    from uvicorn import Server  # not for --help

    class Announced(Server):
        """A server that keeps ignoring interrupts if the shell set it so (background jobs)."""

        ignores = signal.getsignal(signal.SIGINT) is signal.SIG_IGN

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            _handle_hangup(self.handle_exit, reload)
            _block_signals(block=False)
            await super().startup(sockets)
            started()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not (self.ignores and sig == signal.SIGINT):
                stopping()
                super().handle_exit(sig, frame)

    _raise_file_limit(limits.max_connections + _BACKLOG + 64)
    logger = logging.getLogger("asyncio")
    logger.handlers[:], logger.propagate = [_LineHandler(log)], False
    # A signal before the server handles them would abort its start.
    _block_signals(block=True)
    Announced(_config(app, limits)).run(sockets=[listening])


def _config(app: Any, limits: Limits) -> "Config":
    """Return how uvicorn runs an application; it logs nothing, and trusts no proxy."""
    from uvicorn import Config

    return Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL,  # the application logs its own errors
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=limits.max_connections + 1,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        backlog=_BACKLOG,
    )


def _handle_hangup(
    handle_exit: Callable[[int, FrameType | None], None], reload: Callable[[], None]
) -> None:
    """Call `reload` in the event loop on SIGHUP; but end if it means that the terminal is gone."""
    if not hasattr(signal, "SIGHUP"):  # Windows
        return
    import asyncio  # not for --help

    loop = asyncio.get_running_loop()
    stays = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # nohup
    ends = not stays and _has_terminal()

    def handle(_: int, frame: FrameType | None) -> None:
        if ends and not _has_terminal():
            handle_exit(signal.SIGTERM, frame)
        else:
            loop.call_soon_threadsafe(reload)

    signal.signal(signal.SIGHUP, handle)


def _block_signals(*, block: bool) -> None:
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        how = signal.SIG_BLOCK if block else signal.SIG_UNBLOCK
        signal.pthread_sigmask(how, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


def _has_terminal() -> bool:
    """Return whether this process belongs to a terminal that is still open."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


class _LineHandler(logging.Handler):
    """Passes on each log record as one line."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        more = f": {type(error).__name__}: {error}" if error else ""
        self._log(f"{record.getMessage().strip()}{more}")


def _raise_file_limit(count: int) -> None:
    """Allow this process `count` open files, or as many as the system permits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
