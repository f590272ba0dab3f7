"""Phrases of one to four words, the reviews that have them, and where they stand in sentences."""

import re
import tomllib
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import resources
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from sentiment.features.sentences import sentences
from sentiment.features.tokens import read
from sentiment.summary.result import Passage

Ints = NDArray[np.int64]

LONGEST = 4  # words
# Of a passage, the characters that are read at either end; of all passages, the most words.
_END = 5_000
_MOST_WORDS = 4_000_000
_BREAK = -1  # in place of punctuation, and between sentences

# Names of users, addresses, tags and entities of HTML are no words; nor are marks, which no phrase
# crosses, nor what is longer than any word. In a script without spaces, each character is a word.
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_TOKEN = re.compile(
    r"https?://\S+|www\.\S+|@\w+|&#?\w{1,9};|<[^<>]{0,99}>"
    r"|[^\W_]{31,}"
    rf"|({UNSPACED.pattern}"
    r"|[^\W_]+(?:['’\-][^\W_]{1,30}){0,3})"
    r"|[^\w\s'’#]"
)


@lru_cache(maxsize=1)
def plain_words() -> dict[str, frozenset[str]]:
    """Read the lists of English words that tell nothing by themselves, by name; see words.toml."""
    text = resources.files("sentiment.summary").joinpath("words.toml").read_text("utf-8")
    return {name: frozenset(listed.split()) for name, listed in tomllib.loads(text).items()}


_VOWELS = frozenset("aeiou")
_SHORT_VOWEL = re.compile(r"[^aeiou][aeiou][^aeiouwxy]\Z")


def stem(word: str, known: Container[str]) -> str:
    """Return an English word without its inflection: *flights* → *flight*, *delayed* → *delay*.

    Words of the same stem are taken for the same. The stem itself need not be a word.

    Args:
        word: in small letters.
        known: the words that occur; of several possible stems it is one of these.
    """
    if word[0].isdecimal():
        return "#" if word[-1].isdecimal() else word
    word = word.removesuffix("'s").removesuffix("’s")
    if not (word.isascii() and word.isalpha()) or len(word) < 4:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-1] if word[:-1] in known else word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        bare = word.removesuffix(ending)
        if bare != word and len(bare) > 2 and not _VOWELS.isdisjoint(bare):
            return next((each for each in _bases(bare) if each in known), bare)
    return word


def _bases(bare: str) -> Iterator[str]:
    """Yield what a word may be without *ing* or *ed*, the likeliest first."""
    if bare[-1] == bare[-2]:
        yield bare[:-1]
    if bare[-1] == "i":
        yield bare[:-1] + "y"
    if _SHORT_VOWEL.search(bare):  # else the consonant would be doubled, as in *planned*
        yield bare + "e"
    yield bare
    yield bare + "e"


@dataclass(frozen=True, eq=False)
class Corpus:
    """Passages as sentences and words.

    Attributes:
        passages: the reviews.
        texts: the sentences of all of them, as written.
        owner: the passage of each sentence, int64 [sentences].
        words: the stem of each word by number, `_BREAK` between sentences and in place of
            punctuation, int64 [positions].
        forms: that of each word as written, in small letters, by number, int64 [positions].
        sentence: the sentence of each word, int64 [positions].
        stems, spellings: what the numbers of stems and of forms stand for.
    """

    passages: Sequence[Passage]
    texts: Sequence[str]
    owner: Ints
    words: Ints
    forms: Ints
    sentence: Ints
    stems: Sequence[str]
    spellings: Sequence[str]

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> "Corpus":
        """Read passages; of long ones both ends."""
        texts: list[str] = []
        owner: list[int] = []
        forms: list[int] = []
        sizes: list[int] = []
        spellings: dict[str, int] = {}
        for number, passage in enumerate(passages):
            if len(forms) > _MOST_WORDS:
                break
            for text in _sentences(passage.text):
                words = _TOKEN.findall(read(text, repaired=True, rated=False))
                for word in words:
                    if word and word not in spellings:
                        spellings[word] = len(spellings)
                forms += [spellings[word] if word else _BREAK for word in words]
                forms.append(_BREAK)
                sizes.append(len(words) + 1)
                texts.append(text)
                owner.append(number)
        stems: dict[str, int] = {}
        stem_of = [stems.setdefault(stem(word, spellings), len(stems)) for word in spellings]
        return cls(
            passages,
            texts,
            np.array(owner, np.int64),
            np.array([*stem_of, _BREAK], np.int64)[np.array(forms, np.int64)],
            np.array(forms, np.int64),
            np.repeat(np.arange(len(texts)), sizes),
            [*stems],
            [*spellings],
        )

    @property
    def passage(self) -> Ints:
        """The passage of each word, int64 [positions]."""
        return self.owner[self.sentence]

    def parted(self, sides: Ints) -> tuple["Corpus", Ints]:
        """Return the corpus with the sentences of each side of a passage as a passage of their own.

        Args:
            sides: that of each sentence, from −1, int64 [sentences].

        Returns:
            The corpus, and the passage that each of its passages is a part of, int64 [parts].
        """
        width = int(sides.max(initial=0)) + 2
        parts, owner = np.unique(self.owner * width + sides + 1, return_inverse=True)
        whole = parts // width
        passages = [
            replace(self.passages[number], label=side - 1)
            for number, side in zip(whole.tolist(), (parts % width).tolist(), strict=True)
        ]
        return replace(self, passages=passages, owner=owner), whole

    def are(self, listed: Container[str]) -> NDArray[np.bool_]:
        """Return of which stems most uses are listed words, bool [stems]."""
        there = self.forms >= 0
        forms = np.array([word in listed for word in self.spellings], np.int64)
        of_list = np.bincount(self.words[there], forms[self.forms[there]], len(self.stems))
        return 2 * of_list > np.bincount(self.words[there], minlength=len(self.stems))

    @cached_property
    def function(self) -> NDArray[np.bool_]:
        """Which stems are words of grammar, or other words without a topic, bool [stems]."""
        short = [each == "#" or (len(each) < 2 and each.isascii()) for each in self.stems]
        return self.are(plain_words()["function"]) | np.array(short, np.bool_)

    @cached_property
    def opinion(self) -> NDArray[np.bool_]:
        """Which stems praise or blame, and do not say what, bool [stems]."""
        return self.are(plain_words()["opinion"]) & ~self.function

    @cached_property
    def topic(self) -> NDArray[np.bool_]:
        """Which stems may be what something is about: no grammar, opinion or adverb, [stems]."""
        nouns = plain_words()["nouns_in_ly"]
        adverb = [each.endswith("ly") and each not in nouns for each in self.stems]
        return ~(self.function | self.opinion | np.array(adverb, np.bool_))


def _sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a review; of a long one those of both ends."""
    ends = [text] if len(text) <= 2 * _END else [text[:_END], text[-_END:]]
    for end in ends:
        for start, stop in sentences(end):
            yield end[start:stop]


@dataclass(frozen=True, eq=False)
class Grams:
    """Frequent phrases of a corpus.

    Attributes:
        stems: the numbers of the stems of each phrase.
        at: where each phrase of a length begins: for each length, the number of the phrase that
            begins at each position, −1 for none, int64 [positions] each.
        phrase: the phrase of each pair of phrase and passage, int64 [pairs], ascending.
        passage: its passage, int64 [pairs].
        bounds: where the pairs of each phrase begin, and the last end, int64 [phrases + 1].
    """

    stems: Sequence[tuple[int, ...]]
    at: Sequence[Ints]
    phrase: Ints
    passage: Ints
    bounds: Ints

    def __len__(self) -> int:
        """Return the number of phrases."""
        return len(self.stems)

    def passages_of(self, phrase: int) -> Ints:
        """Return which passages have a phrase, ascending, int64."""
        return self.passage[self.bounds[phrase] : self.bounds[phrase + 1]]

    def places_of(self, phrase: int) -> Ints:
        """Return at which positions a phrase begins, ascending, int64."""
        return np.flatnonzero(self.at[len(self.stems[phrase]) - 1] == phrase)


def frequent(corpus: Corpus, least: int) -> Grams:
    """Find the phrases of up to four words that stand in so many passages or more.

    A phrase is frequent only if its beginning and its end are (Agrawal and Srikant, 1994), so few
    are counted. Those that begin or end with a word of grammar are left out.
    """
    width = len(corpus.stems)
    of_passage = corpus.passage
    size = len(corpus.passages)
    current = corpus.words
    stems: list[tuple[int, ...]] = [(number,) for number in range(width)]
    kept_stems: list[tuple[int, ...]] = []
    stands_alone = _standing_alone(corpus)
    at: list[Ints] = []
    for length in range(1, LONGEST + 1):
        if length > 1:
            # The phrase before, and one word more: a new number for each pair.
            breaks = np.full(length - 1, _BREAK)
            following = np.append(corpus.words, breaks)[length - 1 :]
            there = np.flatnonzero((current >= 0) & (following >= 0))
            pairs = current[there] * width + following[there]
            found, numbers = np.unique(pairs, return_inverse=True)
            current = np.full(current.size, _BREAK)
            current[there] = numbers
            stems = [(*stems[pair // width], pair % width) for pair in found.tolist()]
        counts = _passages_with(current, of_passage, size, len(stems))
        frequent_ones = counts >= least
        current, stems = _renumbered(current, stems, frequent_ones)
        allowed = np.array([stands_alone(each) for each in stems], np.bool_)
        shown, names = _renumbered(current, stems, allowed)
        at.append(np.where(shown >= 0, shown + len(kept_stems), -1))
        kept_stems += names
    return _paired(at, kept_stems, of_passage, size)


def _passages_with(numbers: Ints, passages: Ints, size: int, count: int) -> Ints:
    """Count the passages that each number stands in, int64 [count]."""
    there = numbers >= 0
    pairs = np.unique(numbers[there] * size + passages[there])
    return np.bincount(pairs // size, minlength=count)


def _renumbered(
    numbers: Ints, stems: Sequence[tuple[int, ...]], kept: NDArray[np.bool_]
) -> tuple[Ints, list[tuple[int, ...]]]:
    """Leave out phrases, and number the others anew; −1 stands for those left out."""
    new = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
    return new[numbers], [stems[number] for number in np.flatnonzero(kept).tolist()]


def _paired(
    at: Sequence[Ints], stems: Sequence[tuple[int, ...]], passages: Ints, size: int
) -> Grams:
    """Return phrases with the passages that they stand in."""
    pairs = [np.zeros(0, np.int64)]
    for numbers in at:
        there = numbers >= 0
        pairs.append(np.unique(numbers[there] * size + passages[there]))
    every = np.concatenate(pairs)  # ascending: longer phrases have higher numbers
    phrase, passage = np.divmod(every, max(size, 1))
    bounds = np.searchsorted(phrase, np.arange(len(stems) + 1))
    return Grams(stems, at, phrase, passage, bounds)


def _standing_alone(corpus: Corpus) -> Callable[[tuple[int, ...]], bool]:
    """Return what tells whether a phrase may stand alone: no word of grammar begins or ends it."""
    function = corpus.function
    begins = (~function | corpus.are(plain_words()["leading"])).tolist()
    ends = (~function | corpus.are(plain_words()["trailing"])).tolist()
    solid = (~function).tolist()

    def stands(stems: tuple[int, ...]) -> bool:
        if len(stems) == 1:
            return bool(solid[stems[0]])
        return begins[stems[0]] and ends[stems[-1]] and any(solid[each] for each in stems)

    return stands


def spelled(corpus: Corpus, grams: Grams, phrase: int, most: int = 3) -> list[str]:
    """Return how a phrase is written, in small letters, the most frequent first."""
    places = grams.places_of(phrase)[:2_000]
    length = len(grams.stems[phrase])
    forms = corpus.forms[places[:, None] + np.arange(length)]
    ways, counts = np.unique(forms, axis=0, return_counts=True)
    ranked = np.argsort(-counts, kind="stable")
    names = (joined([corpus.spellings[form] for form in ways[way].tolist()]) for way in ranked)
    return [*islice(names, most)]


def joined(words: Sequence[str]) -> str:
    """Return words as a phrase, with spaces unless their script has none."""
    return ("" if all(map(UNSPACED.fullmatch, words)) else " ").join(words)
