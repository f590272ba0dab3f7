"""`explain`, `predict --explain`, `info --words` and `--history` through the real command line."""

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from dataclasses import replace

import pytest

from sentiment.cli.console import bar, two_sided
from sentiment.cli.explain import highlighted
from sentiment.model.explanation import Word
from sentiment.model.file import load_model, save_model
from tests.model.small import changed

TEXT = "A <b>wonderful</b> film,<br />not terrible at all"


def test_a_text_is_explained_in_words_bars_and_phrases(run, trained):
    done = run("explain", "-m", trained, "wonderful, but the zip broke", "terrible")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = re.split(r"\n\n(?=negative|positive)", done.stdout)
    for words in ("  wonderful, but the zip broke\n", "│█", "baseline", "words\n", "phrases"):
        assert words in first
    assert "█│" in second
    assert re.search(r"without “.*” it would be|without its \d+ strongest words the answer", first)
    assert second.startswith("negative  0.")
    assert "\x1b" not in done.stdout


def test_json_adds_up_and_points_into_the_text(run, trained):
    done = run("explain", "-m", trained, "--json", TEXT, "")
    explained, blank = map(json.loads, done.stdout.splitlines())
    words = explained["words"]
    total = explained["base"] + sum(word["contribution"] for word in words)
    assert total == pytest.approx(explained["logit"], abs=1e-4)
    assert all(word["text"] == TEXT[word["start"] : word["end"]] for word in words)
    assert (blank["predicted"], blank["p_positive"], blank["words"]) == (None, None, [])


def test_json_holds_no_control_characters_and_is_the_same_text(run, trained):
    evil = "fine \x1b[31m \x9b31m \x7f"
    done = run("explain", "-m", trained, "--json", evil)
    assert json.loads(done.stdout)["text"] == evil
    predicted = run("predict", "-m", trained, "--json", "--explain", evil)
    assert json.loads(predicted.stdout)["text"] == evil
    for said in (done.stdout, predicted.stdout):
        assert not {char for char in said if unicodedata.category(char) == "Cc"} - {"\n"}


def test_what_would_flip_the_answer_does(run, trained):
    text = "wonderful, but it broke"
    explained = json.loads(run("explain", "-m", trained, "--json", text).stdout)
    for word in reversed(explained["without"]["words"]):
        text = f"{text[: word['start']]} {text[word['end'] :]}"
    record = json.loads(run("predict", "-m", trained, "--json", text).stdout)
    assert record["predicted"] == explained["without"]["predicted"] != explained["predicted"]
    assert record["p_positive"] == explained["without"]["p_positive"]
    assert (
        '"without": null' in run("explain", "-m", trained, "--json", "--remove", "0", text).stdout
    )


def test_reviews_come_from_stdin_and_files_and_the_threshold_moves(run, trained, tmp_path):
    (tmp_path / "in.csv").write_text("id,text\n1,wonderful\n2,terrible\n")
    for source in (["-i", tmp_path / "in.csv"], []):
        done = run(
            "explain", "-m", trained, "--json", "--threshold", "1", *source,
            stdin="wonderful\nterrible\n",
        )  # fmt: skip
        records = [json.loads(line) for line in done.stdout.splitlines()]
        assert [record["text"] for record in records] == ["wonderful", "terrible"]
        assert [record["predicted"] for record in records] == ["negative", "negative"]


def on_terminal(*args: str, **environment: str) -> str:
    """What the program writes to a terminal."""
    leader, follower = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "sentiment", *args],
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm-256color", **environment},
        check=True,
    )
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 1 << 16):
            shown += chunk
    except OSError:  # Linux's way to say that all was read
        pass
    os.close(leader)
    assert done.returncode == 0
    return shown.decode()


def test_a_terminal_gets_colors_unless_they_are_unwelcome_and_never_those_of_the_text(trained):
    evil = "wonderful \x1b[31mred\x07 \x9b"
    shown = on_terminal("explain", "-m", str(trained), evil)
    assert re.search(r"\x1b\[38;5;16m\x1b\[48;5;\d+m(\x1b\[1m)?wonderful\x1b\[0m", shown)
    ours = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "\x1b[31mred" not in shown
    assert r"\x1b[31mred\x07 \x9b" in ours
    plain = on_terminal("explain", "-m", str(trained), evil, NO_COLOR="1")
    for text in (ours, plain):
        assert not {char for char in text if unicodedata.category(char) == "Cc"} - set("\r\n")


def test_lines_are_wrapped_between_words_and_at_line_breaks():
    words = [Word(w, 3 * n, 3 * n + 2, 0.0) for n, w in enumerate(["aa", "bb", "cc"])]
    assert list(highlighted("aa bb cc", words, 6, colors=None)) == ["aa bb", "cc"]
    assert list(highlighted("aa\nbb cc", words, 60, colors=None)) == ["aa", "bb cc"]
    assert list(highlighted("", [], 60, colors=None)) == []
    wide = [Word("好好", 0, 2, 1.0), Word("x", 3, 4, 1.0)]
    assert list(highlighted("好好 x", wide, 5, colors=None)) == ["好好", "x"]


def test_bars_are_as_long_as_their_share():
    assert (bar(1, 4), bar(0.5, 4), bar(0, 4), bar(0.53125, 4)) == ("████", "██", "", "██▏")
    assert (two_sided(0.5, 2), two_sided(-0.75, 2)) == ("  │█", "▐█│")


def test_predict_adds_the_words_to_json_lines_only(run, trained, tmp_path):
    texts = "wonderful film\n\nterrible\n" * 3
    done = run("predict", "-m", trained, "--explain", "--json", "--prefix", "my_", stdin=texts)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [[w for w, _ in r["my_words"]] for r in records[:3]] == [
        ["wonderful", "film"], [], ["terrible"],
    ]  # fmt: skip
    assert list(records[0]) == ["text", "my_predicted", "my_p_positive", "my_words"]
    done = run("predict", "-m", trained, "--explain", "fine")
    assert (done.returncode, done.stdout, "--json" in done.stderr) == (2, "", True)
    (tmp_path / "a.csv").write_text("text,words\nfine,x\n")
    done = run("predict", "-m", trained, "-i", tmp_path / "a.csv", "--json", "--explain")
    assert (done.returncode, "--prefix" in done.stderr) == (2, True)


def test_predict_does_not_load_what_explains(trained):
    code = (
        "import sys; from sentiment.cli import main; "
        f"main(['predict', 'good', '-m', {str(trained)!r}]); "
        "print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("explanation", "places", "explain"):
        assert f".{name}" not in done.stdout.split("LOADED")[1]


def test_info_shows_the_strongest_n_grams_and_the_epochs(run, trained):
    facts = json.loads(run("info", trained, "--words", "3", "--json").stdout)
    text = run("info", trained, "--words", "3", "--history").stdout
    for side in ("positive", "negative"):
        assert len(facts["words"][side]) == 3
        assert all(f"{moved:+.3f}" in text for _, moved in facts["words"][side])
    for epoch in facts["history"]:
        assert f"{epoch['loss']:.4f}" in text
        assert f"{epoch['validation_accuracy']:.1%}" in text
    assert "words" not in json.loads(run("info", trained, "--json").stdout)


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (2, "the epoch of the lowest validation loss"),
        (3, "the latest epoch within one standard error of the lowest validation loss"),
    ],
)
def test_history_marks_the_epoch_that_was_kept_and_says_why(run, trained, tmp_path, kept, why):
    model = load_model(trained)
    epochs = [
        {"number": number, "loss": 0.5, "validation_loss": loss, "validation_accuracy": 0.9}
        for number, loss in enumerate((0.31, 0.29, 0.2901), start=1)
    ]
    about = replace(model.record.provenance, best_epoch=kept)
    save_model(changed(model, history=tuple(epochs), provenance=about), tmp_path / "m")
    lines = run("info", tmp_path / "m", "--history").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("kept")] == [str(kept)]
    assert lines[-1] == f"kept: {why}"
    assert "best" not in "".join(lines)


def test_info_of_a_model_without_a_record_says_so(run):
    done = run("info", "tests/fixtures/format-1.safetensors", "--words", "3", "--history")
    assert (done.returncode, "keeps no phrases" in done.stdout) == (0, True)
