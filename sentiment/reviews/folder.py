"""A folder with `pos/` and `neg/`, each text in a file of its own."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from sentiment.errors import DataError
from sentiment.reviews.feed import check_encoding, describe_byte
from sentiment.reviews.source import BATCH_CHARS, BATCH_ROWS, Batch, Row, row_error

FOLDER_LABELS = {
    "neg": "negative",
    "negative": "negative",
    "pos": "positive",
    "positive": "positive",
}


class FolderSource:
    """The `.txt` files below `pos/` and `neg/` (or `positive/`, `negative/`), sorted by name.

    Columns: `text`, `label` ("positive" or "negative"), `file` (its path within the folder).

    Raises:
        DataError: The folder does not have both sub-folders.
        UsageError: There is no such encoding.
    """

    format = "folder"
    has_header = True

    def __init__(self, path: Path, encoding: str = "utf-8") -> None:
        self.name = str(path)
        self.columns = ["text", "label", "file"]
        self.header = self.columns
        self._encoding = check_encoding(encoding)
        self._path = path
        folders = sorted(name for name in FOLDER_LABELS if (path / name).is_dir())
        if len({FOLDER_LABELS[name] for name in folders}) < 2:
            found = ", ".join(sorted(child.name for child in path.iterdir())[:5]) or "nothing"
            raise DataError(
                f"{path}: a folder of reviews holds pos/ and neg/ (or positive/ and negative/) "
                f"with .txt files; found {found}"
            )
        self._files = [
            (file, FOLDER_LABELS[name])
            for name in folders
            for file in sorted((path / name).glob("*.txt"))
        ]

    def batches(self) -> Iterator[Batch]:
        """Give the rows in batches; see `Source.batches`."""
        rows: list[Row] = []
        chars = first = 0
        for number, (file, label) in enumerate(self._files, start=1):
            text = self._read(file, number)
            name = file.relative_to(self._path).as_posix()
            rows.append({"text": text, "label": label, "file": name})
            chars += len(text)
            if len(rows) == BATCH_ROWS or chars >= BATCH_CHARS:
                yield Batch(rows, first + 1, name=self.name, format=self.format)
                rows, chars, first = [], 0, number
        if rows:
            yield Batch(rows, first + 1, name=self.name, format=self.format)

    def close(self) -> None:
        """No file stays open."""

    def _read(self, file: Path, number: int) -> str:
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise DataError(f"{file}: {error.strerror or error}") from error
        try:
            text = codecs.decode(raw, self._encoding)
        except UnicodeDecodeError as error:
            what = describe_byte(error.object[error.start], self._encoding)
            raise row_error(str(file), number, what) from error
        return text.removeprefix("\ufeff").removesuffix("\n").removesuffix("\r")
