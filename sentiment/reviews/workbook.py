"""The sheets of an Excel workbook (.xlsx), read row by row.

A workbook is a zip archive of XML parts (ECMA-376, SpreadsheetML). openpyxl writes workbooks, and
knows their dates; its reader is not used: it keeps a cell, row or style sheet of any size in
memory, refuses workbooks for their styles, finds no sheets in "strict" ones, and changes texts with
`_x000D_` or `x005F_` in them.
"""

from collections.abc import Iterator, Sequence
from posixpath import dirname, join, normpath
from typing import Any, TypeVar
from xml.sax import SAXException

from sentiment.errors import DataError
from sentiment.reviews.archives import Archive
from sentiment.reviews.feed import ROW_CHARS
from sentiment.reviews.spreadsheetml import (
    Handler,
    Numbers,
    Relationships,
    SharedStrings,
    SheetHandler,
    SheetList,
    SheetRow,
    Styles,
)
from sentiment.runtime import require

# Limits that only hostile files reach, on what is kept in memory.
MAX_PART = 1 << 24  # bytes of a part that lists sheets or styles
MAX_TOKEN = 1 << 20  # bytes of a tag
_BLOCK = 1 << 16
_AT_ONCE = 1024  # strings to store together

_H = TypeVar("_H", bound=Handler)


def import_openpyxl() -> Any:
    """Import openpyxl, which takes longer than answering one text.

    Raises:
        MissingDependencyError: A package for Excel files is not installed.
    """
    require("Excel files need openpyxl and defusedxml", "openpyxl defusedxml")
    import openpyxl

    return openpyxl


class Workbook:
    """An archive that is a workbook.

    Args:
        archive: It stays open.
        max_row_chars: The maximum number of characters of a row; None for `ROW_CHARS`.

    Attributes:
        sheets: The part of each worksheet, by its name.
        hidden: The names of hidden ones.

    Raises:
        DataError: It is damaged.
        MissingDependencyError: A package for Excel files is not installed.
    """

    def __init__(self, archive: Archive, max_row_chars: int | None = None) -> None:
        import_openpyxl()
        self.name = archive.name
        self._archive = archive
        self._read, self._size = 0, 0  # bytes of the sheet, so far and in all
        self._max_row_chars = max_row_chars or ROW_CHARS
        self._places = {_plain(name): name for name in reversed(archive.names)}
        main = next(iter(self._related("", "officeDocument").values()), "xl/workbook.xml")
        listing = self._parsed(main, SheetList())
        parts = self._related(main, "worksheet")
        self.sheets = {name: parts[key] for name, key, _ in listing.sheets if key in parts}
        self.hidden = {name for name, _, is_hidden in listing.sheets if is_hidden}
        styles = Styles()
        for part in self._related(main, "styles").values():
            self._parsed(part, styles)
        self._numbers = Numbers(styles.formats, of_1904=listing.of_1904)
        self._string_parts = list(self._related(main, "sharedStrings").values())
        self._strings: Sequence[str] | None = None

    def rows(self, sheet: str) -> Iterator[SheetRow]:
        """Yield the rows of a sheet that are not blank.

        Raises:
            DataError: The workbook is damaged, or a row is too long.
        """
        if self._strings is None:
            self._strings = self._shared_strings()
        part = self.sheets[sheet]
        self._read, self._size = 0, self._archive.size_of(self._place(part))
        rows = SheetHandler(self.name, self._strings, self._numbers, self._max_row_chars)
        for _ in self._parse(part, rows):
            while rows.found:
                yield rows.found.popleft()

    def share_read(self) -> float:
        """Return how much of the sheet has been read, from 0 to 1."""
        return self._read / max(self._size, 1)

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()

    def _shared_strings(self) -> Sequence[str]:
        strings = SharedStrings(self.name, self._max_row_chars)
        for part in self._string_parts:
            for _ in self._parse(part, strings):
                strings.store(_AT_ONCE)
        return strings.all()

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """Return the parts of a kind that a part refers to, by their ids."""
        folder = dirname(part)
        place = join(folder, "_rels", f"{part[len(folder) :].lstrip('/')}.rels")
        if _plain(place) not in self._places:
            return {}
        return {
            key: normpath(join("/", folder, target)).lstrip("/")
            for key, type, target in self._parsed(place, Relationships()).found
            if type.endswith(f"/{kind}")
        }

    def _place(self, part: str) -> str:
        try:
            return self._places[_plain(part)]
        except KeyError as error:
            raise self._damaged(f"it has no {part}") from error

    def _parsed(self, part: str, handler: _H) -> _H:
        """Return a handler that has got a part, which must be small."""
        if self._archive.size_of(self._place(part)) > MAX_PART:
            raise self._damaged(f"its {part} has more than {MAX_PART:,} bytes")
        for _ in self._parse(part, handler):
            pass
        return handler

    def _parse(self, part: str, handler: Handler) -> Iterator[None]:
        """Give a part to a handler, and yield after each block of it.

        Raises:
            DataError: It is damaged or hostile.
        """
        from defusedxml import DTDForbidden
        from defusedxml.sax import make_parser

        parser: Any = make_parser()
        parser.forbid_dtd = True  # no workbook has one
        parser.setContentHandler(handler)
        stream = self._archive.open(self._place(part))
        silent = 0  # bytes without an event: a tag that has not ended
        try:
            while block := stream.read(_BLOCK):
                self._read += len(block)
                if handler.finished:  # the rest is only read for its checksum
                    continue
                events = handler.events
                parser.feed(block)
                silent = 0 if handler.events > events else silent + len(block)
                if silent > MAX_TOKEN:
                    raise self._damaged("a tag is too long")
                yield
            if not handler.finished:
                parser.close()
                yield
        except DTDForbidden as error:
            raise self._damaged(f"{part}: a document type, which no workbook declares") from error
        except (SAXException, ValueError, LookupError, OverflowError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise self._damaged(f"{part}: {reason}") from error
        finally:
            stream.close()

    def _damaged(self, reason: str) -> DataError:
        return DataError(f"{self.name}: not a workbook, or damaged ({reason}); save it again")


def _plain(part: str) -> str:
    """Return the name of a part as names are compared."""
    return part.replace("\\", "/").lstrip("/").casefold()
