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
from sentiment.model.calibration import sigmoid
from sentiment.model.decision import ENOUGH
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
        reason: why it is `uncertain`; empty for other answers.
        p_positive: the probability of *positive*, NaN for an empty review.
        logit: its log-odds.
        base: the logit of an empty review.
        words: every token, in order.
        phrases: the strongest, those that add or take most first.
    """

    text: str
    answer: str
    reason: str
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
    parts = _Parts.of(model, text)
    p_positive = sigmoid(np.array([parts.logit if parts.starts.size else np.nan]))
    evidence = np.array([parts.evidence], np.uint8)
    answers = model.decision.answers(p_positive, evidence)
    return Explanation(
        text,
        answers[0],
        model.decision.reasons(answers, evidence)[0],
        float(p_positive[0]),
        parts.logit,
        parts.empty,
        _words(text, parts),
        _phrases(parts),
    )


@dataclass(frozen=True, eq=False)
class _Parts:
    """What a model, and with it the one it stands on, makes of a review.

    Attributes:
        evidence: how much of its words is known; with too little, no word adds anything.
        logit, empty: the calibrated logit of the review, and of an empty one.
        starts, ends: where each token stands in the text, int64 [tokens] each.
        tokens: what each adds to the logit, float64 [tokens].
        phrases: what n-grams of several words add by themselves, and where they stand.
    """

    evidence: int
    logit: float
    empty: float
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    tokens: NDArray[np.float64]
    phrases: dict[str, tuple[float, set[Span]]]

    @classmethod
    def of(cls, model: Model, text: str) -> "_Parts":
        row = model.vectorizer.transform([text])
        (evidence,), _ = model.evidence([text], row)
        if evidence != ENOUGH:
            row = SparseRows.empty(row.width)
        places = find_places(text, model.vectorizer).of_features(row.columns)
        credit = _credit_of_places(model, row, places)
        (logit,) = model.calibration.log_odds(model.network.logits(row)).tolist()
        phrases = _candidates(text, places, credit)
        tokens = places.shared(credit)
        own = cls(evidence, logit, model.silent, places.starts, places.ends, tokens, phrases)
        return (
            own
            if model.base is None
            else own.plus(cls.of(model.base.model, text), model.base.weight)
        )

    def plus(self, base: "_Parts", weight: float) -> "_Parts":
        """Add what the base makes of the same text; it may find other tokens there."""
        phrases = dict(self.phrases)
        for name, (move, spans) in base.phrases.items():
            mine, places = phrases.get(name, (0.0, set()))
            phrases[name] = mine + weight * move, places | spans
        if np.array_equal(self.starts, base.starts) and np.array_equal(self.ends, base.ends):
            starts, ends, tokens = self.starts, self.ends, self.tokens + weight * base.tokens
        else:
            starts = np.concatenate((self.starts, base.starts))
            ends = np.concatenate((self.ends, base.ends))
            order = np.lexsort((ends, starts))
            starts, ends = starts[order], ends[order]
            tokens = np.concatenate((self.tokens, weight * base.tokens))[order]
        return _Parts(
            min(self.evidence, base.evidence) if weight > 0 else self.evidence,
            self.logit + weight * base.logit,
            self.empty + weight * base.empty,
            starts,
            ends,
            tokens,
            phrases,
        )


def _credit_of_places(model: Model, row: SparseRows, places: Places) -> NDArray[np.float64]:
    """Share the credit of each feature equally over its places: float64 [places]."""
    credit = integrated_gradients(model.network, row) * model.calibration.slope
    order = np.argsort(row.columns)
    entries = order[np.searchsorted(row.columns, places.columns, sorter=order)]
    often = np.bincount(entries, minlength=credit.size)
    return (credit / np.maximum(often, 1))[entries]


def _words(text: str, parts: _Parts) -> tuple[Word, ...]:
    """Give each token its part of the text; those that share characters become one word."""
    if not parts.starts.size:
        return ()
    latest = np.maximum.accumulate(parts.ends)
    first = np.flatnonzero(np.concatenate(([True], parts.starts[1:] >= latest[:-1])))
    starts, ends = parts.starts[first], np.maximum.reduceat(parts.ends, first)
    sums = np.add.reduceat(parts.tokens, first)
    return tuple(
        Word(text[start:end], start, end, contribution)
        for start, end, contribution in zip(
            starts.tolist(), ends.tolist(), sums.tolist(), strict=True
        )
    )


def _candidates(
    text: str, places: Places, credit: NDArray[np.float64]
) -> dict[str, tuple[float, set[Span]]]:
    """Name the n-grams of several words whose own credit is largest, and say where they stand."""
    several = np.flatnonzero(places.spelled & (places.first < places.last))
    strongest = several[np.argsort(-np.abs(credit[several]), kind="stable")]
    # The same words may be several features, such as once more at the end: they are one phrase.
    sums: dict[str, float] = {}
    spans: dict[str, set[Span]] = {}
    for place in strongest[:_CANDIDATES].tolist():
        name, span = _spelled(text, places, place)
        sums[name] = sums.get(name, 0.0) + float(credit[place])
        spans.setdefault(name, set()).add(span)
    return {name: (sums[name], spans[name]) for name in sums}


def _phrases(parts: _Parts) -> tuple[Phrase, ...]:
    """Choose the phrases that move most; none within another."""
    ranked = sorted(parts.phrases, key=lambda name: -abs(parts.phrases[name][0]))
    chosen = ((name, *parts.phrases[name]) for name in unnested(ranked, _PHRASES))
    return tuple(Phrase(name, tuple(sorted(spans)), move) for name, move, spans in chosen)


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
