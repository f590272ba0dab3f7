"""`evaluate`, `compare`, `calibrate` and `report` with a model of three classes."""

import csv
import json

import numpy as np
import pytest

from sentiment.labels import SENTIMENT, WITH_NEUTRAL
from sentiment.model.file import load_model, save_model
from tests.model.small import WORDS, small_model


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A model, reviews that it answers rather well, and those of them that are not neutral."""
    folder = tmp_path_factory.mktemp("many")
    random = np.random.default_rng(1)
    # A dot keeps each text apart from the others, which are its neighbours by their words.
    texts = [f"{' '.join(random.choice(WORDS, 6))} {number}" for number in range(900)]
    model = small_model(labels=WITH_NEUTRAL)
    labels = model.decision.choose(model.probabilities(texts))
    labels = np.where(random.random(900) < 0.15, random.integers(0, 3, 900), labels)
    names = [WITH_NEUTRAL.names[label] for label in labels.tolist()]
    rows = [*zip(texts, names, strict=True)]
    for name, kept in (("all", rows), ("two", [row for row in rows if row[1] != "neutral"])):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("text", "label"), *kept])
    save_model(model, folder / "model.safetensors")
    return folder


@pytest.fixture
def measure(run, given):
    def measure(command, data, *options):
        return run(command, given / data, "-m", given / "model.safetensors", *options)

    return measure


def test_every_metric_of_every_class_is_measured(measure):
    text, facts = measure("evaluate", "all.csv").stdout, measure("evaluate", "all.csv", "--json")
    facts = json.loads(facts.stdout)
    names = {"weighted_f1", "recall_neutral", "f1_neutral", "roc_auc_neutral", "support_neutral"}
    assert names <= set(facts)
    assert names - {"support_neutral"} <= set(facts["intervals"])
    assert "threshold" not in facts
    assert facts["classes"] == list(WITH_NEUTRAL.names)
    assert np.trace(facts["confusion_matrix"]) / facts["n"] == facts["accuracy"] > 0.8
    row = facts["confusion_matrix"][1]
    assert " ".join(map(str, ["is", "neutral", *row])) in " ".join(text.split())


def test_gates_and_slices_know_the_classes(measure):
    done = measure("evaluate", "all.csv", "--slice", "length", "--fail-under", "recall_neutral=1")
    assert (done.returncode, "by length" in done.stdout) == (6, True)
    assert "missed: recall_neutral is 0." in done.stderr
    for data in ("all.csv", "two.csv"):
        done = measure("evaluate", data, "--fail-under", "recall_joy=0.5")
        assert (done.returncode, 'no metric "recall_joy"' in done.stderr) == (2, True)


def test_neutral_is_left_out_where_no_review_is_neutral(run, given, measure, tmp_path):
    done = measure("evaluate", "two.csv", "--json")
    facts = json.loads(done.stdout)
    assert "no review is neutral, so neutral is left out" in done.stderr
    assert (facts["threshold"], len(facts["confusion_matrix"])) == (0.5, 2)
    named = measure("evaluate", "all.csv", "--json", "--classes", "negative,positive")
    assert json.loads(named.stdout) == facts | {"data": [str(given / "all.csv")]}
    kept = measure("evaluate", "two.csv", "--json", "--classes", "negative,neutral,positive")
    assert json.loads(kept.stdout)["support_neutral"] == 0
    gated = measure("evaluate", "two.csv", "--fail-under", "recall_neutral=0.5")
    assert (gated.returncode, 'no metric "recall_neutral"' in gated.stderr) == (2, True)
    # `calibrate` keeps this reading in the file.
    two = tmp_path / "two.safetensors"
    assert measure("calibrate", "two.csv", "--goal", "recall=0.5", "-o", two).returncode == 0
    made = load_model(two)
    assert made.labels == SENTIMENT
    texts = ["good film", "bad bad"]
    p = load_model(given / "model.safetensors").probabilities(texts)[:, [0, 2]]
    assert made.probabilities(texts) == pytest.approx(p / p.sum(axis=1, keepdims=True))
    again = run("evaluate", given / "all.csv", "-m", two, "--json")
    assert json.loads(again.stdout)["roc_auc"] == facts["roc_auc"]


def test_mistakes_have_the_probability_of_every_class(measure, tmp_path):
    path = tmp_path / "mistakes.csv"
    assert measure("evaluate", "all.csv", "--errors", path).returncode == 0
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[-4:] == ["predicted", "p_positive", "p_negative", "p_neutral"]
    margins = []
    for row in rows:
        p = {name: float(row[f"p_{name}"]) for name in WITH_NEUTRAL.names}
        assert row["predicted"] == max(p, key=p.__getitem__) != row["label"]
        if p[row["label"]] > 0.001:  # they are rounded
            margins.append(np.log(p[row["predicted"]] / p[row["label"]]))
    assert len(margins) > 5
    assert margins == pytest.approx(sorted(margins, reverse=True), rel=0.01)


def test_goals_of_each_class(measure, tmp_path):
    target = tmp_path / "careful.safetensors"
    done = measure("calibrate", "all.csv", "--goal", "precision=0.78", "-o", target, "--json")
    facts = json.loads(done.stdout)
    (goal,) = facts["goals"]
    minima = load_model(target).decision.minima
    assert tuple(facts["minima"]) == minima
    assert len(minima) == 3
    assert all(goal[name]["precision"] >= 0.78 for name in WITH_NEUTRAL.names if goal[name]["n"])
    for options, said in (
        (["--goal", "recall=0.5"], "--goal recall is for models of two classes"),
        (["--goal", "precision=0.9", "--goal", "recall=0.5"], "give precision or coverage"),
    ):
        other = tmp_path / "other.safetensors"
        done = measure("calibrate", "all.csv", *options, "-o", other)
        assert (done.returncode, said in done.stderr, other.exists()) == (2, True, False)


def test_probabilities_of_all_classes_are_refitted(run, given, measure, tmp_path):
    target = tmp_path / "refit.safetensors"
    done = measure("calibrate", "all.csv", "-o", target, "--json")
    refit = json.loads(done.stdout)["refit"]
    assert len(refit["intercept"]) == 2
    assert refit["log_loss"]["after"] < refit["log_loss"]["before"]
    found = json.loads(run("evaluate", given / "all.csv", "-m", target, "--json").stdout)
    assert found["log_loss"] == pytest.approx(refit["log_loss"]["after"], abs=0.02)


def test_models_and_predictions_of_many_classes_are_compared(run, given, measure, tmp_path):
    model, scored = given / "model.safetensors", tmp_path / "scored.csv"
    run("predict", "-m", model, "-i", given / "all.csv", "-o", scored)
    done = run("compare", model, scored, given / "all.csv", "--json")
    facts = json.loads(done.stdout)
    assert (facts["n"], facts["unlike"]) == (900, [])
    evaluated = json.loads(measure("evaluate", "all.csv", "--json").stdout)
    for name in ("accuracy", "macro_f1"):
        assert facts[name]["a"] == facts[name]["b"] == pytest.approx(evaluated[name])
    assert facts["log_loss"]["a"] == pytest.approx(evaluated["log_loss"])
    done = run("compare", scored, scored, given / "all.csv", "--json",
               "--classes", "negative,neutral,positive")  # fmt: skip
    assert json.loads(done.stdout)["accuracy"]["a"] == facts["accuracy"]["a"]


@pytest.mark.parametrize(
    ("data", "options"), [("two.csv", []), ("all.csv", ["--classes", "negative,positive"])]
)
def test_a_model_agrees_with_its_predictions_where_a_class_is_left_out(
    run, given, measure, tmp_path, data, options
):
    model, scored = given / "model.safetensors", tmp_path / "scored.csv"
    run("predict", "-m", model, "-i", given / data, "-o", scored)
    done = run("compare", model, scored, given / data, "--json", *options)
    facts = json.loads(done.stdout)
    assert (facts["unlike"], facts["uncertain"], done.returncode) == ([], {"a": 0, "b": 0}, 0)
    evaluated = json.loads(measure("evaluate", data, "--json", *options).stdout)
    assert facts["n"] == evaluated["n"]
    for name in ("accuracy", "macro_f1", "log_loss"):
        for side in "ab":
            assert facts[name][side] == pytest.approx(evaluated[name], abs=2e-4)  # they are rounded


def test_predictions_of_two_classes_are_compared_on_these(run, given, trained, tmp_path):
    model, scored = given / "model.safetensors", {}
    for name, each in (("three", model), ("two", trained)):
        scored[name] = tmp_path / f"{name}.csv"
        run("predict", "-m", each, "-i", given / "all.csv", "-o", scored[name])
    facts = []
    for a in (model, scored["three"]):
        for b in (trained, scored["two"]):
            done = run("compare", a, b, given / "all.csv", "--json")
            assert "compared on the classes that both have: negative, positive" in done.stderr
            facts.append(json.loads(done.stdout))
    for name in ("accuracy", "macro_f1", "log_loss"):
        differences = [found[name]["difference"] for found in facts]
        assert differences == pytest.approx(differences[:1] * 4, abs=2e-4)
    of_three = run("compare", scored["three"], scored["three"], given / "all.csv", "--json")
    assert json.loads(of_three.stdout)["n"] == 900


def test_classes_that_no_model_has_are_an_error(run, given):
    model = given / "model.safetensors"
    for asked in ("all", "stars", "negative,joy"):
        for args in (["evaluate", "-m"], ["compare", model]):
            done = run(*args, model, given / "all.csv", "--classes", asked)
            assert done.returncode == 2
            assert f"--classes {asked}: no class {asked.split(',')[-1]}; the model's" in done.stderr


def test_no_class_is_called_uncertain(run, given, tmp_path):
    asked, target = "negative,uncertain", tmp_path / "model.safetensors"
    done = run("train", given / "all.csv", "--classes", asked, "-o", target)
    assert (done.returncode, target.exists()) == (2, False)
    assert "uncertain cannot be the name of a class" in done.stderr


def test_models_are_compared_on_the_classes_that_both_have(run, given, trained):
    done = run("compare", given / "model.safetensors", trained, given / "all.csv")
    assert done.returncode == 0
    assert "classes that both have: negative, positive" in done.stderr
    assert "p_negative" not in done.stdout


@pytest.mark.slow
def test_the_page_of_three_classes(measure, tmp_path):
    page = tmp_path / "page.html"
    done = measure("report", "all.csv", "-o", page)
    text = page.read_text(encoding="utf-8")
    assert (done.returncode, 'id="confusion"' in text, 'id="cut"' in text) == (0, True, False)
    assert "at the end softmax" in text
