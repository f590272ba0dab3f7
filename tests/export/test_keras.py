"""The exported Keras file gives what numpy gives, in a process that knows nothing of us."""

import json
import re
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest

from sentiment.api import load
from sentiment.export import inputs_of, keras_file, keras_inputs
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.model.component import probabilities_of
from sentiment.model.file import save_model
from tests.conftest import ROOT, TEST
from tests.export.models import MODELS, PIECES, TEXTS, numpy_log_odds
from tests.model.small import small_model

pytestmark = pytest.mark.slow

# Plain Keras: code of ours cannot be imported.
ALONE = """
import sys, numpy as np
sys.modules["sentiment"] = None
import keras
for path in sys.argv[1:]:
    feed = dict(np.load(path + ".npz"))
    found = keras.models.load_model(path).predict(feed, verbose=0)
    np.savez(path + ".out.npz", **found)
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What plain Keras makes of each model's file."""
    folder = tmp_path_factory.mktemp("keras")
    paths = []
    for name, make in MODELS.items():
        model = make()
        path = folder / f"{name}.keras"
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            path.write_bytes(keras_file(model))  # Keras's way to read a variable
        np.savez(f"{path}.npz", **keras_inputs(inputs_of(model, TEXTS)))
        paths.append(path)
    done = subprocess.run(
        [sys.executable, "-P", "-c", ALONE, *map(str, paths)],
        capture_output=True, text=True, check=False, cwd=folder,
        env={"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {path.stem: (path, np.load(f"{path}.out.npz")) for path in paths}


@pytest.mark.parametrize("name", MODELS)
def test_it_gives_what_numpy_gives(name, answers):
    model = MODELS[name]()
    _, found = answers[name]
    expected = numpy_log_odds(model, inputs_of(model, TEXTS))
    assert found["log_odds"] == pytest.approx(expected, abs=1e-4)
    every = probabilities_of(expected)
    for column, label in model.labels.columns:
        assert found[column][:, 0] == pytest.approx(every[:, label], abs=1e-5)


def layers_in(path) -> list[dict]:
    with zipfile.ZipFile(path) as packed:
        layers = json.loads(packed.read("config.json"))["config"]["layers"]
    assert not {layer["class_name"] for layer in layers} & {"Lambda", "TFSMLayer"}
    return layers


def test_it_is_made_of_layers_of_keras_alone(answers):
    layers = layers_in(answers["stacked"][0])
    assert {layer["module"] for layer in layers} == {"keras.layers"}
    assert not {layer["registered_name"] for layer in layers} - {None}


@pytest.mark.parametrize("name", PIECES)
def test_that_of_a_language_model_has_few_kinds_of_operations_besides(name, answers):
    layers = layers_in(answers[name][0])
    operations = {layer["class_name"] for layer in layers if layer["module"] != "keras.layers"}
    assert operations <= {"Cumsum", "Gelu", "Multiply", "Subtract", "Sum"}
    assert {layer["module"].removeprefix("keras.src.ops") for layer in layers} <= {
        "keras.layers", ".nn", ".numpy"
    }  # fmt: skip


def test_the_bundled_language_model(tmp_path):
    import keras

    model = load("general").model
    texts = [*TEST.read_text(encoding="utf-8").splitlines()[1:80], "asdf qwer zxcv"]
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        (tmp_path / "general.keras").write_bytes(keras_file(model))
    loaded = keras.models.load_model(tmp_path / "general.keras")
    found = loaded(keras_inputs(inputs_of(model, texts)))
    expected = model.scores(texts).of_columns(model.labels)
    for place, (column, _) in enumerate(model.labels.columns):
        assert np.ravel(found[column]) == pytest.approx(expected[:, place], abs=1e-4)


@pytest.mark.parametrize("labels", [SENTIMENT, LabelSet(("ham", "spam")), WITH_NEUTRAL])
def test_the_example_of_the_docs_can_be_pasted(labels, tmp_path):
    model = small_model(labels=labels)
    save_model(model, tmp_path / "imdb.safetensors")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        (tmp_path / "imdb.keras").write_bytes(keras_file(model))
    block, _ = re.findall(r"```python\n(.*?)```", (ROOT / "docs/models.md").read_text(), re.DOTALL)
    block = block.replace("Great coffee, lovely staff.", "good film").replace("Dreadful", "bad")
    done = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, check=False, cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    found = json.loads(done.stdout.replace("'", '"'))
    expected = model.scores(["good film", "bad, avoid."]).of_columns(labels)
    for place, (column, _) in enumerate(labels.columns):
        assert np.ravel(found[column]) == pytest.approx(expected[:, place], abs=1e-3)
