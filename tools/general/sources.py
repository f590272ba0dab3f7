"""The training reviews of the bundled model, and the neutral texts that it is measured on.

Names and words for identities and places are masked, so that the model cannot use them.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.reviews.labelled import read_labelled, read_texts
from sentiment.reviews.streams import ReadOptions
from tools.general.lessons import PEOPLE

# The grouping by GoEmotions' authors, by the numbers in the dataset.
_POSITIVE = frozenset(["0", "1", "4", "5", "8", "13", "15", "17", "18", "20", "21", "23"])
_NEGATIVE = frozenset(["2", "3", "9", "10", "11", "12", "14", "16", "19", "24", "25"])
_AMBIGUOUS = frozenset(["6", "7", "22", "26"])
_NEUTRAL = frozenset(["27"])

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# After these, a capital letter does not mark a name.
_BREAK = re.compile(r"[.!?:\"(>\n*-]")
_LETTERS = "bcdfghjklmnpqrstvwxz"

_STEM = 5  # letters of a word beginning that is a feature

# A probability beyond this counts as sure.
HIGH = 0.8


class Source(NamedTuple):
    """Reviews from one source.

    Attributes:
        texts: reviews, [n].
        labels: the degree to which each is positive, from 0 to 1, float64 [n]; NaN if unknown.
    """

    texts: list[str]
    labels: NDArray[np.float64]

    @classmethod
    def unlabelled(cls, texts: list[str]) -> "Source":
        """Return reviews without labels."""
        return cls(texts, np.full(len(texts), np.nan))


def read_sources(datasets: Path, own: Path, without: Sequence[str] = ()) -> dict[str, Source]:
    """Read all sources except the lessons.

    Args:
        datasets: the folder with imdb, sst2, goemotions, uci, clothing.
        own: the training reviews of this project.
        without: names of sources to leave out, for evaluation.
    """
    comments, neutral = read_comments(datasets / "goemotions/train.tsv")
    unlabeled = list(read_texts([str(datasets / "imdb/unsup.parquet")], ReadOptions()))
    stars = ReadOptions(text_columns=("Title", "Review Text"), label_column="Rating")
    shops = datasets / "clothing/Womens Clothing E-Commerce Reviews.csv"
    sources = {
        "imdb": _labelled(datasets / "imdb/train.parquet"),
        "sst2": _labelled(datasets / "sst2/train.tsv"),
        "goemotions": comments,
        "yelp": _labelled(datasets / "uci/yelp_labelled.txt", ReadOptions(format="tsv")),
        "amazon": _labelled(datasets / "uci/amazon_cells_labelled.txt", ReadOptions(format="tsv")),
        "clothing": _labelled(shops, stars),
        "own": _labelled(own),
        "neutral": neutral,
        "unlabeled": Source.unlabelled(unlabeled),
    }
    return {name: source for name, source in sources.items() if name not in without}


def _labelled(path: Path, options: ReadOptions | None = None) -> Source:
    reviews = read_labelled([str(path)], options or ReadOptions())
    return Source(list(reviews.texts), reviews.labels.astype(np.float64))


def read_comments(path: Path) -> tuple[Source, Source]:
    """Read comments whose feelings are all positive or all negative, and neutral comments."""
    texts, labels, neutral = [], [], []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            feelings = set(row["label"].split(","))
            if feelings <= _POSITIVE or feelings <= _NEGATIVE:
                texts.append(row["text"])
                labels.append(float(feelings <= _POSITIVE))
            elif feelings == _NEUTRAL:
                neutral.append(row["text"])
    return Source(texts, np.array(labels)), Source.unlabelled(neutral)


def emotions_of(labels: str) -> str | None:
    """Return the side of a comment's feelings, such as `3,10`; None if they are of several."""
    feelings = set(labels.split(","))
    sides = {
        "positive": _POSITIVE,
        "negative": _NEGATIVE,
        "neutral": _NEUTRAL,
        "ambiguous": _AMBIGUOUS,
    }
    return next((side for side, numbers in sides.items() if feelings <= numbers), None)


def identity_words(texts: Iterable[str], min_count: int = 3, share: float = 0.9) -> set[str]:
    """Return the words, in lower case, that name or describe people and places.

    Args:
        texts: reviews, in which names are almost always capitalized.
        min_count: minimum number of occurrences of a name.
        share: minimum share of these with a capital letter, within sentences.
    """
    capital: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for text in texts:
        end = 0
        for found in _WORD.finditer(text):
            word, between, end = found.group(), text[end : found.start()], found.end()
            if not found.start() or _BREAK.search(between) or (len(word) > 1 and word.isupper()):
                continue
            (capital if word[0].isupper() else small)[word.lower()] += 1
    names = {
        word
        for word, times in capital.items()
        if len(word) > 1
        and times >= min_count
        and times >= share * (times + small[word])
        and not word.startswith(("i'", "i’"))
    }
    people = {*PEOPLE, *(f"{word}s" for word in PEOPLE)}
    stems = {word[:_STEM] for word in people if len(word) >= _STEM}
    return names | people | {word for word in (*capital, *small) if word[:_STEM] in stems}


def anonymous(source: Source, hidden: set[str], fresh: Iterator[str]) -> Source:
    """Replace every occurrence of hidden words by the next of some fresh words."""

    def replace(found: re.Match[str]) -> str:
        word = found.group()
        lower = word.lower().replace("’", "'")
        if lower in hidden:
            return next(fresh)
        if lower.endswith("'s") and lower[:-2] in hidden:
            return f"{next(fresh)}'s"
        return word

    return source._replace(texts=[_WORD.sub(replace, text) for text in source.texts])


def fresh_words() -> Iterator[str]:
    """Yield nonsense words, which all begin differently."""
    for number in count():
        letters, rest = [], number
        for _ in range(6):
            rest, letter = divmod(rest, len(_LETTERS))
            letters.append(_LETTERS[letter])
        yield "".join(letters) + "q"


def read_neutral(datasets: Path) -> dict[str, list[str]]:
    """Read neutral texts that no model was trained on, by name.

    Args:
        datasets: the folder with airline and goemotions.
    """
    tweets = list(_tweets(datasets / "airline/Tweets.csv"))
    halves = {name: [text for text in tweets if half_of(text) == name] for name in "AB"}
    comments = {
        part: read_comments(datasets / f"goemotions/{part}.tsv")[1].texts
        for part in ("dev", "test")
    }
    return {
        **{f"airline tweets, half {name}": texts for name, texts in halves.items()},
        **{f"Reddit comments, GoEmotions {part}": texts for part, texts in comments.items()},
    }


def _tweets(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            if row["airline_sentiment"] == "neutral":
                yield row["text"]


def half_of(text: str) -> str:
    """Return A or B, the same for equal texts: A to choose by, B for figures."""
    return "AB"[sha256(" ".join(text.split()).encode()).digest()[0] % 2]
