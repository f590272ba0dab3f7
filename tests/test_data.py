"""The reviews that come with the program: enough, balanced, and each written for itself."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"
DOMAINS = 10


def read(part: str) -> list[dict[str, str]]:
    with (DATA / f"{part}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def reviews() -> list[dict[str, str]]:
    return read("train") + read("test")


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower().replace("’", "'"))


def ngrams(text: str, length: int) -> list[tuple[str, ...]]:
    return list(zip(*(words(text)[start:] for start in range(length)), strict=False))


@pytest.mark.parametrize(("part", "count"), [("train", 1600), ("test", 400)])
def test_labels_are_balanced_in_each_domain_and_phenomenon(part, count):
    rows = read(part)
    assert len(rows) == count
    for column in ("domain", "phenomenon"):
        by_label = {
            label: Counter(row[column] for row in rows if row["label"] == label)
            for label in ("negative", "positive")
        }
        assert by_label["negative"] == by_label["positive"]
    domains = Counter(row["domain"] for row in rows)
    assert set(domains.values()) == {count // DOMAINS}
    assert Counter(row["phenomenon"] for row in rows)["none"] <= count * 3 / 4


def test_reviews_have_5_to_120_words_in_one_line(reviews):
    for row in reviews:
        assert 5 <= len(row["text"].split()) <= 120, row["id"]
        assert row["text"] == " ".join(row["text"].split())


def test_numbers_and_texts_are_distinct(reviews):
    assert len({row["id"] for row in reviews}) == len(reviews)
    assert len({row["text"].lower() for row in reviews}) == len(reviews)


def test_most_runs_of_three_words_occur_once(reviews):
    runs = Counter(run for row in reviews for run in ngrams(row["text"], 3))
    assert len(runs) >= 0.8 * runs.total()


def test_no_two_reviews_share_many_runs_of_five_words(reviews):
    runs = [set(ngrams(row["text"], 5)) for row in reviews]
    holders = defaultdict(list)
    for number, found in enumerate(runs):
        for run in found:
            holders[run].append(number)
    shared = Counter(
        (one, other)
        for numbers in holders.values()
        for place, one in enumerate(numbers)
        for other in numbers[:place]
    )
    for (one, other), count in shared.items():
        jaccard = count / len(runs[one] | runs[other])
        assert jaccard <= 0.1, (reviews[one]["id"], reviews[other]["id"])
