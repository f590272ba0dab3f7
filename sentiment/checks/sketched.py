"""How new texts differ from the sketch that a model keeps of its training texts.

A sketch has no single texts, so old and new cannot be shuffled. Halves of the new texts are, as
often: texts of one kind differ from the training texts as much as such halves do from each other,
once each difference is measured in its standard errors. So the tests depend on one another as they
do in truth, and are corrected for their number as those of two samples are.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.checks.drift import Drift, Sample, answered
from sentiment.checks.two_samples import (
    LEAST_TEXTS,
    MOVES,
    Flags,
    Floats,
    Move,
    corrected,
    distances,
    member_rows,
    standardized,
)
from sentiment.model.sketch import (
    BUCKETS,
    HeldOutScores,
    TextSketch,
    TextWords,
    compared_classes,
    hashes_of_words,
    in_buckets,
    words_of_text,
)

# So many new texts stand in most buckets, or fewer and larger ones are compared.
_IN_A_BUCKET = 5
# A network fitted on all reviews is surer than those that answered the held-out ones: by up to so
# much its log-odds may be nearer to 0 before they are compared.
_SLOPES = np.linspace(1.0, 0.8, 9)


def drift_from(
    sketch: TextSketch,
    new: Sample,
    names: Sequence[str],
    phrases: Iterable[str] = (),
    seed: int = 0,
) -> Drift:
    """Compare new texts with a sketch of training texts.

    Args:
        sketch: what the model keeps.
        new: the new texts, with the scores that the model gives them; none if it has seen some.
        names: of the K classes.
        phrases: texts with words that training texts held, to name those that went.
        seed: of the halves.
    """
    counted, hashes, rows = TextWords.of(new.texts)
    count = len(new.texts)
    halves = member_rows(count - count // 2, count // 2, seed)[1:]
    lengths = np.array([float(len(text)) for text in new.texts])
    statistics = {
        "words": _bucket_statistics(sketch, rows, halves),
        "lengths": _statistics(lengths, sketch.lengths, sketch.texts, halves),
    }
    distance, accuracy, expected, shares = None, None, None, {}
    if sketch.scores is not None and new.probabilities is not None:
        scores, probabilities = sketch.scores, calmed(sketch.scores, new.probabilities)
        statistics["scores"] = _score_statistics(scores, probabilities, halves)
        distance = _score_distance(scores, probabilities)
        both = zip(scores.answers, answered(new.probabilities), strict=True)
        shares = dict(zip(names, both, strict=True))
        accuracy = scores.accuracy
        expected = float(np.mean(probabilities.max(axis=1) > scores.confidence))
    came, went = _moved(sketch, counted, hashes, count, phrases)
    return Drift(
        old=sketch.texts,
        new=count,
        p_values=corrected(statistics),
        unknown_words=unknown_words(sketch, counted, hashes),
        unknown_expected=sketch.once / max(sketch.words, 1),
        score_distance=distance,
        shares=shares,
        came=came,
        went=went,
        accuracy=accuracy,
        accuracy_expected=expected,
        sketched=True,
    )


def unknown_words(
    sketch: TextSketch, counted: Mapping[str, int], hashes: Mapping[str, int]
) -> float:
    """Estimate the share of the new texts' words that no training text has.

    Words of which it is not known count like those beside the frequent ones of which it is.

    Args:
        sketch: of the training texts.
        counted: in how many new texts each word stands.
        hashes: of each of these words.
    """
    of_words = np.array([hashes[word] for word in counted], np.uint64)
    counts = np.array([*counted.values()], np.float64)
    rare = sketch.frequent.look_up(of_words) == 0
    checked = rare & sketch.checkable(of_words)
    unknown = checked & (sketch.counts(of_words) == 0)
    share = counts[unknown].sum() / max(counts[checked].sum(), 1)
    return float(share * counts[rare].sum() / max(counts.sum(), 1))


def _bucket_statistics(
    sketch: TextSketch, rows: Sequence[NDArray[np.int64]], halves: Flags
) -> Floats:
    """Return the sum of squared differences of all buckets of words, [1 + shuffles].

    In a bucket that is not empty its mean is 1, but for a factor that is taken away.
    """
    count, old = len(rows), sketch.texts
    for size in BUCKETS:
        present = in_buckets(rows, size).astype(np.float64)
        of_old, of_new = sketch.in_buckets(size), present.sum(axis=0)
        every = of_old + of_new
        if np.median(every) * count / (count + old) >= _IN_A_BUCKET:
            break
    actual = standardized(of_new, every, count, old)
    shuffled = np.stack(
        [standardized(half @ present, of_new, half.sum(), (~half).sum()) for half in halves]
    )
    sums = np.array([(actual**2).sum(), *(shuffled**2).sum(axis=1)])
    varied = np.count_nonzero((every > 0) & (every < count + old))
    varied_new = np.count_nonzero((of_new > 0) & (of_new < count))
    total = count + old
    sums[0] -= varied * total / (total - 1)
    sums[1:] -= varied_new * count / (count - 1)
    return sums


def _statistics(
    values: Floats, distribution: NDArray[np.float32], old: int, halves: Flags
) -> Floats:
    """Return how far apart distributions are, in what chance would make of it, [1 + shuffles].

    Args:
        values: of the new texts, [n].
        distribution: of `old` values at equal steps.
        old: the number of old values.
        halves: which new texts are in the second half, bool [shuffles, n].
    """
    half = float(halves[0].sum())
    apart = distances(values, halves) * _scale(half, values.size - half)
    return np.append(_distance(values, distribution) * _scale(values.size, old), apart)


def _distance(values: Floats, distribution: NDArray[np.float32]) -> float:
    """Return the largest difference of two distributions (Kolmogorov and Smirnov)."""
    both = np.concatenate((distribution, values.astype(np.float32))).astype(np.float64)
    return float(distances(both, np.arange(both.size)[None, :] >= len(distribution))[0])


def _scale(one: float, other: float) -> float:
    """Return what a distance of so many values is multiplied by to be like others (Stephens, 1970).

    `M. A. Stephens, "Use of the Kolmogorov-Smirnov, Cramér-von Mises and related statistics without
    extensive tables"`.
    """
    root = np.sqrt(one * other / (one + other))
    return float(root + 0.12 + 0.11 / root)


def _score_statistics(scores: HeldOutScores, probabilities: Floats, halves: Flags) -> Floats:
    """Return the largest of `_statistics` of any class, [1 + shuffles]."""
    columns = compared_classes(probabilities.shape[1])
    found = [
        _statistics(probabilities[:, k], scores.values[:, place], scores.reviews, halves)
        for place, k in enumerate(columns)
    ]
    return np.asarray(np.max(found, axis=0))


def _score_distance(scores: HeldOutScores, probabilities: Floats) -> float:
    columns = compared_classes(probabilities.shape[1])
    return max(
        _distance(probabilities[:, k], scores.values[:, place]) for place, k in enumerate(columns)
    )


def calmed(scores: HeldOutScores, probabilities: Floats) -> Floats:
    """Return probabilities as unsure as those of held-out reviews, if a small change makes them so.

    Their log-odds are multiplied by the one of `_SLOPES` that brings both nearest. NaN, of texts
    without a token, becomes 0.
    """
    known = np.nan_to_num(probabilities, nan=0.0)

    def at(slope: float) -> Floats:
        powers = known**slope
        return np.asarray(powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-300))

    return at(min(_SLOPES.tolist(), key=lambda slope: _score_distance(scores, at(slope))))


def _moved(
    sketch: TextSketch,
    counted: Mapping[str, int],
    hashes: Mapping[str, int],
    count: int,
    phrases: Iterable[str],
) -> tuple[list[Move], list[Move]]:
    """Return the words that came and those that went, the surest first.

    As in `Words.moved`; what went is among the frequent words, if new texts or phrases name it.
    """
    from scipy.stats import norm

    candidates = [word for word, texts in counted.items() if texts >= LEAST_TEXTS]
    more = {word for phrase in phrases for word in words_of_text(phrase)} - set(candidates)
    of_more = hashes_of_words(sorted(more))
    is_frequent = sketch.frequent.look_up(of_more) > 0
    words = [*candidates, *np.array(sorted(more), object)[is_frequent].tolist()]
    if not words:
        return [], []
    of_words = np.array([hashes[word] for word in candidates], np.uint64)
    of_all = np.concatenate((of_words, of_more[is_frequent]))
    old, is_known = sketch.counts(of_all).astype(np.float64), sketch.checkable(of_all)
    new = np.array([counted.get(word, 0) for word in words], np.float64)
    apart = standardized(new, old + new, count, sketch.texts)
    least = float(norm.isf(0.025 / (len(candidates) + len(sketch.frequent))))

    def moves(sign: int) -> list[Move]:
        order = np.argsort(-sign * apart, kind="stable")[:MOVES].tolist()
        return [
            Move(
                words[place],
                float(old[place] / sketch.texts),
                float(new[place] / count),
                at_most=not is_known[place],
            )
            for place in order
            if sign * apart[place] > least
        ]

    return moves(1), moves(-1)
