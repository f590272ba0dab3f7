"""Standing on a base: what a few reviews add to what another model knows."""

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError, ModelError
from sentiment.model import provenance
from sentiment.model.component import probabilities_of
from sentiment.model.file import load_model, save_model
from sentiment.model.model import MAX_DEPTH, Model
from sentiment.model.provenance import TrainingHashes
from sentiment.reviews.dataset import LabelledReviews, stratified_folds
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.decide import Epoch
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Progress, Run
from sentiment.training.stacking import Stack
from sentiment.training.train import train
from tests.conftest import TRAIN
from tests.model.small import changed

pytestmark = pytest.mark.slow

FAST = TrainingOptions(epochs=2)


@pytest.fixture(scope="module")
def reviews() -> LabelledReviews:
    return read_labelled([str(TRAIN)], ReadOptions())


@pytest.fixture(scope="module")
def base(reviews) -> Model:
    return train(reviews.take(np.arange(100, 700)), FAST)


def drawn(n: int, slope: float, weight: float, seed: int, classes: int) -> tuple[np.ndarray, ...]:
    """Logits of a network and of its base, and labels that are drawn by both."""
    random = np.random.default_rng(seed)
    own, of_base = random.normal(size=(2, n, classes - 1)) * 2
    p = probabilities_of(slope * own + weight * of_base)
    labels = (random.random((n, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    return own, of_base, labels


of_classes = pytest.mark.parametrize("classes", [2, 3, 5])


@of_classes
def test_of_many_reviews_the_weights_are_found(classes):
    stack = Stack.fit(*drawn(200_000, 0.7, 1.3, 1, classes))
    assert (stack.calibration.slope, stack.weight) == pytest.approx((0.7, 1.3), abs=0.03)
    assert stack.calibration.intercepts == pytest.approx([0] * (classes - 1), abs=0.03)


@of_classes
def test_of_few_reviews_the_base_stays_nearly_as_it_is(classes):
    stack = Stack.fit(*drawn(4, 0.0, 1.0, 2, classes))
    assert stack.weight == pytest.approx(1, abs=0.5)
    assert np.abs(stack.calibration.intercepts).max() < 0.5


@of_classes
def test_a_network_that_contradicts_is_left_out(classes):
    own, of_base, labels = drawn(5_000, -1.0, 1.0, 3, classes)
    stack = Stack.fit(own, of_base, labels)
    assert 0 < stack.calibration.slope < 1e-3
    assert stack.weight > 0


@of_classes
def test_a_base_that_contradicts_is_left_out(classes):
    own, of_base, labels = drawn(5_000, 1.0, -1.0, 3, classes)
    stack = Stack.fit(own, of_base, labels)
    assert stack.weight == 0
    assert stack.calibration.slope > 0.5


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=60),
    st.integers(2, 6),
    st.integers(0, 3),
)
def test_folds_hold_every_row_once_and_keep_twins_together(rows, folds, seed):
    labels, groups = np.array(rows).T
    parts = stratified_folds(labels, folds, seed, groups)
    assert len(parts) == folds
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(rows)))
    homes = [{int(group) for group in groups[part]} for part in parts]
    assert sum(map(len, homes)) == len(set(groups.tolist()))


def test_folds_have_equal_shares_of_each_class():
    labels = np.arange(100) % 4 == 0
    parts = stratified_folds(labels, 5, seed=0)
    assert [(part.size, labels[part].sum()) for part in parts] == [(20, 5)] * 5


def test_a_model_adds_its_base(reviews, base):
    tuned = train(reviews.take(np.arange(60)), FAST, base=base)
    own = tuned.own.calibration.log_odds(
        tuned.own.network.logits(tuned.own.encoder.transform(reviews.texts[:9]))
    )
    together = own + tuned.own.weight * base.log_odds(reviews.texts[:9])
    assert tuned.probabilities(reviews.texts[:9]) == pytest.approx(probabilities_of(together))
    about = tuned.record.provenance
    assert about.cross_validated
    assert about.validation.total == 60
    assert set(reviews.take(np.arange(60)).digest()) <= set(tuned.record.training_hashes.whole)
    assert set(base.record.training_hashes.whole) <= set(tuned.record.training_hashes.whole)


def test_a_model_with_a_base_is_one_file(reviews, base, tmp_path):
    tuned = train(reviews.take(np.arange(60)), FAST, base=base)
    twice = Model((tuned.own,)).on(tuned, 0.5)
    for model in (tuned, twice):
        save_model(model, tmp_path / "m")
        loaded = load_model(tmp_path / "m")
        expected = model.probabilities(reviews.texts[:50])
        assert loaded.probabilities(reviews.texts[:50]) == pytest.approx(expected)
        assert b'format\\":4' in (tmp_path / "m").read_bytes()


def test_held_out_reviews_weigh_the_base_where_there_are_some(reviews, base):
    heard = []

    class Listener(Progress):
        def stacked(self, reviews: int, base: float, alone: float, together: float) -> None:
            heard.append((reviews, base, alone, together))

        def kept(self, epochs: Sequence[Epoch], number: int) -> None:
            heard.append(epochs[number - 1].validation_accuracy)

    held_out = reviews.take(np.arange(700, 760))
    tuned = train(
        reviews.take(np.arange(60)), FAST, held_out, run=Run(progress=Listener()), base=base
    )
    of_epoch, (count, of_base, alone, _) = heard
    assert (count, alone) == (60, of_epoch)
    right = (base.probabilities(held_out.texts)[:, 1] >= 0.5) == (held_out.labels == 1)
    assert of_base == pytest.approx(right.mean())
    assert not tuned.record.provenance.cross_validated


def test_what_the_base_was_made_with_does_not_judge_it(reviews, base):
    heard = []

    class Listener(Progress):
        def stacked(self, reviews: int, base: float, alone: float, together: float) -> None:
            heard.append(reviews)

    tuned = train(reviews.take(np.arange(60, 160)), FAST, run=Run(progress=Listener()), base=base)
    assert heard == [40]  # the base was made with the other sixty
    assert tuned.record.provenance.validation.total == 40, "of these the accuracy is told"
    knows_all = train(reviews.take(np.arange(100, 160)), FAST, base=base)
    assert (knows_all.record.provenance.accuracy, knows_all.own.weight) == (None, 1.0)


def test_a_base_of_the_same_reviews_counts_by_what_it_answered_before_it_knew_them(reviews):
    same = reviews.take(np.arange(300))
    poor = train(same, TrainingOptions(epochs=1, features=20))
    good = train(same, TrainingOptions(epochs=8))
    accuracies = [each.record.provenance.accuracy for each in (poor, good)]
    assert accuracies[0] < accuracies[1], "so the test can fail"
    on_poor = train(same, TrainingOptions(epochs=8), base=poor)
    on_good = train(same, TrainingOptions(epochs=1, features=20), base=good)
    on_equal = train(same, TrainingOptions(epochs=8), base=good)
    assert on_poor.own.weight < on_equal.own.weight < on_good.own.weight <= 1
    assert on_equal.own.weight == pytest.approx(1 / 1.8)
    assert on_poor.own.calibration.slope > on_equal.own.calibration.slope > 0
    assert on_poor.record.provenance.accuracy is None, "what it knows judges nothing"


def test_a_base_is_not_judged_on_a_set_it_knows_though_most_cannot_be_checked(
    reviews, base, monkeypatch
):
    monkeypatch.setattr(provenance, "SEEN_LIMIT", 60)  # of 600: one in ten
    large = changed(base, training_hashes=TrainingHashes().adding(reviews.texts[100:700]))
    tuned = train(reviews.take(np.arange(100, 700)), FAST, base=large)
    assert tuned.record.provenance.accuracy is None
    assert tuned.own.weight == pytest.approx(1 / 1.8), "by its record: it was as good on these"


def test_no_figures_are_told_on_what_the_bundled_model_was_made_with(run, tmp_path):
    out = tmp_path / "m.safetensors"
    done = run("train", TRAIN, "--base", "fast", "-o", out, "--epochs", "1")
    assert (done.returncode, done.stdout) == (0, "")
    assert "warning: the base was made with these reviews: no figures" in done.stderr
    assert "accuracy at" not in done.stderr
    assert "of the held-out reviews" not in run("info", out).stdout
    assert "Accuracy" not in run("info", out, "--card").stdout
    assert run("predict", "-m", out, "Lovely.").stdout.startswith("positive")


def test_without_a_last_fit_reviews_are_held_out_once(reviews, base):
    tuned = train(reviews.take(np.arange(100)), replace(FAST, refit=False), base=base)
    about = tuned.record.provenance
    assert (about.cross_validated, about.refitted) == (False, False)
    assert about.validation.total == 10


def test_no_more_than_eight_models_stand_one_on_the_other(run, reviews, base, tmp_path):
    tower = alone = changed(base, phrases={}, training_hashes=TrainingHashes())
    for _ in range(MAX_DEPTH - 1):
        tower = alone.on(tower, 1.0)
    save_model(tower, tmp_path / "tower")
    assert len(load_model(tmp_path / "tower").components) == MAX_DEPTH
    done = run("train", TRAIN, "--base", tmp_path / "tower", "-o", tmp_path / "out")
    assert (done.returncode, "can be stacked" in done.stderr) == (2, True)
    save_model(base.on(tower, 1.0), tmp_path / "too-deep")
    with pytest.raises(ModelError, match="more than 8 models"):
        load_model(tmp_path / "too-deep")
    save_model(base.on(base, 1e9), tmp_path / "too-heavy")
    with pytest.raises(ModelError, match="not a number from 0 to 1000"):
        load_model(tmp_path / "too-heavy")


def test_one_review_of_a_label_is_too_few(base):
    few = LabelledReviews(["good", "great", "bad"], np.array([1, 1, 0], np.int8))
    with pytest.raises(DataError, match="too few"):
        train(few, FAST, base=base)


def test_the_command_says_what_it_did(run, trained, tmp_path):
    (tmp_path / "few.csv").write_text(
        "text,label\n" + "".join(f"good thing {n},1\nbad thing {n},0\n" for n in range(10))
    )
    out = tmp_path / "tuned.safetensors"
    done = run("train", tmp_path / "few.csv", "--base", trained, "-o", out, "--epochs", "2")
    assert done.returncode == 0, done.stderr
    assert "accuracy at 0.5 on 20 held-out reviews new to the base: base" in done.stderr
    text = run("info", out).stdout
    assert "times the log-odds of a model of" in text
    assert "cross-val.  10 positive and 10 negative reviews" in text
    assert json.loads(run("info", out, "--json").stdout)["base"]["weight"] > 0
    explained = json.loads(run("explain", "-m", out, "--json", "A good thing, not bad.").stdout)
    words = sum(word["contribution"] for word in explained["words"])
    assert explained["logit"] == pytest.approx(explained["base"] + words, abs=1e-4)
    refused = run("train", TRAIN, "--base", trained, "--unlabeled", TRAIN, "-o", tmp_path / "n")
    assert (refused.returncode, "cannot be combined" in refused.stderr) == (2, True)
