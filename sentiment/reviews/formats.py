"""Names of formats, and how a user says what to read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment.reviews.batch import BadRows
from pathlib import Path

from sentiment.errors import DataError, UsageError
from sentiment.reviews.streams import COMPRESSIONS


@dataclass(frozen=True)
class ReadOptions:
    """What the command-line options say about reading.

    Attributes:
        format: The input format; None decides by suffix and content.
        encoding: The encoding of text formats.
        header: Whether delimited files have a header; None decides by their first rows.
        text_columns: The columns of text; none to have them found.
        label_column: The column of labels; None to have it found.
        positive: Values that mean positive.
        negative: Values that mean negative.
        strict: Neutral and missing labels are errors.
        keep: Columns that are wanted beside texts and labels.
        slices: Names that could have been meant by `keep`, and need no column.
        not_columns: Names of slices that need no column; a column of such a name is an error.
        bad_rows: What is done about rows that cannot be read; None stops at the first.
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
# Suffixes of what answers are not, with the kind of file that they promise.
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
    """Give the format to read a file in by its suffix, None for an unknown one.

    Raises:
        DataError: Files of that suffix are not read.
    """
    if reason := NOT_READ.get(suffix_of(path)):
        raise DataError(f"{path}: {reason}")
    return SUFFIXES.get(suffix_of(path))


def output_format_of(path: str | Path, named: str | None = None) -> str:
    """Give the format to write a file in: the one named, else by its suffix, else text.

    Args:
        path: The file.
        named: A format that the user asked for.

    Raises:
        UsageError: The suffix is that of what is not written, or of another format.
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
    # What can be read as text may be called .txt.
    fits = by_name in (None, named) or (by_name == "text" and named != "parquet")
    if named and not fits:
        raise UsageError(
            f"{path} is called {suffix}, and {named} is asked for: call it otherwise, or leave the "
            "format out"
        )
    return named or by_name or "text"


def looks_like_file(text: str) -> bool:
    """Tell whether a text ends as names of files do that hold reviews, be they read or not."""
    suffix = suffix_of(text)
    return suffix in SUFFIXES or suffix in NOT_READ or Path(text).suffix.lower() in COMPRESSIONS


def suffix_of(path: str | Path) -> str:
    """Return the last suffix in lower case, beneath those of compressions."""
    suffixes = [suffix.lower() for suffix in Path(path).suffixes]
    while suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
