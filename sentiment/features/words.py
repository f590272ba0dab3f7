"""The encoder of a network that reads words in their order: texts → sequences of known words.

A word that the vocabulary does not have is in one of some buckets, by the hash of its first
letters, so that it is what words are that begin like it (the hashing trick: Weinberger et al., ICML
2009).
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, KeyIndex, names_of
from sentiment.features.matrix import feature_keys
from sentiment.features.sequences import Numbers, Sequences, bounds_of
from sentiment.features.tokens import TextChunk, pieces

if TYPE_CHECKING:
    from sentiment.features.places import Spans

# The usual share of words that must be in the vocabulary, for an answer.
MIN_KNOWN = 0.5
# What a token is: a punctuation mark, a word, or an emoji or emoticon.
MARK, WORD, SYMBOL = range(3)


class ReadWords(NamedTuple):
    """The tokens of some texts, as many of each as are read.

    Attributes:
        keys: the hash of each token, uint64 [tokens].
        beginnings: the hash of its first letters, uint64 [tokens].
        kinds: what each is, uint8 [tokens].
        bounds: where each text begins, and the last ends, int64 [texts + 1].
    """

    keys: Hashes
    beginnings: Hashes
    kinds: NDArray[np.uint8]
    bounds: Numbers


class WordReading(NamedTuple):
    """How a text becomes a sequence of words.

    Attributes:
        head, tail: of a text with more tokens than `head + tail`, so many first and last ones are
            read.
        stem: how many letters are the beginning of a word.
        repair: whether to repair damaged texts first.
        ratings: whether to replace ratings, such as 4/5, by words for a rating out of 10.
    """

    head: int = 512
    tail: int = 512
    stem: int = 5
    repair: bool = True
    ratings: bool = True

    def chunks(self, texts: Sequence[str]) -> list[TextChunk]:
        """Return the tokens of texts, all of them."""
        return list(pieces(texts, repaired=self.repair, rated=self.ratings))

    def read(self, texts: Sequence[str]) -> ReadWords:
        """Return the tokens of texts that are read.

        Memory and time are in proportion to the characters, whatever they are.
        """
        keys, beginnings = ([np.zeros(0, np.uint64)] for _ in range(2))
        kinds = [np.zeros(0, np.uint8)]
        lengths = np.zeros(len(texts), np.int64)
        for chunk in pieces(texts, repaired=self.repair, rated=self.ratings):
            keys.append(feature_keys(chunk.hashes()))
            beginnings.append(feature_keys(chunk.stems(self.stem)))
            kinds.append(_kinds_of(chunk))
            rows = chunk.first_row + chunk.token_rows()
            lengths += np.bincount(rows, minlength=lengths.size)
        kept = self.kept(lengths)
        read = np.minimum(lengths, self.head + self.tail)
        return ReadWords(
            np.concatenate(keys)[kept],
            np.concatenate(beginnings)[kept],
            np.concatenate(kinds)[kept],
            bounds_of(read),
        )

    def kept(self, lengths: Numbers) -> NDArray[np.bool_] | slice:
        """Return which tokens are read, of texts with so many, [texts]: bool [tokens], or all."""
        longest = self.head + self.tail
        if not (lengths > longest).any():
            return slice(None)
        place = np.arange(lengths.sum()) - np.repeat(bounds_of(lengths)[:-1], lengths)
        return (place < self.head) | (place >= np.repeat(lengths, lengths) - self.tail)


def _kinds_of(chunk: TextChunk) -> NDArray[np.uint8]:
    """Return what each token is, uint8 [tokens]."""
    first, places = np.unique(chunk.codes[chunk.starts], return_inverse=True)
    kinds = np.array([_kind_of(chr(code)) for code in first.tolist()], np.uint8)[places]
    # Marks that are one token together are an emoticon.
    kinds[(chunk.ends - chunk.starts > 1) & (kinds == MARK)] = SYMBOL
    return kinds


def _kind_of(character: str) -> int:
    """Return what a token is that begins with a character."""
    category = unicodedata.category(character)
    if character.isalnum() or category[0] == "M":
        return WORD
    return SYMBOL if category[0] == "S" and not character.isascii() else MARK


@dataclass(frozen=True, eq=False)
class WordEncoder:
    """Texts → sequences of numbers, one for each word.

    Attributes:
        reading: how texts are read.
        keys: uint64 [words], sorted, distinct: the hashes of the words in the vocabulary. The
            number of a word is its place here.
        kinds: what each is: a mark, a word or a symbol, uint8 [words].
        buckets: how many there are for other words; their numbers come after.

    Raises:
        ValueError: keys and kinds differ in number, or there is no bucket.
    """

    kind: ClassVar[str] = "sequence"
    unit: ClassVar[str] = "words"

    reading: WordReading
    keys: Hashes
    kinds: NDArray[np.uint8]
    buckets: int

    def __post_init__(self) -> None:
        if self.keys.shape != self.kinds.shape or self.buckets < 1:
            raise ValueError("words and their kinds differ in number, or there are no buckets")

    @property
    def size(self) -> int:
        """The number of words in the vocabulary, and of buckets."""
        return self.keys.size + self.buckets

    @property
    def repairs(self) -> bool:
        """Whether damaged texts are repaired before they are read."""
        return self.reading.repair

    @property
    def judges(self) -> bool:
        """Whether it tells if enough of a text is known: it does."""
        return True

    def with_repair(self, repair: bool) -> "WordEncoder":
        """Return the encoder with repair of texts on or off."""
        return replace(self, reading=self.reading._replace(repair=repair))

    def describe(self) -> str:
        """Return what it looks for, for people."""
        reading = self.reading
        return (
            f"{self.buckets:,} of them buckets for others; in their order, of a long text the "
            f"first {reading.head} and the last {reading.tail}"
        ) + "; texts are not repaired" * (not reading.repair)

    def settings(self) -> dict[str, Any]:
        """Return what it looks for, as JSON values."""
        return {**self.reading._asdict(), "buckets": self.buckets}

    @cached_property
    def _index(self) -> KeyIndex:
        return KeyIndex(self.keys)

    def numbers_of(self, keys: Hashes, beginnings: Hashes) -> NDArray[np.int32]:
        """Return the number of each token, from its hash and that of its beginning: int32."""
        numbers = self._index.find(keys)
        others = np.flatnonzero(numbers < 0)
        numbers[others] = self.buckets_of(beginnings[others])
        return numbers

    def buckets_of(self, beginnings: Hashes) -> NDArray[np.int32]:
        """Return the number of the bucket of words with these beginnings: int32 [words]."""
        places = (beginnings >> np.uint64(32)) % np.uint64(self.buckets)
        return (self.keys.size + places.astype(np.int64)).astype(np.int32)

    def transform(self, texts: Sequence[str]) -> Sequences:
        """Return the words of texts."""
        read = self.reading.read(texts)
        return Sequences(self.numbers_of(read.keys, read.beginnings), read.bounds)

    def empty(self) -> Sequences:
        """Return the row of an empty text: no word."""
        return Sequences(np.zeros(0, np.int32), np.zeros(2, np.int64))

    def single_rows(self, keys: Sequence[int]) -> tuple[Numbers, Sequences]:
        """Return the known ones among some words, and the row of each as a text of its own.

        Returns:
            Indices into `keys`, int64 [known]; their rows.
        """
        numbers = self._index.find(np.array(keys, np.uint64))
        known = np.flatnonzero(numbers >= 0)
        return known, Sequences(numbers[known], np.arange(known.size + 1))

    def feature_names(self, phrases: Mapping[int, str]) -> list[str]:
        """Return a different name for each word and bucket; only those in `phrases` have a text."""
        numbers = self._index.find(np.array([*phrases], np.uint64))
        return names_of(self.size, numbers, phrases.values())

    def low_coverage(self, texts: Sequence[str], rows: Sequences, share: float) -> Numbers:
        """Return which texts have a smaller share of known words, or none."""
        known = self.known(rows)
        return np.flatnonzero(np.isnan(known) | (known < share) | (known == 0))

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the share of known words of each text, [n]; see `known`."""
        return self.known(self.transform(texts))

    def known(self, rows: Sequences) -> NDArray[np.float64]:
        """Return the share of known words among those read of each text.

        What the vocabulary does not have counts as a word, whatever it is.

        Returns:
            float64 [n], from 0 to 1; 1 with a known emoji or emoticon, NaN for a text without a
            token.
        """
        other = np.uint8(SYMBOL + 1)
        kinds = np.concatenate((self.kinds, np.full(self.buckets, other)))[rows.ids]
        words, symbols, others = (_count(kinds == kind, rows) for kind in (WORD, SYMBOL, other))
        shares = words / np.maximum(words + others, 1)
        shares[symbols > 0] = 1
        shares[rows.lengths == 0] = np.nan
        return shares

    def spans(self, text: str, row: Sequences) -> "Spans":
        """Return where in a text the words of its row are."""
        from sentiment.features.places import find_word_spans  # prediction starts without it

        return find_word_spans(text, self, row)

    def __eq__(self, other: object) -> bool:
        """Return whether both give every text the same row."""
        return (
            isinstance(other, WordEncoder)
            and (self.reading, self.buckets) == (other.reading, other.buckets)
            and np.array_equal(self.keys, other.keys)
            and np.array_equal(self.kinds, other.kinds)
        )

    __hash__ = None  # type: ignore[assignment]


def _count(flags: NDArray[np.bool_], rows: Sequences) -> Numbers:
    """Count the tokens with a flag, bool [tokens], in each text: int64 [n]."""
    before = np.concatenate(([0], np.cumsum(flags)))
    counts: Numbers = np.diff(before[rows.bounds])
    return counts
