"""Damaged texts through the command line: read as they were meant, shown as they were written."""

import csv
import json

import pytest

from sentiment.model.file import load_model
from tests.conftest import TEST

QUICK = ["--epochs", "2", "--no-refit", "--features", "5000"]
PLAIN = "It doesn't work and I wouldn't buy it again"
SIGNS = ["`", "´", "&#039;", "&rsquo;", "&amp;#39;", "â€™", "‚Äô", "\\u2019", "Ã¢â‚¬â„¢"]
DAMAGED = [PLAIN.replace("'", sign) for sign in SIGNS]
NOTE = (
    "repaired 9 texts: UTF-8 misread as â€™ in 3, entities such as &#039; in 3, "
    "other signs for apostrophes in 2, escapes such as \\u2019 in 1"
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("damaged") / "in.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["id", "text"], [0, PLAIN], *enumerate(DAMAGED, 1)])
    return path


@pytest.fixture(scope="module")
def unrepaired(run, tmp_path_factory):
    path = tmp_path_factory.mktemp("unrepaired") / "m.safetensors"
    done = run("train", TEST, "--no-repair", *QUICK, "-o", path)
    assert done.returncode == 0, done.stderr
    return path


def answers(done) -> set[tuple[str, str]]:
    rows = csv.DictReader(done.stdout.splitlines())
    return {(row["predicted"], row["p_positive"]) for row in rows}


def test_damaged_texts_are_answered_as_they_were_meant_and_come_out_as_they_were(run, file):
    done = run("predict", "-m", "fast", "-i", file, "--format", "csv")
    assert (done.returncode, len(answers(done))) == (0, 1)
    assert done.stderr.splitlines()[-1] == NOTE
    assert done.stderr.count("repaired") == 1
    texts = [row["text"] for row in csv.DictReader(done.stdout.splitlines())]
    assert texts == [PLAIN, *DAMAGED]


def test_no_repair_leaves_texts_alone_and_quiet_says_nothing(run, file):
    done = run("predict", "-m", "fast", "-i", file, "--format", "csv", "--no-repair")
    assert len(answers(done)) > 3
    assert "repaired" not in done.stderr
    assert run("predict", "-m", "fast", "-i", file, "-q").stderr == ""


@pytest.mark.parametrize("text", DAMAGED)
def test_a_text_given_as_it_is_is_repaired_too(run, text):
    done = run("predict", "-m", "fast", PLAIN, text)
    plain, damaged = (line.split("\t")[:2] for line in done.stdout.splitlines())
    assert plain == damaged
    assert done.stderr.startswith("repaired 1 text: ")


@pytest.mark.slow
def test_several_processes_repair_too(run, tmp_path):
    path = tmp_path / "many.txt"
    path.write_text(f"{PLAIN}\n{DAMAGED[0]}\n" * 6000, encoding="utf-8")
    done = run("predict", "-m", "fast", "-i", path, "--input-format", "lines", "--workers", "2")
    assert len({line.split("\t")[1] for line in done.stdout.splitlines()}) == 1
    assert "repaired 6,000 texts: other signs for apostrophes in 6,000" in done.stderr


def test_explain_shows_words_as_they_were_written(run):
    found = [
        json.loads(run("explain", "-m", "fast", "--json", text, *more).stdout)
        for text, more in ((PLAIN, ()), (DAMAGED[2], ()), (DAMAGED[2], ("--no-repair",)))
    ]
    plain, damaged, as_it_is = found
    assert damaged["logit"] == plain["logit"] != as_it_is["logit"]
    assert [word["text"] for word in damaged["words"]] == DAMAGED[2].split()
    for word in damaged["words"]:
        assert DAMAGED[2][word["start"] : word["end"]] == word["text"]


def test_figures_of_damaged_reviews_are_those_of_the_reviews_as_meant(run, tmp_path):
    damaged = tmp_path / "damaged.csv"
    damaged.write_text(TEST.read_text(encoding="utf-8").replace("'", "&#039;"), encoding="utf-8")
    plain, same, as_they_are = (
        run("evaluate", "-m", "fast", path, "--json", *more)
        for path, more in ((TEST, ()), (damaged, ()), (damaged, ("--no-repair",)))
    )
    log_loss, *others = (json.loads(d.stdout)["log_loss"] for d in (plain, same, as_they_are))
    assert others[0] == log_loss < others[1]
    assert "entities such as &#039; in" in same.stderr
    assert "repaired" not in plain.stderr + as_they_are.stderr


@pytest.mark.slow
def test_a_model_trained_without_repair_answers_without(run, unrepaired, file):
    assert not load_model(unrepaired).repairs
    assert "texts are not repaired" in run("info", unrepaired).stdout
    facts = json.loads(run("info", unrepaired, "--json").stdout)
    assert (facts["vectorizer"]["repair"], facts["vectorizer"]["ratings"]) == (False, True)
    done = run("predict", "-m", unrepaired, "-i", file, "--format", "csv")
    assert len(answers(done)) > 1
    assert NOTE not in done.stderr
    told = run("predict", "-m", unrepaired, "-i", file, "--format", "csv", "--repair")
    assert len(answers(told)) == 1
    assert NOTE in told.stderr


@pytest.mark.slow
def test_training_says_what_it_repaired_and_remembers_texts_as_they_were(run, tmp_path):
    data, model = tmp_path / "damaged.csv", tmp_path / "m"
    damaged = TEST.read_text(encoding="utf-8").replace("'", "`")
    data.write_text(damaged, encoding="utf-8")
    done = run("train", data, *QUICK, "-o", model)
    assert "other signs for apostrophes in" in done.stderr
    assert done.stderr.count("repaired") == 1
    assert load_model(model).repairs
    assert "texts are not repaired" not in run("info", model).stdout
    seen = run("evaluate", data, "-m", model).stderr
    assert "400 of 400 reviews were used to make the model" in seen


@pytest.mark.slow
def test_without_repair_a_base_does_not_repair_either(run, tmp_path):
    rows = TEST.read_text(encoding="utf-8").splitlines()[:61]
    (tmp_path / "few.csv").write_text("\n".join(rows), encoding="utf-8")
    done = run("train", tmp_path / "few.csv", "--base", "fast", "--no-repair", "--epochs", "1",
               "-o", tmp_path / "m")  # fmt: skip
    model = load_model(tmp_path / "m")
    assert done.returncode == 0, done.stderr
    assert [each.encoder.ngrams.repair for each in model.components] == [False, False]


@pytest.mark.slow
def test_a_model_knows_a_rating_in_a_form_that_it_never_met(run, tmp_path):
    with (tmp_path / "rated.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        for n in range(60):
            writer.writerow([f"item {n}: {8 + n % 3}/10", 1])
            writer.writerow([f"item {n}: {n % 3}/10", 0])
    done = run("train", tmp_path / "rated.csv", "-o", tmp_path / "m", "--epochs", "6")
    assert done.returncode == 0, done.stderr
    asked = ["item: ★★★★☆", "item: 4.5/5", "5* item", "item: ★☆☆☆☆", "item: -2/10", "item 0.5 / 5"]
    told = run("predict", "-m", tmp_path / "m", *asked).stdout.splitlines()
    assert [line.split("\t")[0] for line in told] == ["positive"] * 3 + ["negative"] * 3
