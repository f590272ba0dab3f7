"""What `summarize` takes: time beside `predict`, and memory as the rows grow.

`make bench-summarize` runs this. Made-up short reviews, with stores and dates, are written to a
temporary folder; figures go into their section of RESULTS.md. `ROWS=100000` makes fewer.
"""

import os
import random
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

from results import HERE, Table
from timing import alternate, memory

ROWS = int(os.environ.get("ROWS", "1000000"))
FEW, TURNS = ROWS // 10, 3
PYTHON = sys.executable
_SAYS = ("great", "awful", "fine", "lovely", "broken", "slow", "friendly", "late", "perfect")


def write(path: Path, rows: int) -> None:
    """Write made-up reviews: a sentence from templates, and what its writer says of something."""
    sentences = (HERE / "templates.txt").read_text(encoding="utf-8").splitlines()
    dice = random.Random(0)
    begin = date(2023, 1, 1)
    with path.open("w", encoding="utf-8") as file:
        file.write("store,day,review\n")
        for number in range(rows):
            words = f"{dice.choice(_SAYS)} and {dice.choice(_SAYS)}, number {number}"
            text = f"{dice.choice(sentences).format(term=dice.choice(_SAYS))} It was {words}."
            day = begin + timedelta(days=dice.randrange(700))
            file.write(f'store {dice.randrange(200)},{day},"{text}"\n')


def main() -> None:
    """Time the commands by turns, and watch the memory."""
    table = Table(
        "Summaries of many short reviews",
        "make bench-summarize",
        f"{ROWS:,} made-up reviews of some 16 words, `-m fast`; ratios are of whole commands that "
        "took turns",
        ("what", "ratio to `predict`", "range", "both"),
    )
    with tempfile.TemporaryDirectory() as folder:
        many, few, out = (Path(folder) / f"{name}.csv" for name in ("many", "few", "out"))
        write(many, ROWS)
        write(few, FEW)
        own = (PYTHON, "-m", "sentiment")
        predict = (*own, "predict", "-q", "-m", "fast", "-i", many, "-o", out, "--force")
        by = ("--by", "store", "--over", "day")
        plain = (*own, "summarize", "-q", "-m", "fast", "--json")
        for name, options in {
            "shares, groups and trend, --no-themes": ("--no-themes", *by),
            "the same with themes and aspects": by,
        }.items():
            table.ratio(name, alternate((*plain, many, *options), predict, TURNS))
        for path, rows in ((few, FEW), (many, ROWS)):
            for workers in ("1", "2"):
                most = memory((*plain, path, *by, "--workers", workers))
                what = f"memory of {rows:,} rows, --workers {workers}"
                table.row(what, "", "", f"{most.tree:.0f} MB")
    table.write()


if __name__ == "__main__":
    main()
