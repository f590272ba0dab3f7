"""Files whose rows are known, in the dialects, encodings and compressions that programs write."""

import bz2
import codecs
import gzip
import lzma
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.torture.row_files import (
    NAMES,
    TEXTS,
    WORDS,
    File,
    line_files,
    one_line,
    with_bad_bytes,
    zipped,
)

Cells = list[str]

# A noncharacter, by which the program parts columns whose delimiter has several characters.
CELLS = TEXTS.map(lambda text: text.replace("\uffff", ""))
ABOVE = st.lists(st.sampled_from(["made by a program", "", "a, b; c", '"', "été"]), max_size=3)
LETTERS = st.sampled_from(["good", "bad film", "so-so", "é", "x, y", 'a "b" c', "\u202ex"])
MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE,
         codecs.BOM_UTF32_BE)  # fmt: skip


def quoted(text: str, quote: str = '"') -> str:
    """Put a cell in quotes."""
    return f"{quote}{text.replace(quote, 2 * quote)}{quote}"


@st.composite
def dialect_files(draw: Any, *, damaged: bool) -> File:
    """CSV as one of the programs writes it that do not write it as others do."""
    return draw(draw(st.sampled_from(DIALECTS))(damaged=damaged))


def _made(
    draw: Any,
    line: Callable[[Cells], str],
    rows: list[Cells],
    *,
    damaged: bool,
    names: Cells,
    **more: Any,
) -> File:
    """Write rows below a header, some of them too wide, too narrow or with bytes that are none."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    parts, truth, bad = [f"{line(names)}{end}".encode()], [], set()
    width = len(names)
    for number, cells in enumerate(rows, start=1):
        data, read = line(cells).encode(), cells
        if damaged and draw(st.booleans()):
            bad.add(number)
            plain = [draw(WORDS.filter(bool)) for _ in cells]
            kind = draw(st.sampled_from(["wide", "narrow", "bytes"]))
            if kind == "narrow" and width > 2:
                data, read = line(plain[:-1]).encode(), [*plain[:-1], ""]
            elif kind == "bytes":
                raw, text = with_bad_bytes(draw, plain[0])
                before, _, after = line(["\0", *plain[1:]]).partition("\0")
                data, read = before.encode() + raw + after.encode(), [text, *plain[1:]]
            else:
                data, read = line([*plain, "more"]).encode(), plain
        parts.append(data + end.encode())
        truth.append(read)
    arguments = {"header": True, "text_columns": ("text",), **more.pop("arguments", {})}
    return File("csv", b"".join(parts), truth, bad, names, 0, arguments, by_beginning=True, **more)


def _rows(draw: Any, width: int, cells: st.SearchStrategy[str] = CELLS) -> list[Cells]:
    return draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=7))


def _names(draw: Any, width: int) -> Cells:
    named = NAMES.filter(bool)
    return ["text", *draw(st.lists(named, min_size=width - 1, max_size=width - 1))]


@st.composite
def backslash_files(draw: Any, *, damaged: bool) -> File:
    """A backslash before quotes, and before backslashes where it must be or everywhere."""
    width = draw(st.integers(2, 4))
    delimiter = draw(st.sampled_from(",;\t|"))
    must = r'\\(?=[\\"]|\Z)' if draw(st.booleans()) else r"\\"

    def line(cells: Cells) -> str:
        escaped = [re.sub(must, r"\\\\", text).replace('"', '\\"') for text in cells]
        return delimiter.join(f'"{text}"' for text in escaped)

    # Without such a row, nothing tells.
    told = [[f'one "of"{delimiter} them', *["x"] * (width - 1)]]
    file = _made(draw, line, _rows(draw, width), damaged=damaged, names=_names(draw, width),
                 delimiter=delimiter)  # fmt: skip
    begin, end, rest = file.data.partition(b"\n")
    first = line(told[0]).encode() + (b"\r\n" if begin.endswith(b"\r") else b"\n")
    bad = {number + 1 for number in file.bad}
    return replace(file, data=begin + end + first + rest, rows=told + file.rows, bad=bad)


@st.composite
def wrapped_files(draw: Any, *, damaged: bool) -> File:
    """All rows, or some below a plain header, quoted once more as a whole, as Excel does."""
    width = draw(st.integers(2, 4))
    names = ["text", "label", "date", "title"][:width]
    every = draw(st.booleans())

    def line(cells: Cells) -> str:
        plain = ",".join(map(quoted, cells))
        wrap = every or (cells != names and draw(st.booleans()))
        return quoted(plain) if wrap else plain

    # A row that is quoted once more cannot be told from one that has too few cells.
    rows = [["good", *["x"] * (width - 1)], *_rows(draw, width)]
    return _made(draw, line, rows, damaged=False, names=names)


@st.composite
def surplus_files(draw: Any, *, damaged: bool) -> File:
    """Empty fields beyond the columns."""
    width = draw(st.integers(2, 4))
    names = _names(draw, width)
    delimiter = draw(st.sampled_from(",;\t|"))

    def line(cells: Cells) -> str:
        fits = cells != names and len(cells) == width
        more = [""] * (draw(st.integers(0, 3)) if fits else 0)
        return delimiter.join([*map(quoted, cells), *more])

    return _made(draw, line, _rows(draw, width), damaged=damaged, names=names, delimiter=delimiter)


@st.composite
def spaced_files(draw: Any, *, damaged: bool) -> File:
    """Columns parted by two spaces or more, found or named."""
    width = draw(st.integers(2, 4))
    names = ["text", "label", "date", "city"][:width]
    named = damaged or draw(st.booleans())
    cell = CELLS.map(lambda text: one_line(text).replace("\r", "")) if named else LETTERS
    rows = [["good film", *["x"] * (width - 1)], *_rows(draw, width, cell)]

    def line(cells: Cells) -> str:
        bare = r'(?! )(?!")(?:(?!  ).)+(?<! )'
        written = [text if re.fullmatch(bare, text) else quoted(text) for text in cells]
        blanks = [" " * draw(st.integers(2, 4)) for _ in cells[1:]] + [""]
        return "".join(map("".join, zip(written, blanks, strict=True)))

    arguments = {"delimiter": "  "} if named else {}
    return _made(draw, line, rows, damaged=damaged, names=names, arguments=arguments)


@st.composite
def named_files(draw: Any, *, damaged: bool) -> File:
    """What only the user knows: the delimiter, the quote, lines above the table, comments."""
    width = draw(st.integers(2, 4))
    delimiter = draw(st.sampled_from([":", "::", "~", "^", "||", ";", ",", "\t", "é", " "]))
    quote = draw(st.sampled_from(["'", '"', "`", "%", "none"]))
    comment = draw(st.sampled_from([None, "//", "#", "-- "]))
    arguments = {"delimiter": delimiter, "quote": quote, "comment": comment}
    names = ["text", "a", "b", "c"][:width]
    cell, mark = CELLS, quote
    if quote == "none":
        mark = ""
        fits = r"[\r\n]|" + re.escape(delimiter) + "|" + re.escape(delimiter[0])
        cell = CELLS.map(lambda text: re.sub(fits, "", text).lstrip("/#- "))

    def line(cells: Cells) -> str:
        written = [quoted(text, mark) if mark else text for text in cells]
        # A blank line is no row.
        left_out = "".join(f"{comment}{text}\n" for text in draw(ABOVE)) if comment else ""
        return left_out + delimiter.join(written)

    above = draw(ABOVE)
    arguments["skip_lines"] = len(above)
    rows = _rows(draw, width, cell)
    if not mark:  # a line of blanks is none
        rows = [[cells[0] if cells[0].strip() else "x", *cells[1:]] for cells in rows]
    file = _made(draw, line, rows, damaged=damaged, names=names, arguments=arguments,
                 delimiter="," if len(delimiter) > 1 else delimiter, quote=mark or '"')  # fmt: skip
    before = "".join(f"{text}\n" for text in above)
    return replace(file, data=before.encode() + file.data)


@st.composite
def decimal_files(draw: Any, *, damaged: bool) -> File:
    """Numbers with decimal commas between semicolons, below `sep=;`, comments, or nothing."""
    above = draw(st.sampled_from(["", "sep=;\n", '"sep=;"\n', "# by a program\n# on a day\n"]))
    number = st.builds("{},{}".format, st.integers(-9, 99), st.integers(0, 99))
    rows = [[draw(CELLS), draw(number), draw(number)] for _ in range(draw(st.integers(0, 6)))]
    file = _made(draw, lambda cells: ";".join([quoted(cells[0]), *cells[1:]]), rows,
                 damaged=damaged, names=["text", "price", "share"], delimiter=";",
                 preface=above.strip() if "sep" in above else "")  # fmt: skip
    return replace(file, data=above.encode() + file.data)


DIALECTS = [backslash_files, wrapped_files, surplus_files, spaced_files, named_files, decimal_files]

TEXT_FORMATS = ("csv", "tsv", "jsonl", "json", "lines", "fasttext")
MARKED = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
NAMED = ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "gb18030", "latin-1",
         "cp1252", "koi8_r", "shift_jis", "euc_kr", "big5"]  # fmt: skip


def encoded(draw: Any, file: File) -> File:
    """Write a text in another encoding, with a byte order mark or by its name.

    What the encoding lacks becomes a letter that it has.
    """
    try:
        text = file.data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return file
    if file.format not in TEXT_FORMATS:
        return file
    if draw(st.booleans()):
        encoding = draw(st.sampled_from([*MARKED]))
        return replace(file, data=MARKED[encoding] + text.encode(encoding))
    encoding = draw(st.sampled_from(NAMED))
    held = "".join(char if _holds(encoding, char) else "x" for char in text)
    data = held.encode(encoding)
    if (held != text and file.format in ("json", "jsonl", "fasttext")) or data.startswith(MARKS):
        return file
    if data.decode(encoding) != held or "delimiter" in file.arguments:
        return file
    table = {ord(char): "x" for char in set(text) if not _holds(encoding, char)}
    rows = file.rows
    if held != text:
        rows = [row and [cell.translate(table) for cell in row] for row in rows]
    names = file.names and [name.translate(table) for name in file.names]
    return replace(file, data=data, rows=rows, names=names,
                   arguments={**file.arguments, "encoding": encoding})  # fmt: skip


def _holds(encoding: str, char: str) -> bool:
    try:
        return char.encode(encoding).decode(encoding) == char
    except UnicodeError:
        return False


def packed(draw: Any, file: File) -> File:
    """Compress a file, or put it into an archive."""
    import pyarrow as pa

    ways: list[Callable[[bytes], bytes]] = [
        lambda data: gzip.compress(data, mtime=0),
        bz2.compress,
        lzma.compress,
        lambda data: pa.compress(data, "zstd", asbytes=True),
        lambda data: zipped({f"in.{file.format}": data}),
    ]
    return replace(file, data=draw(st.sampled_from(ways))(file.data))


@st.composite
def replaced_files(draw: Any, *, damaged: bool) -> File:
    """Lines with bytes that are no text, which are asked to be read with U+FFFD instead."""
    file = draw(line_files(damaged=damaged))
    arguments = {**file.arguments, "on_bad_bytes": "replace"}
    return replace(file, bad=set(), arguments=arguments)
