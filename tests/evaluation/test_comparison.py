import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from sentiment.evaluation.comparison import System, compare
from sentiment.evaluation.intervals import MIN_CHANGES, mcnemar, paired_interval
from sentiment.evaluation.metrics import Evaluation, of_two
from sentiment.labels import WITH_NEUTRAL
from sentiment.model.decision import Decision, MultiDecision
from sentiment.reviews.predictions import NO_ANSWER


def system(p):
    return System((p >= 0.5).astype(np.int64), of_two(p))


COUNTS = st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(1, 1000)).map(
    lambda drawn: (drawn[0], drawn[1], sum(drawn))
)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_mcnemar_is_the_test_of_a_fair_coin(only_a, only_b):
    n = only_a + only_b
    expected = chi2.sf((only_b - only_a) ** 2 / n, 1) if n else 1.0
    assert mcnemar(only_a, only_b) == pytest.approx(expected, rel=1e-6, abs=1e-200)


@given(COUNTS)
def test_the_interval_holds_no_difference_just_where_the_test_finds_none(counts):
    only_a, only_b, n = counts
    low, high = paired_interval(only_a, only_b, n)
    assert -1 <= low <= (only_b - only_a) / n <= high <= 1
    assert (low <= 0 <= high) == (mcnemar(only_a, only_b) > 0.05)
    assert (-high, -low) == pytest.approx(paired_interval(only_b, only_a, n), abs=1e-9)


@pytest.mark.parametrize("counts", [(25, 39, 160), (0, 20, 20), (3, 0, 10), (0, 0, 15), (2, 2, 4)])
def test_its_ends_are_the_differences_that_a_score_test_just_accepts(counts):
    """The likeliest shares for a given difference are found by trying all of them."""
    only_a, only_b, n = counts
    for end in set(paired_interval(*counts)) - {-1, 1}:
        shares = np.linspace(max(0, -end), (1 - end) / 2, 200_001)[1:-1]  # of `only_a`
        with np.errstate(all="ignore"):
            likelihood = (
                np.where(only_a, only_a * np.log(shares), 0)
                + np.where(only_b, only_b * np.log(shares + end), 0)
                + (n - only_a - only_b) * np.log(1 - 2 * shares - end)
            )
        share = shares[np.nanargmax(likelihood)]
        variance = (2 * share + end - end**2) / n
        score = abs((only_b - only_a) / n - end) / np.sqrt(variance)
        assert score == pytest.approx(1.96, abs=0.01)


def test_one_compared_with_itself_differs_in_nothing():
    p = np.linspace(0.1, 0.9, 50)
    found = compare(system(p), system(p), np.resize([0, 1], 50))
    for each in found.differences.values():
        assert (each.difference, each.is_significant) == (0, False)
    low, high = found.differences["accuracy"].interval
    assert -0.1 < low < 0 < high < 0.1  # 50 reviews cannot show that they never differ
    assert (found.p_value, found.disagreements.size) == (1, 0)


def _drawn(random, n, skill):
    """Draw labels, and what two say that see the same, each with noise of its own."""
    logits = random.normal(0, 2, n)
    labels = (random.random(n) < 1 / (1 + np.exp(-logits))).astype(int)
    a, b = (1 / (1 + np.exp(-(logits + random.normal(0, noise, n)))) for noise in (2, skill))
    return system(a), system(b), labels


@pytest.mark.parametrize(
    ("n", "skill"),
    [
        (5, 2),
        (50, 0.5),
        *(
            pytest.param(n, skill, marks=pytest.mark.slow)
            for n, skill in ((5, 0.5), (20, 2), (20, 0.5), (50, 2), (200, 2), (200, 0.5))
        ),
    ],
)
def test_intervals_hold_the_truth_whether_reviews_are_few_or_many(n, skill):
    random = np.random.default_rng(n)
    truth = compare(*_drawn(random, 500_000, skill), replicates=2).differences
    draws = 400
    held = dict.fromkeys(truth, 0)
    for seed in range(draws):
        found = compare(*_drawn(random, n, skill), replicates=100, seed=seed).differences
        for name, each in found.items():
            # What has no interval claims nothing.
            low, high = (each and each.interval) or (-np.inf, np.inf)
            held[name] += low <= truth[name].difference <= high
    assert min(held.values()) >= 0.91 * draws


def test_with_few_reviews_no_loss_is_significant():
    """One review is all it took: resampled, it is always the same."""
    labels = np.ones(MIN_CHANGES, int)
    better, worse = np.full(MIN_CHANGES, 0.9), np.linspace(0.7, 0.8, MIN_CHANGES)
    enough = compare(system(worse), system(better), labels).differences["log_loss"]
    few = compare(system(worse[1:]), system(better[1:]), labels[1:]).differences["log_loss"]
    assert (enough.is_significant, few.interval, few.is_significant) == (True, None, False)


def test_twenty_reviews_that_all_differ_are_no_certainty():
    labels = np.resize([0, 1], 20)
    found = compare(System(1 - labels), System(labels), labels).differences["accuracy"]
    assert (found.difference, found.interval[1], found.is_significant) == (1, 1, True)
    assert 0.6 < found.interval[0] < 0.85


def test_one_class_has_no_macro_f1():
    found = compare(System(np.ones(40, int)), System(np.zeros(40, int)), np.ones(40, int))
    assert found.differences["macro_f1"] is None


def test_figures_are_those_of_evaluations():
    random = np.random.default_rng(0)
    p, q, labels = random.random(80), random.random(80), random.integers(0, 2, 80)
    found = compare(system(p), system(q), labels)
    a, b = (Evaluation(of_two(each), labels, Decision()).figures for each in (p, q))
    for name, each in found.differences.items():
        assert (each.a, each.b) == pytest.approx((a[name], b[name]))
        assert each.interval[0] < each.difference < each.interval[1]
    assert found.correct.sum() == 80


def test_a_system_that_is_clearly_better_is_significantly_so():
    labels = np.resize([0, 1], 400)
    good = np.where(np.arange(400) % 10 == 0, 1 - labels, labels) * 0.8 + 0.1
    bad = np.where(np.arange(400) % 4 == 0, 1 - labels, labels) * 0.8 + 0.1
    found = compare(system(bad), system(good), labels)
    assert found.p_value < 0.001
    assert found.differences["accuracy"].interval[0] > 0
    assert found.differences["log_loss"].interval[1] < 0


def test_no_answer_is_a_wrong_one_and_probabilities_are_not_needed():
    labels = np.array([0, 1, 1, 0])
    found = compare(System(labels.copy()), System(np.array([0, 1, NO_ANSWER, NO_ANSWER])), labels)
    assert found.differences["accuracy"].b == 0.5
    assert found.differences["macro_f1"].b == pytest.approx(2 / 3)
    assert found.differences["log_loss"] is None
    assert found.disagreements.tolist() == [2, 3]


def test_those_that_are_furthest_apart_come_first():
    a, b = np.array([0.4, 0.1, 0.9, 0.6]), np.array([0.6, 0.9, 0.8, 0.1])
    assert compare(system(a), system(b), np.array([0, 1, 1, 0])).disagreements.tolist() == [1, 3, 0]


def test_many_classes_are_compared_by_the_same_figures():
    random = np.random.default_rng(1)
    labels = random.integers(0, 3, 300)
    logits = np.eye(3)[labels] * 1.5
    a, b = (np.exp(logits * skill + random.normal(size=(300, 3))) for skill in (0.5, 2))
    a, b = (each / each.sum(axis=1, keepdims=True) for each in (a, b))
    systems = [System(p.argmax(axis=1), p) for p in (a, b)]
    systems[1].answers[:10] = -1
    found = compare(*systems, labels, WITH_NEUTRAL)
    expected = Evaluation(a, labels, MultiDecision(), WITH_NEUTRAL).figures
    for name, each in found.differences.items():
        assert each.a == pytest.approx(expected[name])
        assert each.interval[0] <= each.difference <= each.interval[1]
    assert list(found.differences) == ["accuracy", "macro_f1", "log_loss"]
    assert found.differences["accuracy"].b == np.mean(systems[1].answers == labels)
    assert found.differences["macro_f1"].is_significant
    apart = np.abs(a - b)[found.disagreements, 1:].max(axis=1)
    assert (np.diff(apart) <= 0).all()
