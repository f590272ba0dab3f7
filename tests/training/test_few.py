"""Few and unbalanced reviews: what is chosen by out-of-fold answers holds on reviews to come."""

import json
import re
import shlex
from typing import get_args

import numpy as np
import pytest

from sentiment.evaluation.metrics import Evaluation
from sentiment.general import FAST_MODEL
from sentiment.labels import SENTIMENT
from sentiment.model.component import Calibration
from sentiment.model.file import load_model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import Objective, TrainingOptions
from sentiment.training.stacking import Stack, gain_from_base
from sentiment.training.train import train
from tests.conftest import TEST


def gain_of(base, logits, alone, labels, objective):
    """The gain of two classes, by one number a review."""
    columns = (np.reshape(each, (-1, 1)) for each in (base, logits))
    return gain_from_base(*columns, alone.astype(np.int64), labels, objective)


GOOD = [
    "superb", "wonderful", "excellent", "lovely", "charming", "delightful", "brilliant",
    "splendid", "fantastic", "amazing", "great", "terrific", "marvellous", "perfect",
    "beautiful", "pleasant",
]  # fmt: skip
BAD = [
    "dreadful", "awful", "terrible", "horrible", "nasty", "disgusting", "boring", "dull",
    "useless", "lousy", "bad", "appalling", "atrocious", "worthless", "ugly", "unpleasant",
]  # fmt: skip
THINGS = [
    "hotel", "cook", "driver", "jacket", "phone", "novel", "garden", "lamp", "clerk", "soup",
]  # fmt: skip


def drawn(count: int, share: float, seed: int) -> LabelledReviews:
    """Reviews of words that are good, bad or neither, drawn by the label, and noise."""
    random = np.random.default_rng(seed)
    labels = (random.random(count) < share).astype(np.int8)
    texts = []
    for label in labels:
        own, other = (GOOD, BAD) if label else (BAD, GOOD)
        words = [*random.choice(own, 2), *random.choice(other, 1), *random.choice(THINGS, 3)]
        noise = [f"w{n}" for n in random.integers(0, 400, 6)]
        texts.append(" ".join(random.permutation([*words, *noise])))
    return LabelledReviews(texts, labels)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "share"), [(300, 0.2), (300, 0.5), (60, 0.2)])
def test_calibration_and_decisions_hold_on_a_later_draw(count, share):
    model = train(drawn(count, share, 1), TrainingOptions())
    later = drawn(3_000, share, 2)
    about = model.record.provenance
    found = Evaluation(model.probabilities(later.texts), later.labels, model.decision)
    figures = found.figures
    assert figures["ece"] < 0.1
    assert min(figures["recall_negative"], figures["recall_positive"]) > 0.3
    spread = 3 * (figures["accuracy"] * (1 - figures["accuracy"]) / count) ** 0.5
    assert abs(figures["accuracy"] - about.accuracy) < spread + 0.02
    # What was said of each class, too: a threshold that fits other networks would shift them.
    said = about.right["positive"] + about.validation.counts["negative"] - about.right["negative"]
    answered = found.confusion[:, 1].sum() / found.n
    assert abs(said / count - answered) < 0.1
    assert figures["macro_f1"] > 0.55


@pytest.mark.slow
def test_a_handful_of_the_rarer_label_is_still_answered():
    reviews = drawn(400, 0.5, 3)
    rows = np.concatenate(
        [np.flatnonzero(reviews.labels == 0)[:60], np.flatnonzero(reviews.labels)[:6]]
    )
    model = train(reviews.take(rows), TrainingOptions())
    later = drawn(2_000, 0.1, 4)
    found = Evaluation(model.probabilities(later.texts), later.labels, model.decision)
    assert found.figures["recall_positive"] > 0.1
    assert found.figures["macro_f1"] > found.constant["macro_f1"]


def made(count: int, seed: int):
    """Log-odds of a base and of a network, and labels that only the base knows."""
    random = np.random.default_rng(seed)
    labels = (np.arange(count) % 2).astype(np.int8)
    return (2.0 * labels - 1) * 2 + random.normal(size=count), random.normal(size=count), labels


def test_a_base_that_knows_more_is_told_of_with_what_it_adds():
    base, logits, labels = made(300, 0)
    labels[:200] = 1  # unbalanced, so that one answer to all has a good accuracy
    base[:200] = abs(base[:200])
    for objective in get_args(Objective):
        gain = gain_of(base, logits, logits > -9, labels, objective)
        assert (gain.objective, gain.reviews) == (objective, 300)
        assert gain.together > 0.9 > gain.alone
        right = labels.mean()
        of_constant = {"accuracy": right, "macro-f1": right / (1 + right)}
        assert gain.alone == pytest.approx(of_constant.get(objective, 0.5))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", [40, 300])
def test_a_gain_by_chance_is_not_told_of(seed, count):
    base, logits, labels = made(count, seed)
    np.random.default_rng(seed).shuffle(labels)
    for objective in get_args(Objective):
        assert gain_of(base, logits, logits > 0.5, labels, objective) is None


def test_a_gain_on_few_real_reviews_is_told_of():
    rows = read_labelled([str(TEST)], ReadOptions())
    few = rows.take(np.arange(60))
    base = load_model(FAST_MODEL).restricted(SENTIMENT).log_odds(few.texts)
    noise = np.random.default_rng(0).normal(size=60)
    assert gain_of(base, noise, noise > 0, few.labels, "macro-f1") is not None


@pytest.mark.parametrize("seed", range(5))
def test_a_base_that_knows_nothing_more_is_not_told_of(seed):
    good, noise, labels = made(300, seed)
    assert gain_of(noise, good, good > 0, labels, "macro-f1") is None
    assert gain_of(good, good, good > 0, labels, "macro-f1") is None
    assert gain_of(noise[:3], good[:3], good[:3] > 0, np.zeros(3, np.int8), "accuracy") is None


@pytest.mark.parametrize(("own", "base"), [(2.9, 2.9), (2.9, 2.6), (2.5, 2.9)])
def test_accuracies_alone_weigh_two_networks_as_reviews_would(own, base):
    random = np.random.default_rng(0)
    labels = np.arange(200_000) % 2
    shared, *apart = random.normal(size=(3, labels.size))
    logits = [  # calibrated: means ± d²/2 and variance d², correlation 0.8 within a class
        (labels * 2 - 1) * d**2 / 2 + d * (0.8**0.5 * shared + 0.2**0.5 * each)
        for d, each in zip((own, base), apart, strict=True)
    ]
    fitted = Stack.fit(*(each[:, None] for each in logits), labels)
    right = [float(np.mean((each > 0) == labels)) for each in logits]
    found = Stack.of_accuracies(Calibration(), *right)
    assert found.weight == pytest.approx(fitted.weight, abs=0.03)
    assert found.calibration.slope == pytest.approx(fitted.calibration.slope, abs=0.03)
    halved = Stack.of_accuracies(Calibration(2.0, (-1.0,)), *right).calibration
    assert halved.slope == pytest.approx(2 * found.calibration.slope)
    assert halved.intercepts == pytest.approx((-found.calibration.slope,))


def test_of_two_networks_far_apart_the_better_one_answers():
    assert Stack.of_accuracies(Calibration(), 0.7, 0.95).weight == 1
    assert 0 < Stack.of_accuracies(Calibration(), 0.7, 0.95).calibration.slope < 1e-5
    alone = Stack.of_accuracies(Calibration(2.0, (0.5,)), 1.0, 0.4)
    assert alone == (Calibration(2.0, (0.5,)), 0.0)


def write(path, texts, labels):
    path.write_text(
        "text,label\n" + "".join(f"{t},{n}\n" for t, n in zip(texts, labels, strict=True))
    )


@pytest.mark.parametrize(
    ("options", "metric"),
    [
        pytest.param((), "accuracy", marks=pytest.mark.slow),
        pytest.param(("--optimize", "macro-f1"), "macro-f1", marks=pytest.mark.slow),
        pytest.param(("--validation", "others.csv"), "accuracy", marks=pytest.mark.slow),
    ],
)
def test_train_says_when_the_bundled_model_would_help_and_the_command_works(
    run, tmp_path, options, metric
):
    texts = [
        f"The {thing} was {word}"
        for n, word in enumerate([*GOOD, *BAD])
        for thing in THINGS[n % 5 :: 5]
    ]
    labels = [1] * (len(texts) // 2) + [0] * (len(texts) // 2)
    write(tmp_path / "few.csv", texts, labels)
    unknown = "fabulous outstanding enjoyable adorable miserable pathetic hideous disappointing"
    others = [f"A {word} {thing}" for word in unknown.split() for thing in THINGS]
    write(tmp_path / "others.csv", others, [1] * 40 + [0] * 40)
    command = ("train", "few.csv", "-o", "own.safetensors", "--epochs", "1", *options)
    done = run(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "--base general" in line]
    assert f"better: {metric} " in line
    command = shlex.split(line.partition("sentiment ")[2])
    again = run(*command, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "combined" in again.stderr


@pytest.mark.slow
def test_what_is_held_out_is_told_beside_one_answer_to_all(run, tmp_path):
    reviews = drawn(200, 0.25, 5)
    write(tmp_path / "r.csv", reviews.texts, reviews.labels)
    done = run("train", "r.csv", "-o", "m.safetensors", "--json", cwd=tmp_path)
    constant = 1 - reviews.labels.mean()
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("on 200 reviews")]
    assert f"one answer for all: {constant:.1%}" in line
    assert all(word in line for word in ("200 reviews", "macro F1", "recall negative", "positive"))
    assert "warning" not in done.stderr
    facts = json.loads(done.stdout)
    assert facts["constant_accuracy"] == pytest.approx(constant)
    f1, *recalls = (facts[name] for name in ("macro_f1", "recall_negative", "recall_positive"))
    said = "macro F1 {:.1%}, recall negative {:.1%}, positive {:.1%}".format(f1, *recalls)
    assert line.endswith(said)
    (kept,) = re.findall(r"^kept epoch (\d+) of \d+: the .+ validation loss$", done.stderr, re.M)
    assert int(kept) == facts["best_epoch"]
    assert "no better" not in run("info", "m.safetensors", cwd=tmp_path).stdout


@pytest.mark.parametrize("share", [pytest.param(0.5, marks=pytest.mark.slow), 0.15])
def test_labels_that_have_nothing_to_do_with_the_texts_are_warned_of(run, tmp_path, share):
    reviews = drawn(200, 0.5, 6)
    labels = (np.random.default_rng(7).random(200) < share).astype(int)
    write(tmp_path / "r.csv", reviews.texts, labels)
    done = run("train", "r.csv", "-o", "m.safetensors", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no better than answering every review the same" in done.stderr
    told = run("info", "m.safetensors", cwd=tmp_path).stdout
    assert "on the held-out reviews: no better than answering every review the same" in told
