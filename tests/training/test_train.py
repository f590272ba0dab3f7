"""Training for real: Keras on a few dozen reviews."""

from dataclasses import fields, replace

import numpy as np
import pytest

from sentiment import workers
from sentiment.features.matrix import CSRMatrix, DocumentTermMatrix
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.model.file import load_model, save_model
from sentiment.model.network import DenseNetwork, Layer
from sentiment.reviews.dataset import LabelledReviews, stratified_split
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.architectures import ARCHITECTURES
from sentiment.training.backend import release
from sentiment.training.decide import EncodedSplit, EpochSelector
from sentiment.training.fitting import Fitter
from sentiment.training.learner import Learner, TrainingData
from sentiment.training.ngrams import NGramHyperparameters, build, choose, compact, to_numpy
from sentiment.training.options import Hyperparameters, TrainingOptions
from sentiment.training.run import Progress, Run
from sentiment.training.train import train
from tests.conftest import TRAIN
from tests.model.encoders import pieces_model
from tests.model.small import small_model

FAST = TrainingOptions(epochs=2)


@pytest.fixture(scope="module")
def reviews() -> LabelledReviews:
    return read_labelled([str(TRAIN)], ReadOptions()).take(np.arange(120))


def keras_probabilities(network, rows: CSRMatrix) -> np.ndarray:
    import tensorflow as tf

    numbers = np.repeat(np.arange(len(rows)), np.diff(rows.indptr))
    entries = np.stack([numbers, rows.indices], axis=1)
    return network(tf.SparseTensor(entries, rows.data, (len(rows), rows.width))).numpy()


@pytest.mark.parametrize(
    ("hidden", "activation"),
    [((), "relu"), ((16,), "relu"), ((64, 32), "relu"), ((64, 32), "tanh"), ((64, 32), "gelu")],
)
def test_the_numpy_forward_pass_is_that_of_keras(reviews, hidden, activation):
    ngrams = choose(reviews.texts, reviews.labels, FAST).ngrams
    vectorizer = Vectorizer.fit(DocumentTermMatrix.of(reviews.texts, ngrams), reviews.labels)
    rows = vectorizer.transform([*reviews.texts, "", "unheard"])
    options = TrainingOptions(activation=activation)
    network = build([rows.width], recipe(hidden=hidden), 2, options)
    (ours,) = to_numpy(network, [rows.width])
    assert (ours.hidden, ours.activation) == (hidden, activation)

    def p(network: DenseNetwork) -> np.ndarray:
        return 1 / (1 + np.exp(-network.logits(rows)))

    assert p(ours) == pytest.approx(keras_probabilities(network, rows), abs=1e-5)
    # With the weights as the file stores them, put back into Keras.
    stored = compact(ours)
    dense = [layer for layer in network.layers if layer.get_weights()]
    for keras_layer, layer in zip(dense, stored.layers, strict=True):
        keras_layer.set_weights([layer.dense_kernel(), layer.bias])
    assert p(stored) == pytest.approx(keras_probabilities(network, rows), abs=1e-5)
    assert p(stored) == pytest.approx(p(ours), abs=0.01)


def some_rows(count: int, width: int = 30) -> CSRMatrix:
    """Rows of three features each."""
    random = np.random.default_rng(0)
    columns = np.concatenate([random.permutation(width)[:3] for _ in range(count)])
    values = random.normal(size=columns.size).astype(np.float32)
    return CSRMatrix(columns.astype(np.int32), values, np.arange(count + 1) * 3, width)


def targets(p_positive) -> np.ndarray:
    """The targets of two classes, [n, 2], by the probability of the second."""
    return np.stack((1 - p_positive, p_positive), axis=1)


def test_every_architecture_that_can_be_asked_for_is_there():
    (option,) = (each for each in fields(TrainingOptions) if each.name == "architecture")
    assert set(option.metadata["kind"]) == set(ARCHITECTURES)


def recipe(**choices) -> Hyperparameters:
    """A recipe for a few rows."""
    usual = choose(["good", "bad"] * 50, np.array([1, 0] * 50), TrainingOptions())
    return replace(usual, **choices)


def test_very_many_reviews_move_a_weight_no_further_than_many():
    text = "a long review of this film " * 20
    options = TrainingOptions()
    many, more = (choose([text] * 9, np.arange(size) % 2, options) for size in (100_000, 1_000_000))
    assert more.smoothing / 1_000_000 == many.smoothing / 100_000
    assert more.learning_rate * 1_000_000 == pytest.approx(many.learning_rate * 100_000)
    assert (many.epochs, more.epochs) == (3, 1)
    chosen = choose(
        [text] * 9, np.arange(1_000_000) % 2, TrainingOptions(epochs=7, learning_rate=0.1)
    )
    assert (chosen.epochs, chosen.learning_rate) == (7, 0.1)


def test_the_output_starts_at_the_share_of_positive_rows():
    labels = np.repeat([1.0, 0.0], [20, 80])
    example = EncodedSplit(some_rows(100), np.arange(100), targets(labels))
    fitter = Fitter(TrainingOptions())
    network = fitter.fit(recipe(learning_rate=1e-12), [example], epochs=1).network
    empty = CSRMatrix(np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(2, np.int64), 30)
    assert 1 / (1 + np.exp(-network.logits(empty)[0])) == pytest.approx([0.2])


@pytest.mark.slow
def test_a_second_fit_knows_nothing_of_the_first():
    rows, options = some_rows(60), TrainingOptions(dropout=0.3)
    one = EncodedSplit(rows, np.arange(60), targets(np.arange(60) % 2))
    other = EncodedSplit(rows, np.arange(40), targets(np.arange(40) % 3 / 2))
    used = Fitter(options)
    plan = recipe(hidden=(4,))
    used.fit(plan, [other])
    fresh = Fitter(options)
    assert used.fit(plan, [one]).networks == fresh.fit(plan, [one]).networks


def test_adam_in_one_operation_takes_the_steps_of_keras():
    import keras
    import tensorflow as tf

    from sentiment.training.backend import fused_adam

    random = np.random.default_rng(0)
    start = random.normal(size=(4, 3)).astype(np.float32)
    ours, theirs = (keras.Variable(start) for _ in range(2))
    optimizers = [(fused_adam(), ours), (keras.optimizers.Adam(), theirs)]
    for step in range(5):
        gradient = tf.constant(random.normal(size=(4, 3)), tf.float32)
        for optimizer, variable in optimizers:
            optimizer.learning_rate = 0.1 / (step + 1)
            optimizer.apply([gradient], [variable])
    assert ours.numpy() == pytest.approx(theirs.numpy(), abs=1e-5)
    assert np.abs(ours.numpy() - start).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("hidden", [(), (8, 4)])
def test_the_same_seed_gives_the_same_file_and_another_does_not(reviews, tmp_path, hidden):
    options = replace(FAST, hidden=hidden, dropout=0.2)
    for name, seed in (("one", 1), ("same", 1), ("other", 2)):
        save_model(train(reviews, replace(options, seed=seed)), tmp_path / name)
    one, same, other = ((tmp_path / name).read_bytes() for name in ("one", "same", "other"))
    assert one == same
    assert one != other
    assert load_model(tmp_path / "one").own.network.hidden == hidden


@pytest.mark.slow
def test_held_out_labels_do_not_reach_vectorizer_or_weights(reviews):
    """Turn the held-out labels round: what is fitted on training rows must not change."""
    kept, held_out = stratified_split(reviews.labels, 0.2, 0)
    training, validation = reviews.take(kept), reviews.take(held_out)
    turned = replace(validation, labels=1 - validation.labels)
    options = TrainingOptions(epochs=1)
    one, other = (train(training, options, validation=v) for v in (validation, turned))
    assert one.own.encoder == other.own.encoder
    assert one.own.network == other.own.network
    assert one.record.history != other.record.history


@pytest.mark.slow
def test_held_out_texts_do_not_reach_vectorizer_or_weights(reviews):
    kept, held_out = stratified_split(reviews.labels, 0.2, 0)
    training, validation = reviews.take(kept), reviews.take(held_out)
    nonsense = replace(validation, texts=[f"zq{n} xv" for n in range(len(validation))])
    options = TrainingOptions(epochs=1)
    one, other = (train(training, options, validation=v) for v in (validation, nonsense))
    assert one.own.encoder == other.own.encoder
    assert one.own.network == other.own.network


@pytest.mark.parametrize("base", [pieces_model(), small_model()])
def test_a_base_scores_in_processes_what_it_scores_alone(reviews, monkeypatch, base):
    monkeypatch.setattr(workers, "_MANY", 30)
    monkeypatch.setattr("sentiment.training.learner.default_workers", lambda: 2)
    data = TrainingData.gather(replace(reviews, texts=[*reviews.texts[:-1], "…"]), None, (), FAST)
    rows = np.arange(len(reviews))[::-1]
    expected = base.log_odds(data.texts_of(rows))
    assert data.log_odds(base, rows) == pytest.approx(expected, abs=1e-6, nan_ok=True)


def fitted(data):
    plan = choose(data.texts, data.labels, FAST)
    return Learner(data, FAST, plan, Run()).fit_splits()


@pytest.mark.slow
def test_labels_of_a_fold_do_not_reach_the_network_that_judges_it(reviews):
    data = TrainingData.gather(reviews, None, (), FAST)
    fold = data.splits[0].held_out
    labels = data.labels.copy()
    labels[fold] = 1 - labels[fold]
    plain, turned = (fitted(each) for each in (data, replace(data, labels=labels)))
    first, others = slice(0, fold.size), slice(fold.size, None)
    assert plain.held_out[first].tolist() == turned.held_out[first].tolist()
    assert plain.held_out[others].tolist() != turned.held_out[others].tolist()


def test_out_of_fold_answers_are_of_every_review_once_and_the_model_fits_all(reviews):
    data = TrainingData.gather(reviews, None, (), FAST)
    fit = fitted(data)
    assert np.sort(data.held_out).tolist() == list(range(len(reviews)))
    assert fit.held_out.shape == (len(reviews), 1)
    rows = fit.encoder.transform(reviews.texts)
    own = np.mean((fit.network.logits(rows)[:, 0] > 0) == (reviews.labels == 1))
    held_out = np.mean((fit.held_out[:, 0] > 0) == (reviews.labels[data.held_out] == 1))
    assert own > 0.95 > held_out


class Listener(Progress):
    """Remembers what was said of the rounds with unlabeled reviews."""

    def __init__(self):
        self.verdicts = []

    def judged(self, better, loss, before):
        self.verdicts.append(better)
        assert better == (loss < before)


@pytest.mark.slow
def test_unlabeled_reviews_are_learned_from_while_that_lowers_the_held_out_loss(reviews):
    listener = Listener()
    unlabeled = [f"{text} indeed" for text in reviews.texts[:40]]
    model = train(reviews, FAST, unlabeled=unlabeled, run=Run(progress=listener))
    assert 1 <= len(listener.verdicts) <= 3
    assert all(listener.verdicts[:-1])
    learned = listener.verdicts[0]
    assert model.record.provenance.unlabeled == (40 if learned else 0)
    digests = LabelledReviews(unlabeled, np.zeros(40, np.int8)).digest()
    assert np.isin(digests, model.record.training_hashes.whole).all() == learned


@pytest.mark.slow
def test_unlabeled_reviews_that_do_not_help_leave_the_supervised_model(reviews, monkeypatch):
    def turned_round(logits):
        return np.concatenate((logits > 0, logits < 0), axis=1).astype(float)

    options = replace(FAST, epochs=6)
    plain = train(reviews, options)
    listener = Listener()
    monkeypatch.setattr("sentiment.training.learner.probabilities_of", turned_round)
    model = train(reviews, options, unlabeled=reviews.texts * 3, run=Run(progress=listener))
    assert listener.verdicts == [False]
    assert model.record.provenance.unlabeled == 0
    assert model.own.network == plain.own.network
    assert model.own.encoder == plain.own.encoder


@pytest.mark.slow
def test_the_network_of_the_chosen_epoch_is_kept_and_training_stops_after_patience():
    random = np.random.default_rng(0)
    noise = random.integers(0, 2, 120) * 1.0
    rows = some_rows(120)
    training, held_out = (
        EncodedSplit(rows, part, targets(noise[part]))
        for part in (np.arange(80), np.arange(80, 120))
    )
    options = TrainingOptions(patience=2)
    fitter = Fitter(options)
    done = fitter.fit(recipe(epochs=40, learning_rate=0.1), [training], [held_out])
    losses = [epoch.validation_loss for epoch in done.epochs]
    best = int(np.argmin(losses)) + 1
    assert best <= done.best_epoch <= best + 2 == len(losses) < 40
    again = EpochSelector([held_out], 1)
    again.update(0.0, done.networks)
    assert again.so_far.epochs[0].validation_loss == losses[done.best_epoch - 1]


def test_of_epochs_that_cannot_be_told_apart_the_latest_is_chosen(monkeypatch):
    labels = np.arange(400) % 2 * 1.0
    selector = EpochSelector(
        [EncodedSplit(some_rows(400), np.arange(400), targets(labels))], patience=9
    )
    random = np.random.default_rng(0)
    losses = [level + random.normal(0, 0.1, 400) for level in (0.5, 0.3, 0.302, 0.4)]
    monkeypatch.setattr(selector, "_evaluate", lambda _: (losses[len(selector.so_far.epochs)], 0.9))
    network = DenseNetwork((Layer.exact(np.ones((30, 1), np.float32), np.zeros(1, np.float32)),))
    chosen = []
    for _ in losses:
        selector.update(0.5, [network])
        chosen.append(selector.so_far.chosen_epoch)
    assert chosen == [1, 2, 3, 3]


def test_a_network_that_is_only_too_sure_is_judged_by_its_calibrated_answers():
    rows, labels = some_rows(200), np.arange(200) % 2 * 1.0
    weights = np.random.default_rng(1).normal(size=(30, 1)).astype(np.float32)
    selector = EpochSelector([EncodedSplit(rows, np.arange(200), targets(labels))], patience=3)
    for scale in (1, 100):
        layer = Layer.exact(scale * weights, np.zeros(1, np.float32))
        assert selector.update(0.5, [DenseNetwork((layer,))])
    mild, sure = selector.so_far.epochs
    assert sure.validation_loss == pytest.approx(mild.validation_loss, rel=1e-6)


@pytest.mark.slow
def test_featurizing_in_a_process_apart_changes_nothing(reviews, monkeypatch):
    here = train(reviews, FAST)
    monkeypatch.setattr("sentiment.training.ngrams._WORTH_A_PROCESS", 0)
    there = train(reviews, FAST)
    assert there.own.encoder == here.own.encoder
    assert there.own.network == here.own.network


@pytest.mark.slow
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
    assert model.record.provenance.recipe["objective"] == "macro-f1"
    answers = np.array(model.answers(model.scores([texts[i] for i in held_out])))
    recall = [(answers[labels[held_out] == y] == word).mean()
              for y, word in ((0, "negative"), (1, "positive"))]  # fmt: skip
    assert min(recall) > 0.7


@pytest.mark.slow
def test_provenance_counts_rows_and_names_nothing_of_this_machine(reviews, tmp_path):
    model = train(reviews, FAST)
    about = model.record.provenance
    assert [n.total for n in (about.training, about.validation)] == [120, 120]
    assert about.options["seed"] == 0
    assert str(TRAIN.parent) not in str(about)
    assert len(model.own.phrases) > 100
    assert model.record.training_hashes.whole.size == 120


def test_of_a_training_that_is_over_no_weights_stay_in_memory():
    rows, labels = some_rows(80), np.arange(80) % 2 * 1.0
    fitter = Fitter(TrainingOptions())
    done = fitter.fit(recipe(epochs=1), [EncodedSplit(rows, np.arange(80), targets(labels))])
    variables = [*fitter._model.variables]
    weights = done.network.layers[0].kernel.copy()
    del fitter
    assert {variable.value.numpy().size for variable in variables} == {0}
    assert np.array_equal(done.network.layers[0].kernel, weights)


def test_a_network_is_let_go_of_even_while_another_is_compiled():
    import tensorflow as tf

    variables = build([30], recipe(hidden=(16,)), 2, FAST).variables

    @tf.function
    def compiled():
        release(variables)  # as when Python collects garbage there
        return tf.constant(1)

    assert compiled().numpy() == 1
    assert all(variable.value.numpy().size == 0 for variable in variables)


@pytest.mark.parametrize(
    ("widths", "first"),
    [([4], [0.0290, -0.3535, -0.4341, -0.7434]), ([4, 5], [0.0314, -0.3819, -0.5491, -0.9403])],
)
def test_a_seed_draws_the_initial_weights_of_version_0_1_0(widths, first):
    recipe = NGramHyperparameters(
        ngrams=NGrams(),
        min_count=1,
        epochs=1,
        batch_size=8,
        learning_rate=0.01,
        objective="accuracy",
        hidden=(3,),
    )
    kernel, _, output, _ = build(widths, recipe, 2, TrainingOptions()).get_weights()
    found = [*kernel.ravel()[:2], *output.ravel()[:2]]
    assert found == pytest.approx(first, abs=5e-5)
