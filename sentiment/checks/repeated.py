"""Texts that stand more than once: under different labels, or in the test reviews, too."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digests_of
from sentiment.repeats import first_alike
from sentiment.values import words_of

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Repeated:
    """What stands more than once.

    Attributes:
        contradictions: groups of reviews with the same text and different labels, by number.
        repeats: groups with the same text and label; the first review of each can stay.
        in_test: reviews that stand among the test reviews, too: (review, test review).
    """

    contradictions: list[list[int]]
    repeats: list[list[int]]
    in_test: list[tuple[int, int]]


def find_repeated(
    texts: Sequence[str], labels: NDArray[np.integer], test: Sequence[str] = ()
) -> Repeated:
    """Find equal and nearly equal texts.

    Case, punctuation and white space make no difference. Longer texts may differ in some words.

    Args:
        texts: of n reviews.
        labels: theirs, [n].
        test: texts of the test reviews.
    """
    first = groups_of([*texts, *test])
    members: dict[int, list[int]] = {}
    for number, group in enumerate(first.tolist()):
        members.setdefault(group, []).append(number)
    found = Repeated([], [], [])
    for numbers in members.values():
        own = [number for number in numbers if number < len(texts)]
        if own and own[-1] != numbers[-1]:
            other = numbers[len(own)] - len(texts)
            found.in_test.extend((number, other) for number in own)
        if len(own) > 1:
            differ = len(set(labels[own].tolist())) > 1
            (found.contradictions if differ else found.repeats).append(own)
    for groups in (found.contradictions, found.repeats):
        groups.sort(key=lambda group: -len(group))
    return found


def groups_of(texts: Sequence[str]) -> Numbers:
    """Return for each text the number of the first text that says the same, int64 [n]."""
    evened = [words_of(text).casefold() or text for text in texts]
    _, begin, group = np.unique(digests_of(evened), return_index=True, return_inverse=True)
    first = [*range(len(texts))]  # a forest of groups; the root is the first text

    def root(number: int) -> int:
        while first[number] != number:
            first[number] = number = first[first[number]]
        return number

    for like in (begin[group], first_alike(texts)):
        for number, other in enumerate(like.tolist()):
            one, two = root(number), root(other)
            first[max(one, two)] = min(one, two)
    return np.array([root(number) for number in range(len(texts))], np.int64)
