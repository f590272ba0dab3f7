"""Tokenization of many reviews at once, without a Python loop over characters or tokens.

A token is a lower-cased word (letters, digits, apostrophes between them), a single punctuation
mark, an emoji, an emoticon such as `:-)` or `<3`, or a single character of a script written without
spaces. One rule decides which characters continue the token of the character before them; all
others start a token or are space.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes, SubstringHasher
from sentiment.features.repair import edited, ratings, repair

Codes = NDArray[np.uint8] | NDArray[np.uint32]
Flags = NDArray[np.bool_]

# Characters and reviews processed at once, which fit the processor's cache.
PIECE_SIZE = 1 << 17
PIECE_ROWS = 1 << 10

LINE_BREAK_TAG = re.compile(r"<br\s{0,9}/?>", re.IGNORECASE)
# Typographic apostrophes become plain; joiners and variation selectors are dropped.
_APOSTROPHES = "’‘ʼ"
_INVISIBLE = "\u200b\u200d\ufe0e\ufe0f"
# Normalization takes minutes for a letter with a hundred thousand marks. So longer runs of marks
# are split by a grapheme joiner, as in Unicode's Stream-Safe Text Format (UAX #15).
_MOST_MARKS = 30
_JOINER = "\u034f"

_UNSEEN, _SPACE, _WORD, _MARK = range(4)
# Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, Han. Ranges of code points.
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


@dataclass(frozen=True)
class TextChunk:
    """The tokens of consecutive reviews, or of a part of a long one.

    Attributes:
        codes: code points of the normalized characters, [characters].
        starts, ends: the span of each token, int64 [tokens] each.
        first_row: the index of the first review.
        bounds: the start of each review, and the end of the last, int64 [reviews + 1].
        continues: whether this is part of a long review that continues in the next piece.
    """

    codes: Codes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    first_row: int
    bounds: NDArray[np.int64]
    continues: bool

    def __len__(self) -> int:
        """Return the number of reviews."""
        return self.bounds.size - 1

    @cached_property
    def hasher(self) -> SubstringHasher:
        """The hasher of substrings of these characters."""
        return SubstringHasher(self.codes)

    def hashes(self) -> Hashes:
        """Return the hash of each token, uint64 [tokens]."""
        return self.hasher.hash(self.starts, self.ends)

    def stems(self, length: int) -> Hashes:
        """Return the hash of up to `length` first characters of each token, uint64 [tokens]."""
        return self.hasher.hash(self.starts, np.minimum(self.ends, self.starts + length))

    def token_rows(self) -> NDArray[np.int64]:
        """Return which review of the piece each token belongs to, int64 [tokens]."""
        tokens = np.diff(np.searchsorted(self.starts, self.bounds))
        return np.repeat(np.arange(len(self)), tokens)

    def squeezed(self) -> tuple[Codes, NDArray[np.int64]]:
        """Collapse white space.

        Returns:
            Code points with a single space before the first word, after the last, and wherever
            there was white space between; and which review of the piece each belongs to, int64.
        """
        steps = np.zeros(self.codes.size + 1, dtype=np.int8)
        steps[self.starts] += 1
        steps[self.ends] -= 1
        solid = np.cumsum(steps[:-1], dtype=np.int8) > 0
        kept = solid.copy()
        kept[:-1] |= solid[1:]
        kept[self.bounds[1:] - 1] = True
        rows = np.repeat(np.arange(len(self)), np.diff(self.bounds))
        return np.where(solid, self.codes, ord(" "))[kept], rows[kept]


def read(text: str, *, repaired: bool, rated: bool) -> str:
    """Return the text to tokenize: repaired, with words for ratings, and normalized."""
    if repaired:
        text = repair(text)
    if rated and (edits := ratings(text)):
        text = edited(text, edits)
    return normalize(text)


def normalize(text: str) -> str:
    """Lower-case a review, drop HTML line breaks and fold typographic variants."""
    if "<" in text:
        text = LINE_BREAK_TAG.sub("\n", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _with_few_marks(text))
        for character in _APOSTROPHES:
            text = text.replace(character, "'")
        for character in _INVISIBLE:
            text = text.replace(character, "")
    return text.lower()


def _with_few_marks(text: str) -> str:
    """Insert a joiner after every `_MOST_MARKS` marks in a row."""
    if not any(map(_is_mark, text[::_MOST_MARKS])):  # all runs are shorter
        return text
    parts = []
    run = 0
    for character in text:
        run = run + 1 if _is_mark(character) else 0
        if run > _MOST_MARKS:
            parts.append(_JOINER)
            run = 1
        parts.append(character)
    return "".join(parts)


@lru_cache(maxsize=1 << 12)
def _is_mark(character: str) -> bool:
    """Return whether a character consists of combining marks, which normalization reorders."""
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))


def pieces(
    texts: Sequence[str], *, repaired: bool = True, rated: bool = False
) -> Iterator[TextChunk]:
    """Tokenize reviews, some 100,000 characters at a time; a long review has several pieces."""
    parts: list[str] = []
    size = 0
    for row, written in enumerate(texts):
        text = read(written, repaired=repaired, rated=rated)
        if parts and (size + len(text) > PIECE_SIZE or len(parts) == PIECE_ROWS):
            yield _piece(parts, row - len(parts))
            parts, size = [], 0
        if len(text) > PIECE_SIZE:
            *others, last = _cut(text)
            yield from (_piece([part], row, continues=True) for part in others)
            yield _piece([last], row)
        else:
            parts.append(text)
            size += len(text)
    if parts:
        yield _piece(parts, len(texts) - len(parts))


def _piece(parts: list[str], first_row: int, *, continues: bool = False) -> TextChunk:
    parts = [f"\n{part}\n" for part in parts]  # to separate reviews
    codes = code_points("".join(parts))
    starts, ends = token_spans(codes)
    bounds = np.cumsum([0, *map(len, parts)])
    return TextChunk(codes, starts, ends, first_row, bounds, continues)


def code_points(text: str) -> Codes:
    """Return the code points of a text: uint8 [n] if it is ASCII, else uint32 [n]."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def token_spans(codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the tokens in normalized characters that end with white space.

    Returns:
        Their starts and ends, int64 [tokens] each.
    """
    classes = _classify(codes)
    continues = _continues(codes, classes)
    solid = classes != _SPACE
    is_start = solid & ~continues
    is_end = solid
    is_end[:-1] &= ~continues[1:]
    return np.flatnonzero(is_start), np.flatnonzero(is_end) + 1


def _cut(text: str) -> Iterator[str]:
    """Yield parts of a long text, cut between words where possible."""
    start = 0
    while len(text) - start > PIECE_SIZE:
        end = text.rfind(" ", start, start + PIECE_SIZE) + 1 or start + PIECE_SIZE
        yield text[start:end]
        start = end
    yield text[start:]


def _continues(codes: Codes, classes: NDArray[np.uint8]) -> Flags:
    """Return whether each character continues the token of the one before it, bool [n]."""
    word = classes == _WORD
    # An apostrophe between two word characters is a word character: don't.
    apostrophes = np.flatnonzero(codes[1:-1] == ord("'")) + 1
    inner = apostrophes[word[apostrophes - 1] & word[apostrophes + 1]]
    word[inner] = True
    continues = np.zeros(codes.size, dtype=np.bool_)
    np.logical_and(word[1:], word[:-1], out=continues[1:])
    _join_emoticons(codes, word, continues)
    return continues


def _is_one_of(characters: str) -> Flags:
    table = np.zeros(128, dtype=np.bool_)
    table[[ord(character) for character in characters]] = True
    return table


_EYES = _is_one_of(":;=")
_NOSE = _is_one_of("-^'")
_MOUTH = _is_one_of(")(][}{|/\\*dpo3")
_LETTER_MOUTH = _is_one_of("dpo3")
_HEART = _is_one_of("<")


def _join_emoticons(codes: Codes, word: Flags, continues: Flags) -> None:
    """Mark the later characters of `:)`, `;-(`, `=d`, `<3` and their like as continuing."""
    ascii_codes = codes if codes.dtype == np.uint8 else np.minimum(codes, 127)
    # The last character is space, so indices past the end may be clipped to it.
    last = codes.size - 1

    def beginnings(table: Flags) -> NDArray[np.int64]:
        """Return where an emoticon may begin: not directly after a word (`http://`)."""
        found = np.flatnonzero(table[ascii_codes])
        return found[(found == 0) | ~word[found - 1]]

    def word_goes_on(mouths: NDArray[np.int64]) -> Flags:
        """Return which mouths are the start of a word: `:day`, but not `:d`."""
        followed: Flags = word[np.minimum(mouths + 1, last)]
        return followed & _LETTER_MOUTH[ascii_codes[mouths]]

    eyes = beginnings(_EYES)
    nose = _NOSE[ascii_codes[np.minimum(eyes + 1, last)]]
    mouths = np.minimum(eyes + 1 + nose, last)
    fits = _MOUTH[ascii_codes[mouths]] & ~word_goes_on(mouths)
    continues[mouths[fits]] = True
    continues[eyes[fits & nose] + 1] = True
    threes = np.minimum(beginnings(_HEART) + 1, last)
    threes = threes[(ascii_codes[threes] == ord("3")) & ~word_goes_on(threes)]
    continues[threes] = True


# The class of every code point, filled in as needed; untouched pages take no memory.
_classes = np.zeros(0x110000, dtype=np.uint8)


def _classify(codes: Codes) -> NDArray[np.uint8]:
    classes: NDArray[np.uint8] = _classes[codes]
    if codes.size and not classes.all():
        for code in set(codes[classes == _UNSEEN].tolist()):
            _classes[code] = _class_of(code)
        classes = _classes[codes]
    return classes


def _class_of(code: int) -> int:
    character = chr(code)
    category = unicodedata.category(character)
    if character.isspace() or category[0] in "CZ":
        return _SPACE
    if any(first <= code <= last for first, last in _UNSPACED):
        return _MARK
    return _WORD if character.isalnum() or category[0] == "M" else _MARK
