"""A stream's bytes as text: decoded, cut into pieces, each with the rows of it; a row a line."""

import codecs
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from sentiment.errors import DataError, UsageError
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
    Unreadable,
    bad_row,
    damaged_byte,
    row_error,
)
from sentiment.reviews.streams import ByteStream, foreign

MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
UTF_32_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
ROW_CHARS = 1 << 27  # a longer row is no review, and a few kilobytes of .gz can hold it
SWAPPED_ENDS = str.maketrans("\r\n", "\n\r")
_UTF_16_BYTES = 16  # so many at the start tell UTF-16 that has no mark


class TextFeed:
    """The decoded text of a stream, in blocks of whole lines.

    Args:
        stream: Where the bytes come from.
        encoding: Its encoding; a byte order mark is dropped.
        row_chars: As many characters may a row have; None for `ROW_CHARS`.
        markup: Whether HTML and XML are texts like any other.

    Attributes:
        encoding: The usual name of the encoding.
        marked: Whether there was a byte order mark, once something was read.
        of_old_mac: Whether lines end with a carriage return alone, once one has ended.

    Raises:
        UsageError: There is no such text encoding.
    """

    def __init__(
        self,
        stream: ByteStream,
        encoding: str = "utf-8",
        row_chars: int | None = None,
        *,
        markup: bool = False,
    ) -> None:
        self.name = stream.name
        self.row_chars = row_chars or ROW_CHARS
        self.marked = False
        self._markup = markup
        self.chars = 0  # given out so far
        self._stream = stream
        self.encoding = check_encoding(encoding)
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._damaged = False  # whether a byte was marked
        self.of_old_mac: bool | None = None  # whether rows end with \\r alone; None if unknown
        self._pieces = Ahead(self._read_pieces())

    def peek(self, lines: int = 0) -> str:
        """Look at the first block without consuming it, or at so many lines; "" if empty."""
        found = ""
        for block in self._pieces.ahead():
            found += block
            if found and found.count("\n") >= lines:
                break
        return found

    def blocks(self) -> Iterator[str]:
        r"""Give the text once; every block but the last ends with `\n`.

        Raises:
            Unreadable: Before a line that is too long, or where this is no text in the encoding.
        """
        for block in filter(None, self._pieces):
            self.chars += len(block)
            yield block

    def whole(self) -> str:
        """Give all of the text, as one row.

        Raises:
            Unreadable: It cannot be decoded, or is longer than a row may be.
        """
        blocks = []
        for block in self.blocks():
            blocks.append(block)
            if self.chars > self.row_chars:
                raise Unreadable(too_long("a text", self.row_chars))
        return "".join(blocks)

    def damage_in(self, text: str) -> str | None:
        """Say what is wrong with the bytes that a part of the text came from, None if nothing."""
        byte = damaged_byte(text) if self._damaged else None
        return None if byte is None else describe_byte(byte, self.encoding)

    def waits(self) -> bool:
        """Tell whether the next block has yet to be produced by the other end of a pipe.

        Half a line that is there already is read meanwhile.
        """
        try:
            if any(self._pieces.ahead(ready=lambda: not self._stream.waits())):
                return False
        except (DataError, Unreadable):  # raised again when the block is wanted
            return False
        return self._stream.waits()

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()

    def _read_pieces(self) -> Iterator[str]:
        """Give the lines that end in each block of bytes, "" if none does, and the rest."""
        held: list[str] = []  # the pieces of a line that has not ended yet
        length = 0  # their characters
        at_start = True
        while True:
            raw = self._stream.read()
            text = self._decode(raw, at_start=at_start)
            if at_start and text:
                text, at_start = text.removeprefix("\ufeff"), False
            text = self._mend_line_ends(text)
            end = text.rfind("\n") + 1
            block = ""
            if end:
                block = "".join((*held, text[:end]))
                held, length = [], 0  # whoever works on a long line needs the memory
            yield block
            del block
            held.append(text[end:])
            length += len(text) - end
            if length > self.row_chars:
                what = too_long("a line", self.row_chars)
                raise Unreadable(f"{what}, or end rows with line feeds")
            if not raw:
                break
        if length:
            block = "".join(held)
            held.clear()
            yield block

    def _mend_line_ends(self, text: str) -> str:
        r"""Swap `\r` and `\n` where the first line that ends has a carriage return alone."""
        if self.of_old_mac is None and ("\n" in text or "\r" in text[:-1]):
            self.of_old_mac = "\n" not in text
        return text.translate(SWAPPED_ENDS) if self.of_old_mac else text

    def _decode(self, raw: bytes, *, at_start: bool) -> str:
        """Decode a block, with a mark for each byte that does not fit.

        Raises:
            Unreadable: It is not a matter of single bytes.
        """
        if at_start:
            self._check_start(raw)
        state = self._decoder.getstate()
        try:
            return self._decoder.decode(raw, final=not raw)
        except UnicodeError as error:
            reason = describe_error(error, self.encoding)
            # Without its first bytes, UTF-16 can look like UTF-8 that is full of NULs.
            if at_start and self.encoding.startswith("utf-8") and raw[:2] in UTF_16_MARKS:
                raise Unreadable(reason) from error
            self._decoder.setstate(state)
            self._decoder.errors = MARKING
            try:
                text = self._decoder.decode(raw, final=not raw)
            except UnicodeError:
                raise Unreadable(reason) from error
            self._damaged = True
            return text

    def _check_start(self, raw: bytes) -> None:
        """Find out what reads as text that is full of odd characters, and is none.

        Raises:
            DataError: It is something else, such as a picture.
            Unreadable: It is UTF-32, or UTF-16 without a mark.
        """
        self.marked = self.marked or raw.startswith(MARKS)
        if raw.startswith(UTF_32_MARKS) and not self.encoding.startswith("utf-32"):
            raise Unreadable("UTF-32, by its byte order mark; read it with --encoding utf-32")
        if what := foreign(raw, markup=self._markup):
            raise DataError(f"{self.name}: {what}")
        start = raw[:_UTF_16_BYTES]
        if len(start) < _UTF_16_BYTES or not self.encoding.startswith("utf-8"):
            return
        for first, encoding in ((0, "utf-16-le"), (1, "utf-16-be")):
            letters, others = start[first::2], start[1 - first :: 2]
            if not any(others) and all(letters) and letters.strip():
                raise Unreadable(f"not UTF-8, it seems; try --encoding {encoding}")


def too_long(what: str, most: int) -> str:
    """Say that a row is too long, and what to do."""
    return f"{what} of more than {most:,} characters; cut it into shorter ones"


def describe_error(error: UnicodeError, encoding: str) -> str:
    """Say why some bytes cannot be decoded."""
    what: object = error
    if isinstance(error, UnicodeDecodeError):
        if "BOM" not in error.reason:
            return describe_byte(error.object[error.start], encoding)
        what = error.reason  # from Python 3.13 on: the byte is not what is wrong
    return f"not {encoding.upper()} ({what}); name another with --encoding"


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


Item = Row | BadRow


class FeedSource(ABC):
    """A source that turns blocks of text into rows.

    A format says how in `pieces`. The rows of a block are handed out before the next block is
    waited for, so that a slow producer sees each line's answer as it comes.
    """

    format: str
    has_header = True

    def __init__(self, feed: TextFeed, columns: list[str], bad_rows: BadRows = STOP) -> None:
        self.name = feed.name
        self.feed = feed
        self.bad_rows = bad_rows
        self.columns = columns
        self.header = columns
        self.notes: list[str] = []

    @abstractmethod
    def pieces(self) -> Iterator[list[Item]]:
        """Give the rows of each block, and in the place of one that cannot be read a `BadRow`.

        Raises:
            Unreadable: From here on none can be; all rows before have been given.
        """

    def batches(self) -> Iterator[Batch]:
        """Give the rows in batches; see `Source.batches`."""
        first = 1
        try:
            for items in regroup(self._located(), self.feed):
                yield from self.bad_rows.batches(items, first, name=self.name, format=self.format)
                first += len(items)
        finally:
            self.close()

    def waits(self) -> bool:
        """Tell whether the next block has yet to be produced by somebody."""
        return self.feed.waits()

    def close(self) -> None:
        """Close the input."""
        self.feed.close()

    def _located(self) -> Iterator[list[Item]]:
        """Give the pieces; where nothing more can be read, that is reported with its row."""
        read = 0
        try:
            for rows in self.pieces():
                read += len(rows)
                yield rows
        except Unreadable as error:
            raise row_error(self.name, read + 1, str(error), error.line) from error


def regroup(pieces: Iterator[list[Item]], feed: TextFeed) -> Iterator[list[Item]]:
    """Join and cut pieces into batches, none withheld while the producer is waited for.

    Args:
        pieces: The rows of each block of the feed.
        feed: Knows how much was read, and whether the next block has yet to be produced.

    Raises:
        DataError: What the pieces raise, after all rows before it were given out.
    """
    rows: list[Item] = []
    chars = 0  # read when the last batch was given out
    failure: DataError | None = None
    try:
        for piece in pieces:
            rows += piece
            while len(rows) >= BATCH_ROWS:
                yield rows[:BATCH_ROWS]
                rows, chars = rows[BATCH_ROWS:], feed.chars
            if rows and (feed.chars - chars >= BATCH_CHARS or feed.waits()):
                yield rows
                rows, chars = [], feed.chars
    except DataError as error:
        failure = error
    if rows:
        yield rows
    if failure:
        raise failure


# A line → its label, None for none, and its text.
Split = Callable[[str], tuple[str | None, str]]
LABEL_MARK = "__label__"
LABELS = "more than one label; keep one on each line"


def split_label(line: str) -> tuple[str | None, str]:
    """Split a fastText line into its label, if any, and the rest."""
    if not line.startswith(LABEL_MARK):
        return None, line
    label, *text = line.removeprefix(LABEL_MARK).split(maxsplit=1) or [""]
    return label, text[0] if text else ""


def _lines_below(feed: TextFeed, skipped: int) -> Iterator[list[str]]:
    """Give the lines of each block below those that stand above them as a header."""
    for block in feed.blocks():
        lines = block_lines(block)
        yield lines[skipped:]
        skipped = max(0, skipped - len(lines))


class LinesSource(FeedSource):
    """One text a line, in the column `text`; an empty line is a row with an empty text."""

    format = "lines"

    def __init__(
        self,
        feed: TextFeed,
        bad_rows: BadRows = STOP,
        split: Split | None = None,
        skipped: int = 0,
    ) -> None:
        super().__init__(feed, ["text"], bad_rows)
        self._split = split
        self._skipped = skipped

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each line; see `FeedSource.pieces`."""
        for lines in _lines_below(self.feed, self._skipped):
            yield [self._item(line) for line in lines]

    def _item(self, line: str) -> Item:
        row: Row = {"text": self._split(line)[1] if self._split else line}
        damage = self.feed.damage_in(line)
        return bad_row(damage, row, line) if damage else row


class FasttextSource(FeedSource):
    """`__label__positive the text`: columns `label` (None for a line without one) and `text`.

    Args:
        feed: The lines.
        bad_rows: What is done about those that cannot be read.
        split: Parts the label and the text of a line.
        skipped: How many lines stand above them as a header.
    """

    format = "fasttext"

    def __init__(
        self,
        feed: TextFeed,
        bad_rows: BadRows = STOP,
        split: Split = split_label,
        skipped: int = 0,
    ) -> None:
        super().__init__(feed, ["label", "text"], bad_rows)
        self._split = split
        self._skipped = skipped

    def pieces(self) -> Iterator[list[Item]]:
        """Give a row for each line; one with several labels is bad. See `FeedSource.pieces`."""
        for lines in _lines_below(self.feed, self._skipped):
            yield [self._item(line) for line in lines]

    def _item(self, line: str) -> Item:
        label, text = self._split(line)
        row: Row = {"label": label, "text": text}
        reason = self.feed.damage_in(line) or (LABELS if text.startswith(LABEL_MARK) else None)
        return bad_row(reason, row, line) if reason else row
