"""`info --weights`, and how n-grams are written."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sentiment.cli.weights import notation
from sentiment.model.file import load_model, save_model
from tests.model.encoders import pieces_model
from tests.model.small import changed, small_model


def facts(run, path) -> list:
    return json.loads(run("info", path, "--weights", "--json").stdout)["weights"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model with hidden layers that keeps some n-grams as text, on one without."""
    own = small_model((3, 2))
    phrases = {int(key): f"n-gram {number}" for number, key in enumerate(own.own.encoder.keys[:9])}
    path = tmp_path_factory.mktemp("model") / "m"
    save_model(changed(own, phrases=phrases).on(small_model(()), 0.5), path)
    return path


def test_the_range_of_each_kernel_is_that_of_its_weights(run, model):
    own, base = facts(run, model)
    for component, found in zip(load_model(model).components, (own, base), strict=True):
        for layer, kernel in zip(component.network.layers, found["kernels"], strict=True):
            weights = layer.dense_kernel()
            assert kernel["shape"] == [*weights.shape]
            assert kernel["dtype"] == layer.kernel.dtype.name
            ends = (kernel["smallest"], kernel["largest"])
            assert ends == pytest.approx((weights.min(), weights.max()))
            assert kernel["mean_size"] == pytest.approx(np.abs(weights).mean())
    assert base["units"] == []


def test_n_grams_are_those_that_add_most_to_the_sum_of_a_unit(run, model):
    component = load_model(model).own
    known, rows = component.encoder.single_rows([*component.phrases])
    texts = [*component.phrases.values()]
    first, second, _ = component.network.layers
    units, _ = (each["units"] for each in facts(run, model))
    assert [unit["unit"] for unit in units] == [1, 2, 3]
    for number, unit in enumerate(units):
        moves = rows.data * first.dense_kernel()[rows.indices, number]
        each = dict(zip((texts[place] for place in known), moves, strict=True))
        best = max(each, key=each.get)
        assert unit["raised_by"][0] == [best, pytest.approx(each[best])]
        worst = min(each, key=each.get)
        assert unit["lowered_by"][0] == [worst, pytest.approx(each[worst])]
        onward = second.dense_kernel()[number]
        strongest = np.abs(onward).argmax()
        assert (unit["to"], unit["weight"]) == (f"unit {strongest + 1}", onward[strongest])
        assert best in run("info", model, "--weights").stdout


def test_of_a_language_model_there_are_kernels_alone(run, tmp_path):
    save_model(pieces_model(), tmp_path / "m")
    (found,) = facts(run, tmp_path / "m")
    names = [kernel["name"] for kernel in found["kernels"]]
    assert {"words.rows", "blocks.0.widen.kernel", "output.kernel"} <= {*names}
    assert found["units"] == []
    done = run("info", tmp_path / "m", "--weights")
    assert (done.returncode, all(name in done.stdout for name in names)) == (0, True)


def test_weights_are_no_part_of_a_card(run, model):
    done = run("info", model, "--weights", "--card")
    assert (done.returncode, "--card cannot be combined" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("not … good", "after a negation"),
        ("… good", "near the end"),
        ("excel-", "begins so"),
        ("‹goo›", "characters"),
        ("4of10 stars", "rating"),
    ],
)
def test_the_marks_that_occur_are_explained(name, meaning):
    assert meaning in " ".join(notation(["good", name]))
    assert meaning not in " ".join(notation(["good", "a bad-tempered -", "20of100"]))


def test_words_come_with_the_meaning_of_their_marks(run, trained):
    text = run("info", trained, "--words", "20").stdout
    assert "“‹goo›” these characters" in text
    assert "rating" not in text


def test_info_names_input_loss_and_optimizer(run, trained):
    lines = run("info", trained).stdout.splitlines()
    about = json.loads(run("info", trained, "--json").stdout)
    (given,) = [line.split() for line in lines if line.startswith("input ")]
    assert given == ["input", f"{about['vectorizer']['features']:,}", "n-grams"]
    assert "loss        binary cross-entropy of the sigmoid" in lines
    recipe = about["provenance"]["recipe"]
    (optimizer,) = [line for line in lines if line.startswith("optimizer")]
    assert f"Adam, learning rate {recipe['learning_rate']:.4g}" in optimizer
    assert f"{recipe['batch_size']:,} reviews a step" in optimizer


@pytest.mark.parametrize(
    "rate", ["fast", None, [0.01], -1, 10**400], ids=["word", "none", "list", "negative", "huge"]
)
def test_a_recipe_that_makes_no_sense_is_not_shown(run, trained, tmp_path, rate):
    model = load_model(trained)
    about = model.record.provenance
    forged = replace(about, recipe=about.recipe | {"learning_rate": rate})
    save_model(changed(model, provenance=forged), tmp_path / "m")
    done = run("info", tmp_path / "m")
    assert (done.returncode, "optimizer" in done.stdout) == (0, False), done.stderr
