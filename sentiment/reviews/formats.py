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
