"""uvicorn's server, which looks after its connections, and which a second interrupt does end."""

import signal
from types import FrameType

from uvicorn import Config, Server

from sentiment.serving.connection import Connection


class WatchedServer(Server):
    """Runs until a signal, then until all is answered, or until a second interrupt."""

    def __init__(self, config: Config) -> None:
        """Take what uvicorn is to do."""
        super().__init__(config)
        self._ignores_interrupts = signal.getsignal(signal.SIGINT) is signal.SIG_IGN

    @property
    def _ours(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]

    async def check_connections(self) -> None:
        """End connections that have been waiting for too long."""
        for each in self._ours:
            each.check(each.loop.time())

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal.

        Where interrupts are ignored, as in the background of a script, they stay so; and a second
        one ends connections, too, for which uvicorn would wait.
        """
        if sig == signal.SIGINT and self._ignores_interrupts:
            return
        super().handle_exit(sig, frame)
        if self.force_exit:
            for each in self._ours:
                each.loop.call_soon_threadsafe(each.cut_off)
