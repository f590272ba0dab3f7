"""What publishers ship → rows: one function for each way in which sets of reviews are laid out.

Each takes the files of a download in their order and passes over those that hold no reviews. A row
names its part and has a cell for each of its set's columns; labels are written out as words.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sentiment.datasets.archives import Member, Unexpected
from sentiment.reviews.delimited import FIELD_LIMIT

LONGEST = 1_000_000  # bytes of a line or of a review; the longest review there is has a tenth

_IMDB_FILE = re.compile(r"aclImdb/(train|test)/(neg|pos|unsup)/(\d+_(\d+))\.txt")
_IMDB_LABELS = {"neg": "negative", "pos": "positive", "unsup": ""}
_TREES_FILE = re.compile(r"(?:trees/)?(train|dev|test)\.txt")
_TREE = re.compile(r"\(([0-4]) .*\)")
_LEAF = re.compile(r"\([0-4] ([^()]+)\)")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")"}  # how the Penn Treebank writes them in its trees
_UCI_FILE = re.compile(r"(?:.*/)?(amazon|imdb|yelp)(?:_cells)?_labelled\.txt")
_POLARITY_FILE = re.compile(r"(?:.*/)?(train|test)\.csv")
_TWEETS_FILE = re.compile(r"(train|val|test)_(text|labels)\.txt")
_ESCAPED = re.compile(r'\\(n|")')
_PARTS = {"dev": "validation", "val": "validation"}


class PartRow(NamedTuple):
    """A review: its part of the set, and its cells."""

    part: str
    cells: tuple[str, ...]


def imdb(members: Iterator[Member]) -> Iterator[PartRow]:
    """Give text, label, rating and id: a file a review, named by its id and rating."""
    for member in members:
        if found := _IMDB_FILE.fullmatch(member.name):
            part, folder, number, rating = found.groups()
            label = _IMDB_LABELS[folder]
            text = _decode(member, member.content.read(LONGEST + 1), 1)
            cells = (text, label, rating if label else "", number)
            yield PartRow(part if label else "unlabeled", cells)


def sentiment_treebank(members: Iterator[Member]) -> Iterator[PartRow]:
    """Give text and label: a tree a line, with its sentiment from 0 to 4 at the root."""
    labels = {"0": "negative", "1": "negative", "2": "", "3": "positive", "4": "positive"}
    for member, part in _matching(members, _TREES_FILE):
        for number, line in _lines(member):
            root = _TREE.fullmatch(line)
            if not root:
                raise _odd_line(member, number)
            if label := labels[root[1]]:
                words = (_BRACKETS.get(word, word) for word in _LEAF.findall(line))
                yield PartRow(part, (" ".join(words).replace("\\/", "/"), label))


def uci_sentences(members: Iterator[Member]) -> Iterator[PartRow]:
    """Give text, label and domain: `sentence<TAB>label` a line, a file a domain."""
    labels = {"0": "negative", "1": "positive"}
    for member, part in _matching(members, _UCI_FILE):
        for number, line in _lines(member):
            text, _, label = line.rpartition("\t")
            yield PartRow(part, (text, _label(labels, label.strip(), member, number), part))


def amazon_polarity(members: Iterator[Member]) -> Iterator[PartRow]:
    """Give title, text and label: CSV with 1 and 2, title and text."""
    return _polarity(members, 3)


def yelp_polarity(members: Iterator[Member]) -> Iterator[PartRow]:
    """Give text and label: CSV with 1 and 2, and text."""
    return _polarity(members, 2)


def tweet_eval(members: Iterator[Member]) -> Iterator[PartRow]:
    """Give text and label: a file of tweets and one of their labels for each part."""
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
            raise Unexpected(f"{member.name}: {len(lines):,} labels for {len(texts):,} tweets")
        part = _PARTS.get(found[1], found[1])
        for number, (text, label) in enumerate(zip(texts, lines, strict=True), start=1):
            yield PartRow(part, (text, _label(labels, label.strip(), member, number)))


def _polarity(members: Iterator[Member], width: int) -> Iterator[PartRow]:
    labels = {"1": "negative", "2": "positive"}
    csv.field_size_limit(FIELD_LIMIT)  # for the whole process: the same as everywhere
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
            raise Unexpected(f"{member.name}, row {rows.line_num}: {error}") from error


def _matching(members: Iterator[Member], pattern: re.Pattern[str]) -> Iterator[tuple[Member, str]]:
    """Give the members whose names match, and the part that each is."""
    for member in members:
        if found := pattern.fullmatch(member.name):
            yield member, _PARTS.get(found[1], found[1])


def _lines(member: Member) -> Iterator[tuple[int, str]]:
    """Give the lines that are not empty with their numbers; they end at line feeds alone."""
    number = 0
    while line := member.content.readline(LONGEST + 1):
        number += 1
        if text := _decode(member, line, number).rstrip("\r\n"):
            yield number, text


def _decode(member: Member, raw: bytes, line: int) -> str:
    if len(raw) > LONGEST:
        raise Unexpected(f"{member.name}, line {line}: longer than any review")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Unexpected(f"{member.name}, line {line}: not UTF-8") from error


def _label(labels: Mapping[str, str], value: str, member: Member, line: int) -> str:
    if value not in labels:
        raise _odd_line(member, line)
    return labels[value]


def _unescape(text: str) -> str:
    """Undo what the polarity sets do beside CSV: they write a line break as backslash and n."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else '"', text)


def _odd_line(member: Member, line: int) -> Unexpected:
    return Unexpected(f"{member.name}, line {line}: not of the form it has always had")
