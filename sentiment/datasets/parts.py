"""Rows → a CSV file for each part of a set, and the hash of all rows."""

from collections.abc import Iterable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

from sentiment.datasets.archives import Unexpected
from sentiment.datasets.catalog import Dataset
from sentiment.datasets.layouts import PartRow
from sentiment.reviews.cells import csv_cell


def write_parts(
    rows: Iterable[PartRow], dataset: Dataset, folder: Path
) -> tuple[dict[str, int], str]:
    """Write each part into the folder as `PART.csv`, with a header.

    Returns:
        The number of reviews of each part, and the hash of all rows, hexadecimal. The same rows in
        another order have the same hash: archives are packed anew, reviews stay.

    Raises:
        Unexpected: A part has no rows; or reading the rows does.
    """
    counts = dict.fromkeys(dataset.parts, 0)
    total = 0
    with ExitStack() as stack:
        files = {
            part: stack.enter_context(
                (folder / f"{part}.csv").open("w", encoding="utf-8", newline="")
            )
            for part in counts
        }
        for file in files.values():
            file.write(",".join(dataset.columns) + "\n")
        for part, cells in rows:
            line = ",".join(map(csv_cell, cells)) + "\n"
            files[part].write(line)
            counts[part] += 1
            total += int.from_bytes(sha256(f"{part},{line}".encode()).digest())
    for part, count in counts.items():
        if not count:
            raise Unexpected(f"no reviews found for its part {part}")
    return counts, f"{total % 2**256:064x}"
