"""The table that a benchmark prints, and its section of RESULTS.md."""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
DATASETS = HERE.parent.parent / "shared" / "datasets"


def require_datasets() -> None:
    """Stop with one line where the real data sets are not."""
    if not DATASETS.is_dir():
        sys.exit(f"{DATASETS}: the real data sets are not here")


class Table:
    """Rows of figures, printed as they come."""

    def __init__(self, title: str, command: str) -> None:
        self._title = title
        self._lines = [
            f"Written by `{command}`; mean and, in brackets, the range over seeds.",
            "",
            "| figure | value |",
            "|---|---|",
        ]

    def add(self, name: str, values: list[float], *, percent: bool = True) -> None:
        """Add a figure, one value a seed."""
        mean, low, high = (f(values) for f in (np.mean, np.min, np.max))
        form = (lambda x: f"{100 * x:.2f}") if percent else (lambda x: f"{x:.4f}")
        spread = f" ({form(low)}–{form(high)})" if len(values) > 1 else ""
        print(f"{name:<58} {form(mean)}{spread}", flush=True)
        self._lines.append(f"| {name.strip()} | {form(mean)}{spread} |")

    def note(self, text: str) -> None:
        """Print something that is not kept."""
        print(text, flush=True)

    def write(self) -> None:
        """Replace this table's section of RESULTS.md."""
        path = HERE / "RESULTS.md"
        text = path.read_text(encoding="utf-8") if path.exists() else "# Results\n"
        begin, end = f"<!-- {self._title} -->", f"<!-- end of {self._title} -->"
        section = "\n".join([begin, f"## {self._title}", "", *self._lines, end])
        if begin in text:
            before, rest = text.split(begin)
            text = before + section + rest.split(end)[1]
        else:
            text = f"{text.rstrip()}\n\n{section}\n"
        path.write_text(text, encoding="utf-8")
