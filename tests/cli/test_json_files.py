"""JSON through the command line: lists in and out, fields by name, what is said of them."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURE = Path(__file__).parent.parent / "fixtures" / "format-1.safetensors"
ROWS = [{"id": 1, "review": {"text": "good", "stars": 5}},
        {"id": 2, "review": {"text": "bad", "stars": 1}}]  # fmt: skip


@pytest.fixture
def given(run, tmp_path):
    """Run a command with the model on `in.json`, which holds this."""

    def call(data, command, *arguments, name="in.json"):
        (tmp_path / name).write_text(data if isinstance(data, str) else json.dumps(data))
        model = ["-m", FIXTURE]
        return run(command, *model, *arguments, cwd=tmp_path)

    return call


@pytest.mark.parametrize("data", [ROWS, {"data": ROWS, "n": 2}])
def test_a_list_comes_out_as_it_went_in(given, tmp_path, data):
    done = given(data, "predict", "in.json", "-o", "out.json")
    assert 'text from "review.text" (by name)' in done.stderr
    answers = json.loads((tmp_path / "out.json").read_text())
    assert [{"id": row["id"], "review": row["review"]} for row in answers] == ROWS
    assert list(answers[0])[2:4] == ["predicted", "p_positive"]
    done = given(data, "predict", "-i", "in.json", "--format", "json", "--explain")
    assert [row["words"][0][0] for row in json.loads(done.stdout)] == ["good", "bad"]
    done = given([], "predict", "-i", "in.json", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_labels_may_be_fields_too(given):
    done = given(ROWS, "evaluate", "in.json", "--label-column", "review.stars", "--json")
    assert (done.returncode, json.loads(done.stdout)["n"]) == (0, 2), done.stderr


def test_an_object_is_no_text_but_its_field_may_be(given):
    done = given(ROWS, "predict", "-i", "in.json", "--text-column", "review")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 3
    assert line.endswith('"review" holds objects, not texts; name a field: '
                         "--text-column review.text")  # fmt: skip
    done = given(ROWS, "predict", "-i", "in.json", "--text-column", "review.text")
    assert [line.split("\t")[2] for line in done.stdout.splitlines()] == ["good", "bad"]


def test_what_is_found_late_is_said_once_at_the_end(given):
    row, last = '{"text": "good"}', '{"text": "good", "n": NaN}'
    done = given(f"[{(row + ',') * 2000} {last}, {last}]", "predict", "-i", "in.json")
    notes = [line for line in done.stderr.splitlines() if "null" in line]
    assert (done.returncode, notes) == (0, ["in.json: NaN and Infinity are read as null"])


@pytest.mark.parametrize("policy", ["stop", "skip", "keep"])
def test_a_list_is_closed_whatever_the_rows(given, policy):
    data = '[{"text": "good"}, {"text": "bad", "text": "x"}, {"text": "fine"}]'
    done = given(data, "predict", "-i", "in.json", "--format", "json", "--on-bad-row", policy)
    rows = {"stop": ["good"], "skip": ["good", "fine"], "keep": ["good", None, "fine"]}
    assert [row.get("text") for row in json.loads(done.stdout)] == rows[policy]
    assert done.returncode == (3 if policy == "stop" else 0)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_so_it_is_when_the_run_is_interrupted(sent):
    command = [sys.executable, "-m", "sentiment", "predict", "-m", FIXTURE, "--format", "json"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes) as process:
        process.stdin.write(b"good\nbad\n")
        process.stdin.flush()
        start = process.stdout.readline() + process.stdout.readline()
        process.send_signal(sent)
        rest = process.stdout.read()
        process.stdin.close()
    assert [row["text"] for row in json.loads(start + rest)] == ["good", "bad"]


def test_mistakes_may_be_a_list(given, tmp_path):
    data = [{"text": "good", "label": "neg"}, {"text": "bad", "label": "neg"}]
    done = given(data, "evaluate", "in.json", "--errors", "errors.json")
    assert done.returncode == 0, done.stderr
    mistakes = json.loads((tmp_path / "errors.json").read_text())
    assert {(mistake["text"], mistake["label"]) for mistake in mistakes} >= {("good", "negative")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "out.jsonl", "--format", "json"], "ends in .jsonl, but the format is json"),
        (["--on-bad-row", "skip", "--rejects", "out.json"], "name it .csv, .tsv or .jsonl"),
        (["--json", "--format", "json"], "--json is short for --format jsonl"),
    ],
)
def test_what_contradicts_itself_is_refused(given, arguments, said):
    done = given(ROWS, "predict", "-i", "in.json", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
