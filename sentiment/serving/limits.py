"""How much the service takes on, so that no client can take all of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What is refused, and when.

    Attributes:
        max_body: bytes of a JSON body, and of a line of JSON lines; characters of a row of a file.
        max_texts: texts in a JSON body; JSON lines have no such limit.
        max_chars: characters of a text.
        max_file: bytes of a file, packed and unpacked.
        max_requests: requests that are answered at once; those beyond are told to come again.
        max_connections: connections that are open at once; the one that has been idle longest
            makes room for another.
        timeout: seconds in which a request has to arrive, a stream to go on, and an answer to be
            read.
    """

    max_body: int = 2_000_000
    max_texts: int = 1_000
    max_chars: int = 100_000
    max_file: int = 200_000_000
    max_requests: int = 256
    max_connections: int = 4_096
    timeout: float = 10.0

    def of_bodies(self) -> dict[str, int]:
        """Give those that somebody who asks has to know."""
        return {
            "max_body": self.max_body,
            "max_texts": self.max_texts,
            "max_chars": self.max_chars,
            "max_file": self.max_file,
        }
