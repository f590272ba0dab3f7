"""Holding rows out: stratified by label, repeatable, and without twins on both sides."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sentiment.errors import UsageError

Rows = NDArray[np.int64]


def stratified_split(
    labels: ArrayLike, share: float, seed: int, groups: ArrayLike | None = None
) -> tuple[Rows, Rows]:
    """Split rows into those to train on and those held out.

    Each class gives the same share of its rows. Rows of one group stay together and count with
    the class of the group's first row: with `LabelledReviews.digest` as groups, a text that
    occurs twice cannot be learnt on one side and asked for on the other.

    Args:
        labels: Integer labels, shape [n].
        share: The share to hold out, between 0 and 1.
        seed: The same seed, labels and groups give the same split.
        groups: Integers, shape [n]; None lets every row stand for itself.

    Returns:
        Two sorted int64 arrays, (train_rows, held_out_rows). A class of two groups or more has
        rows in both.

    Raises:
        UsageError: The share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise UsageError(f"a share to hold out lies between 0 and 1, not at {share:g}")
    group_of_row, sizes, classes = _shuffled(labels, seed, groups)
    held_out = np.zeros(len(sizes), dtype=bool)
    for members in classes:
        held_out[members[: _how_many(sizes[members], share)]] = True
    mask = held_out[group_of_row]
    return np.flatnonzero(~mask), np.flatnonzero(mask)


def stratified_folds(
    labels: ArrayLike, folds: int, seed: int, groups: ArrayLike | None = None
) -> list[Rows]:
    """Deal rows out into folds, each class evenly, rows of one group together.

    Args:
        labels: Integer labels, shape [n].
        folds: How many; no more than the groups of the rarer class, or one stays without it.
        seed: As for `stratified_split`.
        groups: As for `stratified_split`.

    Returns:
        Sorted int64 arrays; together all rows.
    """
    group_of_row, sizes, classes = _shuffled(labels, seed, groups)
    fold_of_group = np.zeros(len(sizes), np.int64)
    dealt = 0
    for members in classes:
        fold_of_group[members] = (dealt + np.arange(len(members))) % folds
        dealt += len(members)
    return [np.flatnonzero(fold_of_group[group_of_row] == fold) for fold in range(folds)]


def _shuffled(
    labels: ArrayLike, seed: int, groups: ArrayLike | None
) -> tuple[Rows, Rows, list[Rows]]:
    """Give each row's group, each group's size, and the groups of each class in random order."""
    label_of_row = np.asarray(labels)
    names = np.arange(len(label_of_row)) if groups is None else np.asarray(groups)
    _, first, group_of_row, sizes = np.unique(
        names, return_index=True, return_inverse=True, return_counts=True
    )
    label_of_group = label_of_row[first]
    generator = np.random.Generator(np.random.PCG64(seed))
    classes = [
        generator.permutation(np.flatnonzero(label_of_group == label))
        for label in np.unique(label_of_group)
    ]
    return group_of_row, sizes, classes


def _how_many(sizes: NDArray[np.int64], share: float) -> int:
    """Count the first groups whose rows come closest to the share, leaving one on each side."""
    rows = np.cumsum(sizes)
    closest = int(np.argmin(np.abs(rows - share * rows[-1]))) + 1
    return min(closest, len(sizes) - 1)
