"""The last blocks of an encoder learn from labels, too."""

from dataclasses import replace

import numpy as np
import pytest

from sentiment.errors import UsageError
from sentiment.model.file import load_model, save_model
from sentiment.training.fine_tuning import PieceRows, TunedEncoder, TunedNetwork
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Run
from sentiment.training.train import train
from tests.model.encoders import pieces_model
from tests.training.test_encoder import ENCODER, reviews_of

OPTIONS = TrainingOptions(
    architecture="encoder", fine_tune=1, epochs=6, learning_rate=0.01, validation_share=0.3
)


def tuned(options: TrainingOptions = OPTIONS) -> TunedEncoder:
    return TunedEncoder(ENCODER.own, options)


@pytest.mark.parametrize("blocks", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_keras_and_numpy_agree_and_only_the_last_blocks_are_trained(blocks):
    architecture = tuned(replace(OPTIONS, fine_tune=blocks))
    reviews = reviews_of(20, 3)
    recipe = architecture.choose(reviews.texts, reviews.labels, OPTIONS)
    rows = architecture.index(reviews.texts, recipe, Run())
    model = architecture.build([1], recipe, 3, OPTIONS)
    assert len(model.trainable_variables) == 12 * blocks + 2
    random = np.random.default_rng(0)
    for each in model.trainable_variables:
        each.assign(np.asarray(each) + random.normal(0, 0.1, each.shape))
    (network,) = architecture.to_numpy(model, [1])
    again = architecture.network(network.layers, OPTIONS)
    found = model(architecture.arrays(rows)[0]).numpy()
    expected = np.exp(np.pad(network.logits(rows), ((0, 0), (1, 0))))
    assert found == pytest.approx(expected / expected.sum(axis=1, keepdims=True), abs=1e-4)
    assert again.logits(rows).tolist() == network.logits(rows).tolist()
    compact = architecture.compact(network)
    assert {layer.kernel.dtype for block in compact.blocks for layer in block.layers} == {
        np.dtype(np.int8)
    }
    assert compact.logits(rows) == pytest.approx(network.logits(rows), abs=0.2)
    assert isinstance(again, TunedNetwork)


def test_texts_of_a_batch_are_of_similar_length_and_each_comes_once():
    architecture = tuned()
    texts = ["a film " * (1 + number % 17) for number in range(200)]
    rows = PieceRows(architecture.index(texts, None, Run()))
    order = np.random.default_rng(0).permutation(200)
    found = architecture.arranged(rows, order, 10, np.random.default_rng(1))
    assert sorted(found.tolist()) == list(range(200))
    lengths = rows.pieces.lengths[order[found]].reshape(10, 20)
    assert (lengths.max(axis=1) - lengths.min(axis=1)).max() <= 6
    assert (np.diff(lengths[:, 0]) < 0).any()


def test_the_learning_rate_rises_and_falls():
    recipe = tuned().choose([], np.arange(40) % 2, OPTIONS)
    rates = [recipe.decay(done) for done in (0, 0.03, 0.06, 0.5, 1)]
    assert rates == pytest.approx([0, 0.5, 1, 0.55, 0], abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [2, 3])
def test_it_learns_the_same_twice_and_is_kept(classes, tmp_path):
    reviews = reviews_of(200, classes)
    model, same = (train(reviews, OPTIONS, encoder=ENCODER) for _ in range(2))
    before, after = (each.own.network for each in (ENCODER, model))
    assert np.array_equal(before.blocks[0].widen.kernel, after.blocks[0].widen.kernel)
    assert not np.array_equal(before.blocks[1].widen.kernel, after.blocks[1].widen.kernel)
    later = reviews_of(60, classes, seed=1)
    alone = np.pad(model.own.log_odds(later.texts)[0], ((0, 0), (1, 0))).argmax(axis=1)
    assert np.mean(alone == later.labels) > 0.7
    for name, each in (("one", model), ("same", same)):
        save_model(each, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "same").read_bytes()
    loaded = load_model(tmp_path / "one")
    found = model.probabilities(later.texts)
    assert loaded.probabilities(later.texts).tolist() == found.tolist()
    assert not loaded.record.provenance.cross_validated


@pytest.mark.slow
def test_it_is_resumed(run, tmp_path, monkeypatch):
    from sentiment.cli import train_options as module
    from tests.training.test_checkpoint import Killed, Mortal

    names = ("negative", "positive")
    reviews = reviews_of(80, 2)
    rows = zip(reviews.texts, reviews.labels.tolist(), strict=True)
    lines = [f"{text},{names[label]}" for text, label in rows]
    (tmp_path / "r.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    save_model(ENCODER, tmp_path / "e.safetensors")
    command = ["train", "r.csv", "--architecture", "encoder", "--encoder", "e.safetensors"]
    command += ["--fine-tune", "2", "--epochs", "3", "--checkpoint", "c"]
    done = run(*command, "-o", "m", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the last 2 of them fine-tuned" in done.stderr
    with monkeypatch.context() as patched:
        patched.setattr(module, "Checkpoint", type("Dying", (Mortal,), {"left": 2}))
        with pytest.raises(Killed):
            run(*command, "-o", "again", cwd=tmp_path)
    done = run(*command, "--resume", "-o", "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


def test_what_cannot_be_fine_tuned_is_one_clear_line(run, tmp_path):
    reviews = reviews_of(40, 2)
    with pytest.raises(UsageError, match="--fine-tune 3: this encoder has 2 blocks"):
        train(reviews, replace(OPTIONS, fine_tune=3), encoder=ENCODER)
    with pytest.raises(UsageError, match="--hidden cannot be combined with --fine-tune"):
        train(reviews, replace(OPTIONS, hidden=(3,)), encoder=ENCODER)
    with pytest.raises(UsageError, match="--fine-tune needs --architecture encoder"):
        train(reviews, replace(OPTIONS, architecture="ngrams"))
    (tmp_path / "r.csv").write_text("text,label\ngood,1\nbad,0\n")
    save_model(pieces_model(), tmp_path / "e.safetensors")
    command = ["train", "r.csv", "--architecture", "encoder", "--encoder", "e.safetensors"]
    done = run(*command, "--fine-tune", "5", "-o", "m", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: --fine-tune 5: this encoder has 2 blocks\n"
    assert not (tmp_path / "m").exists()
