"""Intervals, slices and gates through the real command line."""

import json

import pytest

from sentiment.evaluation.metrics import metrics_for
from sentiment.labels import SENTIMENT
from tests.conftest import TEST


@pytest.fixture(scope="module")
def sliced(run, trained):
    """What `evaluate` says in text and in JSON of the bundled reviews and their slices."""
    slices = ["--slice", "domain", "--slice", "length", "--slice", "negation"]
    text = run("evaluate", TEST, "-m", trained, *slices)
    done = run("evaluate", TEST, "-m", trained, *slices, "--json")
    assert (text.returncode, done.returncode) == (0, 0), text.stderr + done.stderr
    return text.stdout, json.loads(done.stdout)


def test_intervals_stand_beside_the_figures(sliced):
    text, facts = sliced
    low, high = facts["intervals"]["accuracy"]
    assert low < facts["accuracy"] < high
    assert f"{facts['accuracy']:.1%}       {100 * low:.1f}–{high:.1%}" in text
    named = set(facts["intervals"])
    assert {"mcc", "pr_auc", "log_loss", "brier", "f1_negative", "recall_positive"} <= named
    assert named <= set(facts)
    assert "ece" not in named


def test_every_metric_is_in_text_json_and_slices(sliced):
    text, facts = sliced
    lines = text.splitlines()
    for metric in metrics_for(SENTIMENT).all:
        assert metric.name in facts
        assert metric.of_class or any(line.startswith(f"{metric.title} ") for line in lines)
        assert (metric.name in facts["slices"]["domain"][0]) == (metric.of_counts is not None)


def test_slices_add_up_to_all_reviews_weakest_first(sliced):
    text, facts = sliced
    assert set(facts["slices"]) == {"domain", "length", "negation"}
    for column, slices in facts["slices"].items():
        assert f"by {column}" in text
        assert sum(each["n"] for each in slices) == facts["n"]
        right = sum(each["n"] * each["accuracy"] for each in slices)
        assert right / facts["n"] == pytest.approx(facts["accuracy"])
        told = [each["accuracy"] for each in slices if not each["too_small"]]
        assert told == sorted(told)
    assert len(facts["slices"]["domain"]) == 10
    assert {each["value"] for each in facts["slices"]["negation"]} == {"yes", "no"}


def test_a_column_of_many_values_is_cut_in_the_text(run, trained):
    text = run("evaluate", TEST, "-m", trained, "--slice", "id").stdout
    assert "too few reviews" in text
    assert "and 380 more; --json has them all" in text


def test_gates_that_are_reached_change_nothing(run, trained):
    done = run("evaluate", TEST, "-m", trained, "--fail-under", "accuracy=0.01", "--json")
    assert (done.returncode, "slices" in json.loads(done.stdout)) == (0, False)


def test_gates_that_are_missed_are_listed_after_the_figures(run, trained):
    done = run(
        "evaluate", TEST, "-m", trained, "-q", "--json", "--fail-under", "accuracy=1",
        "--fail-under", "slice:domain=films:macro_f1=1", "--fail-under", "mcc=-1",
    )  # fmt: skip
    facts = json.loads(done.stdout)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, set(facts["slices"])) == (6, {"domain"})
    assert line.startswith(f"error: missed: accuracy is {facts['accuracy']:.4g} (minimum 1); ")
    assert "domain=films macro_f1 is" in line
    assert "mcc" not in line


def test_one_class_has_no_figures_that_need_both(run, trained, tmp_path):
    rows = "".join(f"fine {number},pos\n" for number in range(30))
    (tmp_path / "a.csv").write_text(f"text,label\n{rows}")
    arguments = ("evaluate", tmp_path / "a.csv", "-m", trained, "-q", "--slice", "negation")
    facts = json.loads(run(*arguments, "--json").stdout)
    assert facts["accuracy"] == facts["recall_positive"]
    (part,) = facts["slices"]["negation"]
    for name in ("macro_f1", "mcc", "f1_negative", "recall_negative"):
        assert facts[name] is facts["intervals"][name] is part[name] is None
        assert part["intervals"][name] is None
    done = run(*arguments, "--fail-under", "macro_f1=0.1")
    assert done.returncode == 6
    assert "macro_f1 could not be computed (minimum 0.1)" in done.stderr
    lines = {" ".join(line.split()) for line in done.stdout.splitlines()}
    constant = "always positive: accuracy 100.0%, macro F1 –"
    assert {f"macro F1 – {constant}", "MCC –", "negative – – – 0"} <= lines


def test_a_column_called_as_a_slice_that_needs_none_is_a_tie(run, trained, tmp_path):
    (tmp_path / "a.csv").write_text("text,label,Length\ngood,1,x\nbad,0,y\n")
    done = run("evaluate", tmp_path / "a.csv", "-m", trained, "-q", "--slice", "length")
    (line,) = done.stderr.splitlines()
    assert (done.returncode, 'a.csv: "Length" is a column and also' in line) == (2, True)
    assert run("evaluate", tmp_path / "a.csv", "-m", trained, "--slice", "negation").returncode == 0
    page = tmp_path / "page.html"
    assert run("report", tmp_path / "a.csv", "-m", trained, "-o", page).returncode == 0


def test_a_gate_for_a_column_that_is_not_there_blames_nothing_else(run, trained):
    done = run("evaluate", TEST, "-m", trained, "--fail-under", "slice:nosuch=x:accuracy=0.5")
    assert (done.returncode, "--slice" in done.stderr) == (2, False)
    assert 'no column "nosuch" for a slice; there are' in done.stderr


def test_a_review_with_nothing_to_read_is_dropped_with_a_warning(run, trained, tmp_path):
    rows = "text,label,shop\ngood,1,x\n\u200b,0,gone\nbad,0,x\n"
    (tmp_path / "a.csv").write_text(rows, encoding="utf-8")
    done = run("evaluate", tmp_path / "a.csv", "-m", trained, "--json", "--slice", "shop")
    assert "1 review has nothing to read; dropped" in done.stderr
    assert [each["value"] for each in json.loads(done.stdout)["slices"]["shop"]] == ["x"]
