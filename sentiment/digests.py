"""Hashes that identify a text, by all of it or by its longest sentence, and a file."""

import re
from collections.abc import Iterable
from hashlib import blake2b, file_digest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# JSON can hold lone surrogates, which UTF-8 cannot.
_LENIENT = "surrogatepass"

# A shorter longest sentence is likely to occur in other texts, too.
SHORTEST = 24
# What ends a sentence, apart from the full stop.
_ENDS = "!?\n\r…。！？"
_WORD = re.compile(r"\w+")
# Only this much of a text, or of a sentence, is used.
_LONGEST_TEXT, _LONGEST_SENTENCE = 100_000, 1_000


def digests_of(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return a stable 64-bit hash of each text; white space makes no difference."""
    return _hashed(" ".join(text.split()) for text in texts)


def passages_of(texts: Iterable[str]) -> NDArray[np.uint64]:
    """Return a stable 64-bit hash of each text's longest sentence.

    A title before the text, punctuation and case make no difference. Two texts rarely share it
    unless one was made from the other.
    """
    return _hashed(map(_passage, texts))


def digest_of_file(path: Path) -> str:
    """Return a hash of a file of any size, 32 hexadecimal digits; raise OSError if unreadable."""
    with path.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()


def _passage(text: str) -> str:
    """Return the words of the longest sentence, or of the whole text if it is short."""
    text = sentences = text[:_LONGEST_TEXT]
    for end in _ENDS:
        sentences = sentences.replace(end, ".")
    longest = max(sentences.split("."), key=len)
    for part in (longest, text):
        words = " ".join(_WORD.findall(part[:_LONGEST_SENTENCE].casefold()))
        if len(words.encode("utf-8", _LENIENT)) >= SHORTEST:
            return words
    return words or " ".join(text.split())  # punctuation only


def _hashed(texts: Iterable[str]) -> NDArray[np.uint64]:
    digests = bytearray()
    for text in texts:
        digests += blake2b(text.encode("utf-8", _LENIENT), digest_size=8).digest()
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)
