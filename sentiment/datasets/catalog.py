"""The public datasets, listed in `catalog.toml`, and their layouts.

A layout is a function that turns the files of a dataset, in order, into rows, and skips files
without reviews. A row has its part and a cell for each column; labels are words. Licences are
quoted from the publishers.
"""

import csv
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

from sentiment.reviews.delimited import FIELD_LIMIT

LONGEST = 1_000_000  # bytes of a line or a review, ten times the longest review there is

_IMDB_FILE = re.compile(r"aclImdb/(train|test)/(neg|pos|unsup)/(\d+_(\d+))\.txt")
_IMDB_LABELS = {"neg": "negative", "pos": "positive", "unsup": ""}
_TREES_FILE = re.compile(r"(?:trees/)?(train|dev|test)\.txt")
_TREE = re.compile(r"\(([0-4]) .*\)")
_LEAF = re.compile(r"\([0-4] ([^()]+)\)")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")"}  # the Penn Treebank's notation
_UCI_FILE = re.compile(r"(?:.*/)?(amazon|imdb|yelp)(?:_cells)?_labelled\.txt")
_POLARITY_FILE = re.compile(r"(?:.*/)?(train|test)\.csv")
_TWEETS_FILE = re.compile(r"(train|val|test)_(text|labels)\.txt")
_ESCAPED = re.compile(r'\\(n|")')
_PARTS = {"dev": "validation", "val": "validation"}


class DownloadError(Exception):
    """A download failed, is damaged, or is not the published file; internal to this package."""


class Member(NamedTuple):
    """A file in a download; its content can be read until the next member is requested."""

    name: str
    content: BinaryIO


class PartRow(NamedTuple):
    """A review: its part of the dataset, and its cells."""

    part: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Download:
    """A file on a publisher's site.

    Attributes:
        url: its address.
        size: in bytes; exact if the hash is known, otherwise approximate.
        sha256: in hexadecimal; None if unknown.
    """

    url: str
    size: int
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        """The last component of the address."""
        return urlsplit(self.url).path.rpartition("/")[2]


Layout = Callable[[Iterator[Member]], Iterator[PartRow]]


@dataclass(frozen=True)
class Dataset:
    """A published dataset of reviews.

    Attributes:
        name: its name on the command line.
        layout: turns the files in the downloads into rows.
        downloads: its files.
        columns: the names of the cells of each row, including "text" and "label".
        parts: each part → its published number of reviews.
        about: a description, with its authors.
        licence: its terms, as far as the publisher states them.
        home: the publisher's page about it.
    """

    name: str
    layout: Layout
    downloads: tuple[Download, ...]
    columns: tuple[str, ...]
    parts: Mapping[str, int]
    about: str
    licence: str
    home: str

    @property
    def size(self) -> int:
        """The size of all downloads in bytes."""
        return sum(download.size for download in self.downloads)

    @property
    def pinned(self) -> bool:
        """Whether the hash of each download is known."""
        return all(download.sha256 for download in self.downloads)


def _imdb(members: Iterator[Member]) -> Iterator[PartRow]:
    """Read text, label, rating and id: one file per review, named by its id and rating."""
    for member in members:
        if found := _IMDB_FILE.fullmatch(member.name):
            part, folder, number, rating = found.groups()
            label = _IMDB_LABELS[folder]
            text = _decode(member, member.content.read(LONGEST + 1), 1)
            cells = (text, label, rating if label else "", number)
            yield PartRow(part if label else "unlabeled", cells)


def _treebank(members: Iterator[Member]) -> Iterator[PartRow]:
    """Read text and label: one tree per line, with its sentiment from 0 to 4 at the root."""
    labels = {"0": "negative", "1": "negative", "2": "", "3": "positive", "4": "positive"}
    for member, part in _matching(members, _TREES_FILE):
        for number, line in _lines(member):
            root = _TREE.fullmatch(line)
            if not root:
                raise _odd_line(member, number)
            if label := labels[root[1]]:
                words = (_BRACKETS.get(word, word) for word in _LEAF.findall(line))
                yield PartRow(part, (" ".join(words).replace("\\/", "/"), label))


def _uci(members: Iterator[Member]) -> Iterator[PartRow]:
    """Read text, label and domain: lines of `sentence<TAB>label`, one file per domain."""
    labels = {"0": "negative", "1": "positive"}
    for member, part in _matching(members, _UCI_FILE):
        for number, line in _lines(member):
            text, _, label = line.rpartition("\t")
            yield PartRow(part, (text, _label(labels, label.strip(), member, number), part))


def _tweets(members: Iterator[Member]) -> Iterator[PartRow]:
    """Read text and label: for each part a file of tweets and a file of labels."""
    labels = {"0": "negative", "1": "neutral", "2": "positive"}
    waiting: dict[str, list[str]] = {}
    for member in members:
        found = _TWEETS_FILE.fullmatch(member.name)
        if not found:
            continue
        lines = [line for _, line in _lines(member)]
        if found[2] == "text":
            waiting[found[1]] = lines
            continue
        texts = waiting.pop(found[1], [])
        if len(texts) != len(lines):
            raise DownloadError(f"{member.name}: {len(lines):,} labels for {len(texts):,} tweets")
        part = _PARTS.get(found[1], found[1])
        for number, (text, label) in enumerate(zip(texts, lines, strict=True), start=1):
            yield PartRow(part, (text, _label(labels, label.strip(), member, number)))


def _polarity(members: Iterator[Member], width: int) -> Iterator[PartRow]:
    """Read title (with three columns), text and label from CSV with 1 or 2, title, text."""
    labels = {"1": "negative", "2": "positive"}
    csv.field_size_limit(FIELD_LIMIT)  # global; the same value everywhere
    for member, part in _matching(members, _POLARITY_FILE):
        rows = csv.reader((f"{line}\n" for _, line in _lines(member)), strict=True)
        try:
            for number, row in enumerate(rows, start=1):
                if len(row) != width:
                    raise _odd_line(member, number)
                label, *texts = row
                cells = (*map(_unescape, texts), _label(labels, label, member, number))
                yield PartRow(part, cells)
        except csv.Error as error:
            raise DownloadError(f"{member.name}, row {rows.line_num}: {error}") from error


def _matching(members: Iterator[Member], pattern: re.Pattern[str]) -> Iterator[tuple[Member, str]]:
    """Yield the members whose names match, each with its part."""
    for member in members:
        if found := pattern.fullmatch(member.name):
            yield member, _PARTS.get(found[1], found[1])


def _lines(member: Member) -> Iterator[tuple[int, str]]:
    """Yield the non-empty lines with their numbers; only line feeds end lines."""
    number = 0
    while line := member.content.readline(LONGEST + 1):
        number += 1
        if text := _decode(member, line, number).rstrip("\r\n"):
            yield number, text


def _decode(member: Member, raw: bytes, line: int) -> str:
    if len(raw) > LONGEST:
        raise DownloadError(f"{member.name}, line {line}: longer than any review")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise DownloadError(f"{member.name}, line {line}: not UTF-8") from error


def _label(labels: Mapping[str, str], value: str, member: Member, line: int) -> str:
    if value not in labels:
        raise _odd_line(member, line)
    return labels[value]


def _unescape(text: str) -> str:
    """Undo the escapes that the polarity datasets add to CSV, such as backslash and n."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else '"', text)


def _odd_line(member: Member, line: int) -> DownloadError:
    return DownloadError(f"{member.name}, line {line}: not in the expected format")


_LAYOUTS: Mapping[str, Layout] = {
    "imdb": _imdb,
    "sst2": _treebank,
    "uci": _uci,
    "amazon_polarity": partial(_polarity, width=3),
    "yelp_polarity": partial(_polarity, width=2),
    "tweet_eval": _tweets,
}


def _read_catalog() -> Iterator[Dataset]:
    sets = tomllib.loads(Path(__file__).with_name("catalog.toml").read_text(encoding="utf-8"))
    for name, facts in sets.items():
        downloads = tuple(Download(**each) for each in facts.pop("downloads"))
        columns = tuple(facts.pop("columns"))
        yield Dataset(name, _LAYOUTS[name], downloads, columns, **facts)


CATALOG: Mapping[str, Dataset] = {dataset.name: dataset for dataset in _read_catalog()}


def find_dataset(name: str) -> Dataset | None:
    """Return the dataset with a name, or None; `SST-2` is `sst2`."""
    normal = _normal(name)
    return next((each for known, each in CATALOG.items() if _normal(known) == normal), None)


def _normal(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")
