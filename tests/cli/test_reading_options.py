"""Encodings and dialects through the commands: what reads, and advice followed to the letter."""

import json
import re
import shlex

import pytest

from tests.conftest import ROOT

MODEL = ROOT / "tests" / "fixtures" / "format-1.safetensors"
ROWS = [("A lovely caf\u00e9, truly", "1"), ("Dull and cold", "0")] * 3
ADVICE = re.compile(r"(--(?:encoding|on-bad-bytes|on-bad-row|comment) (?:'[^']*'|[\w-]+))")


def table(delimiter=",", quote='"'):
    lines = [delimiter.join(("text", "label"))]
    lines += [f"{quote}{text}{quote}{delimiter}{label}" for text, label in ROWS]
    return "\n".join([*lines, ""])


READ = {
    "UTF-16": (table().encode("utf-16"), []),
    "UTF-32": (table().encode("utf-32"), []),
    "found": (table().encode("cp1252"), ["--encoding", "auto"]),
    "replaced": (table().encode("cp1252"), ["--on-bad-bytes", "replace"]),
    "escaped": (table().replace("lovely", '\\"lovely\\"').encode(), []),
    "whole rows": (
        "".join('"' + line.replace('"', '""') + '"\n' for line in table().splitlines()).encode(),
        [],
    ),
    "surplus": (table().replace(",1\n", ",1,,\n").encode(), []),
    "spaces": (table("   ").encode(), []),
    "named": (table("~", "'").encode(), ["--delimiter", "~", "--quote", "'"]),
    "several": (table("::").encode(), ["--delimiter", "::"]),
    "skipped": (b"one, two, three, four\n;\n" * 4 + table().encode(), ["--skip-lines", "8"]),
    "comments": (table().replace('"Dull', '; by, a "program\n"Dull').encode(), ["--comment", ";"]),
}


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_each_command_reads_them(run, tmp_path, command, name):
    data, options = READ[name]
    path = tmp_path / "reviews.csv"
    path.write_bytes(data)
    inputs = [path] if command == "evaluate" else ["-i", path]
    done = run(command, *inputs, "-m", MODEL, "--json", *options)
    assert done.returncode == 0, done.stderr
    if command == "evaluate":
        assert json.loads(done.stdout)["n"] == len(ROWS)
    else:
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        labels = [row["label"] for row in rows]
        assert labels == [label for _, label in ROWS]
        assert all(row["predicted"] for row in rows)


STOPPED = {
    "latin": b"text,n\nA lovely place,1\nCaf\xe9 with \x93charm\x94,2\nNothing \x9d\x8d,3\n",
    "mixed": "text,n\nCaf\u00e9 th\u00e9,1\n\u2019Tis good,2\n".encode() + b"Caf\xe9,3\n",
    "utf-16": "text,n\nA lovely place,1\n".encode("utf-16-le"),
    "kana": "text,n\n\u3068\u3066\u3082\u826f\u3044\u6620\u753b\u3067\u3057\u305f,1\n".encode(
        "cp932"
    ),
    "comment": b"text,n\nGood,1\n# by, a, program\nDull,2\n",
    "wide": b"text,n\nGood,1\nSo, so,2\nDull,2\n",
    "quote": b'text,n\nGood,1\n"So" so,2\n"Dull,2\n',
}


@pytest.mark.parametrize("name", STOPPED)
@pytest.mark.parametrize("options", [[], ["--encoding", "cp1252"], ["--encoding", "auto"]])
def test_advice_followed_to_the_letter_works(run, tmp_path, name, options):
    path = tmp_path / "reviews.csv"
    path.write_bytes(STOPPED[name])
    done = run("predict", "-i", path, "-m", MODEL, *options)
    for advice in ADVICE.findall(done.stderr) if done.returncode else ():
        followed = run("predict", "-i", path, "-m", MODEL, *options, *shlex.split(advice))
        assert followed.returncode == 0, (advice, followed.stderr)
        assert done.returncode == 3
        assert done.stderr.count("error:") == 1


def test_rows_with_replaced_bytes_are_counted_by_each_command(run, tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_bytes(table().encode("cp1252"))
    for command in (["evaluate", path], ["predict", "-i", path]):
        done = run(*command, "-m", MODEL, "--on-bad-bytes", "replace")
        assert "3 rows with bytes that cannot be decoded, read as U+FFFD" in done.stderr


def test_probabilities_may_have_decimal_commas(run, tmp_path):
    (tmp_path / "reviews.csv").write_text(table(), encoding="utf-8")
    answers = "\n".join(["predicted;p_positive", *["positive;0,93", "negative;0,07"] * 3, ""])
    (tmp_path / "answers.csv").write_text(answers, encoding="utf-8")
    done = run("compare", "answers.csv", MODEL, "reviews.csv", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accuracy"]["a"] == 1


@pytest.mark.parametrize(
    "options",
    [["--delimiter", ""], ["--quote", "ab"], ["--skip-lines", "-1"], ["--on-bad-bytes", "no"],
     ["--delimiter", ";", "--input-format", "jsonl"]],
)  # fmt: skip
def test_options_that_cannot_be_are_refused(run, tmp_path, options):
    (tmp_path / "reviews.csv").write_text(table(), encoding="utf-8")
    done = run("predict", "-i", tmp_path / "reviews.csv", "-m", MODEL, *options)
    assert done.returncode == 2
    assert options[0] in done.stderr
