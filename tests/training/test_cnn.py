"""The architecture `cnn`: Keras, numpy, and what a training makes of words in their order."""

from dataclasses import replace

import numpy as np
import pytest

from sentiment import SentimentClassifier
from sentiment.errors import UsageError
from sentiment.labels import LabelSet
from sentiment.model.file import load_model, save_model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.runtime import Memory
from sentiment.training import cnn
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Run
from sentiment.training.train import train
from sentiment.training.vocabulary import FittedWords
from tests.model.small import small_model

THREE = LabelSet(("negative", "neutral", "positive"))
OPTIONS = TrainingOptions(architecture="cnn", epochs=8, batch_size=16, learning_rate=0.01)
FILLERS = ["the", "a", "film", "it", "was", "and", "plot", "of"]


def reviews_of(count: int, classes: int = 2, seed: int = 0) -> LabelledReviews:
    """Reviews whose label is told by the order of two words, or that have only one of them."""
    random = np.random.default_rng(seed)
    labels = (np.arange(count) % classes).astype(np.int16)
    marks = ["not good", "good not"] if classes == 2 else ["not good", "good", "good not"]
    texts = []
    for label in labels:
        words = list(random.choice(FILLERS, random.integers(3, 12)))
        place = int(random.integers(0, len(words)))
        texts.append(" ".join([*words[:place], marks[label], *words[place:]]))
    if classes == 2:
        return LabelledReviews(texts, labels)
    return LabelledReviews(texts, labels, label_set=THREE)


def encoded(reviews: LabelledReviews, options: TrainingOptions = OPTIONS):
    recipe = cnn.choose(reviews.texts, reviews.labels, options)
    indexed = cnn.index(reviews.texts, recipe, Run())
    count = len(reviews)
    encoder = cnn.fit_encoder(indexed, np.eye(2)[:1], np.ones(count), recipe, options)
    return recipe, encoder.encoder, cnn.encode(indexed, encoder)


def shaken(model, seed: int = 0):
    """The network of Keras with other weights."""
    random = np.random.default_rng(seed)
    for each in model.trainable_variables:
        each.assign(random.normal(0, 0.15, each.shape))
    return model


@pytest.mark.parametrize("hidden", [(), (7,)])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("networks", [1, 3])
def test_keras_and_numpy_agree(networks, classes, hidden):
    options = replace(OPTIONS, hidden=hidden)
    recipe, encoder, rows = encoded(reviews_of(12), options)
    width, each = encoder.size, np.arange(12)
    model = shaken(cnn.build([width] * networks, recipe, classes, options))
    orders = [np.roll(each, by) for by in range(networks)]
    if networks > 1:
        orders[1][3] = -1
    parts = [rows.take(np.arange(12))] * networks
    given = cnn.interleave(parts, orders) if networks > 1 else parts[0]
    found = model(cnn.arrays(given)[0]).numpy()
    found = found if networks > 1 else found[:, None]
    for place, network in enumerate(cnn.to_numpy(model, [width] * networks)):
        logits = network.logits(rows.take(np.maximum(orders[place], 0)))
        logits[orders[place] < 0] = network.network.logits(encoder.empty())
        every = np.exp(np.pad(logits, ((0, 0), (1, 0))))
        every /= every.sum(axis=1, keepdims=True)
        expected = every[:, 1:] if classes == 2 else every
        assert 0.01 < expected.min() < expected.max() < 0.99  # where differences show
        assert found[:, place] == pytest.approx(expected, abs=1e-5)
        again = cnn.network(network.layers, options)
        assert again.logits(parts[0]).tolist() == network.logits(parts[0]).tolist()
        words, found_network = cnn.parts_of(
            FittedWords(encoder, rows.beginnings), cnn.compact(network)
        )
        assert words is encoder
        assert found_network.words.rows.dtype == np.int8
        of_file = found_network.logits(parts[0])
        assert of_file.tolist() == cnn.compact(network).logits(parts[0]).tolist()


def test_the_gradient_is_that_of_the_maximum():
    """As of plain Conv1D, GlobalMaxPooling1D and ReLU of each width, and of the mean."""
    import keras
    import tensorflow as tf

    from sentiment.training.convolutions import PooledConvolutions

    random = np.random.default_rng(0)
    vectors = random.normal(size=(5, 11, 4)).astype(np.float32)
    vectors[:, -3:] = 0
    ours = PooledConvolutions(1, (1, 3), 6)
    ours(vectors)
    plain = [keras.layers.Conv1D(6, width) for width in (1, 3)]
    for layer, kernel, bias in zip(plain, ours.kernels, tf.split(ours.bias[0], 2), strict=True):
        layer.build(vectors.shape)
        layer.set_weights([tf.reshape(kernel, (-1, 4, 6)), bias])
    given = tf.Variable(vectors)
    with tf.GradientTape(persistent=True) as tape:
        found = ours(given)
        highest = [tf.nn.relu(tf.reduce_max(layer(given)[:, :9], axis=1)) for layer in plain]
        mean = tf.reduce_sum(given, axis=1) / np.sqrt(11)
        expected = tf.concat([*highest, mean], axis=1)
        weights = random.normal(size=found.shape)
        one, other = (tf.reduce_sum(each * weights) for each in (found, expected))
    assert found.numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    assert tape.gradient(one, given).numpy() == pytest.approx(
        tf.convert_to_tensor(tape.gradient(other, given)).numpy(), abs=1e-5
    )
    for place, layer in enumerate(plain):
        by_ours = tape.gradient(one, ours.kernels[place])[0]
        by_keras = tape.gradient(other, layer.kernel)
        assert by_ours.numpy() == pytest.approx(by_keras.numpy().reshape(-1, 6), abs=1e-4)


@pytest.mark.parametrize(
    ("words", "reviews", "epochs", "rows", "rate"),
    [
        (300, 25_000, 3, 64, 2e-3), (300, 2_000, 5, 16, 2e-3), (300, 400_000, 1, 64, 2e-3),
        (9, 7_000, 6, 64, 1e-3), (9, 80_000, 2, 64, 1e-3), (9, 200, 20, 16, 1e-3),
    ],
)  # fmt: skip
def test_epochs_and_steps_suit_the_number_of_reviews_and_their_length(
    words, reviews, epochs, rows, rate
):
    labels = (np.arange(reviews) % 2).astype(np.int16)
    recipe = cnn.choose(["word " * words] * 3, labels, TrainingOptions())
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (epochs, rows, rate)
    asked = TrainingOptions(epochs=7, batch_size=5, learning_rate=0.5, hidden=(3,))
    recipe = cnn.choose(["word"], labels, asked)
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (7, 5, 0.5)
    assert recipe.hidden == (3,)


@pytest.mark.parametrize(
    ("words", "reviews", "min_count", "dropped"),
    [(200, 25_000, 20, 0.3), (200, 5_000, 4, 0.3), (200, 500, 2, 0.3), (9, 500_000, 2, 0)],
)
def test_of_many_long_reviews_rare_words_are_in_buckets(words, reviews, min_count, dropped):
    labels = (np.arange(reviews) % 2).astype(np.int16)
    recipe = cnn.choose(["word " * words] * 3, labels, TrainingOptions())
    assert (recipe.min_count, recipe.drop_words) == (min_count, dropped)
    assert recipe.epsilon == (1e-5 if dropped else 1e-7)


def test_whole_words_are_left_out_in_training_alone():
    recipe, encoder, rows = encoded(reviews_of(12))
    model = cnn.build([encoder.size], replace(recipe, drop_words=0.5), 2, OPTIONS)
    given = cnn.arrays(rows.take(np.arange(12)))[0]
    vectors, words, numbers = (layer for layer in model.layers[:3])
    found = vectors(given)
    left = np.asarray(words(found, training=True)) != 0
    there = given[..., 0] > 0
    assert (left.any(axis=2) == left.all(axis=2)).all()
    assert 0 < left.any(axis=2)[there].mean() < 1
    assert np.asarray(words(found)) == pytest.approx(np.asarray(found))
    assert numbers.noise_shape is None


def test_words_with_small_gradients_take_small_steps():
    recipe, encoder, _ = encoded(reviews_of(12))
    steps = {}
    for epsilon in (1e-7, 1e-5):
        model = cnn.build([encoder.size], replace(recipe, epsilon=epsilon), 2, OPTIONS)
        (vectors,) = model.layers[0].trainable_variables
        before = vectors.numpy()
        gradient = np.zeros_like(before)
        gradient[1], gradient[2] = 1e-5, 1e-2
        model.optimizer.apply([gradient, *(0 * each for each in model.trainable_variables[1:])])
        moved = np.abs(vectors.numpy() - before)[:, 0]
        steps[epsilon] = moved[1] / moved[2]
    assert steps[1e-7] > 0.5
    assert steps[1e-5] < 0.2


def test_texts_of_a_batch_are_of_similar_length_and_each_comes_once():
    texts = ["a film " * (1 + number % 17) for number in range(200)]
    reviews = LabelledReviews(texts, (np.arange(200) % 2).astype(np.int16))
    _, _, rows = encoded(reviews)
    order = np.random.default_rng(0).permutation(200)
    found = cnn.arranged(rows, order, 10, np.random.default_rng(1))
    assert sorted(found.tolist()) == list(range(200))
    lengths = rows.words.lengths[order[found]].reshape(10, 20)
    assert (lengths.max(axis=1) - lengths.min(axis=1)).max() <= 6


def test_the_vocabulary_is_of_the_reviews_that_count():
    texts = ["good film good", "bad bad :)", "other other other"]
    reviews = LabelledReviews(texts, np.array([1, 0, 1], np.int16))
    recipe = cnn.choose(texts, reviews.labels, OPTIONS)
    indexed = cnn.index(texts, recipe, Run())
    encoder = cnn.fit_encoder(indexed, np.eye(2), np.array([1.0, 2.0, 0.0]), recipe, OPTIONS)
    (known,) = np.split(encoder.encoder.transform(["good bad film :) other"]).ids, 1)
    assert (known < encoder.encoder.keys.size).tolist() == [True, True, False, False, False]
    of_words, of_buckets = np.split(encoder.beginnings, [2])
    assert (of_words >= 2).all()
    assert (of_buckets < 0).all()
    every = cnn.fit_encoder(
        indexed, np.eye(2), np.ones(3), replace(recipe.for_weighted_texts(), most=3), OPTIONS
    )
    assert cnn.choose(texts, reviews.labels, replace(OPTIONS, features=3)).most == 3
    assert every.encoder.keys.size == 3


def test_with_little_memory_words_are_in_files_and_the_same():
    reviews = reviews_of(60)
    recipe = cnn.choose(reviews.texts, reviews.labels, OPTIONS)
    whole = cnn.index(reviews.texts, recipe, Run())
    parts = cnn.index(reviews.texts, recipe, Run(memory=Memory(1_000)))
    assert (whole.in_files, parts.in_files) == (False, True)
    rows = []
    for indexed in (whole, parts):
        encoder = cnn.fit_encoder(indexed, np.eye(2), np.ones(60), recipe, OPTIONS)
        rows.append(cnn.encode(indexed, encoder).words)
    assert rows[0].ids.tolist() == rows[1].ids.tolist()
    assert isinstance(rows[1].ids, np.memmap)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 3])
def test_it_learns_the_order_of_words_the_same_twice(classes, tmp_path):
    reviews = reviews_of(240, classes)
    model, same = (train(reviews, OPTIONS) for _ in range(2))
    later = reviews_of(90, classes, seed=1)
    found = model.probabilities(later.texts)
    assert np.mean(model.decision.choose(found) == later.labels) > 0.9
    for name, each in (("one", model), ("same", same)):
        save_model(each, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "same").read_bytes()
    loaded = load_model(tmp_path / "one")
    assert loaded.probabilities(later.texts).tolist() == found.tolist()
    assert loaded.record.provenance.cross_validated
    assert loaded.record.provenance.accuracy > 0.9


@pytest.mark.slow
def test_it_stands_on_a_base_and_is_one():
    reviews = reviews_of(240)
    own = train(reviews, OPTIONS, base=small_model())
    assert [each.encoder.kind for each in own.components] == ["sequence", "ngrams"]
    ngrams = train(reviews_of(240, seed=2), TrainingOptions(epochs=2), base=own)
    kinds = [each.encoder.kind for each in ngrams.components]
    assert kinds == ["ngrams", "sequence", "ngrams"]


@pytest.mark.slow
def test_it_is_trained_used_and_resumed_by_commands(run, tmp_path, monkeypatch):
    from sentiment.cli import train_options as module
    from tests.training.test_checkpoint import Killed, Mortal

    reviews = reviews_of(120)
    rows = zip(reviews.texts, reviews.labels.tolist(), strict=True)
    lines = [f"{text},{('negative', 'positive')[label]}" for text, label in rows]
    (tmp_path / "r.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    command = ["train", "r.csv", "--architecture", "cnn", "--epochs", "3", "--checkpoint", "c"]
    done = run(*command, "-o", "m", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "words in their order" in done.stderr
    with monkeypatch.context() as patched:
        patched.setattr(module, "Checkpoint", type("Dying", (Mortal,), {"left": 2}))
        with pytest.raises(Killed):
            run(*command, "-o", "again", cwd=tmp_path)
    done = run(*command, "--resume", "-o", "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()
    for args, part in (
        (["predict", "not good", "-m", "m"], "\tnot good"),
        (["explain", "the film was not good", "-m", "m"], "not good"),
        (["info", "m"], "filters over 1, 2 and 3 words"),
        (["evaluate", "r.csv", "-m", "m"], "accuracy"),
    ):
        done = run(*args, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert part in done.stdout


def test_what_does_not_go_with_it_is_one_clear_line(run, tmp_path):
    with pytest.raises(UsageError, match="--fine-tune needs --architecture encoder"):
        train(reviews_of(40), replace(OPTIONS, fine_tune=1))
    (tmp_path / "r.csv").write_text("text,label\ngood,1\nbad,0\n")
    command = ["train", "r.csv", "--architecture", "cnn", "--encoder", "e.safetensors", "-o", "m"]
    done = run(*command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: --encoder needs --architecture encoder\n"
    assert not (tmp_path / "m").exists()


@pytest.mark.slow
def test_the_estimator_has_it():
    reviews = reviews_of(120)
    labels = np.array(["bad", "good"])[reviews.labels]
    classifier = SentimentClassifier(architecture="cnn", epochs=8, learning_rate=0.02)
    classifier.fit(reviews.texts, labels)
    assert classifier.model_.own.encoder.kind == "sequence"
    assert set(classifier.predict(["not good", "good not"])) <= {"bad", "good"}
