"""Labels learned on the vectors of an encoder, with n-grams beside it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score

from sentiment import LoadedModel, SentimentClassifier
from sentiment.errors import UsageError
from sentiment.labels import LabelSet
from sentiment.model.file import load_model, save_model
from sentiment.model.model import Model
from sentiment.model.network import forward
from sentiment.model.transformer import Block
from sentiment.reviews.dataset import LabelledReviews
from sentiment.training.encoder import FrozenEncoder, Standardization, find_encoder
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Progress, Run
from sentiment.training.train import train
from tests.model.convolutions import words_model
from tests.model.encoders import pieces_model
from tests.model.small import small_model

THREE = LabelSet(("negative", "neutral", "positive"))
OPTIONS = TrainingOptions(architecture="encoder", epochs=6, learning_rate=0.01)
# Another task than any encoder here was made for.
MARKS = {0: ["bad", "not"], 1: ["cafe", "10"], 2: ["loved", "good"]}


def calm(model: Model) -> Model:
    """The same with weights so small that the words of a text remain in its mean vector."""
    network = model.own.network
    blocks = []
    for block in network.blocks:
        calmer = [replace(layer, scale=layer.scale / 5) for layer in block.layers]
        attention, merge, widen, narrow = calmer
        blocks.append(Block(attention, merge, block.merge_norm, widen, narrow, block.narrow_norm))
    own = replace(model.own, network=replace(network, blocks=tuple(blocks)))
    return replace(model, components=(own,))


ENCODER = calm(pieces_model())
FILLERS = ["the", "a", "film", "i", "it", "was", "thumbs", "up"]


def reviews_of(count: int, classes: int, seed: int = 0) -> LabelledReviews:
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    marks = [MARKS[0], MARKS[2]] if classes == 2 else [*MARKS.values()]
    texts = [
        " ".join(random.permutation([*random.choice(FILLERS, 5), *marks[label]]))
        for label in labels
    ]
    labels = labels.astype(np.int16)
    return LabelledReviews(texts, labels) if classes == 2 else LabelledReviews(
        texts, labels, label_set=THREE
    )  # fmt: skip


class Listener(Progress):
    def __init__(self):
        self.accuracies = ()

    def joined(self, reviews, encoder, ngrams, together):
        self.accuracies = (encoder, ngrams, together)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 3])
def test_it_learns_a_task_that_the_encoder_was_not_made_for(classes, tmp_path):
    reviews, listener = reviews_of(150, classes), Listener()
    model = train(reviews, OPTIONS, encoder=ENCODER, run=Run(progress=listener))
    assert min(listener.accuracies) > 0.7
    encoder, ngrams = model.components
    assert (encoder.encoder.kind, ngrams.encoder.kind) == ("pieces", "ngrams")
    later = reviews_of(60, classes, seed=1)
    alone = np.pad(encoder.log_odds(later.texts)[0], ((0, 0), (1, 0))).argmax(axis=1)
    assert np.mean(alone == later.labels) > 0.7
    found = model.probabilities(later.texts)
    assert np.mean(model.decision.choose(found) == later.labels) > 0.9
    save_model(model, tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert loaded.probabilities(later.texts).tolist() == found.tolist()
    assert loaded.record.provenance.recipe["beside"]["ngrams"]
    assert loaded.record.provenance.accuracy > 0.8


@pytest.mark.parametrize(
    ("hidden", "activation"), [((), "relu"), ((7,), "relu"), ((6, 5), "relu"), ((6, 5), "gelu")]
)
def test_the_head_of_the_transformer_is_what_was_fitted_over_standardized_vectors(
    hidden, activation
):
    options = replace(OPTIONS, hidden=hidden, activation=activation)
    architecture = FrozenEncoder(ENCODER.own, options)
    reviews = reviews_of(40, 3)
    recipe = architecture.choose(reviews.texts, reviews.labels, options)
    indexed = architecture.index(reviews.texts, recipe, Run())
    encoder = architecture.fit_encoder(indexed, np.eye(3), np.ones(40), recipe, options)
    rows = architecture.encode(indexed, encoder).take(np.arange(40))
    width = architecture.source.width
    assert rows.mean(axis=0) == pytest.approx(np.zeros(width + 1), abs=1e-5)
    assert rows[:, :width].std(axis=0) == pytest.approx(np.ones(width), abs=1e-4)
    model = architecture.build([width + 1], recipe, 3, options)
    random = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([random.normal(size=each.shape) for each in layer.get_weights()])
    (network,) = architecture.to_numpy(model, [width + 1])
    pieces, transformer = architecture.parts_of(encoder, network)
    expected = forward(network.layers, rows, activation)
    assert transformer.logits(pieces.transform(reviews.texts)) == pytest.approx(expected, abs=1e-4)
    of_keras = model(rows).numpy()
    every = np.exp(np.pad(expected, ((0, 0), (1, 0))))
    assert of_keras == pytest.approx(every / every.sum(axis=1, keepdims=True), abs=1e-5)


def test_rows_that_do_not_count_are_not_standardized_by_and_constants_are_left_out():
    features = np.array([[1, 5, 0], [3, 5, 0], [100, 7, 9]], np.float32)
    found = Standardization.fit(features, np.array([1.0, 3.0, 0.0]))
    assert found.mean.tolist() == [2.5, 5, 0]
    assert found.factor == pytest.approx([1 / np.sqrt(0.75), 0, 0])


def test_networks_side_by_side_are_apart():
    architecture = FrozenEncoder(ENCODER.own, OPTIONS)
    recipe = architecture.choose([], np.arange(20) % 2, OPTIONS)
    model = architecture.build([4, 4], recipe, 2, OPTIONS)
    random = np.random.default_rng(0)
    model.layers[-1].set_weights([random.normal(size=(2, 4, 1)), random.normal(size=(2, 1))])
    networks = architecture.to_numpy(model, [4, 4])
    rows = [random.normal(size=(3, 4)).astype(np.float32) for _ in range(2)]
    places = [np.array([2, 0, -1]), np.array([0, 1, 2])]
    joined = architecture.interleave(rows, places)
    found = model(architecture.tensor(architecture.arrays(joined), 8)).numpy()[:, :, 0]
    expected = [
        forward(network.layers, part)[:, 0] for network, part in zip(networks, rows, strict=True)
    ]
    logits = np.log(found / (1 - found))
    assert logits[:2, 0] == pytest.approx(expected[0][[2, 0]], abs=1e-5)
    assert logits[:, 1] == pytest.approx(expected[1], abs=1e-5)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_file_and_another_encoder_another(tmp_path):
    reviews = reviews_of(60, 2)
    other = pieces_model(seed=5)
    for name, encoder in (("one", ENCODER), ("same", ENCODER), ("other", other)):
        save_model(train(reviews, OPTIONS, encoder=encoder), tmp_path / name)
    one, same, another = ((tmp_path / name).read_bytes() for name in ("one", "same", "other"))
    assert one == same
    assert one != another


@pytest.mark.slow
def test_with_reviews_to_validate_by_and_a_refit():
    reviews, validation = reviews_of(200, 2), reviews_of(100, 2, seed=1)
    model = train(reviews, OPTIONS, validation, encoder=ENCODER)
    assert model.record.provenance.validation.total == 100
    held_out = replace(OPTIONS, refit=False, validation_share=0.3)
    model = train(reviews, held_out, encoder=ENCODER)
    assert not model.record.provenance.refitted


@pytest.mark.slow
def test_hidden_layers_are_learned_kept_and_learned_from(tmp_path):
    reviews = reviews_of(150, 3)
    model = train(reviews, replace(OPTIONS, hidden=(8, 4)), encoder=ENCODER)
    assert [layer.bias.size for layer in model.own.network.head] == [8, 4, 2]
    save_model(model, tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    texts = reviews.texts[:20]
    assert loaded.probabilities(texts).tolist() == model.probabilities(texts).tolist()
    assert np.mean(model.probabilities(reviews.texts).argmax(axis=1) == reviews.labels) > 0.9
    again = train(reviews_of(60, 2), OPTIONS, encoder=loaded)
    assert len(again.own.network.head) == 1


@pytest.mark.slow
def test_reviews_that_the_encoder_knows_give_no_figures():
    reviews = reviews_of(60, 2)
    model = train(reviews, OPTIONS, encoder=ENCODER)
    again = train(reviews, OPTIONS, encoder=model)
    assert again.record.provenance.accuracy is None
    assert find_encoder(again) is again.own


@pytest.mark.slow
def test_weights_and_more_texts_than_memory_are_fine():
    reviews = reviews_of(80, 2)
    weighted = replace(reviews, weights=np.tile([1.0, 2.0], 40))
    from sentiment.runtime import Memory

    one, other = (
        train(weighted, OPTIONS, encoder=ENCODER, run=Run(memory=Memory(size)))
        for size in (10**9, 10**3)
    )
    texts = reviews.texts[:20]
    assert one.probabilities(texts).tolist() == other.probabilities(texts).tolist()


def test_what_cannot_be_done_is_one_clear_line():
    reviews = reviews_of(40, 2)
    with pytest.raises(UsageError, match="has no encoder of a language model: name one"):
        train(reviews, OPTIONS, encoder=small_model())
    with pytest.raises(UsageError, match="has no encoder of a language model: name one"):
        train(reviews, OPTIONS, encoder=words_model())  # nor has it n-grams
    with pytest.raises(UsageError, match="--base or --unlabeled"):
        train(reviews, OPTIONS, encoder=ENCODER, base=small_model())


@pytest.mark.slow
def test_the_estimator_is_cross_validated():
    reviews = reviews_of(90, 3)
    classifier = SentimentClassifier(architecture="encoder", encoder=LoadedModel(ENCODER), epochs=5)
    labels = np.array(["bad", "so so", "good"])[reviews.labels]
    assert cross_val_score(classifier, reviews.texts, labels, cv=3).min() > 0.7
    with pytest.raises(TypeError, match="encoder is a int"):
        SentimentClassifier(architecture="encoder", encoder=3).fit(reviews.texts, labels)


@pytest.fixture
def files(tmp_path):
    reviews = reviews_of(100, 2)
    names = ("negative", "positive")
    rows = zip(reviews.texts, reviews.labels.tolist(), strict=True)
    lines = [f"{text},{names[label]}" for text, label in rows]
    (tmp_path / "r.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    save_model(ENCODER, tmp_path / "e.safetensors")
    save_model(small_model(), tmp_path / "n.safetensors")
    return tmp_path


@pytest.mark.slow
def test_on_the_command_line(run, files):
    command = ["train", "r.csv", "--architecture", "encoder", "--encoder", "e.safetensors"]
    done = run(*command, "-o", "m", "--json", "--epochs", "4", cwd=files)
    assert done.returncode == 0, done.stderr
    assert "vectors of 12 numbers, by an encoder of 2 blocks" in done.stderr
    assert "held-out reviews: encoder " in done.stderr
    assert "MB), with the encoder in it" in done.stderr
    facts = json.loads(done.stdout)
    assert facts["base"] is None
    assert facts["accuracy"] > 0.8
    answered = run("predict", "loved a good film", "bad film, not it", "-m", "m", cwd=files)
    assert [line.split("\t")[0] for line in answered.stdout.splitlines()] == [
        "positive",
        "negative",
    ]
    about = run("info", "m", cwd=files)
    assert about.returncode == 0, about.stderr


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--encoder", "n.safetensors"], "n.safetensors: this model has no encoder"),
        (["--encoder", "missing"], "no such model"),
        (["--base", "n.safetensors"], "--base cannot be combined with --architecture encoder"),
        (["--unlabeled", "r.csv"], "--unlabeled cannot be combined"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, files, more, message):
    before = sorted(files.iterdir())
    done = run("train", "r.csv", "--architecture", "encoder", *more, "-o", "m", cwd=files)
    assert done.returncode == (4 if "missing" in more else 2)
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(files.iterdir()) == before
    plain = run("train", "r.csv", "--encoder", "e.safetensors", "-o", "m", cwd=files)
    assert plain.returncode == 2
    assert "--encoder needs --architecture encoder" in plain.stderr


@pytest.mark.slow
def test_an_interrupted_training_is_resumed(run, files):
    command = ["train", "r.csv", "--architecture", "encoder", "--encoder", "e.safetensors"]
    command += ["--epochs", "4", "--checkpoint", "c"]
    assert run(*command, "-o", "m", cwd=files).returncode == 0
    from tests.training.test_checkpoint import Killed, Mortal

    for left in (2, 6, 8):
        from sentiment.cli import train_options as module

        killed = files / "c"
        made = module.Checkpoint
        try:
            module.Checkpoint = type("Dying", (Mortal,), {"left": left})
            with pytest.raises(Killed):
                run(*command, "-o", "again", cwd=files)
        finally:
            module.Checkpoint = made
        assert any(killed.iterdir())
        done = run(*command, "--resume", "-o", "again", "--force", cwd=files)
        assert done.returncode == 0, done.stderr
        assert (files / "again").read_bytes() == (files / "m").read_bytes()
        (files / "again").unlink()
    save_model(pieces_model(seed=9), files / "e.safetensors")
