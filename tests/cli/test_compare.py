"""`compare` through the real command line."""

import csv
import json

import pytest

from tests.conftest import TEST, TRAIN


@pytest.fixture(scope="module")
def scored(run, trained, tmp_path_factory):
    """Give the answers of the trained model to the bundled reviews, as `predict` writes them."""
    path = tmp_path_factory.mktemp("scored") / "scored.csv"
    assert run("predict", "-m", trained, "-i", TEST, "-o", path).returncode == 0
    return path


def test_a_model_compared_with_itself_differs_in_nothing(run, trained):
    done = run("compare", trained, trained, TEST, "--json")
    facts = json.loads(done.stdout)
    for name in ("accuracy", "macro_f1", "log_loss"):
        low, high = facts[name]["interval"]
        assert low <= facts[name]["difference"] == 0 <= high
    assert (facts["mcnemar_p"], facts["better"], facts["unlike"], facts["n"]) == (1, None, [], 400)


def test_a_model_agrees_with_its_own_predictions(run, trained, scored):
    text = run("compare", trained, scored, TEST).stdout
    assert "Both give the same answers." in text
    assert "better" not in text  # rounded probabilities are no finding


@pytest.mark.slow
def test_a_careful_model_agrees_with_its_own_predictions_and_with_itself(run, trained, tmp_path):
    careful, scored = tmp_path / "careful.safetensors", tmp_path / "scored.csv"
    run("calibrate", TEST, "-m", trained, "--goal", "coverage=0.5", "-o", careful)
    run("predict", "-m", careful, "-i", TEST, "-o", scored)
    uncertain = scored.read_text().count(",uncertain,")
    assert uncertain > 20
    for other in (scored, trained):
        facts = json.loads(run("compare", careful, other, TEST, "--json").stdout)
        assert facts["accuracy"]["difference"] == 0
        assert facts["unanswered"] == {"a": 0, "b": 0}
        assert facts["uncertain"] == {"a": uncertain, "b": uncertain if other == scored else 0}
        text = run("compare", careful, other, TEST).stdout
        assert "Both give the same answers." in text
        assert f"A is uncertain about {uncertain}: these count by their probability." in text


def test_a_model_is_one_whatever_it_is_called(run, trained, tmp_path):
    (tmp_path / "model").write_bytes(trained.read_bytes())
    done = run("compare", tmp_path / "model", trained, TEST)
    assert "Both give the same answers." in done.stdout, done.stderr


def test_no_winner_is_announced_from_one_review(run, tmp_path):
    (tmp_path / "data.csv").write_text("text,label\ngood,pos\n")
    (tmp_path / "a.csv").write_text("p_positive\n0.6\n")
    (tmp_path / "b.csv").write_text("p_positive\n0.9\n")
    files = ("a.csv", "b.csv", "data.csv")
    text = run("compare", *files, cwd=tmp_path).stdout
    assert "needs 30 reviews" in text
    assert "better" not in text
    facts = json.loads(run("compare", *files, "--json", cwd=tmp_path).stdout)
    assert (facts["better"], facts["macro_f1"], facts["log_loss"]["interval"]) == (None, None, None)


@pytest.mark.parametrize("name", ["scored.csv", "scored.txt"])
def test_predictions_of_a_file_without_a_header_have_none_and_are_read(
    run, trained, tmp_path, name
):
    (tmp_path / "in.tsv").write_text("wonderful film\t1\nterrible film\t0\n")
    done = run("predict", "-m", trained, "-i", "in.tsv", "-o", name, cwd=tmp_path)
    assert len((tmp_path / name).read_text().splitlines()) == 2, done.stderr
    text = run("compare", trained, name, "in.tsv", cwd=tmp_path).stdout
    assert "Both give the same answers." in text


def test_the_better_one_is_named_with_what_they_differ_on(run, trained, tmp_path):
    with TEST.open(encoding="utf-8", newline="") as file:
        labels = [row["label"] for row in csv.DictReader(file)]
    (tmp_path / "right.csv").write_text("predicted\n" + "\n".join(labels))
    text = run("compare", trained, tmp_path / "right.csv", TEST).stdout
    assert "B is more accurate (McNemar's test: p < 0.0001)." in text
    assert "Log loss is missing" in text
    facts = json.loads(run("compare", tmp_path / "right.csv", trained, TEST, "--json").stdout)
    assert (facts["better"], facts["accuracy"]["a"]) == ("a", 1)
    assert facts["only_a_right"] == 400 - facts["both_right"]
    assert {row["a"]["predicted"] == row["label"] for row in facts["unlike"]} == {True}


def test_rows_that_are_dropped_are_dropped_of_the_predictions_too(run, tmp_path):
    (tmp_path / "data.csv").write_text("text,label\ngood,pos\n,neg\nmeh,neutral\nbad\x1b[2J,neg\n")
    (tmp_path / "a.tsv").write_text("predicted\npos\npos\npos\nneg\n")
    (tmp_path / "b.csv").write_text("predicted\nuncertain\nneg\nneg\npos\n")
    files = ("a.tsv", "b.csv", "data.csv")
    facts = json.loads(run("compare", *files, "--json", cwd=tmp_path).stdout)
    assert (facts["n"], facts["accuracy"]["a"], facts["accuracy"]["b"]) == (2, 1, 0)
    assert [row["row"] for row in facts["unlike"]] == [1, 4]
    text = run("compare", *files, cwd=tmp_path).stdout
    assert "B leaves 1 unanswered" in text
    assert "No significant difference in accuracy (McNemar's test: p = 0.16)." in text
    assert "\x1b" not in text


def test_predictions_for_other_rows_are_an_error(run, trained, scored):
    done = run("compare", trained, scored, TRAIN)
    assert done.returncode == 3
    assert "400 predictions for 1,600 rows" in done.stderr
