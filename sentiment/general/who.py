"""Words that say who or where somebody is: the bundled model is not to know them.

A model that never sees such a word in training cannot hold it for or against anybody.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count

from sentiment.general.sources import Source
from sentiment.general.words import PEOPLE

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# After these a capital says nothing.
_BREAK = re.compile(r"[.!?:\"(>\n*-]")
_LETTERS = "bcdfghjklmnpqrstvwxz"

_STEM = 5  # letters that are a feature of their own


def words_of_who(texts: Iterable[str], least: int = 3, share: float = 0.9) -> set[str]:
    """Find the words that name or describe people and places.

    Args:
        texts: reviews to learn from which words are nearly always written with a capital.
        least: how often such a word occurs at the least.
        share: how often of all it has its capital at the least, inside of sentences.
    """
    capital: Counter[str] = Counter()
    small: Counter[str] = Counter()
    for text in texts:
        end = 0
        for found in _WORD.finditer(text):
            word, between, end = found.group(), text[end : found.start()], found.end()
            if not found.start() or _BREAK.search(between) or (len(word) > 1 and word.isupper()):
                continue
            (capital if word[0].isupper() else small)[word.lower()] += 1
    names = {
        word
        for word, times in capital.items()
        if len(word) > 1
        and times >= least
        and times >= share * (times + small[word])
        and not word.startswith(("i'", "i’"))
    }
    people = {*PEOPLE, *(f"{word}s" for word in PEOPLE)}
    stems = {word[:_STEM] for word in people if len(word) >= _STEM}
    return names | people | {word for word in (*capital, *small) if word[:_STEM] in stems}


def anonymous(source: Source, who: set[str], fresh: Iterator[str]) -> Source:
    """Put, for every word that says who, a word that occurs nowhere else."""

    def replace(found: re.Match[str]) -> str:
        word = found.group()
        lower = word.lower().replace("’", "'")
        if lower in who:
            return next(fresh)
        if lower.endswith("'s") and lower[:-2] in who:
            return f"{next(fresh)}'s"
        return word

    return source._replace(texts=[_WORD.sub(replace, text) for text in source.texts])


def fresh_words() -> Iterator[str]:
    """Words that nobody writes, each with a beginning of its own."""
    for number in count():
        letters, rest = [], number
        for _ in range(6):
            rest, letter = divmod(rest, len(_LETTERS))
            letters.append(_LETTERS[letter])
        yield "".join(letters) + "q"
