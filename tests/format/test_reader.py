"""docs/format.md, docs/vectors.json, a reader that follows them, and the program say the same."""

import json
import math
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment.features import characters
from sentiment.features.ngrams import negations
from sentiment.features.repair import edited, ratings, repair
from sentiment.features.tokens import PIECE_SIZE, pieces
from sentiment.general import FAST_MODEL
from sentiment.model.decision import MultiDecision
from sentiment.model.file import load_model, save_model
from sentiment.model.own_words import OwnWords
from sentiment.values import gives_no_opinion
from tests.conftest import ROOT, TEST
from tests.format import reader
from tests.format.vectors import FILE, FIXTURES, vectors
from tests.format.wild import WILD
from tests.model.encoders import pieces_model, random_transformer
from tests.model.small import changed, small_model

pytestmark = pytest.mark.slow

VECTORS = json.loads(FILE.read_text(encoding="utf-8"))
MODELS = [ROOT / name for name in FIXTURES]
DOCUMENT = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")


def test_the_vectors_are_what_the_program_gives():
    same(json.loads(json.dumps(vectors())), VECTORS)


def same(found, expected) -> None:
    """Compare JSON values, numbers by 1e-5: processors do not round alike."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        found, expected = list(found.values()), list(expected.values())
    if isinstance(expected, list):
        for one, other in zip(found, expected, strict=True):
            same(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-5)
    else:
        assert found == expected


def test_hashes():
    for word, expected in VECTORS["hashes"].items():
        assert f"{reader.hash_of(word):016x}" == expected
    for left, right, expected in VECTORS["combined"]:
        combined = reader.combine(reader.hash_of(left), reader.hash_of(right))
        assert f"{combined:016x}" == expected
    assert {name: f"{salt:016x}" for name, salt in reader.SALTS.items()} == VECTORS["salts"]


@pytest.mark.parametrize("vector", VECTORS["texts"], ids=lambda vector: ascii(vector["text"])[:30])
def test_tokens(vector):
    assert reader.repair(vector["text"]) == vector["repaired"]
    assert reader.with_ratings(vector["text"]) == vector["with ratings"]
    normalized = reader.normalize(vector["text"])
    tokens = reader.tokens_of(normalized)
    assert normalized == vector["normalized"]
    assert tokens == vector["tokens"]
    assert reader.squeeze(normalized) == vector["squeezed"]
    for name, reversal in (("negated, 6", 0), ("negated, 6, reversal 12", 12)):
        flags = reader.negated(tokens, 6, reversal)
        assert [i for i, flag in enumerate(flags) if flag] == vector[name]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_features_and_answers(path):
    model = reader.read(path)
    for vector in VECTORS["models"][str(path.relative_to(ROOT))]:
        check_rows(model, vector)
        log_odds, known = model.weigh(vector["text"])
        expected = vector["log-odds"] or [math.nan] * len(log_odds)
        assert log_odds == pytest.approx(expected, abs=1e-5, nan_ok=True)
        assert known == vector["known"]
        assert model.answer(vector["text"])[1] == vector["answer"]


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_other_activations(activation, tmp_path):
    words = OwnWords(("good",), ((0.0, 0.5),))  # the other reason for version 5
    model = small_model((8, 4), activation=activation).with_words(words)
    save_model(model, tmp_path / "m.safetensors")
    found = reader.read(tmp_path / "m.safetensors")
    text = "not a good film, but I loved the bad music"
    assert found.weigh(text)[0] == pytest.approx(model.log_odds([text])[0], abs=1e-5)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_dense_layers_over_the_mean_of_pieces(activation, tmp_path):
    network = replace(random_transformer(1, 1, hidden=(6, 5)), activation=activation)
    model = changed(pieces_model(), network=network)
    save_model(model, tmp_path / "m.safetensors")
    found = reader.read(tmp_path / "m.safetensors")
    text = "unbelievable, a good film"
    assert found.weigh(text)[0] == pytest.approx(model.log_odds([text])[0], abs=1e-5)


def test_typing_errors_in_corrected_words(tmp_path):
    model = pieces_model()
    save_model(model, tmp_path / "m.safetensors")
    found, pieces = reader.read(tmp_path / "m.safetensors"), model.own.encoder.pieces
    words = ["".join(letters) for letters in product("godh", repeat=4)]
    words += [f"th{middle}bs" for middle in ("um", "mu", "u", "m", "uum", "umm", "em", "om", "uym")]
    for word in [*words, "tuhmbs", "humbs", "thumb", "thumbbs", "hhumbs", "Thmubs!"]:
        assert found.divided(word) == [*pieces.divided(word)]


def check_rows(model: reader.Model, vector) -> None:
    row = model.row(vector["text"])
    if isinstance(model, reader.PieceModel):
        assert " ".join(model.pieces[number] for number in row) == vector["pieces"]
    elif isinstance(model, reader.WordModel):
        assert row == vector["words"]
    else:
        assert list(row) == [number for number, *_ in vector["features"]]
        for number, key, weight, value in vector["features"]:
            assert model.numbers[int(key, 16)] == number
            assert model.weights[number] == weight
            assert row[number] == pytest.approx(value, abs=1e-7)
    assert model.logits(row) == pytest.approx(vector["logits"], abs=1e-5)
    assert (model.base is None) == ("base" not in vector)
    if model.base is not None:
        check_rows(model.base, {"text": vector["text"], **vector["base"]})


@pytest.mark.parametrize(
    "path", [path for path in MODELS if path.stem != "format-5"], ids=lambda path: path.stem
)  # words of a user are not exported
def test_an_exported_network_takes_what_the_reader_makes(path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from sentiment.export import onnx_file

    texts = [vector["text"] for vector in VECTORS["models"][str(path.relative_to(ROOT))]]
    session = onnxruntime.InferenceSession(onnx_file(load_model(path)))
    inputs = reader.read(path).inputs(texts)
    kinds = {"tensor(int64)": np.int64, "tensor(float)": np.float32}
    feed = {
        each.name: np.array(inputs.pop(each.name), kinds[each.type])
        for each in session.get_inputs()
    }
    model = load_model(path)
    names, labels = zip(*model.labels.columns, strict=True)
    p = np.stack(session.run(names, feed), axis=1)
    assert not inputs
    expected = model.probabilities(texts)[:, labels]
    read = ~np.isnan(expected[:, 0])
    assert read.any()
    assert p[read] == pytest.approx(expected[read], abs=1e-5)


@cache  # no fixture: Hypothesis would print it whole beside a failing text
def both(path: Path) -> tuple[reader.Model, object]:
    # How the program tells languages apart is no part of the format.
    return reader.read(path), load_model(path).for_languages(())


def test_the_bundled_model_on_this_project_s_reviews():
    theirs, ours = both(FAST_MODEL)
    texts = [line for line in TEST.read_text(encoding="utf-8").splitlines() if line][::8]
    check_answers(theirs, ours, texts)


@given(st.lists(WILD, min_size=1, max_size=3), st.sampled_from(MODELS))
def test_any_text(texts, path):
    check_answers(*both(path), texts)


@given(st.lists(WILD, min_size=1, max_size=3))
@example(["nothing", "good"])
def test_any_text_by_the_bundled_model(texts):
    check_answers(*both(FAST_MODEL), texts)


def check_answers(theirs: reader.Model, ours, texts: list[str]) -> None:
    # Section 6: a text that says it has no opinion is the program's matter, not the format's.
    texts = [text for text in texts if not gives_no_opinion(text)] or ["good"]
    scores = ours.scores(texts)
    p, answers = zip(*(theirs.answer(text) for text in texts), strict=True)
    assert np.array(p) == pytest.approx(scores.probabilities, abs=1e-5, nan_ok=True)
    sure = is_sure(ours.decision, scores.probabilities)
    expected = ours.answers(scores)
    assert [a for a, s in zip(answers, sure, strict=True) if s] == [
        a for a, s in zip(expected, sure, strict=True) if s
    ]


def is_sure(decision, probabilities: np.ndarray) -> np.ndarray:
    """Return which probabilities are not at an edge of the decision, bool [n]."""
    if isinstance(decision, MultiDecision):
        first, second = -np.sort(-(np.log(probabilities) - (decision.offsets or 0)), axis=1)[
            :, :2
        ].T
        edges = np.abs(probabilities - (decision.minima or 0)).min(axis=1)
        return ~(first - second < 1e-4) & ~(edges < 1e-5)
    edges = np.array([decision.threshold, *(decision.abstention_interval or ())])
    return ~(np.abs(probabilities[:, 1:] - edges).min(axis=1) < 1e-5)


@given(WILD)
def test_any_text_is_repaired_and_rated_alike(text):
    assert repair(text) == reader.repair(text)
    assert edited(text, ratings(text)) == reader.with_ratings(text)


@given(st.lists(WILD, min_size=1, max_size=4))
def test_any_texts_have_the_same_tokens_and_negations(texts):
    (piece,) = pieces(texts, repaired=False)
    hashes, rows = piece.hashes(), piece.token_rows()
    flags = negations(hashes, rows, 6, 12).flags
    for row, text in enumerate(texts):
        tokens = reader.tokens_of(reader.normalize(text))
        assert hashes[rows == row].tolist() == [reader.hash_of(token) for token in tokens]
        assert flags[rows == row].tolist() == reader.negated(tokens, 6, 12)


# All up to the large blocks of Chinese and Korean, then one in seven.
CHARACTERS = [chr(code) for code in [*range(0x3400), *range(0x3400, 0x110000, 7)]]


def test_code_points_have_the_class_that_the_document_says():
    # A letter on either side: what is a word character joins them, space parts them, a mark stands.
    normal = [c for c in CHARACTERS if c not in "':;=<" and reader.normalize(c) == c]
    for first in range(0, len(normal), 0x4000):
        text = " ".join(f"a{c}a" for c in normal[first : first + 0x4000])
        assert len(text) < PIECE_SIZE
        (piece,) = pieces([text], repaired=False)
        spans = [(start - 1, end - 1) for start, end in zip(piece.starts, piece.ends, strict=True)]
        assert spans == reader.spans(reader.normalize(text))


def test_a_letter_between_which_signs_are_apostrophes_is_what_the_document_says():
    letters = [c for c in CHARACTERS if not 0xD800 <= ord(c) < 0xE000 and reader.is_letter(c)]
    text = " ".join(f"{c}`{c}" for c in letters)
    assert repair(text) == " ".join(f"{c}'{c}" for c in letters)
    others = [c for c in CHARACTERS if not reader.is_letter(c) and c not in "\\"]
    assert "a'" not in repair("".join(f"a`{c} " for c in others if ord(c) not in reader.SIGNS))


def test_the_document_names_every_word_of_the_rules():
    words = DOCUMENT.replace("\n", " ")
    rules = (reader.NEGATIONS, reader.SINGLES, reader.FILLERS, reader.STOPS[:-1])
    for some in (*rules, reader.STEMS, reader.UNITS, reader.ENCODINGS):
        assert " ".join(some) in " ".join(words.split())
    assert all(f"`{pair}`" in words for pair in reader.PAIRS)
    assert all(f"`{name};`" in words for name in reader.BY_NAME)
    assert all(f"{code:04X}" in words for code in reader.SIGNS)


def test_the_document_has_the_tables_of_characters():
    for ours, theirs in (
        (characters._DROPPED, reader.DROPPED),
        (characters._PUNCTUATION, reader.PUNCTUATION),
        (characters._IDEOGRAPHS, reader.IDEOGRAPHS),
    ):
        bounds = [each.split("-") for each in ours.split()]
        assert [(int(b[0], 16), int(b[-1], 16)) for b in bounds] == [
            (each.start, each.stop - 1) for each in theirs
        ]


def test_every_character_is_read_as_the_document_says():
    for code in [*range(0, 0x3000, 3), *range(0x3000, 0x110000, 97)]:
        assert chr(code).translate(characters.Reading()) == reader.plain(chr(code)), hex(code)


def test_the_document_names_what_exported_networks_take_and_give():
    about = DOCUMENT.split("## 9.")[1]
    for name in (
        *("ids", "values", "offsets", "input_ids", "attention_mask"),
        *("base_", "base_base_", "log_odds", "p_positive"),
    ):
        assert f"`{name}`" in about


def test_the_reader_stands_alone():
    source = Path(reader.__file__).read_text(encoding="utf-8")
    assert "import sentiment" not in source
    assert "from sentiment" not in source
    assert "numpy" not in source.split('"""', 2)[2]
