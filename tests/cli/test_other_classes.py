"""Models whose classes are not those of sentiment: nothing speaks of positive and negative."""

import csv
import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from sentiment.labels import LabelSet
from sentiment.model.file import load_model, save_model
from tests.conftest import ROOT
from tests.model.small import WORDS, small_model

pytestmark = pytest.mark.slow

SETS = {"spam": ("ham", "spam"), "mood": ("anger", "fear", "joy")}
# What browsers do not show: styles, scripts, and the names of colours.
HIDDEN = re.compile(r"<style.*?</style>|<script.*?</script>|class=\"[^\"]*\"", re.DOTALL)


@pytest.fixture(scope="module", params=SETS)
def given(request, tmp_path_factory):
    """A model, and reviews that it answers rather well."""
    folder = tmp_path_factory.mktemp(request.param)
    random = np.random.default_rng(1)
    names = np.array(SETS[request.param])
    model = small_model(labels=LabelSet(SETS[request.param]))
    texts = [f"{' '.join(random.choice(WORDS, 6))} {number}" for number in range(500)]
    labels = names[model.decision.choose(model.probabilities(texts))]
    wrong = random.random(500) < 0.1
    labels[wrong] = random.choice(names, wrong.sum())
    with (folder / "all.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *zip(texts, labels, strict=True)])
    save_model(model, folder / "model.safetensors")
    return folder


def test_no_command_speaks_of_positive_and_negative(run, given, tmp_path):
    model, data = given / "model.safetensors", given / "all.csv"
    for command in (
        ["predict", "-m", model, "good film", "--explain", "--json"],
        ["predict", "-m", model, "-i", data, "--format", "csv"],
        ["explain", "-m", model, "good film"],
        ["info", model, "--words", "3"],
        ["info", model, "--card"],
        ["evaluate", data, "-m", model],
        ["compare", model, model, data],
        ["calibrate", data, "-m", model, "-o", tmp_path / "refit"],
        ["calibrate", data, "-m", model, "--goal", "precision=0.7", "-o", tmp_path / "careful"],
        ["info", tmp_path / "careful"],
    ):
        done = run(*command)
        assert done.returncode == 0, done.stderr
        assert not re.search("positive|negative", done.stdout + done.stderr), command


def test_neither_does_the_page_of_the_report(run, given, tmp_path):
    data, page = given / "all.csv", tmp_path / "page.html"
    assert run("report", data, "-m", given / "model.safetensors", "-o", page).returncode == 0
    shown = HIDDEN.sub("", page.read_text(encoding="utf-8"))
    assert not re.findall(".{30}(?:positive|negative).{30}", shown)


def test_neither_does_the_service(given):
    pytest.importorskip("starlette", reason="Starlette is not installed")
    from starlette.testclient import TestClient

    from sentiment.cli.serve import model_info
    from sentiment.serving.server import Limits
    from sentiment.serving.service import Service
    from tests.serving.conftest import app_of

    path = given / "model.safetensors"
    model = load_model(path)
    app = app_of(Service(model, model_info(path, model)), Limits(), report=print)
    with TestClient(app, base_url="http://localhost") as client:
        for answer in (client.get("/openapi.json"), client.get("/info"),
                       client.post("/explain", json={"text": "good film"})):  # fmt: skip
            assert answer.status_code == 200
            assert not re.findall(".{30}(?:positive|negative).{30}", answer.text)


def test_neither_does_an_exported_network(given):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from sentiment.export import onnx_file

    made = onnx.load_from_string(onnx_file(load_model(given / "model.safetensors")))
    assert "positive" not in str(made)


def test_neither_do_warnings_about_labels(run, given, tmp_path):
    with (given / "all.csv").open(encoding="utf-8") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    names = sorted({label for _, label in rows})
    again = [(text, names[names.index(label) - 1]) for text, label in rows[:5]]
    with (tmp_path / "both.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *rows[:60], *again])
    done = run("train", tmp_path / "both.csv", "--classes", ",".join(names), "--epochs", "1",
               "-o", tmp_path / "m", "--json")  # fmt: skip
    assert "5 texts in 10 rows" in done.stderr
    assert json.loads(done.stdout)
    turned = [(text, names[names.index(label) - 1]) for text, label in rows]
    with (tmp_path / "turned.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *turned])
    refused = run("calibrate", tmp_path / "turned.csv", "-m", given / "model.safetensors",
                  "-o", tmp_path / "refit")  # fmt: skip
    assert (refused.returncode, "check the labels" in refused.stderr) == (3, True)
    assert not re.search(" positive|negative", done.stderr + refused.stderr)


@pytest.mark.parametrize("command", [pytest.param("train", marks=pytest.mark.slow), "evaluate"])
def test_folders_that_are_no_class_are_named(run, tmp_path, command):
    for name in ("Positive", "NEG", "unsup", ".git"):
        (tmp_path / "all" / name).mkdir(parents=True)
        for number in range(9):
            (tmp_path / "all" / name / f"{number}.txt").write_text(f"{name} film {number}")
    into = ["-o", tmp_path / "m", "--epochs", "1"] if command == "train" else ["-m", "general"]
    done = run(command, tmp_path / "all", *into)
    assert "skipped unsup/" in done.stderr
    way_out = "(--classes all makes each folder a class)"
    assert (way_out in done.stderr) == (command == "train")
    assert "negative, positive" in done.stderr
    if command == "train":
        done = run("train", tmp_path / "all", *into, "--classes", "all", "--force")
        assert "negative, positive, unsup; 3 classes" in done.stderr
    assert (
        "skipped unsup/\n" in run("predict", "-m", "general", "-i", tmp_path / "all").stderr + "\n"
    )


def test_folders_of_other_classes_are_offered(run, tmp_path):
    for name in ("joy", "anger"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text("text")
    done = run("train", tmp_path, "-o", tmp_path / "m")
    assert done.returncode == 3
    assert "found anger, joy (--classes all makes each folder a class)" in done.stderr


@pytest.mark.slow
def test_the_example_of_the_readme_can_be_pasted(tmp_path):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = [block for block in blocks if "tickets.csv" in block]
    program = tmp_path / "bin" / "sentiment"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m sentiment "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    done = subprocess.run(["sh", "-ec", block], cwd=tmp_path, env=os.environ | {"PATH": path},
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["wish", "bug"]
