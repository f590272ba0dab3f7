"""The model that ships, as it ships."""

import json

import pytest

from sentiment.general import MODEL
from sentiment.model import Model, load_model
from sentiment.probing import CAPABILITIES, probe


@pytest.fixture(scope="module")
def general() -> Model:
    return load_model(MODEL)


def test_it_is_small_and_says_what_it_is_made_of(general):
    assert MODEL.stat().st_size < 5_000_000
    assert {"what it is", "sources and licences", "limits"} <= set(general.provenance.card)


def test_it_answers_where_no_other_is_named(run, tmp_path):
    texts = ["The battery died after a week, twice.", "Great coffee, lovely staff."]
    done = run("predict", *texts, cwd=tmp_path)
    answers = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert answers == ["negative", "positive"], done.stderr


@pytest.mark.parametrize("text", ["Ужасный фильм", "素晴らしい映画でした", "asdf qwer zxcv"])
def test_it_does_not_guess_at_what_it_cannot_read(run, tmp_path, text):
    record = json.loads(run("predict", "--json", text, cwd=tmp_path).stdout)
    assert record["predicted"] == "uncertain"
    assert record["reason"]
    assert 0.3 < record["p_positive"] < 0.7


def test_names_and_origins_leave_its_answers_as_they_are(general):
    results = {each.name: each for each in probe(general, CAPABILITIES.values())}
    assert results["names"].rate >= 0.95
    assert results["identity"].rate >= 0.95
    assert results["vocabulary"].rate >= 0.9
