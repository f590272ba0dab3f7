"""The encoder of a language model: texts → pieces of words, read as every encoder here reads them.

A text is repaired and normalized, symbols that the vocabulary does not have, such as emoji, are
spelled by their Unicode names, and the rest is WordPiece.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sentiment.features.repair import Edit, edited
from sentiment.features.tokens import TextChunk, read
from sentiment.features.tokens import pieces as tokenized
from sentiment.features.wordpiece import Pieces, WordPiece

if TYPE_CHECKING:
    from sentiment.features.places import Spans

# The usual share of words that must be a single piece each, for an answer.
MIN_KNOWN = 0.5

# Modifiers of skin tones say who, not what.
_SKIN_TONES = range(0x1F3FB, 0x1F400)
# A flag is two of these.
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)


@dataclass(frozen=True, eq=False)
class PieceEncoder:
    """Texts → pieces.

    Attributes:
        pieces: the vocabulary, and how much of a text is read.
        repairs: whether damaged texts are repaired before they are read.
        judges: whether it tells if enough of a text is known. A vocabulary of pieces holds words of
            other languages as well, so n-grams beside it, which know their training texts, do
            better.
    """

    kind: ClassVar[str] = "pieces"
    unit: ClassVar[str] = "pieces of words"

    pieces: WordPiece
    repairs: bool = True
    judges: bool = True

    @property
    def size(self) -> int:
        """The number of pieces in the vocabulary."""
        return len(self.pieces.vocabulary)

    def with_repair(self, repair: bool) -> "PieceEncoder":
        """Return the encoder with repair of texts on or off."""
        return replace(self, repairs=repair)

    def describe(self) -> str:
        """Return what it looks for, for people."""
        return f"the first {self.pieces.head} and the last {self.pieces.tail} of a text"

    def settings(self) -> dict[str, Any]:
        """Return what it looks for, as JSON values."""
        return {
            "head": self.pieces.head,
            "tail": self.pieces.tail,
            "repair": self.repairs,
            "judges": self.judges,
            "corrected": [*self.pieces.corrected],
        }

    def read(self, text: str) -> str:
        """Return the text that is divided into pieces."""
        text = read(text, repaired=self.repairs, rated=False)
        return text if text.isascii() else edited(text, self.spelled(text))

    def spelled(self, text: str) -> list[Edit]:
        """Find the symbols that the vocabulary does not have, and their names."""
        return [
            Edit(place, place + 1, name)
            for place, character in enumerate(text)
            if (name := self._name(character)) is not None
        ]

    def _name(self, character: str) -> str | None:
        """Return what a character is spelled as; None if it stays."""
        if character.isascii() or unicodedata.category(character) not in ("So", "Sk"):
            return None
        if ord(character) in _SKIN_TONES:
            return " "
        if ord(character) in _FLAG_LETTERS:
            return chr(ord(character) - _FLAG_LETTERS[0] + ord("a"))
        if character in self.pieces.numbers:
            return None
        return f" {unicodedata.name(character, '?').lower()} "

    def transform(self, texts: Sequence[str]) -> Pieces:
        """Return the pieces of texts."""
        return self.pieces.transform([self.read(text) for text in texts])

    def empty(self) -> Pieces:
        """Return the row of an empty text."""
        return self.pieces.transform([""])

    def single_rows(self, keys: Sequence[int]) -> tuple[NDArray[np.int64], Pieces]:
        """Return none: a piece by itself says nothing."""
        return np.zeros(0, np.int64), self.pieces.transform([])

    def feature_names(self, phrases: Mapping[int, str]) -> list[str]:
        """Return the pieces; those behind the first of a word begin with `##`."""
        return [*self.pieces.vocabulary]

    def low_coverage(self, texts: Sequence[str], rows: Pieces, share: float) -> NDArray[np.int64]:
        """Return which texts have a smaller share of known words, or none."""
        known = self.pieces.known(rows)
        return np.flatnonzero((known < share) | (known == 0))

    def coverage(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the share of known words among those read of each text; see `WordPiece.known`.

        Returns:
            float64 [n], from 0 to 1; NaN for a text without a token.
        """
        shares = self.pieces.known(self.transform(texts))
        for row in np.flatnonzero(shares == 0).tolist():
            if not any(part.starts.size for part in self.tokenized(texts[row])):
                shares[row] = np.nan
        return shares

    def tokenized(self, text: str) -> list[TextChunk]:
        """Return the tokens of a text: words as people see them, whatever its pieces are."""
        return list(tokenized([text], repaired=self.repairs))

    def spans(self, text: str, row: Pieces) -> "Spans":
        """Return in which tokens of a text the pieces of its row are."""
        from sentiment.features.places import find_piece_spans  # prediction starts without it

        return find_piece_spans(text, self, row)
