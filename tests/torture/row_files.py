"""Files whose rows are known: drawn first, then written by writers of this module's own.

Nothing here uses the project's readers or writers: what a file holds is known before it is one.
"""

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import strategies as st

PIECES = [
    "good", "bad", "Good film.", " ", "", '"', '""', "'", ",", ";", "\t", "|", "\n", "\r", "\r\n",
    "\0", "\ufeff", "é", "😍", "👩\u200d👧", "\u200f", "\u202e", "\u2028", "\x85", "\x0c",
    "\x1b[31m", "\\", "\\n", "=1+1", "__label__x ", "{", "}", "[]", "e\u0301\u0302", "<br />",
    "\u200b", "\U0010ffff",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
)
WORDS = st.sampled_from(["good", "bad", "so-so", "fine film", "x", ""])
NAMES = st.sampled_from(["a", "a", "b", "", "a.2", "é", "two words", "x,y", "\u202e"])
BAD_BYTES = [b"\xff", b"\x80", b"\xc0", b"\xf5\xfe"]
SCALARS = (
    TEXTS | st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False,
    allow_infinity=False) | st.just("\ud800")
)  # fmt: skip


@dataclass
class File:
    """A file, and the truth about it.

    Attributes:
        format: an input format of the program, and the end of the file's name.
        data: its bytes.
        rows: what is in it, by row: cells, or a JSON object; of a bad row what can be read.
        bad: the numbers of rows that cannot be read, from 1 on.
        names: of the columns; None without a header.
        text: which column holds the text, None if that is not told from cells.
        arguments: of the command line, to read it.
        delimiter: what parts the cells of CSV made of it, and mostly of the file.
        quote: what quotes these cells.
        by_beginning: whether the program finds how it is written by its first block.
        preface: a line that names the delimiter, which CSV made of it has, too.
    """

    format: str
    data: bytes
    rows: list[Any]
    bad: set[int] = field(default_factory=set)
    names: list[str] | None = None
    text: int | None = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    delimiter: str = ","
    quote: str = '"'
    preface: str = ""
    by_beginning: bool = False


def with_bad_bytes(draw: Any, text: str) -> tuple[bytes, str]:
    """Put bytes that are no UTF-8 into a text; give the bytes, and what can be read of them."""
    place = draw(st.integers(0, len(text)))
    damage = draw(st.sampled_from(BAD_BYTES))
    raw = text[:place].encode() + damage + text[place:].encode()
    return raw, text[:place] + "\ufffd" * len(damage) + text[place:]


def with_mark(draw: Any, data: bytes) -> bytes:
    """Put a byte order mark before a file, always where one would be taken for one."""
    mark = "\ufeff".encode()
    return mark + data if data.startswith(mark) or draw(st.booleans()) else data


@st.composite
def csv_files(draw: Any, *, damaged: bool) -> File:
    """CSV in its dialects: delimiters, line ends, quotes where they must be and where they may."""
    width = draw(st.integers(1, 4))
    delimiter = draw(st.sampled_from(",,;\t|")) if width > 1 else ","
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\n", "\r\n"], ["\r"]]))
    header = draw(st.booleans())
    names = ["text", *draw(st.lists(NAMES, min_size=width - 1, max_size=width - 1))]
    # What is not in quotes on the first line, of old Macs the whole file, tells the delimiter.
    always = ends == ["\r"]
    rows = draw(st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=7))
    if rows and not header:
        rows[0] = [draw(WORDS.filter(bool)) for _ in range(width)]

    def cell(text: str, *, quoted: bool) -> str:
        must = always or quoted or any(c in text for c in ",;\t|\r\n") or text.startswith('"')
        quote = must or draw(st.booleans())
        return '"' + text.replace('"', '""') + '"' if quote else text

    def line(cells: list[str], *, quoted: bool = False) -> str:
        return delimiter.join(cell(text, quoted=quoted or cells == [""]) for text in cells)

    parts = [line(names, quoted=True).encode()] if header else []
    truth, bad = [], set()
    for number, cells in enumerate(rows, start=1):
        kinds = ["extra", "surplus", "bytes", "quotes"] + ["missing"] * (width > 1)
        # The first row without a header says how wide the others must be.
        first = number == 1 and not header
        if not damaged or draw(st.booleans()):
            parts.append(line(cells, quoted=first).encode())
            truth.append(cells)
            continue
        kind = "bytes" if first else draw(st.sampled_from(kinds))
        data, read, is_bad = _damaged(draw, kind, cells, line, delimiter)
        if kind == "missing" and header and not any(names[len(read or ()) :]):
            is_bad = False  # of columns without names, they are empty
        parts.append(data)
        truth.append(read and read + [""] * (width - len(read)))
        bad |= {number} if is_bad else set()
    lines = [part + draw(st.sampled_from(ends)).encode() for part in parts]
    if lines and draw(st.booleans()):
        lines[-1] = parts[-1]
    arguments = {"header": header, "text_columns": ("text" if header else "1",)}
    data = with_mark(draw, b"".join(lines))
    delimiter = delimiter if parts else ","
    return File("csv", data, truth, bad, names if header else None, 0, arguments, delimiter)


def _damaged(
    draw: Any, kind: str, cells: list[str], line: Any, delimiter: str
) -> tuple[bytes, list[str] | None, bool]:
    """Damage a row of CSV: its bytes, what can be read of it, and whether it is bad."""
    if kind == "bytes":
        plain = [text.replace('"', "") for text in cells]
        raw, read = with_bad_bytes(draw, plain[0])
        others = [f'"{text}"'.encode() for text in plain[1:]]
        data = delimiter.encode().join([b'"' + raw + b'"', *others])
        return data, [read, *plain[1:]], True
    if kind == "quotes":  # a row whose quotes are wrong ends with its line
        others = [f'"{draw(WORDS)}"' for _ in cells[1:]]
        return delimiter.join(['"x"y', *others]).encode(), None, True
    if kind == "surplus":  # what is empty beyond the columns is no loss
        return line([*cells, *[""] * draw(st.integers(1, 3))]).encode(), cells, False
    # Other ways to read a row, with backslashes as escapes or quoted as a whole, may make it fit.
    cells = [text.replace("\\", "") for text in cells]
    if kind == "extra":
        more = draw(st.lists(TEXTS, min_size=1, max_size=3))
        more[-1] = _not_blank(more[-1].replace("\\", ""))
        return line([*cells, *more]).encode(), cells, True
    fewer = [
        _not_blank(cells[0].replace(delimiter, "")),
        *cells[1 : draw(st.integers(1, len(cells) - 1))],
    ]
    return line(fewer).encode(), fewer, True


@st.composite
def open_quote_files(draw: Any, *, damaged: bool) -> File:
    """CSV in which some rows open a quote that is never closed."""
    texts = st.sampled_from(["good", "fine, thanks", 'they said "no"', "two\nlines", "so-so"])
    parts, truth, bad = ["n,text"], [], set()
    for number, text in enumerate(draw(st.lists(texts, max_size=12)), start=1):
        if damaged and draw(st.booleans()):
            bad.add(number)
            parts.append(f'{number},"open')
            truth.append([str(number), "open"])
        else:
            quoted = '"' + text.replace('"', '""') + '"'
            bare = "," not in text and "\n" not in text and '"' not in text
            parts.append(f"{number},{text if bare and draw(st.booleans()) else quoted}")
            truth.append([str(number), text])
    data = "".join(f"{part}\n" for part in parts).encode()
    arguments = {"header": True, "text_columns": ("text",)}
    return File("csv", data, truth, bad, ["n", "text"], 1, arguments)


def _not_blank(cell: str) -> str:
    """Give a cell that by itself is a row: a line of blanks is none."""
    return cell if cell.strip() else "x"


@st.composite
def tsv_files(draw: Any, *, damaged: bool) -> File:
    """TSV, in which a quote is a plain character."""
    width = draw(st.integers(1, 4))
    header = draw(st.booleans())
    names = ["text", *draw(st.lists(NAMES, min_size=width - 1, max_size=width - 1))]
    cells_of = TEXTS.map(lambda text: text.replace("\t", " ").replace("\n", " ").rstrip("\r"))
    rows = draw(st.lists(st.lists(cells_of, min_size=width, max_size=width), max_size=7))
    if rows and not header:
        rows[0] = ["good film"] * width
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    lines = ["\t".join(names).encode()] if header else []
    truth, bad = [], set()
    for number, cells in enumerate(rows, start=1):
        read, raw = cells, "\t".join(cells).encode()
        if damaged and draw(st.booleans()):
            bad.add(number)
            wide = draw(st.sampled_from([-1, 0, 1])) if number > 1 or header else 0
            if wide == 0 or (wide < 0 and width == 1):
                start, text = with_bad_bytes(draw, cells[0])
                read = [text, *cells[1:]]
                raw = b"\t".join([start, *(cell.encode() for cell in cells[1:])])
            elif wide < 0:
                read = [_not_blank(cells[0]), *cells[1:-1]]
                raw = "\t".join(read).encode()
                read = [*read, ""]
                if header and not names[-1]:  # of a column without a name, it is empty
                    bad.discard(number)
            else:
                raw += b"\tmore"
        lines.append(raw)
        truth.append(read)
    data = with_mark(draw, b"".join(line + end for line in lines))
    arguments = {"header": header, "text_columns": ("text" if header else "1",)}
    return File("tsv", data, truth, bad, names if header else None, 0, arguments)


@st.composite
def jsonl_files(draw: Any, *, damaged: bool) -> File:
    """JSON lines: objects of any values, strings, and lines that are neither."""
    values = st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
        max_leaves=3,
    )
    objects = st.builds(
        lambda text, more: {"text": text} | more, TEXTS, st.dictionaries(NAMES, values, max_size=3)
    )
    rows = draw(st.lists(objects | TEXTS, max_size=7))
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\n\n", b" \n"]))
    lines, truth, bad = [], [], set()
    for number, row in enumerate(rows, start=1):
        ascii_only = draw(st.booleans()) or "\\ud8" in json.dumps(row)
        line = json.dumps(row, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        truth.append({"text": row} if isinstance(row, str) else row)
        if damaged and draw(st.booleans()):
            bad.add(number)
            broken = [b"nonsense", b"[1]", b"null", b"{", b'{"a": nan}', b'{"a": 1, "a": 2}',
                      b"[" * 3000, b'{"a": 1e999}', b'{"a": ' + b"9" * 5000 + b"}", line + b"}",
                      b'{"text": "\xff"}', b'\xffx', b'{"text": "a\tb"}']  # fmt: skip
            line = draw(st.sampled_from(broken))
            truth[-1] = {"text": "\ufffd"} if line == b'{"text": "\xff"}' else {}
        lines.append(line)
    data = with_mark(draw, b"".join(line + end for line in lines))
    return File("jsonl", data, truth, bad, None, None, {"text_columns": ("text",) * bool(rows)})


@st.composite
def json_files(draw: Any, *, damaged: bool) -> File:
    """A list of rows, or one in an object, on one line or on several."""
    truth = list(draw(jsonl_files(damaged=False)).rows)
    indent = draw(st.sampled_from(["", " ", "\n", "\n  ", "\r\n\t"]))
    lines: list[str] = []
    bad = set()
    for number, row in reversed([*enumerate(truth, start=1)]):
        line = json.dumps(row)
        if damaged and draw(st.booleans()):
            bad.add(number)
            # What is not closed ends where the next object begins on a line.
            closed = "\n" not in indent or (lines and not lines[0].lstrip().startswith("{"))
            broken = ["nonsense", "1", "null", '{"a": nan}', '{"a": 1, "a": 2}', '{"a": 1e999}',
                      '{"a": ' + "9" * 5000 + "}", '{"a": [1}', '{"text": "\xff"}',
                      *['{"a": "b}', '{"a": 1'] * (not closed)]  # fmt: skip
            line = draw(st.sampled_from(broken))
            truth[number - 1] = {"text": "\ufffd"} if "\xff" in line else {}
        lines.insert(0, indent + line)
    start, end = draw(st.sampled_from([("[", "]"), ('{"n": 1, "data": [', "]}"), ("[", "\n]\n")]))
    if damaged or not truth:  # what an object holds is told by its first row
        start, end = "[", "\n]"
    data = with_mark(draw, f"{start}{','.join(lines)}{end}".encode("latin-1"))
    return File("json", data, truth, bad, None, None, {"text_columns": ("text",) * bool(truth)})


def one_line(text: str) -> str:
    """Make a text one that a line can hold."""
    return text.replace("\n", " ").rstrip("\r")


@st.composite
def line_files(draw: Any, *, damaged: bool) -> File:
    """Plain lines, empty ones among them."""
    texts = draw(st.lists(TEXTS.map(one_line), max_size=9))
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    lines, truth, bad = [], [], set()
    for number, text in enumerate(texts, start=1):
        raw, read = text.encode(), text
        if damaged and draw(st.booleans()):
            bad.add(number)
            raw, read = with_bad_bytes(draw, text)
        lines.append(raw + end)
        truth.append([read])
    if lines and texts[-1] and draw(st.booleans()):
        lines[-1] = lines[-1].removesuffix(end)
        if b"\n" not in b"".join(lines):  # lone carriage returns would be the ends of lines
            lines, truth, bad = [], [], set()
    return File("lines", with_mark(draw, b"".join(lines)), truth, bad, ["text"])


@st.composite
def fasttext_files(draw: Any, *, damaged: bool) -> File:
    """fastText: a label before each text, or none."""
    lines, truth, bad = [], [], set()
    rows = draw(st.lists(st.tuples(st.sampled_from(["", "positive", "é:1"]), TEXTS), max_size=9))
    for number, (label, drawn) in enumerate(rows, start=1):
        text = one_line(drawn).lstrip().replace("__label__", "label")
        mark = f"__label__{label} " if label else ""
        raw, row = (mark + text).encode(), [label, text]
        if damaged and draw(st.booleans()):
            bad.add(number)
            if draw(st.booleans()):
                raw, read = with_bad_bytes(draw, text)
                raw, row = mark.encode() + raw, [label, read]
            else:
                row = ["a", f"__label__b {text}"]
                raw = f"__label__a {row[1]}".encode()
        lines.append(raw + b"\n")
        truth.append(row)
    data = with_mark(draw, b"".join(lines))
    return File("fasttext", data, truth, bad, ["label", "text"], 1)


@st.composite
def parquet_files(draw: Any, *, damaged: bool) -> File:
    """Parquet, in row groups of any size; it has no bad rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = draw(st.lists(TEXTS | st.none(), max_size=30))
    numbers = draw(st.lists(st.integers(0, 9) | st.none(), min_size=len(texts),
                            max_size=len(texts)))  # fmt: skip
    table = pa.table({"text": pa.array(texts, pa.string()), "n": pa.array(numbers, pa.int64())})
    stream = io.BytesIO()
    pq.write_table(table, stream, row_group_size=draw(st.integers(1, 9)))
    rows = [{"text": text, "n": n} for text, n in zip(texts, numbers, strict=True)]
    return File("parquet", stream.getvalue(), rows, set(), None, None, {"text_columns": ("text",)})


@st.composite
def xlsx_files(draw: Any, *, damaged: bool) -> File:
    """Workbooks of texts, shared or in their cells, with blank rows between; none is bad."""
    width = draw(st.integers(1, 4))
    header = draw(st.booleans())
    names = ["text", *draw(st.lists(NAMES, min_size=width - 1, max_size=width - 1))]
    rows = draw(st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=7))
    if rows and not header:
        rows[0] = ["good film"] * width
    strings: list[str] = []

    def cell(text: str, place: str) -> str:
        written = re.sub("[\0-\x08\x0b-\x1f_\ufffe\uffff]", lambda c: f"_x{ord(c[0]):04x}_", text)
        item = f"<t>{escape(written)}</t>"
        if draw(st.booleans()):
            return f'<c{place} t="inlineStr"><is>{item}</is></c>'
        strings.append(f"<si>{item}</si>")
        return f'<c{place} t="s"><v>{len(strings) - 1}</v></c>'

    lines, at = [], 1
    named = draw(st.booleans())
    for row in [names, *rows] if header else rows:
        places = [f' r="{letter}{at}"' if named else "" for letter in "ABCD"]
        cells = "".join(map(cell, row, places))
        lines.append(f'<row r="{at}">{cells}</row>')
        blank = draw(st.booleans())
        lines += ["<row><c/></row>"] * blank
        at += 1 + blank
    related = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = {"sheet1": "worksheet", "sharedStrings": "sharedStrings"}
    data = zipped({
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": '<workbook xmlns:r="r"><sheet name="a" r:id="sheet1"/></workbook>',
        "xl/_rels/workbook.xml.rels": "<Relationships>" + "".join(
            f'<Relationship Id="{part}" Type="{related}/{kind}" Target="{part}.xml"/>'
            for part, kind in parts.items()
        ) + "</Relationships>",
        "xl/sheet1.xml": f"<worksheet><sheetData>{''.join(lines)}</sheetData></worksheet>",
        "xl/sharedStrings.xml": f"<sst>{''.join(strings)}</sst>",
    })  # fmt: skip
    arguments = {"header": header, "text_columns": ("text" if header else "1",) * bool(lines)}
    return File("xlsx", data, rows, set(), names if header else None, 0, arguments)


def zipped(files: dict[str, str | bytes]) -> bytes:
    """Give a zip archive of names and contents."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


FILES = {
    "csv": csv_files,
    "tsv": tsv_files,
    "jsonl": jsonl_files,
    "json": json_files,
    "lines": line_files,
    "fasttext": fasttext_files,
    "parquet": parquet_files,
    "xlsx": xlsx_files,
}
