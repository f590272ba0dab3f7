"""What files and models hold reaches no terminal as something it obeys."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from sentiment.cli.console import Console
from sentiment.model.file import load_model, save_model
from tests.conftest import ROOT
from tests.model.small import changed

WILD = "\x1b]0;mine\x07\x9b2J\u202e\r"
SPELLED = r"\x1b]0;mine\x07\x9b2J\u202e\r"


@pytest.mark.parametrize("say", ["note", "warn", "error"])
def test_messages_are_one_line_without_control_characters(say, capsys):
    getattr(Console(), say)(f"{WILD}: no such file")
    said = capsys.readouterr().err
    assert said.endswith(f"{SPELLED}: no such file\n")
    assert said.count("\n") == 1


def test_a_traceback_is_spelled_out_too(capsys):
    console = Console()
    console.debug = True
    console.error(WILD, ValueError(f"{WILD}\nmore"))
    assert not set(capsys.readouterr().err) & set(WILD) - set("]0;mine2J")


def test_a_long_message_keeps_its_way_out(capsys):
    Console().error("\x1b" * 5000 + "; name another")
    said = capsys.readouterr().err
    assert len(said) < 1100
    assert said.startswith(r"error: \x1b\x1b")
    assert said.endswith("; name another\n")


def test_names_of_files_columns_and_slices_are_spelled_out(run, trained, tmp_path):
    name = "a\x1b[31m.csv"
    (tmp_path / name).write_text("id,te\x1bxt,label\na\x1b[2J,it is fine,1\nb,it is bad,0\n")
    (tmp_path / "d\x1b").mkdir()
    (tmp_path / "d\x1b" / "a\x1b.md").touch()
    (tmp_path / "d\x1b" / "a.txt").write_text("fine")
    evaluate = ["evaluate", name, "-m", trained]
    for arguments in (
        ["predict", "-m", trained, "-i", "a*"],
        ["predict", "-m", trained, "-i", "d*"],
        ["predict", "-m", "no\x1b", "fine"],
        [*evaluate, "--label-column", "\x1b"],
        [*evaluate, "--fail-under", "slice:id=a\x1b[2J:accuracy=1", "--fail-under", "mcc=1"],
        [*evaluate, "--fail-under", "slice:id=\x1b:accuracy=1"],
        ["train", name, "--label-column", "id"],
    ):
        done = run(*arguments, cwd=tmp_path)
        assert r"\x1b" in done.stderr
        assert "\x1b" not in done.stderr + done.stdout
    (tmp_path / "m\x1b").write_bytes(trained.read_bytes())
    assert r"m\x1b (" in run("info", "m\x1b", cwd=tmp_path).stdout


def test_what_an_output_cannot_hold_is_spelled_out(run, tmp_path):
    model = load_model(ROOT / "tests/fixtures/format-1.safetensors")
    about = replace(model.record.provenance, versions={"lone \ud800": "½ σ"})
    save_model(changed(model, provenance=about), tmp_path / "m")
    done = run("info", tmp_path / "m")
    assert (done.returncode, r"lone \ud800 ½ σ" in done.stdout) == (0, True), done.stderr
    done = run("info", tmp_path / "m", env={"PYTHONIOENCODING": "iso8859-2"})
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
@pytest.mark.parametrize(
    ("given", "env", "colored"),
    [
        ((), {}, True),
        (("--top", "2"), {}, True),
        ((), {"NO_COLOR": "1"}, False),
        (("--json",), {}, False),
    ],
)
def test_answers_on_a_terminal_have_the_colors_of_their_classes(given, env, colored):
    ours, theirs = os.openpty()
    asked = ["predict", "-q", "-m", "fast", *given, "--", "I loved it", "terrible"]
    known = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    done = subprocess.run(
        [sys.executable, "-m", "sentiment", *asked],
        stdout=theirs,
        stdin=subprocess.DEVNULL,
        env=known | {"TERM": "xterm"} | env,
        check=False,
        timeout=120,
    )
    os.close(theirs)
    seen = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    if not colored:
        assert "\x1b" not in seen
        assert "I loved it" in seen
        return
    assert "\x1b[32m\x1b[1mpositive\x1b[0m\t" in seen
    assert "\x1b[31m\x1b[1mnegative\x1b[0m\t" in seen


def test_answers_that_go_elsewhere_have_no_color(run, tmp_path):
    for asked in ((), ("-o", tmp_path / "out.txt")):
        done = run("predict", "-m", "fast", "I loved it", *asked, env={"TERM": "xterm"})
        assert "\x1b" not in done.stdout
    assert (tmp_path / "out.txt").read_text().startswith("positive\t")
