"""Labels in the forms that files have, through the command line."""

import csv
import json

import pytest

from tests.conftest import ROOT

THREE = ROOT / "tests" / "fixtures" / "format-4-classes.safetensors"
TWO = ROOT / "tests" / "fixtures" / "format-1.safetensors"  # which drops neutral labels
TEXTS = ("A lovely film", "This is dull", "Superb in every way", "An awful book")


@pytest.fixture
def evaluate(run, tmp_path):
    """Evaluate on rows of text and label."""

    def evaluate(labels, *options, header=("text", "label"), model="fast"):
        path = tmp_path / "reviews.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            texts = [TEXTS[n % 4] for n in range(len(labels))]
            csv.writer(file).writerows([*filter(None, [header]), *zip(texts, labels, strict=True)])
        return run("evaluate", path, "-m", model, "--json", *options)

    return evaluate


@pytest.mark.parametrize(
    ("positive", "negative"),
    [("4/5", "1/5"), ("8/10", "2/10"), ("★★★★☆", "★☆☆☆☆"), ("4 stars", "1 star"),
     ("4.0 out of 5 stars", "1.0 out of 5 stars"), ("4,5", "1,5"), ("7.9", "2.3"), ("90%", "10%"),
     ("0.8", "-0.6"), ("10", "0"), ("4.5", "0.5"), ("Extremely Positive", "Extremely Negative"),
     ("Recommended", "Not Recommended"), ("Y", "N"), ("LABEL_1", "LABEL_0"), ("👍", "👎")],
)  # fmt: skip
@pytest.mark.parametrize("header", [("text", "label"), pytest.param(None, marks=pytest.mark.slow)])
def test_each_form_is_evaluated_on(evaluate, positive, negative, header):
    done = evaluate([positive, negative] * 2, header=header)
    facts = json.loads(done.stdout)
    assert (done.returncode, facts["n"], facts["accuracy"]) == (0, 4, 1)
    assert "labels in" in done.stderr
    turned = json.loads(evaluate([negative, positive] * 2, header=header).stdout)
    assert turned["accuracy"] == 0


def test_what_is_left_out_is_said(evaluate):
    done = evaluate(["Positive", "Negative", "Irrelevant"])
    assert json.loads(done.stdout)["n"] == 2
    assert "dropped 1 other row (33%): Irrelevant" in done.stderr
    assert "warning: " in done.stderr
    done = evaluate([5, 1, 0, 3, 4, 2], header=("text", "rating"), model=TWO)
    assert json.loads(done.stdout)["n"] == 4
    assert "1–2 negative, 4–5 positive (0 is taken for none)" in done.stderr


def test_conditions_and_a_range_of_neutral(evaluate):
    marks = [9.1, 1.5, 7.3, 3.9, 5.5]
    done = evaluate(marks, "--positive", ">=7", "--negative", "<=4", model=TWO)
    assert json.loads(done.stdout)["n"] == 4
    assert "<=4 negative, >=7 positive, others neutral; dropped 1 neutral row" in done.stderr
    named = ("--positive", ">=7", "--negative", "<=4", "--neutral", "5..6")
    for options in (named, ("--neutral", "5..6")):
        done = evaluate(marks, *options, model=THREE)
        assert json.loads(done.stdout)["support_neutral"] == 1
        assert "5..6 neutral" in done.stderr


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--positive", ">=5", "--negative", "<=5"), 2, "some of <=5 and >=5 are given to both"),
        (("--positive", "9..7"), 2, "9..7: a range begins with its lower end, as in 5..6"),
        (("--positive", ">100"), 3, "is never >100; it holds 9, 1, 5"),
        (("--neutral", "5", "--classes", "all"), 2, "--classes cannot be combined with --posi"),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(evaluate, options, code, message):
    done = evaluate([9, 1, 5], *options, model=THREE)
    assert (done.returncode, message in done.stderr) == (code, True)
    assert len(done.stderr.splitlines()) <= 2


def test_what_the_error_about_numbers_says_can_be_followed(evaluate):
    marks = [1, 2, 6, 5, 3]  # school marks
    done = evaluate(marks)
    assert done.returncode == 3
    assert "--positive VALUE and --negative VALUE (each may be repeated, or a condition" in (
        done.stderr
    )
    done = evaluate(marks, "--positive", "1..2", "--negative", ">=5", model=TWO)
    assert json.loads(done.stdout)["n"] == 4


@pytest.mark.parametrize("options", [(), ("--positive", ">=4", "--negative", "<=2")])
def test_labels_of_any_form_may_be_fields_of_json(run, tmp_path, options):
    ratings = ("4 stars", "1 star", "5 stars", "2 stars")
    pairs = zip(TEXTS, ratings, strict=True)
    rows = [{"review": {"text": text, "rating": rating}} for text, rating in pairs]
    (tmp_path / "reviews.json").write_text(json.dumps({"data": rows}))
    done = run("evaluate", tmp_path / "reviews.json", "-m", "fast", "--json", *options)
    facts = json.loads(done.stdout)
    assert (done.returncode, facts["n"], facts["accuracy"]) == (0, 4, 1)
    assert 'label from "review.rating"' in done.stderr
