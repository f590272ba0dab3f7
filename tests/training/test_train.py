"""Training for real: Keras on a few dozen reviews."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from sentiment.features import SparseRows, Vectorizer
from sentiment.model import Network, load_model, save_model
from sentiment.reviews import LabelledReviews, ReadOptions, read_labelled, stratified_split
from sentiment.training import Progress, TrainingOptions, train
from sentiment.training.fitting import Example, build, fit, to_numpy
from sentiment.training.recipe import choose_recipe
from tests.conftest import TRAIN

FAST = TrainingOptions(epochs=2)


@pytest.fixture(scope="module")
def reviews() -> LabelledReviews:
    return read_labelled([str(TRAIN)], ReadOptions()).take(np.arange(120))


def keras_probabilities(network, rows: SparseRows) -> np.ndarray:
    import tensorflow as tf

    numbers = np.repeat(np.arange(len(rows)), np.diff(rows.offsets))
    entries = np.stack([numbers, rows.columns], axis=1)
    return network(tf.SparseTensor(entries, rows.values, (len(rows), rows.width))).numpy()[:, 0]


@pytest.mark.parametrize("hidden", [(), (16,), (64, 32)])
def test_the_numpy_forward_pass_is_that_of_keras(reviews, hidden):
    vectorizer = Vectorizer.fit(
        reviews.texts, reviews.labels, choose_recipe(reviews.texts, reviews.labels, FAST).ngrams
    )
    rows = vectorizer.transform([*reviews.texts, "", "unheard"])
    network = build(rows.width, TrainingOptions(hidden=hidden), 0.01, 0.3)
    ours = to_numpy(network)
    assert ours.hidden == hidden

    def p(network: Network) -> np.ndarray:
        return 1 / (1 + np.exp(-network.logits(rows)))

    assert p(ours) == pytest.approx(keras_probabilities(network, rows), abs=1e-5)
    # With the weights as the file stores them, put back into Keras.
    stored = Network((ours.layers[0].quantized(), *ours.layers[1:]))
    dense = [layer for layer in network.layers if layer.get_weights()]
    for keras_layer, layer in zip(dense, stored.layers, strict=True):
        keras_layer.set_weights([layer.dense_kernel(), layer.bias])
    assert p(stored) == pytest.approx(keras_probabilities(network, rows), abs=1e-5)
    assert p(stored) == pytest.approx(p(ours), abs=0.01)


def test_the_output_starts_at_the_share_of_positive_rows():
    network = to_numpy(build(5, TrainingOptions(), 0.01, 0.2))
    empty = SparseRows(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(2, np.int64), 5)
    assert 1 / (1 + np.exp(-network.logits(empty)[0])) == pytest.approx(0.2)


@pytest.mark.parametrize("hidden", [(), (8, 4)])
def test_the_same_seed_gives_the_same_file_and_another_does_not(reviews, tmp_path, hidden):
    options = replace(FAST, hidden=hidden, dropout=0.2)
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        save_model(train(reviews, replace(options, seed=seed)), tmp_path / name)
    one, same, other = ((tmp_path / name).read_bytes() for name in ("one", "same", "other"))
    assert one == same
    assert one != other
    assert load_model(tmp_path / "one").network.hidden == hidden


def test_held_out_labels_do_not_reach_vectorizer_or_weights(reviews):
    """Turn the held-out labels round: what is fitted on training rows must not change."""
    kept, held_out = stratified_split(reviews.labels, 0.2, 0)
    training, validation = reviews.take(kept), reviews.take(held_out)
    turned = replace(validation, labels=1 - validation.labels)
    options = TrainingOptions(epochs=1)
    one, other = (train(training, options, validation=v) for v in (validation, turned))
    assert one.vectorizer == other.vectorizer
    assert one.network == other.network
    assert one.history != other.history


def test_held_out_texts_do_not_reach_vectorizer_or_weights(reviews):
    kept, held_out = stratified_split(reviews.labels, 0.2, 0)
    training, validation = reviews.take(kept), reviews.take(held_out)
    nonsense = replace(validation, texts=[f"zq{n} xv" for n in range(len(validation))])
    options = TrainingOptions(epochs=1)
    one, other = (train(training, options, validation=v) for v in (validation, nonsense))
    assert one.vectorizer == other.vectorizer
    assert one.network == other.network


class Judge(Progress):
    """Remembers what was said of the rounds with unlabeled reviews."""

    def __init__(self):
        self.verdicts = []

    def judged(self, better, loss, before):
        self.verdicts.append(better)
        assert better == (loss < before)


def test_unlabeled_reviews_are_learned_from_while_that_lowers_the_held_out_loss(reviews):
    judge = Judge()
    unlabeled = [f"{text} indeed" for text in reviews.texts[:40]]
    model = train(reviews, FAST, unlabeled=unlabeled, progress=judge)
    assert 1 <= len(judge.verdicts) <= 3
    assert all(judge.verdicts[:-1])
    assert model.provenance.unlabeled == (40 if judge.verdicts[0] else 0)


def test_unlabeled_reviews_that_do_not_help_leave_the_supervised_model(reviews, monkeypatch):
    def turned_round(logits):
        return 1.0 * (logits < 0)

    options = replace(FAST, epochs=6)
    plain = train(reviews, options)
    judge = Judge()
    monkeypatch.setattr(sys.modules["sentiment.training.train"], "sigmoid", turned_round)
    model = train(reviews, options, unlabeled=reviews.texts * 3, progress=judge)
    assert judge.verdicts == [False]
    assert model.provenance.unlabeled == 0
    assert model.network == plain.network
    assert model.vectorizer == plain.vectorizer


def test_the_weights_of_the_best_epoch_are_kept_and_training_stops_after_patience(reviews):
    random = np.random.default_rng(0)
    noise = replace(reviews, labels=random.permutation(reviews.labels))
    options = TrainingOptions(epochs=40, patience=2, batch_size=16, learning_rate=0.02)
    recipe = choose_recipe(noise.texts, noise.labels, options)
    vectorizer = Vectorizer.fit(noise.texts[:90], noise.labels[:90], recipe.ngrams, min_count=1)
    rows = vectorizer.transform(noise.texts)
    parts = [
        Example(rows.take(part), noise.labels[part]) for part in (np.arange(90), np.arange(90, 120))
    ]
    done = fit(*parts, options, recipe, Progress())
    losses = [epoch.validation_loss for epoch in done.epochs]
    assert done.best_epoch == int(np.argmin(losses)) + 1
    assert len(losses) == done.best_epoch + 2 < 40
    p = 1 / (1 + np.exp(-done.network.logits(parts[1].rows)))
    y = parts[1].labels
    loss = -np.mean(np.where(y == 1, np.log(p), np.log(1 - p)))
    assert loss == pytest.approx(min(losses), abs=1e-3)


def test_unbalanced_labels_do_not_collapse_to_the_larger_class():
    random = np.random.default_rng(0)
    words = {0: "bad worse poor awful sad", 1: "good better fine great glad"}
    labels = (random.random(800) < 0.15).astype(np.int8)
    texts = [
        " ".join(random.choice((words[y] + " " + words[1 - y] + " the a it was").split(), 8,
                 p=[0.14] * 5 + [0.04] * 5 + [0.025] * 4))
        + f" {n}"
        for n, y in enumerate(labels)
    ]  # fmt: skip
    reviews = LabelledReviews(texts, labels)
    kept, held_out = stratified_split(labels, 0.3, 1)
    model = train(reviews.take(kept), TrainingOptions(epochs=5, validation_share=0.3))
    assert model.provenance.recipe["objective"] == "macro-f1"
    answers = np.array(model.decision.answers(model.probabilities([texts[i] for i in held_out])))
    recall = [(answers[labels[held_out] == y] == word).mean()
              for y, word in ((0, "negative"), (1, "positive"))]  # fmt: skip
    assert min(recall) > 0.7


def test_provenance_counts_rows_and_names_nothing_of_this_machine(reviews, tmp_path):
    model = train(reviews, FAST)
    about = model.provenance
    assert sum(n.positive + n.negative for n in (about.training, about.validation)) == 120
    assert about.options["seed"] == 0
    assert str(TRAIN.parent) not in str(about)
    assert len(model.phrases) > 100
    assert model.seen.size == 120
