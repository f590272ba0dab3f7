"""The exported ONNX graph gives what numpy gives."""

import json

import numpy as np
import pytest

from sentiment.api import load
from sentiment.errors import UsageError
from sentiment.export import inputs_of, onnx_file, onnx_inputs
from sentiment.model.file import load_model
from tests.conftest import TEST
from tests.export.models import MODELS, PIECES, TEXTS, numpy_log_odds
from tests.model.encoders import LONGEST
from tests.model.small import changed, small_model

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def run_onnx(model, inputs):
    """Run the exported network; return its log-odds, [n, K − 1], and probabilities, [n, C]."""
    content = onnx_file(model)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [name for name, _ in model.labels.columns]
    assert ["log_odds", *names] == [output.name for output in session.get_outputs()]
    log_odds, *each = session.run(None, onnx_inputs(inputs))
    return log_odds.reshape(len(log_odds), len(model.labels) - 1), np.stack(each, axis=1)


@pytest.mark.parametrize("name", MODELS)
def test_it_gives_what_numpy_gives(name):
    model = MODELS[name]()
    for texts in (TEXTS, TEXTS[:1], [""], []):
        inputs = inputs_of(model, texts)
        log_odds, probabilities = run_onnx(model, inputs)
        assert log_odds == pytest.approx(numpy_log_odds(model, inputs), rel=1e-6, abs=1e-5)
        expected = model.scores(texts).of_columns(model.labels)
        read = ~np.isnan(expected)
        assert probabilities[read] == pytest.approx(expected[read], abs=1e-5)


@pytest.mark.slow
def test_on_real_reviews_too(trained, datasets):
    import pyarrow.parquet as pq

    long = pq.read_table(datasets / "imdb" / "test.parquet").column("text").to_pylist()[::125]
    short = TEST.read_text(encoding="utf-8").splitlines()
    for model in (load_model(trained), MODELS["bundled"]()):
        texts = [*long, *short]
        _, probabilities = run_onnx(model, inputs_of(model, texts))
        expected = model.scores(texts).of_columns(model.labels)
        assert probabilities == pytest.approx(expected, abs=1e-5)


def test_it_says_what_it_is_and_is_the_same_each_time():
    content = onnx_file(MODELS["stacked"]())
    assert onnx_file(MODELS["stacked"]()) == content
    made = onnx.load_from_string(content)
    about = {prop.key: json.loads(prop.value) for prop in made.metadata_props}
    assert about == {"labels": ["negative", "positive"], "threshold": 0.5, "band": None}
    names = [each.name for each in made.graph.input]
    assert names == [
        f"{prefix}{name}"
        for prefix in ("", "base_", "base_base_")
        for name in ("ids", "values", "offsets")
    ]
    assert not {node.domain for node in made.graph.node} - {""}


def session_of(model):
    return onnxruntime.InferenceSession(onnx_file(model), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", PIECES)
def test_padding_changes_nothing_wherever_it_is(name):
    model = PIECES[name]()
    session, feed = session_of(model), onnx_inputs(inputs_of(model, TEXTS[:1]))
    expected = session.run(["log_odds"], feed)[0]
    for before, behind in ((0, 3), (4, 0), (2, 1)):
        moved = {
            each: np.pad(
                value, ((0, 0), (before, behind)), constant_values=0 if "mask" in each else 7
            )
            if value.ndim == 2
            else value
            for each, value in feed.items()
        }
        assert session.run(["log_odds"], moved)[0] == pytest.approx(expected, abs=1e-6)


def test_a_text_with_too_many_pieces_is_an_error():
    session, ones = session_of(PIECES["pieces"]()), np.ones((1, LONGEST + 1), np.int64)
    full = {"input_ids": ones[:, 1:], "attention_mask": ones[:, 1:]}
    assert np.isfinite(session.run(["log_odds"], full)[0]).all()
    with pytest.raises(Exception, match="out of data bounds"):
        session.run(None, {"input_ids": ones, "attention_mask": ones})


def test_quantized_weights_stay_int8():
    graph = onnx.load_from_string(onnx_file(PIECES["pieces"]())).graph
    matrices = [each for each in graph.initializer if len(each.dims) == 2 and min(each.dims) > 1]
    in_int8 = [each for each in matrices if each.data_type == onnx.TensorProto.INT8]
    assert len(in_int8) == len(matrices) == 2 + 2 * 4  # vectors, blocks


def test_texts_that_the_other_components_do_not_know_are_empty_rows():
    model = PIECES["pieces beside n-grams"]()
    inputs = inputs_of(model, ["asdf qwer", "good film"])
    assert inputs[""].lengths.tolist()[0] == 2
    assert inputs[""].lengths.tolist()[1] == 4
    assert np.diff(inputs["base_"].indptr).tolist()[0] == 0


@pytest.mark.slow
def test_the_bundled_language_model():
    model = load("general").model
    texts = [*TEST.read_text(encoding="utf-8").splitlines()[1:], "", "asdf qwer zxcv"]
    content = onnx_file(model)
    assert len(content) < 30e6  # its weights are int8
    session = onnxruntime.InferenceSession(content)
    for start in range(0, len(texts), 50):
        some = texts[start : start + 50]
        _, *each = session.run(None, onnx_inputs(inputs_of(model, some)))
        expected = model.scores(some).of_columns(model.labels)
        read = ~np.isnan(expected)
        assert np.stack(each, axis=1)[read] == pytest.approx(expected[read], abs=1e-5)


def test_another_kind_of_network_is_refused():
    with pytest.raises(UsageError, match="cannot be exported"):
        onnx_file(changed(small_model(), network=None))
