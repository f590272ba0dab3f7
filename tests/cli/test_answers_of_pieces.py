"""Every command that answers, with models of pieces of words."""

import csv
import io
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest

from sentiment import workers
from sentiment.api import load
from sentiment.cli import scoring
from sentiment.labels import WITH_NEUTRAL
from sentiment.model.file import load_model, save_model
from tests.commands import Run
from tests.model.encoders import pieces_model
from tests.model.small import small_model

pytestmark = pytest.mark.slow

GOOD = ["I loved the film.", "the cafe was good", "unbelievably good 👍", "it was a good film!"]
BAD = ["it was not good.", "bad, bad film", "I loved it not", "the film was bad!"]
OTHER = ["", "qwxz vbnm", "映画", "10/10", "a film " * 40]


_UNDER = pytest.param("under n-grams", marks=pytest.mark.slow)


@pytest.fixture(scope="module", params=["pieces", "beside n-grams", _UNDER])
def model(request, tmp_path_factory) -> Path:
    made = {
        "pieces": pieces_model(),
        "beside n-grams": pieces_model().on(small_model(), 0.5),
        "under n-grams": small_model().on(pieces_model(), 0.5),
    }[request.param]
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    save_model(made, path)
    return path


@pytest.fixture(scope="module")
def reviews(model, tmp_path_factory) -> Path:
    """Reviews that a model of random weights ranks right, nearly all."""
    path = tmp_path_factory.mktemp("reviews") / "reviews.csv"
    texts = [*GOOD, *BAD]
    ranked = [texts[row] for row in np.argsort(expected(model, texts))]
    rows = [(text, ("negative", "positive")[place > 3]) for place, text in enumerate(ranked)] * 6
    rows += [(ranked[0], "positive"), (ranked[-1], "negative")]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *rows])
    return path


def expected(model: Path, texts: list[str]) -> list[float]:
    return load_model(model).probabilities(texts)[:, 1].tolist()


def test_texts_files_and_pipes_are_answered_alike(run: Run, model, tmp_path):
    texts = [*GOOD, *BAD, *OTHER[1:]]
    (tmp_path / "texts.txt").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    from_arguments = run("predict", "-m", model, "--format", "jsonl", "--", *texts)
    from_file = run("predict", "-m", model, "-i", tmp_path / "texts.txt", "--format", "jsonl")
    piped = "".join(f"{text}\n" for text in texts)
    from_pipe = run("predict", "-m", model, "--format", "jsonl", stdin=piped)
    assert from_arguments.returncode == 0, from_arguments.stderr
    assert from_arguments.stdout == from_pipe.stdout
    answers = [json.loads(line) for line in from_arguments.stdout.splitlines()]
    of_file = [json.loads(line) for line in from_file.stdout.splitlines()]
    assert [a["predicted"] for a in of_file] == [a["predicted"] for a in answers]
    assert [a["text"] for a in answers] == texts
    for answer, p in zip(answers, expected(model, texts), strict=True):
        assert answer["p_positive"] is None or answer["p_positive"] == pytest.approx(p, abs=1e-5)
    assert {a["predicted"] for a in answers} >= {"uncertain", "positive"}


@pytest.mark.parametrize("form", ["text", "csv", "tsv", "jsonl", "fasttext"])
def test_every_format_is_written(run: Run, model, reviews, tmp_path, form):
    out = tmp_path / f"out.{form}"
    done = run("predict", "-m", model, "-i", reviews, "-o", out, "--format", form)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert len(out.read_text(encoding="utf-8").splitlines()) >= 50


@pytest.mark.slow
def test_workers_answer_as_one_process_does(start: Run, model, tmp_path):
    texts = [*GOOD, *BAD, *OTHER[1:4]] * 600
    path = tmp_path / "many.txt"
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    found = {}
    for count in ("1", "2"):
        done = start("predict", "-m", model, "-i", path, "--format", "csv", "--workers", count)
        assert done.returncode == 0, done.stderr
        found[count] = [*csv.DictReader(io.StringIO(done.stdout))]
    assert len(found["1"]) == len(texts)
    for one, two in zip(found["1"], found["2"], strict=True):
        assert one["predicted"] == two["predicted"]
        p, q = one["p_positive"], two["p_positive"]
        assert p == q or float(p) == pytest.approx(float(q), abs=1e-5)


@pytest.fixture
def started(monkeypatch):
    """Few texts are many here; how many processes were started each time."""
    sizes = []

    class Counted(workers.Pool):
        def __init__(self, function, size, *more) -> None:
            sizes.append(size)
            super().__init__(function, size, *more)

    monkeypatch.setattr(workers, "Pool", Counted)
    monkeypatch.setattr(workers, "_MANY", 20)
    return sizes


def approximately(values):
    """Values from JSON whose numbers may differ in their last digits."""
    if isinstance(values, dict):
        return {name: approximately(value) for name, value in values.items()}
    if isinstance(values, list):
        return [approximately(value) for value in values]
    return pytest.approx(values, abs=1e-5) if isinstance(values, float) else values


@pytest.mark.parametrize(
    ("words", "times"),
    [
        ("evaluate data.csv -m m.safetensors --json", 1),
        pytest.param("probe -m m.safetensors --json", 1, marks=pytest.mark.slow),
        pytest.param("compare m.safetensors n.safetensors data.csv --json", 2,
                     marks=pytest.mark.slow),
        pytest.param("calibrate data.csv -m m.safetensors -o c --force --json", 1,
                     marks=pytest.mark.slow),
        pytest.param("calibrate data.csv -m m.safetensors -o c --force --json --refit "
                     "--goal coverage=0.8", 2, marks=pytest.mark.slow),
        pytest.param("report data.csv -m m.safetensors -o page.html --force", 1,
                     marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_whole_files_are_scored_by_workers_to_the_same_figures(
    run: Run, reviews, started, tmp_path, words, times
):
    save_model(pieces_model(), tmp_path / "m.safetensors")
    save_model(pieces_model(seed=8), tmp_path / "n.safetensors")
    header, *rows = reviews.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "data.csv").write_text(header + "".join(rows) * 3, encoding="utf-8")
    alone = run(*words.split(), "--workers", "1", cwd=tmp_path)
    assert (alone.returncode, started) == (0, []), alone.stderr
    helped = run(*words.split(), "--workers", "2", cwd=tmp_path)
    assert (helped.returncode, started) == (0, [2] * times), helped.stderr
    assert helped.stderr == alone.stderr
    if "--json" in words:
        one, two = (json.loads(done.stdout) for done in (alone, helped))
        assert two == approximately(one)


def test_by_default_models_of_pieces_have_workers_and_n_grams_none(
    run: Run, reviews, started, tmp_path, monkeypatch
):
    monkeypatch.setattr(workers, "default_workers", lambda: 2)
    monkeypatch.setattr(scoring, "BATCH_ROWS", 15)  # batches enough for workers of n-grams
    for made, sizes in ((small_model(), []), (pieces_model().on(small_model(), 0.5), [2])):
        save_model(made, tmp_path / "m.safetensors")
        done = run("evaluate", reviews, "-m", tmp_path / "m.safetensors")
        assert (done.returncode, started) == (0, sizes), done.stderr
    save_model(small_model(), tmp_path / "m.safetensors")
    done = run("evaluate", reviews, "-m", tmp_path / "m.safetensors", "--workers", "3")
    assert (done.returncode, started) == (0, [2, 3]), done.stderr


def test_a_text_without_a_word_has_no_answer(run: Run, model):
    done = run("predict", "-m", model, "--format", "jsonl", "--", "\u200b", "good")
    first, second = map(json.loads, done.stdout.splitlines())
    assert (first["predicted"], first["p_positive"]) == (None, None)
    assert second["p_positive"] is not None


def test_explanations_add_up_and_show_words(run: Run, model):
    text = "Unbelievably good, and it wasn’t a bad film 👍!"
    done = run("explain", "-m", model, "--json", text)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sum(word["contribution"] for word in found["words"]) == pytest.approx(
        found["logit"] - found["base"], abs=1e-6
    )
    assert found["words"][0]["text"] == "Unbelievably"
    assert 1 / (1 + math.exp(-found["logit"])) == pytest.approx(found["p_positive"], abs=1e-5)
    shown = run("explain", "-m", model, text, "", "qwxz")
    assert shown.returncode == 0, shown.stderr
    assert "no answer: this text has no words" in shown.stdout
    assert "uncertain" in shown.stdout


def test_info_and_card_say_what_it_is(run: Run, model):
    done = run("info", model)
    assert done.returncode == 0, done.stderr
    facts = json.loads(run("info", model, "--json").stdout)
    own = load_model(model).own
    assert facts["vectorizer"]["unit"] == own.encoder.unit
    assert own.network.describe() in done.stdout
    if own.encoder.kind == "pieces":
        assert (
            "vectorizer  30 pieces of words: the first 8 and the last 40 of a text" in done.stdout
        )
        assert "block 2 attention" in done.stdout
        assert "block 2 narrow" in done.stdout
    else:
        assert "a model of 30 pieces of words" in done.stdout
    card = run("info", model, "--card")
    assert (card.returncode, own.network.describe() in card.stdout) == (0, True), card.stderr


def test_nothing_of_n_grams_is_said_of_a_model_of_pieces_alone(run: Run, reviews, tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(pieces_model(), path)
    for arguments in ([], ["--words", "5"], ["--history"], ["--card"], ["--json"]):
        done = run("info", path, *arguments)
        assert (done.returncode, "n-gram" in done.stdout + done.stderr) == (0, False)
    page = tmp_path / "page.html"
    assert run("report", reviews, "-m", path, "-o", page).returncode == 0
    assert "n-gram" not in page.read_text(encoding="utf-8")


def test_models_are_measured_calibrated_compared_and_probed(run: Run, model, reviews, tmp_path):
    measured = run("evaluate", reviews, "-m", model, "--json")
    assert measured.returncode == 0, measured.stderr
    assert json.loads(measured.stdout)["roc_auc"] > 0.9
    target = tmp_path / "calibrated.safetensors"
    done = run("calibrate", reviews, "-m", model, "-o", target)
    assert done.returncode == 0, done.stderr
    assert expected(target, GOOD) != expected(model, GOOD)
    compared = run("compare", model, target, reviews, "--json")
    assert compared.returncode == 0, compared.stderr
    page = tmp_path / "page.html"
    reported = run("report", reviews, "-m", model, "-o", page)
    assert (reported.returncode, page.exists()) == (0, True), reported.stderr
    assert run("probe", "-m", model, "--json").returncode in (0, 1, 6)


@pytest.mark.parametrize("form", ["onnx", pytest.param("keras", marks=pytest.mark.slow)])
def test_they_are_exported_with_their_vocabulary_beside(run: Run, model, tmp_path, form):
    if form == "onnx":
        pytest.importorskip("onnx", reason="onnx is not installed")
    target, beside = tmp_path / f"m.{form}", tmp_path / f"m.{form}.json"
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        done = run("export", model, "--to", form, "-o", target)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    first, second = done.stderr.splitlines()
    assert first.startswith(f"saved {target} (")
    assert second == f"saved {beside}: the vocabulary, and how a text becomes numbers"
    recipe = json.loads(beside.read_text(encoding="utf-8"))
    assert recipe["labels"] == ["negative", "positive"]
    assert {len(each["tokenizer"]["model"]["vocab"]) for each in recipe["inputs"].values()} == {30}
    target.unlink()
    again = run("export", model, "--to", form, "-o", target)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert f"{beside} exists; --force" in again.stderr
    assert not target.exists()


def test_a_damaged_model_is_one_line(run: Run, model, tmp_path):
    data = bytearray(model.read_bytes())
    data[-3] ^= 1
    (tmp_path / "m.safetensors").write_bytes(data)
    done = run("predict", "-m", tmp_path / "m.safetensors", "good")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)


def test_three_classes_are_answered_and_explained(run: Run, tmp_path):
    path = tmp_path / "three.safetensors"
    save_model(pieces_model(WITH_NEUTRAL), path)
    done = run("predict", "-m", path, "--format", "jsonl", "--", *GOOD)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"p_positive", "p_negative", "p_neutral"} <= answers[0].keys()
    for toward in WITH_NEUTRAL.names:
        done = run("explain", "-m", path, "--json", "--toward", toward, GOOD[0])
        found = json.loads(done.stdout)
        assert sum(word["contribution"] for word in found["words"]) == pytest.approx(
            found["logit"] - found["base"], abs=1e-6
        )
    done = run("predict", "-m", path, "--classes", "negative,positive", "--", GOOD[0])
    assert done.returncode == 0, done.stderr


def test_in_python(model):
    loaded = load(model)
    assert loaded.predict_proba(GOOD)[:, 1].tolist() == pytest.approx(expected(model, GOOD))
