"""The encoder of a language model: texts → pieces of words, read as every encoder here reads them.

A text is repaired and normalized, symbols that the vocabulary does not have, such as emoji, are
spelled by their Unicode names, and the rest is WordPiece.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sentiment.features.repair import Edit, edited
from sentiment.features.tokens import read
from sentiment.features.wordpiece import Pieces, WordPiece

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
    """

    pieces: WordPiece
    repairs: bool = True

    def with_repair(self, repair: bool) -> "PieceEncoder":
        """Return the encoder with repair of texts on or off."""
        return replace(self, repairs=repair)

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
