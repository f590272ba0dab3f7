"""Streams as blocks of text, and sources that make rows of these: lines, fastText."""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator

from sentiment.errors import DataError
from sentiment.reviews.batch import (
    BATCH_CHARS,
    BATCH_ROWS,
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
    row_error,
)
from sentiment.reviews.cells import count_of
from sentiment.reviews.decoding import TextDecoder
from sentiment.reviews.streams import ByteStream

ROW_CHARS = 1 << 27  # longer rows are not reviews; a few kilobytes of .gz can contain one
_FIRST_LINE = 1 << 17  # characters in which it ends with a line feed, if any line does
SWAPPED_ENDS = str.maketrans("\r\n", "\n\r")


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
        # Whether lines end with a lone carriage return; None until one has ended.
        self.of_old_mac: bool | None = None
        self.skipped = self._to_skip = skip_lines
        self.replaced = 0
        self._stream = stream
        self._decoder = TextDecoder(
            stream, encoding, markup=markup, replace=replace, one_of_many=one_of_many
        )
        self.notes = self._decoder.notes
        self._parts = Ahead(self._read_parts())
        self._blocks = Ahead(self._read_blocks())

    @property
    def encoding(self) -> str:
        """The encoding, known after the first read."""
        return self._decoder.encoding

    @property
    def damaged(self) -> bool:
        """Whether a byte was marked or replaced."""
        return self._decoder.damaged

    @property
    def marked(self) -> bool:
        """Whether there is a byte order mark, known after the first read."""
        return self._decoder.marked

    def peek(self, lines: int = 0) -> str:
        """Return the first block, or at least some first lines, without consuming them."""
        found = ""
        for block in self._blocks.ahead():
            found += block
            if found and found.count("\n") >= lines:
                break
        return found

    def beginnings(self, most: int) -> Iterator[tuple[str, bool]]:
        """Yield ever longer beginnings without consuming them, and whether each is the whole text.

        The last is the whole text, or has at least `most` characters. Each is at least twice as
        long as the one before, unless the producer makes a pause.
        """
        parts: list[str] = []
        length = due = 0
        for part in self._parts.ahead():
            parts.append(part)
            length += len(part)
            if length and (length >= due or self._stream.would_block()):
                yield "".join(parts), False
                due = 2 * length
            if length >= most:
                return
        yield "".join(parts), True

    def may_begin_with(self, chars: str) -> bool:
        """Return whether the first character that is no white space may be one of these."""
        try:
            start = next(self.beginnings(1))[0].lstrip()
        except Unreadable:  # raised again when it is read
            return False
        return not start or start[0] in chars

    def split_anywhere(self) -> None:
        """Let blocks end anywhere: JSON may be one line. No block may have been read before."""
        self._blocks = self._parts

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
        if not self.damaged:
            return None
        if self._decoder.replace:
            self.replaced += "\ufffd" in text
            return None
        byte = damaged_byte(text)
        return None if byte is None else self._decoder.describe(byte)

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

    def _read_parts(self) -> Iterator[str]:
        """Yield the text of each block of bytes, which may be ""."""
        at_start = True
        raw = b"-"
        held = ""  # until it is known how lines end
        while raw:
            raw = self._stream.read()
            text = self._decoder.decode(raw, at_start=at_start)
            self._decoded += len(text)
            if at_start and text:
                text, at_start = text.removeprefix("\ufeff"), False
            text, held = held + text, ""
            if raw and self._are_ends_unknown(text):
                text, held = "", text
            yield self._skip_lines(self._mend_line_ends(text))

    def _read_blocks(self) -> Iterator[str]:
        """Yield the lines that end in each block of bytes, or "", and finally the rest."""
        parts: list[str] = []  # of an incomplete line
        length = 0  # their characters
        for text in self._parts:
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
        if length:
            block = "".join(parts)
            parts.clear()
            yield block

    def _are_ends_unknown(self, text: str) -> bool:
        r"""Return whether a `\r` in the first line may end it, or be within it."""
        ended = self.of_old_mac is not None or "\n" in text
        return not ended and "\r" in text and len(text) < _FIRST_LINE

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
_ENDS_IN_LABEL = re.compile(rf".*\s{LABEL_MARK}\S+\s*", re.DOTALL).fullmatch
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
        several = label is not None and (text.startswith(LABEL_MARK) or _ENDS_IN_LABEL(text))
        reason = self.feed.damage_in(line) or (LABELS if several else None)
        return bad_row(reason, row, line) if reason else row
