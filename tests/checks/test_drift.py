"""Whether two samples of texts differ: tests by shuffling, words that came, expected accuracy."""

import numpy as np
import pytest

from sentiment.checks.drift import Sample, accuracy_expected, accuracy_of, drift, unknown_words
from sentiment.checks.two_samples import SHUFFLES, Words, corrected, distances, member_rows
from tests.checks.helpers import PLAIN, made

NAMES = ("negative", "positive")
SEA = [
    "beach",
    "sand",
    "wave",
    "boat",
    "harbour",
    "tide",
    "pier",
    "gull",
    "sail",
    "anchor",
    "shell",
    "surf",
]


def sample(count: int, seed: int, words: list[str] = PLAIN) -> Sample:
    texts, _ = made(count, seed, words)
    p = np.random.default_rng(seed).uniform(size=count)
    return Sample(texts, np.stack((1 - p, p), axis=1))


def halves(count: int, seed: int) -> tuple[Sample, Sample]:
    """Two halves of one sample, drawn by chance."""
    whole = sample(2 * count, seed)
    rows = np.random.default_rng(seed).permutation(2 * count)
    assert whole.probabilities is not None
    first, second = (
        Sample([whole.texts[row] for row in some], whole.probabilities[some])
        for some in (rows[:count], rows[count:])
    )
    return first, second


def test_new_words_raise_an_alarm_and_are_named():
    found = drift(sample(100, 1), sample(100, 2, SEA), NAMES)
    assert "words" in found.differing
    assert {move.word for move in found.came} <= set(SEA)
    assert {move.word for move in found.went} <= set(PLAIN)
    assert len(found.came) > 5
    assert "words" in found.verdict
    assert found.unknown_words > 0.5 > found.unknown_expected


def test_scores_and_lengths_are_compared():
    old, new = sample(100, 1), sample(100, 2)
    assert old.probabilities is not None
    surer = Sample(new.texts, old.probabilities**4 / (old.probabilities**4).sum(1, keepdims=True))
    assert "scores" in drift(old, surer, NAMES).differing
    longer = Sample([f"{text} {text}" for text in new.texts], new.probabilities)
    assert "lengths" in drift(old, longer, NAMES).differing


def test_texts_of_one_kind_raise_an_alarm_about_as_rarely_as_asked():
    alarms = sum(bool(drift(*halves(30, seed), NAMES).differing) for seed in range(60))
    assert alarms <= 9  # of a binomial with 5%: more in 1 of 1,000


@pytest.mark.slow
def test_the_share_of_false_alarms_is_the_limit():
    alarms = sum(bool(drift(*halves(40, seed), NAMES).differing) for seed in range(600))
    assert 14 <= alarms <= 48  # of a binomial with 5%: others in 1 of 1,000


def test_the_classifier_tells_what_differs_and_nothing_else():
    apart = drift(sample(60, 1), sample(60, 2, SEA), NAMES, classifier=True)
    assert "classifier" in apart.differing
    assert apart.classifier_auc is not None
    assert apart.classifier_auc > 0.9
    alike = drift(sample(60, 1), sample(60, 3), NAMES, classifier=True)
    assert alike.classifier_auc is not None
    assert 0.2 < alike.classifier_auc < 0.8


def test_without_scores_only_texts_are_compared():
    old = sample(50, 1)
    found = drift(Sample(old.texts, None, np.zeros(50, int)), sample(50, 2), NAMES)
    assert set(found.p_values) == {"words", "lengths"}
    assert (found.score_distance, found.accuracy, found.accuracy_expected) == (None, None, None)
    assert found.figures["accuracy_drop"] is None


def test_distances_are_those_of_scipy_ties_too():
    from scipy.stats import ks_2samp

    random = np.random.default_rng(0)
    values = random.integers(0, 12, 90).astype(float)
    members = member_rows(40, 50, 0, 5)
    expected = [ks_2samp(values[each], values[~each]).statistic for each in members]
    assert np.allclose(distances(values, members), expected)


def test_p_values_are_corrected_for_their_number():
    random = np.random.default_rng(0)
    noise = {str(k): random.normal(size=1 + SHUFFLES) for k in range(20)}
    single = corrected({"0": noise["0"]})["0"]
    assert corrected(noise)["0"] >= single
    strong = noise | {"0": np.append(99.0, noise["0"][1:])}
    assert corrected(strong)["0"] < 0.2


def test_equal_statistics_are_no_evidence():
    assert corrected({"words": np.zeros(1 + SHUFFLES)}) == {"words": 1.0}
    assert Words.of([frozenset()] * 4).differences(member_rows(2, 2, 0)).sum() == 0


def test_unknown_words_beside_what_to_expect():
    old = [frozenset(some.split()) for some in ("a b", "a c", "a d")]
    unknown, expected = unknown_words(old, [frozenset(["a", "e"])])
    assert (unknown, expected) == (0.5, 0.5)


def test_expected_accuracy_is_that_of_the_reference_on_the_reference():
    random = np.random.default_rng(0)
    p = random.uniform(size=500)
    labels = (random.uniform(size=500) < p).astype(int)
    old = Sample([""] * 500, np.stack((1 - p, p), axis=1), labels)
    assert accuracy_expected(old, old) == pytest.approx(accuracy_of(old), abs=1e-9)
    closer = 0.5 + (p - 0.5) / 4  # less sure of the new ones
    new = Sample([""] * 500, np.stack((1 - closer, closer), axis=1))
    assert accuracy_expected(old, new) < 0.5 < accuracy_of(old)
