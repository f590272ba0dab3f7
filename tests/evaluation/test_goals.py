import re
from collections import Counter

import numpy as np
import pytest
from scipy.stats import binom

from sentiment.errors import GoalError, UsageError
from sentiment.evaluation.intervals import CONFIDENCE
from sentiment.evaluation.metrics import of_two
from sentiment.evaluation.selective import (
    ABOVE_ALL,
    BELOW_ALL,
    Goal,
    Sample,
    abstention_of,
    answered_labels,
    check_goals,
    choose_decision,
    read_goals,
)
from sentiment.labels import CLASSES, SENTIMENT, WITH_NEUTRAL
from sentiment.model.decision import Decision, MultiDecision
from tests.answers import answers_to


def chosen_for(goals, p_positive, labels, threshold=0.5):
    return choose_decision(goals, Sample(of_two(p_positive), labels, Decision(threshold)))


def drawn(n, seed, sureness=3.0):
    """Scores of reviews, and labels that are as likely as the scores say."""
    random = np.random.default_rng(seed)
    p_positive = 1 / (1 + np.exp(-sureness * random.normal(size=n)))
    return p_positive, (random.random(n) < p_positive).astype(np.int8)


@pytest.mark.parametrize("text", ["precision=0.95", "recall=0.9", "coverage=0.8"])
def test_a_goal_is_read(text):
    assert list(map(str, read_goals([text]))) == [text]


def test_of_several_goals_precision_comes_first():
    goals = read_goals(["coverage=0.4", "recall=0.3", "precision=0.9"])
    assert [goal.metric for goal in goals] == ["precision", "recall", "coverage"]


@pytest.mark.parametrize(
    "text", ["precision", "precision=95", "precision=nan", "recall=1", "coverage=0", "f1=0.9", ""]
)
def test_a_goal_that_is_written_wrongly_is_an_error(text):
    with pytest.raises(UsageError, match="--goal"):
        read_goals([text])


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["coverage=0.4", "recall=0.3"], "recall and coverage cannot be combined"),
        (["precision=0.9", "coverage=0.4", "precision=0.8"], "given twice for precision"),
    ],
)
def test_goals_that_do_not_go_together_are_an_error(texts, said):
    with pytest.raises(UsageError, match=said):
        read_goals(texts)


def lost(chosen, p_positive, labels):
    """Name the parts of each goal that other reviews miss."""
    answers = np.array(answers_to(p_positive, chosen.decision), dtype=object)
    missed = set()
    for goal in chosen.goals:
        if goal.metric == "coverage" and np.mean(answers != "uncertain") < goal.minimum:
            missed.add("coverage")
        for label, name in enumerate(("negative", "positive")):
            of = answers == name if goal.metric == "precision" else labels == label
            good = (answers == name) if goal.metric == "recall" else (labels == label)
            if goal.metric != "coverage" and of.any() and good[of].mean() < goal.minimum:
                missed.add(f"{goal.metric} {name}")
    return missed


# With a true risk of 0.1, more of 200 would come up in 1 of 1,000 runs.
DRAWS = 200
MOST_LOST = binom.isf(0.001, DRAWS, 1 - CONFIDENCE)


@pytest.mark.slow
@pytest.mark.parametrize(
    "texts", [["0.9"], ["0.95"], ["0.9", "coverage=0.2"], ["0.9", "recall=0.2"]]
)
@pytest.mark.parametrize("n", [300, 2000])
def test_goals_hold_of_as_many_new_reviews_as_often_as_is_said(n, texts):
    goals = read_goals([f"precision={texts[0]}", *texts[1:]])
    losses, held = Counter(), 0
    for seed in range(DRAWS):
        try:
            chosen = chosen_for(goals, *drawn(n, seed, sureness=2))
        except GoalError:
            continue
        held += 1
        losses.update(lost(chosen, *drawn(n, seed + DRAWS, sureness=2)))
    assert max(losses.values(), default=0) <= MOST_LOST
    assert held > DRAWS / 4 or n < 2000


@pytest.mark.slow
@pytest.mark.parametrize(("n", "least"), [(80, 0.95), (250, 0.8), (1000, 0.95)])
def test_a_half_that_is_lucky_makes_the_other_unlucky_and_still_no_more_are_lost(n, least):
    """Answers that are all as good as others: nothing but luck lets a cut-off hold."""
    errors = np.floor(np.arange(4 * n) * (1 - least) * 0.85 + 0.5).astype(int)
    wrong = np.diff(errors, prepend=0) == 1
    p_positive = np.linspace(0, 1, 4 * n)
    labels = (p_positive >= 0.5) ^ wrong
    losses = Counter()
    for seed in range(DRAWS):
        half, other = np.split(np.random.default_rng(seed).permutation(4 * n), 2)
        try:
            chosen = chosen_for([Goal("precision", least)], p_positive[half], labels[half])
        except GoalError:
            continue
        losses.update(lost(chosen, p_positive[other], labels[other]))
    assert max(losses.values()) <= MOST_LOST


def test_a_label_that_holds_throughout_is_answered_throughout():
    p_positive = np.linspace(0, 1, 400)
    labels = (p_positive >= 0.5).astype(int)
    chosen = chosen_for([Goal("precision", 0.95)], p_positive, labels)
    assert (chosen.decision, chosen.coverage) == (Decision(0.5), 1)
    labels[(p_positive >= 0.5) & (p_positive < 0.75)] = 0
    chosen = chosen_for([Goal("precision", 0.95)], p_positive, labels)
    low, high = chosen.decision.abstention_interval
    assert (low, high) == (0.5, pytest.approx(0.75, abs=0.03))


def test_a_label_that_cannot_be_held_is_never_answered():
    p_positive = np.repeat([0.0, 1.0], 100)
    labels = np.repeat([0, 1, 1], [50, 50, 100])
    chosen = chosen_for([Goal("precision", 0.9)], p_positive, labels)
    assert chosen.decision.abstention_interval[0] == BELOW_ALL
    assert chosen.coverage == 0.5
    (parts,) = chosen.goals.values()
    assert [(part.name, part.n, part.good) for part in parts] == [
        ("negative", 0, 0), ("positive", 100, 100),
    ]  # fmt: skip


def test_equal_probabilities_are_answered_alike():
    p_positive = np.repeat([0.1, 0.9], 100)
    labels = np.concatenate([np.zeros(100, int), np.ones(60, int), np.zeros(40, int)])
    chosen = chosen_for([Goal("precision", 0.9)], p_positive, labels)
    assert chosen.decision.abstention_interval == (0.5, ABOVE_ALL)


def test_recall_moves_the_threshold_no_further_than_it_must():
    p_positive, labels = drawn(2000, 1)
    shifted = p_positive**3  # too low: few positive reviews are found at 0.5
    chosen = chosen_for([Goal("recall", 0.8)], shifted, labels)
    assert chosen.decision.abstention_interval is None
    assert chosen.decision.threshold < 0.5
    assert min(part.bound for part in chosen.goals[Goal("recall", 0.8)]) == pytest.approx(
        0.8, abs=0.002
    )
    assert chosen_for([Goal("recall", 0.6)], p_positive, labels).decision == Decision(0.5)


def test_coverage_leaves_out_the_least_clear():
    p_positive, labels = drawn(2000, 2)
    chosen = chosen_for([Goal("coverage", 0.8)], p_positive, labels)
    low, high = chosen.decision.abstention_interval
    assert low < 0.5 < high
    assert low == pytest.approx(1 - high, abs=0.01)
    ((part,),) = chosen.goals.values()
    assert (part.bound, chosen.coverage) == (
        pytest.approx(0.8, abs=0.001),
        pytest.approx(0.81, abs=0.01),
    )
    measured = abstention_of(of_two(p_positive), labels, chosen.decision)
    assert measured.coverage == chosen.coverage
    assert measured.accuracy_answered > np.mean((p_positive >= 0.5) == labels)


@pytest.mark.parametrize("metric", ["precision", "recall"])
def test_a_goal_out_of_reach_says_what_is_in_reach(metric):
    p_positive, labels = drawn(400, 3)
    with pytest.raises(GoalError, match=f"{metric}=0.999 cannot be guaranteed") as caught:
        chosen_for([Goal(metric, 0.999)], p_positive, labels)
    of_all = re.findall(r"(0\.\d+)(?: of (\w+))?", str(caught.value).split("attainable: ")[1])
    assert [name for _, name in of_all] == (list(CLASSES) if metric == "precision" else [""])
    for reach, name in of_all:
        choice = chosen_for([Goal(metric, float(reach))], p_positive, labels)
        ((_, parts),) = choice.goals.items()
        assert all(part.n for part in parts if name in ("", part.name))


def test_a_label_that_can_never_be_held_is_not_in_reach():
    p_positive, labels = np.linspace(0, 1, 200), np.ones(200, int)
    labels[150:160] = 0
    with pytest.raises(
        GoalError, match=r"attainable: nothing of negative and 0\.\d+ of positive\)"
    ):
        chosen_for([Goal("precision", 0.99)], p_positive, labels)


def test_a_handful_of_reviews_shows_nothing():
    with pytest.raises(GoalError, match=r"attainable: nothing above 0\.5"):
        chosen_for([Goal("precision", 0.9)], np.array([0.1, 0.9]), np.array([0, 1]))


def test_a_goal_next_to_certainty_is_out_of_reach_at_once():
    labels = np.arange(200) % 2
    with pytest.raises(GoalError, match="attainable: "):
        chosen_for(read_goals(["precision=0.999999999999"]), labels * 0.8 + 0.1, labels)


def test_a_goal_beside_precision_that_is_missed_says_what_is_left():
    p_positive, labels = drawn(2000, 4)
    precision = Goal("precision", 0.9)
    alone = chosen_for([precision], p_positive, labels)
    both = chosen_for([precision, Goal("coverage", 0.3)], p_positive, labels)
    assert both.decision == alone.decision
    assert [part.n for part in both.goals[Goal("coverage", 0.3)]] == [2000]
    for metric, of in (("coverage", r"of all"), ("recall", r"of negative and 0\.\d+ of positive")):
        with pytest.raises(
            GoalError, match=f"{metric}=0.99 together with precision=0.9 .* {of}\\)"
        ):
            chosen_for([precision, Goal(metric, 0.99)], p_positive, labels)


def test_reviews_without_a_probability_count_as_unanswered():
    p_positive = np.concatenate([np.linspace(0.6, 0.99, 200), np.linspace(0.01, 0.4, 200)])
    labels = np.repeat([1, 0], 200)
    unknown = np.arange(400) % 4 == 0
    p_known = np.where(unknown, np.nan, p_positive)
    (precision, recall, coverage) = (
        read_goals([text]) for text in ("precision=0.9", "recall=0.65", "coverage=0.7")
    )
    choice = chosen_for(precision, p_known, labels)
    assert choice.coverage == 0.75
    assert [part.n for part in choice.goals[precision[0]]] == [150, 150]
    found = chosen_for(recall, p_known, labels)
    assert [part.good for part in found.goals[recall[0]]] == [150, 150]
    assert chosen_for(coverage, p_known, labels).coverage >= 0.7
    for goal in ("recall=0.76", "coverage=0.76"):
        with pytest.raises(GoalError, match=r"attainable: 0\.\d+"):
            chosen_for(read_goals([goal]), p_known, labels)


def drawn_of_many(n, seed, label_set=WITH_NEUTRAL, sureness=2.0):
    """Probabilities of reviews, and labels that are as likely as these say."""
    random = np.random.default_rng(seed)
    weights = np.exp(sureness * random.normal(size=(n, len(label_set))))
    p = weights / weights.sum(axis=1, keepdims=True)
    return p, (p.cumsum(axis=1) < random.random((n, 1))).sum(axis=1)


def sample_of_many(n, seed, decision=None, **changes):
    decision = decision or MultiDecision()
    return Sample(*drawn_of_many(n, seed, **changes), decision, WITH_NEUTRAL)


@pytest.mark.slow
@pytest.mark.parametrize("offsets", [(), (0.5, 0.0, -0.3)])
@pytest.mark.parametrize("text", ["precision=0.8", "precision=0.9", "coverage=0.7"])
def test_goals_of_many_classes_hold_of_as_many_new_reviews_as_often_as_is_said(text, offsets):
    (goal,) = read_goals([text])
    losses, held = Counter(), 0
    for seed in range(DRAWS):
        try:
            chosen = choose_decision([goal], sample_of_many(1500, seed, MultiDecision(offsets)))
        except GoalError:
            continue
        held += 1
        p, labels = drawn_of_many(1500, seed + DRAWS)
        answers = answered_labels(p, chosen.decision)
        if goal.metric == "coverage":
            losses["all"] += np.mean(answers >= 0) < goal.minimum
        for label in range(3):
            given = answers == label
            if goal.metric == "precision" and given.any():
                losses[label] += np.mean(labels[given] == label) < goal.minimum
    assert max(losses.values()) <= MOST_LOST
    assert held > DRAWS / 2


def test_precision_of_many_classes_answers_each_from_its_own_probability():
    goal = Goal("precision", 0.85)
    offsets = (0.0, 0.4, 0.0)
    sample = sample_of_many(3000, 1, MultiDecision(offsets))
    choice = choose_decision([goal], sample)
    assert choice.decision.offsets == offsets
    assert len(set(choice.decision.minima)) == 3
    answers = answered_labels(sample.probabilities, choice.decision)
    assert choice.coverage == np.mean(answers >= 0)
    for label, part in enumerate(choice.goals[goal]):
        given = answers == label
        p = sample.probabilities[given, label]
        assert p.min() >= choice.decision.minima[label]
        assert (part.n, part.good) == (given.sum(), (sample.labels[given] == label).sum())
        assert part.share > 0.85


def test_coverage_of_many_classes_leaves_out_the_least_likely_answers():
    goal = Goal("coverage", 0.8)
    sample = sample_of_many(2000, 2)
    choice = choose_decision([goal], sample)
    (least,) = set(choice.decision.minima)
    top = sample.probabilities.max(axis=1)
    assert choice.coverage == np.mean(top >= least) == pytest.approx(0.81, abs=0.01)


def test_a_class_that_cannot_be_held_is_never_answered_and_unknown_reviews_neither():
    p, labels = drawn_of_many(3000, 3, sureness=3.0)
    labels[p.argmax(axis=1) == 1] = 0  # neutral is always wrong
    p[:100] = np.nan
    choice = choose_decision(
        [Goal("precision", 0.7)], Sample(p, labels, MultiDecision(), WITH_NEUTRAL)
    )
    assert choice.decision.minima[1] == ABOVE_ALL
    answers = answered_labels(p, choice.decision)
    assert set(answers[:100]) == {-1}
    assert set(answers) == {-1, 0, 2}


def test_a_goal_of_many_classes_out_of_reach_says_what_is_in_reach():
    with pytest.raises(GoalError, match=r"0\.\d+ of negative and 0\.\d+ of neutral and 0\.\d+ of"):
        choose_decision([Goal("precision", 0.999)], sample_of_many(400, 4))


def test_recall_is_a_goal_of_two_classes_only():
    goals = read_goals(["precision=0.9", "recall=0.5"])
    check_goals(goals, SENTIMENT)
    with pytest.raises(UsageError, match=r"two classes, and this one has 3 \(negative, neutral"):
        check_goals(goals, WITH_NEUTRAL)
