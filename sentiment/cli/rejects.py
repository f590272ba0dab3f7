"""`predict --on-bad-row`: what is done about rows that cannot be read, and the list of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sentiment.cli.console import console
from sentiment.errors import UsageError
from sentiment.files import replacing
from sentiment.reviews import BadRow, BadRows, output_format_of
from sentiment.reviews.bad_rows import Policy
from sentiment.reviews.cells import csv_cell, encode, to_json, tsv_cell

_COLUMNS = ("file", "row", "reason", "raw")


def check_rejects(path: Path, policy: str) -> None:
    """Stop before work is done that could not be written.

    Args:
        path: the file of the rows that are left out.
        policy: what is done about rows that cannot be read.

    Raises:
        UsageError: no row is left out, or its format is another.
    """
    if policy != "skip":
        raise UsageError("--rejects takes the rows that are left out: add --on-bad-row skip")
    if output_format_of(path) in ("parquet", "fasttext"):
        raise UsageError(f"--rejects {path}: name it .csv, .tsv or .jsonl")


@contextmanager
def handling(policy: Policy, path: Path | None, *, streamed: bool = False) -> Iterator[BadRows]:
    """Give what is done about rows that cannot be read; say in the end how many there were.

    Args:
        policy: one of `POLICIES`.
        path: rows that are left out are listed here; it appears whole or not at all.
        streamed: answers go out as they come, so that rows left out of them so far are listed when
            the run ends early, too.
    """
    bad_rows = BadRows(policy, advice="; --on-bad-row skip leaves such rows out")
    try:
        if path is None:
            yield bad_rows
        else:
            early: BaseException | None = None
            with replacing(path) as stream:
                bad_rows.tell = _Rejects(stream, output_format_of(path)).write
                try:
                    yield bad_rows
                except BaseException as error:
                    if not (streamed and bad_rows.found):
                        raise
                    early = error
            if early:
                raise early
    finally:
        for summary in bad_rows.summaries():
            console.warn(summary)


class _Rejects:
    """A list of rows that were left out, as CSV, TSV or JSON lines."""

    def __init__(self, stream: BinaryIO, format: str) -> None:
        self._stream = stream
        self._format = format
        if format != "jsonl":
            self._write_cells(_COLUMNS)

    def write(self, file: str, number: int, bad: BadRow) -> None:
        if self._format == "jsonl":
            record = dict(zip(_COLUMNS, (file, number, bad.reason, bad.raw), strict=True))
            self._stream.write(encode(to_json(record) + "\n"))
        else:
            self._write_cells((file, str(number), bad.reason, bad.raw))

    def _write_cells(self, cells: tuple[str, ...]) -> None:
        quote, delimiter = (tsv_cell, "\t") if self._format == "tsv" else (csv_cell, ",")
        self._stream.write(encode(delimiter.join(map(quote, cells)) + "\n"))
