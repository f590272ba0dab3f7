"""What the values of a column look like: texts, codes, figures, row numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sentiment.reviews.rules import Key, is_figure, text_in

_CODE_CHARS = 2


@dataclass(frozen=True)
class Profile:
    """What some values of a column look like as texts."""

    count: int  # the number of values that are not missing
    filled: float  # their share
    words: float  # the mean number of words with a letter; a code such as `B00X4` has none
    repeats: bool  # at least half of them repeat another
    is_short: bool  # there are several, all as short as language codes
    is_figures: bool  # they are numbers, dates, codes or missing; `:)` is not

    @classmethod
    def of(cls, values: Sequence[Any]) -> "Profile":
        """Compute the profile of some values, of which missing ones are only counted."""
        filled = [value for value in values if text_in(value).strip()]
        texts = [text_in(value) for value in filled if isinstance(value, (str, bytes))]
        counts = list(map(_count_words, texts))
        return cls(
            count=len(filled),
            filled=len(filled) / max(len(values), 1),
            words=sum(counts) / max(len(texts), 1),
            repeats=len(texts) > 1 and 2 * len(set(texts)) <= len(texts),
            is_short=len(texts) > 1 and max(map(len, texts)) <= _CODE_CHARS,
            is_figures=bool(filled) and all(is_figure(text) or _is_code(text) for text in texts),
        )


def _count_words(text: str) -> int:
    return 0 if _is_code(text) else sum(any(map(str.isalpha, word)) for word in text.split())


def _is_code(text: str) -> bool:
    """Return whether a text is one token of letters and digits."""
    return len(text.split()) == 1 and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def number_rows(keys: Sequence[Key]) -> bool:
    """Return whether values look like row numbers: several distinct numbers, as labels repeat."""
    differ = len(set(keys)) == len(keys) and not any(isinstance(key, str) for key in keys)
    return differ and (len(keys) > 2 or list(keys) == [1, 2])
