import numpy as np
import pytest
from scipy.stats import binom

from sentiment.errors import GoalError, UsageError
from sentiment.evaluation import Goal, abstention_of, choose_decision, read_goal
from sentiment.evaluation.goals import ABOVE_ALL, BELOW_ALL, CONFIDENCE, lower_bounds
from sentiment.model import Decision


def drawn(n, seed, sureness=3.0):
    """Scores of reviews, and labels that are as likely as the scores say."""
    random = np.random.default_rng(seed)
    p_positive = 1 / (1 + np.exp(-sureness * random.normal(size=n)))
    return p_positive, (random.random(n) < p_positive).astype(np.int8)


@pytest.mark.parametrize("text", ["precision=0.95", "recall=0.9", "coverage=0.8"])
def test_a_goal_is_read(text):
    assert str(read_goal(text)) == text


@pytest.mark.parametrize(
    "text", ["precision", "precision=95", "precision=nan", "recall=1", "coverage=0", "f1=0.9", ""]
)
def test_a_goal_that_is_written_wrongly_is_an_error(text):
    with pytest.raises(UsageError, match="--goal"):
        read_goal(text)


def test_the_bound_is_where_so_many_would_be_seen_in_a_tenth_of_cases():
    for good, n in ((1, 3), (45, 45), (96, 100), (990, 1000)):
        (bound,) = lower_bounds(np.array([good]), n, 0.1)
        assert binom.sf(good - 1, n, bound) == pytest.approx(0.1)
    assert lower_bounds(np.array([0]), 10, 0.1).tolist() == [0]


@pytest.mark.parametrize("least", [0.9, 0.95])
@pytest.mark.parametrize("n", [300, 2000])
def test_precision_holds_of_each_label_as_often_as_is_said(n, least):
    truth, truth_labels = drawn(400_000, 999, sureness=2)
    draws, lost, answered = 200, {"negative": 0, "positive": 0}, 0
    for seed in range(draws):
        try:
            chosen = choose_decision(Goal("precision", least), *drawn(n, seed, sureness=2), 0.5)
        except GoalError:
            continue
        low, high = chosen.decision.band
        answered += chosen.coverage / draws
        if low > BELOW_ALL:
            lost["negative"] += truth_labels[truth <= low].mean() > 1 - least
        if high < ABOVE_ALL:
            lost["positive"] += truth_labels[truth >= high].mean() < least
    # With a true risk of 0.1, more would come up in 1 of 1,000 runs.
    assert max(lost.values()) <= binom.isf(0.001, draws, 1 - CONFIDENCE)
    assert answered > 0.02


def test_a_label_that_holds_throughout_is_answered_throughout():
    p_positive = np.linspace(0, 1, 200)
    labels = (p_positive >= 0.5).astype(int)
    chosen = choose_decision(Goal("precision", 0.95), p_positive, labels, 0.5)
    assert (chosen.decision, chosen.coverage) == (Decision(0.5), 1)
    labels[(p_positive >= 0.5) & (p_positive < 0.75)] = 0
    chosen = choose_decision(Goal("precision", 0.95), p_positive, labels, 0.5)
    low, high = chosen.decision.band
    assert (low, high) == (0.5, pytest.approx(0.75, abs=0.03))


def test_a_label_that_cannot_be_held_is_never_answered():
    p_positive = np.repeat([0.0, 1.0], 100)
    labels = np.repeat([0, 1, 1], [50, 50, 100])
    chosen = choose_decision(Goal("precision", 0.9), p_positive, labels, 0.5)
    assert chosen.decision.band[0] == BELOW_ALL
    assert chosen.coverage == 0.5
    assert [(part.name, part.n, part.good) for part in chosen.parts] == [
        ("negative", 0, 0), ("positive", 100, 100),
    ]  # fmt: skip


def test_equal_probabilities_are_answered_alike():
    p_positive = np.repeat([0.1, 0.9], 100)
    labels = np.concatenate([np.zeros(100, int), np.ones(60, int), np.zeros(40, int)])
    chosen = choose_decision(Goal("precision", 0.9), p_positive, labels, 0.5)
    assert chosen.decision.band == (0.5, ABOVE_ALL)


def test_recall_moves_the_threshold_no_further_than_it_must():
    p_positive, labels = drawn(2000, 1)
    shifted = p_positive**3  # too low: few positive reviews are found at 0.5
    chosen = choose_decision(Goal("recall", 0.8), shifted, labels, 0.5)
    assert chosen.decision.band is None
    assert chosen.decision.threshold < 0.5
    assert min(part.bound for part in chosen.parts) == pytest.approx(0.8, abs=0.002)
    assert choose_decision(Goal("recall", 0.6), p_positive, labels, 0.5).decision == Decision(0.5)


def test_coverage_leaves_out_the_least_clear():
    p_positive, labels = drawn(2000, 2)
    chosen = choose_decision(Goal("coverage", 0.8), p_positive, labels, 0.5)
    low, high = chosen.decision.band
    assert low < 0.5 < high
    assert low == pytest.approx(1 - high, abs=0.01)
    assert (chosen.parts[0].bound, chosen.coverage) == (
        pytest.approx(0.8, abs=0.001),
        pytest.approx(0.81, abs=0.01),
    )
    measured = abstention_of(p_positive, labels, chosen.decision)
    assert measured.coverage == chosen.coverage
    assert measured.accuracy_answered > np.mean((p_positive >= 0.5) == labels)


@pytest.mark.parametrize("metric", ["precision", "recall"])
def test_a_goal_out_of_reach_says_what_is_in_reach(metric):
    p_positive, labels = drawn(400, 3)
    with pytest.raises(GoalError, match=f"{metric}=0.999 cannot be held") as caught:
        choose_decision(Goal(metric, 0.999), p_positive, labels, 0.5)
    reach = float(str(caught.value).split("; ")[1].split()[0])
    choose_decision(Goal(metric, reach), p_positive, labels, 0.5)


def test_a_handful_of_reviews_shows_nothing():
    with pytest.raises(GoalError, match=r"nothing above 0\.5 is in reach"):
        choose_decision(Goal("precision", 0.9), np.array([0.1, 0.9]), np.array([0, 1]), 0.5)
