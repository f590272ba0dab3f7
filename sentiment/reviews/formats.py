"""Names of formats, and options for reading."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.errors import DataError, UsageError
from sentiment.reviews.streams import COMPRESSIONS

if TYPE_CHECKING:
    from sentiment.reviews.batch import BadRows


@dataclass(frozen=True)
class ReadOptions:
    """The command-line options for reading.

    Attributes:
        format: The input format; None detects it by suffix and content.
        encoding: The encoding of text formats.
        header: Whether delimited files have a header; None detects it.
        text_columns: The columns of text; empty to detect them.
        label_column: The column of labels; None to detect it.
        positive: Values that mean positive.
        negative: Values that mean negative.
        strict: Neutral and missing labels are errors.
        keep: Additional columns to keep.
        slices: Names allowed in `keep` that need no column, for suggestions.
        not_columns: Names of built-in slices; a column with such a name is an error.
        bad_rows: The policy for bad rows; None stops at the first.
    """

    format: str | None = None
    encoding: str = "utf-8"
    header: bool | None = None
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    strict: bool = False
    keep: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    not_columns: tuple[str, ...] = ()
    bad_rows: "BadRows | None" = None


INPUT_FORMATS = ("lines", "csv", "tsv", "jsonl", "parquet", "folder", "fasttext")
OUTPUT_FORMATS = ("text", "csv", "tsv", "jsonl", "parquet", "fasttext")
SUFFIXES = {
    ".txt": "lines",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ft": "fasttext",
}
NOT_READ = {
    ".xlsx": "spreadsheets are not read; save the sheet as CSV",
    ".xls": "spreadsheets are not read; save the sheet as CSV",
    ".zip": "archives are not read; unpack it first",
    ".tar": "archives are not read; unpack it first",
    ".tgz": "archives are not read; unpack it first",
}
# Suffixes of files that answers cannot be written to, with the kind of file.
OTHER_KINDS = {
    "spreadsheets": (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"),
    "archives": (".zip", ".tar", ".tgz", ".7z", ".rar", ".zst"),
    "documents": (".pdf", ".doc", ".docx", ".odt", ".rtf", ".ppt", ".pptx", ".epub"),
    "pages": (".html", ".htm", ".xhtml"),
    "pictures": (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"),
    "databases": (".db", ".sqlite", ".sqlite3", ".duckdb"),
    "models": (".safetensors", ".onnx", ".keras", ".h5", ".bin", ".pt"),
    "XML and YAML": (".xml", ".yaml", ".yml"),
    "arrays and frames": (".arrow", ".feather", ".avro", ".orc", ".pkl", ".pickle", ".npy", ".npz"),
}
NAMES_WRITTEN = "name it .csv, .tsv, .jsonl, .parquet or .txt"


def input_format_of(path: str | Path) -> str | None:
    """Return the input format by the suffix of a file, or None if unknown.

    Raises:
        DataError: Files with that suffix cannot be read.
    """
    if reason := NOT_READ.get(suffix_of(path)):
        raise DataError(f"{path}: {reason}")
    return SUFFIXES.get(suffix_of(path))


def output_format_of(path: str | Path, named: str | None = None) -> str:
    """Return the output format: the one named, else by the suffix of the file, else text.

    Args:
        path: The file.
        named: The format that the user named.

    Raises:
        UsageError: The suffix is that of another format, or cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix in COMPRESSIONS:
        raise UsageError(
            f"{path}: answers are not compressed; write {Path(path).with_suffix('')}, "
            f"then compress it with {COMPRESSIONS[suffix]}"
        )
    for kind, suffixes in OTHER_KINDS.items():
        if suffix in suffixes:
            raise UsageError(f"{path}: answers are not written as {kind}; {NAMES_WRITTEN}")
    if suffix == ".json" and named != "jsonl":
        raise UsageError(f"{path}: JSON is written one object a line; name it .jsonl")
    by_name = "text" if SUFFIXES.get(suffix) == "lines" else SUFFIXES.get(suffix)
    # Any text format may have the suffix .txt.
    fits = by_name in (None, named) or (by_name == "text" and named != "parquet")
    if named and not fits:
        raise UsageError(
            f"{path} ends in {suffix}, but the format is {named}: rename the file, or leave the "
            "format out"
        )
    return named or by_name or "text"


def looks_like_file(text: str) -> bool:
    """Return whether a text ends like the name of a file of reviews, readable or not."""
    suffix = suffix_of(text)
    return suffix in SUFFIXES or suffix in NOT_READ or Path(text).suffix.lower() in COMPRESSIONS


def suffix_of(path: str | Path) -> str:
    """Return the last suffix in lower case, ignoring those of compression."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
