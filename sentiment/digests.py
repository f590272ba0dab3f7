"""Hashes by which a text is found again: by the whole of it, or by its longest sentence."""

import re
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

# A text may hold half of a surrogate pair, which JSON can name, and which is no UTF-8.
_LENIENT = "surrogatepass"

# A longest sentence of fewer bytes may well stand in other texts, too.
SHORTEST = 24
# What ends a sentence, beside the full stop.
_ENDS = "!?\n\r…。！？"
_WORD = re.compile(r"\w+")
# No more of a text, or of a sentence, is looked at.
_LONGEST_TEXT, _LONGEST_SENTENCE = 100_000, 1_000


def digests_of(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return a stable 64-bit hash of each text, the same where only white space differs."""
    return _hashed(" ".join(text.split()) for text in texts)


def passages_of(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return a stable 64-bit hash of each text's longest sentence.

    It stays the same where a title is put before the text or left out, and where marks and case
    differ. Two texts seldom share it unless one was made from the other.
    """
    return _hashed(map(_passage, texts))


def _passage(text: str) -> str:
    """Return the words of the longest sentence; of the whole text if that is short."""
    text = sentences = text[:_LONGEST_TEXT]
    for end in _ENDS:
        sentences = sentences.replace(end, ".")
    longest = max(sentences.split("."), key=len)
    for part in (longest, text):
        words = " ".join(_WORD.findall(part[:_LONGEST_SENTENCE].casefold()))
        if len(words.encode("utf-8", _LENIENT)) >= SHORTEST:
            return words
    return words or " ".join(text.split())  # of marks alone


def _hashed(texts: Iterable[str]) -> NDArray[np.uint64]:
    digests = bytearray()
    for text in texts:
        digests += blake2b(text.encode("utf-8", _LENIENT), digest_size=8).digest()
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
