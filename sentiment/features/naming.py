"""Feature keys → the n-grams they stand for, found again in texts: hashes cannot be turned back."""

from collections.abc import Sequence

import numpy as np

from sentiment.features.hashing import Hashes
from sentiment.features.ngrams import (
    Family,
    Found,
    NGrams,
    Tokens,
    character_features,
    word_features,
)
from sentiment.features.occurrences import feature_keys
from sentiment.features.tokens import Codes, Piece

# Characters of a name. A word may have as many as a whole review, and a model keeps names.
_LONGEST = 100


def name_features(texts: Sequence[str], ngrams: NGrams, keys: Hashes) -> dict[int, str]:
    """Look for the n-grams of some features, reading until each is found or the texts end.

    Args:
        texts: reviews that hold the n-grams.
        ngrams: which n-grams are features.
        keys: uint64 [wanted].

    Returns:
        The n-gram of each key found, in the order of `keys`: `not good`; `… good` where it stands
        at a review's end; `good-` for a stem; `not … good` for a word under a negation; `‹good›`
        for a run of characters. One that is very long is cut.
    """
    wanted = np.sort(keys)
    names: dict[int, str] = {}
    for piece in ngrams.pieces(texts):
        tokens = Tokens.of(piece, ngrams)
        for found in word_features(tokens, ngrams, goes_on=piece.goes_on):
            for key, start in _new(found, wanted, names):
                names[key] = _name(found, piece, start, ngrams)
        if ngrams.characters[1]:
            codes, rows = piece.squeezed()
            for found in character_features(codes, rows, ngrams):
                for key, start in _new(found, wanted, names):
                    names[key] = f"‹{_text(codes[start : start + found.order])}›"
        if len(names) == wanted.size:
            break
    return {key: names[key] for key in keys.tolist() if key in names}


def _name(found: Found, piece: Piece, start: int, ngrams: NGrams) -> str:
    """Spell a feature made of words out."""
    first, last = piece.starts[start], piece.ends[start + found.order - 1]
    if found.family is Family.STEM:
        cut = min(last, first + ngrams.stem)
        return _text(piece.codes[first:cut]) + "-" * bool(cut < last)
    words = _shortened(" ".join(_text(piece.codes[first:last]).split()))
    return {Family.END: "… ", Family.NEGATED: "not … "}.get(found.family, "") + words


def _new(found: Found, wanted: Hashes, names: dict[int, str]) -> list[tuple[int, int]]:
    """The wanted keys not yet named, each with a place where it stands."""
    keys, places = np.unique(feature_keys(found.hashes), return_index=True)
    _, _, hits = np.intersect1d(wanted, keys, assume_unique=True, return_indices=True)
    pairs = zip(keys[hits].tolist(), found.starts[places[hits]].tolist(), strict=True)
    return [(key, start) for key, start in pairs if key not in names]


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _text(codes: Codes) -> str:
    return "".join(map(chr, codes.tolist()))
