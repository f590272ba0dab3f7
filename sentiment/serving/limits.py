"""How much the service takes on, and under which names it may be called.

A page from elsewhere can have its own name point to 127.0.0.1 and then read what is answered there
(DNS rebinding). The name that a browser sends along gives it away.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{0,5})?", re.ASCII)


@dataclass(frozen=True)
class Limits:
    """What is refused, and when.

    Attributes:
        max_body: bytes of a JSON body, and of a line of JSON lines; characters of a row of a file.
        max_texts: texts in a JSON body; JSON lines have no such limit.
        max_chars: characters of a text.
        max_file: bytes of a file, packed and unpacked.
        max_requests: requests that are answered at once; those beyond are told to come again.
        max_connections: connections that are open at once; requests over others are told so, too.
        timeout: seconds in which a body has to arrive, and a stream to go on and to be read.
    """

    max_body: int = 2_000_000
    max_texts: int = 1_000
    max_chars: int = 100_000
    max_file: int = 200_000_000
    max_requests: int = 256
    max_connections: int = 4_096
    timeout: float = 10.0

    def of_bodies(self) -> dict[str, int]:
        """Return those that whoever asks has to know."""
        names = ("max_body", "max_texts", "max_chars", "max_file")
        return {name: getattr(self, name) for name in names}


def host_names(loopback: bool, allowed: Iterable[str] = ()) -> frozenset[str] | None:
    """Return the names that the service may be called by; None for any.

    Args:
        loopback: whether only this machine reaches it; then it is called by its own names.
        allowed: other names that it may be called by; if there are any, no more than these.
    """
    others = frozenset(filter(None, map(bare_name, allowed)))
    return LOOPBACK | others if loopback or others else None


@lru_cache(256)
def bare_name(name: str) -> str | None:
    """Return the name of a host in lower case, without its port and the dot that may end it.

    None for what can be no name.
    """
    host = _HOST.fullmatch(name.lower())
    return host[1].removesuffix(".") if host else None
