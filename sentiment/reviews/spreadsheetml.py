"""Handlers of the XML in workbooks (ECMA-376, SpreadsheetML): sheets, cells, texts, styles.

What a hostile file may repeat without end has limits, so that memory stays small.
"""

import re
from collections import deque
from collections.abc import Sequence
from datetime import datetime, time
from math import isfinite
from typing import Any, NamedTuple
from xml.sax.handler import ContentHandler

from sentiment.errors import DataError
from sentiment.reviews.batch import row_error
from sentiment.reviews.feed import too_long
from sentiment.storage import GrowingTexts

MAX_COLUMNS = 1 << 14  # as in Excel
MAX_STRINGS = 1 << 24
MAX_DEPTH = 64
STRING_CHARS = 1 << 23  # of shared strings in memory; more go to a temporary file
_PIECE = 64  # the memory of a piece of text, in characters, beyond its own
_EXACT = 2**53  # the integers below this are exact as floats
GENERAL = "General"
MAX_FORMAT = 255  # characters, as in Excel; openpyxl takes quadratic time to look for dates in one
# The dates among the built-in number formats that depend on the language, unknown to openpyxl.
_LOCAL_DATES = dict.fromkeys([*range(27, 37), *range(50, 59)], "yyyy-mm-dd")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# What XML cannot hold, or changes; and what would then be read as an escape.
_UNSAFE = "\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff"
_TO_ESCAPE = re.compile(f"[{_UNSAFE}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNSAFE}])")


def escape(text: str) -> str:
    """Write what XML cannot hold like `_x0007_`, as Excel does (ST_Xstring of ECMA-376)."""
    return _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescape(text: str) -> str:
    """Return the text that `escape` wrote."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class SheetRow(NamedTuple):
    """A row of a sheet that is not blank."""

    number: int  # in the sheet, from 1
    cells: dict[int, Any]  # the values by column, from 0; None for a formula without a value
    formats: dict[int, str]  # the number formats that numbers, dates and times have
    uncalculated: str | None  # the first cell with a formula but no value: `C5`


class Handler(ContentHandler):
    """The base of handlers of XML; names come without the prefixes of namespaces."""

    finished = False  # whether the rest is of no interest

    def __init__(self) -> None:
        super().__init__()
        self.events = 0
        self._depth = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: D102, N802
        self.events += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        if not self.finished:
            self._start(name.rpartition(":")[2] if ":" in name else name, attrs)

    def endElement(self, name: str) -> None:  # noqa: D102, N802
        self.events += 1
        self._depth -= 1
        if not self.finished:
            self._end(name.rpartition(":")[2] if ":" in name else name)

    def _start(self, name: str, attrs: Any) -> None:
        """Handle the start of an element."""

    def _end(self, name: str) -> None:
        """Handle the end of an element."""


class Relationships(Handler):
    """What a part refers to: id, type and target of each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def _start(self, name: str, attrs: Any) -> None:
        if name == "Relationship" and attrs.get("TargetMode") != "External":
            self.found.append((attrs.get("Id", ""), attrs.get("Type", ""), attrs.get("Target", "")))


class SheetList(Handler):
    """The sheets of a workbook: name, id of the part, and whether it is hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str, bool]] = []
        self.of_1904 = False  # whether dates count from 1904

    def _start(self, name: str, attrs: Any) -> None:
        if name == "workbookPr":
            self.of_1904 = attrs.get("date1904", "0") in ("1", "true")
        elif name == "sheet":
            keys = [value for key, value in attrs.items() if key.endswith(":id")]
            hidden = attrs.get("state", "visible") != "visible"
            self.sheets.append((unescape(attrs.get("name", "")), keys[0] if keys else "", hidden))


class Styles(Handler):
    """The number format of each style of cells."""

    def __init__(self) -> None:
        super().__init__()
        from openpyxl.styles.numbers import BUILTIN_FORMATS

        self.formats: list[str] = []
        self._known: dict[int, str] = {**_LOCAL_DATES, **BUILTIN_FORMATS}
        self._of_cells = False

    def _start(self, name: str, attrs: Any) -> None:
        if name == "numFmt":
            format = attrs.get("formatCode", GENERAL)
            known = format if len(format) <= MAX_FORMAT else GENERAL
            self._known[int(attrs.get("numFmtId", -1))] = known
        elif name == "cellXfs":
            self._of_cells = True
        elif name == "xf" and self._of_cells:
            self.formats.append(self._known.get(int(attrs.get("numFmtId", 0)), GENERAL))

    def _end(self, name: str) -> None:
        if name == "cellXfs":
            self._of_cells = False


class Numbers:
    """Reads numbers, which are dates and times if their style says so."""

    def __init__(self, formats: Sequence[str], *, of_1904: bool) -> None:
        from openpyxl.styles.numbers import is_date_format, is_datetime, is_timedelta_format
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

        self._epoch = MAC_EPOCH if of_1904 else WINDOWS_EPOCH
        self.formats = list(formats)
        known = set(formats)
        self._dates = {each for each in known if is_date_format(each)}
        self._durations = {each for each in known if is_timedelta_format(each)}
        self._days = {each for each in self._dates if is_datetime(each) == "date"}

    def format(self, style: str | None) -> str:
        """Return the number format of a style."""
        place = len(self.formats) if style is None else int(style)
        return self.formats[place] if 0 <= place < len(self.formats) else GENERAL

    def value(self, text: str, format: str) -> Any:
        """Return a number, date, time or duration; what is none of these stays a text."""
        try:
            number = float(text)
        except ValueError:
            return text or None
        if not isfinite(number):
            return text
        if number.is_integer():  # Excel's numbers are all floats
            if abs(number) < _EXACT:
                number = int(number)
            elif text.lstrip("-").isdecimal():
                number = int(text)
        if format in self._dates or format in self._durations:
            return self._date(number, format)
        return number

    def _date(self, number: float, format: str) -> Any:
        from openpyxl.utils.datetime import from_excel

        try:
            found = from_excel(number, self._epoch, timedelta=format in self._durations)
        except (OverflowError, ValueError):  # no date of Python
            return number
        if isinstance(found, datetime) and format in self._days and found.time() == time():
            return found.date()
        return found


class _Text(Handler):
    """The base of handlers that collect texts, of a limited number of characters."""

    def __init__(self, name: str, max_chars: int) -> None:
        super().__init__()
        self._name = name
        self._max_chars = max_chars
        self._chars = 0  # of the current row or string
        self._pieces: list[str] = []
        self._collects = False
        self._phonetic = False  # within the readings of Japanese words

    def characters(self, content: str) -> None:
        self.events += 1
        if self._collects:
            self._chars += len(content) + _PIECE
            if self._chars > self._max_chars:
                raise self._too_long()
            self._pieces.append(content)

    def _too_long(self) -> DataError:
        """Return the error for too many characters."""
        return DataError(f"{self._name}: {too_long('a text', self._max_chars)}")

    def text(self) -> str:
        """Return the collected text, and begin another one."""
        text = "".join(self._pieces)
        self._pieces = []
        return text


class SharedStrings(_Text):
    """The shared strings."""

    def __init__(self, name: str, max_chars: int) -> None:
        super().__init__(name, max_chars)
        self._texts = GrowingTexts(STRING_CHARS)
        self._waiting: list[str] = []
        self._count = 0

    def _start(self, name: str, attrs: Any) -> None:
        if name == "t":
            self._collects = not self._phonetic
        elif name == "rPh":
            self._phonetic = True

    def _end(self, name: str) -> None:
        if name == "t":
            self._collects = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self._waiting.append(unescape(self.text()))
            self._chars = 0

    def store(self, least: int = 0) -> None:
        """Store the strings, if there are enough."""
        if len(self._waiting) < least:
            return
        self._count += len(self._waiting)
        if self._count > MAX_STRINGS:
            raise DataError(
                f"{self._name}: more than {MAX_STRINGS:,} different texts; save the sheet as CSV"
            )
        self._texts.extend(self._waiting)
        self._waiting = []

    def all(self) -> Sequence[str]:
        """Return all strings."""
        self.store()
        return self._texts.done()


class SheetHandler(_Text):
    """The rows of a sheet."""

    def __init__(self, name: str, strings: Sequence[str], numbers: Numbers, max_chars: int) -> None:
        super().__init__(name, max_chars)
        self.found: deque[SheetRow] = deque()
        self._strings = strings
        self._numbers = numbers
        self._columns: dict[str, int] = {}  # by their letters
        self._number = 0  # of the row
        self._row = SheetRow(0, {}, {}, None)
        self._column = -1
        self._type, self._style = "n", None
        self._has_formula = self._has_value = False

    def _too_long(self) -> DataError:
        return row_error(self._name, self._number, too_long("a row", self._max_chars))

    def _start(self, name: str, attrs: Any) -> None:
        if name == "c":
            reference = attrs.get("r")
            self._column = self._column + 1 if reference is None else self._column_of(reference)
            if self._column >= MAX_COLUMNS:
                raise ValueError(f"more than {MAX_COLUMNS:,} columns")
            self._type, self._style = attrs.get("t", "n"), attrs.get("s")
            self._has_formula, self._has_value = False, self._type == "inlineStr"
        elif name == "v" or (name == "t" and not self._phonetic):
            self._collects = (name == "t") == (self._type == "inlineStr")
            self._has_value = self._has_value or self._collects
        elif name == "row":
            self._number = int(attrs.get("r", self._number + 1))
            self._row = SheetRow(self._number, {}, {}, None)
            self._column, self._chars = -1, 0
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._phonetic = True

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            self._collects = False
        elif name == "c":
            self._add_cell(self.text())
        elif name == "row":
            if self._row.cells:
                self.found.append(self._row)
        elif name == "rPh":
            self._phonetic = False
        elif name == "sheetData":
            self.finished = True

    def _add_cell(self, text: str) -> None:
        if self._has_value and (value := self._value(text)) is not None:
            self._row.cells[self._column] = value
        elif self._has_formula:
            self._row.cells[self._column] = None
            place = f"{letters_of(self._column)}{self._number}"
            self._row = self._row._replace(uncalculated=self._row.uncalculated or place)

    def _value(self, text: str) -> Any:
        """Return the value of the cell; an error such as #REF! is a text."""
        match self._type:
            case "s":
                return self._shared(int(text))
            case "inlineStr" | "str":
                return unescape(text)
            case "b":
                return text.strip() in ("1", "true")
            case "d":
                return _iso_date(text)
            case "e":
                return text
        format = self._numbers.format(self._style)
        if format != GENERAL:
            self._row.formats[self._column] = format
        return self._numbers.value(text, format)

    def _shared(self, place: int) -> str:
        if not 0 <= place < len(self._strings):
            raise ValueError(f"there is no text {place}")
        text = self._strings[place]
        self._chars += len(text)
        if self._chars > self._max_chars:
            raise self._too_long()
        return text

    def _column_of(self, reference: str) -> int:
        """Return the column of a cell: `C5` → 2."""
        letters = reference.rstrip("0123456789")
        if letters not in self._columns:
            if not re.fullmatch("[A-Za-z]{1,3}", letters):
                raise ValueError(f"a cell is called {reference[:9]}")
            column = 0
            for letter in letters.upper():
                column = 26 * column + ord(letter) - ord("A") + 1
            self._columns[letters] = column - 1
        return self._columns[letters]


def _iso_date(text: str) -> Any:
    from openpyxl.utils.datetime import from_ISO8601

    try:
        return from_ISO8601(text)
    except ValueError:
        return text


def letters_of(column: int) -> str:
    """Return the letters of a column: 2 → `C`."""
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column + 1))
