"""Which format a name stands for."""

from pathlib import Path

from sentiment.errors import DataError, UsageError
from sentiment.reviews.stream import COMPRESSIONS

INPUT_FORMATS = ("lines", "csv", "tsv", "jsonl", "parquet", "folder", "fasttext")
OUTPUT_FORMATS = ("text", "csv", "tsv", "jsonl", "parquet", "fasttext")
SUFFIXES = {
    ".txt": "lines",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ft": "fasttext",
}
NOT_READ = {
    ".json": "JSON is read one object a line; save it as .jsonl, or use --input-format jsonl",
    ".xlsx": "spreadsheets are not read; save the sheet as CSV",
    ".xls": "spreadsheets are not read; save the sheet as CSV",
    ".zip": "archives are not read; unpack it first",
    ".tar": "archives are not read; unpack it first",
    ".tgz": "archives are not read; unpack it first",
}
NOT_WRITTEN = {
    ".json": "JSON is written one object a line; name it .jsonl",
    ".xlsx": "spreadsheets are not written; name it .csv, which they open",
    ".xls": "spreadsheets are not written; name it .csv, which they open",
    ".zip": "archives are not written; say what it should hold with --format",
    ".tar": "archives are not written; say what it should hold with --format",
    ".tgz": "archives are not written; say what it should hold with --format",
}


def input_format_of(path: str | Path) -> str | None:
    """Give the format to read a file in by its suffix, None for an unknown one.

    Raises:
        DataError: Files of that suffix are not read.
    """
    if reason := NOT_READ.get(_suffix(path)):
        raise DataError(f"{path}: {reason}")
    return SUFFIXES.get(_suffix(path))


def output_format_of(path: str | Path) -> str:
    """Give the format to write a file in by its suffix: text for none and unknown ones.

    Raises:
        UsageError: The suffix is that of a format that is not written.
    """
    suffix = Path(path).suffix.lower()
    if suffix in COMPRESSIONS:
        raise UsageError(
            f"{path}: answers are not compressed; write {Path(path).with_suffix('')}, "
            f"then compress it with {COMPRESSIONS[suffix]}"
        )
    if reason := NOT_WRITTEN.get(suffix):
        raise UsageError(f"{path}: {reason}")
    format = SUFFIXES.get(suffix)
    return format if format in OUTPUT_FORMATS else "text"


def _suffix(path: str | Path) -> str:
    """Give the last suffix in lower case, beneath those of compressions."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
