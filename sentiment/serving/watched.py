"""uvicorn's server, which looks after its connections, and which a second interrupt does end."""

from types import FrameType

from uvicorn import Server

from sentiment.serving.connection import Connection


class WatchedServer(Server):
    """Runs until a signal, then until all is answered, or until a second interrupt."""

    @property
    def _ours(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]

    async def check_connections(self) -> None:
        """End connections that have been waiting for too long."""
        for each in self._ours:
            each.check(each.loop.time())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal; uvicorn would wait for connections even after the second interrupt."""
        super().handle_exit(sig, frame)
        if self.force_exit:
            for each in self._ours:
                each.loop.call_soon_threadsafe(each.cut_off)
