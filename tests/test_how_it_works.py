"""docs/how-it-works.md is what the demo model gives, and its numbers are those of Keras."""

import re

import numpy as np
import pytest

from sentiment.model.file import load_model
from tests.conftest import ROOT
from tests.model.small import small_model
from tools.how_it_works.__main__ import demo_model
from tools.how_it_works.page import LABEL, TEXT, documents
from tools.how_it_works.walk import Forward as Pass
from tools.how_it_works.walk import Weights, backward, walk

DOCS = ROOT / "docs"
NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?")
RATE = 0.01


@pytest.fixture(scope="module")
def walked():
    return walk(small_model((5,)), "not a good film, bad Café", 1, RATE)


def test_the_way_forward_is_that_of_the_program(walked):
    model = small_model((5,))
    row = model.own.encoder.transform([walked.text])
    assert walked.forward.logit == pytest.approx(model.own.network.logits(row)[0, 0], abs=1e-5)
    assert sorted(feature.place for feature in walked.features) == sorted(row.indices.tolist())
    assert len(walked.features) <= walked.found


def test_the_gradient_is_that_of_finite_differences(walked):
    step = 1e-6
    for label in (0, 1):
        gradient = backward(walked.values, walked.weights, walked.forward, label)
        for part, slopes in enumerate(gradient.parts()):
            for place in np.ndindex(slopes.shape):
                losses = []
                for sign in (1, -1):
                    parts = [each.copy() for each in walked.weights.parts()]
                    parts[part][place] += sign * step
                    losses.append(Pass.of(walked.values, Weights.of(parts)).loss(label))
                change = (losses[0] - losses[1]) / (2 * step)
                assert slopes[place] == pytest.approx(change, abs=1e-6)


@pytest.mark.slow
def test_the_step_of_adam_is_that_of_keras(walked):
    from sentiment.training.backend import fused_adam, load_keras

    keras = load_keras()
    optimizer = fused_adam(learning_rate=RATE)
    variables = [keras.Variable(each.astype(np.float32)) for each in walked.weights.parts()]
    slopes = [each.astype(np.float32) for each in walked.gradient.parts()]
    optimizer.build(variables)
    optimizer.apply([keras.ops.convert_to_tensor(each) for each in slopes], variables)
    for found, expected in zip(variables, walked.stepped.parts(), strict=True):
        assert np.asarray(found) == pytest.approx(expected, abs=1e-6)
    assert walked.again.loss(1) < walked.forward.loss(1)


@pytest.mark.parametrize("hidden", [(), (4, 3)])
def test_other_networks_are_refused(hidden):
    with pytest.raises(ValueError, match="one hidden layer"):
        walk(small_model(hidden), "good", 1, RATE)


def test_the_page_and_its_pictures_are_made_of_a_model(trained):
    found = documents(load_model(trained))
    page = found.pop("how-it-works.md").decode()
    assert TEXT in page
    assert LABEL == 1
    for name, picture in found.items():
        assert f"]({name})" in page
        assert picture.startswith(b"<?xml")
    shape, _ = parted(page)
    kept, _ = parted((DOCS / "how-it-works.md").read_text(encoding="utf-8"))
    headings = [[line for line in text.splitlines() if line[:1] == "#"] for text in (shape, kept)]
    assert headings[0] == headings[1]


@pytest.mark.slow
def test_the_page_is_what_the_demo_model_gives():
    found = documents(demo_model())
    kept = {name: (DOCS / name).read_bytes() for name in found}
    words, numbers = parted(found["how-it-works.md"].decode())
    expected, expected_numbers = parted(kept["how-it-works.md"].decode())
    assert words == expected
    # Processors round differently, and sixty steps add that up.
    assert numbers == pytest.approx(expected_numbers, rel=0.02, abs=0.002)
    assert all(picture.startswith(b"<?xml") for picture in list(kept.values())[1:])


def parted(page: str) -> tuple[str, list[float]]:
    """The page with # for each number, and the numbers."""
    numbers = [float(each.replace(",", "")) for each in NUMBER.findall(page)]
    return NUMBER.sub("#", page), numbers
