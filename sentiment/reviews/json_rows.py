"""Rows of JSON values, and of what they are in: lists, objects, columns as pandas writes them."""

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any

from sentiment.errors import DataError
from sentiment.reviews.batch import BadRow, Row, Unreadable, bad_row, readable
from sentiment.reviews.cells import count_of
from sentiment.reviews.feed import Item, TextFeed
from sentiment.reviews.fields import text_field
from sentiment.reviews.header import numbered_names, reads_as_header
from sentiment.reviews.json_columns import ColumnStore
from sentiment.reviews.json_layout import (
    MAX_DEPTH,
    Layout,
    Path,
    SeveralListsError,
    is_asked,
    rank_of,
)
from sentiment.reviews.json_text import BETWEEN, CutShort, JsonText
from sentiment.values import strict_decoder

# What reads text yields None before it waits for more; the rows so far are given out meanwhile.
Reading = Generator[None, None, None]
_SUCH_AS = 'such as {"text": "…"}'
_KINDS = {int: "number", float: "number", bool: "boolean", type(None): "null"}


def as_row(value: Any, where: str = " on each line") -> Row:
    """Return a JSON value as a row.

    Raises:
        ValueError: It is neither an object nor a string.
    """
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return {"text": value}
    kind = _KINDS.get(type(value), "list")
    raise ValueError(f"an object is expected{where}, not a {kind}")


class RowMaker:
    """Makes rows of JSON values.

    Args:
        feed: Where they come from.
        notes: Those of the source, to which one is added for the first NaN.
        by_line: Whether each is on a line, and no list.

    Attributes:
        decoder: Decodes values; NaN and infinite numbers become None.
        names: Those of the values of lists; () to take them from the first list.
    """

    def __init__(self, feed: TextFeed, notes: list[str], *, by_line: bool = False) -> None:
        self.decoder = strict_decoder(self._read_constant)
        self.names: Sequence[str] = ()
        self._feed = feed
        self._notes = notes
        self._by_line = by_line

    def item(self, raw: str, line: int | None) -> Item | None:
        """Return the row of a value, or why it cannot be read; None for a list of names."""
        damage = self._feed.damage_in(raw)
        row: Row | None = {}
        reason = None
        try:
            row = self._row(self.decoder.decode(readable(raw) if damage else raw))
        except (ValueError, RecursionError) as error:
            reason = self._explain(error, raw)
        if damage:
            return bad_row(damage, row or {}, raw)
        return bad_row(reason, {}, raw, line) if reason else row

    def _row(self, value: Any) -> Row | None:
        if self._by_line or not isinstance(value, list):
            return as_row(value, " on each line" if self._by_line else "")
        if not self.names:
            words = [each for each in value if isinstance(each, str)]
            is_header = len(words) == len(value) and reads_as_header(words) is True
            self.names = words if is_header else numbered_names(len(value))
            if is_header:
                return None
        if len(value) != len(self.names):
            what = f"{count_of(len(value), 'value')} where {len(self.names)} are expected"
            raise ValueError(f"{what}; write null for missing ones")
        return dict(zip(self.names, value, strict=True))

    def _read_constant(self, _: str) -> None:
        note = "NaN and Infinity are read as null"
        if note not in self._notes:
            self._notes.append(note)

    def _explain(self, error: Exception, raw: str) -> str:
        """Return why a value cannot be read, and what to do."""
        if isinstance(error, RecursionError):
            return "nested too deeply"
        if not isinstance(error, json.JSONDecodeError):
            return str(error)
        if raw.lstrip("[{( \t\n").startswith(("'", "u'")):
            return f"Python's notation, with single quotes; write JSON, {_SUCH_AS}"
        why = error.msg.removesuffix(" at").removesuffix(" starting")
        what = f"not JSON ({why} at character {error.pos + 1})"
        row = f"each {'line' if self._by_line else 'row'} must be one object"
        return f"{what}; {row}, {_SUCH_AS}"


class ValueReader:
    """Reads rows that are not one on each line.

    Args:
        feed: The text, of which no block has been read.
        layout: Where the rows are.
        asked: Columns that the user named, see `find_layout`.
        notes: Those of the source, to which is added what was found.
        keeps_all: Whether bad rows are kept, so that what is no row must not be counted as one.

    Attributes:
        within: The dotted name of the list with the rows, "" for others.
    """

    def __init__(
        self,
        feed: TextFeed,
        layout: Layout,
        asked: Sequence[str],
        notes: list[str],
        *,
        keeps_all: bool,
    ) -> None:
        self.within = ""
        self._feed = feed
        self._layout = layout
        self._path = layout.path
        self._asked = [name for name in asked if "." in name]
        self._notes = notes
        self._keeps_all = keeps_all
        self._maker = RowMaker(feed, notes)
        self._maker.names = layout.names
        self._scan = self._maker.decoder.scan_once  # type: ignore[attr-defined]
        self._text = JsonText(feed, self._maker.decoder)
        self._items: list[Item] = []
        self._found = self._is_cut = False

    def row_lists(self) -> Iterator[list[Item]]:
        """Yield the rows; see `FeedSource.row_lists`."""
        for _ in self._read():
            yield self._taken()
        yield self._taken()

    def _taken(self) -> list[Item]:
        items, self._items = self._items, []
        return items

    def _read(self) -> Reading:
        text, layout = self._text, self._layout
        in_objects = {
            "list": self._search,
            "columns": self._read_columns,
            "index": self._read_index,
        }
        while char := (yield from text.peek()):
            if char == "[" and not layout.lists:
                text.at += 1
                yield from self._read_list()
            elif char == "{" and layout.kind in in_objects:
                text.at += 1
                yield from in_objects[layout.kind]()
            elif char == ",":
                text.at += 1
            else:
                yield from self._read_row()
        if layout.kind == "list" and not self._found:
            raise DataError(f"{self._feed.name}: {self._no_list()}")

    def _no_list(self) -> str:
        if self._asked:
            return f'there is no list for the column "{self._asked[0]}"; name another'
        return f"JSON without a list of rows; write a row on each line, {_SUCH_AS}"

    def _read_list(self) -> Reading:
        """Read the rows of a list from behind its opening bracket."""
        text = self._text
        after_row = False  # without a comma
        while True:
            if not after_row:
                self._read_complete()
            char = yield from text.peek()
            if char in ("]", ""):
                break
            if char == ",":
                text.at += 1
                after_row = False
            else:
                yield from self._read_row("a comma is missing before this row" * after_row)
                after_row = not (self._items and isinstance(self._items[-1], BadRow))
        text.at += len(char)
        if not char:
            self._end_early()

    def _read_complete(self) -> None:
        """Read the rows that are in the block with the comma behind them."""
        text, scan, items = self._text, self._scan, self._items
        block, at = text.text, text.at
        damaged = self._feed.damaged
        while True:
            try:
                value, end = scan(block, at)
            except (StopIteration, ValueError, RecursionError):
                break
            if (comma := BETWEEN.match(block, end)) is None:
                break
            if type(value) is dict and not damaged:
                items.append(value)
            else:
                text.at = at
                self._add(block[at:end], text.line)
            at = comma.end()
        text.at = at

    def _read_row(self, wrong: str = "") -> Reading:
        """Read the value at the cursor as a row, which is bad if something is wrong before it."""
        line = self._text.line
        try:
            raw = yield from self._text.value()
        except CutShort as error:
            self._is_cut = True
            self._items.append(bad_row(str(error), {}, error.raw, line))
        else:
            self._add(raw, line, wrong)

    def _add(self, raw: str, line: int | None, wrong: str = "") -> None:
        """Add the row of a value, as a bad one if something is wrong before it."""
        raw = raw.strip()
        item = self._maker.item(raw, line)
        if wrong and not isinstance(item, BadRow):
            item = bad_row(wrong, item or {}, raw, line)
        if item is not None:
            self._items.append(item)

    def _end_early(self) -> None:
        """Report once that the text ends before a list or an object does."""
        if self._is_cut:
            return
        self._is_cut = True
        what = "not closed at the end, as if cut short; get it again"
        if self._keeps_all:
            self._notes.append(what)
        else:
            self._items.append(BadRow(what, {}, "", self._text.line))

    def _next_key(self) -> Generator[None, None, str | None]:
        """Move to the next value of the object that the cursor is in; return its key."""
        text = self._text
        while (char := (yield from text.peek())) == ",":
            text.at += 1
        if char in ("", "}"):
            text.at += len(char)
            if not char:
                self._end_early()
            return None
        line = text.line
        try:
            key = self._maker.decoder.decode((yield from text.value()))
        except (ValueError, RecursionError):
            key = None
        if not isinstance(key, str) or (yield from text.peek()) != ":":
            raise Unreadable("not JSON (a key in double quotes and a colon are expected)", line)
        text.at += 1
        yield from text.peek()
        return key

    def _search(self, above: Path = ()) -> Reading:
        """Read the list with the rows in an object, from behind its opening bracket."""
        text = self._text
        while (key := (yield from self._next_key())) is not None:
            path = (*above, key)
            char = text.text[text.at : text.at + 1]
            if char not in ("[", "{") or (char == "{" and len(path) == MAX_DEPTH):
                yield from text.leave()
                continue
            text.at += 1
            if char == "{":
                yield from self._search(path)
            elif (yield from self._is_of_rows(path)):
                yield from self._read_list()
            else:
                yield from text.leave("[")

    def _is_of_rows(self, path: Path) -> Generator[None, None, bool]:
        """Return whether a list, behind whose opening bracket the cursor is, has the rows.

        Raises:
            SeveralListsError: It may have them as well as the list that was read.
        """
        char = yield from self._text.peek()
        if path == self._path or (
            self._path is None
            and char in ("{", "[")
            and (not self._asked or is_asked(path, self._asked))
        ):
            if not self._found:
                self.within = ".".join(path)
                self._notes.append(f'rows from the list "{self.within}"')
            self._path, self._found = path, True
            return True
        if char == "{" and self._path and not self._is_ruled_out(path):
            value = yield from self._text.value()
            try:
                field = text_field(self._maker.decoder.decode(value))
            except (ValueError, RecursionError):
                field = ""
            if field:
                raise SeveralListsError(self._feed.name, {self._path: [], path: [{field: ""}]})
        return False

    def _is_ruled_out(self, path: Path) -> bool:
        """Return whether a list is known not to have the rows."""
        assert self._path
        return (
            path in self._layout.others
            or is_asked(self._path, self._asked)
            or rank_of(path) < rank_of(self._path)
        )

    def _read_index(self) -> Reading:
        """Read the rows of an object, whose keys become a column."""
        name = ""
        while (key := (yield from self._next_key())) is not None:
            before = len(self._items)
            yield from self._read_row()
            for place in range(before, len(self._items)):
                row = self._items[place]
                if isinstance(row, BadRow):
                    continue
                if not name:
                    name = next(each for each in ("index", "key", "") if each not in row)
                    self._notes.append(f'rows from an object, with its keys as the column "{name}"')
                self._items[place] = {name: key} | row

    def _read_columns(self) -> Reading:
        """Read columns, and give out their rows."""
        with closing(ColumnStore(self._feed.name)) as store:
            while (key := (yield from self._next_key())) is not None:
                yield from self._store(store, key)
            if self._is_cut:
                return
            index = store.index
            keys = "" if index is None else f', with their keys as the column "{index}"'
            self._notes.append(f"rows from columns{keys}")
            for rows in store.rows():
                for raw in rows:
                    self._add(raw, None)
                yield

    def _store(self, store: ColumnStore, name: str) -> Reading:
        """Store the values of the list or object at the cursor; other values are no column."""
        text = self._text
        char = text.text[text.at : text.at + 1]
        if char not in ("[", "{"):
            yield from text.leave()
            return
        text.at += 1
        store.begin(name)
        if char == "{":
            while (key := (yield from self._next_key())) is not None:
                store.add((yield from text.value()), key)
            return
        while (char := (yield from text.peek())) not in ("]", ""):
            if char == ",":
                text.at += 1
            else:
                store.add((yield from text.value()))
        text.at += len(char)
        if not char:
            self._end_early()
