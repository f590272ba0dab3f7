"""Help by topic, `sentiment help`, and manual pages."""

import re
import shutil
import subprocess
from itertools import chain

import click
import pytest

from sentiment.cli import COMMANDS, find_command
from sentiment.cli.topics import OTHERS, TOPICS, by_topic, describe
from tests.conftest import ROOT

LONGEST = 200  # characters of an option's help, three lines of a wide terminal
SCRIPTS = (ROOT / "docs" / "scripts.md").read_text(encoding="utf-8")


def options_of(name):
    command = find_command(name)
    context = click.Context(command, info_name=name)
    params = command.get_params(context)
    return context, [each for each in params if isinstance(each, click.Option)]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_each_option_once_and_its_default_last(run, name):
    context, options = options_of(name)
    topics = dict(by_topic(options))
    assert sorted(chain(*topics.values()), key=id) == sorted(options, key=id)
    assert all(len(some) > 1 for topic, some in topics.items() if topic != OTHERS)
    shown = run(name, "--help").stdout
    for option in options:
        if row := describe(option, context):
            assert len(row[1]) <= LONGEST, row
            assert row[1].count("Default:") <= 1
            assert row[1].endswith((".", ".)")), row
            assert f"\n  {row[0]}" in shown
    assert not re.search(r"\[default|x[<>]=|RANGE", shown)


def test_the_topics_have_no_option_twice_and_the_options_of_train_have_topics(run):
    names = [*chain(*TOPICS.values())]
    assert len(set(names)) == len(names)
    _, options = options_of("train")
    assert len(dict(by_topic(options)).get(OTHERS, [])) <= 3
    lines = run("train", "--help").stdout.splitlines()
    assert {"Features:", "Network:", "Labels:", "Messages:"} <= set(lines)


def test_help_is_as_wide_as_the_terminal_up_to_a_hundred_columns(run):
    def widest(**env):
        text = run("evaluate", "--help", env=env).stdout
        description, options = text.split("Examples:")[0], text.split("\nOptions:")[1]
        return max(map(len, (description + options).splitlines()))

    assert widest() <= 80
    assert 90 < widest(COLUMNS="100") <= 100
    assert 90 < widest(COLUMNS="300") <= 100
    assert widest(COLUMNS="60") <= 60


@pytest.mark.parametrize("names", [[], ["train"], ["datasets"], ["datasets", "get"], ["help"]])
def test_help_shows_what_the_option_does(run, names):
    done = run("help", *names)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run(*names, "--help").stdout


def test_help_on_what_is_no_command_is_an_error(run):
    done = run("help", "train", "get")
    assert (done.returncode, "sentiment train has no commands of its own" in done.stderr) == (2, 1)
    assert run("help", "datasets", "gett").returncode == 2


def test_man_writes_a_page_for_each_command(run, tmp_path):
    done = run("man", tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    pages = {path.name for path in (tmp_path / "man1").iterdir()}
    assert pages == {
        "sentiment.1", "sentiment-datasets-get.1", "sentiment-datasets-list.1",
        *(f"sentiment-{name}.1" for name in COMMANDS),
    }  # fmt: skip
    page = (tmp_path / "man1" / "sentiment-train.1").read_text(encoding="utf-8")
    assert ".SS Labels" in page
    assert ".B \\-\\-label\\-column NAME" in page
    assert "sentiment train reviews.csv\n" in page.partition(".SH EXAMPLES")[2]
    assert run("man", tmp_path, "-q").returncode == 0  # older pages are replaced
    (tmp_path / "file").write_text("")
    assert run("man", tmp_path / "file").returncode == 2


def test_the_manual_has_the_exit_codes_of_the_docs(run, tmp_path):
    run("man", tmp_path)
    page = (tmp_path / "man1" / "sentiment.1").read_text(encoding="utf-8").replace("\\-", "-")
    codes = re.findall(r"^\| ([\d, ]+) \| ([^|,;]+)", SCRIPTS, re.MULTILINE)
    assert len(codes) == 8
    for code, meaning in codes:
        assert f".B {code}\n{meaning.strip().capitalize()}" in page


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff here")
def test_groff_takes_the_pages_without_a_warning(run, tmp_path):
    run("man", tmp_path)
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-Kutf8", *sorted((tmp_path / "man1").iterdir())],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert re.search(r"as rarely as possible", done.stdout)
