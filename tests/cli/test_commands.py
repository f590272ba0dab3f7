"""`train`, `evaluate`, `info` and the help texts through the real command line."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sentiment.cli import COMMANDS, find_command
from tests.conftest import ROOT, TEST, TRAIN

QUICK = ["--epochs", "1", "--hidden", "", "--features", "2000"]


@pytest.mark.slow
def test_train_without_output_writes_and_replaces_its_own_model(run, tmp_path):
    for word in ("saved", "replaced"):
        done = run("train", TRAIN, "--epochs", "1", "--hidden", "", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"{word} model.safetensors" in done.stderr
        assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
    done = run("predict", "fine", cwd=tmp_path)
    assert done.returncode == 0


@pytest.mark.slow
def test_train_says_what_it_read_chose_and_reached(run, tmp_path):
    done = run("train", TRAIN, "-o", tmp_path / "m", "--epochs", "2", "--json")
    for words in (
        'text from "text"',
        "labels in",
        "1,600 reviews (800 positive, 800 negative), 5-fold cross-validation",
        "2–5-character pieces",
        "epoch 2/2",
        "on 1,600 reviews (5-fold cross-validation): accuracy",
    ):
        assert words in done.stderr
    result = json.loads(done.stdout)
    assert result["training"]["positive"] == 800
    assert result["model"] == str(tmp_path / "m")


@pytest.mark.slow
def test_validation_reviews_are_taken_and_one_of_a_thing_is_no_plural(run, trained, tmp_path):
    done = run("train", TRAIN, "--validation", TEST, "-o", tmp_path / "m", *QUICK)
    assert "training on 1,600 reviews (800 positive, 800 negative), 400 held out" in done.stderr
    assert "at most 1 epoch\n" in done.stderr
    known = "(trained on the 1,600 sample reviews only; -m general answers better)"
    assert known in run("predict", "-m", tmp_path / "m", "good").stderr
    (tmp_path / "one.csv").write_text("text,label\na fine film,positive\n")
    assert "1 review, threshold" in run("evaluate", "-m", trained, tmp_path / "one.csv").stdout


def test_train_quietly_says_nothing(run, tmp_path):
    done = run("train", TEST, "-o", tmp_path / "m", *QUICK, "-q")
    assert (done.stdout, done.stderr) == ("", "")


def test_train_keeps_an_existing_file_unless_forced(run, tmp_path):
    (tmp_path / "m").write_text("mine")
    done = run("train", TRAIN, "-o", tmp_path / "m")
    assert (done.returncode, (tmp_path / "m").read_text()) == (2, "mine")


def test_train_without_output_does_not_replace_what_is_no_model(run, tmp_path):
    (tmp_path / "model.safetensors").write_text("something of mine")
    done = run("train", TRAIN, cwd=tmp_path)
    assert (done.returncode, "--force" in done.stderr) == (2, True)
    assert (tmp_path / "model.safetensors").read_text() == "something of mine"


def test_without_data_the_bundled_reviews_are_taken(run, trained, tmp_path):
    done = run("evaluate", "-m", trained, "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["n"] == 400


def test_evaluate_gives_text_and_flat_json(run, trained):
    text = run("evaluate", TEST, "-m", trained).stdout
    flat = json.loads(run("evaluate", TEST, "-m", trained, "--json").stdout)
    assert {"accuracy", "macro_f1", "roc_auc", "log_loss", "n"} <= set(flat)
    assert f"{flat['accuracy']:.1%}" in text
    assert sum(map(sum, flat["confusion_matrix"])) == flat["n"] == 400


def test_the_constant_answer_stands_beside_the_models_figures(run, trained, tmp_path):
    rows = ["text,label", *(f"fine thing {n},pos" for n in range(9)), "dull thing,neg"]
    (tmp_path / "data.csv").write_text("\n".join(rows))
    text = run("evaluate", tmp_path / "data.csv", "-m", trained).stdout
    assert "always positive: accuracy 90.0%, macro F1 47.4%" in text
    flat = json.loads(run("evaluate", tmp_path / "data.csv", "-m", trained, "--json").stdout)
    assert (flat["constant_accuracy"], round(flat["constant_macro_f1"], 3)) == (0.9, 0.474)
    run("report", tmp_path / "data.csv", "-m", trained, "-o", tmp_path / "page.html")
    page = " ".join((tmp_path / "page.html").read_text(encoding="utf-8").split())
    assert "always answering positive: 90.0%" in page
    assert "always answering positive: 47.4%" in page


def test_evaluate_warns_of_reviews_that_were_trained_on(run, trained):
    assert (
        "1,600 of 1,600 reviews were used to make the model"
        in run("evaluate", TRAIN, "-m", trained).stderr
    )
    assert "used to make" not in run("evaluate", TEST, "-m", trained).stderr


@pytest.mark.slow
def test_info_shows_each_layer_with_its_parameters(run, tmp_path):
    done = run("train", TRAIN, "-o", tmp_path / "m", "--epochs", "1", "--hidden", "8,4")
    facts = json.loads(run("info", tmp_path / "m", "--json").stdout)
    features = facts["vectorizer"]["features"]
    assert [layer["trainable_parameters"] for layer in facts["layers"]] == [
        features * 8 + 8, 8 * 4 + 4, 4 + 1,
    ]  # fmt: skip
    text = run("info", tmp_path / "m").stdout
    assert f"{facts['trainable_parameters']:,}" in text
    assert "800 positive and 800 negative reviews" in text
    assert done.returncode == 0


def test_the_model_is_found_by_variable_then_by_name(run, trained, tmp_path):
    done = run("predict", "fine", "-v", env={"SENTIMENT_MODEL": str(trained)}, cwd=tmp_path)
    assert (done.returncode, f"model: {trained}" in done.stderr) == (0, True)
    (tmp_path / "model.safetensors").write_bytes(trained.read_bytes())
    done = run("predict", "fine", "-v", cwd=tmp_path)
    assert "model: ./model.safetensors" in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_that_parses(run, name):
    command = find_command(name)
    assert command.short_help == COMMANDS[name]
    examples = re.findall(rf"sentiment {name}[^|\n]*", command.help)
    assert examples
    for example in examples:
        _, _, *arguments = shlex.split(example)
        command.make_context(name, arguments)  # parses, or raises
    done = run(name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_the_version_is_that_of_the_package(run):
    from sentiment import __version__

    assert run("--version").stdout == f"sentiment {__version__}\n"


def test_the_readme_names_every_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"sentiment {name}" in readme for name in COMMANDS)


def test_it_runs_as_a_program_too():
    program = Path(sys.executable).with_name("sentiment")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("sentiment ")


def test_completion_completes_commands_and_files(tmp_path):
    (tmp_path / "reviews.csv").write_text("text,label\n")
    for words, expected in (("sentiment ev", "evaluate"), ("sentiment train rev", "file")):
        done = subprocess.run(
            [Path(sys.executable).with_name("sentiment")],
            env={
                **os.environ,
                "_SENTIMENT_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(len(words.split()) - 1),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert expected in done.stdout


def test_without_a_model_the_one_that_comes_along_answers_and_is_named(run, tmp_path):
    done = run("predict", "-v", "fine", cwd=tmp_path)
    assert (done.returncode, "model: general" in done.stderr) == (0, True)


def test_validation_labels_follow_the_rule_of_the_training_labels(run, tmp_path):
    rows = [f"word{n} here,{n % 5 + 1}\n" for n in range(60)]
    (tmp_path / "stars.csv").write_text("text,stars\n" + "".join(rows))
    held_out = [f"other{n} here,{2 if n % 2 else 4}\n" for n in range(20)]
    (tmp_path / "held_out.csv").write_text("text,stars\n" + "".join(held_out))
    done = run(
        "train", "stars.csv", "--validation", "held_out.csv", "--epochs", "1", "--json",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)["validation"]
    assert (facts["positive"], facts["negative"]) == (10, 10)


@pytest.mark.slow
def test_validation_reviews_that_are_trained_on_are_warned_of(run, tmp_path):
    done = run("train", TEST, "--validation", TEST, "-o", tmp_path / "m", *QUICK)
    assert "400 of 400 validation reviews are also training reviews" in done.stderr


def test_with_few_reviews_the_model_is_saved_with_a_warning(run, tmp_path):
    rows = [f"{'good' if n % 2 else 'bad'} thing {n},{n % 2}\n" for n in range(8)]
    (tmp_path / "few.csv").write_text("text,label\n" + "".join(rows))
    done = run("train", "few.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert "too few to calibrate" in done.stderr


def test_contradictions_and_a_training_that_came_to_nothing_are_warned_of(run, tmp_path):
    rows = [f"part {n // 2},{n % 2}\n" for n in range(40)]
    (tmp_path / "both.csv").write_text("text,label\n" + "".join(rows))
    done = run("train", "both.csv", "--epochs", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warning: 20 texts in 40 rows: positive in some, negative in others" in done.stderr
    assert "warning: no better than answering every review the same" in done.stderr
