"""Decoding bytes: byte order marks, encodings to be found, and bytes that cannot be decoded."""

import codecs
from typing import Any

from sentiment.errors import DataError
from sentiment.reviews.batch import MARKING, Unreadable, readable
from sentiment.reviews.encodings import (
    AUTO,
    check_encoding,
    encodings_marked,
    find_encoding,
    guess_encoding,
    unmarked,
)
from sentiment.reviews.foreign import foreign
from sentiment.reviews.streams import ByteStream

ONCE = "save it as a file of its own, and read that with --encoding auto"
REPLACE = "--on-bad-bytes replace reads such rows, with U+FFFD for these bytes"


class TextDecoder:
    """Decodes the blocks of a stream.

    Args:
        stream: Where they come from.
        encoding: Its encoding; `auto` finds it. A byte order mark comes first.
        markup: Whether to accept HTML and XML as texts.
        replace: Whether bytes that cannot be decoded become U+FFFD.
        one_of_many: Whether other files are read with the same options, for advice.

    Attributes:
        encoding: The encoding, known after the first block.
        marked: Whether there is a byte order mark, known then, too.
        damaged: Whether a byte was marked or replaced.
        notes: What was found, for display; some are added while the stream is read.

    Raises:
        UsageError: There is no such text encoding.
    """

    def __init__(
        self,
        stream: ByteStream,
        encoding: str,
        *,
        markup: bool = False,
        replace: bool = False,
        one_of_many: bool = False,
    ) -> None:
        self.notes: list[str] = []
        self.marked = self.damaged = False
        self.replace = replace
        self._stream = stream
        self._markup = markup
        self._one_of_many = one_of_many
        self._auto = encoding == AUTO
        self._finding = False  # whether the encoding is to be found, of bytes that are ASCII so far
        self._way_out: str | None = None  # from bytes that cannot be decoded
        self._set_encoding("utf-8" if self._auto else check_encoding(encoding))

    def decode(self, raw: bytes, *, at_start: bool) -> str:
        """Return the text of a block, b"" at the end, with each invalid byte marked or replaced.

        Raises:
            DataError: This is no text, judged at the start.
            Unreadable: This is not in the encoding.
        """
        if at_start:
            self._begin(raw)
        text = self._decode_all(raw, final=not raw)
        self._finding = self._finding and text.isascii()
        return readable(text) if self.damaged and self.replace else text

    def _decode_all(self, raw: bytes, *, final: bool) -> str:
        state: Any = self._decoder.getstate()
        try:
            return self._decoder.decode(raw, final=final)
        except UnicodeError as error:
            if self._finding:
                return self._switch(state[0] + raw, final=final)
            self._decoder.setstate(state)
            self._decoder.errors = MARKING
            try:
                text = self._decoder.decode(raw, final=final)
            except UnicodeError:
                raise Unreadable(self._describe_error(error)) from error
            self.damaged = True
            return text

    def _begin(self, raw: bytes) -> None:
        """Reject files that are no texts, and obey a byte order mark."""
        marked = encodings_marked(raw)
        self.marked = self.marked or bool(marked)
        if what := foreign(raw, markup=self._markup):
            raise DataError(f"{self._stream.name}: {what}")
        if marked and self.encoding not in marked:
            self._set_encoding(marked[0])
            self.notes.append(f"read as {marked[0].upper()}, by its byte order mark")
        elif self._auto and not self.marked:
            self._find(raw)
        elif self.encoding.startswith("utf-8") and (name := unmarked(raw)):
            raise Unreadable(f"probably {name.upper()}, without a byte order mark; {self._way()}")

    def _find(self, raw: bytes) -> None:
        """Find the encoding by the whole stream, or of a pipe by its first bytes beyond ASCII."""
        if found := self._found():
            self._note_encoding(found)
        elif name := unmarked(raw):
            self._note_encoding(name)
        else:
            self._finding = True

    def _switch(self, raw: bytes, *, final: bool) -> str:
        """Decode a block of a pipe that was ASCII so far, and is not UTF-8."""
        self._finding = False
        self._note_encoding(guess_encoding(raw))
        return self._decode_all(raw, final=final)

    def _note_encoding(self, name: str) -> None:
        if name != "utf-8":
            self._set_encoding(name)
            self.notes.append(f"read as {name}, by its content")

    def _set_encoding(self, name: str) -> None:
        self.encoding = check_encoding(name)
        self._decoder: Any = codecs.getincrementaldecoder(name)()

    def _found(self) -> str | None:
        try:
            return find_encoding(self._stream.again)
        except DataError:  # raised again where it is met
            return None

    def _way(self) -> str:
        """Return how to read a text with bytes that cannot be decoded."""
        if self._way_out is None:
            found = None if self.marked else self._found()
            if self.marked:
                self._way_out = REPLACE
            elif found is None:
                self._way_out = ONCE
            elif self._one_of_many:
                self._way_out = "--encoding auto reads it"
            elif check_encoding(found) == self.encoding or self._auto:
                self._way_out = REPLACE
            else:
                self._way_out = (
                    f"--encoding {found} reads all of it, and --encoding auto finds that by itself"
                )
        return self._way_out

    def _describe_error(self, error: UnicodeError) -> str:
        """Return why some bytes cannot be decoded, and what to do."""
        what: object = error
        if isinstance(error, UnicodeDecodeError):
            if "BOM" not in error.reason:
                return self.describe(error.object[error.start])
            what = error.reason  # since Python 3.13 not about a single byte
        return f"not {self.encoding.upper()} ({what}); {self._way()}"

    def describe(self, byte: int) -> str:
        """Return what is wrong with a byte, and what to do."""
        if self.encoding in ("utf-8", "utf-8-sig"):
            return f"not UTF-8 (byte 0x{byte:02X}); {self._way()}"
        return f"byte 0x{byte:02X} is not valid {self.encoding}; {self._way()}"
