"""The file beside an exported encoder is enough to use it without this program."""

import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from tokenizers import Tokenizer

from sentiment.api import load
from sentiment.export import inputs_of, onnx_file, onnx_inputs, recipe_file
from sentiment.model.component import probabilities_of
from tests.conftest import ROOT, TEST
from tests.export.models import PIECES, beside_ngrams
from tests.model.small import small_model

TEXTS = [
    "I loved the film.",
    "unbelievably GOOD, not a bad café!",
    "don’t <br /> [SEP] 映画 10/10",
    "",
    "it was a film " * 30,
]


def tokenizer_of(recipe: dict) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(recipe["tokenizer"]))


def numbers(recipe: dict, text: str) -> list[int]:
    ids = tokenizer_of(recipe).encode(text).ids
    head, tail = recipe["head"], recipe["tail"]
    return ids if len(ids) <= head + tail else ids[:head] + ids[-tail:]


@pytest.mark.parametrize("name", PIECES)
def test_its_tokenizer_gives_the_numbers_that_the_program_gives(name):
    model = PIECES[name]()
    recipe = json.loads(recipe_file(model))
    assert recipe["labels"] == list(model.labels.names)
    (key,) = recipe["inputs"]
    rows = model.components[key.count("base_")].encoder.transform(TEXTS)
    for row, text in enumerate(TEXTS):
        found = numbers(recipe["inputs"][key], text)
        assert found == rows.ids[rows.bounds[row] : rows.bounds[row + 1]].tolist()


def test_a_model_of_ngrams_alone_has_none():
    assert recipe_file(small_model()) is None


@pytest.mark.slow
def test_that_of_the_bundled_model_reads_reviews_as_the_program_does():
    """But for typing errors, which it does not read through."""
    model = load("general").model
    recipe = json.loads(recipe_file(model))["inputs"]["input_ids"]
    texts = [text for text in TEST.read_text(encoding="utf-8").splitlines() if text.isascii()]
    rows = replace(model.own.encoder.pieces, corrected=()).transform(texts)
    assert len(texts) > 200
    for row, text in enumerate(texts):
        assert numbers(recipe, text) == rows.ids[rows.bounds[row] : rows.bounds[row + 1]].tolist()


def test_the_example_of_the_docs_needs_nothing_of_this_program(tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    model = beside_ngrams()
    (tmp_path / "general.onnx").write_bytes(onnx_file(model))
    (tmp_path / "general.onnx.json").write_bytes(recipe_file(model))
    page = (ROOT / "docs/models.md").read_text(encoding="utf-8")
    _, block = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (texts,) = re.findall(r"^texts = (\[.*\])$", block, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.modules['sentiment'] = None\n{block}"],
        capture_output=True, text=True, check=False, cwd=tmp_path, env={"PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.replace("'", '"'))
    rows = model.own.encoder.transform(json.loads(texts))
    empty = model.components[1].empty_logits
    expected = probabilities_of(model.own.log_odds_of(rows) + model.own.weight * empty)
    for column, label in model.labels.columns:
        assert found[column] == pytest.approx(expected[:, label], abs=1e-3)


def test_names_are_those_of_the_graph():
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    for name in PIECES:
        model = PIECES[name]()
        made = onnx.load_from_string(onnx_file(model))
        names = [each.name for each in made.graph.input]
        assert names == list(onnx_inputs(inputs_of(model, TEXTS)))
        assert json.loads(recipe_file(model))["inputs"].keys() == {
            each for each in names if each.endswith("input_ids")
        }
        assert not np.any([node.domain for node in made.graph.node])
