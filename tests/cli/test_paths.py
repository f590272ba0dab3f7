"""What is written is nothing that is read; and which exit code a path has that cannot be used."""

import os
import shutil
import subprocess
import sys

import pytest

LABELLED = "text,label\nwonderful,1\nterrible,0\n"
TABLE = "id,text\n1,fine\n2\n3,good\n"
LONG = "x" * 300
SKIP = ["--on-bad-row", "skip"]


@pytest.fixture
def folder(tmp_path, trained, monkeypatch):
    """A folder with reviews of each kind and a model; it is where a test stands."""
    (tmp_path / "d").mkdir()
    for name in ("d/a.csv", "d/b.csv", "data.csv"):
        (tmp_path / name).write_text(LABELLED)
    (tmp_path / "in.csv").write_text(TABLE)
    (tmp_path / "lines.txt").write_text("fine\n")
    for label in ("pos", "neg"):
        (tmp_path / "texts" / label).mkdir(parents=True)
        (tmp_path / "texts" / label / "1.txt").write_text(f"{label} it was")
    for name in ("m.safetensors", "m"):
        shutil.copy(trained, tmp_path / name)
    os.link(tmp_path / "in.csv", tmp_path / "linked.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


M = ["-m", "m.safetensors"]
READ = {
    "the input": ["predict", *M, "-i", "in.csv", "-o", "in.csv"],
    "the input, skipping": ["predict", *M, "-i", "in.csv", "-o", "in.csv", *SKIP],
    "a link to it": ["predict", *M, "-i", "in.csv", "-o", "linked.csv", *SKIP],
    "rejects": ["predict", *M, "-i", "in.csv", "-o", "o.csv", "--rejects", "in.csv", *SKIP],
    "rejects, texts": ["predict", "-m", "m", "fine", "--rejects", "m", *SKIP],
    "the model": ["predict", "-m", "m", "-i", "in.csv", "-o", "m"],
    "one of a glob": ["predict", *M, "-i", "l*.txt", "-o", "lines.txt"],
    "one of a folder": ["predict", *M, "-i", "texts", "-o", "texts/pos/1.txt"],
    "training": ["train", "d/*.csv", "-o", "d/a.csv"],
    "a folder": ["train", "texts", "-o", "texts/neg/1.txt"],
    "validation": ["train", "data.csv", "--validation", "d/?.csv", "-o", "d/b.csv"],
    "unlabeled": ["train", "data.csv", "--unlabeled", "l*.txt", "-o", "lines.txt"],
    "the base": ["train", "data.csv", "--base", "m.safetensors", "-o", "m.safetensors"],
    "errors": ["evaluate", *M, "d/*.csv", "--errors", "d/b.csv"],
    "export": ["export", "m.safetensors", "--to", "onnx", "-o", "m.safetensors"],
    "report": ["report", *M, "d/*.csv", "-o", "d/a.csv"],
    "report, model": ["report", *M, "d/*.csv", "-o", "m.safetensors"],
    "calibrate": ["calibrate", *M, "d/*.csv", "--goal", "recall=0.1", "-o", "d/a.csv"],
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_nothing_that_is_read_is_written_over(run, folder, name):
    before = contents(folder)
    done = run(*READ[name], "--force", cwd=folder)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert "would overwrite an input; choose another path" in line
    assert contents(folder) == before


@pytest.mark.parametrize("redirected", ["-i in.csv >> in.csv", "< in.csv >> in.csv",
                                        "-i '*.csv' > out.csv"])  # fmt: skip
def test_stdout_is_no_input_either(folder, redirected):
    command = f"{sys.executable} -m sentiment predict -m m.safetensors --format csv {redirected}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, "would overwrite an input" in done.stderr) == (2, True)
    assert (folder / "in.csv").read_text() == TABLE


def test_what_is_not_there_yet_is_none_of_a_glob(run, folder):
    asked = ["predict", *M, "-i", "l*.txt", "-o", "lout.txt"]
    assert run(*asked, cwd=folder).returncode == 0
    again = run(*asked, "--force", cwd=folder)
    assert (again.returncode, "would overwrite an input" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    "asked",
    [
        ["predict", *M, "-i", "in.csv", "-o", "o.csv", "--rejects", "./o.csv", *SKIP],
        ["predict", *M, "-i", "in.csv", "--rejects", "-", *SKIP],
        ["report", *M, "data.csv", "-o", "roc.svg", "--plot", "roc.svg"],
    ],
)
def test_two_things_are_not_written_to_one_file(run, folder, asked):
    before = contents(folder)
    done = run(*asked, cwd=folder)
    assert (done.returncode, "written twice; choose another path" in done.stderr) == (2, True)
    assert contents(folder) == before


def test_a_dash_is_stdout(run, folder):
    answered = run("predict", *M, "-i", "in.csv", "-o", "-", *SKIP, "--rejects", "r.csv")
    assert [line.split("\t")[2] for line in answered.stdout.splitlines()] == ["fine", "good"]
    rejected = run("predict", *M, "-i", "in.csv", "-o", "o.csv", *SKIP, "--rejects", "-")
    assert rejected.stdout == (folder / "r.csv").read_text()
    report = run("report", *M, "data.csv", "-o", "-")
    assert "</html>" in report.stdout
    assert not (folder / "-").exists()


@pytest.mark.parametrize("prefix", ["x\ty", "x\n", "\x1b[31m", "\x85"])
def test_a_prefix_has_no_control_characters(run, folder, prefix):
    done = run("predict", *M, "-i", "in.csv", "--format", "tsv", "--prefix", prefix)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert "--prefix" in line
    assert "control characters" in line


def test_a_text_is_no_file_name_however_long(run, folder):
    for text in ("я" * 200, "x" * 5000, "/root/secret", "lines.txt/x"):
        done = run("predict", *M, text)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(f"\t{text}\n")


UNUSABLE = {
    "input": (3, ["predict", *M, "-i", "{}"]),
    "explained": (3, ["explain", *M, "-i", "{}"]),
    "training": (3, ["train", "{}"]),
    "validation": (3, ["train", "data.csv", "--validation", "{}"]),
    "unlabeled": (3, ["train", "data.csv", "--unlabeled", "{}"]),
    "evaluation": (3, ["evaluate", *M, "{}"]),
    "compared": (3, ["compare", "m.safetensors", "{}", "data.csv"]),
    "output": (2, ["predict", *M, "-i", "in.csv", "-o", "{}"]),
    "rejects": (2, ["predict", *M, "-i", "in.csv", "--rejects", "{}", *SKIP]),
    "model": (4, ["predict", "fine", "-m", "{}"]),
    "a model without suffix": (4, ["info", "{}"]),
    "exported": (4, ["export", "{}", "--to", "onnx"]),
    "base": (4, ["train", "data.csv", "--base", "{}"]),
    "checkpoint": (2, ["train", "data.csv", "--checkpoint", "{}"]),
}


def check_unusable(done, code, reason):
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (code, ""), line
    assert reason in line
    assert "[Errno" not in line


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_name_that_is_too_long_has_the_exit_code_of_its_use(run, folder, name):
    code, asked = UNUSABLE[name]
    done = run(*(each.format(LONG) for each in asked))
    check_unusable(done, code, "File name too long")


@pytest.fixture
def closed(folder):
    """A folder that may not be looked into, and a file that may not be read."""
    (folder / "closed").mkdir(mode=0)
    (folder / "data.csv").chmod(0)
    if os.access("data.csv", os.R_OK):
        pytest.skip("root may read all")
    yield folder
    (folder / "closed").chmod(0o700)


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_may_not_be_used_has_the_exit_code_of_its_use(run, closed, name):
    code, asked = UNUSABLE[name]
    asked = [each.replace("data.csv", "d/a.csv").format("closed/x.csv") for each in asked]
    check_unusable(run(*asked), code, "Permission denied")


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        (3, ["predict", *M, "-i", "data.csv"]),
        (3, ["train", "data.csv"]),
        (4, ["predict", "fine", "-m", "data.csv"]),
    ],
)
def test_a_file_that_may_not_be_read_has_the_exit_code_of_its_use(run, closed, code, asked):
    check_unusable(run(*asked), code, "Permission denied")
