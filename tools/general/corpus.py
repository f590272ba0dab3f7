"""What the encoder learns from: texts with the probabilities of negative, neutral and positive.

Every source has a held-out part, chosen by a hash of the text, so that equal texts are on one side.
Airline tweets are not among them: their licence keeps them out of weights that are shipped.
"""

import csv
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from tools.general.fairness import fair, identities, invented
from tools.general.mechanics import with_typing_errors
from tools.general.sources import emotions_of, identity_words
from tools.general.teaching import teach

Target = tuple[float, float, float]

# Of the nodes of the treebank, from 0, very negative, to 4.
_TREES: tuple[Target, ...] = (
    (0.95, 0.04, 0.01),
    (0.74, 0.22, 0.04),
    (0.05, 0.90, 0.05),
    (0.04, 0.22, 0.74),
    (0.01, 0.04, 0.95),
)
# Of stars, 1 to 5.
_STARS: tuple[Target, ...] = (
    (0.96, 0.03, 0.01),
    (0.86, 0.11, 0.03),
    (0.30, 0.45, 0.25),
    (0.03, 0.11, 0.86),
    (0.01, 0.03, 0.96),
)
_SIDES: dict[int, Target] = {0: (0.95, 0.04, 0.01), 1: (0.01, 0.04, 0.95)}
# Comments are short, and what their readers felt is not always in their words.
_EMOTIONS: dict[str, Target] = {
    "negative": (0.85, 0.12, 0.03),
    "neutral": (0.06, 0.88, 0.06),
    "positive": (0.03, 0.12, 0.85),
    "ambiguous": (0.20, 0.60, 0.20),
}
_NEUTRAL: Target = (0.03, 0.94, 0.03)

_HELD_OUT = 13  # of 256 texts
_NODE = re.compile(r"\((\d) |([^()\s]+)|\)")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")", "-lrb-": "(", "-rrb-": ")", "``": '"', "''": '"'}
_CONTRACTION = re.compile(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", re.IGNORECASE)
_SMALL = re.compile(r"[a-z]{4,}")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class Example(NamedTuple):
    """A text and what is to be answered.

    Attributes:
        text: as it is shown.
        target: the probabilities of negative, neutral and positive.
        source: the name of its source.
    """

    text: str
    target: Target
    source: str


def held_out(text: str) -> bool:
    """Return whether a text is kept back from training."""
    return sha256(" ".join(text.lower().split()).encode()).digest()[1] < _HELD_OUT


def to_train_on(examples: Sequence[Example]) -> list[Example]:
    """Return the texts that are not held out."""
    return [each for each in examples if not held_out(each.text)]


def opinion_words(examples: Iterable[Example]) -> list[str]:
    """Return words of four letters or more that praise or blame, by how often they do.

    They are in 100 texts or more. The log-odds that a text with the word praises rather than blames
    exceed 1.1 either way, or 0.7 if it is in 400.
    """
    every, sides = Counter[str](), (Counter[str](), Counter[str]())
    texts = [0, 0]
    for each in examples:
        words = set(_SMALL.findall(each.text.lower()))
        every.update(words)
        lean = each.target[2] - each.target[0]
        if abs(lean) > 0.5:
            sides[lean > 0].update(words)
            texts[lean > 0] += 1

    def log_odds(word: str) -> float:
        blames, praises = (
            (found[word] + 2) / count for found, count in zip(sides, texts, strict=True)
        )
        return math.log(praises / blames)

    return sorted(
        word
        for word, times in every.items()
        if times >= 100 and abs(log_odds(word)) > (0.7 if times >= 400 else 1.1)
    )


def read_corpus(datasets: Path, own: Path, without: Sequence[str] = ()) -> dict[str, list[Example]]:
    """Read the texts of all sources but lessons, by source.

    Args:
        datasets: the folder of the real data sets.
        own: the training reviews of this project.
        without: names of sources to leave out.
    """
    readers: dict[str, Callable[[], Iterator[Example]]] = {
        "trees": lambda: _trees(datasets / "sst-trees/train.txt"),
        "goemotions": lambda: comments(datasets / "goemotions/train.tsv"),
        "yelp": lambda: _reviews(datasets / "uci/yelp_labelled.txt", "yelp"),
        "amazon": lambda: _reviews(datasets / "uci/amazon_cells_labelled.txt", "amazon"),
        "clothing": lambda: _clothing(next((datasets / "clothing").iterdir())),
        "multidomain": lambda: _products(datasets / "multidomain/reviews.csv"),
        "objective": lambda: _objective(datasets / "subj/subj.objective"),
        "imdb": lambda: _reviews(datasets / "imdb/train.parquet", "imdb"),
        "own": lambda: _reviews(own, "own"),
    }
    return {name: list(read()) for name, read in readers.items() if name not in without}


def _trees(path: Path) -> Iterator[Example]:
    """Yield every phrase of a file of the treebank once, long ones also with contractions joined.

    The file of training sentences, 8,544, holds the 1,101 of the development split after them.
    """
    seen = set[str]()
    for line in path.read_text(encoding="utf-8").splitlines():
        for label, words in _nodes(line):
            text = " ".join(_BRACKETS.get(word, word) for word in words)
            joined = _CONTRACTION.sub(r"\1", text)
            for form in dict.fromkeys((joined, text) if len(words) > 12 else (joined,)):
                if form not in seen and any(map(str.isalpha, form)):
                    seen.add(form)
                    yield Example(form, _TREES[label], "trees")


def _nodes(line: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the label and the words of each node of a tree."""
    stack: list[tuple[int, list[str]]] = []
    for found in _NODE.finditer(line):
        if found[1]:
            stack.append((int(found[1]), []))
            continue
        if found[2]:
            stack[-1][1].append(found[2].replace("\\/", "/"))
            continue
        label, words = stack.pop()
        if stack:
            stack[-1][1].extend(words)
        yield label, words


def comments(path: Path) -> Iterator[Example]:
    """Yield comments of one side."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            side = emotions_of(row["label"])
            if side is not None:
                yield Example(row["text"], _EMOTIONS[side], "goemotions")


def _reviews(path: Path, source: str) -> Iterator[Example]:
    options = ReadOptions(format="tsv") if path.suffix == ".txt" else ReadOptions()
    reviews = read_labelled([str(path)], options)
    for text, label in zip(reviews.texts, reviews.labels.tolist(), strict=True):
        yield Example(text, _SIDES[label], source)


def _clothing(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = " ".join(filter(None, (row["Title"], row["Review Text"])))
            if text:
                yield Example(text, _STARS[int(row["Rating"]) - 1], "clothing")


def _products(path: Path) -> Iterator[Example]:
    """Yield reviews, and their titles apart."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            target = _STARS[int(float(row["stars"])) - 1]
            yield Example(f"{row['title']}. {row['text']}", target, "multidomain")
            if not held_out(f"{row['title']}. {row['text']}") and len(row["title"]) > 3:
                side = tuple(0.75 * each + 0.25 / 3 for each in target)
                yield Example(row["title"], side, "multidomain")  # type: ignore[arg-type]


def _objective(path: Path) -> Iterator[Example]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.strip():
            yield Example(_CONTRACTION.sub(r"\1", line), _NEUTRAL, "objective")


@dataclass(frozen=True)
class Mixture:
    """What an epoch is made of.

    Attributes:
        shares: of each source; 1 if not named.
        views: how the texts of long sources are shown: (words, share of reviews). 0 words are the
            whole.
        lessons: their number.
        groups: the number of groups of equal sentences about different people.
        mistyped: the share of texts with typing errors.
    """

    shares: dict[str, float]
    views: dict[str, tuple[tuple[int, float], ...]]
    lessons: int
    groups: int
    mistyped: float = 0.07


class Course:
    """The examples of each epoch, the same for the same seed."""

    def __init__(self, corpus: dict[str, list[Example]]) -> None:
        """Keep the training part of a corpus, which is as `read_corpus` returns it."""
        self._examples = {name: to_train_on(some) for name, some in corpus.items()}
        cased = [each.text for name in ("imdb", "goemotions") for each in corpus.get(name, ())]
        self._who = frozenset(identity_words(cased))

    def epoch(self, seed: int, mixture: Mixture) -> list[Example]:
        """Return the examples of an epoch, in order of source.

        Args:
            seed: of the random numbers; lessons differ from seed to seed as well.
            mixture: of what.
        """
        rng = random.Random(seed)
        found: list[Example] = []
        for name, examples in self._examples.items():
            whole, part = divmod(mixture.shares.get(name, 1.0), 1)
            some = examples * int(whole) + rng.sample(examples, round(part * len(examples)))
            views = mixture.views.get(name, ())
            shown = (each for one in some for each in _views(one, views, rng))
            found += (self._renamed(each, rng) for each in shown)
        taught = teach(mixture.lessons, seed)
        for group in chain([taught], fair(mixture.groups, seed)):
            found += (Example(text, target, kind) for text, target, kind in group)
        return [_mistyped(each, mixture.mistyped, rng) for each in found]

    def _renamed(self, example: Example, rng: random.Random) -> Example:
        """Return an example, often with other names."""
        if rng.random() >= 0.6:
            return example
        text = _WORD.sub(lambda found: self._other(found.group(), rng), example.text)
        return example._replace(text=text)

    def _other(self, word: str, rng: random.Random) -> str:
        """Return another name for a name, and the word itself if it is none."""
        if word.lower() not in self._who:
            return word
        slot = rng.choice(("first", "last", "adj"))
        if rng.random() < 0.5:
            return invented(slot, rng)
        return rng.choice(rng.choice(identities()[slot]))


def _mistyped(example: Example, share: float, rng: random.Random) -> Example:
    """Return an example, at times with typing errors."""
    if rng.random() >= share:
        return example
    return example._replace(text=with_typing_errors(example.text, rng))


def _views(
    example: Example, views: Sequence[tuple[int, float]], rng: random.Random
) -> Iterator[Example]:
    """Yield an example as it is shown: a long one whole, or a passage of it, or its end."""
    words = example.text.split()
    if not views or len(words) < 60:
        yield example
        return
    for length, share in views:
        if rng.random() >= share:
            continue
        if not length:
            yield example
            continue
        last = len(words) - length
        start = last if rng.random() < 0.6 else rng.randrange(last + 1)
        # A passage tells less than the whole.
        target = tuple(0.85 * each + 0.05 for each in example.target)
        passage = " ".join(words[start : start + length])
        yield Example(passage, target, example.source)  # type: ignore[arg-type]
