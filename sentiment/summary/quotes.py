"""Sentences that show what a theme is, and what a model makes of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sentiment.model.model import Model
from sentiment.summary.phrases import UNSPACED, Corpus
from sentiment.summary.result import Passage, Quote

Floats = NDArray[np.float64]

QUOTES = 3
# Sentences of a theme that a model of n-grams is asked about, and one that takes milliseconds.
_ASKED, _ASKED_SLOWLY = 32, 6
_SIDES = 50_000  # sentences whose side is asked for
# Log-odds for the label of the review that a sentence is in, divided by the square root of how many
# sentences that has: the label of a long review says less of each.
_LABEL = 3.0
_SHORTEST, _SHORT, _LONGEST = 12, 120, 400  # characters of a quote
_PER_CHARACTER = 1 / 500  # of probability, beyond a short one
_ALIKE = 0.4  # the share of words, of both, that two quotes have in common at most
_CLIPPED = 1e-6


@dataclass(frozen=True, eq=False)
class Judge:
    """What a model says of sentences.

    Attributes:
        model: None for none.
        columns: which of its classes each label is; −1 for one that it does not have.
        known: the answers so far, for sentences that stand in several themes.
    """

    model: Model | None
    columns: tuple[int, ...]
    known: dict[str, Floats] = field(default_factory=dict)

    @cached_property
    def quick(self) -> Model | None:
        """The part of the model that reads n-grams, which answers thousands of sentences."""
        if self.model is None:
            return None
        parts = tuple(each for each in self.model.components if each.encoder.kind == "ngrams")
        return (
            replace(self.model, components=parts, below=self.model.below[: len(parts) - 1])
            if parts
            else None
        )

    def sides(self, corpus: Corpus) -> NDArray[np.int64]:
        """Return the class that each sentence is taken to speak for, int64 [sentences].

        It is the likeliest by the model and by the label of the review, −1 for none. Without a
        model of n-grams, which answers thousands of sentences, it is the label.
        """
        labels = np.array([passage.label for passage in corpus.passages], np.int64)[corpus.owner]
        if self.quick is None or min(self.columns) < 0 or not corpus.texts:
            return labels
        asked = np.array(spread(range(len(corpus.texts)), _SIDES))
        found = self.quick.probabilities([corpus.texts[number] for number in asked.tolist()])
        with np.errstate(divide="ignore"):
            odds = np.log(np.nan_to_num(found[:, self.columns], nan=1.0))
        labelled = labels[asked] >= 0
        weights = _LABEL / np.sqrt(np.bincount(corpus.owner)[corpus.owner[asked]])
        odds[np.flatnonzero(labelled), labels[asked][labelled]] += weights[labelled]
        sides = labels.copy()
        sides[asked[labelled]] = odds.argmax(axis=1)[labelled]
        return sides

    @classmethod
    def of(cls, model: Model | None, classes: Sequence[str]) -> "Judge":
        """Return the judge for labels by name."""
        names = model.labels.names if model else ()
        return cls(model, tuple(names.index(each) if each in names else -1 for each in classes))

    @property
    def is_slow(self) -> bool:
        """Whether a sentence takes milliseconds."""
        return self.model is not None and self.model.reads_pieces

    @property
    def most(self) -> int:
        """How many sentences it can be asked about for each theme."""
        return _ASKED_SLOWLY if self.is_slow else _ASKED

    def probabilities(
        self, texts: Sequence[str], passages: Sequence[Passage], label: int
    ) -> Floats:
        """Return the probability of a class for each sentence, float64 [n].

        Without a model, or for a class that it lacks, it is that of the whole passage, or a half.
        """
        column = self.columns[label]
        if self.model is None or column < 0:
            return np.array([np.nan_to_num(p.likelihood[label], nan=0.5) for p in passages])
        return self._scored(texts)[:, column]

    def labels(self, texts: Sequence[str], passages: Sequence[Passage]) -> NDArray[np.int64]:
        """Return the label of the answer to each sentence, −1 for none, int64 [n].

        Without a model, it is that of the whole passage.
        """
        if self.model is None or not texts:
            return np.array([passage.label for passage in passages], np.int64)
        answers = self.model.answers(self.model.scores(texts))
        names = self.model.labels.names
        label_of = {names[each]: label for label, each in enumerate(self.columns) if each >= 0}
        return np.array([label_of.get(answer, -1) for answer in answers], np.int64)

    def _scored(self, texts: Sequence[str]) -> Floats:
        """Return the probabilities of sentences, 1 / K each where there is none, [n, K]."""
        assert self.model is not None
        if new := [text for text in dict.fromkeys(texts) if text not in self.known]:
            found = self.model.probabilities(new)
            found = np.where(np.isnan(found), 1 / found.shape[1], found)
            self.known.update(zip(new, found, strict=True))
        return np.array([self.known[text] for text in texts])

    def moved(
        self, corpus: Corpus, sentences: Sequence[int], ways: Sequence[str], label: int
    ) -> float:
        """Return how far phrases move the log-odds of a class in sentences, on average.

        The model, of which the part that reads n-grams will do, is asked about some sentences with
        and without them; 0 without a model.
        """
        column = self.columns[label]
        if self.model is None or column < 0:
            return 0.0
        pattern = written_as(ways)
        asker = Judge(self.quick, self.columns) if self.is_slow and self.quick else self
        texts = [corpus.texts[number] for number in spread(sentences, asker.most)]
        pairs = [(text, pattern.sub(" ", text)) for text in texts]
        pairs = [(text, rest) for text, rest in pairs if text != rest]
        if not pairs:
            return 0.0
        asked = asker._scored([text for pair in pairs for text in pair])[:, column]
        p = np.clip(asked, _CLIPPED, 1 - _CLIPPED)
        odds = np.log(p / (1 - p))
        return float((odds[::2] - odds[1::2]).mean())


def written_as(ways: Sequence[str]) -> re.Pattern[str]:
    """Return what finds phrases in texts as written, in any case and with any space between."""
    patterns = []
    for way in sorted(ways, key=len, reverse=True):
        pattern = r"[\s,\-]{1,3}".join(map(re.escape, way.split()))
        is_apart = not UNSPACED.match(way)
        patterns.append(rf"(?<!\w){pattern}(?!\w)" if is_apart else pattern)
    return re.compile("|".join(patterns), re.IGNORECASE)


def spread(numbers: Sequence[int], most: int) -> list[int]:
    """Return at most so many of some numbers, evenly spread."""
    if len(numbers) <= most:
        return list(numbers)
    return [numbers[place * len(numbers) // most] for place in range(most)]


def choose_quotes(
    corpus: Corpus,
    sentences: Sequence[int],
    names: Sequence[str],
    label: int,
    judge: Judge,
    most: int = QUOTES,
) -> tuple[Quote, ...]:
    """Choose the most telling sentences: short, plainly of the class, different from each other.

    Args:
        corpus: what they stand in.
        sentences: those to choose from, ascending.
        names: ways to write what they should have, the best first.
        label: the class.
        judge: what the model says of them.
        most: how many to choose.
    """
    fitting = [n for n in sentences if _SHORTEST <= len(corpus.texts[n]) <= _LONGEST]
    named = written_as(names[:1])
    best = [n for n in fitting if named.search(corpus.texts[n])]
    asked = spread(best if len(best) >= QUOTES else fitting, judge.most)
    texts = [corpus.texts[number] for number in asked]
    passages = [corpus.passages[corpus.owner[number]] for number in asked]
    telling = judge.probabilities(texts, passages, label) - [
        max(len(text) - _SHORT, 0) * _PER_CHARACTER for text in texts
    ]
    ranked = np.argsort(-telling, kind="stable").tolist()
    return tuple(
        Quote(texts[n], passages[n].text, passages[n].place, label)
        for n in islice(_different(texts, ranked), most)
    )


def _different(texts: Sequence[str], ranked: Sequence[int]) -> Iterator[int]:
    """Yield the texts of a ranking of which no two are alike."""
    chosen: list[frozenset[str]] = []
    for number in ranked:
        words = frozenset(re.findall(r"\w+", texts[number].lower()))
        if all(len(words & other) <= _ALIKE * len(words | other) for other in chosen):
            yield number
            chosen.append(words)
