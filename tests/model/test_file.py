import json
import struct
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from sentiment.api import LoadedModel
from sentiment.errors import ModelError
from sentiment.features.matrix import DocumentTermMatrix
from sentiment.features.ngrams import NGrams
from sentiment.features.vectorizer import Vectorizer
from sentiment.labels import LabelSet
from sentiment.model.component import Calibration, Component
from sentiment.model.decision import Decision
from sentiment.model.file import (
    document_of,
    format_of,
    load_model,
    model_of,
    save_model,
    tensors_of,
)
from sentiment.model.model import Model, Record, Scores
from sentiment.model.network import DenseNetwork, Layer
from sentiment.model.provenance import DatasetSummary, Provenance, TrainingHashes
from tests.format import reader
from tests.format.vectors import VERSIONS
from tests.model.small import changed

FIXTURES = Path(__file__).parent.parent / "fixtures"


def small_model() -> Model:
    incidence = DocumentTermMatrix.of(["good film", "bad film"], NGrams(2, 3, 1, 2, 4, (2, 3)))
    vectorizer = Vectorizer.fit(incidence, np.array([1, 0]))
    random = np.random.default_rng(0)
    kernels = [
        random.normal(size=shape).astype(np.float32)
        for shape in ((vectorizer.keys.size, 4), (4, 1))
    ]
    hidden, output = (Layer.exact(k, np.full(k.shape[1], 0.1, np.float32)) for k in kernels)
    own = Component(
        vectorizer,
        DenseNetwork((hidden.quantized(), output)),
        Calibration(0.9, (0.1,)),
        phrases={int(vectorizer.keys[0]): "good – “film”"},
    )
    record = Record(
        ({"number": 1, "loss": 0.5},),
        Provenance(
            training=DatasetSummary({"negative": 1, "positive": 1}, "ab"),
            validation=DatasetSummary({"negative": 0, "positive": 1}, "cd"),
            accuracy=0.9,
            best_epoch=3,
            calibrated=True,
            refitted=True,
            unlabeled=0,
            options={"seed": 0},
            versions={"sentiment": "1"},
        ),
        TrainingHashes(np.array([1, 5], np.uint64), np.array([2, 7], np.uint64)),
    )
    return Model((own,), Decision(0.4, (0.3, 0.6)), record)


def provenance(**changes: Any) -> Provenance:
    return replace(small_model().record.provenance, **changes)


def test_right_answers_come_back_by_name_in_the_order_of_the_classes(tmp_path):
    counts = {"cold": 3, "mild": 1, "warm": 2}
    about = provenance(
        training=DatasetSummary(counts, "ab"),
        validation=DatasetSummary(counts, "cd"),
        right={"warm": 2, "cold": 1, "mild": 0},
    )
    save_model(changed(small_model(), provenance=about), tmp_path / "model")
    loaded = load_model(tmp_path / "model").record.provenance
    assert loaded.training == about.training
    assert [*loaded.right.items()] == [("cold", 1), ("mild", 0), ("warm", 2)]


def scaled(*scales: float) -> DenseNetwork:
    """The network of the small model with weights far too large, and more layers like its last."""
    hidden, output = small_model().own.network.layers
    between = [Layer.exact(np.ones((4, 4), np.float32), hidden.bias) for _ in scales[2:]]
    layers = (hidden, *between, output)
    return DenseNetwork(
        tuple(
            replace(
                layer,
                kernel=np.asarray(layer.kernel, np.float32),
                scale=np.full(layer.bias.shape, scale, np.float32),
            )
            for layer, scale in zip(layers, (*scales, 1.0, 1.0), strict=False)
        )
    )


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    save_model(small_model(), path)
    return path.read_bytes()


def load_bytes(data: bytes, folder: Path) -> Model:
    path = folder / "m.safetensors"
    path.write_bytes(data)
    return load_model(path)


def test_a_loaded_model_is_the_saved_one(saved, tmp_path):
    model, loaded = small_model(), load_bytes(saved, tmp_path)
    assert loaded.own.encoder == model.own.encoder
    assert loaded.own.network == model.own.network
    assert (loaded.own.calibration, loaded.decision) == (model.own.calibration, model.decision)
    assert loaded.record.history == model.record.history
    assert loaded.record.provenance == model.record.provenance
    assert loaded.own.phrases == model.own.phrases
    assert loaded.record.training_hashes.whole.tolist() == [1, 5]
    assert loaded.record.training_hashes.passages.tolist() == [2, 7]
    texts = ["good", "bad film", "", "unknown"]
    assert np.array_equal(loaded.probabilities(texts), model.probabilities(texts), equal_nan=True)


def test_saving_twice_gives_the_same_bytes(saved, tmp_path):
    save_model(small_model(), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == saved


def test_the_file_is_plain_safetensors_with_one_metadata_key(saved, tmp_path):
    load_bytes(saved, tmp_path)
    with safe_open(tmp_path / "m.safetensors", framework="numpy") as file:
        assert list(file.metadata()) == ["sentiment"]
        assert json.loads(file.metadata()["sentiment"])["format"] == 1
        assert file.get_tensor("layers.0.kernel").dtype == np.int8


@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_of_each_format_still_loads_and_answers_the_same(version):
    model = load_model(FIXTURES / f"format-{version}.safetensors")
    expected = json.loads((FIXTURES / f"format-{version}.json").read_text(encoding="utf-8"))
    probabilities = model.probabilities(list(expected))
    if model.labels.is_binary:
        probabilities = probabilities[:, 1]
    assert probabilities == pytest.approx(np.array(list(expected.values())))
    assert (len(model.components) == 1) == (version == "1")
    assert format_of(model) == int(version[0])


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_model_of_an_old_format_repairs_texts_and_leaves_ratings_alone(version):
    model = load_model(FIXTURES / f"format-{version}.safetensors")
    assert {component.encoder.ngrams[-2:] for component in model.components} == {(True, False)}


@pytest.mark.parametrize("fields", [{"repair": False}, {"ratings": True}, {"reversal": 3}])
def test_how_texts_are_read_is_kept_by_a_model_and_by_what_it_stands_on(fields, tmp_path):
    base = small_model()
    ngrams = base.own.encoder.ngrams._replace(**fields)
    base = changed(base, encoder=replace(base.own.encoder, ngrams=ngrams))
    save_model(small_model().on(base, 1.0), tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.components[1].encoder.ngrams == ngrams
    assert loaded.own.encoder.ngrams == small_model().own.encoder.ngrams
    assert format_of(loaded) == (3 if "reversal" in fields else 4)


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
@pytest.mark.parametrize("base", [False, True])
def test_another_activation_is_kept_and_older_programs_refuse_it(activation, base, tmp_path):
    model = small_model()
    network = replace(model.own.network, activation=activation)
    model = changed(model, network=network)
    model = small_model().on(model, 1.0) if base else model
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert loaded.components[-1].network == network
    assert format_of(loaded) == 5
    assert np.array_equal(loaded.log_odds(["good"]), model.log_odds(["good"]))


def message_of(data: bytes, folder: Path) -> str:
    with pytest.raises(ModelError) as error:
        load_bytes(data, folder)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        b"id,text,label\n1,fine,1\n" * 9,
        struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 40_000) + b"[" * 40_000,
    ],
)
def test_another_kind_of_file_is_not_a_model(data, tmp_path):
    assert "not a sentiment model" in message_of(data, tmp_path)


def test_a_newer_format_asks_for_an_upgrade(saved, tmp_path):
    newer = saved.replace(rb"\"format\":1", rb"\"format\":9")
    assert "upgrade" in message_of(newer, tmp_path)


@settings(deadline=None)
@given(st.data())
def test_any_damaged_byte_is_found(saved, tmp_path_factory, data):
    place = data.draw(st.integers(0, len(saved) - 1))
    flipped = data.draw(st.integers(1, 255))
    damaged = bytearray(saved)
    damaged[place] ^= flipped
    message_of(bytes(damaged), tmp_path_factory.getbasetemp())


@settings(deadline=None)
@given(st.data())
def test_a_file_cut_short_is_found(saved, tmp_path_factory, data):
    length = data.draw(st.integers(0, len(saved) - 1))
    message_of(saved[:length], tmp_path_factory.getbasetemp())


@pytest.mark.parametrize(
    "change",
    [
        {"calibration": Calibration(-1.0, (0.0,))},
        {"history": ("loss",)},
        {"history": ({"loss": "low"},)},
        {
            "provenance": provenance(
                training=DatasetSummary({"negative": 0, "positive": -1}, ""),
            )
        },
        {"provenance": provenance(training=DatasetSummary({"good": 1}, ""))},
        {
            "provenance": provenance(
                training=DatasetSummary(dict.fromkeys(map(str, range(51)), 1), "")
            )
        },
        {"provenance": provenance(right={"positive": 1})},
        {"provenance": provenance(right={"negative": 0, "positive": 2})},
        {"provenance": provenance(right={"negative": 0, "neutral": 0, "positive": 1})},
        {"provenance": provenance(versions={"sentiment": 1})},
        {"provenance": provenance(options=[])},
        {"history": ({"accuracy": 0.5},)},
        {"history": ({"validation_accuracy": 1e308},)},
        {"history": ({"loss": -0.1},)},
        {"history": ({"loss": 1e308},)},
        {"provenance": provenance(accuracy=1e308)},
        {"calibration": Calibration(1e308, (0.0,))},
        {"calibration": Calibration(1.0, (-1e308,))},
        {"decision": Decision(5.0)},
        {"decision": Decision(0.5, (0.9, 0.1))},
        {"decision": Decision(0.5, (-5.0, 0.6))},
        {"encoder": replace(small_model().own.encoder, ngrams=NGrams(characters=(5, 2)))},
        {"encoder": replace(small_model().own.encoder, ngrams=NGrams(characters=(0, 2)))},
        {"labels": LabelSet(("good", "good"))},
        {"labels": LabelSet(("good", "uncertain"))},
        {"labels": LabelSet(("bad", "\x1b[2J"))},
        {"labels": LabelSet(("bad", "good" * 21))},
        {"network": replace(small_model().own.network, activation="cube")},
        {"network": replace(small_model().own.network, activation=["relu"])},
        {"network": replace(small_model().own.network, activation=None)},
        {"network": scaled(1e38)},
        {"network": scaled(1e-30, 1e38)},
        {"network": scaled(1e25, 1e38, 1e38, 1e38)},
        {"phrases": {0: 1}},
        {"phrases": {-5: "good"}},
        {"phrases": {1 << 64: "good"}},
        {"network": DenseNetwork(small_model().own.network.layers[1:])},
        {"network": DenseNetwork(small_model().own.network.layers[:1])},
        {"encoder": replace(small_model().own.encoder, weights=np.zeros(1, np.float32))},
        {"encoder": replace(small_model().own.encoder, ngrams=NGrams(words=10**6))},
        {"encoder": replace(small_model().own.encoder, ngrams=NGrams(repair=0))},
        {"encoder": replace(small_model().own.encoder, ngrams=NGrams(ratings="yes"))},
        {
            "encoder": replace(
                small_model().own.encoder, keys=small_model().own.encoder.keys[::-1].copy()
            )
        },
        {
            "encoder": replace(
                small_model().own.encoder,
                weights=np.full_like(small_model().own.encoder.weights, np.nan),
            )
        },
    ],
)
def test_a_well_sealed_file_with_parts_that_do_not_fit_is_refused(change, tmp_path):
    save_model(changed(small_model(), **change), tmp_path / "forged")
    message_of((tmp_path / "forged").read_bytes(), tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"calibration": Calibration(float("nan"), (0.0,))}, {"decision": Decision(float("inf"))}],
)
def test_numbers_that_are_not_finite_are_never_written(change, tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_model(changed(small_model(), **change), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(ModelError, match="no such model"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="a folder"):
        load_model(tmp_path)


def test_no_room_is_made_for_a_file_twice(tmp_path):
    path = tmp_path / "m.safetensors"
    with path.open("wb") as file:
        file.truncate(32 << 20)
    tracemalloc.start()
    with pytest.raises(ModelError):
        load_model(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 << 20


def test_a_model_that_cannot_be_written_leaves_the_old_one(saved, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"old")

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(OSError, match="No space left"):
        save_model(small_model(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def with_card(card) -> Model:
    model = small_model()
    return changed(model, provenance=replace(model.record.provenance, card=card))


def test_a_card_is_kept_and_only_written_where_there_is_one(tmp_path):
    card = {"what it is": "A model.\nFor tests.", "limits": ""}
    save_model(with_card(card), tmp_path / "with")
    save_model(with_card({}), tmp_path / "without")
    assert load_model(tmp_path / "with").record.provenance.card == card
    assert load_model(tmp_path / "without").record.provenance.card == {}
    assert b'"card"' not in (tmp_path / "without").read_bytes()


@pytest.mark.parametrize(
    "card",
    [
        {"title": 3},
        ["title"],
        {str(number): "" for number in range(33)},
        {"t" * 81: ""},
        {"title": "t" * 10_001},
    ],
)
def test_a_card_that_is_none_is_damage(tmp_path, card):
    save_model(with_card(card), tmp_path / "model")
    with pytest.raises(ModelError, match="damaged"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("least", [0.0, 0.125])
def test_how_much_has_to_be_known_is_kept(tmp_path, least):
    save_model(changed(small_model(), min_coverage=least), tmp_path / "model")
    assert load_model(tmp_path / "model").own.min_coverage == least
    save_model(small_model(), tmp_path / "usual")
    assert b"least_known" not in (tmp_path / "usual").read_bytes()


def test_a_share_to_be_known_beyond_one_is_damage(tmp_path):
    save_model(changed(small_model(), min_coverage=1.5), tmp_path / "model")
    with pytest.raises(ModelError, match="damaged"):
        load_model(tmp_path / "model")


def test_other_labels_are_kept_and_name_the_answers(tmp_path):
    labels = LabelSet(("ham", "spam"), ordered=True)
    named = replace(changed(small_model(), labels=labels), decision=Decision())
    save_model(named.on(named, 1.0), tmp_path / "model")
    model = load_model(tmp_path / "model")
    assert (model.labels, format_of(model)) == (labels, 4)
    scores = Scores(np.array([[0.9, 0.1], [0.1, 0.9]]), np.zeros(2, np.uint8))
    assert model.answers(scores) == ["ham", "spam"]
    assert LoadedModel(model).classes_.tolist() == ["ham", "spam"]
    answer = LoadedModel(model).predict(["good film"])[0]
    assert answer == reader.read(tmp_path / "model").answer("good film")[1] != "uncertain"
    save_model(small_model(), tmp_path / "usual")
    assert b"labels" not in (tmp_path / "usual").read_bytes()


def test_a_component_of_an_unknown_kind_is_refused():
    model = small_model()
    assert model_of(document_of(model), tensors_of(model)).own.encoder == model.own.encoder
    with pytest.raises(KeyError, match="other"):
        model_of(document_of(model) | {"kind": "other"}, tensors_of(model))
