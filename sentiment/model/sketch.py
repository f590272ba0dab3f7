"""What a model remembers of its training texts as a whole: a sketch to hold later texts against.

It has counts of words by their hashes, and distributions; no text, and nothing of a single one. It
tells which share of new texts' words is known, which came or went, and whether words, lengths and
scores differ (`checks/sketched.py`). No answer needs it.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digests_of
from sentiment.features.hashing import Hashes
from sentiment.model.tensors import Tensors, listed, mapping, number, tensor_of, whole

Floats = NDArray[np.float64]

# Texts that are sketched, evenly spaced: more find differences too small to matter.
SKETCHED = 2_000
# Into so many buckets words are divided by their hashes, coarser where there are few texts.
BUCKETS = (1024, 256, 64)
# Words kept: the most frequent, and a sample of the others.
_FREQUENT, _OTHERS = 1_536, 768
# Values kept of a distribution, and of all classes together.
_VALUES, _ALL_VALUES, _FEWEST_VALUES = 512, 1_024, 32
_LEAST = 20  # held-out reviews; the scores of fewer say little
# A word: its hash, and in the lower bits how many texts have it.
_COUNT_BITS = 24
_COUNT_MASK = np.uint64((1 << _COUNT_BITS) - 1)
_MOST = 1 << 40
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LONGEST = 5_000  # characters of a text that are looked at


def words_of_text(text: str) -> frozenset[str]:
    """Return the distinct words of a text, in lower case."""
    return frozenset(_WORD.findall(text[:_LONGEST].casefold()))


def hashes_of_words(words: Sequence[str]) -> Hashes:
    """Return a 40-bit hash of each word, uint64 [n]."""
    return digests_of(words) >> np.uint64(_COUNT_BITS)


class TextWords(NamedTuple):
    """The words of n texts and their hashes.

    Attributes:
        texts: in how many texts each word stands.
        hashes: of each word, 40 bits.
        rows: the hashes of the words of each text, int64.
    """

    texts: Counter[str]
    hashes: dict[str, int]
    rows: list[NDArray[np.int64]]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Read the words of some texts."""
        every = [words_of_text(text) for text in texts]
        counted = Counter(word for words in every for word in words)
        hashes = dict(zip(counted, hashes_of_words(list(counted)).tolist(), strict=True))
        rows = [np.array([hashes[word] for word in words], np.int64) for words in every]
        return cls(counted, hashes, rows)


@dataclass(frozen=True, eq=False)
class WordCounts:
    """Words by their hashes, each with the number of texts that have it.

    Attributes:
        packed: uint64 [n], ascending: the hash, and in the lower 24 bits the number.
    """

    packed: Hashes

    def __len__(self) -> int:
        return self.packed.size

    @classmethod
    def of(cls, hashes: Hashes, counts: NDArray[np.int64]) -> Self:
        """Pack distinct hashes and counts, both [n]."""
        return cls(np.sort(hashes << np.uint64(_COUNT_BITS) | counts.astype(np.uint64)))

    @property
    def hashes(self) -> Hashes:
        """The hashes, ascending, uint64 [n]."""
        return self.packed >> np.uint64(_COUNT_BITS)

    @property
    def counts(self) -> NDArray[np.int64]:
        """The number of texts with each, int64 [n]."""
        return (self.packed & _COUNT_MASK).astype(np.int64)

    def look_up(self, hashes: Hashes) -> NDArray[np.int64]:
        """Return how many texts have each of some words, int64 [m]; 0 for one that is not here."""
        if not len(self):
            return np.zeros(hashes.size, np.int64)
        known = self.hashes
        places = np.minimum(np.searchsorted(known, hashes), known.size - 1)
        return np.where(known[places] == hashes, self.counts[places], 0)


@dataclass(frozen=True, eq=False)
class HeldOutScores:
    """How a model answered the reviews that it was not fitted on.

    Attributes:
        reviews: their number.
        values: the distribution of each class's probability as ascending values at equal steps, of
            two classes that of the second alone; float32 [values, classes].
        answers: the share of the reviews of which each class is the likeliest, [K].
        accuracy: the share of which the likeliest class is the label.
        confidence: as large a share has a likeliest class of a probability above this (Garg et
            al., ICLR 2022: average thresholded confidence).
    """

    reviews: int
    values: NDArray[np.float32]
    answers: tuple[float, ...]
    accuracy: float
    confidence: float

    @classmethod
    def of(cls, probabilities: Floats, labels: NDArray[np.integer]) -> Self | None:
        """Sketch the probabilities, [n, K], of reviews with labels, [n]; None for too few."""
        count, classes = probabilities.shape
        if count < _LEAST:
            return None
        columns = compared_classes(classes)
        most = int(np.clip(_ALL_VALUES // len(columns), _FEWEST_VALUES, _VALUES))
        answers = probabilities.argmax(axis=1)
        accuracy = float(np.mean(answers == labels))
        return cls(
            count,
            np.stack([_distribution(probabilities[:, k], most) for k in columns], axis=1),
            tuple((np.bincount(answers, minlength=classes) / count).tolist()),
            accuracy,
            confidence_at(probabilities.max(axis=1), answers == labels),
        )


def compared_classes(classes: int) -> range:
    """Return the classes whose probabilities are compared; of two the second says it all."""
    return range(1, 2) if classes == 2 else range(classes)


def confidence_at(confidence: Floats, right: NDArray[np.bool_]) -> float:
    """Return the threshold that as many confidences, [n], lie above as answers are right, [n]."""
    wrong = int(np.count_nonzero(~right))
    return float(np.sort(confidence)[wrong - 1]) if wrong else 0.0


@dataclass(frozen=True, eq=False)
class TextSketch:
    """A sketch of training texts.

    Attributes:
        texts: how many were sketched.
        words: the number of their words, the same in a text counted once.
        once: how many words stand in one text alone.
        frequent: the words in most texts.
        others: of the others those with the smallest hashes, a sample that tells which of such
            words are known: all, if it holds fewer than `_OTHERS`.
        buckets: how many texts have a word of each bucket, for each of `BUCKETS`; float32.
        lengths: the distribution of their lengths in characters, float32 [values].
        scores: of held-out reviews; None where there are too few.
    """

    texts: int
    words: int
    once: int
    frequent: WordCounts
    others: WordCounts
    buckets: NDArray[np.float32]
    lengths: NDArray[np.float32]
    scores: HeldOutScores | None

    @classmethod
    def of(cls, texts: Sequence[str], scores: HeldOutScores | None) -> Self:
        """Sketch some texts, one at least."""
        counted, of_words, rows = TextWords.of(texts)
        hashes = np.fromiter(of_words.values(), np.uint64, len(of_words))
        counts = np.fromiter(counted.values(), np.int64, len(counted))
        order = np.lexsort((hashes, -counts))
        first, rest = order[:_FREQUENT], order[_FREQUENT:]
        rest = rest[np.argsort(hashes[rest])][:_OTHERS]
        return cls(
            len(texts),
            int(counts.sum()),
            int(np.count_nonzero(counts == 1)),
            WordCounts.of(hashes[first], counts[first]),
            WordCounts.of(hashes[rest], counts[rest]),
            np.concatenate([in_buckets(rows, size).sum(axis=0) for size in BUCKETS]).astype("f4"),
            _distribution(np.array([len(text) for text in texts], np.float64), _VALUES),
            scores,
        )

    @property
    def has_all_words(self) -> bool:
        """Whether every word of the texts is kept."""
        return len(self.others) < _OTHERS

    def in_buckets(self, size: int) -> Floats:
        """Return how many texts have a word of each of so many buckets, float64 [size]."""
        ends = np.cumsum(BUCKETS)
        return np.split(self.buckets, ends[:-1])[BUCKETS.index(size)].astype(np.float64)

    def checkable(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Return of which words it is known whether a text has them, bool [n]."""
        if self.has_all_words:
            return np.ones(hashes.size, np.bool_)
        return (self.frequent.look_up(hashes) > 0) | (hashes <= self.others.hashes[-1])

    def counts(self, hashes: Hashes) -> NDArray[np.int64]:
        """Return how many texts have each word, int64 [n], at most where that is not known."""
        counts = self.frequent.look_up(hashes) + self.others.look_up(hashes)
        most = int(self.frequent.counts.min()) if len(self.frequent) else 0
        return np.where(self.checkable(hashes), counts, most)

    def without_scores(self) -> "TextSketch":
        """Return the sketch of a model whose scores have become others."""
        return replace(self, scores=None)

    def tensors(self) -> Tensors:
        """Return the arrays of a model file; `document` has the rest."""
        found: Tensors = {
            "sketch.frequent": self.frequent.packed,
            "sketch.others": self.others.packed,
            "sketch.buckets": self.buckets,
            "sketch.lengths": self.lengths,
        }
        return found if self.scores is None else found | {"sketch.scores": self.scores.values}

    def document(self) -> dict[str, Any]:
        """Return the numbers of a model file as JSON values."""
        found: dict[str, Any] = {"texts": self.texts, "words": self.words, "once": self.once}
        if (scores := self.scores) is not None:
            found["scores"] = {
                "reviews": scores.reviews,
                "answers": list(scores.answers),
                "accuracy": scores.accuracy,
                "confidence": scores.confidence,
            }
        return found

    @classmethod
    def read(cls, document: object, tensors: Tensors, classes: int) -> Self:
        """Check and return what `document` and `tensors` return.

        Raises:
            ValueError, KeyError: they do not agree.
        """
        fields = mapping(document)
        texts = whole(fields["texts"], 1, _MOST)
        words = whole(fields["words"], 0, _MOST)
        buckets = tensor_of(tensors, "sketch.buckets", "f", 1)
        if buckets.size != sum(BUCKETS) or (buckets < 0).any() or (buckets > texts).any():
            raise ValueError("the buckets of its sketch are not those of texts")
        return cls(
            texts,
            words,
            whole(fields["once"], 0, words),
            _words(tensors, "sketch.frequent", _FREQUENT, texts),
            _words(tensors, "sketch.others", _OTHERS, texts),
            buckets,
            _values(tensor_of(tensors, "sketch.lengths", "f", 1)),
            _scores(mapping(fields["scores"]), tensors, classes) if "scores" in fields else None,
        )


def _scores(fields: dict[str, Any], tensors: Tensors, classes: int) -> HeldOutScores:
    values = _values(tensor_of(tensors, "sketch.scores", "f", 2))
    if values.shape[1] != len(compared_classes(classes)):
        raise ValueError("the scores of its sketch are of other classes")
    answers = tuple(number(share, 0, 1) for share in listed(fields["answers"]))
    if len(answers) != classes:
        raise ValueError("the answers of its sketch are of other classes")
    accuracy, confidence = (number(fields[name], 0, 1) for name in ("accuracy", "confidence"))
    return HeldOutScores(whole(fields["reviews"], 1, _MOST), values, answers, accuracy, confidence)


def _words(tensors: Tensors, name: str, most: int, texts: int) -> WordCounts:
    words = WordCounts(tensor_of(tensors, name, "u", 1))
    hashes, counts = words.hashes, words.counts
    if len(words) > most or (hashes[1:] <= hashes[:-1]).any():
        raise ValueError(f"{name} is not an ascending list of words")
    if (counts < 1).any() or (counts > texts).any():
        raise ValueError(f"{name} counts other texts")
    return words


def _values(values: NDArray[Any]) -> NDArray[np.float32]:
    if not 1 <= len(values) <= _VALUES or (np.diff(values, axis=0) < 0).any():
        raise ValueError("a distribution of its sketch is none")
    return values


def _distribution(values: Floats, most: int) -> NDArray[np.float32]:
    """Return up to so many of some values, ascending, at equal steps of their order."""
    ordered = np.sort(values)
    if ordered.size > most:
        ordered = ordered[((np.arange(most) + 0.5) * ordered.size / most).astype(np.int64)]
    return ordered.astype(np.float32)


def in_buckets(rows: Sequence[NDArray[np.int64]], size: int) -> NDArray[np.bool_]:
    """Return which texts have a word of which bucket, bool [n, size].

    Args:
        rows: the hashes of the words of each of n texts.
        size: the number of buckets.
    """
    found = np.zeros((len(rows), size), np.bool_)
    for row, hashes in enumerate(rows):
        found[row, hashes % size] = True
    return found
