"""Vectors of words from files: how they are read, what is refused, what a training begins with."""

import gzip
import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import SentimentClassifier
from sentiment.errors import SentimentError
from sentiment.features.words import WordReading
from sentiment.model.file import load_model, save_model
from sentiment.training import cnn
from sentiment.training.embeddings import Embeddings, WordVectors
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Run
from sentiment.training.vocabulary import FittedWords
from tests.model.small import changed

FIXTURES = Path(__file__).parents[1] / "fixtures"
READING = WordReading()
TEXTS = [
    f"{('a good film , good', 'a bad film , unseen')[n % 2]} café don't {n}" for n in range(60)
]
LABELS = (1 - np.arange(60) % 2).astype(np.int16)
ROWS = "the 1 2 3\ngood 0.5 -1 2e-1\nbad -0.5 1 0\n, 0 0 1\n"


def keys_of(*words: str) -> np.ndarray:
    return np.unique(READING.read(words).keys)


def vectors_of(path: Path, *words: str) -> dict[str, list[float]]:
    """The vectors of these words in a file, as far as it has any."""
    found = Embeddings.of(path).vectors(keys_of(*words), READING)
    places = {word: np.flatnonzero(found.keys == keys_of(word)[0]) for word in words}
    return {word: found.rows[place[0]].tolist() for word, place in places.items() if place.size}


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        ROWS, f"4 3\n{ROWS}", f"\ufeff4 3\n{ROWS}", ROWS.replace("\n", "\r\n"), ROWS.rstrip("\n"),
        ROWS.replace("\n", " \n"), ROWS.replace("\n", "\n\n"), ROWS.replace(" ", "\t"),
        ROWS.replace("good", "GOOD"), f"{ROWS}good 9 9 9\nGood 8 8 8\n",
        f"{ROWS}. . . 7 7 7\nat me@example.com 7 7 7\nnot good 7 7 7\n", f"{ROWS} 7 7 7\n",
        f"7 7 7 7\n{ROWS}",
    ],
)  # fmt: skip
def test_the_same_vectors_however_they_are_written(text, tmp_path):
    plain = written(tmp_path / "plain.txt", text)
    packed = written(tmp_path / "packed.txt.gz", gzip.compress(text.encode()))
    expected = {"good": [0.5, -1, 0.2], "bad": [-0.5, 1, 0], ",": [0, 0, 1]}
    for path in (plain, packed):
        found = vectors_of(path, "good", "bad", ",", "film")
        assert found == {word: pytest.approx(row) for word, row in expected.items()}


def test_words_are_matched_as_texts_are_read(tmp_path):
    path = written(tmp_path / "v.txt", "Don’t 1\nCAFE\u0301 2\n\N{NO-BREAK SPACE}x 3\n10/10 4\n")
    found = vectors_of(path, "don't", "café", "x", "10/10", "n't")
    assert found == {"don't": [1], "café": [2], "x": [3], "10/10": [4]}


def test_a_file_is_streamed(tmp_path):
    """The peak is far below the file: neither its lines nor its other vectors are kept."""
    row = " ".join(["0.123456"] * 100)
    path = written(tmp_path / "v.txt", "".join(f"w{n} {row}\n" for n in range(12_000)))
    keys = keys_of("w3", "w11999")
    Embeddings.of(path).vectors(keys, READING)  # what is loaded or cached once
    tracemalloc.start()
    try:
        found = Embeddings.of(path).vectors(keys, READING)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.rows.shape == (2, 100)
    assert peak < path.stat().st_size / 2


line = st.lists(
    st.sampled_from([b"good", b"1", b"-2.5", b"nan", b"1e99", b"4 3", b"\xff", b"\0", b"_", b"."])
)


@given(st.one_of(st.binary(), st.lists(line).map(lambda lines: b"\n".join(map(b" ".join, lines)))))
def test_any_file_is_read_or_refused_in_one_line(tmp_path_factory, data):
    path = written(tmp_path_factory.getbasetemp() / "wild.txt", data)
    said, rows = "", np.zeros((0, 1))
    try:
        rows = Embeddings.of(path).vectors(keys_of("good", "."), READING).rows
    except SentimentError as error:
        said = str(error)
    assert np.isfinite(rows).all()
    assert len(rows) <= 2
    assert len(rows) or said.startswith(str(path))
    assert "\n" not in said


def test_vectors_are_scaled_and_zeros_stay():
    keys = np.arange(2, dtype=np.uint64)
    found = WordVectors(keys, np.array([[3, 4], [0, 0]], np.float32)).scaled(0.1)
    assert np.sqrt(np.mean(found.rows**2)) == pytest.approx(0.1)
    assert found.rows[0, 1] / found.rows[0, 0] == pytest.approx(4 / 3)
    zeros = WordVectors(keys, np.zeros((2, 2), np.float32))
    assert zeros.scaled(0.1).rows.tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("networks", [1, 2])
def test_words_begin_with_their_vectors_and_others_at_random(networks, tmp_path):
    path = written(tmp_path / "v.txt", ROWS)
    options = TrainingOptions(architecture="cnn", embeddings=path)
    recipe = cnn.choose(TEXTS, LABELS, options)
    assert recipe.size == 3
    assert recipe.as_json()["embeddings"] == options.as_json()["embeddings"]
    indexed = cnn.index(TEXTS, recipe, Run())
    encoder = cnn.fit_encoder(indexed, np.eye(2), np.ones(len(TEXTS)), recipe, options)
    rows = [cnn.encode(indexed, encoder)] * networks
    model = cnn.build([each.width for each in rows], recipe, 2, options)
    before = cnn.to_numpy(model, [each.width for each in rows])
    cnn.initialize(model, rows)
    after = cnn.to_numpy(model, [each.width for each in rows])
    found = Embeddings.of(path).vectors(encoder.encoder.keys, READING)
    known, vectors = found.find(encoder.encoder.keys)
    others = np.setdiff1d(np.arange(encoder.encoder.size), known)
    assert known.size == 3  # good, bad and the comma
    for old, new in zip(before, after, strict=True):
        summed = cnn.parts_of(FittedWords(encoder.encoder, encoder.beginnings), new)[1].words
        begun = summed.take(known)
        factor = np.sqrt(np.mean(begun**2) / np.mean(vectors**2))
        assert begun == pytest.approx(factor * vectors, abs=1e-6)
        kept = [each.network.words.take(others).tolist() for each in (old, new)]
        assert kept[0] == kept[1]


def test_no_more_words_have_vectors_than_the_vocabulary_may_have(tmp_path):
    path = written(tmp_path / "v.txt", ROWS)
    options = TrainingOptions(architecture="cnn", embeddings=path, features=2)
    texts = ["good good film film bad"] * 3
    recipe = cnn.choose(texts, LABELS[:3], options)
    assert cnn.index(texts, recipe, Run()).vectors.keys.tolist() == keys_of("good").tolist()


def test_another_file_is_another_option(tmp_path):
    one, same, other = (
        TrainingOptions(embeddings=written(tmp_path / folder / "v.txt", text)).as_json()
        for folder, text in (("a", ROWS), ("b", ROWS), ("c", f"{ROWS}film 1 2 3\n"))
        if not (tmp_path / folder).mkdir()
    )
    assert one == same != other
    assert one["embeddings"]["file"] == "v.txt"
    assert TrainingOptions().as_json()["embeddings"] is None


BINARY = b"3 4\ngood " + np.arange(4, dtype=np.float32).tobytes() + b"\nbad " + bytes(16)
REFUSED = [
    ("", "v.txt: no vectors; name a file with a word and numbers a line"),
    ("text,label\nfine,1\n", "v.txt, row 1: not a word and its numbers, as GloVe and"),
    ("a fine film\n", "v.txt, row 1: not a word and its numbers"),
    ("2 3\n", "v.txt, row 1: not a word and its numbers"),
    ("2 0\ngood 1\n", "v.txt, row 2: not a word and its numbers"),
    (BINARY, "v.txt, row 2: not text; a binary file of word2vec"),
    (b"PK\x03\x04" + bytes(99), "v.txt: a zip archive; unpack it, and name a file in it"),
    (f"{ROWS}film 1 2\n", "v.txt, row 5: 2 numbers, and other rows have 3; the file is damaged"),
    (f"{ROWS}film 1 2 3 4\n", "v.txt, row 5: 4 numbers, and other rows have 3"),
    (f"9 4\n{ROWS}", "v.txt, row 2: 3 numbers, and other rows have 4"),
    (f"{ROWS}film 1 nan 3\n", "v.txt, row 5: a number is not finite; delete this row"),
    (f"{ROWS}film 1 -1e39 3\n", "v.txt, row 5: a number is not finite"),
    (f"{ROWS}film 1 x 3\n", "v.txt, row 5: not a word and its numbers"),
    (f"9 2000\ngood {'1 ' * 2000}\n", "row 1: vectors of 2,000 numbers; the most is 1,024"),
    ("bueno 1 2\nmalo 3 4\n", "v.txt: none of the 8 words of the reviews; name a file of their"),
    (gzip.compress(ROWS.encode() * 99, mtime=0)[:-9], "v.txt: damaged or cut short"),
    ("x" * 300_000, "v.txt, row 1: not a word and its numbers"),
]


@pytest.mark.parametrize(("data", "said"), REFUSED)
def test_a_file_without_vectors_is_one_clear_line(data, said, run, tmp_path, monkeypatch):
    from sentiment.training import train as module

    monkeypatch.setattr(module, "start_loading", lambda: None)  # nothing is trained
    written(tmp_path / "v.txt", data)
    lines = [f'"{text}",{label}' for text, label in zip(TEXTS, LABELS, strict=True)]
    written(tmp_path / "r.csv", "\n".join(["text,label", *lines]))
    command = ["train", "r.csv", "--architecture", "cnn", "-o", "m", "-q"]
    done = run(*command, "--embeddings", "v.txt", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("command", ["train", "cross-validate", "tune"])
def test_options_that_do_not_fit_are_refused_before_any_review_is_read(command, run, tmp_path):
    written(tmp_path / "v.txt", ROWS)
    for options, said in (
        (["--embeddings", "v.txt"], "--embeddings needs --architecture cnn"),
        (
            ["--architecture", "encoder", "--embeddings", "v.txt"],
            "--embeddings needs --architecture cnn",
        ),
        (
            ["--architecture", "cnn", "--word-ngrams", "2"],
            "--word-ngrams cannot be combined with --architecture cnn: leave out one of the two",
        ),
        (["--fine-tune", "2"], "--fine-tune needs --architecture encoder"),
    ):
        done = run(command, "missing.csv", *options, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (2, f"error: {said}\n")


def test_missing_files_folders_and_pipes(run, tmp_path):
    command = ["train", "r.csv", "--architecture", "cnn", "--embeddings"]
    assert (
        run(*command, "no.txt", cwd=tmp_path).stderr == "error: no.txt: No such file or directory\n"
    )
    assert run(*command, ".", cwd=tmp_path).stderr == "error: .: Is a directory\n"
    os.mkfifo(tmp_path / "pipe")
    done = run(*command, "pipe", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: pipe: not a file; save the vectors to a file first\n"


def test_the_model_does_not_replace_the_vectors(run, tmp_path):
    written(tmp_path / "v.txt", ROWS)
    written(tmp_path / "r.csv", "text,label\ngood,1\nbad,0\n")
    command = ["train", "r.csv", "--architecture", "cnn", "--embeddings", "v.txt", "--force"]
    done = run(*command, "-o", "v.txt", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert (tmp_path / "v.txt").read_text() == ROWS


@pytest.mark.slow
def test_it_is_trained_with_shown_and_resumed_with_the_same_file_only(run, tmp_path, monkeypatch):
    from sentiment.cli import train_options as module
    from tests.training.test_checkpoint import Killed, Mortal

    lines = [f'"{text}",{label}' for text, label in zip(TEXTS, LABELS, strict=True)]
    written(tmp_path / "r.csv", "\n".join(["text,label", *lines]))
    written(tmp_path / "v.txt", ROWS)
    command = ["train", "r.csv", "--architecture", "cnn", "--epochs", "2", "--checkpoint", "c"]
    command += ["--embeddings", "v.txt"]
    done = run(*command, "-o", "m", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 of 8 words have a vector in v.txt\n" in done.stderr
    assert "vectors of 3 numbers that begin with v.txt" in done.stderr
    with monkeypatch.context() as patched:
        patched.setattr(module, "Checkpoint", type("Dying", (Mortal,), {"left": 1}))
        with pytest.raises(Killed):
            run(*command, "-o", "again", cwd=tmp_path)
    written(tmp_path / "v.txt", ROWS.replace("0.5", "0.6"))
    done = run(*command, "--resume", "-o", "again", cwd=tmp_path)
    assert done.returncode == 2
    assert "the checkpoint is of a training with another embeddings; use the same" in done.stderr
    written(tmp_path / "v.txt", ROWS)
    done = run(*command, "--resume", "-o", "again", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()
    done = run("info", "m", cwd=tmp_path)
    assert "\nembeddings  v.txt (hash " in done.stdout
    assert str(tmp_path).encode() not in (tmp_path / "m").read_bytes()


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ({"file": "v\x1b[2J.txt", "hash": "0123456789abcdef"}, "embeddings  v"),
        ({"file": 3, "hash": "0"}, ""), ({"file": "v"}, ""), ("v.txt", ""), (None, ""), ([], ""),
    ],
)  # fmt: skip
def test_info_shows_the_file_that_a_model_names_if_that_makes_sense(file, shown, run, tmp_path):
    model = load_model(FIXTURES / "format-1.safetensors")
    about = model.record.provenance
    forged = replace(about, recipe=about.recipe | {"embeddings": file})
    save_model(changed(model, provenance=forged), tmp_path / "m")
    done = run("info", tmp_path / "m")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert (shown in done.stdout) if shown else ("embeddings" not in done.stdout)


@pytest.mark.slow
def test_the_estimator_takes_a_file(tmp_path):
    path = written(tmp_path / "v.txt", ROWS)
    classifier = SentimentClassifier(architecture="cnn", epochs=2, embeddings=path)
    classifier.fit(TEXTS, LABELS)
    assert classifier.model_.record.provenance.recipe["embeddings"]["file"] == "v.txt"
    assert classifier.model_.own.network.words.rows.shape[1] == 3
