"""`train --name --note`: kept in the model, and shown wherever it is described."""

import json
from dataclasses import replace

import pytest

from sentiment.errors import ModelError
from sentiment.model.file import load_model, save_model
from tests.conftest import ROOT
from tests.model.small import changed

SMALL = ROOT / "tests" / "fixtures" / "format-1.safetensors"


@pytest.fixture
def named(tmp_path):
    model = load_model(SMALL)
    about = replace(model.record.provenance, name="shop, May <b>", note="with\x1b the returns")
    save_model(changed(model, provenance=about), tmp_path / "m.safetensors")
    return tmp_path / "m.safetensors"


def test_a_trained_model_keeps_its_name_and_its_note(run, tmp_path):
    rows = "".join(f"a {word} thing {n},{label}\n" for n in range(12) for word, label in
                   (("good", "positive"), ("bad", "negative")))  # fmt: skip
    (tmp_path / "in.csv").write_text(f"text,label\n{rows}")
    asked = ["train", "in.csv", "-o", "m.safetensors", "--epochs", "1", "--json", "--force"]
    done = run(*asked, "--name", " shop, May ", "--note", "über alles", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "shop, May"
    about = load_model(tmp_path / "m.safetensors").record.provenance
    assert (about.name, about.note) == ("shop, May", "über alles")


def test_it_is_shown_by_info_the_card_and_a_summary(run, named):
    shown = run("info", named).stdout
    assert "\nname        shop, May <b>\n" in shown
    assert "\nnote        with\\x1b the returns\n" in shown
    assert json.loads(run("info", named, "--json").stdout)["provenance"]["name"] == "shop, May <b>"
    pytest.importorskip("jinja2")
    assert "shop, May \\<b\\>" in run("info", named, "--card").stdout
    done = run("predict", "-q", "-m", named, "good", "-o", named.parent / "out", "--summary", "-")
    assert json.loads(done.stdout)["model"]["name"] == "shop, May <b>"


def test_models_without_them_are_written_as_before():
    about = load_model(SMALL).record.provenance
    assert not {"name", "note"} & about.as_json().keys()


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--name", "x" * 81, "--name has 81 characters: at most 80 are kept"),
        ("--note", "x" * 2001, "--note has 2,001 characters: at most 2,000 are kept"),
        ("--name", "a\x1b[31m", "one line of text, without control characters"),
        ("--note", "two\nlines", "one line of text, without control characters"),
        ("--note", "turned \u202e round", "one line of text, without control characters"),
        ("--name", "not UTF-8 \udcff", "one line of text, without control characters"),
    ],
)
def test_what_cannot_be_kept_is_refused(run, option, text, said, tmp_path):
    done = run("train", "none.csv", option, text, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "\x1b" not in done.stderr


def test_a_strangers_model_has_no_endless_name(named, tmp_path):
    model = load_model(named)
    about = replace(model.record.provenance, name="x" * 81)
    save_model(changed(model, provenance=about), tmp_path / "long.safetensors")
    with pytest.raises(ModelError, match="a name or note of more than 80 characters"):
        load_model(tmp_path / "long.safetensors")
