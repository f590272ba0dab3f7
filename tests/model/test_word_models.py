"""Models of words in their order: answers, and the file."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import ModelError
from sentiment.features.words import MIN_KNOWN, WordEncoder, WordReading
from sentiment.labels import SENTIMENT, WITH_NEUTRAL
from sentiment.model.component import Coverage
from sentiment.model.convolution import ConvolutionalNetwork
from sentiment.model.explanation import explain
from sentiment.model.file import (
    document_of,
    format_of,
    load_model,
    model_of,
    save_model,
    tensors_of,
)
from sentiment.model.network import Layer
from sentiment.model.phrases import strongest_phrases
from sentiment.model.transformer import Table
from tests.features.test_pieces import TEXTS
from tests.model.convolutions import (
    BUCKETS,
    FILTERS,
    SIZE,
    random_network,
    word_encoder,
    words_model,
)
from tests.model.encoders import pieces_model
from tests.model.small import changed, small_model

MODEL = words_model()
ENCODER, NETWORK = MODEL.own.encoder, MODEL.own.network
MIXED = small_model().on(MODEL, 0.7)


@given(st.lists(TEXTS, min_size=1, max_size=6), st.integers(0, 99))
@settings(max_examples=50)
def test_neither_the_batch_nor_the_order_changes_a_probability(texts, seed):
    for model in (MODEL, MIXED):
        together = model.probabilities(texts)
        order = np.random.default_rng(seed).permutation(len(texts))
        assert model.probabilities([texts[row] for row in order]) == pytest.approx(
            together[order], abs=1e-5, nan_ok=True
        )


def test_log_odds_add_up_and_either_component_may_know_enough():
    texts = ["good film", "映画", "a qwxz", "loved the was"]
    ngrams, mixed = small_model(), MIXED.log_odds(texts)
    for row, text in enumerate(texts):
        own, base = ngrams.log_odds([text])[0], MODEL.log_odds([text])[0]
        assert mixed[row] == pytest.approx(own + 0.7 * base, abs=1e-5)
    assert MODEL.scores(["good film", "qwxz", "a qwxz vbnm", ""]).coverage.tolist() == [
        0, Coverage.NONE, Coverage.LOW, 0,
    ]  # fmt: skip
    assert MODEL.answers(MODEL.scores(["qwxz", ""])) == ["uncertain", ""]
    assert MODEL.log_odds(["qwxz"])[0] == MODEL.empty_logits


@given(TEXTS)
@settings(max_examples=50)
def test_words_contributions_add_up(text):
    for model in (MODEL, MIXED, pieces_model().on(MODEL, 0.5)):
        found = explain(model, text)
        total = sum(word.contribution for word in found.words)
        if found.words:
            assert found.base + total == pytest.approx(found.logit, abs=1e-4)


def test_the_phrases_of_a_model_are_single_words():
    keys = WordReading().read(["good bad film"]).keys.tolist()
    model = changed(MODEL, phrases=dict(zip(keys, ["good", "bad", "film"], strict=True)))
    both = [name for side in strongest_phrases(model, 5) for name, _ in side]
    assert sorted(both) == ["bad", "film", "good"]


# The file


def test_a_loaded_model_is_the_saved_one(tmp_path):
    exact = changed(MODEL, network=random_network(1, rows=ENCODER.size))
    for model in (MODEL, MIXED, words_model(WITH_NEUTRAL), exact):
        save_model(model, tmp_path / "model")
        loaded = load_model(tmp_path / "model")
        assert format_of(loaded) == 5
        texts = ["a good film", "", "unbelievable, and bad!"]
        assert np.array_equal(
            loaded.probabilities(texts), model.probabilities(texts), equal_nan=True
        )
        first = (tmp_path / "model").read_bytes()
        save_model(loaded, tmp_path / "model")
        assert (tmp_path / "model").read_bytes() == first
        assert loaded.components[-1].encoder == model.components[-1].encoder
    assert words_model(WITH_NEUTRAL).restricted(SENTIMENT).probabilities(["good"]).shape == (1, 2)


def test_what_is_kept_of_how_texts_are_read():
    encoder = replace(ENCODER, reading=WordReading(5, 0, repair=False, ratings=False))
    own = model_of(*parts(changed(MODEL, encoder=encoder))).own
    settings = {"head": 5, "tail": 0, "stem": 5, "repair": False, "ratings": False}
    settings |= {"buckets": BUCKETS}
    assert own.encoder.settings() == settings
    assert own.min_coverage == MIN_KNOWN
    text = json.dumps(document_of(MODEL))
    assert "ngrams" not in text
    assert len(text) < 500


def parts(model):
    return document_of(model), tensors_of(model)


def network(**changes: object) -> ConvolutionalNetwork:
    return replace(NETWORK, **changes)


def large(layer: Layer, scale: float = 1e32) -> Layer:
    return replace(layer, scale=np.full_like(layer.scale, scale))


def forged_encoder(**changes: object) -> WordEncoder:
    return replace(ENCODER, **changes)


SCALE = np.ones(ENCODER.size, np.float32)
FIRST, *REST = NETWORK.filters
INPUTS = 3 * FILTERS + SIZE
SQUARE = Layer.exact(np.ones((INPUTS, INPUTS), np.float32), np.zeros(INPUTS, np.float32))
WIDE = Layer.exact(np.ones((17 * SIZE, FILTERS), np.float32), np.zeros(FILTERS, np.float32))
REFUSED = {
    "keys out of order": {"encoder": forged_encoder(keys=ENCODER.keys[::-1])},
    "a key twice": {"encoder": forged_encoder(keys=ENCODER.keys - ENCODER.keys)},
    "a kind that there is not": {"encoder": forged_encoder(kinds=ENCODER.kinds + np.uint8(3))},
    "more buckets than vectors": {"encoder": forged_encoder(buckets=BUCKETS + 1)},
    "nothing is read": {"encoder": forged_encoder(reading=WordReading(0, 0))},
    "too much is read": {"encoder": forged_encoder(reading=WordReading(1 << 17, 0))},
    "too much at once": {
        "encoder": forged_encoder(reading=WordReading(1 << 16, 1 << 16)),
        "network": network(
            filters=(replace(WIDE, kernel=WIDE.kernel[: 16 * SIZE]),) * 150,
            head=(Layer.exact(np.ones((600 + SIZE, 1), np.float32), np.zeros(1, np.float32)),),
        ),
    },
    "no truth": {"encoder": forged_encoder(reading=WordReading(repair=3))},
    "large vectors": {
        "network": network(
            words=replace(NETWORK.words, scale=np.full(ENCODER.size, 1e37, np.float32))
        )
    },
    "fewer scales": {"network": network(words=Table(NETWORK.words.rows, NETWORK.words.scale[1:]))},
    "large filters": {"network": network(filters=(large(FIRST), *REST))},
    "vectors and filters large together": {
        "network": network(
            words=replace(NETWORK.words, scale=SCALE * np.float32(1e20)),
            filters=(large(FIRST, 1e20), *REST),
        )
    },
    "filters too wide": {
        "network": network(
            filters=(WIDE,),
            head=(Layer.exact(np.ones((FILTERS + SIZE, 1), np.float32), np.zeros(1, np.float32)),),
        )
    },
    "large dense layers": {"network": network(head=(*(large(SQUARE, 1e30),) * 5, *NETWORK.head))},
    "more dense layers than there may be": {
        "network": network(head=(*(SQUARE,) * 17, *NETWORK.head))
    },
    "another number of classes": {"network": random_network(3, rows=ENCODER.size)},
    "weights that are no numbers": {
        "network": network(filters=(large(FIRST, np.nan), *REST)),
    },
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_well_sealed_file_with_parts_that_do_not_fit_is_refused(name, tmp_path):
    save_model(changed(MODEL, **REFUSED[name]), tmp_path / "forged")
    with pytest.raises(ModelError, match="damaged model") as error:
        load_model(tmp_path / "forged")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"filters": 0},
        {"filters": 4},
        {"filters": 1e3},
        {"filters": True},
        {"layers": 0},
        {"layers": 1},
        {"layers": 3},
        {"reading": []},
        {"reading": {"head": 6, "tail": 5, "stem": 5}},
        {"reading": {"head": 6, "tail": -1, "stem": 5, "buckets": BUCKETS}},
        {"reading": {"head": 6, "tail": 5, "stem": 5, "buckets": 0}},
        {"reading": {"head": 6, "tail": 5, "stem": 5, "buckets": 1 << 40}},
        {"reading": {"head": 6, "tail": 5, "stem": 0, "buckets": BUCKETS}},
        {"reading": {"head": "6", "tail": 5, "stem": 5, "buckets": BUCKETS}},
        {"kind": "ngrams"},
        {"kind": "pieces"},
        {"kind": "cnn"},
    ],
)
def test_settings_that_do_not_fit_are_refused(fields):
    with pytest.raises((ValueError, KeyError, TypeError)):
        model_of(document_of(MODEL) | fields, tensors_of(MODEL))


@pytest.mark.parametrize("name", ["words.keys", "words.kinds", "words.rows", "filters.0.bias"])
def test_tensors_of_other_types_are_refused(name):
    tensors = tensors_of(MODEL)
    other = np.float32 if name == "words.keys" else np.uint64
    for changed_to in (tensors[name].astype(other), tensors[name][None]):
        with pytest.raises(ValueError, match="has the type"):
            model_of(document_of(MODEL), tensors | {name: changed_to})


def test_sums_at_the_limit_stay_finite():
    """What is just not refused gives numbers, and no warning."""
    network = replace(
        NETWORK,
        words=replace(NETWORK.words, scale=SCALE * np.float32(1e11)),
        filters=tuple(large(layer, 1e11) for layer in NETWORK.filters),
        head=(large(NETWORK.head[0], 1e29), *NETWORK.head[1:]),
    )
    loaded = model_of(*parts(changed(MODEL, network=network)))
    assert np.isfinite(loaded.probabilities(["a good film", "bad " * 60])).all()
    row = loaded.own.encoder.transform(["a good film"])
    assert np.isfinite(loaded.own.network.credit(row)).all()


def test_an_encoder_of_few_words_is_refused_where_it_is_made():
    with pytest.raises(ValueError, match="differ in number"):
        replace(word_encoder(), kinds=np.zeros(3, np.uint8))
