"""`sentiment drift` through the command line."""

import json
import shlex
from pathlib import Path

import pytest

from tests.checks.helpers import PLAIN, made
from tests.conftest import TEST, TRAIN

FIXTURES = Path(__file__).parents[1] / "fixtures"

SEA = [f"sea{word}" for word in PLAIN]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drift")
    for name, seed, words in (("old", 1, PLAIN), ("same", 2, PLAIN), ("sea", 3, SEA)):
        texts, labels = made(120, seed, words)
        (folder / f"{name}.txt").write_text("\n".join(texts) + "\n")
        rows = zip(texts, ("pos" if label else "neg" for label in labels), strict=True)
        lines = "".join(f"{text},{label}\n" for text, label in rows)
        (folder / f"{name}.csv").write_text(f"text,label\n{lines}")
    return folder


def test_new_words_are_an_alarm_with_code_6_after_the_result(run, files, trained):
    done = run("drift", files / "old.txt", files / "sea.txt", "-m", trained,
               "--fail-over", "alarm=0")  # fmt: skip
    assert done.returncode == 6
    assert "missed: alarm is 1 (maximum 0)" in done.stderr
    assert "The new texts differ from the reference: other words" in done.stdout
    assert "came: sea" in done.stdout
    assert "went: " in done.stdout


def test_texts_of_one_kind_pass(run, files, trained):
    done = run("drift", files / "old.txt", files / "same.txt", "-m", trained, "--json",
               "--fail-over", "alarm=0")  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert not facts["alarm"]
    assert facts["p_value"] > 0.05
    assert set(facts["p_values"]) == {"words", "scores", "lengths"}
    assert facts["accuracy"] is None
    assert facts["came"] == facts["went"] == []


def test_labels_of_the_reference_give_the_expected_accuracy(run, files, trained):
    done = run("drift", files / "old.csv", files / "same.csv", "-m", trained, "--json")
    facts = json.loads(done.stdout)
    assert 0.5 < facts["accuracy"] <= 1
    assert abs(facts["accuracy"] - facts["accuracy_expected"]) < 0.15
    drop = facts["accuracy"] - facts["accuracy_expected"]
    assert facts["figures"]["accuracy_drop"] == pytest.approx(drop)
    measured = json.loads(run("evaluate", files / "old.csv", "-m", trained, "--json").stdout)
    assert abs(facts["accuracy"] - measured["accuracy"]) < 0.1  # by its own threshold


def test_scores_of_texts_that_the_model_has_seen_are_not_compared(run, trained):
    done = run("drift", TRAIN, TEST, "-m", trained, "--fail-over", "accuracy_drop=0.5")
    assert done.returncode == 6
    assert "the model has seen some of these texts" in done.stderr
    assert "accuracy_drop could not be computed" in done.stderr
    assert "scores" not in done.stdout
    assert "may be of the same kind" in done.stdout


def test_a_few_texts_that_the_model_has_seen_are_left_out(run, trained, tmp_path):
    learned, (header, *rows) = TRAIN.read_text().splitlines()[1:], TEST.read_text().splitlines()
    new = tmp_path / "new.csv"
    new.write_text("\n".join([header, *rows, *learned[:2]]) + "\n")
    done = run("drift", trained, new, "--json")
    assert "new.csv: 2 texts that the model has seen are left out" in done.stderr
    facts = json.loads(done.stdout)
    assert facts["new"] == len(rows)
    assert facts["p_values"]["scores"] is not None
    assert facts["accuracy_expected"] is not None
    new.write_text("\n".join([header, *rows, *learned[:100]]) + "\n")
    many = run("drift", trained, new)
    assert "scores and accuracy are not compared; name newer texts" in many.stderr
    assert "name held-out reviews, or another model" not in many.stderr


def test_the_classifier_is_one_more_test(run, files, trained):
    done = run("drift", files / "old.txt", files / "sea.txt", "-m", trained, "--classifier",
               "--fail-over", "classifier_auc=0.7")  # fmt: skip
    assert done.returncode == 6
    assert "a classifier tells new from old with ROC AUC 1.00" in done.stdout


def test_a_model_in_place_of_the_reference(run, files, trained):
    alike = run("drift", trained, TEST, "--json", "--fail-over", "alarm=0")
    assert alike.returncode == 0, alike.stderr
    facts = json.loads(alike.stdout)
    assert facts["sketched"]
    assert set(facts["p_values"]) == {"words", "scores", "lengths"}
    assert facts["accuracy_expected"] is not None
    other = run("drift", trained, files / "sea.txt", "--fail-over", "alarm=0")
    assert other.returncode == 6
    assert " training texts, by the model's sketch" in other.stdout
    assert "came: " in other.stdout
    assert "other words" in other.stdout


def test_a_model_needs_its_own_scores_and_a_sketch(run, files, trained):
    other = run("drift", trained, files / "sea.txt", "-m", "fast")
    assert (other.returncode, other.stdout) == (2, "")
    assert "-m names another one: leave out -m" in other.stderr
    old = FIXTURES / "format-1.safetensors"
    done = run("drift", old, files / "sea.txt")
    assert (done.returncode, done.stdout) == (4, "")
    said = done.stderr.splitlines()[-1]
    assert "keeps no sketch of its training texts" in said
    way_out = said.split("`")[1].replace("TRAINING_TEXTS.csv", str(files / "old.csv"))
    assert run(*shlex.split(way_out)[1:]).returncode == 0


def test_calibration_gives_the_sketch_new_scores(run, files, trained, tmp_path):
    made = tmp_path / "made.safetensors"
    assert run("calibrate", files / "old.csv", "-m", trained, "-o", made,
               "--refit").returncode == 0  # fmt: skip
    before, after = (
        json.loads(run("drift", each, files / "same.txt", "--json").stdout)
        for each in (trained, made)
    )
    assert "scores" in before["p_values"]
    assert after["p_values"]["scores"] > 0.05
    assert after["accuracy"] != before["accuracy"]


def test_the_page_says_what_was_found_and_nothing_in_it_is_markup(run, files, trained, tmp_path):
    evil = "".join(f"<script>alert({n})</script> sea <b>bold</b>\n" for n in range(40))
    (tmp_path / "evil<b>.txt").write_text(evil)
    for name in ("a.html", "b.html"):
        done = run("drift", trained, "evil<b>.txt", "--html", name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"saved {name}" in done.stderr
    page = (tmp_path / "a.html").read_text()
    assert page == (tmp_path / "b.html").read_text()
    assert "The new texts differ from the reference" in page
    assert page.count("<script>") == 1
    assert "evil<b>" not in page
    texts = run("drift", files / "old.txt", files / "same.txt", "-m", trained, "--html", "-")
    assert "may be of the same kind" in texts.stdout
    assert "<svg" in texts.stdout


def test_new_texts_from_stdin(run, files, trained):
    text = (files / "sea.txt").read_text()
    done = run("drift", files / "old.txt", "-", "-m", trained, stdin=text)
    assert done.returncode == 0, done.stderr
    assert "120 new texts, 120 of the reference" in done.stdout


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["-", "-"], 2, "stdin is named twice"),
        (["old.txt", "nowhere.txt"], 3, "no such file"),
        (["old.txt", "few.txt"], 3, "2 texts; drift needs at least 20 on each side"),
        (["old.txt", "same.txt", "--fail-over", "alarms=0"], 2, "did you mean alarm?"),
        (["old.txt", "same.txt", "--fail-over", "classifier_auc=1"], 2, "needs --classifier"),
        (["old.txt", "MODEL"], 2, "a model; name the model first, and then new texts"),
        (["MODEL", "same.txt", "--classifier"], 2, "--classifier needs reference texts"),
        (["cut.safetensors", "same.txt"], 4, "cut.safetensors: "),
        (["empty.safetensors", "same.txt"], 4, "empty.safetensors: "),
        (["nowhere.safetensors", "same.txt"], 4, "nowhere.safetensors: no such model"),
        (["old.txt", "cut.safetensors"], 2, "a model; name the model first, and then new texts"),
        (["MODEL", "few.txt"], 3, "2 texts; drift needs at least 20 on each side"),
        (["old.txt", "same.txt", "--html", "old.txt", "--force"], 2, "would overwrite an input"),
        (["MODEL", "same.txt", "--html", "old.csv"], 2, "old.csv exists; --force overwrites it"),
        (["old.txt", "same.txt", "--json", "--html", "-"], 2, "two results would go to"),
        (["old.txt", "same.txt", "--label-column", "x"], 3, "x"),
    ],
)
def test_bad_input_is_one_line(run, files, trained, args, code, said):
    (files / "few.txt").write_text("one\ntwo\n")
    (files / "cut.safetensors").write_bytes(trained.read_bytes()[:5000])
    (files / "empty.safetensors").touch()
    own = [] if args[0].endswith(".safetensors") else ["-m", trained]
    args = [str(trained) if arg == "MODEL" else arg for arg in args]
    done = run("drift", *args, *own, cwd=files)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr.splitlines()[-1]


def test_a_page_that_cannot_be_written_loses_no_result(run, files, trained):
    done = run("drift", trained, "same.txt", "--html", "/dev/full", cwd=files)
    assert (done.returncode, "No space left" in done.stderr) == (1, True)
    assert "training texts" in done.stdout
