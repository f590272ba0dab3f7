"""How new texts differ from those of a reference: words, scores, lengths, and what it may cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.checks.out_of_fold import held_out_log_odds
from sentiment.checks.two_samples import MOVES, Move, Words, corrected, distances, member_rows
from sentiment.labels import LabelSet
from sentiment.model.sketch import compared_classes, confidence_at, words_of_text
from sentiment.reviews.dataset import LabelledReviews

Floats = NDArray[np.float64]

# The share of false alarms: of samples of one kind, so many look different by chance.
LEVEL = 0.05
# Figures that a limit can be set for.
FIGURES = ("alarm", "unknown_words", "score_distance", "accuracy_drop", "classifier_auc")
# The tests, and what they look at, in words.
TESTS = {
    "words": "other words",
    "scores": "other scores",
    "lengths": "other lengths",
    "classifier": "a classifier tells them",
}
_GROUPS = LabelSet(("old", "new"))


@dataclass(frozen=True)
class Drift:
    """How n new texts differ from those of a reference.

    Attributes:
        old, new: the numbers of texts compared.
        p_values: of each test of `TESTS` that was made, corrected for their number.
        unknown_words: the share of the new texts' words that stand in no old text.
        unknown_expected: the same for a text of the reference and all others of it.
        score_distance: the largest difference between the distributions of a class's probability;
            None if the model has seen one side.
        shares: of the answers, by class: of the old and of the new texts; empty in that case.
        came, went: words that stand in more, or in fewer, of the new texts.
        classifier_auc: how well a classifier tells new texts from old ones; None if not asked for.
        accuracy: of the model on the reference; None without labels.
        accuracy_expected: on the new texts, estimated; None without labels.
        sketched: whether the reference is the sketch that a model keeps of its training texts.
    """

    old: int
    new: int
    p_values: dict[str, float]
    unknown_words: float
    unknown_expected: float
    score_distance: float | None
    shares: dict[str, tuple[float, float]]
    came: list[Move]
    went: list[Move]
    classifier_auc: float | None = None
    accuracy: float | None = None
    accuracy_expected: float | None = None
    sketched: bool = False

    @property
    def p_value(self) -> float:
        """How often texts of one kind differ as much in any test, by chance."""
        return min(self.p_values.values())

    @property
    def differing(self) -> list[str]:
        """The tests that find a difference."""
        return [name for name, p in self.p_values.items() if p <= LEVEL]

    @property
    def figures(self) -> dict[str, float | None]:
        """The figures of `FIGURES`."""
        drop = None
        if self.accuracy is not None and self.accuracy_expected is not None:
            drop = self.accuracy - self.accuracy_expected
        return {
            "alarm": float(bool(self.differing)),
            "unknown_words": self.unknown_words,
            "score_distance": self.score_distance,
            "accuracy_drop": drop,
            "classifier_auc": self.classifier_auc,
        }

    @property
    def verdict(self) -> str:
        """What was found, in a sentence."""
        if not self.differing:
            return (
                "The new texts may be of the same kind as the reference: no test tells them apart."
            )
        *others, last = (TESTS[name] for name in self.differing)
        what = f"{', '.join(others)}{' and ' if others else ''}{last}"
        return f"The new texts differ from the reference: {what}."

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        facts = asdict(self)
        facts["shares"] = {
            name: {"old": old, "new": new} for name, (old, new) in self.shares.items()
        }
        facts |= {"p_value": self.p_value, "alarm": bool(self.differing)}
        facts |= {"verdict": self.verdict, "figures": self.figures}
        return facts


@dataclass(frozen=True, eq=False)
class Sample:
    """Texts, and what a model says of them.

    Attributes:
        texts: n texts.
        probabilities: of each class, float64 [n, K]; NaN for a text without a token. None if the
            model has seen some of the texts, of which it is surer than of others.
        labels: the classes that the reviews have; None for texts without labels, [n].
    """

    texts: Sequence[str]
    probabilities: Floats | None
    labels: NDArray[np.integer] | None = None


def drift(
    old: Sample, new: Sample, names: Sequence[str], seed: int = 0, *, classifier: bool = False
) -> Drift:
    """Compare new texts with a reference.

    Args:
        old: the reference.
        new: the new texts.
        names: of the K classes.
        seed: of the shuffles.
        classifier: whether to train a classifier that tells new from old, too.
    """
    texts = [*old.texts, *new.texts]
    every = [words_of_text(text) for text in texts]
    words = Words.of(every)
    members = member_rows(len(old.texts), len(new.texts), seed)
    statistics = {
        "words": words.differences(members),
        "lengths": distances(np.array([float(len(text)) for text in texts]), members),
    }
    scores, shares = None, {}
    if old.probabilities is not None and new.probabilities is not None:
        scores = score_distances(np.concatenate((old.probabilities, new.probabilities)), members)
        statistics["scores"] = scores
        both = (
            answered(each.probabilities) for each in (old, new) if each.probabilities is not None
        )
        shares = dict(zip(names, zip(*both, strict=True), strict=True))
    p_values, auc = corrected(statistics), None
    if classifier:
        auc, p_value = classifier_test(texts, members[0], seed)
        p_values = {name: min(2 * p, 1.0) for name, p in p_values.items()}  # Bonferroni
        p_values["classifier"] = min(2 * p_value, 1.0)
    unknown, expected = unknown_words(every[: len(old.texts)], every[len(old.texts) :])
    came, went = words.moved(members[0], MOVES)
    return Drift(
        old=len(old.texts),
        new=len(new.texts),
        p_values=p_values,
        unknown_words=unknown,
        unknown_expected=expected,
        score_distance=None if scores is None else float(scores[0]),
        shares=shares,
        came=came,
        went=went,
        classifier_auc=auc,
        accuracy=accuracy_of(old),
        accuracy_expected=accuracy_expected(old, new),
    )


def score_distances(probabilities: Floats, members: NDArray[np.bool_]) -> Floats:
    """Return how far apart the probabilities of a class are, of all the furthest, [shuffles].

    Args:
        probabilities: of each class, [n, K]; NaN for a text without a token.
        members: which texts are new, bool [shuffles, n].
    """
    known = np.nan_to_num(probabilities, nan=0.0)
    columns = compared_classes(known.shape[1])
    return np.asarray(np.max([distances(known[:, k], members) for k in columns], axis=0))


def unknown_words(
    old: Sequence[frozenset[str]], new: Sequence[frozenset[str]]
) -> tuple[float, float]:
    """Return the share of the words of new texts that no old text has, and what to expect.

    To expect is the share of words that stand in one old text only: what each would have of words
    unknown to the others (Good, 1953).
    """
    counts = Counter(word for words in old for word in words)
    unknown = sum(word not in counts for words in new for word in words)
    once = sum(count == 1 for count in counts.values())
    return unknown / max(sum(map(len, new)), 1), once / max(counts.total(), 1)


def answered(probabilities: Floats) -> list[float]:
    """Return the share of the texts that can be read of which each class is the likeliest, [K]."""
    readable = probabilities[~np.isnan(probabilities).any(axis=1)]
    counts = np.bincount(readable.argmax(axis=1), minlength=probabilities.shape[1])
    return (counts / max(len(readable), 1)).tolist()


def accuracy_of(sample: Sample) -> float | None:
    """Return the accuracy of the likeliest class; None without labels or probabilities."""
    right = _right(sample)
    return None if right is None else float(right.mean())


def accuracy_expected(old: Sample, new: Sample) -> float | None:
    """Estimate the accuracy on new texts without labels; None where that of the old is unknown.

    Average thresholded confidence (Garg et al., ICLR 2022): the threshold that as many confidences
    of the reference lie above as answers are right; then the share above it of the new ones.
    """
    right = _right(old)
    if right is None or old.probabilities is None or new.probabilities is None:
        return None
    threshold = confidence_at(np.nan_to_num(old.probabilities, nan=0.0).max(axis=1), right)
    return float(np.mean(np.nan_to_num(new.probabilities, nan=0.0).max(axis=1) > threshold))


def _right(sample: Sample) -> NDArray[np.bool_] | None:
    """Return which texts are answered correctly, [n]; None without labels or probabilities."""
    if sample.labels is None or sample.probabilities is None:
        return None
    # A text that cannot be read has no answer.
    readable = ~np.isnan(sample.probabilities).any(axis=1)
    answers = np.nan_to_num(sample.probabilities, nan=0.0).argmax(axis=1)
    return np.asarray((answers == sample.labels) & readable)


def classifier_test(
    texts: Sequence[str], new: NDArray[np.bool_], seed: int
) -> tuple[float | None, float]:
    """Train a classifier on half of the texts to tell new from old, and test it on the others.

    Lopez-Paz and Oquab, "Revisiting classifier two-sample tests" (ICLR 2017), with the rank test of
    Mann and Whitney (1947) in place of accuracy.

    Returns:
        The area under the ROC curve, and its p-value; None and 1 for too few texts.
    """
    from scipy.stats import mannwhitneyu

    reviews = LabelledReviews(list(texts), new.astype(np.int16), label_set=_GROUPS)
    rows, log_odds = held_out_log_odds(reviews, seed)
    told = new[rows]
    if told.all() or not told.any():
        return None, 1.0
    test = mannwhitneyu(log_odds[told, 0], log_odds[~told, 0], alternative="greater")
    pairs = int(told.sum()) * int((~told).sum())
    return float(test.statistic) / pairs, float(test.pvalue)
