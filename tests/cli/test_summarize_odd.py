"""Odd input to `sentiment summarize`: what is said of it, and what is not lost by it."""

import json
from datetime import date, timedelta

import pytest

FAST = ("-m", "fast", "--classes", "negative,positive", "--no-themes")


@pytest.fixture
def write(tmp_path):
    """Write reviews with another column; return the path."""

    def write(name, values, path="r.csv"):
        rows = [f'"{value}","a great film, number {n}"' for n, value in enumerate(values)]
        (tmp_path / path).write_text("\n".join([f"{name},text", *rows]), encoding="utf-8")
        return tmp_path / path

    return write


def summary(run, *args, **kwargs):
    done = run("summarize", *args, "--json", "-q", **kwargs)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_constant=pytest.fail)


def days(count):
    return [(date(2024, 1, 1) + timedelta(day)).isoformat() for day in range(count)]


@pytest.mark.parametrize("far", ["9999-12-31", "0001-01-01", "1900-01-01"])
def test_a_day_far_from_all_others_is_said_and_in_no_period(run, write, far):
    found = summary(run, write("when", [*days(40), far]), *FAST, "--over", "when")
    assert found["unit"] == "day"
    assert (found["periods"][0], found["periods"][-1]) == ("2024-01-01", "2024-02-09")
    assert found["reviews"] == 41
    (note,) = [note for note in found["notes"] if "too far" in note]
    assert "1 date of" in note
    assert far in note


def test_an_answer_is_not_moved_into_the_first_or_the_last_period(run, write):
    path = write("when", days(40))
    with path.open("a", encoding="utf-8") as file:
        file.write("\n2020-01-01,xqzzv\n2030-01-01,xqzzv\n")
    found = summary(run, path, *FAST, "--over", "when")
    assert found["left_out"]["uncertain"] == 2
    assert not any(each["uncertain"] for each in found["cells"] if each["period"])


def test_periods_without_shares_are_said(run, write):
    done = run("summarize", write("when", days(40)), *FAST, "--over", "when")
    assert "40 days of 40 with fewer than 30 reviews: no shares (--min)" in done.stdout.replace(
        "\n  ", " "
    )


def test_days_before_and_behind_months_in_one_column_are_said(run, write):
    mixed = ["13/02/2015", "02/14/2015", "02/03/2015"]
    found = summary(run, write("when", mixed), *FAST, "--over", "when")
    assert any("is read as March" in note for note in found["notes"])
    assert found["periods"][-1] == "2015-03-02"
    found = summary(run, write("when", mixed[:2]), *FAST, "--over", "when")
    assert not any("February" in note for note in found["notes"])


def test_what_is_no_date_does_not_show_which_is_the_day(run, write):
    dates = ["13/13/2015", "31/02/2015", "02/03/2015", "02/14/2015"]
    found = summary(run, write("when", dates), *FAST, "--over", "when")
    assert found["periods"][0] == "2015-02-03"


def test_long_names_that_begin_alike_are_different_groups(run, write):
    begin = "https://example.org/" + "shop/" * 30
    found = summary(run, write("url", [f"{begin}{n % 2}" for n in range(80)]), *FAST, "--by", "url")
    groups = [each["group"][0] for each in found["cells"] if each["group"]]
    assert len(set(groups)) == 2
    assert all(len(name) <= 80 for name in groups)


def test_an_interval_holds_its_share(run, write):
    found = summary(run, write("n", range(35)), *FAST)
    for share in found["cells"][0]["shares"]:
        assert share["low"] <= share["value"] <= share["high"]


@pytest.mark.parametrize("option", ["--csv", "--html"])
def test_what_goes_to_standard_output_stands_there_alone(run, write, option):
    done = run("summarize", write("n", range(5)), *FAST, option, "-")
    assert done.returncode == 0, done.stderr
    assert "95% interval" not in done.stdout.split("</html>")[-1]
    assert done.stdout.startswith(("period,class", "<!doctype html>"))


def test_one_review_is_one(run, write):
    path = write("n", [1])
    done = run("summarize", path.name, *FAST, cwd=path.parent)
    assert "r.csv: 1 review, answered by fast" in done.stdout


def test_a_model_is_not_overwritten(run, write, trained):
    path = write("n", range(5))
    before = trained.read_bytes()
    for option in ("--html", "-o"):
        done = run("summarize", path, "-m", trained, option, trained, "--force")
        assert done.returncode == 2
        assert "would overwrite an input" in done.stderr
    assert trained.read_bytes() == before


def test_advice_where_nothing_is_left_works(run, tmp_path):
    text = "La batería murió después de {} días y nadie me respondió nunca."
    rows = [text.format(days) for days in range(50)]
    (tmp_path / "r.csv").write_text("\n".join(["text", *rows]), encoding="utf-8")
    done = run("summarize", "r.csv", *FAST, "-q", cwd=tmp_path)
    assert done.returncode == 3
    assert "look Spanish: --languages all" in done.stderr
    done = run("summarize", "r.csv", *FAST, "-q", "--languages", "all", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


ANSWERS = "text,predicted,p_wish\nadd a theme,wish,0.9\nit crashed,bug,0.2\nwell,uncertain,0.5\n"


def test_answers_of_two_classes_of_ones_own(run, tmp_path):
    (tmp_path / "a.csv").write_text(ANSWERS, encoding="utf-8")
    (tmp_path / "b.csv").write_text(ANSWERS.splitlines()[0] + "\nmore,wish,1\n", encoding="utf-8")
    found = summary(run, "a.csv", "b.csv", cwd=tmp_path)
    assert found["classes"] == ["bug", "wish"]
    assert [each["counted"] for each in found["cells"][0]["shares"]] == [1 / 3, 2 / 3]
    done = run("summarize", "b.csv", "a.csv", cwd=tmp_path)
    assert done.returncode == 3
    assert "name a model with -m" in done.stderr


@pytest.mark.parametrize(
    "options", [["--threshold", "0.9"], ["--languages", "all"], ["--classes", "a,b"], ["--repair"],
                ["--no-repair"]],
)  # fmt: skip
def test_options_of_models_are_refused_for_answers_that_are_there(run, tmp_path, options):
    (tmp_path / "a.csv").write_text(ANSWERS, encoding="utf-8")
    done = run("summarize", "a.csv", *options, "-q", cwd=tmp_path)
    assert done.returncode == 2
    assert options[0] in done.stderr


def test_what_is_no_probability_is_named_with_its_file(run, tmp_path):
    (tmp_path / "a.csv").write_text(ANSWERS.replace("0.2", "1.7"), encoding="utf-8")
    done = run("summarize", "a.csv", "-q", cwd=tmp_path)
    assert done.returncode == 3
    assert 'a.csv, row 2: "1.7" is no probability' in done.stderr
