"""What gives a label away: another column, or a word of the text."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]

# A column that tells so many labels of reviews that it was not made from is a leak. So is a word,
# if nearly all reviews with it have one label, and a large enough part of that label's has it.
_TELLS = 0.97
_LEAST_GAIN = 0.02
_LEAST_SHARE, _LEAST_ROWS = 0.1, 10
_Z = 1.96
# With fewer reviews for each value, values are names or numbers of rows.
_ROWS_PER_VALUE = 3
# Reviews whose words are looked at, evenly spaced.
_SAMPLE = 50_000
_WORD = re.compile(r"\w+|[^\w\s]+")
_LONGEST = 5_000  # characters of a text


@dataclass(frozen=True)
class Leak:
    """A column or word that gives labels away.

    Attributes:
        kind: `column` or `word`.
        name: of the column; or the word.
        label: the class whose reviews have the word; None for a column.
        share: of the reviews that the column tells right; or of those with the word that have the
            label.
        reviews: how many have a value, or the word.
    """

    kind: str
    name: str
    label: int | None
    share: float
    reviews: int


def leaking_columns(columns: Mapping[str, Sequence[str]], labels: Labels) -> list[Leak]:
    """Find columns whose value tells the label of reviews that it was not learned from.

    Each review is answered with the label that most others with its value have.

    Args:
        columns: the cells of each, [n].
        labels: from 0 to K − 1, [n].
    """
    found = []
    for name, cells in columns.items():
        filled = np.flatnonzero([bool(cell.strip()) for cell in cells])
        if filled.size < _LEAST_ROWS:
            continue
        _, values = np.unique([cells[row].strip() for row in filled.tolist()], return_inverse=True)
        if values.max() + 1 > filled.size / _ROWS_PER_VALUE:
            continue
        own = labels[filled].astype(np.int64)
        counts = np.zeros((values.max() + 1, int(own.max()) + 1))
        np.add.at(counts, (values, own), 1)
        others = counts[values]
        others[np.arange(own.size), own] -= 1
        right = others.argmax(axis=1) == own
        constant = np.bincount(own).max() / own.size
        told = float(np.mean(right & (others.sum(axis=1) > 0)))
        if told >= _TELLS and told >= constant + _LEAST_GAIN:
            found.append(Leak("column", name, None, told, int(filled.size)))
    return sorted(found, key=lambda leak: (-leak.share, leak.name))


def leaking_words(texts: Sequence[str], labels: Labels) -> list[Leak]:
    """Find words that stand in a tenth of the reviews of a class, and hardly in any other.

    Args:
        texts: n reviews.
        labels: from 0 to K − 1, [n].
    """
    rows = range(0, len(texts), max(len(texts) // _SAMPLE, 1))
    sizes: Counter[int] = Counter()
    counts: dict[int, Counter[str]] = {}
    for row in rows:
        label = int(labels[row])
        sizes[label] += 1
        words = set(_WORD.findall(texts[row][:_LONGEST].casefold()))
        counts.setdefault(label, Counter()).update(words)
    every = sum(counts.values(), Counter())
    found = []
    for label, of_label in counts.items():
        least = max(_LEAST_SHARE * sizes[label], _LEAST_ROWS)
        base = sizes[label] / sizes.total()
        for word, count in of_label.items():
            share = count / every[word]
            if count >= least and _at_least(count, every[word]) >= max(_TELLS, (1 + base) / 2):
                found.append(Leak("word", word, label, share, every[word]))
    return sorted(found, key=lambda leak: (-leak.reviews * leak.share, leak.name))


def _at_least(count: int, of: int) -> float:
    """Return the lower end of the 95% interval of a share (Wilson, 1927)."""
    share, squared = count / of, _Z**2
    middle = share + squared / (2 * of)
    spread = _Z * (share * (1 - share) / of + squared / (4 * of**2)) ** 0.5
    return (middle - spread) / (1 + squared / of)
