"""What praise and complaints are about: phrases that one kind of review uses more than the others.

The log-odds of a phrase between the reviews of a class and all others, with an informative
Dirichlet prior from all of them together, and its z-score (Monroe, Colaresi and Quinn,
"Fightin' words", Political Analysis 16, 2008), tell which phrases are over-used. They count
reviews, not words, so a review that repeats itself counts once. Phrases that say the same are
joined, words of opinion that name no topic stand back, and what moves the model's answers counts
for more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sentiment.labels import NEGATIVE, POSITIVE
from sentiment.model.model import Model
from sentiment.summary.nouns import are_nouns
from sentiment.summary.phrases import Corpus, Grams, Ints, frequent, spelled
from sentiment.summary.quotes import QUOTES, Judge, choose_quotes
from sentiment.summary.result import Passage, Theme

Floats = NDArray[np.float64]

LIMIT = 10
_PRIOR = 100.0  # reviews that the prior counts for
# What is over-used by less, in log-odds and as a z-score, is not telling. Of a class that has
# nearly all reviews, little is over-used: then the second of each counts.
_MARGINS = float(np.log(1.5)), 0.0
_LEAST_Z = 1.96, 1.0
_FEW = 30  # phrases of such a class
_LEAST_REVIEWS = 3
_CANDIDATES = 400  # phrases of a class that are looked at
# Two topics are one if so many of the reviews of the rarer have both, and so many times as many as
# by chance.
_SAME, _BEYOND_CHANCE, _TOGETHER = 0.5, 4.0, 8
_NEAR = 4  # words between an opinion and what it is about
_NAMED = 0.12  # of the reviews of a topic, those with the phrase that names it
_JUDGED = 0.8  # the weight of a noun that is not over-used by itself
_COMMON = 1 / 3  # the power of the share of reviews by which it counts how many say it
_GENERIC = 0.1  # of reviews with a noun: beyond, an opinion of it tells little, as *great book*
_OPINION = 0.15  # the weight of an opinion without a topic
_OPINIONS = 4  # at most one in so many themes
_PHRASES = 12  # of a theme that are listed
_MOVED = (0.7, 1.4)  # the least and the greatest weight by what the model makes of a phrase


@dataclass(frozen=True, eq=False)
class _Counts:
    """How over-used phrases are in the reviews of a class.

    Attributes:
        own: the reviews of the class with each phrase, int64 [phrases].
        z: the z-scores of their log-odds against other reviews, float64 [phrases].
        telling: those of the log-odds less the margin, float64 [phrases].
    """

    own: Ints
    z: Floats
    telling: Floats


@dataclass(frozen=True, eq=False)
class _Topic:
    """Phrases that are taken for one theme.

    Attributes:
        phrases: their numbers, the most telling first.
        passages: the passages of any class that have one, ascending, int64.
        opinion: whether it says that something is good or bad, but not what, or hardly.
        score: the higher, the more telling.
        judged: whether it is a noun that is not over-used by itself.
    """

    phrases: tuple[int, ...]
    passages: Ints
    opinion: bool
    score: float
    judged: bool = False


def find_themes(
    corpus: Corpus,
    model: Model | None,
    periods: Sequence[str],
    classes: Sequence[str],
    limit: int = LIMIT,
) -> tuple[Theme, ...]:
    """Find what the reviews of each class say more often than the others.

    Args:
        corpus: reviews, a sample if there are many.
        model: what answered them; it weighs the themes and chooses the quotes. None if unknown.
        periods: those that its passages refer to; () without dates.
        classes: the names of their labels.
        limit: the maximum number of themes of a class.

    Returns:
        The themes of the class negative, if there is one, then positive, then the others, the most
        telling first.
    """
    if not corpus.spellings:
        return ()
    judge = Judge.of(model, classes)
    parts, whole = corpus.parted(judge.sides(corpus))
    labels = np.array([part.label for part in parts.passages], np.int64)
    sizes = np.bincount(labels[labels >= 0], minlength=len(classes))
    compared = [label for label, size in enumerate(sizes.tolist()) if size >= _LEAST_REVIEWS]
    if len(compared) < 2:
        return ()
    grams = frequent(parts, max(_LEAST_REVIEWS, int(sizes[compared].min()) // 200))
    reviews = _Reviews.of(corpus.passages, whole, len(periods))
    found: list[Theme] = []
    for label in sorted(compared, key=lambda label: _rank(classes[label])):
        finder = _Finder(parts, grams, labels, label, judge)
        found += finder.themes(reviews, limit)
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Reviews:
    """The reviews that the parts of a corpus are parts of.

    Attributes:
        whole: the review of each part, int64 [parts].
        labels: of the reviews, int64 [reviews].
        when: their periods, −1 for none, int64 [reviews].
        periods: how many there are.
    """

    whole: Ints
    labels: Ints
    when: Ints
    periods: int

    @classmethod
    def of(cls, passages: Sequence[Passage], whole: Ints, periods: int) -> "_Reviews":
        """Return the reviews of a corpus."""
        labels = np.array([passage.label for passage in passages], np.int64)
        when = [-1 if passage.period is None else passage.period for passage in passages]
        return cls(whole, labels, np.array(when, np.int64), periods)

    def of_class(self, parts: Ints, label: int) -> Ints:
        """Return the reviews of a class that some parts are of, ascending, int64."""
        found = np.unique(self.whole[parts])
        return found[self.labels[found] == label]

    def trend(self, reviews: Ints, label: int) -> tuple[float | None, ...]:
        """Return the share of the reviews of a class in each period that are these."""
        if not self.periods:
            return ()
        dated = self.when >= 0
        every = np.bincount(self.when[dated & (self.labels == label)], minlength=self.periods)
        these = np.bincount(self.when[reviews[dated[reviews]]], minlength=self.periods)
        return tuple(
            part / all_of if all_of else None
            for part, all_of in zip(these.tolist(), every.tolist(), strict=True)
        )


def _rank(name: str) -> int:
    """Return where a class comes among the others."""
    return {NEGATIVE: 0, POSITIVE: 1}.get(name, 2)


def over_use(own: Ints, others: Ints, size: int, rest: int, margin: float = 0.0) -> _Counts:
    """Compute how over-used phrases are (Monroe, Colaresi and Quinn, 2008, equations 15 to 22).

    Args:
        own: the reviews of the class with each phrase, int64 [phrases].
        others: other reviews with each, int64 [phrases].
        size: the number of reviews of the class.
        rest: the number of other reviews.
        margin: the log-odds by which phrases are over-used at least, for `telling`.
    """
    prior = _PRIOR * (own + others + 0.5) / (size + rest + 1)
    inside, outside = own + prior, others + prior
    ratio = np.log(inside / (size + _PRIOR - inside)) - np.log(outside / (rest + _PRIOR - outside))
    error = np.sqrt(1 / inside + 1 / outside)
    return _Counts(own, ratio / error, (ratio - margin) / error)


class _Finder:
    """Finds the themes of a class."""

    def __init__(
        self,
        corpus: Corpus,
        grams: Grams,
        labels: Ints,
        label: int,
        judge: Judge,
    ) -> None:
        self._corpus, self._grams, self._label, self._judge = corpus, grams, label, judge
        self._is_own = labels == label
        self._is_other = (labels >= 0) & ~self._is_own
        for self._margin, self._least_z in zip(_MARGINS, _LEAST_Z, strict=True):
            self._counts = self._over_use_of(grams.phrase, grams.passage, len(grams))
            self._telling = self._are_telling(self._counts)
            if self._telling.sum() >= _FEW:
                break
        about = corpus.topic
        self._topics = [tuple(n for n in stems if about[n]) for stems in grams.stems]
        self._alone = {each[0]: n for n, each in enumerate(grams.stems) if len(each) == 1}
        self._opinions = frozenset(
            stem
            for stem, phrase in self._alone.items()
            if self._telling[phrase] and corpus.opinion[stem]
        )

    def _over_use_of(self, phrases: Ints, passages: Ints, count: int) -> _Counts:
        """Return the counts of phrases from pairs of phrase and passage."""
        own = np.bincount(phrases[self._is_own[passages]], minlength=count)
        others = np.bincount(phrases[self._is_other[passages]], minlength=count)
        sizes = int(self._is_own.sum()), int(self._is_other.sum())
        return over_use(own, others, *sizes, self._margin)

    def _are_telling(self, counts: _Counts) -> NDArray[np.bool_]:
        """Return which phrases are over-used enough, bool [phrases]."""
        enough = (counts.z >= self._least_z) & (counts.telling > 0)
        return enough & (counts.own >= _LEAST_REVIEWS)

    def themes(self, reviews: _Reviews, limit: int) -> list[Theme]:
        """Return the themes, the most telling first."""
        topics = [each for each in self._joined(self._by_head()) if self._is_said(each, reviews)]
        topics.sort(key=lambda topic: -topic.score)
        topics = self._weighed(topics[: 2 * limit])
        chosen: list[_Topic] = []
        for topic in topics:
            opinions = sum(each.opinion for each in chosen)
            if len(chosen) < limit and not (topic.opinion and opinions >= limit // _OPINIONS):
                chosen.append(topic)
        return [self._theme(topic, reviews) for topic in chosen]

    def _is_said(self, topic: _Topic, reviews: _Reviews) -> bool:
        """Return whether enough reviews of the class have a topic, not only sentences that are."""
        return self._reviews_of(topic, reviews).size >= _LEAST_REVIEWS

    def _reviews_of(self, topic: _Topic, reviews: _Reviews) -> Ints:
        """Return the reviews of the class that have a topic in a sentence of the class."""
        return reviews.of_class(topic.passages[self._is_own[topic.passages]], self._label)

    def _by_head(self) -> list[_Topic]:
        """Gather phrases by their most telling word that is a topic.

        They are over-used ones, and those in which an over-used opinion stands by a word: *great
        service*, *the service was great*. Such a word need not be over-used by itself. One that
        stands in most reviews is what they are all about, and tells little.
        """
        ranked = np.argsort(-self._counts.telling, kind="stable")
        heads: dict[tuple[int, ...], list[int]] = {}
        for phrase in ranked[self._telling[ranked]][:_CANDIDATES].tolist():
            head = max(self._topics[phrase], key=self._weight, default=None)
            key = self._grams.stems[phrase] if head is None else (head,)
            heads.setdefault(key, []).append(phrase)
        topics = [self._gathered(*each) for each in heads.items()]
        places = {head: place for place, head in enumerate(heads)}
        for topic, stem in self._judged():
            place = places.get((stem,))
            if place is None:
                topics.append(topic)
            elif not self._telling[self._alone[stem]] and topic.score > topics[place].score:
                phrases = dict.fromkeys((*topics[place].phrases, *topic.phrases))
                topics[place] = replace(topic, phrases=tuple(phrases))
        return topics

    def _gathered(self, head: Sequence[int], phrases: Sequence[int]) -> _Topic:
        """Return over-used phrases as one topic."""
        passages = [self._grams.passages_of(phrase) for phrase in phrases]
        rarity = min(map(self._rarity, head))
        return self._topic(phrases, np.unique(np.concatenate(passages)), rarity)

    def _rarity(self, stem: int) -> float:
        """Return the weight of a word: the less, the more reviews have it anyway."""
        return 1 - self._known(stem) ** 0.5

    def _known(self, stem: int) -> float:
        """Return the share of the reviews that have a word, 0 for a rare one."""
        if stem not in self._alone:
            return 0.0
        return self._grams.passages_of(self._alone[stem]).size / len(self._corpus.passages)

    def _weight(self, stem: int) -> float:
        """Return how telling a word is by itself: of two, that is what a phrase is about."""
        phrase = self._alone.get(stem)
        return -np.inf if phrase is None else float(self._counts.telling[phrase])

    def _judged(self) -> Iterator[tuple[_Topic, int]]:
        """Yield the nouns that over-used opinions stand by, where they do that over-often."""
        corpus, size = self._corpus, len(self._corpus.passages)
        nouns = np.zeros(len(corpus.stems) + 1, np.bool_)
        for phrase in np.flatnonzero(are_nouns(corpus, self._grams)).tolist():
            nouns[self._grams.stems[phrase][0]] |= len(self._grams.stems[phrase]) == 1
        places = np.flatnonzero(nouns[corpus.words] & self._near_opinions())
        pairs = np.unique(corpus.words[places] * size + corpus.passage[places])
        words, passages = np.divmod(pairs, size)
        telling = self._are_telling(self._over_use_of(words, passages, len(corpus.stems)))
        for stem in filter(self._judging, np.flatnonzero(telling).tolist()):
            weight = _JUDGED * self._rarity(stem)
            topic = self._topic(self._judging(stem), passages[words == stem], weight)
            yield replace(topic, judged=True, opinion=self._known(stem) > _GENERIC), stem

    def _near_opinions(self) -> NDArray[np.bool_]:
        """Return which words stand near an over-used opinion, bool [positions]."""
        corpus = self._corpus
        is_opinion = np.isin(corpus.words, np.array(sorted(self._opinions), np.int64))
        near = np.zeros(is_opinion.size, np.bool_)
        for step in range(1, min(_NEAR, is_opinion.size - 1) + 1):
            same = corpus.sentence[step:] == corpus.sentence[:-step]
            near[step:] |= is_opinion[:-step] & same
            near[:-step] |= is_opinion[step:] & same
        return near

    @cached_property
    def _with_opinion(self) -> dict[int, list[int]]:
        """The phrases that have an over-used opinion, by the other words that they have."""
        found: dict[int, list[int]] = {}
        for phrase, stems in enumerate(self._grams.stems):
            if not self._opinions.isdisjoint(stems):
                for stem in set(self._topics[phrase]):
                    found.setdefault(stem, []).append(phrase)
        return found

    def _judging(self, stem: int) -> list[int]:
        """Return the phrases of a noun that an over-used opinion is in, the most frequent first."""
        return sorted(self._with_opinion.get(stem, []), key=lambda n: -self._counts.own[n])

    def _topic(self, phrases: Sequence[int], passages: Ints, rarity: float = 1.0) -> _Topic:
        """Return phrases as one topic."""
        together = self._over_use_of(np.zeros_like(passages), passages, 1)
        opinion = not any(self._topics[phrase] for phrase in phrases)
        share = int(together.own[0]) / int(self._is_own.sum())
        weight = share**_COMMON * rarity * (_OPINION if opinion else 1)
        score = float(together.telling[0]) * weight
        return _Topic(tuple(phrases), passages, opinion, score)

    def _joined(self, topics: list[_Topic]) -> list[_Topic]:
        """Join topics that mostly stand in the same reviews of the class."""
        topics = sorted(topics, key=lambda topic: -topic.score)
        kept: list[_Topic] = []
        for topic in topics:
            place = next((n for n, other in enumerate(kept) if self._same(topic, other)), None)
            if place is None:
                kept.append(topic)
            else:
                other = kept[place]
                phrases = (*other.phrases, *topic.phrases)
                passages = np.union1d(other.passages, topic.passages)
                kept[place] = replace(other, phrases=phrases, passages=passages)
        return kept

    def _same(self, one: _Topic, other: _Topic) -> bool:
        """Return whether two topics mostly stand in the same reviews of the class."""
        a, b = (each.passages[self._is_own[each.passages]] for each in (one, other))
        both = np.intersect1d(a, b, assume_unique=True).size
        by_chance = a.size * b.size / max(int(self._is_own.sum()), 1)
        return (
            not one.judged
            and not other.judged
            and one.opinion == other.opinion
            and both >= max(_TOGETHER, _SAME * min(a.size, b.size))
            and both >= _BEYOND_CHANCE * by_chance
        )

    def _weighed(self, topics: Sequence[_Topic]) -> list[_Topic]:
        """Weigh topics by what their phrases move in the model's answers, and sort them again."""
        least, greatest = _MOVED
        weighed = []
        for topic in topics:
            moved = self._judge.moved(
                self._corpus, self._sentences(topic), self._spelled(topic), self._label
            )
            weight = min(max(1 + moved / 2, least), greatest)
            weighed.append(replace(topic, score=topic.score * weight))
        return sorted(weighed, key=lambda topic: -topic.score)

    def _sentences(self, topic: _Topic) -> list[int]:
        """Return the sentences of the class with any phrase of a topic, ascending."""
        places = [self._grams.places_of(phrase) for phrase in topic.phrases]
        found = np.unique(self._corpus.sentence[np.concatenate(places)])
        sentences: list[int] = found[self._is_own[self._corpus.owner[found]]].tolist()
        return sentences

    def _spelled(self, topic: _Topic) -> list[str]:
        """Return how the phrases of a topic are written, the most frequent first."""
        ranked = sorted(topic.phrases, key=lambda phrase: (-self._counts.own[phrase], phrase))
        ways = [spelled(self._corpus, self._grams, phrase) for phrase in ranked]
        return list(dict.fromkeys(way for each in ways for way in each))

    def _name(self, topic: _Topic) -> int:
        """Return the phrase that names a topic: of those in enough of its reviews a long one.

        One with a number is a name only if all have one.
        """
        counts, stems = self._counts, self._grams.stems
        least = _NAMED * int(self._is_own[topic.passages].sum())

        def rank(phrase: int) -> tuple[bool, bool, float, int]:
            length = len(stems[phrase])
            has_number = any(self._corpus.stems[each] == "#" for each in stems[phrase])
            is_name = length > 1 and counts.own[phrase] >= least
            return not has_number, is_name, counts.telling[phrase] * length**0.5, -phrase

        return max(topic.phrases, key=rank)

    def _theme(self, topic: _Topic, reviews: _Reviews) -> Theme:
        """Return a topic as a theme with its trend and quotes."""
        own = self._reviews_of(topic, reviews)
        together = self._over_use_of(np.zeros_like(topic.passages), topic.passages, 1)
        name = spelled(self._corpus, self._grams, self._name(topic), 1)[0]
        phrases = self._spelled(topic)
        return Theme(
            name=name,
            phrases=tuple(phrases[:_PHRASES]),
            label=self._label,
            reviews=int(own.size),
            share=own.size / max(int((reviews.labels == self._label).sum()), 1),
            z=round(float(together.z[0]), 2),
            trend=reviews.trend(own, self._label),
            quotes=choose_quotes(
                self._corpus,
                self._quotable(topic, reviews),
                [name, *phrases],
                self._label,
                self._judge,
            ),
        )

    def _quotable(self, topic: _Topic, reviews: _Reviews) -> list[int]:
        """Return the sentences of a topic to quote: those in reviews of the class, if these do."""
        sentences = self._sentences(topic)
        labels = reviews.labels[reviews.whole[self._corpus.owner[sentences]]].tolist()
        agreeing = [n for n, label in zip(sentences, labels, strict=True) if label == self._label]
        return agreeing if len(agreeing) >= QUOTES else sentences
