"""`probe` through the real command line."""

import inspect
import json
import re

import pytest

from sentiment.cli.probe import command
from sentiment.probing import CAPABILITIES, SETS


@pytest.fixture(scope="module")
def facts(run, trained):
    done = run("probe", "-m", trained, "--json", "--examples", "1000")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_each_capability_has_its_rate_and_its_failures_in_json(facts):
    parts = facts["capabilities"]
    assert list(parts) == list(CAPABILITIES)
    for name, part in parts.items():
        assert part["n"] == len(CAPABILITIES[name].checks)
        assert part["rate"] == part["passed"] / part["n"]
        assert len(part["examples"]) == part["n"] - part["passed"]
        known = [check.texts for check in CAPABILITIES[name].checks]
        for example in part["examples"]:
            assert any(set(example["texts"]) <= set(texts) for texts in known)
            assert len(example["answers"]) == len(example["p_positive"]) == len(example["texts"])
            assert len(example["texts"]) <= 2
    assert facts["passed"] == sum(part["passed"] for part in parts.values())
    assert facts["rate"] == facts["passed"] / facts["n"]
    assert list(facts["sets"]) == list(SETS)
    for name, part in facts["sets"].items():
        for key in ("n", "passed", "uncertain"):
            assert part[key] == sum(parts[each][key] for each in SETS[name])
        assert part["rate"] == part["passed"] / part["n"]


def test_answers_are_those_that_predict_gives(run, trained, facts):
    example = facts["capabilities"]["negation"]["examples"][0]
    (text,), (answer,), (p,) = example["texts"], example["answers"], example["p_positive"]
    assert answer != example["expected"]
    done = run("predict", "-m", trained, "--json", text)
    predicted = json.loads(done.stdout)
    assert predicted["predicted"] == answer
    assert predicted["p_positive"] == pytest.approx(p, abs=1e-6)


def test_the_text_has_the_same_rates_and_the_worst_failures(run, trained, facts):
    done = run("probe", "-m", trained, "--examples", "1")
    assert (done.returncode, done.stderr) == (0, "")
    for name, part in facts["capabilities"].items():
        row = rf"^{name} +{part['rate']:.1%} +{part['n']}   {re.escape(CAPABILITIES[name].about)}$"
        assert re.search(row, done.stdout, re.MULTILINE)
        if part["examples"]:
            worst = part["examples"][0]
            assert f"{name}: {len(part['examples'])} failed\n  expected: {worst['expected']}\n" in (
                done.stdout
            )
            asked = zip(worst["texts"], worst["answers"], worst["p_positive"], strict=True)
            for text, answer, p in asked:
                assert re.search(
                    rf"    {answer} +{p:.4f}  (  |→ )?{re.escape(text)}\n", done.stdout
                )
    assert re.search(rf"^overall +{facts['rate']:.1%} +{facts['n']:,} ", done.stdout, re.MULTILINE)
    for name, part in facts["sets"].items():
        row = rf"^{name} +{part['rate']:.1%} +{part['n']} .* all from "
        assert re.search(row, done.stdout, re.MULTILINE)
    assert "uncertain" not in done.stdout.splitlines()[0]


@pytest.mark.slow
def test_the_same_model_gives_the_same_output(run, trained):
    first, second = (run("probe", "-m", trained, "--json").stdout for _ in range(2))
    assert first == second


def test_some_capabilities_alone_without_examples(run, trained):
    done = run(
        "probe", "-m", trained, "--capability", "time", "--capability", "names", "--examples", "0"
    )
    rows = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert rows == ["time", "names", "overall"]


def test_a_set_alone_is_what_it_is_among_all(run, trained, facts):
    asked = ["probe", "-m", trained, "--capability", "basic"]
    alone = json.loads(run(*asked, "--json", "--examples", "1000").stdout)
    assert list(alone["capabilities"]) == list(SETS["basic"])
    assert alone["sets"] == {"basic": facts["sets"]["basic"]}
    for name, part in alone["capabilities"].items():
        assert part == facts["capabilities"][name]
    done = run(*asked, "--examples", "0", "--fail-under", "basic=1")
    rows = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert rows == [*SETS["basic"], "overall"]
    assert f"basic is {alone['rate']:.4g} (minimum 1)" in done.stderr
    more = run(*asked, "--capability", "hedges", "--examples", "0").stdout.splitlines()[1:]
    assert [line.split()[0] for line in more] == [*SETS["basic"], "hedges", "basic", "overall"]


def test_rates_that_are_reached_change_nothing(run, trained, facts):
    gates = ["--fail-under", f"{facts['rate'] - 0.01:.3f}", "--fail-under", "overall=0"]
    assert run("probe", "-m", trained, "--json", "--examples", "1000", *gates).returncode == 0


def test_rates_that_are_missed_are_listed_after_the_figures(run, trained, facts):
    part = facts["capabilities"]["negation"]
    done = run(
        "probe", "-m", trained, "--json", "--fail-under", "negation=1", "--fail-under", "1",
        "--fail-under", "names=0",
    )  # fmt: skip
    (line,) = done.stderr.splitlines()
    assert (done.returncode, json.loads(done.stdout)["passed"]) == (6, facts["passed"])
    assert line == (
        f"error: missed: negation is {part['rate']:.4g} (minimum 1); "
        f"overall is {facts['rate']:.4g} (minimum 1)"
    )


def test_what_is_left_uncertain_has_a_column(run, trained, tmp_path):
    reviews = "text,label\n" + "".join(
        f"{'a fine' if n % 2 else 'an ugly'} thing number {n},{n % 2}\n" for n in range(100)
    )
    (tmp_path / "held.csv").write_text(reviews)
    careful = tmp_path / "careful.safetensors"
    done = run(
        "calibrate", tmp_path / "held.csv", "-m", trained, "--goal", "coverage=0.1", "-o", careful
    )
    assert done.returncode == 0, done.stderr
    facts = json.loads(run("probe", "-m", careful, "--json").stdout)
    text = run("probe", "-m", careful).stdout
    assert facts["uncertain"] > 0
    assert "uncertain" in text.splitlines()[0]
    part = facts["capabilities"]["vocabulary"]
    assert re.search(rf"^vocabulary .* {part['n']} +{part['uncertain']}   ", text, re.MULTILINE)


def test_emoji_come_out_whatever_the_encoding_of_the_terminal(run, trained):
    done = run(
        "probe", "-m", trained, "--capability", "emoji", "--examples", "50",
        env={"PYTHONIOENCODING": "latin-1"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "New headphones came today" in done.stdout


def test_the_help_says_what_each_capability_checks():
    text = inspect.cleandoc(command.help)
    for name, capability in CAPABILITIES.items():
        assert re.search(rf"^  {name} +{re.escape(capability.about)}$", text, re.MULTILINE)
