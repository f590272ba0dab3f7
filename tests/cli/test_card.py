"""`info --card`: a model card whose header is YAML, and in which nothing is made up."""

import json
from dataclasses import replace
from shlex import quote

import pytest

from sentiment.cli.card import card_of
from sentiment.cli.info import facts_of
from sentiment.model.file import load_model
from tests.conftest import ROOT
from tests.model.small import changed

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


def parts_of(card: str) -> tuple[dict, str]:
    """The header, and the Markdown below it."""
    empty, header, body = card.split("---\n", 2)
    assert empty == ""
    return yaml.safe_load(header), body


def test_the_header_holds_the_held_out_figures_and_no_guess(run, trained):
    header, body = parts_of(run("info", trained, "--card").stdout)
    facts = json.loads(run("info", trained, "--json").stdout)
    about = facts["provenance"]
    assert not {"language", "license", "datasets", "base_model"} & header.keys()
    assert (header["pipeline_tag"], header["metrics"]) == ("text-classification", ["accuracy"])
    (entry,) = header["model-index"]
    (result,) = entry["results"]
    assert entry["name"] == "model"
    assert result["dataset"] == {
        "type": "held-out",
        "name": "1,601 held-out reviews (cross-validation)",
    }
    best = facts["history"][about["best_epoch"] - 1]
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == {
        "accuracy": round(about["accuracy"], 4),
        "log_loss": round(best["validation_loss"], 4),
    }
    for words in ("# model\n", "## Limits\n", "801 positive and 800 negative"):
        assert words in body
    assert "then fitted on all" in body


@pytest.mark.parametrize("name", ["general", "fast"])
def test_a_bundled_model_says_its_language_sources_and_limits(run, tmp_path, name):
    header, body = parts_of(run("info", name, "--card", cwd=tmp_path).stdout)
    assert (header["language"], "license" in header) == ("en", False)
    for title in ("## Sources and licences", "## Limits", "## Known failures"):
        assert title in body


def test_a_model_without_a_record_has_no_figures(run):
    model = changed(load_model(ROOT / "tests/fixtures/format-1.safetensors"), provenance=None)
    header, body = parts_of(card_of(facts_of(model) | {"model": "m.safetensors"}))
    assert not {"model-index", "metrics"} & header.keys()
    assert "does not say what it was trained on" in body


def card_with(card: dict[str, str], name: str = "m") -> str:
    model = load_model(ROOT / "tests/fixtures/format-1.safetensors")
    model = changed(model, provenance=replace(model.record.provenance, card=card))
    return card_of(facts_of(model) | {"model": f"/some/{name}.safetensors"})


def test_what_a_stranger_wrote_stays_text():
    evil = 'x\n---\n"license": mit: "é\x1b[31m <script>alert(1)</script> | ] }'
    text = card_with({"language": evil, "license": "CC0", "title <b>": evil}, evil[2:])
    header, body = parts_of(text)
    assert header["license"] == "CC0"
    assert "é" in header["language"]
    assert "alert" in body
    assert not {"\x1b", "\r"} & set(text)
    assert "<script>" not in body.split("## Use")[0].replace("\\<script\\>", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- <b>\x1b[31m", r"\- \<b\>\\x1b\[31m"),
        ("| <img src=x> |", r"\| \<img src=x\> \|"),
        ("![x](http://t/x.png)", r"!\[x\](http://t/x.png)"),
        ("# no heading", r"\# no heading"),
        ("12. no list", r"12\. no list"),
        ("---", r"\---"),
        ("```", r"\`\`\`"),
        ("~~~", r"\~\~\~"),
        ("    no code", "no code"),
        ("*a* _b_ &lt;", r"\*a\* \_b\_ \&lt;"),
        ("a \\ b", r"a \\ b"),
        ("say `train --base <b>`.", "say `train --base <b>`."),
        ("`a``<b>`", r"\`a\`\`\<b\>\`"),
        ("`a|b`", r"\`a\|b\`"),
        ("{{ name }}{% raw %}", "{{ name }}{% raw %}"),
    ],
)  # fmt: skip
def test_markup_of_a_stranger_is_text(text, expected):
    _, body = parts_of(card_with({"about": f"first\n{text}"}))
    assert f"## About\n\nfirst\n{expected}\n\n## What" in body


@pytest.mark.parametrize(
    "name",
    ["a\ufffe", "b\uffff", "c\udcff", "d\\n", "e: #", "`f`", "*g*", "'", '"', "NO", "h\U0001f600"],
)
def test_a_file_may_have_any_name(name):
    header, body = parts_of(card_with({}, name))
    assert header["model-index"][0]["name"] == name
    assert f"\nsentiment predict -m {quote(f'{name}.safetensors')} " in body


def test_it_is_written_by_itself(run, trained):
    done = run("info", trained, "--card", "--json")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
