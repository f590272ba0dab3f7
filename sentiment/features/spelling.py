"""Typing errors in words of opinion: *lvoe*, *fantasic*, *terrable*.

A vocabulary of pieces divides such a word into pieces that mean something else, and a short text
often has no other word by which it could be understood. So a list of words that matter is read
through a single error (Damerau, "A technique for computer detection and correction of spelling
errors", 1964), if it is of a kind that hardly leads from one English word to another.
"""

from collections.abc import Iterable, Iterator
from string import ascii_lowercase

# Letters of the shortest listed word that is found through two neighbours that changed places, and
# through other errors.
_SWAPPED, _OTHERS = 4, 6
_VOWELS = "aeiou"


class Speller:
    """Finds the word of a list that a mistyped word is meant to be."""

    def __init__(self, words: Iterable[str]) -> None:
        """Keep the words, which are of small letters from a to z."""
        self._words = frozenset(words)

    def find(self, word: str) -> str | None:
        """Return the listed word that is one error away from a word; None without one, or several.

        Errors are: two neighbours changed places, a letter inside is missing, a letter is doubled,
        and inside, one vowel stands for another. The first is the likeliest: if it explains a word,
        others do not count.
        """
        if not (word.isascii() and word.isalpha()):
            return None
        found = self._listed(_swapped(word), _SWAPPED)
        if not found:
            found = self._listed(_completed(word), _OTHERS)
            found |= self._listed(_without_double(word), _OTHERS)
            found |= self._listed(_another_vowel(word), _OTHERS)
        return found.pop() if len(found) == 1 else None

    def _listed(self, words: Iterable[str], least: int) -> set[str]:
        """Return which words are listed and have so many letters or more."""
        return {word for word in words if len(word) >= least and word in self._words}


def _swapped(word: str) -> Iterator[str]:
    """Yield a word with two neighbours swapped."""
    for at in range(len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _completed(word: str) -> Iterator[str]:
    """Yield a word with one letter more, inside."""
    for at in range(1, len(word)):
        for letter in ascii_lowercase:
            yield word[:at] + letter + word[at:]


def _without_double(word: str) -> Iterator[str]:
    """Yield a word with one of two equal neighbours."""
    for at in range(1, len(word)):
        if word[at] == word[at - 1]:
            yield word[:at] + word[at + 1 :]


def _another_vowel(word: str) -> Iterator[str]:
    """Yield a word with one vowel exchanged, inside."""
    for at in range(1, len(word) - 1):
        if word[at] in _VOWELS:
            for letter in _VOWELS:
                yield word[:at] + letter + word[at + 1 :]
