"""Words and phrases that a user weighs: what they add to the log-odds of a review."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, SubstringHasher
from sentiment.features.tokens import TextChunk, code_points, pieces
from sentiment.labels import NEGATIVE, POSITIVE, LabelSet

Floats = NDArray[np.float64]

LARGEST = 100.0  # weight, in log-odds: beyond all probabilities that are written
MOST = 100_000  # phrases


class Match(NamedTuple):
    """A phrase in a text: its number, and the first token of it and the first behind it."""

    row: int
    number: int
    first: int
    end: int


@dataclass(frozen=True)
class OwnWords:
    """Phrases, and what each adds to the score of each class.

    A phrase is looked for among the tokens of a text, lower-cased and repaired as the n-grams of
    the model are. From left to right the longest phrase at each place counts, and its tokens are in
    no other. However often it stands in a text, it adds its weights once. What is around it, such
    as a negation, makes no difference.

    Attributes:
        phrases: the tokens of each, a space between two.
        weights: of each phrase, of each class, in log-odds: [phrases][K].
    """

    phrases: tuple[str, ...] = ()
    weights: tuple[tuple[float, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.phrases)

    def restricted(self, indices: Sequence[int]) -> "OwnWords":
        """Return the same phrases for other classes: their indices, −1 for one without weights."""
        weights = (tuple(of[i] if i >= 0 else 0.0 for i in indices) for of in self.weights)
        return OwnWords(self.phrases, tuple(weights))

    def scaled(self, factor: float) -> "OwnWords":
        """Return the same phrases with their weights times a factor."""
        weights = (tuple(factor * weight for weight in of) for of in self.weights)
        return OwnWords(self.phrases, tuple(weights))

    @cached_property
    def log_odds(self) -> Floats:
        """What each phrase adds to the log-odds against the first class, [phrases, K − 1]."""
        weights = np.array(self.weights, np.float64)
        return weights[:, 1:] - weights[:, :1]

    def added(self, texts: Sequence[str], *, repaired: bool) -> tuple[Floats, NDArray[np.bool_]]:
        """Return what is added to the log-odds of each text, [n, K − 1], and which have any, [n].

        Args:
            texts: n texts.
            repaired: whether they are repaired before phrases are looked for.
        """
        added = np.zeros((len(texts), self.log_odds.shape[1]))
        seen: set[tuple[int, int]] = set()
        for chunk in pieces(texts, repaired=repaired):
            for match in self.matches(chunk):
                if (match.row, match.number) not in seen:
                    seen.add((match.row, match.number))
                    added[match.row] += self.log_odds[match.number]
        found = np.zeros(len(texts), np.bool_)
        found[[row for row, _ in seen]] = True
        return added, found

    def matches(self, chunk: TextChunk) -> Iterator[Match]:
        """Yield the phrases in the tokens of a chunk, in order; rows count from its first text."""
        candidates = np.flatnonzero(np.isin(chunk.hashes(), self._first_hashes))
        if not candidates.size:
            return
        rows, reached = chunk.token_rows(), 0
        for first in candidates.tolist():
            if first < reached:
                continue
            for number, tokens in self._by_first.get(_token(chunk, first), ()):
                end = first + len(tokens)
                if end > rows.size or rows[end - 1] != rows[first]:
                    continue
                if all(_token(chunk, first + i) == token for i, token in enumerate(tokens)):
                    yield Match(chunk.first_row + int(rows[first]), number, first, end)
                    reached = end
                    break

    def places(self, text: str, *, repaired: bool) -> dict[int, list[tuple[int, int]]]:
        """Return the phrases in a text by number, each with the tokens of its places.

        A place is its first token, and the first behind it.
        """
        found: dict[int, list[tuple[int, int]]] = {}
        before = 0  # tokens of the chunks of a long text
        for chunk in pieces([text], repaired=repaired):
            for _, number, first, end in self.matches(chunk):
                found.setdefault(number, []).append((before + first, before + end))
            before += chunk.starts.size
        return found

    @cached_property
    def _by_first(self) -> dict[str, list[tuple[int, list[str]]]]:
        """The number and the tokens of the phrases by their first token, the longest first."""
        found: dict[str, list[tuple[int, list[str]]]] = {}
        for number, phrase in enumerate(self.phrases):
            tokens = phrase.split(" ")
            found.setdefault(tokens[0], []).append((number, tokens))
        for phrases in found.values():
            phrases.sort(key=lambda phrase: -len(phrase[1]))
        return found

    @cached_property
    def _first_hashes(self) -> Hashes:
        return np.concatenate([_hash(token) for token in self._by_first])

    def described(self, labels: LabelSet) -> list[str]:
        """Return each phrase with its weights: `sick +2.00`, or by class `crash (bug +2.00)`."""
        return [
            f"{phrase} {_weights(weights, labels)}"
            for phrase, weights in zip(self.phrases, self.weights, strict=True)
        ]


def tokens_of(phrase: str) -> str:
    """Return the tokens of a phrase as they are compared, a space between two; "" for none."""
    return " ".join(
        _token(chunk, number) for chunk in pieces([phrase]) for number in range(chunk.starts.size)
    )


def signed_weights(weight: float, labels: LabelSet) -> tuple[float, ...]:
    """Return weights of the classes by which *positive* gains so much on *negative*, [K].

    Half of it is added to the one and taken from the other; other classes stay between.

    Raises:
        ValueError: the model lacks one of the two.
    """
    negative, positive = labels.indices_of((NEGATIVE, POSITIVE))
    if min(negative, positive) < 0:
        raise ValueError("the model has no positive and negative")
    found = [0.0] * len(labels)
    found[negative], found[positive] = -weight / 2, weight / 2
    return tuple(found)


def _weights(weights: Sequence[float], labels: LabelSet) -> str:
    if {NEGATIVE, POSITIVE} <= set(labels.names):
        _, positive = labels.indices_of((NEGATIVE, POSITIVE))
        if tuple(weights) == signed_weights(2 * weights[positive], labels):
            return f"{2 * weights[positive]:+.2f}"
    pairs = zip(labels.names, weights, strict=True)
    return f"({', '.join(f'{name} {weight:+.2f}' for name, weight in pairs if weight)})"


def _token(chunk: TextChunk, number: int) -> str:
    codes = chunk.codes[chunk.starts[number] : chunk.ends[number]]
    return "".join(map(chr, codes.tolist()))


def _hash(token: str) -> Hashes:
    codes = code_points(token)
    return SubstringHasher(codes).hash(np.zeros(1, np.int64), np.array([codes.size]))
