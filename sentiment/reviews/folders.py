"""Folders of reviews: what is in them, their parts, and labels by names of folders and files."""

import os
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from sentiment.errors import DataError
from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE
from sentiment.reviews.batch import (
    BATCH_CHARS,
    BATCH_ROWS,
    STOP,
    BadRow,
    Batch,
    Row,
    Source,
    Unreadable,
    readable,
)
from sentiment.reviews.cells import and_more, count_of
from sentiment.reviews.encodings import AUTO, check_encoding
from sentiment.reviews.feed import TextFeed, replaced_note
from sentiment.reviews.rules import key_of, reads_as_label
from sentiment.reviews.scales import find_rule
from sentiment.reviews.streams import (
    JSON_FORMATS,
    SUFFIXES,
    ReadOptions,
    open_stream,
    suffix_of,
)
from sentiment.reviews.words import named_class

MAX_DEPTH = 6  # of folders below the one that is named
SHOWN_FILES = 3
_SHOWN_PATTERNS = 20
_EACH_A_CLASS = " (--classes all makes each folder a class)"
_NAMES = {
    "neg": NEGATIVE,
    "negative": NEGATIVE,
    "neu": NEUTRAL,
    "neutral": NEUTRAL,
    "pos": POSITIVE,
    "positive": POSITIVE,
}
_PARTS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "unsup": "unlabeled",
    "unsupervised": "unlabeled",
    "unlabeled": "unlabeled",
    "unlabelled": "unlabeled",
}
# Text files about the others.
_ABOUT = re.compile(r"(?:readme|licen[cs]e|citation|copying|changelog)\b.*", re.IGNORECASE)
_METADATA = {"dataset_dict.json", "dataset_info.json", "dataset_infos.json", "state.json"}
_WORD = re.compile(r"[^\W\d_]+")
_PARQUET = (
    'python3 -c "import sys, pyarrow as a, pyarrow.parquet as p; p.write_table('
    "a.ipc.open_stream(sys.argv[1]).read_all(), 'reviews.parquet')\" "
)


def files_of(folder: Path) -> list[Path]:
    """Return what a folder is read as: the tables in it, or itself if it holds texts.

    The tables, at any depth, are of one format, and no text files are beside them; or they are
    files of lines named by their classes, such as `reviews.pos` and `reviews.neg`.
    """
    files = _files_below(folder)
    texts = [file for file in _texts_among(files) if not _ABOUT.fullmatch(file.name)]
    if texts and _Levels(folder, texts).labels:
        return [folder]
    by_class = [file for file in files if _is_of_lines(file) and label_in(file.name)]
    labels = [label_in(file.name) for file in by_class]
    if len(set(labels)) == len(labels) > 1 and set(texts) <= set(by_class):
        return by_class
    tables = [file for file in files if _format_of(file) not in (None, "lines")]
    tables = [file for file in tables if not _is_about_data(file, folder)]
    formats = {"json" if name in JSON_FORMATS else name for name in map(_format_of, tables)}
    return tables if not texts and len(formats) == 1 else [folder]


def part_of(folder: Path, part: str) -> list[Path]:
    """Return the files or folders of one part of a folder, such as those of `train`.

    A folder whose names tell no parts, or only one, is returned itself.

    Raises:
        DataError: It has other parts, but not this one.
    """
    found = files_of(folder)
    if found == [folder]:
        found = _texts_among(_files_below(folder))
    parts: dict[str, dict[Path, None]] = {}
    for file in found:
        if named := _part_named(file.relative_to(folder)):
            name, place = named
            parts.setdefault(name, {})[folder / place] = None
    if len(parts) < 2:
        return [folder]
    if part not in parts:
        if part == "unlabeled":
            return [folder]
        names = ", ".join(sorted(parts))
        one = next(iter(parts[min(parts)]))
        raise DataError(
            f"{folder}: it has the parts {names}, and none called {part}; name what to read, such "
            f"as {shlex.quote(str(one))}"
        )
    return list(parts[part])


def label_of_file(path: Path) -> tuple[str, str] | None:
    """Return the label that a file's name tells, or that of a folder it is in, and which of them.

    A folder tells a label if those beside it tell others: `NEG/a.csv`, `1/a.csv`.
    """
    if label := label_in(path.name):
        return label, "by the file's name"
    for folder in path.parents:
        if not folder.name:
            return None
        if label := _labels_among(_folders_in(folder.parent)).get(folder.name):
            return label, f'by the folder "{folder.name}"'
    return None


def _folders_in(path: Path) -> Iterable[str]:
    """Return the names of the folders in a folder, which may be in an archive."""
    if path.is_dir():
        return (child.name for child in path.iterdir() if child.is_dir())
    from sentiment.reviews.archives import folders_in  # few inputs are in archives

    return folders_in(path)


def label_in(name: str) -> str | None:
    """Return the class that a part of a file's name tells, as in `rt-polarity.pos`, or None."""
    words = [word.casefold() for word in _WORD.findall(name)]
    found = {_NAMES[word] for word in words if word in _NAMES}
    return found.pop() if len(found) == 1 and not {"non", "not"} & set(words) else None


def _files_below(folder: Path) -> list[Path]:
    """Return the files in a folder and in those below it, sorted, without hidden ones."""
    found: list[Path] = []
    for name, folders, files in os.walk(folder):
        place = Path(name)
        deep = len(place.relative_to(folder).parts) >= MAX_DEPTH
        shown = [each for each in folders if each[0] != "." and each != "__MACOSX"]
        folders[:] = [] if deep else shown
        found += (place / file for file in files if file[0] != ".")
    return sorted(found)


def _texts_among(files: Iterable[Path]) -> list[Path]:
    return [file for file in files if file.suffix.lower() == ".txt" and file.is_file()]


def _format_of(file: Path) -> str | None:
    return SUFFIXES.get(suffix_of(file))


def _is_of_lines(file: Path) -> bool:
    """Return whether a file is a text by its suffix, or has that of a class."""
    return _format_of(file) == "lines" or suffix_of(file).removeprefix(".") in _NAMES


def _is_about_data(file: Path, folder: Path) -> bool:
    """Return whether a file describes others in a folder, as those of Hugging Face's `datasets` do.

    So do names with a leading underscore, such as those of Spark and Delta Lake.
    """
    names = file.relative_to(folder).parts
    return any(name[0] == "_" for name in names) or names[-1] in _METADATA


def _part_named(file: Path) -> tuple[str, Path] | None:
    """Return the part that a file is of, and the file or folder named so; None if none is."""
    for place in (file, *file.parents):
        found = {_PARTS[word] for word in _WORD.findall(place.name.casefold()) if word in _PARTS}
        if len(found) == 1:
            return found.pop(), place
    return None


def _labels_among(names: Iterable[str], *, numbers: bool = True) -> dict[str, str]:
    """Return the labels of folders beside each other that are named so; {} for less than two."""
    names = list(names)
    words = {name: label for name in names if (label := _class_named(name))}
    if len(set(words.values())) > 1:
        return words
    keys = {name: key for name in names if numbers and reads_as_label(key := key_of(name))}
    rule = find_rule(Counter(keys.values()), "label")
    classes = set(rule.known(keys.values()).values()) if rule else set()
    return {name: name for name in keys} if {NEGATIVE, POSITIVE} <= classes else {}


def _class_named(folder: str) -> str | None:
    return _NAMES.get(folder.casefold()) or named_class(folder.casefold()) or label_in(folder)


class _Levels:
    """The folders on one level below another that are named by labels.

    Attributes:
        labels: The label of each of the folders by its name; {} if there is no such level.
        depth: The number of folders above them.
    """

    def __init__(
        self,
        folder: Path,
        files: Sequence[Path],
        *,
        any_names: bool = False,
        numbers: bool = True,
    ) -> None:
        self._folder = folder
        above = [file.relative_to(folder).parts[:-1] for file in files]
        self.labels: dict[str, str] = {}
        self.depth = 0
        for self.depth in range(max(map(len, above), default=0)):
            names = dict.fromkeys(each[self.depth] for each in above if len(each) > self.depth)
            self.labels = _labels_among(names, numbers=numbers)
            if any_names and len(names) > 1:
                self.labels = {name: _NAMES.get(name.casefold(), name) for name in names}
            if self.labels:
                return

    def label_of(self, file: Path) -> str | None:
        """Return the label of the folder that a file is in, or None."""
        above = file.relative_to(self._folder).parts[:-1]
        return self.labels.get(above[self.depth]) if len(above) > self.depth else None

    def left_out(self, files: Iterable[Path]) -> list[str]:
        """Return the folders and files beside those with labels, by their short names."""
        found: dict[str, None] = {}
        for file in files:
            parts = file.relative_to(self._folder).parts
            cut = parts[: self.depth + 1]
            found["/".join(cut) + "/" * (len(cut) < len(parts))] = None
        return list(found)


class FolderSource(Source):
    """The `.txt` files below `pos/`, `neg/` and `neu/`, or folders of other labels, sorted by name.

    If the options ask for classes, all subfolders are read, and their names are labels. Columns:
    `text`, `label` ("positive", …), `file` (its path within the folder).
    If no label is needed, a folder without these subfolders may have `.txt` files: columns `text`
    and `file`.

    Raises:
        DataError: The folder lacks these files.
        UsageError: There is no such encoding.
    """

    format = "folder"

    def __init__(self, path: Path, options: ReadOptions, *, need_label: bool) -> None:
        self._bad_rows = options.bad_rows or STOP
        self._encoding = check_encoding(options.encoding)
        self._encodings: Counter[str] = Counter()
        self._replace = options.on_bad_bytes == "replace"
        self._replaced = 0  # files
        self._skip_lines = options.skip_lines
        self._path = path
        found = _files_below(path)
        texts = _texts_among(found)
        self._levels = _Levels(path, texts, any_names=options.has_own_classes, numbers=need_label)
        self._files = [file for file in texts if self._levels.label_of(file)] or texts
        self._labelled = bool(self._levels.labels)
        way_out = _EACH_A_CLASS if need_label and options.label_set is None else ""
        if not self._labelled and (need_label or not texts):
            several = len({file.parent for file in texts}) > 1
            raise DataError(
                f"{path}: a folder of reviews holds pos/ and neg/ (or positive/ and negative/) "
                f"with .txt files{'' if need_label else ', or .txt files'}; "
                f"{_instead(path, need_label=need_label, folders=several)}"
                f"{way_out if several else ''}"
            )
        super().__init__(str(path), ["text", *["label"] * self._labelled, "file"])
        if left := self._levels.left_out(sorted(set(texts) - set(self._files))):
            self.notes.append(f"skipped {and_more(left, SHOWN_FILES)}{way_out}")
        if others := [file for file in found if file not in set(texts) and self._is_beside(file)]:
            names = and_more(others, SHOWN_FILES, self._short)
            self.notes.append(f"skipped {len(others):,} that are not .txt files: {names}")

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches; see `Source.batches`."""
        items: list[Row | BadRow] = []
        chars = before = 0
        self._encodings.clear()
        self._replaced = 0
        for number, file in enumerate(self._files, start=1):
            text, reason = self._read(file)
            row = {"text": text}
            if self._labelled:
                row["label"] = self._levels.label_of(file) or ""
            row["file"] = self._short(file)
            items.append(BadRow(reason, row, "", file=str(file)) if reason else row)
            chars += len(text)
            if len(items) == BATCH_ROWS or chars >= BATCH_CHARS or number == len(self._files):
                yield from self._bad_rows.batches(items, before + 1, self)
                items, chars, before = [], 0, number
        if self._encoding == AUTO:
            found = sorted(name for name in self._encodings if name not in ("", "utf-8"))
            self.notes += [f"{count_of(self._encodings[e], 'file')} read as {e}" for e in found]
        if self._replaced:
            self.notes.append(replaced_note(self._replaced))

    def expected_rows(self) -> int:
        """Return the number of files."""
        return len(self._files)

    def _is_beside(self, file: Path) -> bool:
        """Return whether a file is where the texts are."""
        return not self._labelled or self._levels.label_of(file) is not None

    def _read(self, file: Path) -> tuple[str, str | None]:
        """Return the text of a file, and what is wrong with it, or None."""
        try:
            feed = TextFeed(
                open_stream(file),
                self._encoding,
                markup=True,
                replace=self._replace,
                skip_lines=self._skip_lines,
                one_of_many=True,
            )
            with closing(feed):
                text = feed.whole()
                text = text.removesuffix("\n").removesuffix("\r")
                damage = feed.damage_in(text)
        except (DataError, Unreadable) as error:
            return "", str(error).removeprefix(f"{file}: ")
        self._encodings[feed.encoding] += 1
        self._replaced += feed.replaced
        return (readable(text) if damage else text), damage

    def _short(self, file: Path) -> str:
        return file.relative_to(self._path).as_posix()


def _instead(path: Path, *, need_label: bool, folders: bool) -> str:
    """Return what a folder contains instead, and how to read that.

    Args:
        path: The folder.
        need_label: Whether labels are needed.
        folders: Whether to name the folders of its files, not these.
    """
    files = _files_below(path)
    patterns: dict[str, None] = {}
    for file in files:
        if file.suffix == ".arrow":
            return (
                "it has Arrow files, which are not read; write each as Parquet, and read that: "
                f"{_PARQUET}{shlex.quote(str(file))}"
            )
        suffix = suffix_of(file)
        if suffix in SUFFIXES and suffix != ".txt" and not _is_about_data(file, path):
            end = file.name[file.name.lower().rindex(suffix) :]  # `.csv.gz`, in its original case
            patterns[shlex.quote(f"{file.parent}/*{end}")] = None
    if patterns:
        between = " " if need_label else " -i "  # as the commands take several
        names = between.join(list(patterns)[:_SHOWN_PATTERNS])
        return f"to read the files in it, name them: {names}"
    there = files or sorted(path.iterdir())
    if folders:
        there = sorted({file.parent for file in files} - {path})
    shown = and_more([file.relative_to(path).as_posix() for file in there], SHOWN_FILES)
    return f"found {shown or 'nothing'}"
