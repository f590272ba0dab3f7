"""What it takes to read large files of other formats, beside pandas: `make bench-reading`.

A list of a million JSON objects, a workbook of 100,000 rows and a zip archive of a CSV of 1 GB are
made, answered by `sentiment predict -m fast`, and read by pandas, each in processes of its own. A
tenth of each is answered, too: memory that grows with the rows would show. Last come a plain CSV
and one text in the shell, against the commit before these formats were read. Needs Linux, 2 GB of
disk ($TMPDIR) and a quarter of an hour in which the machine does nothing else.
"""

import argparse
import compileall
import csv
import io
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from results import HERE, Table
from timing import Command, Watched, alternate, watched

PYTHON = sys.executable
TREE = HERE.parent
# The last commit that reads neither JSON lists nor workbooks nor archives.
BEFORE = "c56e1630d031b11811ba14ab71e37760eb306400"
TEXT = "The battery died after a week, twice, and nobody answered."
TENTH = 10
OBJECTS = 1_000_000
SHEET_ROWS = 100_000
PACKED_BYTES = 1_000_000_000
PLAIN_ROWS = 300_000
CSV_TURNS, TEXT_TURNS = 7, 41

_THINGS = (
    "kettle", "tent", "charger", "novel", "hotel room", "soup", "driver", "app", "jacket", "lamp",
    "concert", "support team", "keyboard", "ferry", "dentist", "bread", "printer", "garden chair",
)  # fmt: skip
_VERDICTS = (
    "was a joy from the first day", "broke within a week", "is fine, no more than that",
    "smelled of old fish", "exceeded what I had hoped for", "did what the box promised",
    "left me waiting for an hour", "is the best I have had in years", "was cold, late and dear",
    "makes me smile every morning", 'is "premium" in name only', "needs a better manual",
)  # fmt: skip
_ENDS = (
    "so I ordered a second one.", "and nobody answered my letters.", "as my neighbour had said.",
    "but the price was fair.", "which I did not expect at all!", "and I want my money back.",
    "even though it rained all week.", "and the café opposite is lovely, too.",
)  # fmt: skip
_SENTENCES = [f"The {a} {b}, {c}" for a in _THINGS for b in _VERDICTS for c in _ENDS]


def texts() -> Iterator[str]:
    """Yield texts of some thirty words without end, each with a word that no other has."""
    draw = random.Random(0)
    for number in count():
        yield f"{' '.join(draw.choices(_SENTENCES, k=draw.choice((1, 2, 2, 3))))} Order n{number}x."


def write_json(path: Path, rows: int) -> None:
    """Write a list of objects in which the text is nested, on one line."""
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(islice(texts(), rows)):
            row = {
                "id": number,
                "author": {"name": f"user {number % 977}", "city": None},
                "review": {"text": text, "stars": number % 5 + 1},
                "tags": ["a", "b"][: number % 3],
            }
            file.write(("," if number else "[") + json.dumps(row))
        file.write("]")


def csv_lines() -> Iterator[str]:
    """Yield the lines of a CSV without end, the header among them."""
    yield "id,stars,text\n"
    for number, text in enumerate(texts()):
        quoted = text.replace('"', '""')
        yield f'{number},{number % 5 + 1},"{quoted}"\n'


def write_csv(path: Path, rows: int) -> None:
    """Write a CSV."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(islice(csv_lines(), rows + 1))


def write_zip(path: Path, size: int) -> int:
    """Write an archive with a CSV of some number of bytes; return its rows."""
    written = rows = 0
    with (
        ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("reviews.csv", "w") as member,
    ):
        lines = csv_lines()
        member.write(next(lines).encode())
        while written < size:
            block = "".join(islice(lines, 1000)).encode()
            rows += 1000
            written += member.write(block)
    return rows


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/sheet.xml" ContentType="{_TYPES}.worksheet+xml"/>'
    f'<Override PartName="/xl/strings.xml" ContentType="{_TYPES}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="a" '
    f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Reviews" sheetId="1" r:id="a"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="a" Type="{_OFFICE}/worksheet" Target="sheet.xml"/>'
    f'<Relationship Id="b" Type="{_OFFICE}/sharedStrings" Target="strings.xml"/></Relationships>',
}


def write_xlsx(path: Path, rows: int) -> int:
    """Write a workbook as Excel does, with shared strings; return their bytes in UTF-8.

    openpyxl would write the texts into the sheet.
    """
    strings = ["id", "stars", "text", *islice(texts(), rows)]
    cells = '<c r="A{0}"><v>{1}</v></c><c r="B{0}"><v>{2}</v></c><c r="C{0}" t="s"><v>{3}</v></c>'
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, part in _PARTS.items():
            archive.writestr(name, part)
        with io.TextIOWrapper(archive.open("xl/sheet.xml", "w"), "utf-8") as file:
            file.write(f'<worksheet xmlns="{_MAIN}"><sheetData><row r="1">')
            file.writelines(
                f'<c r="{letter}1" t="s"><v>{place}</v></c>' for place, letter in enumerate("ABC")
            )
            for number in range(rows):
                row = cells.format(number + 2, number, number % 5 + 1, number + 3)
                file.write(f'</row><row r="{number + 2}">{row}')
            file.write("</row></sheetData></worksheet>")
        with io.TextIOWrapper(archive.open("xl/strings.xml", "w"), "utf-8") as file:
            file.write(f'<sst xmlns="{_MAIN}" count="{len(strings)}">')
            file.writelines(f"<si><t>{escape(text)}</t></si>" for text in strings)
            file.write("</sst>")
    return sum(len(text.encode()) for text in strings)


@dataclass(frozen=True)
class Place:
    """The folder with all that is made, and what is run there."""

    folder: Path
    before: str

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def answered(self, path: Path, rows: int, *options: str) -> Watched:
        """Answer a file, and check that each row has come out in its place."""
        out = self / "out.csv"
        taken = watched([*ours(TREE), "-m", "fast", "-i", path, "-o", out, "--force", *options])
        with out.open(encoding="utf-8", newline="") as file:
            answers = csv.DictReader(file)
            rights = (row["id"] == str(n) and row["predicted"] for n, row in enumerate(answers))
            kept = sum(map(bool, rights))
        out.unlink()
        if kept != rows or answers.line_num != rows + 1:
            sys.exit(f"{path.name}: {rows:,} rows in, {kept:,} answers in their places")
        return taken


def ours(tree: Path) -> Command:
    """Return the start of `predict` by the code in a folder."""
    return ["env", f"PYTHONPATH={tree}", PYTHON, "-P", "-m", "sentiment", "predict"]


def pandas(path: Path, function: str, rows: int) -> Watched:
    """Read a file by pandas."""
    code = f"import pandas; assert len(pandas.{function}({str(path)!r})) == {rows}"
    return watched([PYTHON, "-c", code])


def compare(table: Table, place: Place, what: str, path: Path, rows: int, function: str) -> None:
    """Add how a file is answered by several processes and by one, and how pandas reads it."""
    for name, options in (("predict", ()), ("predict --workers 1", ("--workers", "1"))):
        add(table, f"{what}: {name}", place.answered(path, rows, *options), rows)
    if function:
        add(table, f"{what}: pandas.{function} alone", pandas(path, function, rows), rows)
    path.unlink()


def add(table: Table, name: str, taken: Watched, rows: int) -> None:
    """Add a row of the table."""
    worker = f"{taken.worker:.0f} MB" if taken.worker else ""
    table.row(name, f"{rows:,}", f"{rows / taken.seconds:,.0f}", f"{taken.first:.0f} MB", worker)


def json_list(table: Table, place: Place) -> None:
    """A list of objects."""
    for rows, function in ((OBJECTS // TENTH, ""), (OBJECTS, "read_json")):
        path = place / "reviews.json"
        write_json(path, rows)
        size = f"{path.stat().st_size / 1e6:,.0f} MB"
        compare(table, place, f"JSON list, {size}", path, rows, function)


def workbook(table: Table, place: Place) -> None:
    """A workbook with shared strings."""
    for rows, function in ((SHEET_ROWS // TENTH, ""), (SHEET_ROWS, "read_excel")):
        path = place / "reviews.xlsx"
        size = write_xlsx(path, rows)
        what = f".xlsx, {size / 1e6:,.1f} MB of shared strings"
        compare(table, place, what, path, rows, function)


def archive(table: Table, place: Place) -> None:
    """A zip archive with a CSV."""
    for size, function in ((PACKED_BYTES // TENTH, ""), (PACKED_BYTES, "read_csv")):
        path = place / "reviews.zip"
        rows = write_zip(path, size)
        compare(table, place, f"zip of a CSV of {size / 1e6:,.0f} MB", path, rows, function)


def unchanged(table: Table, place: Place) -> None:
    """A plain CSV and one text, by this code and by that before it, which take turns."""
    tree = place / "before"
    tree.mkdir()
    packed = place / "before.tar"
    subprocess.run(
        ["git", "archive", "-o", packed, place.before, "sentiment"], cwd=TREE, check=True
    )
    subprocess.run(["tar", "xf", packed, "-C", tree], check=True)
    for each in (TREE, tree):
        compileall.compile_dir(each / "sentiment", quiet=1)
    path = place / "reviews.csv"
    write_csv(path, PLAIN_ROWS)
    out = place / "out.csv"
    commands: dict[str, tuple[int, Command]] = {
        f"plain CSV, {PLAIN_ROWS:,} rows": (CSV_TURNS, ["-i", path, "-o", out, "--force"]),
        "one text": (TEXT_TURNS, [TEXT]),
    }
    for what, (turns, arguments) in commands.items():
        now, then = ([*ours(each), "-m", "fast", *arguments] for each in (TREE, tree))
        pairs = alternate(now, then, turns)
        ratio = f"{pairs.ratio:.2f} ({min(pairs.ratios):.2f}–{max(pairs.ratios):.2f})"
        table.row(f"time of {what} / before other formats", "", ratio, "", "")


PARTS: dict[str, Callable[[Table, Place], None]] = {
    part.__name__: part for part in (json_list, workbook, archive, unchanged)
}


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--before", default=BEFORE, help="the commit to compare with")
    asked = parser.parse_args()
    table = Table(
        "Reading",
        "make bench-reading",
        "rows a second from the start of a command to its end, and the most memory (resident set, "
        "with all that is shared) of the process that reads and writes, and of the largest that "
        "scores for it",
        ("what", "rows", "rows a second", "memory", "a worker"),
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), asked.before)
        for name in asked.parts or PARTS:
            PARTS[name](table, place)
    if not asked.parts:
        table.write()


if __name__ == "__main__":
    main()
