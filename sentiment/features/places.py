"""Map features back to their places in a text, and to names."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.hashing import Hashes
from sentiment.features.matrix import CSRMatrix, feature_keys
from sentiment.features.ngrams import (
    Family,
    Found,
    NGrams,
    Tokens,
    character_features,
    negations,
    word_features,
)
from sentiment.features.pieces import PieceEncoder
from sentiment.features.repair import Edit, edited, ratings, repairs
from sentiment.features.sequences import Sequences
from sentiment.features.tokens import LINE_BREAK_TAG, Codes, TextChunk, normalize, pieces, read
from sentiment.features.vectorizer import Vectorizer
from sentiment.features.wordpiece import Pieces
from sentiment.features.words import WordEncoder

Numbers = NDArray[np.int64]

# Jamo that join the syllable before them without being combining marks.
_JOINING_JAMO = ("\u1161", "\u11ff")


def aligned(text: str, *, repaired: bool = True, rated: bool = False) -> tuple[Numbers, Numbers]:
    """Return the span in a review that each character of `read(text)` came from.

    Where several became several, such as a letter and its accents, each has the span of all. Both
    starts and ends ascend: int64 [characters read] each.
    """
    starts, ends = np.arange(len(text)), np.arange(1, len(text) + 1)
    for edits in _steps(text, repaired=repaired, rated=rated):
        first, last = _kept(text, edits)
        starts, ends = starts[first], ends[last - 1]
        text = edited(text, edits)
    first, last = _normalized(text)
    return starts[first], ends[last - 1]


def _steps(text: str, *, repaired: bool, rated: bool) -> Iterator[Sequence[Edit]]:
    """Yield the edits that `read` makes before normalizing, each for the text edited so far."""
    for step in repairs(text) if repaired else ():
        yield step.edits
        text = step.text
    if rated:
        yield (edits := ratings(text))
        text = edited(text, edits)
    yield [Edit(*found.span(), "\n") for found in LINE_BREAK_TAG.finditer(text)]


def _kept(text: str, edits: Sequence[Edit]) -> tuple[Numbers, Numbers]:
    """Align an edited text; an insertion is aligned with all that it replaced."""
    starts, ends, done = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], 0
    for start, end, put in [*edits, Edit(len(text), len(text), "")]:
        before = np.arange(done, start)
        starts += [before, np.full(len(put), start)]
        ends += [before + 1, np.full(len(put), end)]
        done = end
    return np.concatenate(starts), np.concatenate(ends)


def _normalized(text: str) -> tuple[Numbers, Numbers]:
    """Align the normal form of a text without HTML line breaks."""
    if text.isascii():
        places = np.arange(len(text))
        return places, places + 1
    bounds = [place for place, char in enumerate(text) if place == 0 or _begins_unit(char)]
    bounds.append(len(text))
    lengths = [_normalized_length(text[start:end]) for start, end in pairwise(bounds)]
    return np.repeat(bounds[:-1], lengths), np.repeat(bounds[1:], lengths)


@lru_cache(maxsize=1 << 14)
def _begins_unit(character: str) -> bool:
    """Return whether normalization never joins a character with those before it."""
    first = unicodedata.normalize("NFKD", character)[0]
    low, high = _JOINING_JAMO
    return unicodedata.category(first)[0] != "M" and not low <= first <= high


@lru_cache(maxsize=1 << 14)
def _normalized_length(unit: str) -> int:
    return len(normalize(unit))


_SPACE = ord(" ")


@dataclass(frozen=True, eq=False)
class Spans:
    """Where in a text the entries of its row are.

    Attributes:
        entries: which entry of the row each place is of, int64 [places].
        first, last: the tokens it covers, int64 [places] each.
        apart: whether it covers only these two tokens, such as a negation and a negated word; bool
            [places].
        spelled: whether it consists of whole words, unlike stems and character n-grams; bool
            [places].
        starts, ends: the span of each token in the original text, int64 [tokens] each.
    """

    entries: Numbers
    first: Numbers
    last: Numbers
    apart: NDArray[np.bool_]
    spelled: NDArray[np.bool_]
    starts: Numbers
    ends: Numbers

    def divided(self, credit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Divide the credit of each entry, [entries], equally among its places: [places]."""
        count = np.bincount(self.entries, minlength=credit.size)
        return (credit / np.maximum(count, 1))[self.entries]

    def shared(self, credit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Divide the credit of each place, [places], equally among its tokens: [tokens]."""
        size = self.starts.size + 1
        share = credit / np.where(self.apart, 2, self.last - self.first + 1)
        # A run of several adds its share at its first token and subtracts it after its last.
        runs = ~self.apart & (self.first < self.last)
        begun, done = (
            np.bincount(place[runs], share[runs], size) for place in (self.first, self.last + 1)
        )
        of_first = np.bincount(self.first[~runs], share[~runs], size)
        of_last = np.bincount(self.last[self.apart], share[self.apart], size)
        return (np.cumsum(begun - done) + of_first + of_last)[:-1].astype(np.float64)


def find_spans(text: str, vectorizer: Vectorizer, row: CSRMatrix) -> Spans:
    """Return where in a text the features of its row are, and the spans of its tokens."""
    ngrams = vectorizer.ngrams
    parts = list(ngrams.pieces([text]))
    groups = [*_of_words(_tokens(parts, ngrams), ngrams)]
    if ngrams.characters[1]:
        groups += _of_characters(parts, ngrams)
    entry_of = np.full(vectorizer.size + 1, -1)  # one more, for unknown n-grams
    entry_of[row.indices] = np.arange(row.indices.size)
    entries = entry_of[np.concatenate([vectorizer.indices_of(group.hashes) for group in groups])]
    known = np.flatnonzero(entries >= 0)
    kinds = np.repeat(np.arange(len(groups)), [group.first.size for group in groups])[known]
    apart = np.array([group.family is Family.NEGATED for group in groups])
    spelled = np.array([group.family not in (Family.STEM, Family.CHARACTERS) for group in groups])
    return Spans(
        entries[known],
        np.concatenate([group.first for group in groups])[known],
        np.concatenate([group.last for group in groups])[known],
        apart[kinds],
        spelled[kinds],
        *_written(text, _bounds(parts), repaired=ngrams.repair, rated=ngrams.ratings),
    )


def find_piece_spans(text: str, encoder: PieceEncoder, row: Pieces) -> Spans:
    """Return in which tokens the pieces of a text's row are, and the spans of its tokens.

    `[CLS]` and `[SEP]` are in none, so the row of an empty text has no places.
    """
    tokens = _bounds(encoder.tokenized(text))
    starts, ends = _of_pieces(read(text, repaired=encoder.repairs, rated=False), encoder)
    first = np.searchsorted(tokens[1], starts, side="right")
    last = np.searchsorted(tokens[0], ends, side="left") - 1
    # A piece of what is no token, such as a character not assigned yet, goes to the one before.
    first, last = np.maximum(np.minimum(first, last), 0), np.maximum(last, 0)
    count = starts.size if tokens[0].size and row.ids.size > 2 else 0
    nothing = np.zeros(count, np.bool_)
    written = _written(text, tokens, repaired=encoder.repairs, rated=False)
    return Spans(np.arange(1, count + 1), first[:count], last[:count], nothing, nothing, *written)


def _of_pieces(normalized: str, encoder: PieceEncoder) -> tuple[Numbers, Numbers]:
    """Return the span in a normalized text of each piece that is read of it."""
    spelled = encoder.spelled(normalized)
    first, last = _kept(normalized, spelled)
    starts, ends = encoder.pieces.spans(edited(normalized, spelled))
    return first[starts[1:-1]], last[ends[1:-1] - 1]


def find_word_spans(text: str, encoder: WordEncoder, row: Sequences) -> Spans:
    """Return which tokens the words of a text's row are, and the spans of all its tokens.

    The row of a text of which too little is known is empty: it has no places.
    """
    reading = encoder.reading
    tokens = _bounds(reading.chunks([text]))
    count = tokens[0].size
    numbers = np.arange(count)[reading.kept(np.array([count]))][: row.ids.size]
    nothing = np.zeros(numbers.size, np.bool_)
    written = _written(text, tokens, repaired=reading.repair, rated=reading.ratings)
    return Spans(np.arange(numbers.size), numbers, numbers, nothing, ~nothing, *written)


class _Group(NamedTuple):
    """All n-grams of one family and order, known or not, and the first and last token of each."""

    hashes: Hashes
    first: Numbers
    last: Numbers
    family: Family


def _tokens(parts: Sequence[TextChunk], ngrams: NGrams) -> Tokens:
    """Return the tokens of a review, which may be in several pieces."""
    tokens = Tokens.none()
    for part in parts:
        tokens = tokens.joined(Tokens.of(part, ngrams))
    return tokens


def _of_words(tokens: Tokens, ngrams: NGrams) -> Iterator[_Group]:
    """Yield each family and order of word features, with the first and last tokens covered."""
    for found in word_features(tokens, ngrams):
        first, last = found.starts, found.starts + found.order - 1
        if found.family is Family.NEGATED:
            _, by = negations(tokens.hashes, tokens.rows, ngrams.negation, ngrams.reversal)
            negation = by[found.starts]
            first, last = np.minimum(first, negation), np.maximum(last, negation)
        yield _Group(found.hashes, first, last, found.family)


def _of_characters(parts: Sequence[TextChunk], ngrams: NGrams) -> Iterator[_Group]:
    """Yield each order of character features, with the first and last tokens covered."""
    tokens = 0
    for part in parts:
        codes, rows = part.squeezed()
        if not part.starts.size:
            continue
        solid = codes != _SPACE
        token_of = np.repeat(np.arange(part.starts.size), part.ends - part.starts)
        before = np.cumsum(solid)  # up to and including each character
        for found in character_features(codes, rows, ngrams):
            yield _covered(found, token_of, before - solid, before, tokens)
        tokens += part.starts.size


def _covered(
    found: Found, token_of: Numbers, before: Numbers, through: Numbers, tokens: int
) -> _Group:
    """Return which tokens character n-grams touch; a single space touches its neighbors."""
    most = token_of.size - 1
    one = token_of[np.minimum(before[found.starts], most)]
    other = token_of[np.maximum(through[found.starts + found.order - 1] - 1, 0)]
    first, last = np.minimum(one, other) + tokens, np.maximum(one, other) + tokens
    return _Group(found.hashes, first, last, found.family)


def _bounds(parts: Sequence[TextChunk]) -> tuple[Numbers, Numbers]:
    """Return the span of each token in the normalized text."""
    first, last = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    done = -1  # each piece begins and ends with an added space
    for part in parts:
        first.append(part.starts + done)
        last.append(part.ends + done)
        done += part.codes.size - 2
    return np.concatenate(first), np.concatenate(last)


def _written(
    text: str, tokens: tuple[Numbers, Numbers], *, repaired: bool, rated: bool
) -> tuple[Numbers, Numbers]:
    """Return the span in the original text of each token of the normalized one."""
    starts, ends = aligned(text, repaired=repaired, rated=rated)
    return starts[tokens[0]], ends[tokens[1] - 1]


def written_spans(text: str, *, repaired: bool, rated: bool = False) -> tuple[Numbers, Numbers]:
    """Return the span in a text of each of its tokens: starts and ends, int64 [tokens] each."""
    parts = list(pieces([text], repaired=repaired, rated=rated))
    return _written(text, _bounds(parts), repaired=repaired, rated=rated)


# Characters of a name. A word may be as long as a review, and models store names.
_LONGEST = 100


def name_features(texts: Sequence[str], ngrams: NGrams, keys: Hashes) -> dict[int, str]:
    """Find the n-grams of some features, reading until all are found or the texts end.

    Args:
        texts: reviews that hold the n-grams.
        ngrams: which n-grams are features.
        keys: uint64 [wanted].

    Returns:
        The n-gram of each key found, in the order of `keys`: `not good`; `… good` at a review's
        end; `good-` for a stem; `not … good` for a negated word; `‹good›` for characters. Very
        long ones are cut.
    """
    wanted = np.sort(keys)
    names: dict[int, str] = {}
    for piece in ngrams.pieces(texts):
        tokens = Tokens.of(piece, ngrams)
        for found in word_features(tokens, ngrams, continues=piece.continues):
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


def _name(found: Found, piece: TextChunk, start: int, ngrams: NGrams) -> str:
    """Return the name of a word feature."""
    first, last = piece.starts[start], piece.ends[start + found.order - 1]
    if found.family is Family.STEM:
        cut = min(last, first + ngrams.stem)
        return _text(piece.codes[first:cut]) + "-" * bool(cut < last)
    words = _shortened(" ".join(_text(piece.codes[first:last]).split()))
    return {Family.END: "… ", Family.NEGATED: "not … "}.get(found.family, "") + words


def _new(found: Found, wanted: Hashes, names: dict[int, str]) -> list[tuple[int, int]]:
    """Return the wanted keys not yet named, each with a start."""
    keys, places = np.unique(feature_keys(found.hashes), return_index=True)
    _, _, hits = np.intersect1d(wanted, keys, assume_unique=True, return_indices=True)
    pairs = zip(keys[hits].tolist(), found.starts[places[hits]].tolist(), strict=True)
    return [(key, start) for key, start in pairs if key not in names]


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _text(codes: Codes) -> str:
    return "".join(map(chr, codes.tolist()))
