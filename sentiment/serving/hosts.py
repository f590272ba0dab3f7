"""Under which names the service may be called.

A page from elsewhere can have its own name point to 127.0.0.1 and then read what is answered there
(DNS rebinding). The name that a browser sends along gives it away.
"""

import re
from collections.abc import Iterable

from sentiment.serving.exchange import HttpError, Request

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{0,5})?", re.ASCII)


class Hosts:
    """The names that are let in.

    Attributes:
        names: in lower case, without ports; None for any.
    """

    def __init__(self, loopback: bool, allowed: Iterable[str] = ()) -> None:
        """Decide by where the service listens.

        Args:
            loopback: whether only this machine reaches it; then it is called by its own names.
            allowed: other names that it may be called by; if there are any, no more than these.
        """
        others = {_bare(name) for name in allowed}
        self.names = LOOPBACK | others if loopback or others else None

    def check(self, request: Request) -> None:
        """Let a request in, or not.

        Raises:
            HttpError: it names no host, several, or another than is let in.
        """
        if self.names is None:
            return
        named = request.headers(b"host")
        if len(named) != 1 or not is_name(named[0]):
            raise HttpError(400, "the Host header is not one name")
        if _bare(named[0]) not in self.names:
            raise HttpError(421, "not called by this name; --allow-host NAME lets it in")


def is_name(name: str) -> bool:
    """Tell whether a text can be the name of a host, with a port or without."""
    return _HOST.fullmatch(name.lower()) is not None


def _bare(name: str) -> str:
    """Take the port off, and the dot that a full name may end with."""
    host = _HOST.fullmatch(name.lower())
    return (host[1] if host else name.lower()).removesuffix(".")
