"""Models of pieces: answers, and the file."""

import json
import pickle
import subprocess
import sys
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import ModelError
from sentiment.features.pieces import MIN_KNOWN, PieceEncoder
from sentiment.features.wordpiece import WordPiece
from sentiment.labels import WITH_NEUTRAL
from sentiment.model.component import Coverage
from sentiment.model.explanation import explain
from sentiment.model.file import (
    document_of,
    format_of,
    load_model,
    model_of,
    save_model,
    tensors_of,
)
from sentiment.model.model import Model
from sentiment.model.network import Layer
from sentiment.model.transformer import Norm, Table, Transformer
from tests.features.test_pieces import TEXTS
from tests.model.encoders import (
    CORRECTED,
    HEADS,
    LONGEST,
    WIDTH,
    WORDS,
    pieces_model,
    random_transformer,
)
from tests.model.small import changed, small_model

MODEL = pieces_model()
MIXED = small_model().on(MODEL, 0.7)
NETWORK = MODEL.own.network


@given(st.lists(TEXTS, min_size=1, max_size=6), st.integers(0, 99))
@settings(max_examples=20)
def test_neither_the_batch_nor_the_order_changes_a_probability(texts, seed):
    for model in (MODEL, MIXED):
        together = model.probabilities(texts)
        order = np.random.default_rng(seed).permutation(len(texts))
        assert model.probabilities([texts[row] for row in order]) == pytest.approx(
            together[order], abs=1e-5, nan_ok=True
        )
        for row, text in enumerate(texts):
            assert model.probabilities([text])[0] == pytest.approx(
                together[row], abs=1e-5, nan_ok=True
            )


def test_log_odds_add_up_and_either_component_may_know_enough():
    texts = ["good film", "映画", "a qwxz", "loved the was"]
    ngrams, mixed = small_model(), MIXED.log_odds(texts)
    for row, text in enumerate(texts):
        own, base = ngrams.log_odds([text])[0], MODEL.log_odds([text])[0]
        assert mixed[row] == pytest.approx(own + 0.7 * base, abs=1e-5)
    assert MODEL.scores(texts).coverage.tolist() == [0, Coverage.NONE, 0, 0]
    assert MIXED.scores(texts).coverage.tolist() == [0, 0, 0, 0]


def test_a_text_of_which_too_little_is_known_has_the_log_odds_of_an_empty_one():
    scores = MODEL.scores(["qwxz vbnm", "a qwxz vbnm", ""])
    assert scores.coverage.tolist() == [Coverage.NONE, Coverage.LOW, 0]
    assert MODEL.answers(scores) == ["uncertain", "uncertain", ""]
    assert MODEL.log_odds(["qwxz"])[0] == MODEL.empty_logits


def silent(model: Model) -> Model:
    """The model whose own component leaves it to others whether enough is known."""
    return changed(model, encoder=replace(model.own.encoder, judges=False))


def test_an_encoder_that_does_not_judge_counts_where_another_component_knows_enough(tmp_path):
    model = silent(MODEL).on(small_model(), 0.7)
    save_model(model, tmp_path / "silent.safetensors")
    texts = ["good film", "loved the was", "qwxz", "No comment", "", "film film loved the was"]
    for each in (model, load_model(tmp_path / "silent.safetensors")):
        scores = each.scores(texts)
        assert scores.coverage.tolist() == [0, Coverage.NONE, Coverage.NONE, 3, 0, 0]
        nothing = each.log_odds(texts)[[1, 2, 3]]
        assert nothing == pytest.approx(np.repeat(each.empty_logits[None], 3, axis=0))
        both = MODEL.log_odds(["good film"]) + 0.7 * small_model().log_odds(["good film"])
        assert each.log_odds(["good film"]) == pytest.approx(both, abs=1e-5)
        assert np.isnan(each.log_odds([""])).all()
        explained = explain(each, "loved the was")
        assert explained.answer == "uncertain"
        assert all(word.contribution == 0 for word in explained.words)
        known = explain(each, "good film")
        total = sum(word.contribution for word in known.words)
        assert known.base + total == pytest.approx(known.logit, abs=1e-4)


def test_an_encoder_that_does_not_judge_answers_alone():
    model = silent(MODEL)
    assert model.scores(["loved the was", "qwxz", ""]).coverage.tolist() == [0, 0, 0]


@pytest.mark.slow
def test_ten_thousand_short_texts_and_one_without_end_take_little_memory():
    MODEL.scores(["good"])
    texts = ["a good film was bad"] * 10_000 + ["a good film " * 100_000]
    tracemalloc.start()
    MODEL.scores(texts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50 << 20


def test_other_processes_are_sent_int8_weights_alone():
    model = pieces_model()
    fresh = len(pickle.dumps(model))
    model.scores(["a good film"])
    model.scores(["a film " * 40] * 3)
    assert vars(model.own.network).keys() >= {"weights", "cut_weights"}
    assert len(pickle.dumps(model)) < fresh + 200


# The file


def test_a_loaded_model_is_the_saved_one(tmp_path):
    hidden = changed(MODEL, network=random_transformer(1, 1, hidden=(6, 5)))
    for model in (MODEL, MIXED, pieces_model(WITH_NEUTRAL), hidden):
        save_model(model, tmp_path / "model")
        loaded = load_model(tmp_path / "model")
        assert format_of(loaded) == 4
        texts = ["a good film", "", "unbelievable, and bad!"]
        assert np.array_equal(
            loaded.probabilities(texts), model.probabilities(texts), equal_nan=True
        )
        first = (tmp_path / "model").read_bytes()
        save_model(loaded, tmp_path / "model")
        assert (tmp_path / "model").read_bytes() == first


def test_what_is_kept_of_an_encoder():
    encoder = PieceEncoder(WordPiece(WORDS, 5, 7), repairs=False, judges=False)
    model = changed(MODEL, encoder=encoder, min_coverage=MIN_KNOWN)
    own = model_of(document_of(model), tensors_of(model)).own
    assert own.encoder.pieces.vocabulary == WORDS
    settings = {"head": 5, "tail": 7, "repair": False, "judges": False, "corrected": []}
    assert own.encoder.settings() == settings
    assert own.min_coverage == MIN_KNOWN
    assert document_of(MODEL)["pieces"] == {
        "head": 8,
        "tail": LONGEST - 8,
        "corrected": [*CORRECTED],
    }


def test_weights_may_be_exact_and_blocks_none():
    for blocks in (0, 2):
        network = random_transformer(blocks, 1)
        model = changed(MODEL, network=network)
        own = model_of(document_of(model), tensors_of(model)).own
        rows = own.encoder.transform(["a good film"])
        assert own.network.logits(rows) == pytest.approx(network.logits(rows))


def test_tensors_are_read_where_they_are_in_the_file(tmp_path):
    save_model(MODEL, tmp_path / "model")
    network = load_model(tmp_path / "model").own.network
    for block in network.blocks:
        assert all(layer.kernel.dtype == np.int8 for layer in block.layers)
        assert not any(layer.kernel.flags.owndata for layer in block.layers)
    assert "weights" not in vars(network)


def with_words(*words: str) -> PieceEncoder:
    return PieceEncoder(WordPiece(words, 8, 8))


def network(**changes: object) -> Transformer:
    return replace(NETWORK, **changes)


def large(layer: Layer, scale: float = 1e20) -> Layer:
    return replace(layer, scale=np.full_like(layer.scale, scale))


def block(**changes: object) -> Transformer:
    first, *rest = NETWORK.blocks
    return replace(NETWORK, blocks=(replace(first, **changes), *rest))


FIRST = NETWORK.blocks[0]
ZEROS = np.zeros(WIDTH, np.float32)
SQUARE = Layer.exact(np.ones((WIDTH, WIDTH), np.float32), ZEROS)
REFUSED = {
    "fewer pieces than vectors": {"encoder": with_words(*WORDS[:-1])},
    "more pieces": {"encoder": with_words(*WORDS, "more")},
    "a piece with a line end": {"encoder": with_words(*WORDS[:-1], "a\nb")},
    "an empty piece": {"encoder": with_words(*WORDS[:-1], "")},
    "more places than there are": {"encoder": PieceEncoder(WordPiece(WORDS, 8, LONGEST))},
    "no truth": {"encoder": PieceEncoder(WordPiece(WORDS, 8, 8), 3)},
    "large vectors": {
        "network": network(words=replace(NETWORK.words, scale=np.full(30, 1e13, np.float32)))
    },
    "large places": {
        "network": network(places=replace(NETWORK.places, scale=np.full(48, 1e13, np.float32)))
    },
    "a large norm": {"network": network(norm=Norm(ZEROS + np.float32(1e13), ZEROS))},
    "a large shift": {"network": network(norm=Norm(ZEROS, ZEROS + np.float32(1e13)))},
    "large attention": {"network": block(attention=large(FIRST.attention))},
    "large sums of heads": {"network": block(merge=large(FIRST.merge))},
    "large units": {"network": block(widen=large(FIRST.widen))},
    "a large second layer": {"network": block(narrow=large(FIRST.narrow))},
    "units and weights of them large together": {
        "network": block(widen=large(FIRST.widen, 1e7), narrow=large(FIRST.narrow, 1e7))
    },
    "a large norm of a block": {"network": block(merge_norm=Norm(ZEROS + np.float32(1e13), ZEROS))},
    "a short norm": {"network": network(norm=Norm(ZEROS[:-1], ZEROS))},
    "a short norm of a block": {"network": block(narrow_norm=Norm(ZEROS, ZEROS[:-1]))},
    "a large hidden layer": {"network": network(hidden=(large(SQUARE, 1e38),) * 4)},
    "more hidden layers than there may be": {"network": network(hidden=(SQUARE,) * 17)},
    "a large output": {"network": network(output=large(NETWORK.output))},
    "another number of classes": {"network": random_transformer(outputs=3)},
    "fewer scales": {"network": network(words=Table(NETWORK.words.rows, NETWORK.words.scale[1:]))},
    "weights that are no numbers": {
        "network": network(output=Layer.exact(np.full((WIDTH, 1), np.nan, np.float32), ZEROS[:1]))
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
        {"heads": 5},
        {"heads": 0},
        {"heads": WIDTH + HEADS},
        {"heads": True},
        {"blocks": 3},
        {"blocks": 65},
        {"blocks": -1},
        {"pieces": []},
        {"pieces": {"head": 0, "tail": 8}},
        {"pieces": {"head": 8, "tail": 0}},
        {"pieces": {"head": 8}},
        {"pieces": {"head": LONGEST, "tail": 1}},
        {"pieces": {"head": 8, "tail": 8, "corrected": "good"}},
        {"pieces": {"head": 8, "tail": 8, "corrected": ["no piece"]}},
        {"pieces": {"head": 8, "tail": 8, "corrected": ["unlisted"]}},
        {"pieces": {"head": 8, "tail": 8, "corrected": ["##s"]}},
        {"pieces": {"head": 8, "tail": 8, "corrected": ["good"] * 20_000}},
        {"long_scale": -1},
        {"long_scale": 1e9},
        {"long_scale": "1"},
        {"kind": "ngrams"},
        {"kind": "transformer"},
        {"kind": None},
    ],
)
def test_settings_that_do_not_fit_are_refused(fields):
    with pytest.raises((ValueError, KeyError, TypeError)):
        model_of(document_of(MODEL) | fields, tensors_of(MODEL))


@pytest.mark.parametrize(
    "vocabulary",
    [
        "\n".join(WORDS).encode() + b"\xff",
        "\n".join(WORDS).encode("utf-16"),
        "\n".join([*WORDS[:-1], WORDS[0]]).encode(),
        "\n".join(WORDS).replace("[CLS]", "start").encode(),
        b"\n" * (1 << 18),
        b"x" * (1 << 23),
    ],
)
def test_a_vocabulary_that_is_none_is_refused(vocabulary):
    tensors = tensors_of(MODEL) | {"pieces.vocabulary": np.frombuffer(vocabulary, np.uint8)}
    with pytest.raises(ValueError, match=r"piece|vocabulary|decode"):
        model_of(document_of(MODEL), tensors)


@pytest.mark.parametrize("name", ["pieces.vocabulary", "words.rows", "norm.scale", "output.bias"])
def test_tensors_of_other_types_are_refused(name):
    tensors = tensors_of(MODEL)
    for other in (tensors[name].astype(np.uint64), tensors[name][None]):
        with pytest.raises(ValueError, match="has the type"):
            model_of(document_of(MODEL), tensors | {name: other})


def test_sums_and_squares_at_the_limit_stay_finite():
    """What is just not refused gives numbers, and no warning."""
    largest = replace(
        NETWORK,
        words=replace(NETWORK.words, scale=np.full(30, 4e9, np.float32)),
        blocks=tuple(
            replace(
                each,
                attention=large(each.attention, 1e7),
                merge=large(each.merge, 1e-3),
                widen=large(each.widen, 1e7),
                narrow=large(each.narrow, 1e-3),
            )
            for each in NETWORK.blocks
        ),
    )
    model = changed(MODEL, network=largest)
    loaded = model_of(document_of(model), tensors_of(model))
    assert np.isfinite(loaded.probabilities(["a good film", "bad " * 60])).all()
    row = loaded.own.encoder.transform(["a good film"])
    assert np.isfinite(loaded.own.network.credit(row)).all()


def test_the_document_is_small_and_has_no_n_grams(tmp_path):
    save_model(MODEL, tmp_path / "model")
    text = json.dumps(document_of(MODEL))
    assert "ngrams" not in text
    assert len(text) < 500


def test_n_grams_are_answered_without_loading_the_transformer():
    code = (
        "import sys; from sentiment.cli import main; main(['predict', 'good', '-m', 'fast']);"
        "print([name for name in sys.modules if name in ('sentiment.model.transformer',"
        "'sentiment.features.wordpiece', 'sentiment.features.characters')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
