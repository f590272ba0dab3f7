"""The models that ship, as they ship."""

import json
import re

import pytest

from sentiment.general import FAST_MODEL, bundled
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.probing import CAPABILITIES, probe
from tools.general.sources import describe_sure


@pytest.fixture(scope="module")
def fast() -> Model:
    return load_model(FAST_MODEL)


@pytest.mark.parametrize(("name", "most"), [("general", 25_000_000), ("fast", 5_000_000)])
def test_it_is_small_and_says_what_it_is_made_of(name, most):
    path = bundled()[name]
    assert path.stat().st_size < most
    card = load_model(path).record.provenance.card
    assert {"what it is", "sources and licences", "limits"} <= set(card)


def test_its_card_says_how_sure_it_is_of_neutral_texts_as_measured(fast, datasets):
    card = fast.record.provenance.card
    assert "near 0.5" not in card["limits"]
    assert card["neutral texts"] == describe_sure(fast, datasets)


def test_it_remembers_its_reviews_whether_their_titles_are_read_or_not(run, datasets):
    path = datasets / "clothing/Womens Clothing E-Commerce Reviews.csv"
    for columns in (("Title", "Review Text"), ("Review Text",)):
        flags = [flag for column in columns for flag in ("--text-column", column)]
        done = run("evaluate", "-m", "fast", path, "--label-column", "Rating", *flags)
        found, checked = re.search(r"([\d,]+) of ([\d,]+) reviews that could", done.stderr).groups()
        assert found == checked
        assert "the figures say nothing about new reviews" in done.stderr


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
