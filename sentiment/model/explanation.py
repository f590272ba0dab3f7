"""Why a review got its answer: what each word and phrase adds to its log-odds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.features.places import Spans, written_spans
from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import Component
from sentiment.model.model import Model
from sentiment.model.own_words import OwnWords
from sentiment.model.phrases import unnested

Span = tuple[int, int]

# The number of phrases in an explanation, and of n-grams they are chosen from.
_PHRASES = 8
_CANDIDATES = 64


@dataclass(frozen=True)
class Word:
    """A token in its place.

    Attributes:
        text: as written.
        start, end: its span, in characters of the review as written.
        contribution: what it adds to the logit; above 0 it counts for that class.
    """

    text: str
    start: int
    end: int
    contribution: float


@dataclass(frozen=True)
class WordSum:
    """All occurrences of a word.

    Attributes:
        text: as written, in lower case if it occurs more than once.
        times: the number of occurrences.
        contribution: their sum.
    """

    text: str
    times: int
    contribution: float


@dataclass(frozen=True)
class Phrase:
    """Two words or more that are one feature of the model.

    Attributes:
        text: in lower case, tokens separated by spaces; `not … good` for a negated word.
        places: the span of each occurrence.
        contribution: what it adds to the logit by itself; its words' contributions include that.
    """

    text: str
    places: tuple[Span, ...]
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """An answer and its parts: base + the contributions of all words = logit.

    The logit is that of the second of two classes. Of more it is the margin, in log-odds, of one
    class over another: of the most likely over the next, or of the one asked for over the most
    likely other one.

    Attributes:
        text: the review as written.
        answer: as `predict` gives it; empty for an empty review.
        reason: why it is `uncertain`; empty for other answers.
        probabilities: of the classes, [K]; NaN for an empty review.
        toward, over: the labels of the two classes that the logit compares.
        logit: the log-odds of the former against the latter.
        base: the logit of an empty review.
        words: every token, in order.
        phrases: those with the largest contributions, the largest first.
        own: the words of a user in it; their contributions are in those of the words, too.
        labels: the classes of the model.
    """

    text: str
    answer: str
    reason: str
    probabilities: tuple[float, ...]
    toward: int
    over: int
    logit: float
    base: float
    words: tuple[Word, ...]
    phrases: tuple[Phrase, ...]
    own: tuple[Phrase, ...] = ()
    labels: LabelSet = SENTIMENT

    def _repr_html_(self) -> str:
        """Return what notebooks show."""
        from sentiment.model.html import explanation_html

        return explanation_html(self)

    @property
    def p_positive(self) -> float:
        """The probability of the class that the logit is for."""
        return self.probabilities[self.toward]

    def strongest(self, sign: int) -> list[int]:
        """Return the indices of words for the class (1) or against it (−1), strongest first."""
        weights = np.array([sign * word.contribution for word in self.words])
        ranked: list[int] = np.argsort(-weights, kind="stable").tolist()
        return [number for number in ranked if weights[number] > 0]

    def by_word(self) -> list[WordSum]:
        """Return the sum over the occurrences of each word in any case, in order of appearance."""
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


def explain(model: Model, text: str, toward: int | None = None) -> Explanation:
    """Explain the answer to a review.

    Args:
        model: the model.
        text: the review.
        toward: the label to explain; None for the second of two classes, the answer of more.
    """
    scores = model.scores([text])
    answers = model.answers(scores)
    winner, other = _compared(model, scores.probabilities, toward)
    direction = np.eye(len(model.labels))[winner] - np.eye(len(model.labels))[other]
    bare = model.with_words(OwnWords())
    known = not (bare.scores([text]) if model.words else scores).unknown[0]
    each = [_Parts.of(component, text, direction[1:], known) for component in model.components]
    parts = model.add_up(each, _Parts.plus)
    own = _own_words(model, text, direction[1:])
    if own:
        parts = parts.plus(_Parts.of_own(model, text, own), 1.0)
    return Explanation(
        text,
        answers[0],
        model.reasons(answers, scores)[0],
        tuple(scores.probabilities[0].tolist()),
        winner,
        other,
        parts.logit,
        parts.empty,
        _words(text, parts),
        _phrases(parts),
        tuple(phrase for phrase, _ in own),
        model.labels,
    )


def _compared(model: Model, probabilities: NDArray[np.float64], toward: int | None) -> Span:
    """Return the labels of the two classes that an explanation compares."""
    if toward is None:
        toward = 1 if model.labels.is_binary else int(model.decision.choose(probabilities)[0])
    others = np.nan_to_num(probabilities[0])
    others[toward] = -1
    return toward, int(others.argmax())


@dataclass(frozen=True, eq=False)
class _Parts:
    """The parts of a review's logit, from a component or the sum of several.

    Attributes:
        logit, empty: the calibrated logit of the review, and of an empty one.
        starts, ends: the span of each token, int64 [tokens] each.
        tokens: the contribution of each, float64 [tokens].
        phrases: n-grams of several words, with their contributions and spans.
    """

    logit: float
    empty: float
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    tokens: NDArray[np.float64]
    phrases: dict[str, tuple[float, set[Span]]]

    @classmethod
    def of(
        cls, component: Component, text: str, direction: NDArray[np.float64], known: bool
    ) -> "_Parts":
        """Return the parts of a component's log-odds in a direction, [K − 1].

        If the model knows too little of the review, no word has a contribution.
        """
        row, *_ = component.encode([text])
        if not known:
            row = row.cleared(np.ones(1, np.bool_))
        spans = component.encoder.spans(text, row)
        credit = spans.divided(component.credit(row) @ direction)
        return cls(
            float(component.log_odds_of(row)[0] @ direction),
            float(component.empty_logits @ direction),
            spans.starts,
            spans.ends,
            spans.shared(credit),
            _candidates(text, spans, credit),
        )

    @classmethod
    def of_own(cls, model: Model, text: str, own: Sequence["_Own"]) -> "_Parts":
        """Return the parts of the words of a user, each shared equally by its places' tokens."""
        starts, ends = written_spans(text, repaired=model.repairs)
        tokens = np.zeros(starts.size)
        for phrase, places in own:
            count = sum(end - first for first, end in places)
            for first, end in places:
                tokens[first:end] += phrase.contribution / count
        logit = sum(phrase.contribution for phrase, _ in own)
        return cls(logit, 0.0, starts, ends, tokens, {})

    def plus(self, base: "_Parts", weight: float) -> "_Parts":
        """Add those of the base, which may have other tokens."""
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
            self.logit + weight * base.logit,
            self.empty + weight * base.empty,
            starts,
            ends,
            tokens,
            phrases,
        )


_Own = tuple[Phrase, list[Span]]


def _own_words(model: Model, text: str, direction: NDArray[np.float64]) -> list[_Own]:
    """Return the words of a user in a text, with the tokens of each place, in their order."""
    if not model.words or model.foreign([text])[0]:
        return []
    starts, ends = written_spans(text, repaired=model.repairs)
    return [
        (
            Phrase(
                model.words.phrases[number],
                tuple((int(starts[first]), int(ends[end - 1])) for first, end in places),
                float(model.words.log_odds[number] @ direction),
            ),
            places,
        )
        for number, places in model.words.places(text, repaired=model.repairs).items()
    ]


def _words(text: str, parts: _Parts) -> tuple[Word, ...]:
    """Return the tokens as words; those that share characters become one."""
    if not parts.starts.size:
        return ()
    latest = np.maximum.accumulate(parts.ends)
    first = np.flatnonzero(np.concatenate(([True], parts.starts[1:] >= latest[:-1])))
    starts, ends = parts.starts[first], np.maximum.reduceat(parts.ends, first)
    sums = np.add.reduceat(parts.tokens, first)
    found = zip(starts.tolist(), ends.tolist(), sums.tolist(), strict=True)
    return tuple(Word(text[start:end], start, end, move) for start, end, move in found)


def _candidates(
    text: str, spans: Spans, credit: NDArray[np.float64]
) -> dict[str, tuple[float, set[Span]]]:
    """Return the n-grams of several words with the largest credit of their own, with their spans.

    The same words may be several features, such as another one at the end: they are one phrase.
    """
    several = np.flatnonzero(spans.spelled & (spans.first < spans.last))
    strongest = several[np.argsort(-np.abs(credit[several]), kind="stable")]
    found: dict[str, tuple[float, set[Span]]] = {}
    for place in strongest[:_CANDIDATES].tolist():
        name, span = _spelled(text, spans, place)
        move, others = found.get(name, (0.0, set()))
        found[name] = move + float(credit[place]), others | {span}
    return found


def _spelled(text: str, spans: Spans, place: int) -> tuple[str, Span]:
    """Return the text of an n-gram, and its span."""
    first, last = int(spans.first[place]), int(spans.last[place])
    apart = bool(spans.apart[place]) and last > first + 1
    tokens = [first, last] if apart else range(first, last + 1)
    # Tokens that share characters, as the three of an ellipsis do, are named once.
    parts = dict.fromkeys((int(spans.starts[token]), int(spans.ends[token])) for token in tokens)
    words = [text[start:end].lower() for start, end in parts]
    span = (int(spans.starts[first]), int(spans.ends[last]))
    return (" … " if apart else " ").join(words), span


def _phrases(parts: _Parts) -> tuple[Phrase, ...]:
    """Return the phrases with the largest contributions, none within another."""
    ranked = sorted(parts.phrases, key=lambda name: -abs(parts.phrases[name][0]))
    chosen = ((name, *parts.phrases[name]) for name in unnested(ranked, _PHRASES))
    return tuple(Phrase(name, tuple(sorted(spans)), move) for name, move, spans in chosen)
