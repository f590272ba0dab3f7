"""Decoding streams to blocks of text, and sources that make rows of these: lines, fastText."""

import codecs
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from sentiment.errors import DataError
from sentiment.reviews.batch import (
    BATCH_CHARS,
    BATCH_ROWS,
    MARKING,
    STOP,
    Ahead,
    BadRow,
    BadRows,
    Batch,
    Row,
    Source,
    Unreadable,
    bad_row,
    damaged_byte,
    readable,
    row_error,
)
from sentiment.reviews.cells import count_of
from sentiment.reviews.encodings import (
    AUTO,
    check_encoding,
    encodings_marked,
    find_encoding,
    guess_encoding,
    unmarked,
)
from sentiment.reviews.streams import ByteStream, foreign

ROW_CHARS = 1 << 27  # longer rows are not reviews; a few kilobytes of .gz can contain one
SWAPPED_ENDS = str.maketrans("\r\n", "\n\r")
ONCE = "save it as a file of its own, and read that with --encoding auto"
REPLACE = "--on-bad-bytes replace reads such rows, with U+FFFD for these bytes"


class TextFeed:
    """The decoded text of a stream, in blocks of whole lines, without a byte order mark.

    Args:
        stream: Where the bytes come from.
        encoding: Its encoding; `auto` finds it. A byte order mark comes first.
        max_row_chars: The maximum number of characters of a row; None for `ROW_CHARS`.
        markup: Whether to accept HTML and XML as texts.
        replace: Whether bytes that cannot be decoded become U+FFFD.
        skip_lines: The number of lines to leave out at the start.
        one_of_many: Whether other files are read with the same options, for advice.

    Attributes:
        encoding: The encoding, known after the first read.
        notes: What was found, for display; some are added while it is read.
        skipped: The number of lines left out.
        replaced: The number of rows with replaced bytes.

    Raises:
        UsageError: There is no such text encoding.
    """

    def __init__(
        self,
        stream: ByteStream,
        encoding: str = "utf-8",
        max_row_chars: int | None = None,
        *,
        markup: bool = False,
        replace: bool = False,
        skip_lines: int = 0,
        one_of_many: bool = False,
    ) -> None:
        self.name = stream.name
        self.max_row_chars = max_row_chars or ROW_CHARS
        self.chars = 0  # yielded so far
        self._decoded = 0  # characters, those not yet yielded among them
        self.marked = False  # whether there is a byte order mark; known after the first read
        # Whether lines end with a lone carriage return; None until one has ended.
        self.of_old_mac: bool | None = None
        self.notes: list[str] = []
        self.skipped = skip_lines
        self.replaced = 0
        self._to_skip = skip_lines
        self._finding = False  # whether the encoding is to be found, of bytes that are ASCII so far
        self.encoding = ""
        self._set_encoding("utf-8" if encoding == AUTO else check_encoding(encoding))
        self._auto = encoding == AUTO
        self._stream = stream
        self._markup = markup
        self._replace = replace
        self._one_of_many = one_of_many
        self._damaged = False  # whether a byte was marked, or replaced
        self._way_out: str | None = None  # from bytes that cannot be decoded
        self._blocks = Ahead(self._read_blocks())

    def peek(self, lines: int = 0) -> str:
        """Return the first block, or at least some first lines, without consuming them."""
        found = ""
        for block in self._blocks.ahead():
            found += block
            if found and found.count("\n") >= lines:
                break
        return found

    def blocks(self) -> Iterator[str]:
        r"""Yield the text once; every block but the last ends with `\n`.

        Raises:
            Unreadable: A line is too long, or this is not text in the encoding.
        """
        for block in filter(None, self._blocks):
            self.chars += len(block)
            yield block

    def whole(self) -> str:
        """Return the whole text, as one row."""
        blocks = []
        for block in self.blocks():
            blocks.append(block)
            if self.chars > self.max_row_chars:
                raise Unreadable(too_long("a text", self.max_row_chars))
        return "".join(blocks)

    def damage_in(self, text: str) -> str | None:
        """Return what is wrong with the bytes of a row, or None; count it if they are replaced."""
        if not self._damaged:
            return None
        if self._replace:
            self.replaced += "\ufffd" in text
            return None
        byte = damaged_byte(text)
        return None if byte is None else self._describe_byte(byte)

    def expected_chars(self) -> float | None:
        """Return about how many characters there are in all; None if the size is unknown."""
        read, size = self._stream.bytes, self._stream.size
        return self._decoded * size / read if size and read else None

    def would_block(self) -> bool:
        """Return whether the next block is still to be produced at the other end of a pipe.

        An incomplete line that is there is read meanwhile.
        """
        try:
            if any(self._blocks.ahead(ready=lambda: not self._stream.would_block())):
                return False
        except (DataError, Unreadable):  # raised again when the block is requested
            return False
        return self._stream.would_block()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def _read_blocks(self) -> Iterator[str]:
        """Yield the lines that end in each block of bytes, or "", and finally the rest."""
        parts: list[str] = []  # of an incomplete line
        length = 0  # their characters
        at_start = True
        while True:
            raw = self._stream.read()
            text = self._decode(raw, at_start=at_start)
            self._decoded += len(text)
            if at_start and text:
                text, at_start = text.removeprefix("\ufeff"), False
            text = self._skip_lines(self._mend_line_ends(text))
            end = text.rfind("\n") + 1
            block = ""
            if end:
                block = "".join((*parts, text[:end]))
                parts, length = [], 0  # free the memory of a long line
            yield block
            del block
            parts.append(text[end:])
            length += len(text) - end
            if length > self.max_row_chars:
                what = too_long("a line", self.max_row_chars)
                raise Unreadable(f"{what}, or end rows with line feeds")
            if not raw:
                break
        if length:
            block = "".join(parts)
            parts.clear()
            yield block

    def _mend_line_ends(self, text: str) -> str:
        r"""Swap `\r` and `\n` if the first line ends with a lone carriage return."""
        if self.of_old_mac is None and ("\n" in text or "\r" in text[:-1]):
            self.of_old_mac = "\n" not in text
        return text.translate(SWAPPED_ENDS) if self.of_old_mac else text

    def _skip_lines(self, text: str) -> str:
        """Leave out the lines to skip."""
        while self._to_skip and text:
            _, end, text = text.partition("\n")
            self._to_skip -= len(end)
        return text

    def _decode(self, raw: bytes, *, at_start: bool) -> str:
        """Decode a block, marking or replacing each invalid byte."""
        if at_start:
            self._begin(raw)
        text = self._decode_all(raw, final=not raw)
        self._finding = self._finding and text.isascii()
        return readable(text) if self._damaged and self._replace else text

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
            self._damaged = True
            return text

    def _begin(self, raw: bytes) -> None:
        """Reject files that are no texts, and obey a byte order mark."""
        marked = encodings_marked(raw)
        self.marked = self.marked or bool(marked)
        if what := foreign(raw, markup=self._markup):
            raise DataError(f"{self.name}: {what}")
        if marked and self.encoding not in marked:
            self._set_encoding(marked[0])
            self.notes.append(f"read as {marked[0].upper()}, by its byte order mark")
        elif self._auto and not marked:
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
                return self._describe_byte(error.object[error.start])
            what = error.reason  # since Python 3.13 not about a single byte
        return f"not {self.encoding.upper()} ({what}); {self._way()}"

    def _describe_byte(self, byte: int) -> str:
        """Return what is wrong with a byte, and what to do."""
        if self.encoding in ("utf-8", "utf-8-sig"):
            return f"not UTF-8 (byte 0x{byte:02X}); {self._way()}"
        return f"byte 0x{byte:02X} is not valid {self.encoding}; {self._way()}"


def replaced_note(rows: int) -> str:
    """Return the note on rows with replaced bytes."""
    return f"{count_of(rows, 'row')} with bytes that cannot be decoded, read as U+FFFD"


def too_long(what: str, most: int) -> str:
    """Return the message for a row that is too long."""
    return f"{what} of more than {most:,} characters; cut it into shorter ones"


def block_lines(block: str) -> list[str]:
    r"""Split a block at `\n` only, and drop one `\r` before each.

    `str.splitlines` would also split at form feeds, U+0085 and U+2028, which texts contain.
    """
    lines = block.split("\n")
    if block.endswith("\n"):
        lines.pop()
    if "\r" in block:
        lines = [line.removesuffix("\r") for line in lines]
    return lines


Item = Row | BadRow


class FeedSource(Source):
    """A source that turns blocks of text into rows.

    Formats implement `row_lists`. The rows of a block are yielded before waiting for the next one,
    so that a slow producer gets each line's answer immediately.
    """

    def __init__(self, feed: TextFeed, columns: list[str], bad_rows: BadRows = STOP) -> None:
        super().__init__(feed.name, columns)
        self.notes = feed.notes
        self.feed = feed
        self.bad_rows = bad_rows
        self._rows_read = 0
        self._rows_ahead = 0  # of the same block

    @abstractmethod
    def row_lists(self) -> Iterator[list[Item]]:
        """Yield the rows of each block, with a `BadRow` for each unreadable one.

        Raises:
            Unreadable: Reading cannot continue; all earlier rows have been yielded.
        """

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches; see `Source.batches`."""
        first = 1
        try:
            for items in self._regrouped():
                yield from self.bad_rows.batches(items, first, self)
                first += len(items)
            if self.feed.replaced:
                self.notes.append(replaced_note(self.feed.replaced))
        finally:
            self.close()

    def would_block(self) -> bool:
        """Return whether the next block is still to be produced; see `Source.would_block`."""
        return self.feed.would_block()

    def expected_rows(self) -> int | None:
        """Return about how many rows there are, if each is as long as those read so far."""
        chars = self.feed.expected_chars()
        if chars is None or not self.feed.chars:
            return None
        rows = self._rows_read + self._rows_ahead
        return max(round(rows * chars / self.feed.chars), rows)

    def close(self) -> None:
        """Close the input."""
        self.feed.close()

    def _regrouped(self) -> Iterator[list[Item]]:
        """Join and split lists into batches, without holding rows back while waiting for input."""
        rows: list[Item] = []
        chars = 0  # read when the last batch was yielded
        failure: DataError | None = None
        try:
            for more in self.row_lists():
                rows += more
                self._rows_read += len(more)
                while len(rows) >= BATCH_ROWS:
                    yield rows[:BATCH_ROWS]
                    rows, chars = rows[BATCH_ROWS:], self.feed.chars
                if rows and (self.feed.chars - chars >= BATCH_CHARS or self.feed.would_block()):
                    yield rows
                    rows, chars = [], self.feed.chars
        except Unreadable as error:
            failure = row_error(self.name, self._rows_read + 1, str(error), error.line)
            failure.__cause__ = error
        except DataError as error:
            failure = error
        if rows:
            yield rows
        if failure:
            raise failure


# A line → its label (or None) and its text.
Split = Callable[[str], tuple[str | None, str]]
LABEL_MARK = "__label__"
LABELS = "more than one label; keep one on each line"


class LinesSource(FeedSource):
    """One text per line, in the column `text`; an empty line is a row with an empty text.

    `split` divides a line into label and text, by default as the format does; `skipped` is the
    number of header lines.
    """

    format = "lines"
    line_columns: tuple[str, ...] = ("text",)

    def __init__(
        self,
        feed: TextFeed,
        bad_rows: BadRows = STOP,
        split: Split | None = None,
        skipped: int = 0,
    ) -> None:
        super().__init__(feed, list(self.line_columns), bad_rows)
        self._split = split or self.split
        self._skipped = skipped

    @staticmethod
    def split(line: str) -> tuple[str | None, str]:
        """Split a line into its label, if any, and its text."""
        return None, line

    def row_lists(self) -> Iterator[list[Item]]:
        """Yield a row for each line below the header; see `FeedSource.row_lists`."""
        skipped = self._skipped
        for block in self.feed.blocks():
            lines = block_lines(block)
            yield [self._item(line) for line in lines[skipped:]]
            skipped = max(0, skipped - len(lines))

    def _item(self, line: str) -> Item:
        row: Row = {"text": self._split(line)[1]}
        damage = self.feed.damage_in(line)
        return bad_row(damage, row, line) if damage else row


class FasttextSource(LinesSource):
    """`__label__positive the text`: columns `label` (None if missing) and `text`.

    A line with several labels is bad.
    """

    format = "fasttext"
    line_columns = ("label", "text")

    @staticmethod
    def split(line: str) -> tuple[str | None, str]:
        """Split a line into its label, if any, and its text."""
        if not line.startswith(LABEL_MARK):
            return None, line
        label, *text = line.removeprefix(LABEL_MARK).split(maxsplit=1) or [""]
        return label, text[0] if text else ""

    def _item(self, line: str) -> Item:
        label, text = self._split(line)
        row: Row = {"label": label, "text": text}
        reason = self.feed.damage_in(line) or (LABELS if text.startswith(LABEL_MARK) else None)
        return bad_row(reason, row, line) if reason else row
