"""How many of a review's words are features: whether an answer would be more than a guess.

A word is known if it is a feature, by itself, among its neighbors or by its stem, or if at least
half of its longer runs of characters are. Emoji and emoticons speak for themselves where they are
known, and are not missed where they are not; punctuation says nothing. Texts in another language
share some words with one that is known, but seldom two in a row.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.features.ngrams import Family, Tokens, character_features, word_features
from sentiment.features.tokens import Piece
from sentiment.features.vectorizer import Vectorizer

Flags = NDArray[np.bool_]

# Of so many words two neighbors are known together, in a language that is known.
_MANY = 6
# Runs of characters are counted from one less than the longest on: short ones any language has.
_RUNS = 2
_SPACE = ord(" ")


def known_shares(texts: Sequence[str], vectorizer: Vectorizer) -> NDArray[np.float64]:
    """Say which share of its words is known of each review.

    Of six words or more it counts half where no two neighbors are a feature.

    Returns:
        float64 [n], from 0 to 1; 1 with an emoji that is known, NaN for a review without a token.
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


def _kinds(piece: Piece) -> tuple[Flags, Flags]:
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


def _known(piece: Piece, vectorizer: Vectorizer, is_word: Flags) -> tuple[Flags, Flags, Flags]:
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


def _known_by_characters(piece: Piece, vectorizer: Vectorizer) -> Flags:
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
