"""`datasets list` and `get` through the real command line, and sets used by name."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys

import pytest

from sentiment.cli.datasets import command
from sentiment.datasets.catalog import CATALOG
from tests.conftest import TRAIN
from tests.datasets.site import TREES, TWEETS, UCI, File, serving, zip_of

ZIP = "/uci/sentiment+labelled+sentences.zip"


@pytest.fixture
def site():
    """A mirror of the two sets whose hashes nobody is known to have told."""
    with serving() as site:
        site.files = {f"/tweet_eval/{name}": File(raw) for name, raw in TWEETS.items()}
        site.files[ZIP] = File(zip_of(UCI))
        yield site


@pytest.fixture
def cached(run, site, tmp_path):
    """Run the program with that mirror and a cache of its own, in a folder of its own."""
    (tmp_path / "here").mkdir()
    environment = {
        "SENTIMENT_MIRROR": site.url, "SENTIMENT_CACHE": str(tmp_path / "cache"), "no_proxy": "*",
    }  # fmt: skip

    def call(*args, **options):
        options = {"cwd": tmp_path / "here", "env": environment} | options
        return run(*args, **options)

    call.environment, call.folder = environment, tmp_path / "cache" / "datasets"
    return call


def test_list_shows_each_set_with_size_reviews_and_licence(cached):
    done = cached("datasets", "list")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("imdb              84.1 MB", "25,000 train", "CC BY 4.0", "unpinned"):
        assert words in done.stdout
    assert all(dataset.about in done.stdout for dataset in CATALOG.values())
    assert "here" not in done.stdout.split()
    cached("datasets", "get", "uci")
    assert re.search(r"^uci +0.1 MB +downloaded$", cached("datasets", "list").stdout, re.MULTILINE)


def test_list_as_json_says_where_and_whether_pinned(cached):
    cached("datasets", "get", "uci", "-q")
    facts = {each["name"]: each for each in json.loads(cached("datasets", "list", "--json").stdout)}
    assert facts.keys() == CATALOG.keys()
    assert facts["uci"]["folder"] == str(cached.folder / "uci")
    assert (facts["uci"]["here"], facts["uci"]["pinned"]) == (True, False)
    assert (facts["imdb"]["here"], facts["imdb"]["pinned"]) == (False, True)
    assert len(facts["uci"]["rows_hash"]) == 64


def test_get_says_licence_and_size_before_anything_comes(cached):
    done = cached("datasets", "get", "UCI")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0].startswith("uci: Sentiment Labelled Sentences")
    assert lines[1].startswith("licence: CC BY 4.0; see https://archive.ics.uci.edu/")
    assert lines[2].startswith("downloading 0.1 MB from http://127.0.0.1")
    assert "warning: uci was published with 1,000 amazon" in lines[3]
    assert lines[4] == f"saved {cached.folder / 'uci'}: 4 amazon, 2 imdb, 2 yelp"
    assert lines[5].startswith("unpinned: stored the hash of its rows, ")


def test_get_again_does_nothing_unless_forced(cached, site):
    cached("datasets", "get", "uci")
    done = cached("datasets", "get", "uci", "--json")
    assert "uci is already here; --force" in done.stderr
    assert json.loads(done.stdout)[0]["here"]
    assert len(site.requests) == 1
    assert cached("datasets", "get", "uci", "--force").returncode == 0
    assert len(site.requests) == 2


def test_get_warns_of_rows_that_changed(cached, site):
    cached("datasets", "get", "uci")
    assert "has changed" not in cached("datasets", "get", "uci", "--force").stderr
    site.files[ZIP] = File(zip_of(UCI).replace(b"readme", b"README"))
    assert "has changed" not in cached("datasets", "get", "uci", "--force").stderr
    name = "sentiment labelled sentences/yelp_labelled.txt"
    site.files[ZIP] = File(zip_of(UCI | {name: UCI[name] + b"More soup.\t1\n"}))
    assert (
        "warning: uci has changed: the hash" in cached("datasets", "get", "uci", "--force").stderr
    )


def test_get_keeps_sets_where_it_is_told(cached, tmp_path):
    done = cached("datasets", "get", "uci", "tweet_eval", "--cache", tmp_path / "mine", "-q")
    assert done.returncode == 0, done.stderr
    found = {path.name for path in (tmp_path / "mine" / "datasets").iterdir()}
    assert found == {"uci", "tweet_eval", "fetched.json"}
    assert "SENTIMENT_CACHE" not in done.stderr
    assert not cached.folder.exists()


def test_get_elsewhere_says_how_the_set_is_found_then(cached, tmp_path):
    done = cached("datasets", "get", "uci", "--cache", tmp_path / "mine")
    assert f"to use it by name: SENTIMENT_CACHE={tmp_path / 'mine'}" in done.stderr
    done = cached("evaluate", "uci", env={"SENTIMENT_CACHE": str(tmp_path / "mine")})
    assert done.returncode == 0, done.stderr


def test_a_pinned_set_that_is_another_is_refused(cached, site):
    site.files["/sst2/trainDevTestTrees_PTB.zip"] = File(zip_of(TREES))
    done = cached("datasets", "get", "sst2", "-q")
    assert (done.returncode, done.stdout) == (3, "")
    assert re.fullmatch(r"error: sst2: .* SHA-256 .*\n", done.stderr)
    assert not list(cached.folder.iterdir())


def test_what_cannot_be_had_is_one_line(cached):
    done = cached("datasets", "get", "imdb", "-q")
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert "404 Not Found" in done.stderr
    done = cached("datasets", "get", "imbd")
    assert done.returncode == 2
    assert "no data set 'imbd' (did you mean imdb?); there are imdb, sst2" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupted_download_leaves_nothing(cached, site):
    raw = site.files[ZIP].content
    site.files[ZIP] = File(raw, cut=len(raw) // 2, wait=20)
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiment", "datasets", "get", "uci", "-q"],
        env={**os.environ, **cached.environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not site.requests:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr) == (130, "error: interrupted\n")
    assert list(cached.folder.iterdir()) == []


def test_sets_are_used_by_name(cached):
    cached("datasets", "get", "uci", "tweet_eval")
    data = ("uci", "tweet_eval", "--validation", "tweet_eval")
    done = cached("train", *data, "--classes", "negative,positive", "--epochs", "1")
    assert done.returncode == 0, done.stderr
    assert "12 reviews (6 positive, 6 negative), 2 held out" in done.stderr
    done = cached("evaluate", "tweet_eval", "--json")
    assert json.loads(done.stdout)["n"] == 2
    done = cached("evaluate", "uci", "--slice", "domain", "--json")
    facts = json.loads(done.stdout)
    assert {each["value"] for each in facts["slices"]["domain"]} == {"amazon", "imdb", "yelp"}
    assert "8 of 8 reviews were used to make the model" in done.stderr
    done = cached("predict", "-i", "uci:yelp", "--format", "csv")
    assert done.stdout.startswith(
        "text,label,domain,predicted,p_positive\nTasty soup.,positive,yelp,"
    )


@pytest.mark.slow
def test_unlabeled_reviews_come_by_name(cached):
    cached("datasets", "get", "uci", "-q")
    done = cached("train", TRAIN, "--unlabeled", "uci", "--epochs", "1")
    assert "round 1 with 8 unlabeled reviews" in done.stderr


def test_a_set_that_is_not_here_is_named_with_the_command_that_fetches_it(cached, site):
    done = cached("train", "imdb")
    assert (done.returncode, done.stderr) == (
        3,
        "error: imdb is not downloaded yet: `sentiment datasets get imdb` fetches it (84.1 MB)\n",
    )
    assert not site.requests


def test_a_file_of_the_same_name_is_the_file(cached, tmp_path):
    (tmp_path / "here" / "imdb").write_text("no labels here\n")
    done = cached("train", "imdb")
    assert (done.returncode, "imdb: labels are needed" in done.stderr) == (3, True)


@pytest.mark.parametrize("name", ["list", "get"])
def test_each_command_has_help_with_examples_that_parse(run, name):
    below = command.commands[name]
    examples = re.findall(rf"sentiment datasets {name}[^|\n]*", below.help)
    assert examples
    for example in examples:
        below.make_context(name, shlex.split(example)[3:])
    assert all(option.help for option in below.params if option.param_type_name == "option")
    assert run("datasets", name, "--help").returncode == 0


@pytest.mark.parametrize("mirror", ["files/", "ftp://example.com", "file:///srv"])
def test_a_mirror_that_is_no_address_is_said_at_once(run, tmp_path, mirror):
    environment = {"SENTIMENT_MIRROR": mirror, "SENTIMENT_CACHE": str(tmp_path / "cache")}
    done = run("datasets", "get", "imdb", env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: $SENTIMENT_MIRROR is '{mirror}'")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "cache").exists()
