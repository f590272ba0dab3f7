"""What people talk about: nouns and noun phrases, and what the sentences about each say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sentiment.model.model import Model
from sentiment.summary.nouns import are_nouns
from sentiment.summary.phrases import Corpus, Grams, Ints, frequent, spelled, stem
from sentiment.summary.quotes import Judge, choose_quotes, spread
from sentiment.summary.result import Aspect, Quote

LIMIT = 12
_LEAST_SENTENCES = 5
_MOSTLY = 0.5  # of the uses of a word, those in a longer phrase that then stands for it
# Sentences of an aspect that a model of n-grams is asked about, and one that takes milliseconds.
_ASKED, _ASKED_SLOWLY = 400, 24
_TOLD = 0.1  # the least share of a class that is quoted


@dataclass(frozen=True, eq=False)
class _Found:
    """Something that is talked about.

    Attributes:
        phrases: the ways in which it is written, the most frequent first.
        sentences: those that have it, ascending, int64.
    """

    phrases: tuple[str, ...]
    sentences: Ints


def find_aspects(
    corpus: Corpus,
    model: Model | None,
    classes: Sequence[str],
    asked: Sequence[str] = (),
    limit: int = LIMIT,
) -> tuple[Aspect, ...]:
    """Find what people talk about, and the share of each class among the sentences about it.

    Args:
        corpus: reviews, a sample if there are many.
        model: answers the sentences, of frequent aspects a sample; None to take the labels of
            their passages.
        classes: the names of the labels.
        asked: names of aspects to show, whether or not they occur; also in other inflections.
        limit: the maximum number of others.

    Returns:
        Those asked for, in that order, then others, the most frequent first.
    """
    judge = Judge.of(model, classes)
    aspects = []
    for name in dict.fromkeys(filter(None, map(str.strip, asked))):
        found = _asked_for(corpus, name)
        aspects.append(_aspect(corpus, judge, name, found, asked=True))
    known = {_stems(corpus, aspect.name) for aspect in aspects}
    grams = frequent(corpus, max(_LEAST_SENTENCES, len(corpus.passages) // 400))
    for phrase in _nouns(corpus, grams, limit + len(known)):
        if grams.stems[phrase] not in known and len(aspects) < limit + len(known):
            ways = spelled(corpus, grams, phrase)
            sentences = np.unique(corpus.sentence[grams.places_of(phrase)])
            aspects.append(_aspect(corpus, judge, ways[0], _Found(tuple(ways), sentences)))
    return tuple(aspects)


def _asked_for(corpus: Corpus, name: str) -> _Found:
    """Return the sentences with the words of a name, in any inflection."""
    stems = _stems(corpus, name)
    here = np.ones(max(corpus.words.size - len(stems) + 1, 0), np.bool_)
    for step, number in enumerate(stems):
        here &= corpus.words[step : step + here.size] == number
    places = np.flatnonzero(here)
    forms = corpus.forms[places[:, None] + np.arange(len(stems))]
    ways, counts = np.unique(forms, axis=0, return_counts=True)
    ranked = [ways[n].tolist() for n in np.argsort(-counts, kind="stable")]
    phrases = tuple(" ".join(corpus.spellings[form] for form in way) for way in ranked)
    return _Found(phrases[:3], np.unique(corpus.sentence[places]))


def _stems(corpus: Corpus, name: str) -> tuple[int, ...]:
    """Return the numbers of the stems of a name, −2 for one that does not occur."""
    numbers = {each: number for number, each in enumerate(corpus.stems)}
    known = frozenset(corpus.spellings)
    return tuple(numbers.get(stem(word, known), -2) for word in name.lower().split())


def _nouns(corpus: Corpus, grams: Grams, most: int) -> list[int]:
    """Return the frequent phrases that are nouns, by the sentences that have them."""
    found: list[tuple[int, int, Ints]] = []
    for phrase in np.flatnonzero(are_nouns(corpus, grams)).tolist():
        sentences = np.unique(corpus.sentence[grams.places_of(phrase)])
        found.append((int(sentences.size), phrase, sentences))
    found.sort(key=lambda each: (-each[0], each[1]))
    return _unnested(grams, found, most)


def _unnested(grams: Grams, found: Sequence[tuple[int, int, Ints]], most: int) -> list[int]:
    """Return nouns without those mostly used in a longer one, or that hold a more frequent one."""
    size = {phrase: count for count, phrase, _ in found}
    within: dict[int, int] = {}
    single = {grams.stems[phrase]: phrase for phrase in size}
    for phrase, count in size.items():
        stems = grams.stems[phrase]
        for number in stems if len(stems) > 1 else ():
            part = single.get((number,))
            if part is not None and count >= _MOSTLY * size[part]:
                within[part] = phrase
    chosen: list[int] = []
    named: set[int] = set()
    for _, phrase, _ in found:
        best = within.get(phrase, phrase)
        if best not in chosen and named.isdisjoint(grams.stems[best]):
            chosen.append(best)
            named |= set(grams.stems[best])
        if len(chosen) == most:
            break
    return sorted(chosen, key=lambda phrase: (-size[phrase], phrase))


def _aspect(
    corpus: Corpus, judge: Judge, name: str, found: _Found, *, asked: bool = False
) -> Aspect:
    """Return an aspect with the shares of its sentences and what they say."""
    sentences: list[int] = found.sentences.tolist()
    sample = spread(sentences, _ASKED_SLOWLY if judge.is_slow else _ASKED)
    labels = judge.labels(
        [corpus.texts[number] for number in sample],
        [corpus.passages[corpus.owner[number]] for number in sample],
    )
    counts = np.bincount(labels[labels >= 0], minlength=len(judge.columns))
    shares = tuple((counts / counts.sum()).tolist()) if counts.sum() else ()
    quotes: list[Quote] = []
    for label in sorted(range(len(shares)), key=lambda label: -shares[label])[:2]:
        if shares[label] >= _TOLD:
            mine = [number for number, each in zip(sample, labels, strict=True) if each == label]
            quotes += choose_quotes(corpus, mine, found.phrases, label, judge, most=1)
    return Aspect(name, found.phrases, len(sentences), shares, asked, tuple(quotes))
