"""Why a review got its answer: what each word added, and what taking words away would change."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.places import Places, find_spans
from sentiment.features.rows import CSRMatrix
from sentiment.model.attribution import integrated_gradients, unnested
from sentiment.model.component import Component, sigmoid
from sentiment.model.model import NO_ANSWER, Model, Scores

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
    each = [_Parts.of(component, text) for component in model.components]
    parts = model.add_up(each, _Parts.plus)
    p_positive = sigmoid(np.array([parts.logit if parts.starts.size else np.nan]))
    scores = Scores(p_positive, np.array([parts.evidence], np.uint8))
    answers = model.answers(scores)
    return Explanation(
        text,
        answers[0],
        model.decision.reasons(answers, scores.evidence)[0],
        float(p_positive[0]),
        parts.logit,
        parts.empty,
        _words(text, parts),
        _phrases(parts),
    )


@dataclass(frozen=True, eq=False)
class _Parts:
    """What a component, or several of them together, make of a review.

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
    def of(cls, component: Component, text: str) -> "_Parts":
        row, (evidence,), _ = component.encode([text])
        places = find_spans(text, component.encoder).of_features(row.columns)
        credit = _credit_of_places(component, row, places)
        (logit,) = component.calibration.log_odds(component.network.logits(row)).tolist()
        phrases = _candidates(text, places, credit)
        tokens = places.shared(credit)
        return cls(
            evidence, logit, component.empty_logit, places.starts, places.ends, tokens, phrases
        )

    def plus(self, base: "_Parts", weight: float) -> "_Parts":
        """Add what those behind it make of the same text; they may find other tokens there."""
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


def _credit_of_places(component: Component, row: CSRMatrix, places: Places) -> NDArray[np.float64]:
    """Share the credit of each feature equally over its places: float64 [places]."""
    credit = integrated_gradients(component.network, row) * component.calibration.slope
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


@dataclass(frozen=True)
class Removal:
    """Words whose removal changes the answer; none of them could stay.

    Attributes:
        words: numbers of the words in the explanation, in the order of the text.
        answer: what the review is answered without them.
        p_positive: the probability of *positive* without them.
    """

    words: tuple[int, ...]
    answer: str
    p_positive: float


def without(text: str, words: Iterable[Word]) -> str:
    """Put a space in the place of some words; their neighbors never run together."""
    kept, done = [], 0
    for word in sorted(words, key=lambda word: word.start):
        kept.append(text[done : word.start])
        done = word.end
    return " ".join([*kept, text[done:]])


def smallest_removal(model: Model, explanation: Explanation, most: int = 10) -> Removal | None:
    """Search for few words whose removal changes the answer; the model is asked again each time.

    Greedy: the words that speak for the answer are taken out, strongest first, until it changes;
    then each is put back that it changes without. A smaller set may be there that this misses.

    Args:
        model: the model that was explained.
        explanation: of the review.
        most: how many words to take out at the most.

    Returns:
        None where the answer stays whatever of these is taken out, and for an empty review.
    """
    sign = 1 if explanation.p_positive >= model.decision.threshold else -1
    ranked = explanation.toward(sign)[:most]
    flipping = _first_flip(
        model, explanation, (ranked[:count] for count in range(1, len(ranked) + 1))
    )
    while flipping is not None and len(flipping.words) > 1:
        # The weakest is put back first: the strongest explain best.
        smaller = (
            [word for word in flipping.words if word != weak]
            for weak in reversed(ranked)
            if weak in flipping.words
        )
        found = _first_flip(model, explanation, smaller)
        if found is None:
            break
        flipping = found
    return flipping


def _first_flip(
    model: Model, explanation: Explanation, sets: Iterable[list[int]]
) -> Removal | None:
    """Ask the model without each set of words, until one changes the answer."""
    for numbers in sets:
        text = without(explanation.text, (explanation.words[number] for number in numbers))
        scores = model.scores([text])
        (answer,) = model.answers(scores)
        if answer not in (explanation.answer, NO_ANSWER):
            return Removal(tuple(sorted(numbers)), answer, float(scores.p_positive[0]))
    return None


# From which share of the strongest contribution on each level begins.
_BOUNDS = (0.06, 0.2, 0.45, 0.75)
LEVELS = len(_BOUNDS)

_BREAK = re.compile(r"<br\s{0,9}/?>|\r\n|[\n\r]", re.IGNORECASE)
_SPACE = re.compile(r"(\s+)")

# Characters that are shown, and what they add to the answer, as a share of the strongest.
Part = tuple[str, float]


def parts_of(text: str, words: Sequence[Word]) -> Iterator[Part]:
    """Cut a text into words, spaces, and what else stands between; line breaks become `\\n`.

    Args:
        text: as it was written.
        words: its words, in order.
    """
    most = max((abs(word.contribution) for word in words), default=0.0) or 1.0
    done = 0
    for word in words:
        yield from _gap(text[done : word.start])
        yield text[word.start : word.end], word.contribution / most
        done = word.end
    yield from _gap(text[done:])


def level_of(share: float) -> int:
    """Give the strength of a color, from 0, none, to `LEVELS`."""
    return sum(abs(share) >= bound for bound in _BOUNDS)


def _gap(text: str) -> Iterator[Part]:
    return ((part, 0.0) for part in _SPACE.split(_BREAK.sub("\n", text)) if part)


def as_values(explanation: Explanation, removal: Removal | None) -> dict[str, Any]:
    """Turn an explanation into JSON values; `without` is None where nothing changes the answer.

    Args:
        explanation: of a review.
        removal: the words without which the answer would be another, if any.
    """
    blank = not explanation.words
    values: dict[str, Any] = {
        "text": explanation.text,
        "predicted": explanation.answer or None,
        "reason": explanation.reason or None,
        "p_positive": None if blank else round(explanation.p_positive, 6),
        "logit": None if blank else explanation.logit,
        "base": explanation.base,
        "words": [asdict(word) for word in explanation.words],
        "phrases": [asdict(phrase) for phrase in explanation.phrases],
        "without": None,
    }
    if removal is not None:
        values["without"] = {
            "words": [asdict(explanation.words[number]) for number in removal.words],
            "predicted": removal.answer,
            "p_positive": round(removal.p_positive, 6),
        }
    return values
