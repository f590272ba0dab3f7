"""The models that ship, as they ship."""

import json
import re

import numpy as np
import pytest

from sentiment.general import FAST_MODEL, bundled
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.probing import CAPABILITIES, probe
from tools.general.sources import HIGH, read_neutral


@pytest.fixture(scope="module")
def fast() -> Model:
    return load_model(FAST_MODEL)


@pytest.mark.parametrize(("name", "most"), [("general", 25_000_000), ("fast", 5_000_000)])
def test_it_is_small_and_says_what_it_is_made_of(name, most):
    path = bundled()[name]
    assert path.stat().st_size < most
    card = load_model(path).record.provenance.card
    assert {"what it is", "sources and licences", "limits"} <= set(card)


@pytest.mark.parametrize("name", ["general", "fast"])
def test_it_answers_negative_neutral_or_positive_and_two_where_two_are_asked_for(
    run, tmp_path, name
):
    texts = ["Awful. It broke twice.", "The parcel came on Monday.", "Great coffee, lovely staff."]
    done = run("predict", "-m", name, "--json", *texts, cwd=tmp_path)
    every = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["predicted"] for each in every] == ["negative", "neutral", "positive"]
    assert {"p_positive", "p_negative", "p_neutral"} <= every[0].keys()
    done = run("predict", "-m", name, "--json", "--classes", "negative,positive", *texts)
    two = [json.loads(line) for line in done.stdout.splitlines()]
    assert [two[0]["predicted"], two[2]["predicted"]] == ["negative", "positive"]
    assert two[1]["predicted"] in ("negative", "positive")
    assert not {"p_negative", "p_neutral"} & two[0].keys()


def test_neutral_texts_that_it_never_saw_are_seldom_surely_of_a_side(fast, datasets):
    negative, neutral, positive = fast.labels.indices_of(("negative", "neutral", "positive"))
    for name, texts in read_neutral(datasets).items():
        if name.endswith((" B", " test")):
            p = fast.probabilities(texts)
            assert np.mean(p.argmax(axis=1) == neutral) > 0.4
            assert np.mean(p[:, [negative, positive]].max(axis=1) > HIGH) < 0.2


def test_it_remembers_its_reviews_whether_their_titles_are_read_or_not(run, datasets):
    path = datasets / "clothing/Womens Clothing E-Commerce Reviews.csv"
    told = []
    for columns in (("Title", "Review Text"), ("Review Text",)):
        flags = [flag for column in columns for flag in ("--text-column", column)]
        done = run("evaluate", "-m", "fast", path, "--label-column", "Rating", *flags)
        told.append(re.search(r"(\d+) of (\d+) reviews that could", done.stderr).groups())
        assert "the figures say nothing about new reviews" in done.stderr
    assert told[0] == told[1]
    # It learned them with the title in the first sentence, which is at times the longest.
    found, checked = map(int, told[0])
    assert found > checked / 2


def test_it_answers_where_no_other_is_named(run, tmp_path):
    texts = ["The battery died after a week, twice.", "Great coffee, lovely staff."]
    done = run("predict", *texts, cwd=tmp_path)
    answers = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert answers == ["negative", "positive"], done.stderr


@pytest.mark.parametrize("name", ["general", "fast"])
@pytest.mark.parametrize("text", ["Ужасный фильм", "素晴らしい映画でした", "asdf qwer zxcv"])
def test_it_does_not_guess_at_what_it_cannot_read(run, tmp_path, text, name):
    record = json.loads(run("predict", "-m", name, "--json", text, cwd=tmp_path).stdout)
    assert record["predicted"] == "uncertain"
    assert record["reason"]
    other = record.get("p_negative", 1 - record["p_positive"])
    assert abs(record["p_positive"] - other) < 0.3


def test_names_and_origins_leave_its_answers_as_they_are(fast):
    results = {each.name: each for each in probe(fast, CAPABILITIES.values())}
    assert results["names"].rate >= 0.95
    assert results["identity"].rate >= 0.95
    assert results["vocabulary"].rate >= 0.9
