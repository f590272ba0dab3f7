"""A folder of text files, each a review of its own; `pos/` and `neg/` in it are the labels."""

import shlex
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sentiment.errors import DataError
from sentiment.reviews.batch import (
    BATCH_CHARS,
    BATCH_ROWS,
    STOP,
    BadRow,
    BadRows,
    Batch,
    Row,
    Unreadable,
    readable,
)
from sentiment.reviews.cells import and_more
from sentiment.reviews.feed import TextFeed, check_encoding
from sentiment.reviews.formats import SUFFIXES, suffix_of
from sentiment.reviews.streams import open_stream

FOLDER_LABELS = {
    "neg": "negative",
    "negative": "negative",
    "pos": "positive",
    "positive": "positive",
}
SHOWN_FILES = 3


class FolderSource:
    """The `.txt` files below `pos/` and `neg/` (or `positive/`, `negative/`), sorted by name.

    Columns: `text`, `label` ("positive" or "negative"), `file` (its path within the folder).
    Where no label is needed, a folder without these sub-folders is read too: the `.txt` files
    in it, columns `text` and `file`.

    Raises:
        DataError: The folder does not hold what is needed.
        UsageError: There is no such encoding.
    """

    format = "folder"
    has_header = True

    def __init__(
        self,
        path: Path,
        encoding: str = "utf-8",
        *,
        need_label: bool = False,
        bad_rows: BadRows = STOP,
    ) -> None:
        self.name = str(path)
        self._bad_rows = bad_rows
        self._encoding = check_encoding(encoding)
        self._path = path
        folders = [name for name in FOLDER_LABELS if (path / name).is_dir()]
        labelled = len({FOLDER_LABELS[name] for name in folders}) == 2
        files, others = _list_files([path / name for name in folders] if labelled else [path])
        if not labelled and (need_label or not files):
            raise DataError(
                f"{path}: a folder of reviews holds pos/ and neg/ (or positive/ and negative/) "
                f"with .txt files{'' if need_label else ', or .txt files'}; {_instead(path)}"
            )
        self._files = files
        self._labelled = labelled
        self.columns = ["text", "label", "file"] if labelled else ["text", "file"]
        self.header = self.columns
        self.notes = [self._describe(others)] if others else []

    def batches(self) -> Iterator[Batch]:
        """Give the rows in batches; see `Source.batches`."""
        items: list[Row | BadRow] = []
        chars = before = 0
        for number, file in enumerate(self._files, start=1):
            text, reason = self._read(file)
            row = {"text": text}
            if self._labelled:
                row["label"] = FOLDER_LABELS[file.parent.name]
            row["file"] = self._short(file)
            items.append(BadRow(reason, row, "", file=str(file)) if reason else row)
            chars += len(text)
            if len(items) == BATCH_ROWS or chars >= BATCH_CHARS or number == len(self._files):
                yield from self._bad_rows.batches(
                    items, before + 1, name=self.name, format=self.format
                )
                items, chars, before = [], 0, number

    def waits(self) -> bool:
        """Files are there already."""
        return False

    def close(self) -> None:
        """No file stays open."""

    def _read(self, file: Path) -> tuple[str, str | None]:
        """Give the text of a file, and what is wrong with it, if anything."""
        try:
            with closing(TextFeed(open_stream(file), self._encoding, markup=True)) as feed:
                text = feed.whole()
        except (DataError, Unreadable) as error:
            return "", str(error).removeprefix(f"{file}: ")
        text = text.removesuffix("\n").removesuffix("\r")
        damage = feed.damage_in(text)
        return (readable(text) if damage else text), damage

    def _short(self, file: Path) -> str:
        return file.relative_to(self._path).as_posix()

    def _describe(self, others: list[Path]) -> str:
        names = and_more(others, SHOWN_FILES, self._short)
        return f"skipped {len(others):,} that are not .txt files: {names}"


def _instead(path: Path) -> str:
    """Say what a folder holds instead, and how to read that."""
    names = sorted(child.name for child in path.iterdir())
    for name in names:
        suffix = suffix_of(name)
        if suffix in SUFFIXES and suffix != ".txt":
            end = name[name.lower().rindex(suffix) :]  # `.csv.gz`, in its own case
            return f"to read the files in it, name them: {shlex.quote(f'{path}/*{end}')}"
    return f"found {', '.join(names[:5]) or 'nothing'}"


def _list_files(folders: list[Path]) -> tuple[list[Path], list[Path]]:
    """Give the `.txt` files in some folders, and what else is there; nothing that is hidden."""
    found = [
        child
        for folder in sorted(folders)
        for child in sorted(folder.iterdir())
        if not child.name.startswith(".")
    ]
    files = [child for child in found if child.suffix.lower() == ".txt" and child.is_file()]
    return files, sorted(set(found) - set(files))
