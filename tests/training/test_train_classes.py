"""More than two classes, trained end to end on small data."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.features.matrix import DocumentTermMatrix
from sentiment.features.vectorizer import Vectorizer
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.model.component import probabilities_of
from sentiment.model.decision import MultiDecision
from sentiment.model.file import document_of, load_model, save_model
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork
from sentiment.reviews.dataset import LabelledReviews
from sentiment.runtime import Memory
from sentiment.training.decide import one_hot
from sentiment.training.fitting import _outputs
from sentiment.training.learner import Learner, TrainingData
from sentiment.training.ngrams import build, choose, to_numpy
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Run
from sentiment.training.train import train
from tests.training.test_checkpoint import Killed, Mortal
from tests.training.test_train import Listener, keras_probabilities

WORDS = [
    "awful broken rude stale filthy", "plain usual average ordinary plainly",
    "lovely superb kind fresh clever", "late slow delayed missing lost",
    "cheap pricey costly fee sale",
]  # fmt: skip
STARS = LabelSet(tuple("12345"), ordered=True)
FAST = TrainingOptions(epochs=4)


def drawn(count: int, labels: LabelSet, seed: int = 0) -> LabelledReviews:
    """Reviews of three words of their class, one of another, and noise; the first class is rare."""
    random = np.random.default_rng(seed)
    shares = np.array([0.5, *[1.0] * (len(labels) - 1)])
    each = random.choice(len(labels), count, p=shares / shares.sum()).astype(np.int8)
    each[: 6 * len(labels)] = np.arange(6 * len(labels)) % len(labels)
    texts = []
    for number, label in enumerate(each):
        own, other = WORDS[label].split(), WORDS[random.integers(len(labels))].split()
        noise = [f"w{n}" for n in random.integers(0, 60, 3)]
        words = [*random.choice(own, 3), *random.choice(other, 1), *noise, f"n{number}"]
        texts.append(" ".join(random.permutation(words)))
    return LabelledReviews(texts, each, label_set=labels)


def accuracy(model: Model, reviews: LabelledReviews) -> float:
    answers = np.array(model.answers(model.scores(reviews.texts)))
    names = np.array(reviews.label_set.names)[reviews.labels]
    return float(np.mean(answers == names))


def bytes_of(model: Model, tmp_path) -> bytes:
    save_model(model, tmp_path / "m.safetensors")
    return (tmp_path / "m.safetensors").read_bytes()


THREE, FIVE = drawn(200, WITH_NEUTRAL), drawn(250, STARS)
LATER = drawn(400, WITH_NEUTRAL, 1)


@pytest.fixture(scope="module")
def three() -> Model:
    return train(THREE, FAST)


@pytest.mark.parametrize(
    ("reviews", "options"),
    [
        pytest.param(FIVE, FAST, id="five classes, cross-validated"),
        pytest.param(FIVE, replace(FAST, hidden=(8,), dropout=0.1), marks=pytest.mark.slow),
        pytest.param(FIVE, replace(FAST, refit=False, validation_share=0.2)),
        pytest.param(THREE, replace(FAST, optimize="macro-f1"), marks=pytest.mark.slow),
        pytest.param(THREE, replace(FAST, optimize="balanced-accuracy"), marks=pytest.mark.slow),
    ],
)
def test_several_classes_are_learned_and_kept(reviews, options, tmp_path):
    model = train(reviews, options)
    later = drawn(400, reviews.label_set, 1)
    classes = len(reviews.label_set)
    assert accuracy(model, later) > 0.8
    assert model.labels == model.own.labels == reviews.label_set
    assert isinstance(model.decision, MultiDecision)
    about = model.record.provenance
    assert about.recipe["objective"] == (options.optimize or "macro-f1")  # the first is rare
    assert bool(model.decision.offsets) == (about.recipe["objective"] != "accuracy")
    counts = np.bincount(reviews.labels, minlength=classes).tolist()
    if options.refit:
        assert list(about.validation.counts.values()) == counts
    assert list(about.right) == list(about.training.counts) == list(reviews.label_set.names)
    held_out = sum(about.right.values()) / about.validation.total
    assert about.accuracy == pytest.approx(held_out)
    assert about.calibrated
    found = model.probabilities(later.texts)
    assert found.sum(axis=1) == pytest.approx(np.ones(400))
    loss = -np.log(found[np.arange(400), later.labels]).mean()
    assert loss < 0.75 * np.log(classes)
    save_model(model, tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert loaded.probabilities(later.texts) == pytest.approx(found)
    assert loaded.record.provenance.right == about.right
    one, other = (json.loads(json.dumps(document_of(each))) for each in (loaded, model))
    assert one == other


@pytest.mark.parametrize("hidden", [(), (16,)])
@pytest.mark.parametrize("reviews", [THREE, FIVE], ids=["three", "five"])
def test_the_numpy_forward_pass_is_the_softmax_of_keras(reviews, hidden):
    recipe = replace(choose(reviews.texts, reviews.labels, FAST), hidden=hidden)
    classes = len(reviews.label_set)
    targets = one_hot(reviews.labels, classes)
    vectorizer = Vectorizer.fit(DocumentTermMatrix.of(reviews.texts, recipe.ngrams), targets)
    rows = vectorizer.transform([*reviews.texts, "", "unheard"])
    network = build([rows.width], recipe, classes, TrainingOptions())
    assert network.layers[-1].activation.__name__ == "softmax"
    assert network.output_shape == (None, classes) == (None, _outputs(targets).shape[1])
    random = np.random.default_rng(0)
    network.layers[-1].bias.assign(random.normal(size=classes))
    (ours,) = to_numpy(network, [rows.width])

    def p(network: DenseNetwork) -> np.ndarray:
        every = np.exp(np.pad(network.logits(rows), ((0, 0), (1, 0))))
        return every / every.sum(axis=1, keepdims=True)

    assert p(ours) == pytest.approx(keras_probabilities(network, rows), abs=1e-5)
    assert ours.summary()[-1]["units"] == classes
    trainable = sum(layer["trainable_parameters"] for layer in ours.summary())
    assert trainable == network.count_params()


@pytest.mark.parametrize("hidden", [pytest.param((), marks=pytest.mark.slow), (8,)])
def test_of_networks_side_by_side_each_learns_its_own_folds(hidden):
    options = replace(FAST, hidden=hidden)
    data = TrainingData.gather(THREE, None, (), options)
    recipe = choose(data.texts, data.labels, options)
    fit = Learner(data, options, recipe, Run()).fit_splits()
    assert fit.held_out.shape == (200, 2)
    right = probabilities_of(fit.held_out).argmax(axis=1) == THREE.labels[data.held_out]
    ends = np.cumsum([split.held_out.size for split in data.splits[:-1]])
    assert min(part.mean() for part in np.split(right, ends[:-1])) > 0.8


def test_with_reviews_to_validate_by(tmp_path):
    model = train(THREE, FAST, LATER)
    about = model.record.provenance
    assert about.validation.total == len(LATER)
    assert about.accuracy == pytest.approx(accuracy(model, LATER), abs=0.03)
    lacking = LATER.take(np.flatnonzero(LATER.labels))
    with pytest.raises(DataError, match="some of each label"):
        train(THREE, FAST, lacking)


@pytest.mark.slow
def test_reviews_without_labels_are_learned_from():
    few, listener = THREE.take(np.arange(60)), Listener()
    unlabeled = drawn(300, WITH_NEUTRAL, 2).texts
    model = train(few, FAST, unlabeled=unlabeled, run=Run(progress=listener))
    assert listener.verdicts
    assert model.record.provenance.unlabeled == (300 if listener.verdicts[0] else 0)
    assert accuracy(model, LATER) >= accuracy(train(few, FAST), LATER) - 0.05


@pytest.mark.slow
@pytest.mark.parametrize("options", [FAST, replace(FAST, refit=False)], ids=["folds", "share"])
def test_a_training_that_was_killed_ends_with_the_same_bytes(options, tmp_path):
    unlabeled = LATER.texts[:50]
    whole = bytes_of(train(THREE, options, unlabeled=unlabeled), tmp_path)
    for left in (2, 6):
        folder = tmp_path / f"killed-{left}"
        folder.mkdir()
        mortal = Mortal(folder, resuming=False)
        mortal.left = left
        with pytest.raises(Killed):
            train(THREE, options, unlabeled=unlabeled, run=Run(checkpoint=mortal))
        again = Run(checkpoint=Mortal(folder, resuming=True))
        resumed = train(THREE, options, unlabeled=unlabeled, run=again)
        assert bytes_of(resumed, tmp_path) == whole


@pytest.mark.slow
def test_little_memory_and_a_second_run_give_the_same_bytes(three, tmp_path):
    whole = bytes_of(three, tmp_path)
    assert bytes_of(train(THREE, FAST, run=Run(memory=Memory(20_000))), tmp_path) == whole
    assert bytes_of(train(THREE, FAST), tmp_path) == whole
    more = LATER.texts[:50]
    parts = (
        train(THREE, FAST, LATER, more, run=Run(memory=memory))
        for memory in (Memory(20_000), Memory.half())
    )
    one, other = (bytes_of(model, tmp_path) for model in parts)
    assert one == other


@pytest.mark.parametrize("names", [("ham", "spam"), ("neutral", "spam", "ham")])
def test_a_base_that_shares_fewer_than_two_classes_is_refused(three, names):
    reviews = drawn(60, LabelSet(names))
    expected = f"base answers negative, neutral, positive, and the labels are {', '.join(names)}:"
    with pytest.raises(UsageError, match=expected):
        train(reviews, FAST, base=three)


@pytest.mark.slow
def test_two_ordered_classes_are_learned_as_any_two():
    plain = only(THREE, SENTIMENT)
    ordered = replace(plain, label_set=LabelSet(SENTIMENT.names, ordered=True))
    assert train(plain, FAST).own.network == train(ordered, FAST).own.network
    turned = replace(THREE, label_set=replace(WITH_NEUTRAL, ordered=True))
    assert train(turned, FAST).own.network != train(THREE, FAST).own.network


def only(reviews: LabelledReviews, labels: LabelSet) -> LabelledReviews:
    """The reviews of some classes."""
    indices = np.array(labels.indices_of(reviews.label_set.names), np.int8)[reviews.labels]
    kept = reviews.take(np.flatnonzero(indices >= 0))
    return replace(kept, labels=indices[indices >= 0], label_set=labels)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of_base", "labels"),
    [
        (WITH_NEUTRAL, SENTIMENT),
        pytest.param(SENTIMENT, WITH_NEUTRAL, marks=pytest.mark.slow),
        pytest.param(
            WITH_NEUTRAL,
            LabelSet(("positive", "negative", "neutral")),
            marks=pytest.mark.slow,
        ),
        pytest.param(SENTIMENT, SENTIMENT, marks=pytest.mark.slow),
    ],
    ids=["more classes", "fewer classes", "another order", "the same"],
)
def test_a_base_helps_whatever_its_classes_are(of_base, labels, tmp_path):
    base = train(only(drawn(400, WITH_NEUTRAL, 3), of_base), FAST)
    # Few reviews, and hardly a word of them that the later ones have.
    few = only(drawn(60, WITH_NEUTRAL, 4), labels).take(np.arange(24))
    later = only(LATER, labels)
    alone, together = train(few, FAST), train(few, FAST, base=base)
    assert together.labels == labels
    assert together.own.weight > 0
    assert accuracy(together, later) > accuracy(alone, later) - 0.05
    if len(of_base) >= len(labels):
        assert accuracy(together, later) > 0.85
    save_model(together, tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    expected = together.probabilities(later.texts)
    assert loaded.probabilities(later.texts) == pytest.approx(expected)
    # And on that another one, with other classes again.
    last = train(few, FAST, base=loaded.restricted(labels))
    top = train(THREE, FAST, base=last)
    save_model(top, tmp_path / "m")
    expected = top.probabilities(later.texts)
    assert load_model(tmp_path / "m").probabilities(later.texts) == pytest.approx(expected)
