"""Text: bytes decoded in blocks of whole lines, as they arrive."""

import codecs
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

from sentiment.errors import UsageError
from sentiment.reviews.stream import ByteStream


class Unreadable(Exception):  # noqa: N818
    """The next row cannot be read; whoever counts rows turns it into a DataError.

    Args:
        what: What is wrong, and the way out.
        line: The line it is on, where that is not the number of the row.
    """

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.line = line


class TextFeed:
    """The decoded text of a stream, in blocks of whole lines.

    Args:
        stream: Where the bytes come from.
        encoding: Its encoding; a byte order mark is dropped.

    Raises:
        UsageError: There is no such text encoding.
    """

    def __init__(self, stream: ByteStream, encoding: str = "utf-8") -> None:
        self.name = stream.name
        self.chars = 0  # given out so far
        self._stream = stream
        self._encoding = check_encoding(encoding)
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._blocks = self._read_blocks()
        self._first: str | None = None

    def peek(self) -> str:
        """Look at the first block without consuming it; empty for an empty stream."""
        if self._first is None:
            self._first = next(self._blocks, "")
        return self._first

    def blocks(self) -> Iterator[str]:
        r"""Give the text once; every block but the last ends with `\n`.

        Raises:
            Unreadable: After all whole lines before the bytes that cannot be decoded.
        """
        first = self.peek()
        self._first = ""
        for block in chain([first] if first else [], self._blocks):
            self.chars += len(block)
            yield block

    def waits(self) -> bool:
        """Tell whether the next block has yet to be produced by the other end of a pipe."""
        return self._stream.waits()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def _read_blocks(self) -> Iterator[str]:
        held: list[str] = []  # the pieces of a line that has not ended yet
        at_start = True
        while True:
            raw = self._stream.read()
            text, error = self._decode(raw)
            if at_start and text:
                text, at_start = text.removeprefix("\ufeff"), False
            end = text.rfind("\n") + 1
            if end:
                yield "".join((*held, text[:end]))
                held = []
            if end < len(text):
                held.append(text[end:])
            if error:
                raise error
            if not raw:
                break
        if held:
            yield "".join(held)

    def _decode(self, raw: bytes) -> tuple[str, Unreadable | None]:
        """Decode a block, or what comes before the first bad byte in it."""
        state = self._decoder.getstate()
        try:
            return self._decoder.decode(raw, final=not raw), None
        except UnicodeDecodeError as error:
            what = describe_byte(error.object[error.start], self._encoding)
            if "BOM" in error.reason:  # from Python 3.13 on: the byte is not what is wrong
                what = (
                    f"not {self._encoding.upper()} ({error.reason}); name another with --encoding"
                )
            unreadable = Unreadable(what)
            # error.object ends where the block ends but may begin before it, with held bytes.
            good = max(0, len(raw) - (len(error.object) - error.start))
        except UnicodeError as error:
            what = f"not {self._encoding.upper()} ({error}); name another with --encoding"
            unreadable, good = Unreadable(what), 0
        self._decoder.setstate(state)
        with suppress(UnicodeError):
            return self._decoder.decode(raw[:good]), unreadable
        return "", unreadable


def describe_byte(byte: int, encoding: str) -> str:
    """Say what is wrong with a byte, and what is worth a try where no encoding was named."""
    if encoding not in ("utf-8", "utf-8-sig"):
        return f"byte 0x{byte:02X} does not fit {encoding}; name another with --encoding"
    guess = "utf-16" if byte in (0xFE, 0xFF) else "cp1252"
    return (
        f"not UTF-8 (byte 0x{byte:02X}); "
        f"name the encoding with --encoding, for instance --encoding {guess}"
    )


def check_encoding(encoding: str) -> str:
    """Give the usual name of a text encoding.

    Raises:
        UsageError: Python knows no such encoding, or it is not one of text.
    """
    try:
        codec = codecs.lookup(encoding)
    except (LookupError, ValueError):
        codec = None
    if codec is None or not codec._is_text_encoding or codec.incrementaldecoder is None:
        raise UsageError(f"unknown encoding {encoding!r}; try utf-8, utf-16, cp1252 or latin-1")
    return codec.name


def block_lines(block: str) -> list[str]:
    r"""Split a block at `\n` only, and drop one `\r` before each.

    `str.splitlines` would also cut at form feeds, U+0085 and U+2028, which texts contain.
    """
    lines = block.split("\n")
    if block.endswith("\n"):
        lines.pop()
    if "\r" in block:
        lines = [line.removesuffix("\r") for line in lines]
    return lines
