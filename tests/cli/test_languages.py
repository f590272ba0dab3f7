"""Texts in other languages are uncertain for a model that answers English, and say so."""

import csv
import json
from io import StringIO

import pytest

from sentiment.general import LANGUAGE, bundled
from sentiment.model.file import load_model, save_model
from tests.conftest import ROOT

SPANISH = "La comida estaba muy buena y el servicio excelente, gracias"
ENGLISH = "The food was very good and the service excellent, thanks"
UNREAD = {"predicted": "uncertain", "reason": "looks Spanish"}


@pytest.fixture(scope="session")
def english(trained, tmp_path_factory):
    """The trained model, to answer English alone."""
    path = tmp_path_factory.mktemp("english") / "english.safetensors"
    save_model(load_model(trained).for_languages(("en",)), path)
    return path


def predicted(run, model, *args):
    done = run("predict", "-m", model, "--json", *args)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def of(record):
    return {name: record.get(name) for name in UNREAD}


@pytest.mark.parametrize("name", ["general", "fast"])
def test_the_bundled_models_answer_english(run, name):
    spanish, english = predicted(run, name, SPANISH, ENGLISH)
    assert of(spanish) == UNREAD
    assert english["predicted"] == "positive"
    assert load_model(bundled()[name]).languages == (LANGUAGE,)
    assert "languages   English; texts in others are uncertain" in run("info", name).stdout


def test_the_probability_is_that_of_an_empty_review(run, english):
    spanish, unknown = predicted(run, english, SPANISH, "xqzvb wkjrt pplqx")
    assert spanish["p_positive"] == unknown["p_positive"]


def test_the_option_answers_other_languages_or_all(run, english):
    for languages, unread in (("all", False), ("en,es", False), ("en", True), ("es,de", False)):
        spanish, _ = predicted(run, english, SPANISH, ENGLISH, "--languages", languages)
        assert (of(spanish) == UNREAD) == unread, languages
    _, other = predicted(run, english, SPANISH, ENGLISH, "--languages", "es,de")
    assert other["reason"] == "looks English"


def test_a_model_that_was_trained_answers_all_languages(run, trained):
    (spanish,) = predicted(run, trained, SPANISH)
    assert spanish["predicted"] != "uncertain" or spanish["reason"] != "looks Spanish"
    (asked,) = predicted(run, trained, SPANISH, "--languages", "en")
    assert of(asked) == UNREAD
    assert json.loads(run("info", trained, "--json").stdout)["languages"] is None


def test_files_of_any_format_keep_their_rows(run, english, tmp_path):
    path = tmp_path / "some.csv"
    path.write_text(f'id,text\n1,"{SPANISH}"\n2,"{ENGLISH}"\n3,\n')
    done = run("predict", "-m", english, path, "--format", "csv")
    rows = list(csv.DictReader(StringIO(done.stdout)))
    assert [row["predicted"] for row in rows] == ["uncertain", "positive", ""]
    done = run("predict", "-m", english, path, "--json", "--explain")
    reasons = [json.loads(line).get("reason") for line in done.stdout.splitlines()]
    assert reasons == ["looks Spanish", None, None]


def test_explain_says_why(run, english):
    done = run("explain", "-m", english, SPANISH)
    assert done.stdout.splitlines()[0].endswith("  looks Spanish")
    found = json.loads(run("explain", "-m", english, "--json", SPANISH).stdout)
    assert of(found) == UNREAD
    assert {word["contribution"] for word in found["words"]} == {0.0}
    answered = json.loads(
        run("explain", "-m", english, "--json", "--languages", "all", SPANISH).stdout
    )
    assert answered["reason"] != "looks Spanish"


def test_evaluate_warns_of_reviews_in_other_languages(run, english, tmp_path):
    path = tmp_path / "mixed.csv"
    rows = [f'"{SPANISH} {n}",positive\n"{ENGLISH} {n}",positive' for n in range(12)]
    rows += [f"Dull and far too long {n},negative" for n in range(12)]
    path.write_text("\n".join(["text,label", *rows, ""]))
    done = run("evaluate", "-m", english, path)
    assert (
        "12 of 36 reviews look to be in other languages than the model answers (Spanish 12): "
        "predict answers uncertain"
    ) in done.stderr
    assert "hardly a word" not in done.stderr
    done = run("evaluate", "-m", english, path, "--languages", "all")
    assert "other languages" not in done.stderr


@pytest.mark.parametrize("command", ["predict", "explain", "evaluate", "serve", "train"])
def test_an_unknown_code_is_refused_with_those_that_are_known(run, command):
    done = run(command, "--languages", "en,klingon")
    assert done.returncode == 2
    assert 'no language "klingon"' in done.stderr
    assert "es (Spanish)" in done.stderr


def test_a_model_says_in_its_file_and_card_which_languages_it_answers(run, trained, tmp_path):
    path = tmp_path / "two.safetensors"
    save_model(load_model(trained).for_languages(("en", "es")), path)
    assert load_model(path).languages == ("en", "es")
    assert json.loads(run("info", path, "--json").stdout)["languages"] == ["en", "es"]
    assert 'language: ["en", "es"]' in run("info", path, "--card").stdout
    assert run("predict", "-m", path, "--json", SPANISH).returncode == 0


def test_calibrate_keeps_the_languages(run, english, tmp_path):
    target = tmp_path / "calibrated.safetensors"
    done = run("calibrate", ROOT / "data" / "test.csv", "-m", english, "-o", target)
    assert done.returncode == 0, done.stderr
    assert load_model(target).languages == ("en",)


@pytest.mark.slow
def test_train_writes_the_languages_and_learns_from_all(run, tmp_path):
    path = tmp_path / "few.csv"
    rows = [f'"{SPANISH} {n}",positive\nLa comida fría y mala {n},negative' for n in range(60)]
    path.write_text("\n".join(["text,label", *rows, ""]))
    models = {}
    for languages in ("all", "en"):
        models[languages] = tmp_path / f"{languages}.safetensors"
        done = run(
            "train", path, "-o", models[languages], "--languages", languages, "--base", "fast"
        )  # the base answers English, which is for the new model to say
        assert done.returncode == 0, done.stderr
    (answered,) = predicted(run, models["all"], SPANISH)
    assert answered["predicted"] == "positive"
    (unread,) = predicted(run, models["en"], SPANISH)
    assert of(unread) == UNREAD
    (asked,) = predicted(run, models["en"], SPANISH, "--languages", "all")
    assert asked["p_positive"] == answered["p_positive"]
