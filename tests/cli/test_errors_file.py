"""`evaluate --errors` through the real command line."""

import csv
import json

import pyarrow.parquet as pq
import pytest

from tests.conftest import TEST

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def written(run, trained, tmp_path_factory):
    """The mistakes on the bundled reviews as JSON lines, and the figures beside them."""
    path = tmp_path_factory.mktemp("errors") / "errors.jsonl"
    done = run("evaluate", TEST, "-m", trained, "--errors", path, "--json", "--slice", "domain")
    assert done.returncode == 0, done.stderr
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines], json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def rows():
    with TEST.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_mistake_is_written_where_it_stands_the_surest_first(written, rows):
    mistakes, figures, said = written
    assert len(mistakes) == round((1 - figures["accuracy"]) * figures["n"])
    assert f"all of {len(mistakes)} mistakes" in said
    for mistake in mistakes:
        row = rows[mistake["row"] - 1]
        assert mistake["file"] == str(TEST)
        for name in ("text", "label", "domain"):
            assert mistake[name] == row[name]
        assert mistake["predicted"] != mistake["label"]
    sureness = [abs(mistake["p_positive"] - 0.5) for mistake in mistakes]
    assert sureness == sorted(sureness, reverse=True)


def test_words_are_those_that_explain_finds_on_the_wrong_side(run, trained, written):
    mistakes, _, _ = written
    for mistake in mistakes[:2]:
        explained = json.loads(run("explain", "-m", trained, "--json", mistake["text"]).stdout)
        sign = 1 if mistake["predicted"] == "positive" else -1
        assert mistake["words"]
        for text, moved in mistake["words"]:
            places = [w for w in explained["words"] if w["text"].lower() == text.lower()]
            assert sum(w["contribution"] for w in places) == pytest.approx(moved, abs=1e-5)
            assert sign * moved > 0


@pytest.mark.parametrize("format", ["csv", pytest.param("tsv", marks=pytest.mark.slow), "parquet"])
def test_tables_hold_the_same_with_words_to_read(run, trained, written, tmp_path, format):
    path = tmp_path / f"errors.{format}"
    done = run("evaluate", TEST, "-m", trained, "--errors", path, "-q", "--slice", "domain")
    assert (done.returncode, done.stderr) == (0, "")
    if format == "parquet":
        found = pq.read_table(path).to_pylist()
    else:
        with path.open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file, delimiter="," if format == "csv" else "\t"))
    mistakes, _, _ = written
    assert len(found) == len(mistakes)
    for row, mistake in zip(found, mistakes, strict=True):
        words = ", ".join(f"{text} {moved:+.2f}" for text, moved in mistake["words"])
        assert row["words"] == words
        assert float(row["p_positive"]) == pytest.approx(mistake["p_positive"], abs=1e-6)
        for name in ("file", "row", "label", "predicted", "domain"):
            assert str(row[name]) == str(mistake[name])


def test_at_most_a_hundred_are_written_and_the_rest_is_counted(run, trained, tmp_path):
    reviews = "".join(f"{'good' if n % 2 else 'bad'} number {n},{1 - n % 2}\n" for n in range(300))
    (tmp_path / "turned.csv").write_text(f"text,label\n{reviews}")
    path = tmp_path / "errors.csv"
    done = run("evaluate", tmp_path / "turned.csv", "-m", trained, "--errors", path, "--json")
    wrong = round((1 - json.loads(done.stdout)["accuracy"]) * 300)
    assert wrong > 100
    assert f"saved {path}: the 100 most confident of {wrong} mistakes" in done.stderr
    assert len(path.read_text().splitlines()) == 101


def test_without_mistakes_the_table_is_empty(run, trained, tmp_path):
    (tmp_path / "one.csv").write_text("text,label\nterrible,pos\n")
    for threshold, lines in (("0", 1), ("1", 2)):
        path = tmp_path / f"errors{threshold}.csv"
        options = ["--errors", path, "--threshold", threshold]
        done = run("evaluate", tmp_path / "one.csv", "-m", trained, *options)
        assert (done.returncode, len(path.read_text().splitlines())) == (0, lines), done.stderr


def test_a_mistake_within_the_band_is_uncertain(run, trained, tmp_path):
    careful, path = tmp_path / "careful.safetensors", tmp_path / "errors.jsonl"
    done = run("calibrate", TEST, "-m", trained, "--goal", "coverage=0.5", "-o", careful, "--json")
    low, high = (round(edge, 6) for edge in json.loads(done.stdout)["band"])
    run("evaluate", TEST, "-m", careful, "--errors", path)
    mistakes = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for mistake in mistakes:
        within = low < mistake["p_positive"] < high
        assert (mistake["predicted"] == "uncertain") == within
    assert {"uncertain"} < {mistake["predicted"] for mistake in mistakes}


def test_what_cannot_be_written_is_said_before_the_work(run, trained, tmp_path):
    (tmp_path / "there.csv").write_text("mine")
    for name, options, said in (
        ("there.csv", [], "there.csv exists; --force overwrites it"),
        ("errors.txt", [], "name it .csv, .tsv, .json, .jsonl, .xlsx or .parquet"),
        ("errors.xlsx.gz", [], "xlsx is compressed by itself"),
        ("errors.csv", ["--slice", "label"], 'its own column "label"'),
    ):
        done = run("evaluate", TEST, "-m", trained, "--errors", tmp_path / name, *options)
        (line,) = done.stderr.splitlines()
        assert (done.returncode, done.stdout) == (2, ""), name
        assert said in line
    assert [each.name for each in tmp_path.iterdir()] == ["there.csv"]
    assert (tmp_path / "there.csv").read_text() == "mine"
    run("evaluate", TEST, "-m", trained, "--errors", tmp_path / "there.csv", "--force")
    assert (tmp_path / "there.csv").read_text(encoding="utf-8").startswith("file,row,label,text,")


def test_mistakes_are_written_before_a_gate_fails(run, trained, tmp_path):
    path = tmp_path / "errors.csv"
    done = run("evaluate", TEST, "-m", trained, "--errors", path, "--fail-under", "accuracy=1")
    assert (done.returncode, path.exists()) == (6, True)


def test_the_reviews_that_are_read_are_never_written_over(run, trained, tmp_path):
    (tmp_path / "data.csv").write_text("text,label\ngood,0\nbad,1\n")
    before = (tmp_path / "data.csv").read_bytes()
    for command in (
        ["evaluate", "data.csv", "-m", trained, "--errors", "./data.csv", "--force"],
        ["report", "data.csv", "-m", trained, "-o", "data.csv", "--force"],
        [
            "calibrate",
            "data.csv",
            "-m",
            trained,
            "--goal",
            "recall=0.1",
            "-o",
            "data.csv",
            "--force",
        ],
        ["train", "data.csv", "-o", "data.csv", "--force"],
    ):
        done = run(*command, cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert "would overwrite an input" in done.stderr
    assert (tmp_path / "data.csv").read_bytes() == before
