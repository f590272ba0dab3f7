"""A connection that does not wait for ever, nor keep whatever is sent to it.

uvicorn reads and writes HTTP; it waits for the head of a request as long as a client likes, and
takes a head of any length. Here a head has its time and its size, and so has what is still on its
way when a request has been refused.
"""

from asyncio import AbstractEventLoop, BaseTransport, Transport
from collections import deque
from typing import Any, cast

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from sentiment.serving.exchange import HttpError, refusal
from sentiment.serving.limits import Limits

# Seconds that a connection may be idle between two requests; longer than proxies keep one.
KEEP_ALIVE = 75

# Bytes that a message may have beside its body: its head, marks of chunks, trailers.
_HEAD = 65_536
# Of a body that nobody reads, as many bodies of the largest size as are taken before it is cut off.
_UNREAD = 16
# Requests that may be sent before those before them are answered.
_AHEAD = 256


class Connection(HttpToolsProtocol):
    """One connection, and how long it has been waiting for what."""

    def __init__(
        self,
        limits: Limits,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
    ) -> None:
        """Take the limits, and what uvicorn gives."""
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._since = self.loop.time()  # when it began to wait for what it waits for
        self._asked: deque[RequestResponseCycle] = deque()  # requests that are not answered yet
        self._in_head = False  # part of a request has arrived, but not its whole head
        self._received = self._of_body = self._unread = 0
        self._malformed = "this is no request of HTTP/1.1"
        self._closed_at: float | None = None
        self._unread_since: float | None = None  # since when answers pile up here

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin; where there are too many, the one that has been idle longest ends."""
        super().connection_made(cast(Transport, transport))
        if len(self.connections) > self._limits.max_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, and let everything that was asked know; uvicorn tells the last request alone."""
        for cycle in self._asked:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrived, unless it is too much."""
        if self.transport.is_closing():
            return
        self._received += len(data)
        super().data_received(data)
        if self._received - 8 * self._of_body > _HEAD and not self.transport.is_closing():
            self._refuse(HttpError(431, f"the head of a request has {_HEAD:,} bytes at the most"))
        if self._unread > _UNREAD * self._limits.max_body:
            self.cut_off()

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._in_head = True
        self._since = self.loop.time()

    def on_headers_complete(self) -> None:
        """Begin its answer.

        Raises:
            ValueError: its body would be taken for another protocol, or too many others wait; the
                parser stops there.
        """
        self._in_head = False
        if len(self._asked) > _AHEAD:
            self.cut_off()
            raise ValueError("more requests at once than anybody sends")
        if self.parser.should_upgrade() and self.parser.get_method() not in (b"GET", b"HEAD"):
            self._malformed = "no other protocol is spoken here: leave out the header Upgrade"
            raise ValueError(self._malformed)
        super().on_headers_complete()
        self._asked.append(self.cycle)
        if self.parser.should_upgrade():  # what follows is not read any more
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of its body, or drop it if it has been answered."""
        self._of_body += len(body)
        if not self.busy:
            self._unread += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; what follows is counted anew."""
        super().on_message_complete()
        self._received = self._of_body = self._unread = 0

    def on_response_complete(self) -> None:
        """End its answer."""
        self._since = self.loop.time()
        self._asked.popleft()
        super().on_response_complete()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio has it so
        """Answer who says no more, but may listen; what was not said to the end is dropped."""
        if not self.busy or self.cycle.more_body:
            return False
        self.cycle.keep_alive = False
        return True

    def pause_writing(self) -> None:
        """Hold answers back until those before are read."""
        self._unread_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on."""
        self._unread_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(HttpError(400, self._malformed))

    def check(self, now: float) -> None:
        """End what has been waiting, or not been read, for too long; to be called each second."""
        waited, most = now - self._since, self._limits.timeout
        if self.transport.is_closing():
            self._closed_at = self._closed_at or now
            if now - self._closed_at > most:
                self.cut_off()
        elif self._unread_since is not None and now - self._unread_since > most:
            self.cut_off()
        elif self.busy:
            pass  # the application knows how long it waits
        elif self.transport.get_write_buffer_size():
            if waited > most:
                self.cut_off()
        elif self._in_head and waited > most:
            self._refuse(HttpError(408, f"the request did not arrive within {most:g} seconds"))
        else:
            unfinished = self.cycle is None or self.cycle.more_body
            if waited > (most if unfinished else KEEP_ALIVE):
                self.transport.close()

    def cut_off(self) -> None:
        """End at once, whatever is still to be sent."""
        for cycle in self._asked:
            cycle.disconnected = True
        self.transport.abort()
        self.connections.discard(self)

    def _make_room(self) -> None:
        """End those that have been idle longest: a few at once, for sorting takes time."""
        others = cast("set[Connection]", self.connections) - {self}
        idle = sorted((each for each in others if not each.busy), key=lambda each: each._since)
        for each in idle[: 1 + self._limits.max_connections // 32]:
            each.cut_off()
        if not idle:
            why = "too many connections at once; come again in a second"
            self._refuse(HttpError(503, why, {"Retry-After": "1"}))

    def _refuse(self, error: HttpError) -> None:
        """Say why, unless another answer is being sent, and end."""
        if self.transport.is_closing():
            return
        if not (self.busy and self.cycle.response_started):
            response = refusal(error)
            lines = [b"%s: %s\r\n" % header for header in response.head()]
            head = [STATUS_LINE[error.status], *lines, b"connection: close\r\n\r\n"]
            self.transport.write(b"".join([*head, cast(bytes, response.body)]))
        self.transport.close()
