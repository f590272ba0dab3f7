"""The shares of the classes among many reviews, with intervals that know the model's errors.

Counting answers is biased where the shares are others than in the training data: a model that
finds 90% of complaints and takes 5% of praise for one counts 9% where 5% complain. Here the scores
of the reviews, in cells, are taken for a mixture of those that each class had when it was held out
(*quantification* under prior shift: Forman, "Quantifying counts and costs via classification",
2008). It is assumed that a review of a class is scored as the held-out ones of that class were: the
intervals do not cover what a model does to another kind of text.

Of a group among the reviews that assumption fails where the texts tell the group: a model that has
learned that customers of a shop complain takes more of what they say for complaints, and to correct
by its scores would count that twice. There the reviews of a score are taken for what they are among
all, and the interval covers both assumptions (benchmarks/FINDINGS.md).
"""

from dataclasses import dataclass
from math import erfc, exp, lgamma, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.intervals import Z
from sentiment.model.cells import ScoreCells

Floats = NDArray[np.float64]

# Held-out reviews added to each class, spread over the cells as those of all classes are; what the
# number of held-out reviews is divided by; and how many say as much of the model as it was then, of
# fewer reviews, does of the finished one. Without these, intervals are too narrow: the first two
# where a class has few held-out reviews, the last where it has many (benchmarks/FINDINGS.md).
_PRIOR, _CAUTION, _FINISHED = 3.0, 1.2, 2_000

# How far steps of expectation and maximization go on, and until how small a change.
_STEPS, _SMALL = 2000, 1e-8
# Reviews of a class that must be expected in a sample for a normal test.
_EXPECTED = 5
# Numbers in memory at once.
_BLOCK = 1 << 22
# Added to the information, so that classes that look alike have wide intervals.
_RIDGE = 1e-9


class Shares(NamedTuple):
    """Estimated shares of some groups of reviews.

    Attributes:
        value: float64 [G, K].
        low, high: where the 95% intervals begin and end, [G, K].
    """

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class ShareModel:
    """How the reviews of each class are scored.

    Attributes:
        likelihood: the share of the reviews of a class that are in a cell, float64 [K, C].
        held_out: how many reviews of each class that is taken to be learned from, [K].
    """

    likelihood: Floats
    held_out: Floats

    @classmethod
    def of(cls, cells: ScoreCells) -> "ShareModel":
        """Return what the held-out reviews say."""
        counts = cells.counts.astype(np.float64)
        held_out = counts.sum(axis=1)
        pooled = (counts / held_out[:, None]).mean(axis=0)
        if not pooled.all():  # a cell without held-out reviews tells no class from another
            pooled = np.maximum(pooled, 1 / counts.size / held_out.sum())
            pooled /= pooled.sum()
        likelihood = (counts + _PRIOR * pooled) / (held_out[:, None] + _PRIOR)
        return cls(likelihood, 1 / (_CAUTION / held_out + 1 / _FINISHED))

    def estimate(self, counts: NDArray[np.integer]) -> Shares:
        """Compute the shares of each group by maximum likelihood, with 95% intervals.

        The target is the share among these reviews themselves. Its variance is that of the scores
        within each class, and that of the likelihoods, which were learned from few reviews: both by
        the delta method.

        Args:
            counts: reviews of each group in each cell, [G, C]; each group has some.
        """
        step = max(_BLOCK // self.likelihood.size, 1)
        parts = [
            self._estimate(counts[at : at + step]) for at in range(0, max(len(counts), 1), step)
        ]
        return Shares(*map(np.concatenate, zip(*parts, strict=True)))

    def estimate_parts(self, counts: NDArray[np.integer], whole: NDArray[np.integer]) -> Shares:
        """Compute the shares of groups among reviews; those of all groups add up to the whole's.

        Reviews of a cell are of the classes that they are of among all. The interval covers that,
        and that the groups differ in nothing but their shares, as in `estimate`.

        Args:
            counts: reviews of each group in each cell, [G, C]; each group has some.
            whole: all reviews in each cell, [C].
        """
        alone, total = self.estimate(counts), self.estimate(whole[None])
        classes = self._classes_of_cells(total.value[0])
        size = counts.sum(axis=1)[:, None]
        value = counts @ classes / size
        # The labels are drawn, and what the held-out reviews leave open moves all groups alike.
        drawn = counts @ (classes * (1 - classes)) / size**2
        spread = Z * np.sqrt(drawn + ((total.high - total.low) / (2 * Z)) ** 2)
        low = np.clip(np.minimum(alone.low, value - spread), 0, value)
        high = np.clip(np.maximum(alone.high, value + spread), value, 1)
        is_whole = (counts == whole).all(axis=1)[:, None]
        parts = Shares(value, low, high)
        return Shares(*(np.where(is_whole, a, b) for a, b in zip(alone, parts, strict=True)))

    def parts(self, counts: NDArray[np.integer], whole: NDArray[np.integer]) -> Floats:
        """Return the shares of `estimate_parts` alone, float64 [G, K]."""
        shares = self._maximize(whole[None].astype(np.float64))[0]
        return counts @ self._classes_of_cells(shares) / counts.sum(axis=1)[:, None]

    def _classes_of_cells(self, shares: Floats) -> Floats:
        """Return how likely each class is in each cell among reviews of such shares, [C, K]."""
        joint = shares[:, None] * self.likelihood
        return (joint / joint.sum(axis=0)).T

    def sampled(self, counts: NDArray[np.integer]) -> tuple[Floats, Floats]:
        """Return the shares of samples, and their variances for one review, float64 [G, K].

        These are those of what customers say, by a model that is known exactly.

        Args:
            counts: as for `estimate`.
        """
        value = self._maximize(counts.astype(np.float64))
        within = self._variances(value, self._influence(value))
        return value, np.einsum("gk,gkj->gj", value, within) + value * (1 - value)

    def _estimate(self, counts: NDArray[np.integer]) -> Shares:
        value = self._maximize(counts.astype(np.float64))
        size = counts.sum(axis=1)[:, None]
        weights = value / size + value**2 / self.held_out
        variance = np.einsum("gk,gkj->gj", weights, self._variances(value, self._influence(value)))
        spread = Z * np.sqrt(np.maximum(variance, 0))
        return Shares(value, np.maximum(value - spread, 0), np.minimum(value + spread, 1))

    def _maximize(self, counts: Floats) -> Floats:
        """Return the shares of the greatest likelihood, [G, K], by EM (Saerens et al., 2002)."""
        observed = counts / counts.sum(axis=1, keepdims=True)
        shares = np.full((len(counts), len(self.likelihood)), 1 / len(self.likelihood))
        moving = np.arange(len(counts))
        for _ in range(_STEPS):
            now = shares[moving]
            found = now * ((observed[moving] / (now @ self.likelihood)) @ self.likelihood.T)
            shares[moving] = found
            moving = moving[np.abs(found - now).max(axis=1) > _SMALL]
            if not moving.size:
                break
        return shares

    def _influence(self, shares: Floats) -> Floats:
        """Return what a review in a cell adds to the shares, times their number, [G, C, K]."""
        ratio = self.likelihood / (shares @ self.likelihood)[:, None, :]  # [G, K, C]
        information = ratio @ self.likelihood.T  # [G, K, K]
        score = ratio[:, 1:] - ratio[:, :1]
        information = information - information[:, :1]
        information = information[:, 1:, 1:] - information[:, 1:, :1]
        information += _RIDGE * np.eye(information.shape[1])
        others = np.linalg.solve(information, score)
        first = -others.sum(axis=1, keepdims=True)
        return np.concatenate((first, others), axis=1).swapaxes(1, 2)

    def _variances(self, shares: Floats, influence: Floats) -> Floats:
        """Return the variance within class k of the influence on share j, [G, K, K]."""
        mean = np.eye(len(self.likelihood)) - shares[:, None, :]
        return self.likelihood @ influence**2 - mean**2


def counted_shares(counts: NDArray[np.integer]) -> Shares:
    """Return plain shares of answers, with Wilson's 95% intervals (1927).

    These say how far the share may lie from that of many more reviews of the kind, answered by the
    same model. They do not cover the model's errors.

    Args:
        counts: answers of each class in each group, [G, K]; each group has some.
    """
    size = counts.sum(axis=1, keepdims=True)
    share = counts / size
    middle = (share + Z**2 / (2 * size)) / (1 + Z**2 / size)
    spread = Z * np.sqrt(share * (1 - share) / size + Z**2 / (4 * size**2)) / (1 + Z**2 / size)
    low, high = np.clip((middle - spread, middle + spread), 0, 1)
    return Shares(share, np.minimum(low, share), np.maximum(high, share))  # rounded otherwise


class Contrasts(NamedTuple):
    """Differences of shares between pairs of groups of reviews.

    Attributes:
        share, other: the shares of both, float64 [G, K].
        p: p-values of two-sided tests that they differ only by chance, [G, K].
    """

    share: Floats
    other: Floats
    p: Floats


def contrast(
    model: ShareModel | None,
    counts: NDArray[np.integer],
    others: NDArray[np.integer],
    whole: NDArray[np.integer] | None = None,
) -> Contrasts:
    """Test whether two samples of reviews, pair by pair, have other shares.

    The tests are normal ones, and exact where a class is rare.

    Both are taken for samples of what customers say. What the held-out reviews leave open moves
    both shares alike, and is left out.

    Args:
        model: what corrects; None to compare counts of answers.
        counts: of the ones, [G, C]; without a model of answers, [G, K].
        others: of the others, the same.
        whole: of all reviews that both are parts of, [C]; None for two by themselves.
    """
    sampled = model.sampled if model else _sampled
    # If they do not differ, both have the variance of all together.
    (one, _), (other, _), (_, variance) = map(sampled, (counts, others, counts + others))
    sizes = 1 / counts.sum(axis=1, keepdims=True) + 1 / others.sum(axis=1, keepdims=True)
    z = np.abs(one - other) / np.sqrt(np.maximum(variance * sizes, 1e-300))
    p = np.vectorize(_two_sided, otypes=[float])(z)
    p = np.maximum(p, _exact_where_rare(one, other, counts, others))
    if model and whole is not None:  # as they are shown
        one, other = model.parts(counts, whole), model.parts(others, whole)
    return Contrasts(one, other, p)


def _exact_where_rare(
    one: Floats, other: Floats, counts: NDArray[np.integer], others: NDArray[np.integer]
) -> Floats:
    """Return p-values of Fisher's exact test where a class is rare, 0 elsewhere, [G, K].

    Where fewer than five reviews of the smaller sample are expected to be of a class, or not to be,
    a normal test takes one review more for a difference (Cochran, 1954).
    """
    sizes = np.stack([counts.sum(axis=1), others.sum(axis=1)], axis=-1)[:, None, :]
    of_class = np.rint(np.stack([one, other], axis=-1) * sizes).astype(np.int64)
    every = sizes.sum(axis=-1)
    is_most = 2 * of_class.sum(axis=-1) > every
    rarer = np.where(is_most[..., None], sizes - of_class, of_class)
    total = rarer.sum(axis=-1)
    found = np.zeros(one.shape)
    for row, label in np.argwhere(sizes.min(axis=-1) * total < _EXPECTED * every).tolist():
        small = int(np.argmin(sizes[row, 0]))
        found[row, label] = _exact(
            int(rarer[row, label, small]), int(sizes[row, 0, small]),
            int(total[row, label]), int(every[row, 0]),
        )  # fmt: skip
    return found


def _exact(count: int, size: int, total: int, every: int) -> float:
    """Return twice the smaller tail of the hypergeometric distribution, at most 1.

    It is the chance that so many, or so few, of `size` out of `every` are among `total`.
    """
    all_ways = _log_ways(every, size)

    def chance(number: int) -> float:
        return exp(_log_ways(total, number) + _log_ways(every - total, size - number) - all_ways)

    least, most = max(0, size + total - every), min(size, total)
    here, below, above = chance(count), sum(map(chance, range(least, count))), 0.0
    for number in range(count + 1, most + 1):
        term = chance(number)
        above += term
        if number > _EXPECTED and term < 1e-9 * (here + above):  # beyond the most likely one
            break
    return min(2 * (here + min(below, above)), 1.0)


def _log_ways(every: int, chosen: int) -> float:
    return lgamma(every + 1) - lgamma(chosen + 1) - lgamma(every - chosen + 1)


def _sampled(counts: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Return shares of answers, and their variances for one review, [G, K]."""
    share = counts / counts.sum(axis=1, keepdims=True)
    return share, share * (1 - share)


def _two_sided(z: float) -> float:
    return erfc(z / sqrt(2))


def adjusted(p: Floats) -> Floats:
    """Return p-values adjusted for the number of tests, [n] (Benjamini and Hochberg, 1995).

    Where those of at most q are called differences, a share q of these is due to chance.
    """
    order = np.argsort(p, kind="stable")
    ranked = p[order] * p.size / np.arange(1, p.size + 1)
    result = np.empty_like(p)
    result[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1)
    return result
