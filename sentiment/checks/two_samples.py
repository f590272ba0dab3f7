"""Whether two samples of texts may be of one kind: permutation tests, corrected for their number.

Every test is a statistic that grows with the difference of the two samples. Their labels, old or
new, are shuffled many times; each test's statistic, in its standard deviations, is compared with
the largest of all tests in each shuffle (Westfall and Young's maxT, 1993). So all tests together
give a false alarm as rarely as asked for, however they depend on one another.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# With 199, the p-value 0.05 is that of the tenth of two hundred.
SHUFFLES = 199
# Words in fewer texts say little of all; those in nearly all say nothing.
LEAST_TEXTS = 3
_MOST_WORDS = 20_000
# Words that came, and as many that went, are named.
MOVES = 10


def member_rows(old: int, new: int, seed: int, shuffles: int = SHUFFLES) -> Flags:
    """Return which texts are new: as they are, and shuffled; bool [1 + shuffles, old + new]."""
    random = np.random.default_rng(seed)
    actual = np.arange(old + new) >= old
    return np.stack([actual, *(random.permutation(actual) for _ in range(shuffles))])


def distances(values: Floats, members: Flags) -> Floats:
    """Return the largest difference of two distributions (Kolmogorov and Smirnov), [shuffles].

    Args:
        values: of each text, [n].
        members: which texts are new, bool [shuffles, n].
    """
    order = np.argsort(values, kind="stable")
    ends = np.append(values[order][1:] != values[order][:-1], True)  # not within equal values
    new = np.cumsum(members[:, order], axis=1)
    old = np.arange(1, order.size + 1) - new
    gaps = np.abs(new / new[:, -1:] - old / old[:, -1:])
    return gaps[:, ends].max(axis=1)


def standardized(with_word: Floats, every: Floats, new: Floats | int, old: Floats | int) -> Floats:
    """Return by how many standard errors a word's share of new texts is above that of old ones.

    Args:
        with_word: how many new texts have each word, [..., words].
        every: how many of all have, [words].
        new: the number of new texts, or [..., 1].
        old: that of old ones, or [..., 1].
    """
    share = every / (new + old)
    gap = with_word / new - (every - with_word) / old
    spread = share * (1 - share) * (1 / new + 1 / old)
    return np.asarray(gap / np.sqrt(np.where(spread > 0, spread, np.inf)))


@dataclass(frozen=True, eq=False)
class Words:
    """Which words stand in which texts.

    Attributes:
        names: the words that stand in at least three texts, the most frequent first.
        matrix: scipy's CSR matrix of 0 and 1, [n, words].
    """

    names: Sequence[str]
    matrix: Any

    @classmethod
    def of(cls, words: Sequence[frozenset[str]]) -> "Words":
        """Count the words of n texts."""
        from scipy.sparse import csr_matrix

        counts = Counter(word for some in words for word in some)
        frequent = [(word, count) for word, count in counts.items() if count >= LEAST_TEXTS]
        names = [word for word, _ in sorted(frequent, key=lambda each: (-each[1], each[0]))]
        names = names[:_MOST_WORDS]
        places = {word: place for place, word in enumerate(names)}
        rows = [sorted(places[word] for word in some if word in places) for some in words]
        indptr = np.cumsum([0, *map(len, rows)])
        indices = np.array([place for row in rows for place in row], np.int64)
        shape = (len(words), len(names))
        return cls(names, csr_matrix((np.ones(indices.size), indices, indptr), shape))

    def differences(self, members: Flags) -> Floats:
        """Return the sum over all words of their standardized difference, squared, [shuffles].

        Args:
            members: which texts are new, bool [shuffles, n].
        """
        if not self.names:
            return np.zeros(len(members))
        return (self._standardized(members) ** 2).sum(axis=1)

    def _standardized(self, members: Flags) -> Floats:
        """Return how far apart each word's share of texts is, in standard errors."""
        every = np.asarray(self.matrix.sum(axis=0)).ravel()
        rows = members.shape[1]
        new = members.sum(axis=1, keepdims=True)
        with_word = (self.matrix.T @ members.T.astype(np.float64)).T
        return standardized(with_word, every, new, rows - new)

    def moved(self, new: Flags, number: int) -> tuple[list["Move"], list["Move"]]:
        """Return the words that came and those that went, the surest first, up to `number` each.

        Only those that chance would hardly move: Bonferroni's correction, at 5%.
        """
        from scipy.stats import norm

        if not self.names:
            return [], []
        scores = self._standardized(new[None, :])[0]
        least = float(norm.isf(0.025 / len(self.names)))
        counts = np.asarray(self.matrix[new].sum(axis=0)).ravel()
        totals = np.asarray(self.matrix.sum(axis=0)).ravel()
        size, rest = int(new.sum()), int((~new).sum())

        def moves(order: NDArray[np.int64]) -> list[Move]:
            return [
                Move(self.names[word], (totals[word] - counts[word]) / rest, counts[word] / size)
                for word in order[:number].tolist()
                if abs(scores[word]) > least
            ]

        rising = np.argsort(-scores, kind="stable")
        falling = np.argsort(scores, kind="stable")
        came = [move for move in moves(rising) if move.new > move.old]
        return came, [move for move in moves(falling) if move.new < move.old]


@dataclass(frozen=True)
class Move:
    """A word, and the shares of the old and of the new texts that it stands in.

    Attributes:
        at_most: whether that of the old is not known, and at most `old`.
    """

    word: str
    old: float
    new: float
    at_most: bool = False


def corrected(statistics: Mapping[str, Floats]) -> dict[str, float]:
    """Return the p-value of each test, corrected for the number of tests.

    Args:
        statistics: of each test: as the texts are, then of each shuffle; [1 + shuffles].
    """
    scores = {name: _z_scores(values) for name, values in statistics.items()}
    largest = np.max(list(scores.values()), axis=0)
    # Sums of the same numbers in another order differ in the last digits.
    return {name: float(np.mean(largest >= z[0] - 1e-9)) for name, z in scores.items()}


def _z_scores(values: Floats) -> Floats:
    """Return how many standard deviations above their mean values are, [n]."""
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros(values.size)
