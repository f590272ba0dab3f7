"""Why one review is answered as it is: what each of its words adds to the logit.

The logit is that of the stated probability, calibrated. It is taken apart by integrated gradients
over the features (`attribution`); a feature's credit is shared equally over the places where it
stands, and at each place equally among the words it covers. A negated word shares with its
negation, a run of characters with every word it touches.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features import SparseRows
from sentiment.features.places import Places, find_places
from sentiment.model.attribution import integrated_gradients
from sentiment.model.model import Model
from sentiment.model.phrases import unnested

Span = tuple[int, int]

# How many phrases are given, and how many n-grams are looked through for them.
_PHRASES = 8
_CANDIDATES = 64


@dataclass(frozen=True)
class Word:
    """A token where it stands.

    Attributes:
        text: as it was written.
        start, end: where, in characters of the review as it was written.
        contribution: what it adds to the logit; above 0 it speaks for *positive*.
    """

    text: str
    start: int
    end: int
    contribution: float


@dataclass(frozen=True)
class WordSum:
    """A word at all its places.

    Attributes:
        text: as it was written, in lower case if it stands in several places.
        times: how often it stands in the review.
        contribution: what it adds to the logit in all.
    """

    text: str
    times: int
    contribution: float


@dataclass(frozen=True)
class Phrase:
    """Two words or more that the model knows as one feature.

    Attributes:
        text: in lower case, words and marks apart; `not … good` for a word under a negation.
        places: the words it covers at each place, from the first to the last.
        contribution: what it adds to the logit by itself; its words have that in theirs, too.
    """

    text: str
    places: tuple[Span, ...]
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """An answer taken apart: base + the contributions of all words = logit.

    Attributes:
        text: the review as it was written.
        answer: as `predict` gives it; empty for an empty review.
        p_positive: the probability of *positive*, NaN for an empty review.
        logit: its log-odds.
        base: the logit of an empty review.
        words: every token, in order.
        phrases: the strongest, those that add or take most first.
    """

    text: str
    answer: str
    p_positive: float
    logit: float
    base: float
    words: tuple[Word, ...]
    phrases: tuple[Phrase, ...]

    def toward(self, sign: int) -> list[int]:
        """Rank the words that speak for *positive* (sign 1) or against it (−1), strongest first.

        Returns:
            Numbers of words.
        """
        weights = np.array([sign * word.contribution for word in self.words])
        ranked: list[int] = np.argsort(-weights, kind="stable").tolist()
        return [number for number in ranked if weights[number] > 0]

    def by_word(self) -> list["WordSum"]:
        """Add up what a word does at all its places, whatever its case; in order of appearance."""
        alike: dict[str, list[Word]] = {}
        for word in self.words:
            alike.setdefault(word.text.lower(), []).append(word)
        return [
            WordSum(
                name if len(words) > 1 else words[0].text,
                len(words),
                sum(word.contribution for word in words),
            )
            for name, words in alike.items()
        ]


def explain(model: Model, text: str) -> Explanation:
    """Take the answer to one review apart."""
    row = model.vectorizer.transform([text])
    places = find_places(text, model.vectorizer)
    credit = _credit_of_places(model, row, places)
    logits = np.concatenate([model.network.logits(rows) for rows in (row, _empty(row))])
    p_positive = model.calibration.probabilities(logits[:1])
    if not places.starts.size:
        p_positive[:] = np.nan
    logit, base = (model.calibration.slope * logits + model.calibration.intercept).tolist()
    return Explanation(
        text,
        model.decision.answers(p_positive)[0],
        float(p_positive[0]),
        logit,
        base,
        _words(text, places, places.shared(credit)),
        _phrases(text, places, credit),
    )


def _empty(row: SparseRows) -> SparseRows:
    return SparseRows(row.columns[:0], row.values[:0], np.zeros(2, np.int64), row.width)


def _credit_of_places(model: Model, row: SparseRows, places: Places) -> NDArray[np.float64]:
    """Share the credit of each feature equally over its places: float64 [places]."""
    credit = integrated_gradients(model.network, row) * model.calibration.slope
    order = np.argsort(row.columns)
    entries = order[np.searchsorted(row.columns, places.columns, sorter=order)]
    often = np.bincount(entries, minlength=credit.size)
    return (credit / np.maximum(often, 1))[entries]


def _words(text: str, places: Places, contributions: NDArray[np.float64]) -> tuple[Word, ...]:
    """Give each token its part of the text; those that share characters become one word."""
    if not places.starts.size:
        return ()
    latest = np.maximum.accumulate(places.ends)
    first = np.flatnonzero(np.concatenate(([True], places.starts[1:] >= latest[:-1])))
    starts, ends = places.starts[first], np.maximum.reduceat(places.ends, first)
    sums = np.add.reduceat(contributions, first)
    return tuple(
        Word(text[start:end], start, end, contribution)
        for start, end, contribution in zip(
            starts.tolist(), ends.tolist(), sums.tolist(), strict=True
        )
    )


def _phrases(text: str, places: Places, credit: NDArray[np.float64]) -> tuple[Phrase, ...]:
    """Find the n-grams of several words whose own credit is largest; none within another."""
    several = np.flatnonzero(places.spelled & (places.first < places.last))
    strongest = several[np.argsort(-np.abs(credit[several]), kind="stable")]
    # The same words may be several features, such as once more at the end: they are one phrase.
    sums: dict[str, float] = {}
    spans: dict[str, set[Span]] = {}
    for place in strongest[:_CANDIDATES].tolist():
        name, span = _spelled(text, places, place)
        sums[name] = sums.get(name, 0.0) + float(credit[place])
        spans.setdefault(name, set()).add(span)
    ranked = sorted(sums, key=lambda name: -abs(sums[name]))
    return tuple(
        Phrase(name, tuple(sorted(spans[name])), sums[name]) for name in unnested(ranked, _PHRASES)
    )


def _spelled(text: str, places: Places, place: int) -> tuple[str, Span]:
    """Name a phrase, and say from where to where it stands."""
    first, last = int(places.first[place]), int(places.last[place])
    apart = bool(places.apart[place]) and last > first + 1
    tokens = [first, last] if apart else range(first, last + 1)
    # Tokens that share characters, as the three of an ellipsis do, are named once.
    parts = dict.fromkeys((int(places.starts[token]), int(places.ends[token])) for token in tokens)
    words = [text[start:end].lower() for start, end in parts]
    span = (int(places.starts[first]), int(places.ends[last]))
    return (" … " if apart else " ").join(words), span
