"""Dialects of CSV: delimiters, quotes, escapes, titles and comments above the table."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from io import StringIO
from typing import NamedTuple

from sentiment.errors import UsageError
from sentiment.reviews.header import MAX_TITLES, is_plain_name, is_text_name, reads_as_header
from sentiment.reviews.rules import key_of, reads_as_label

DELIMITERS = ",;\t|"
SPACES = "  "  # two or more
_RARE = "^~\x01\x1f\xa6"  # below names of columns only; \x01 is that of Hive
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # Excel's delimiter line
COMMENT = "#"
_LINES = 20  # to compare
_NAMED = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";", "pipe": "|"}
_RUN = re.compile(" {2,}")
_COMMENT = re.compile(r"#(?![^\W_])")  # not a hashtag
_DECIMAL = re.compile(r"(?<=\d),(?=\d)")
# A line that is one quoted field, with surplus delimiters behind it.
_WRAPPED = re.compile(r'"((?:[^"]|"")*)"([,;\t|]*)\s*')
# Stands for a delimiter of several characters; a noncharacter, which no text has.
_MARK = "\uffff"
# A backslash with what it escapes, or alone.
_BACKSLASH = re.compile(r'\\(["\\]?)')


class Given(NamedTuple):
    """The options of the user for tables; None to detect."""

    delimiter: str | None = None
    quote: str | None = None
    comment: str | None = None


class Notation(NamedTuple):
    """How CSV is written."""

    delimiter: str = ","  # one or more characters; `SPACES` stands for any number from two on
    quote: str = '"'  # "" for none
    spaced: bool = False  # whether delimiters are followed by spaces
    escaped: bool = False  # whether a backslash escapes quotes and itself
    inner: str = ""  # the delimiter within rows that are quoted once more as a whole

    @property
    def written(self) -> str:
        """The delimiter to write."""
        delimiter = self.inner or self.delimiter
        return delimiter if len(delimiter) == 1 else ","

    def reader(self, lines: Iterable[str], *, strict: bool = True) -> Iterator[list[str]]:
        """Return an iterator of the fields of each row.

        Raises:
            csv.Error: As the csv module does, row by row, if it is strict.
        """
        several = len(self.delimiter) > 1
        if several or self.escaped:
            lines = map(self._prepared, lines)
        rows = csv.reader(
            lines,
            delimiter=_MARK if several else self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar="\\" if self.escaped else None,
            skipinitialspace=self.spaced or self.delimiter == SPACES,
            strict=strict,
        )
        if not (several or self.inner):
            return rows
        return _Finished(rows, self._finished)

    def parse(self, raw: str) -> list[list[str]]:
        """Return the rows of a text; [] if they are malformed."""
        try:
            return list(self.reader(StringIO(raw, newline="")))
        except csv.Error:
            return []

    def parse_leniently(self, line: str) -> list[str]:
        """Return the fields of a line whose quotes are wrong."""
        return next(self.reader([line], strict=False), [])

    def rows_before_error(self, text: str) -> list[list[str]]:
        """Return the rows of a text up to the first malformed one, without empty ones."""
        rows = []
        with suppress(csv.Error):
            for row in self.reader(StringIO(text, newline="")):
                rows.append(row)  # noqa: PERF402  # to have those before an error
        return [row for row in rows if row]

    def unwrapped(self, fields: list[str]) -> list[str] | None:
        """Return the fields of a row that is quoted once more as a whole; None if it is not."""
        delimiter = self.inner or self.delimiter
        if not fields or any(fields[1:]) or delimiter not in fields[0]:
            return None
        rows = self._replace(delimiter=delimiter, inner="").parse(fields[0])
        return rows[0] if len(rows) == 1 and len(rows[0]) > 1 else None

    def _prepared(self, line: str) -> str:
        """Return a line for the csv module, with a single mark for a delimiter of several."""
        if self.escaped and "\\" in line:
            line = _BACKSLASH.sub(lambda found: found[0] if found[1] else "\\\\", line)
        if self.delimiter == SPACES:
            # Further spaces are skipped by the csv module, and stay within quotes.
            text = line.rstrip("\r\n")
            return _RUN.sub(lambda run: _MARK + run[0][1:], text.strip(" ")) + line[len(text) :]
        if len(self.delimiter) > 1:
            return line.replace(self.delimiter, _MARK)
        return line

    def _finished(self, fields: list[str]) -> list[str]:
        if len(self.delimiter) > 1:
            mark = " " if self.delimiter == SPACES else self.delimiter
            fields = [field.replace(_MARK, mark) for field in fields]
        return (self.inner and self.unwrapped(fields)) or fields


class _Finished(Iterator[list[str]]):
    """Rows of the csv module, each passed through a function; an error does not end them."""

    def __init__(self, rows: Iterator[list[str]], finish: Callable[[list[str]], list[str]]) -> None:
        self._rows = rows
        self._finish = finish

    def __next__(self) -> list[str]:
        return self._finish(next(self._rows))


class Beginning(NamedTuple):
    """What stands above a table of CSV, and how it is written."""

    notation: Notation
    titles: int = 0  # the number of lines above the header
    preface: str = ""  # a line that names the delimiter, `sep=;`, without its line end
    has_comments: bool = False  # whether there are comments among the titles
    notes: Sequence[str] = ()


def begin(text: str, given: Given, asked: Sequence[str], *, header: bool | None) -> Beginning:
    """Find the dialect of a text by its beginning.

    Raises:
        UsageError: A delimiter or quote that the user named cannot be one.
    """
    quote = check_quote(given.quote)
    text = without_comments(text, given.comment)
    first = text.partition("\n")[0]
    named = SEPARATOR_LINE.fullmatch(first)
    if given.delimiter is None and named and named[1] in DELIMITERS:
        below = text.partition("\n")[2]
        notation = Notation(named[1], quote, _is_spaced(below, named[1], quote))
        return Beginning(_escaped(notation, below), 1, preface=first.rstrip("\r"))
    delimiter = None if given.delimiter is None else check_delimiter(given.delimiter, quote)
    may_be_wrapped = delimiter is None and quote == '"'
    wrapped = _wrapped(text, asked) if may_be_wrapped else None
    # Of rows quoted as a whole, lines that end within quotes may look like a header.
    titles = count_titles(text, asked, delimiter) if header is not False and not wrapped else 0
    lines = text.split("\n", titles)
    below = lines[-1]
    comments = any(line.startswith(COMMENT) for line in lines[:titles])
    if titles and may_be_wrapped:
        wrapped = _wrapped(below, asked)
    if wrapped:
        notes = ["rows that are quoted once more as a whole"]
        return Beginning(wrapped, titles, has_comments=comments, notes=notes)
    delimiter = delimiter or sniff_delimiter(below)
    notation = Notation(delimiter, quote, _is_spaced(below, delimiter, quote))
    notation = _escaped(notation, below)
    notes = ["quotes escaped by a backslash"] if notation.escaped else []
    return Beginning(notation, titles, has_comments=comments, notes=notes)


def without_comments(text: str, mark: str | None) -> str:
    """Return a text without the lines that begin with a mark."""
    if not mark or mark not in text:
        return text
    return "".join(line for line in text.splitlines(True) if not line.startswith(mark))


def check_delimiter(delimiter: str, quote: str = '"') -> str:
    """Return a delimiter that the user named, perhaps by a word.

    Raises:
        UsageError: It cannot be one.
    """
    found = _NAMED.get(delimiter.casefold(), delimiter)
    if not found or re.search(r'[\r\n\0"\uffff]', found) or (quote and quote in found):
        raise UsageError(
            f"--delimiter {delimiter!r} cannot part columns; name a character, such as ';', or "
            "tab, or '  ' for two or more spaces"
        )
    return SPACES if len(found) > 1 and not found.strip(" ") else found


def check_quote(quote: str | None) -> str:
    """Return a quote that the user named, or the usual one; "" for none.

    Raises:
        UsageError: It cannot be one.
    """
    found = '"' if quote is None else "" if quote == "none" else quote
    if len(found) > 1 or (found and found in "\r\n\0\\ \uffff"):
        raise UsageError(f"--quote {quote!r} cannot quote cells; name one character, or none")
    return found


def sniff_delimiter(text: str) -> str:
    """Return the delimiter that is most frequent outside quotes in the first non-empty line.

    Commas in decimal numbers do not count if there is another. If the following lines fit only
    another delimiter of the line, it is that one; of several that fit, it is the likeliest. Names
    that are parted by spaces only, two or more, are taken for columns if all lines have as many; so
    are well-known names that are parted by a rare sign.
    """
    text = text.lstrip("\r\n")
    first_line = text.partition("\n")[0]
    unquoted = "".join(first_line.split('"')[::2])
    for counted in (_DECIMAL.sub("", unquoted), unquoted):
        found = [mark for mark in DELIMITERS if mark in counted]
        found.sort(key=counted.count, reverse=True)
        if len(found) > 1:
            start = _first_lines(text)
            fitting = [mark for mark in found if _fits(start, mark)]
            return _likeliest(fitting, start) if fitting else found[0]
        if found:
            return found[0]
    start = _first_lines(text)
    if has_spaced_columns(start):
        return SPACES
    rare = [mark for mark in _RARE if mark in first_line]
    return next((mark for mark in rare if _is_header(first_line, mark) and _fits(start, mark)), ",")


def _likeliest(marks: Sequence[str], lines: Sequence[str]) -> str:
    """Return the delimiter of some lines that all fit.

    It is the only one that parts well-known names, else that is not always followed by a space, as
    commas of texts are, else that parts labels from texts; else a tab, or the first.
    """
    for tells in (_parts_names, _is_tight, _parts_labels):
        found = [mark for mark in marks if tells(lines, mark)]
        if len(found) == 1:
            return found[0]
        marks = found or marks
    return "\t" if "\t" in marks else marks[0]


def _is_tight(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether something other than a space follows a delimiter."""
    return any(line.count(delimiter) > line.count(f"{delimiter} ") for line in lines)


def _parts_names(lines: Sequence[str], delimiter: str) -> bool:
    return _is_header(lines[0], delimiter)


def _parts_labels(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether the first or last column has labels, but for the first line."""
    rows = Notation(delimiter).rows_before_error("\n".join(lines) + "\n")[1:]
    ends = ([row[0] for row in rows], [row[-1] for row in rows])
    return any(all(reads_as_label(key_of(cell)) for cell in cells) for cells in ends)


def _is_header(line: str, delimiter: str) -> bool:
    return reads_as_header(line.rstrip("\r").split(delimiter)) is True


def has_spaced_columns(lines: Sequence[str]) -> bool:
    """Return whether lines have columns parted by two or more spaces, below a header.

    The texts of the last column may have such spaces, too.
    """
    header, *rows = [_RUN.split(line.strip()) for line in lines if line.strip()] or [[]]
    widths = {min(len(row), len(header)) if ends_in_text(header) else len(row) for row in rows}
    return len(header) > 1 and widths == {len(header)} and reads_as_header(header) is True


def ends_in_text(names: Sequence[str]) -> bool:
    """Return whether the last of some columns has a name for texts."""
    return bool(names) and is_text_name(names[-1])


def split_at_spaces(line: str, width: int) -> list[str]:
    """Split a line at two or more spaces into so many fields at the most."""
    return _RUN.split(line.strip(" \r\n"), maxsplit=width - 1)


def count_titles(text: str, asked: Sequence[str] = (), delimiter: str | None = None) -> int:
    """Count the lines of title or comment above a table.

    That is, above a header with well-known names, or comments above rows of one width.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    titles: list[str] = []
    for place, line in enumerate(lines):
        if line.startswith(COMMENT):
            continue
        mark = delimiter or sniff_delimiter("\n".join(lines[place : place + _LINES + 1]))
        names = _filled(line, mark)
        if reads_as_header(names, asked):
            narrower = all(len(_filled(each, mark)) < len(names) for each in titles)
            return place if narrower and not _are_rows([*titles, line]) else 0
        titles.append(line)
        if len(titles) > MAX_TITLES:
            break
    return _count_comments(lines, delimiter)


def _are_rows(lines: Sequence[str]) -> bool:
    """Return whether lines have as many cells as each other by a delimiter, and more than one."""
    lines = [line for line in lines if line.strip()]
    widths = ({len(_filled(line, mark)) for line in lines} for mark in DELIMITERS)
    return len(lines) > 1 and any(len(found) == 1 and found != {1} for found in widths)


def _count_comments(lines: Sequence[str], delimiter: str | None) -> int:
    """Count the comments above a table without a header."""
    count = next((n for n, line in enumerate(lines) if not _COMMENT.match(line)), 0)
    rows = lines[count : count + _LINES]
    rows = [row for row in rows if row.strip()]
    if not count or not rows:
        return 0
    mark = delimiter or sniff_delimiter("\n".join(rows))
    widths = {len(_filled(row, mark)) for row in rows}
    width = min(widths)
    return count if len(widths) == 1 and width > 1 else 0


def _first_lines(text: str) -> list[str]:
    """Return the first lines that are complete."""
    lines = text.split("\n", _LINES)
    return [line.rstrip("\r") for line in (lines[:-1] or lines)]


def _fits(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether a delimiter divides several lines into as many columns."""
    rows = Notation(delimiter).rows_before_error("\n".join(lines) + "\n")
    return len(rows) > 1 and len(rows[0]) > 1 and len(set(map(len, rows))) == 1


def _escaped(notation: Notation, text: str) -> Notation:
    """Return a notation with escapes if fewer rows are bad with them."""
    if not notation.quote or f"\\{notation.quote}" not in text:
        return notation
    with_escapes = notation._replace(escaped=True)
    return min(notation, with_escapes, key=lambda each: _count_bad(each, text))


def _count_bad(notation: Notation, text: str) -> int:
    """Count the rows that are malformed, or not as wide as the first."""
    rows = notation.reader(StringIO(text, newline=""))
    bad = width = 0
    while True:
        try:
            fields = next(rows)
        except StopIteration:
            return bad
        except csv.Error as error:
            bad += "unexpected end" not in str(error)  # the text may be cut here
        else:
            filled = fields[: len(fields) - surplus(fields, width or len(fields))]
            width = width or len(filled)
            fits = len(filled) == width or len(notation.unwrapped(fields) or ()) == width
            bad += bool(fields) and not fits


def surplus(fields: Sequence[str], width: int) -> int:
    """Return the number of fields beyond a width if these are empty, else 0."""
    return 0 if any(map(str.strip, fields[width:])) else max(len(fields) - width, 0)


def _wrapped(text: str, asked: Sequence[str]) -> Notation | None:
    """Return the notation of rows that are quoted once more as a whole, below such a header."""
    lines = _first_lines(text.lstrip("\r\n"))
    header = _WRAPPED.fullmatch(lines[0])
    if not header:
        return None
    inside = header[1].replace('""', '"')
    notation = Notation(header[2][:1] or ",", inner=sniff_delimiter(inside))
    rows = notation.rows_before_error("\n".join(lines) + "\n")
    if not rows or len(rows[0]) < 2 or reads_as_header(rows[0], asked) is not True:
        return None
    width = len(rows[0])
    fit = all(len(row) - surplus(row, width) == width for row in rows)
    return notation if fit and (len(rows) > 1 or not header[2]) else None


def _is_spaced(text: str, delimiter: str, quote: str) -> bool:
    """Return whether delimiters are followed by spaces.

    That is, before opening quotes (`1, "Good, cheap"`), or before all names of a header
    (`name, review`).
    """
    first = text.partition("\n")[0].split(delimiter)
    if (
        len(first) > 1
        and all(cell[:1] == " " for cell in first[1:])
        and all(map(is_plain_name, first))
    ):
        return True
    if quote != '"':
        return False
    pattern = f'{re.escape(delimiter)} +"'
    return re.search(pattern, re.sub('"[^"]*+"', '""', text)) is not None


def _filled(line: str, delimiter: str) -> list[str]:
    """Return the non-empty cells of a line."""
    rows = Notation(delimiter).parse(line.replace("\r", " "))
    cells = rows[0] if rows else line.split(delimiter)
    return [cell for cell in cells if cell.strip()]
