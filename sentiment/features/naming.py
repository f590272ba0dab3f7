"""Feature keys → the n-grams they stand for, found again in texts: hashes cannot be turned back."""

from collections.abc import Sequence

import numpy as np

from sentiment.features.hashing import Hashes
from sentiment.features.ngrams import (
    Found,
    NGrams,
    batches,
    character_ngrams,
    feature_keys,
    word_ngrams,
)
from sentiment.features.tokens import Codes, pieces


def name_features(texts: Sequence[str], ngrams: NGrams, keys: Hashes) -> dict[int, str]:
    """Look for the n-grams of some features, reading until each is found or the texts end.

    Args:
        texts: reviews that hold the n-grams.
        ngrams: which n-grams are features.
        keys: uint64 [wanted].

    Returns:
        The n-gram of each key found, in the order of `keys`: `not good`; with an ellipsis before
        it where it stands at a review's end; in ‹angle quotes› where it is a run of characters.
    """
    wanted = np.sort(keys)
    names: dict[int, str] = {}
    for batch in batches(texts):
        for piece in pieces(texts[batch]):
            tokens, owners = piece.hashes(), piece.token_rows()
            for found in word_ngrams(tokens, owners, ngrams, goes_on=piece.goes_on):
                for key, start in _new(found, wanted, names):
                    span = piece.codes[piece.starts[start] : piece.ends[start + found.order - 1]]
                    names[key] = "… " * found.at_end + " ".join(_text(span).split())
            if ngrams.characters[1]:
                codes, rows = piece.squeezed()
                for found in character_ngrams(codes, rows, ngrams):
                    for key, start in _new(found, wanted, names):
                        names[key] = f"‹{_text(codes[start : start + found.order])}›"
        if len(names) == wanted.size:
            break
    return {key: names[key] for key in keys.tolist() if key in names}


def _new(found: Found, wanted: Hashes, names: dict[int, str]) -> list[tuple[int, int]]:
    """The wanted keys not yet named, each with a place where it stands."""
    keys, places = np.unique(feature_keys(found.hashes), return_index=True)
    _, _, hits = np.intersect1d(wanted, keys, assume_unique=True, return_indices=True)
    pairs = zip(keys[hits].tolist(), found.starts[places[hits]].tolist(), strict=True)
    return [(key, start) for key, start in pairs if key not in names]


def _text(codes: Codes) -> str:
    return "".join(map(chr, codes.tolist()))
