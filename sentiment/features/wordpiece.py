"""WordPiece: texts → the numbers of the pieces of their words, as an uncased BERT reads them.

Wu et al., "Google's neural machine translation system" (2016); Devlin et al., "BERT: Pre-training
of deep bidirectional transformers" (NAACL 2019). A word is what stands between spaces, or a
punctuation mark, or an ideograph. Its first piece is the longest of the vocabulary that it begins
with, and so on; a piece inside a word is written with `##`. A word that cannot be divided so is one
unknown piece.

Names of special pieces have no meaning within a text: `[SEP]` is three words there, so that no text
can speak for the program.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from sentiment.features.characters import Reading, is_ideograph
from sentiment.features.sequences import Sequences, bounds_of
from sentiment.features.spelling import Speller

Numbers = NDArray[np.int64]
_T = TypeVar("_T")

START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
INSIDE = "##"
LONGEST_WORD = 100  # characters; a longer one is unknown, as in BERT
# What a piece is: the rest of a word; a mark or special; a word if nothing follows inside; a word
# that never counts as known.
_UNSEEN, _REST, _MARK, _WORD, _FOREIGN = range(5)
# Words remembered, of so many characters at most: some 30 MB if they are as bad as can be.
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 1 << 16, 32

_reading = Reading()


@dataclass(frozen=True, eq=False)
class Pieces(Sequences):
    """Texts as numbers of pieces, the first and the last of each special."""

    def cleared(self, rows: NDArray[np.bool_]) -> Self:
        """Return the texts, those marked as an empty one: only their first and last piece."""
        kept = ~np.repeat(rows, self.lengths)
        kept[self.bounds[:-1]] = kept[self.bounds[1:] - 1] = True
        return type(self)(self.ids[kept], bounds_of(np.where(rows, 2, self.lengths)))


@dataclass(frozen=True, eq=False)
class WordPiece:
    """A vocabulary, and how much of a text is read.

    Attributes:
        vocabulary: the pieces, by number.
        head, tail: of a text with more pieces than `head + tail`, so many first and last ones are
            read; they count `[CLS]`, before each text, and `[SEP]` after it. Sun et al., "How to
            fine-tune BERT for text classification?" (2019): both ends tell more than the beginning.
        corrected: words of the vocabulary that are read through a typing error, see `Speller`.

    Raises:
        ValueError: a piece occurs twice, a special one is missing, `head` or `tail` is below 1, or
            a corrected word is no piece.
    """

    vocabulary: tuple[str, ...]
    head: int = 50
    tail: int = 110
    corrected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.numbers) != len(self.vocabulary):
            raise ValueError("a piece occurs twice in the vocabulary")
        if missing := {START, END, UNKNOWN} - self.numbers.keys():
            raise ValueError(f"the vocabulary has no {', '.join(sorted(missing))}")
        if min(self.head, self.tail) < 1:
            raise ValueError("head and tail have to hold a special piece each")
        if not set(self.corrected) <= self.numbers.keys():
            raise ValueError("a corrected word is no piece")

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each piece."""
        return {piece: number for number, piece in enumerate(self.vocabulary)}

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields alone, for other processes: what is remembered is made anew there."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def longest(self) -> int:
        """The largest number of pieces of a text, special ones included."""
        return self.head + self.tail

    @property
    def unknown(self) -> int:
        """The number of the piece for what the vocabulary does not have."""
        return self.numbers[UNKNOWN]

    def transform(self, texts: Sequence[str]) -> Pieces:
        """Return the pieces of texts, `[CLS]` before and `[SEP]` after those of each.

        Time and memory are in proportion to the characters, whatever they are.
        """
        ids: list[int] = []
        bounds = [0]
        for text in texts:
            ids.append(self.numbers[START])
            ids += self._ids(text)
            ids.append(self.numbers[END])
            bounds.append(len(ids))
        return Pieces(np.array(ids, np.int32), np.array(bounds, np.int64))

    def known(self, rows: Pieces) -> NDArray[np.float64]:
        """Return the share of words that are a single piece, among those read of each text.

        Words are those that begin with a letter or a digit. Unknown ones are not known, nor are
        ideographs: vocabularies of any language list these, which says little.

        Returns:
            float64 [texts], from 0 to 1; 0 without a word.
        """
        kinds = self._kinds_of(rows.ids)
        whole = kinds == _WORD
        whole[:-1] &= kinds[1:] != _REST
        starts = rows.bounds[:-1]
        words, known = (
            np.add.reduceat(each.astype(np.int64), starts) for each in (kinds >= _WORD, whole)
        )
        return known / np.maximum(words, 1)

    def spans(self, text: str) -> tuple[Numbers, Numbers]:
        """Return where in a text the pieces that `transform` gives are.

        A character that is dropped, such as an accent, belongs to the one before it. Pieces of one
        character, such as those of a Hangul syllable, have its span each. `[CLS]` and `[SEP]` are
        empty spans at the ends of the text.

        Returns:
            Starts and ends in characters of the text, int64 [pieces] each.
        """
        read = [_reading[ord(character)] for character in text]
        lengths = np.fromiter(map(len, read), np.int64, len(read))
        # The end of what each character is written with, up to the next one that is not dropped.
        following = np.append(np.flatnonzero(lengths), len(text))[1:]
        starts = np.repeat(np.arange(len(text)), lengths)
        ends = np.repeat(following, lengths[lengths > 0])
        joined = "".join(read)
        words = self._ends_of([found.span() for found in re.finditer(r"\S+", joined)])
        places = [
            (first + start, first + end)
            for first, last in words
            for start, end in self._spans_in(joined[first:last])
        ]
        first, last = np.array(self._ends_of(places), np.int64).reshape(-1, 2).T
        return (
            np.concatenate(([0], starts[first], [len(text)])),
            np.concatenate(([0], ends[last - 1], [len(text)])),
        )

    def _ids(self, text: str) -> list[int]:
        """Return the pieces of a text without the special ones, those of its ends if it is long."""
        read = text.translate(_reading)
        most = self.longest - 2
        words = read.split(None, most)
        if len(words) > most:  # each has a piece or more, so those of the ends suffice
            words = words[: self.head - 1] + read.rsplit(None, self.tail - 1)[1:]
        ids: list[int] = []
        for word in words:
            ids += self._remembered[word]
        return self._ends_of(ids)

    def _ends_of(self, items: list[_T]) -> list[_T]:
        """Return as many first and last items as a text has pieces besides the special ones."""
        if len(items) <= self.longest - 2:
            return items
        return items[: self.head - 1] + items[len(items) - self.tail + 1 :]

    def _spans_in(self, word: str) -> list[tuple[int, int]]:
        """Return the span of each piece of a word, in characters of the word as it is read."""
        ids = self.divided(word)
        if len(ids) == 1:  # perhaps unknown, or corrected
            return [(0, len(word))]
        spans, start = [], 0
        for number in ids:
            end = start + len(self.vocabulary[number]) - (len(INSIDE) if start else 0)
            spans.append((start, end))
            start = end
        return spans

    def _kinds_of(self, ids: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Return what pieces are: uint8 [pieces]."""
        kinds = self._kinds[ids]
        if not kinds.all():
            for number in set(ids[kinds == _UNSEEN].tolist()):
                self._kinds[number] = _kind_of(self.vocabulary[number])
            kinds = self._kinds[ids]
        return kinds

    @cached_property
    def _kinds(self) -> NDArray[np.uint8]:
        """What each piece is, filled in as needed."""
        return np.zeros(len(self.vocabulary), np.uint8)

    @cached_property
    def _remembered(self) -> "_Words":
        """The pieces of words met before."""
        return _Words(self)

    @cached_property
    def _longest_piece(self) -> int:
        """The number of characters of the longest piece."""
        return max(map(len, self.vocabulary))

    @cached_property
    def _speller(self) -> Speller:
        return Speller(self.corrected)

    def divided(self, word: str) -> tuple[int, ...]:
        """Return the pieces of a word as it is read; `unknown` if it cannot be divided.

        A word of several pieces, or of none, may be a corrected word with a typing error.
        """
        ids = self._divided(word)
        if not self.corrected or len(word) > LONGEST_WORD:
            return ids
        is_piece = len(ids) == 1 and ids[0] != self.unknown
        meant = None if is_piece else self._speller.find(word)
        return ids if meant is None else (self.numbers[meant],)

    def _divided(self, word: str) -> tuple[int, ...]:
        if len(word) > LONGEST_WORD:
            return (self.unknown,)
        found: list[int] = []
        start = 0
        while start < len(word):
            prefix = INSIDE if start else ""
            for end in range(min(len(word), start + self._longest_piece), start, -1):
                number = self.numbers.get(prefix + word[start:end])
                if number is not None:
                    break
            else:
                return (self.unknown,)
            found.append(number)
            start = end
        return tuple(found)


def _kind_of(piece: str) -> int:
    """Return what a piece is."""
    if piece.startswith(INSIDE):  # as words, these marks are a piece each
        return _REST
    if piece == UNKNOWN:
        return _FOREIGN
    if not piece[:1].isalnum():
        return _MARK
    return _FOREIGN if is_ideograph(piece[0]) else _WORD


class _Words(dict[str, tuple[int, ...]]):
    """The pieces of words; the short ones are remembered."""

    def __init__(self, pieces: WordPiece) -> None:
        super().__init__()
        self._pieces = pieces

    def __missing__(self, word: str) -> tuple[int, ...]:
        """Return the pieces of a word that is not remembered."""
        ids = self._pieces.divided(word)
        if len(word) <= _LONGEST_REMEMBERED:
            if len(self) >= _MOST_REMEMBERED:
                self.clear()
            self[word] = ids
        return ids
