"""Models of more than two classes: answers, restriction, explanations, weights."""

import csv
import json
import re

import numpy as np
import pytest

from sentiment import annotate, load
from sentiment.model.component import Calibration
from sentiment.model.file import save_model
from tests.conftest import ROOT, TEST
from tests.model.small import changed

TWO = ROOT / "tests" / "fixtures" / "format-3.safetensors"  # negative, positive
MODEL = ROOT / "tests" / "fixtures" / "format-4-classes.safetensors"
NAMES = ROOT / "tests" / "fixtures" / "format-4-names.safetensors"  # cold, warm
COLUMNS = ["p_positive", "p_negative", "p_neutral"]
TEXT = "a good film, not bad at all"


def facts(run, *args):
    done = run(*args, "-q")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_class_has_a_probability(run):
    found = facts(run, "predict", "-m", MODEL, "--json", TEXT)
    assert [name for name in found if name.startswith("p_")] == COLUMNS
    assert sum(found[name] for name in COLUMNS) == pytest.approx(1, abs=1e-5)
    of_python = load(MODEL).predict_proba([TEXT])[0]
    assert load(MODEL).classes_.tolist() == ["negative", "neutral", "positive"]
    assert of_python.round(6).tolist() == [found[f"p_{name}"] for name in load(MODEL).classes_]


def test_text_shows_the_probability_of_positive_or_of_the_answer(run):
    found = facts(run, "predict", "-m", MODEL, "--json", TEXT)
    done = run("predict", "-q", "-m", MODEL, TEXT)
    assert done.stdout.split("\t")[:2] == [found["predicted"], f"{found['p_positive']:.4f}"]


def test_restricted_to_two_classes_the_rest_is_renormalised(run):
    every = facts(run, "predict", "-m", MODEL, "--json", TEXT)
    two = facts(run, "predict", "-m", MODEL, "--json", "--classes", "positive,negative", TEXT)
    share = every["p_positive"] / (every["p_positive"] + every["p_negative"])
    assert two["p_positive"] == pytest.approx(share, abs=2e-6)
    assert [name for name in two if name.startswith("p_")] == ["p_positive"]
    other = facts(run, "predict", "-m", MODEL, "--json", "--classes", "negative,neutral", TEXT)
    assert [name for name in other if name.startswith("p_")] == ["p_neutral"]
    frame = annotate(pd_frame(), "text", load(MODEL), classes=["negative", "positive"])
    assert list(frame.columns) == ["text", "predicted", "p_positive"]
    assert frame["p_positive"][0] == pytest.approx(share, abs=2e-6)


def pd_frame():
    import pandas as pd

    return pd.DataFrame({"text": [TEXT]})


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--classes", "positive,bad"), "no class bad; the model's classes are negative, neutral"),
        (("--classes", "positive"), "name at least two classes"),
        (("--classes", "all"), "no class all; the model's classes are negative, neutral"),
        (("--threshold", "0.4"), "choose two with --classes negative,positive"),
    ],
)
def test_classes_that_cannot_be_answered_are_a_usage_error(run, args, words):
    for command in ("predict", "explain"):
        done = run(command, "-m", MODEL, *args, TEXT)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr


@pytest.mark.parametrize("command", [("serve",), ("evaluate", TEST), ("report", TEST)])
def test_classes_that_a_model_lacks_are_a_usage_error_everywhere(run, command):
    done = run(*command, "-m", MODEL, "--classes", "positive,bad")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--classes positive,bad: no class bad; the model's classes are" in done.stderr


def test_an_explanation_compares_two_classes_and_adds_up(run):
    answer = facts(run, "predict", "-m", MODEL, "--json", TEXT)
    for args in ((), ("--toward", "neutral"), ("--toward", "positive")):
        found = facts(run, "explain", "-m", MODEL, "--json", *args, TEXT)
        toward, over = found["toward"], found["over"]
        assert toward == (args[-1] if args else answer["predicted"])
        p_of = dict(zip(load(MODEL).classes_, load(MODEL).predict_proba([TEXT])[0], strict=True))
        assert over == max(p_of.keys() - {toward}, key=p_of.__getitem__)
        total = found["base"] + sum(word["contribution"] for word in found["words"])
        assert total == pytest.approx(found["logit"], abs=1e-4)
        assert found["logit"] == pytest.approx(np.log(p_of[toward] / p_of[over]), abs=1e-4)
        text = run("explain", "-q", "-m", MODEL, *args, TEXT).stdout
        assert f"log-odds of {toward} over {over} {found['logit']:+.3f}" in text


def test_two_classes_are_explained_from_either_side(run):
    one = facts(run, "explain", "-m", TWO, "--json", "not good")
    other = facts(run, "explain", "-m", TWO, "--json", "--toward", "negative", "not good")
    assert (other["toward"], other["over"]) == ("negative", "positive")
    assert "toward" not in one
    assert other["logit"] == pytest.approx(-one["logit"])
    done = run("explain", "-m", MODEL, "--toward", "sad", TEXT)
    assert done.returncode == 2
    assert (
        "--toward: no class sad; the model's classes are negative, neutral, positive" in done.stderr
    )


def test_info_shows_units_decision_and_words_of_every_class(run):
    done = run("info", MODEL)
    assert "softmax" in done.stdout
    assert "offsets: negative +0.00, neutral +0.30, positive -0.20" in done.stdout
    assert "p = softmax(0.800 · logits + biases)" in done.stdout
    assert list(facts(run, "info", MODEL, "--words", "2", "--json")["words"]) == [
        "negative", "neutral", "positive",
    ]  # fmt: skip
    assert "cold up to 0.35, warm from 0.55" in run("info", NAMES).stdout


@pytest.mark.parametrize(
    ("given", "shown"), [(Calibration(), "+0.00"), (Calibration(0.5, (0.25,)), "+0.25")]
)
def test_info_shows_a_bias_that_is_that_of_all_classes(run, tmp_path, given, shown):
    path = tmp_path / "m.safetensors"
    save_model(changed(load(MODEL).model, calibration=given), path)
    for args in ((), ("--card",)):
        done = run("info", path, *args)
        assert done.returncode == 0, done.stderr
        assert f"biases: negative +0.00, neutral {shown}, positive {shown}" in done.stdout


def test_probe_needs_negative_and_positive_and_counts_neutral_as_no_pass(run):
    done = run("probe", "-m", NAMES)
    assert done.returncode == 2
    assert "the model's classes are cold, warm" in done.stderr
    done = run("probe", "-m", MODEL, "--capability", "emoji", "--examples", "0")
    assert "neutral, uncertain" in done.stdout


@pytest.fixture(scope="module")
def weighted(tmp_path_factory):
    """Rows whose weights say the opposite of their number."""
    path = tmp_path_factory.mktemp("weights") / "reviews.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "label", "weight"])
        for number in range(120):
            label = ("negative", "neutral", "positive")[number % 3]
            word = {"negative": "dull", "neutral": "table", "positive": "lovely"}[label]
            rows.writerow([f"{word} thing {number}", label, number % 4])
            rows.writerow([f"item {number}", "positive", 0])  # left out
    return path


@pytest.mark.slow
def test_weights_of_training_reviews(run, weighted, tmp_path):
    out = tmp_path / "m.safetensors"
    done = run("train", weighted, "-o", out, "--weight-column", "weight", "--epochs", "2", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["training"]["counts"]
    assert sum(counts.values()) == 90  # those of weight 0 are left out
    assert re.search(r'"weight": dropped \d+ rows of weight 0', done.stderr)
    lines = weighted.read_text(encoding="utf-8").splitlines()
    for cell, words in (("-1", 'row 3: the weight "-1" is not a number'), ("", 'the weight ""')):
        bad = tmp_path / "bad.csv"
        row = f"{lines[3].rpartition(',')[0]},{cell}"
        bad.write_text("\n".join([*lines[:3], row, *lines[4:]]), encoding="utf-8")
        done = run("train", bad, "-o", tmp_path / "n", "--weight-column", "weight")
        assert done.returncode == 3
        assert words in done.stderr
        assert not (tmp_path / "n").exists()
    done = run("train", weighted, "-o", tmp_path / "n", "--weight-column", "wight")
    assert done.returncode == 2
    assert 'no column "wight" for weights (did you mean "weight"?)' in done.stderr


def test_where_no_word_counts_none_changes_the_answer(run):
    done = run("explain", "-m", MODEL, "qwxz zzz")
    assert done.returncode == 0, done.stderr
    assert "no word changes the answer" in done.stdout
    assert "strongest" not in done.stdout


def test_counts_of_classes_with_numbers_for_names_can_be_read(run, tmp_path):
    words = ("dreadful", "poor", "plain", "good", "superb")
    rows = [f"{words[n % 5]} thing number {n},{n % 5 + 1}" for n in range(60)]
    (tmp_path / "stars.csv").write_text("\n".join(["text,stars", *rows]), encoding="utf-8")
    done = run("train", tmp_path / "stars.csv", "--classes", "stars", "--epochs", "1",
               "-o", tmp_path / "m")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "(12 labelled 5, 12 labelled 4," in done.stderr
