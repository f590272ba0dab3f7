"""How reviews are divided for cross-validation: by class, by group, or in time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.features.hashing import Hashes, among
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import LabelledReviews, stratified_folds
from sentiment.selection.moments import moments_of

Rows = NDArray[np.int64]

# A training divides its reviews again: each class needs so many different texts in it.
MIN_TRAINED = 2


@dataclass(frozen=True, eq=False)
class Fold:
    """The reviews that a model is trained on, and those it is evaluated on; int64 each."""

    training: Rows
    held_out: Rows


def stratified(reviews: LabelledReviews, folds: int, repeats: int, seed: int) -> list[list[Fold]]:
    """Divide reviews several times, each class evenly, equal texts into the same fold.

    Raises:
        DataError: a class has fewer different texts than there are folds.
    """
    _check_classes(reviews, folds)
    digests = reviews.digest()
    return [
        _checked(reviews, _folds_of(stratified_folds(reviews.labels, folds, each, digests)))
        for each in _seeds(seed, repeats)
    ]


def by_group(
    reviews: LabelledReviews, column: str, folds: int, repeats: int, seed: int
) -> list[list[Fold]]:
    """Divide reviews so that those with the same value of a column share a fold.

    Groups that share a text are treated as one; an empty cell is a group of its own. Groups are
    dealt from the largest, each to the fold in which its classes are scarcest.

    Raises:
        DataError: there are fewer groups than folds, or training rows would lack a class.
    """
    groups = _joined(reviews.columns[column], reviews.digest())
    found = int(groups.max()) + 1
    if found < folds:
        values = set(reviews.columns[column])
        if found == 1:
            raise DataError(
                f'all reviews are of one group of "{column}", or share their texts with it: '
                "name another --group, or leave it out"
            )
        joined = " that share no text" * (found < len(values))
        raise DataError(
            f'"{column}" has {count_of(found, "group")}{joined}, too few for {folds} folds: '
            f"try --folds {found}"
        )
    return [
        _checked(reviews, _folds_of(_dealt(groups, reviews, folds, each)), column)
        for each in _seeds(seed, repeats)
    ]


def in_time(reviews: LabelledReviews, column: str, folds: int) -> list[list[Fold]]:
    """Divide reviews into blocks of time; each but the first is answered by those before it.

    Reviews of one moment stay together, and no text is trained on that the block has too.

    Raises:
        DataError: a cell is no time; there are too few different ones; or the earliest reviews
            lack a class.
    """
    moments = moments_of(reviews, column)
    different, which = np.unique(moments, return_inverse=True)
    if different.size <= folds:
        fewer = different.size - 1
        way_out = f"try --folds {fewer}" if fewer > 1 else "leave out --time"
        raise DataError(
            f'"{column}" has {count_of(different.size, "different time")}, too few for {folds} '
            f"folds and a block before them: {way_out}"
        )
    blocks = _blocks(np.bincount(which), folds + 1)[which]
    digests = reviews.digest()
    divided = []
    for block in range(1, folds + 1):
        held_out, before = np.flatnonzero(blocks == block), np.flatnonzero(blocks < block)
        new = ~among(digests[before], digests[held_out])
        divided.append(Fold(before[new], held_out))
    return [_checked(reviews, divided, column)]


def _seeds(seed: int, repeats: int) -> Iterator[int]:
    """Yield a seed for each repeat, the first of them the user's."""
    yield from ((seed + each) % 2**32 for each in range(repeats))


def _folds_of(parts: Sequence[Rows]) -> list[Fold]:
    everything = np.arange(sum(part.size for part in parts))
    return [Fold(np.setdiff1d(everything, part), part) for part in parts]


def _check_classes(reviews: LabelledReviews, folds: int) -> None:
    """Check that each class has a different text for every fold, and enough to train on."""
    digests = reviews.digest()
    counts = {
        name: np.unique(digests[reviews.labels == label]).size
        for label, name in enumerate(reviews.label_set.names)
    }
    name = min(counts, key=lambda each: counts[each])
    least = counts[name]
    what = f'{least:,} different {"text is" if least == 1 else "texts are"} labelled "{name}"'
    if least <= MIN_TRAINED:
        raise DataError(f"{what}; cross-validation needs at least {MIN_TRAINED + 1}: add more")
    if least < folds:
        raise DataError(f"{what}, too few for {folds} folds: add more, or try --folds {least}")


def _checked(reviews: LabelledReviews, folds: list[Fold], column: str = "") -> list[Fold]:
    """Return folds, all of whose training rows have texts of each class.

    Raises:
        DataError: those of one have not.
    """
    digests, names = reviews.digest(), reviews.label_set.names
    for number, fold in enumerate(folds, 1):
        for label, name in enumerate(names):
            rows = fold.training[reviews.labels[fold.training] == label]
            if (different := np.unique(digests[rows]).size) >= MIN_TRAINED:
                continue
            found = f"{different} different text" if different else "no text"
            out, way_out = "", "fewer --folds"
            if column:
                out = f'"{column}" divides the classes badly: '
                way_out = "another column" + ", or other --folds" * (len(folds) > 2)
            raise DataError(
                f'{out}fold {number} of {len(folds)} would train on {found} labelled "{name}", and '
                f"needs {MIN_TRAINED}: try {way_out}"
            )
    return folds


def _joined(values: Sequence[str], digests: Hashes) -> Rows:
    """Number the groups from 0, those that share a text as one; int64 [n]."""
    _, texts = np.unique(digests, return_inverse=True)
    numbers: dict[object, int] = {}
    groups = np.array([
        numbers.setdefault(value.strip() or row, len(numbers)) for row, value in enumerate(values)
    ])  # fmt: skip
    joined, before = np.arange(len(numbers)), np.empty(0, np.int64)
    while not np.array_equal(joined, before):
        before = joined.copy()
        least = np.full(texts.max() + 1, len(numbers))
        np.minimum.at(least, texts, joined[groups])
        np.minimum.at(joined, groups, least[texts])
    return np.unique(joined[groups], return_inverse=True)[1].astype(np.int64)


def _dealt(groups: Rows, reviews: LabelledReviews, folds: int, seed: int) -> list[Rows]:
    """Deal groups to folds, each to where its classes are scarcest (greedy, as scikit-learn's)."""
    classes = len(reviews.label_set)
    counts = np.zeros((int(groups.max()) + 1, classes))
    np.add.at(counts, (groups, reviews.labels), 1)
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    shuffled = np.random.default_rng(seed).permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    held, fold_of = np.zeros((folds, classes)), np.zeros(len(counts), np.int64)
    for group in order.tolist():
        fold = int(np.argmin((held @ shares[group]) + 1e-9 * held.sum(axis=1)))
        fold_of[group] = fold
        held[fold] += shares[group]
    return [np.flatnonzero(fold_of[groups] == fold) for fold in range(folds)]


def _blocks(sizes: Rows, count: int) -> Rows:
    """Divide moments of these numbers of rows into blocks of about as many rows; int64 [moments].

    Each block has a moment at least.
    """
    middle = np.cumsum(sizes) - sizes / 2
    wanted = np.floor(middle / sizes.sum() * count).astype(np.int64)
    blocks = np.empty_like(wanted)
    last = -1
    for place, block in enumerate(wanted.tolist()):
        least = count - (len(wanted) - place)  # so that those to come suffice for the rest
        last = min(max(block, last, least), last + 1)
        blocks[place] = last
    return blocks
