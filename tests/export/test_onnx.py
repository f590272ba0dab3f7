"""The exported ONNX graph gives what numpy gives."""

import json

import numpy as np
import pytest

from sentiment.errors import UsageError
from sentiment.export import inputs_of, onnx_file
from sentiment.model.file import load_model
from tests.conftest import TEST
from tests.export.models import MODELS, TEXTS, numpy_log_odds
from tests.model.small import changed, small_model

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")


def run_onnx(model, inputs):
    """Run the exported network; return its log-odds, [n, K − 1], and probabilities, [n, C]."""
    content = onnx_file(model)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    feed = {}
    for prefix, rows in inputs.items():
        feed |= {
            f"{prefix}ids": rows.indices.astype(np.int64),
            f"{prefix}values": rows.data,
            f"{prefix}offsets": rows.indptr,
        }
    names = [name for name, _ in model.labels.columns]
    assert ["log_odds", *names] == [output.name for output in session.get_outputs()]
    log_odds, *each = session.run(None, feed)
    return log_odds.reshape(len(log_odds), len(model.labels) - 1), np.stack(each, axis=1)


@pytest.mark.parametrize("name", MODELS)
def test_it_gives_what_numpy_gives(name):
    model = MODELS[name]()
    for texts in (TEXTS, TEXTS[:1], [""], []):
        inputs = inputs_of(model, texts)
        log_odds, probabilities = run_onnx(model, inputs)
        assert log_odds == pytest.approx(numpy_log_odds(model, inputs), abs=1e-5)
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
        _, p_positive = run_onnx(model, inputs_of(model, texts))
        assert p_positive[:, 0] == pytest.approx(model.scores(texts).p_positive, abs=1e-5)


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


def test_another_kind_of_network_is_refused():
    with pytest.raises(UsageError, match="cannot be exported"):
        onnx_file(changed(small_model(), network=None))
