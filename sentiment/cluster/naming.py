"""What a file is called: to open it on any machine, and in messages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sentiment.errors import SentimentError


@dataclass(frozen=True)
class Named:
    """A file, by two names.

    Attributes:
        path: absolute: a worker stands in another folder.
        name: what the user called it.
    """

    path: Path
    name: str

    @classmethod
    def of(cls, path: Path) -> "Named":
        """Name a file that the user called so."""
        return cls(path.absolute(), str(path))

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Call it in errors as the user did."""
        try:
            yield
        except SentimentError as error:
            raise type(error)(str(error).replace(str(self.path), self.name)) from error
