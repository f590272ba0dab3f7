"""Whether enough of a text is known to answer it."""

import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.features.ngrams import Family, Tokens, character_features, word_features
from sentiment.features.rows import CSRMatrix
from sentiment.features.tokens import TextChunk
from sentiment.features.vectorizer import Vectorizer
from sentiment.values import gives_no_opinion

# How much of its words a model knows of a text; only with enough it is answered.
ENOUGH, FEW, NOTHING, NO_OPINION = range(4)
REASONS = {
    FEW: "few known words",
    NOTHING: "no known words",
    NO_OPINION: "no opinion",  # "No comment", whatever a model makes of its words
}

# The least share of its words that has to be known of a text, unless the model says less.
LEAST_KNOWN = 0.25

# A text of n characters, in a language that is known, holds nearly always so many features times
# n to the power, and so many more: for its words, and for its runs of characters of each length.
_WORDS_IN, _RUNS_IN, _POWER, _MARKS_IN = 0.3, 1.3, 0.85, 6


def evidence_of(
    texts: Sequence[str], rows: CSRMatrix, vectorizer: Vectorizer, least_known: float
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return how much is known of some texts, and which have no token.

    Args:
        texts: [n].
        rows: what the vectorizer makes of them.
        vectorizer: which n-grams are known.
        least_known: the share of its words that has to be known of a text, from 0 to 1.

    Returns:
        `ENOUGH`, `FEW`, `NOTHING` or `NO_OPINION`, uint8 [n]; and bool [n].
    """
    evidence, blank = np.zeros(len(texts), np.uint8), np.zeros(len(texts), np.bool_)
    poor = _poor(texts, rows, vectorizer, min(least_known / LEAST_KNOWN, 1))
    if poor.size:
        shares = known_shares([texts[row] for row in poor.tolist()], vectorizer)
        evidence[poor[shares < least_known]] = FEW
        evidence[poor[shares == 0]] = NOTHING
        blank[poor] = np.isnan(shares)
    evidence[[gives_no_opinion(text) for text in texts]] = NO_OPINION
    return evidence, blank


def _poor(
    texts: Sequence[str], rows: CSRMatrix, vectorizer: Vectorizer, share: float
) -> NDArray[np.int64]:
    """Return which texts hold few features for their length.

    All others surely have most of their words known, without a look at these.

    Args:
        texts: [n].
        rows: what the vectorizer makes of them.
        vectorizer: which n-grams are known.
        share: of the features that are usual; lower where many words are left out.
    """
    shortest, longest = vectorizer.ngrams.characters
    orders = longest - shortest + 1 if longest else 0
    features, least = np.diff(rows.offsets), share * (_WORDS_IN + _RUNS_IN * orders)

    def few(lengths: Iterable[int], features: NDArray[np.int64]) -> NDArray[np.int64]:
        usual = least * np.fromiter(lengths, np.float64) ** _POWER + _MARKS_IN
        return np.flatnonzero(features < usual)

    # Repaired, no text is longer: most need not be repaired again to be counted.
    some = few(map(len, texts), features)
    repaired = (vectorizer.ngrams.length(texts[row]) for row in some.tolist())
    return some[few(repaired, features[some])]


Flags = NDArray[np.bool_]

# Of so many words two neighbors are known together, in a language that is known.
_MANY = 6
# Runs of characters are counted from one less than the longest on: short ones any language has.
_RUNS = 2
_SPACE = ord(" ")


def known_shares(texts: Sequence[str], vectorizer: Vectorizer) -> NDArray[np.float64]:
    """Return the share of its words that is known of each text.

    Of six words or more it counts half where no two neighbors are a feature.

    Returns:
        float64 [n], from 0 to 1; 1 with an emoji that is known, NaN for a text without a token.
    """
    words, known, pairs, symbols, tokens = np.zeros((5, len(texts)))
    for piece in vectorizer.ngrams.pieces(texts):
        rows = piece.first_row + piece.token_rows()
        is_word, is_symbol = _kinds(piece)
        whole, part, paired = _known(piece, vectorizer, is_word)
        found = whole | part | _known_by_characters(piece, vectorizer)
        tokens += np.bincount(rows, minlength=tokens.size)
        words += np.bincount(rows, is_word, words.size)
        known += np.bincount(rows, is_word & found, known.size)
        pairs += np.bincount(rows, paired, pairs.size)
        symbols += np.bincount(rows, is_symbol & whole, symbols.size)
    shares = known / np.maximum(words, 1)
    if vectorizer.ngrams.words > 1:
        shares[(words >= _MANY) & (pairs == 0)] /= 2
    shares[symbols > 0] = 1
    shares[tokens == 0] = np.nan
    return shares


def _kinds(piece: TextChunk) -> tuple[Flags, Flags]:
    """Tell words, and emoji and emoticons, from the other tokens: bool [tokens] each."""
    first, kinds = np.unique(piece.codes[piece.starts], return_inverse=True)
    characters = [chr(code) for code in first.tolist()]
    categories = [unicodedata.category(character) for character in characters]
    letters = [
        character.isalnum() or category[0] == "M"
        for character, category in zip(characters, categories, strict=True)
    ]
    pictures = [
        category[0] == "S" and not character.isascii()
        for character, category in zip(characters, categories, strict=True)
    ]
    is_word = np.array(letters, np.bool_)[kinds]
    several = piece.ends - piece.starts > 1  # marks that are one token: an emoticon
    return is_word, ~is_word & (several | np.array(pictures, np.bool_)[kinds])


def _known(piece: TextChunk, vectorizer: Vectorizer, is_word: Flags) -> tuple[Flags, Flags, Flags]:
    """Find tokens that are a feature; by their stem, or among others; and words with the next one.

    Returns:
        bool [tokens] each.
    """
    whole, part, pairs = np.zeros((3, is_word.size), np.bool_)
    ngrams = vectorizer.ngrams._replace(tail=0, negation=0)
    for found in word_features(Tokens.of(piece, ngrams), ngrams):
        starts = found.starts[vectorizer.columns_of(found.hashes) >= 0]
        if found.family is Family.WORDS and found.order == 1:
            whole[starts] = True
        for place in range(found.order):
            part[starts + place] = True
        if found.order == 2:
            pairs[starts] = is_word[starts] & is_word[starts + 1]
    return whole, part, pairs


def _known_by_characters(piece: TextChunk, vectorizer: Vectorizer) -> Flags:
    """Find tokens of whose own long runs of characters half or more are features: bool [tokens]."""
    runs, known = np.zeros((2, piece.starts.size))
    shortest, longest = vectorizer.ngrams.characters
    if not longest or not runs.size:
        return runs > 0
    codes, rows = piece.squeezed()
    solid_before = np.concatenate(([0], np.cumsum(codes != _SPACE)))
    token_of = np.repeat(np.arange(runs.size), piece.ends - piece.starts)
    orders = (max(shortest, longest - _RUNS + 1), longest)
    for found in character_features(codes, rows, vectorizer.ngrams._replace(characters=orders)):
        ends = found.starts + found.order
        first, last = solid_before[found.starts], solid_before[ends] - 1
        some = np.flatnonzero(first <= last)
        one, other = token_of[first[some]], token_of[last[some]]
        of_one = np.flatnonzero(one == other)
        hits = vectorizer.columns_of(found.hashes[some[of_one]]) >= 0
        runs += np.bincount(one[of_one], minlength=runs.size)
        known += np.bincount(one[of_one], hits, known.size)
    return (runs > 0) & (2 * known >= runs)
