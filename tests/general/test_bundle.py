"""How the encoder of the bundled model is made, on a tiny network and a few texts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment.features.pieces import PieceEncoder
from sentiment.features.wordpiece import WordPiece
from sentiment.model.transformer import Transformer
from tests.model.encoders import LONGEST, VOCABULARY, random_transformer
from tools.general import corpus, encoder, stack
from tools.general.corpus import Course, Example, Mixture
from tools.general.encoder import Recipe, Stage, fine_tune

PRAISE, BLAME = (0.01, 0.04, 0.95), (0.95, 0.04, 0.01)
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "the", "film", "room", ".")
LETTERS = [chr(ord("a") + number) for number in range(VOCABULARY - len(WORDS))]
ENCODER = PieceEncoder(WordPiece((*WORDS, *LETTERS), head=8, tail=LONGEST - 8))
TEXTS = [
    Example(f"the {noun} {word} {letter}", target, "own")
    for noun in ("film", "room")
    for word, target in (("good", PRAISE), ("bad", BLAME))
    for letter in LETTERS
]
MIXTURE = Mixture(shares={}, views={}, lessons=20, groups=4)
STAGES = (
    Stage(MIXTURE, epochs=2, learning_rate=2e-3),
    Stage(replace(MIXTURE, lessons=30, mistyped=0.3), learning_rate=1e-3),
)
RECIPE = Recipe(stages=STAGES, pieces=64, bfloat16=False)


def made(folder: Path, recipe: Recipe = RECIPE) -> Transformer:
    return fine_tune(recipe, {"own": TEXTS}, ENCODER, random_transformer(outputs=2), folder)


def few(shares: dict[str, float]) -> Mixture:
    return Mixture(shares, {}, lessons=5, groups=2, mistyped=0.0)


def bytes_of(network: Transformer) -> bytes:
    return b"".join(layer.kernel.tobytes() for each in network.blocks for layer in each.layers)


@pytest.mark.slow
def test_a_stopped_run_goes_on_as_if_it_had_not_been(tmp_path, monkeypatch):
    whole = bytes_of(made(tmp_path / "whole"))
    again = bytes_of(made(tmp_path / "again"))
    assert again == whole
    save = encoder._save

    def stopped(path, variables, done, last):
        save(path, variables, done, last)
        raise RuntimeError("stopped")

    monkeypatch.setattr(encoder, "_EVERY", 7)
    monkeypatch.setattr(encoder, "_save", stopped)
    with pytest.raises(RuntimeError, match="stopped"):
        made(tmp_path / "stopped")
    monkeypatch.setattr(encoder, "_save", save)
    assert bytes_of(made(tmp_path / "stopped")) == whole


@pytest.mark.slow
def test_300_steps_make_the_same_bytes_for_the_same_seed(tmp_path):
    recipe = replace(RECIPE, stages=(replace(STAGES[0], epochs=20), STAGES[1]))
    first, again = (bytes_of(made(tmp_path / name, recipe)) for name in ("first", "again"))
    steps = [int(np.load(each)["steps"][1]) for each in (tmp_path / "first").glob("*.npz")]
    assert (len(steps), sum(steps) >= 300) == (2, True)
    assert first == again


@pytest.mark.slow
def test_a_network_made_before_is_read_from_its_file(tmp_path, monkeypatch):
    whole = bytes_of(made(tmp_path))
    monkeypatch.setattr(encoder, "_train", None)  # it would fail
    assert bytes_of(made(tmp_path)) == whole
    other = RECIPE.digest({"own": TEXTS[1:]})
    assert other != RECIPE.digest({"own": TEXTS})


def test_nodes_of_a_tree_are_its_phrases():
    nodes = list(corpus._nodes("(3 (2 The) (4 (2 film) (4 (1 (2 not) (3 -LRB-)) (2 a\\/b))))"))
    assert nodes == [
        (2, ["The"]),
        (2, ["film"]),
        (2, ["not"]),
        (3, ["-LRB-"]),
        (1, ["not", "-LRB-"]),
        (2, ["a/b"]),
        (4, ["not", "-LRB-", "a/b"]),
        (4, ["film", "not", "-LRB-", "a/b"]),
        (3, ["The", "film", "not", "-LRB-", "a/b"]),
    ]


def test_held_out_texts_are_in_no_epoch_and_equal_texts_on_one_side():
    kept_back = [each for each in TEXTS if corpus.held_out(each.text)]
    assert 0 < len(kept_back) < len(TEXTS) / 5
    course, mixture = Course({"own": TEXTS}), few({"own": 2.0})
    shown = {each.text for seed in range(5) for each in course.epoch(seed, mixture)}
    assert not shown & {each.text for each in kept_back}
    assert all(corpus.held_out(f" {each.text.upper()}\n") for each in kept_back)


def test_shares_say_how_often_a_source_is_seen():
    course = Course({"own": TEXTS})
    trained = sum(not corpus.held_out(each.text) for each in TEXTS)
    for share, count in ((0.0, 0), (0.5, round(trained / 2)), (1.0, trained), (2.0, 2 * trained)):
        found = course.epoch(1, few({"own": share}))
        assert sum(each.source == "own" for each in found) == count
        assert len(found) == count + 5 + 8


def test_a_long_text_is_shown_by_its_end_or_whole():
    text = " ".join(f"w{number}" for number in range(300))
    examples = [Example(f"{text} {number}", PRAISE, "imdb") for number in range(40)]
    mixture = Mixture({}, {"imdb": ((55, 0.8), (0, 0.45))}, lessons=0, groups=0)
    shown = Course({"imdb": examples}).epoch(1, mixture)
    assert {len(each.text.split()) for each in shown} == {55, 301}


def test_a_share_of_texts_has_typing_errors():
    examples = [
        Example(f"the room was clean number {number}", PRAISE, "own") for number in range(200)
    ]
    course, clean = Course({"own": examples}), {each.text for each in examples}
    for share, least, most in ((0.0, 0, 0), (0.3, 30, 90)):
        shown = course.epoch(1, Mixture({}, {}, lessons=0, groups=0, mistyped=share))
        assert least <= sum(each.text not in clean for each in shown) <= most


def test_a_cut_vocabulary_reads_known_texts_alike():
    network = random_transformer()
    texts = 5 * ["the good film", "bad bad room."]
    smaller, cut = stack.cut(ENCODER, network, stack.occurring(ENCODER, texts))
    kept = set(smaller.pieces.vocabulary)
    assert {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "the", "film", "room", "a"} <= kept
    expected = network.logits(ENCODER.transform(texts))
    assert cut.logits(smaller.transform(texts)) == pytest.approx(expected, abs=1e-6)
    kept = stack.occurring(ENCODER, 5 * ["the room"] + 4 * ["good"])
    smaller, _ = stack.cut(ENCODER, network, kept)
    assert "good" not in smaller.pieces.vocabulary
