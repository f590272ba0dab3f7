"""The table that a benchmark prints, and its section of RESULTS.md or another file."""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from timing import Pairs

HERE = Path(__file__).resolve().parent
DATASETS = HERE.parent.parent / "shared" / "datasets"


def require_datasets() -> None:
    """Stop with one line where the real data sets are not."""
    if not DATASETS.is_dir():
        sys.exit(f"{DATASETS}: the real data sets are not here")


def parts_asked(description: str | None, parts: Iterable[str]) -> tuple[list[str], bool]:
    """Read which parts of a benchmark the command line names, and whether these are all."""
    every = list(parts)
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("parts", nargs="*", choices=[*every, []], help="default: all")
    named = parser.parse_args().parts
    require_datasets()
    return named or every, not named


class Table:
    """Rows of figures, printed as they come."""

    def __init__(
        self,
        title: str,
        command: str,
        what: str,
        columns: tuple[str, ...] = ("figure", "value"),
        file: str = "RESULTS.md",
    ) -> None:
        """Begin a table.

        Args:
            title: its heading in the file.
            command: what makes it.
            what: what its numbers are.
            columns: their names.
            file: in this folder, where the table is kept.
        """
        self._title = title
        self._path = HERE / file
        self._head = [
            f"Written by `{command}`: {what}.",
            "",
            f"| {' | '.join(columns)} |",
            "|---" * len(columns) + "|",
        ]
        self._rows: list[str] = []

    def add(self, name: str, values: list[float], *, percent: bool = True) -> None:
        """Add a figure, one value a seed."""
        mean, low, high = (f(values) for f in (np.mean, np.min, np.max))
        form = (lambda x: f"{100 * x:.2f}") if percent else (lambda x: f"{x:.4f}")
        spread = f" ({form(low)}–{form(high)})" if len(values) > 1 else ""
        self.row(name, f"{form(mean)}{spread}")

    def ratio(self, name: str, pairs: "Pairs") -> None:
        """Add the median ratio of two commands, its range, and the median times."""
        ratios = pairs.ratios
        times = f"{median(pairs.ours):.2f} and {median(pairs.theirs):.2f} s"
        self.row(name, f"{pairs.ratio:.2f}", f"{min(ratios):.2f}–{max(ratios):.2f}", times)

    def row(self, name: str, *cells: str) -> None:
        """Add a row, and print it."""
        print(f"{name:<58} {'  '.join(cells)}", flush=True)
        self._rows.append(f"| {name.strip()} | {' | '.join(cells)} |")

    def note(self, text: str) -> None:
        """Print something that is not kept."""
        print(text, flush=True)

    def write(self, *, every: bool = True) -> None:
        """Replace this table's section of its file.

        Args:
            every: whether the rows are all there are; if not, those of other names stay.
        """
        path = self._path
        text = path.read_text(encoding="utf-8") if path.exists() else f"# {path.stem.title()}\n"
        begin, end = f"<!-- {self._title} -->", f"<!-- end of {self._title} -->"
        rows = self._rows
        if begin in text and not every:
            new = {_name(row) for row in rows}
            section = text.split(begin)[1].split(end)[0]
            old = [line for line in section.splitlines() if line.startswith("| ")][1:]
            rows = [row for row in old if _name(row) not in new] + rows
        section = "\n".join([begin, f"## {self._title}", "", *self._head, *rows, end])
        if begin in text:
            before, rest = text.split(begin)
            text = before + section + rest.split(end)[1]
        else:
            text = f"{text.rstrip()}\n\n{section}\n"
        path.write_text(text, encoding="utf-8")


def _name(row: str) -> str:
    return row.split(" | ", maxsplit=1)[0]


def write_parts(
    description: str | None, parts: Mapping[str, Callable[[Table], None]], table: Table
) -> None:
    """Run the parts that the command line names into a table, and write their rows."""
    chosen, every = parts_asked(description, parts)
    for name, part in parts.items():
        if name in chosen:
            part(table)
    table.write(every=every)
