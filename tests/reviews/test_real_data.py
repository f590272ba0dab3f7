"""Published data sets, as published; skipped where they are not."""

from pathlib import Path

import pytest

from sentiment.errors import DataError
from sentiment.labels import SENTIMENT
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from tests.reviews.helpers import open_source

DATASETS = Path(__file__).parents[3] / "shared" / "datasets"


def data_set(pattern):
    if not list(DATASETS.glob(pattern)):
        pytest.skip(f"no {pattern} in ../shared/datasets")
    return str(DATASETS / pattern)


@pytest.mark.parametrize(
    ("pattern", "negative", "positive", "columns"),
    [
        ("sst2/train.tsv", 3310, 3610, ["1", "2"]),
        ("sst2/dev.tsv", 428, 444, ["1", "2"]),
        ("sst2/test.tsv", 912, 909, ["1", "2"]),
        ("uci/yelp_labelled.txt", 500, 500, ["1", "2"]),
        ("uci/amazon_cells_labelled.txt", 500, 500, ["1", "2"]),
        ("uci/imdb_labelled.txt", 500, 500, ["1", "2"]),
        ("uci/*.txt", 1500, 1500, ["1", "2"]),
        ("airline/Tweets.csv", 9178, 2363, ["text", "airline_sentiment"]),
        ("clothing/*.csv", 97, 737, ["Review Text", "Rating"]),
        ("imdb/test.parquet", 12500, 12500, ["text", "label"]),
    ],
)
def test_labels_are_read_right(pattern, negative, positive, columns):
    reviews = read_labelled([data_set(pattern)], ReadOptions(label_set=SENTIMENT))
    assert [negative, positive] == [int((reviews.labels == label).sum()) for label in (0, 1)]
    text, label = columns
    assert f'text from "{text}" (by ' in reviews.notes[0]
    assert f'label from "{label}" (by ' in reviews.notes[0]


def test_goemotions_asks_which_labels_are_positive():
    with pytest.raises(DataError, match="--positive VALUE"):
        read_labelled([data_set("goemotions/dev.tsv")], ReadOptions())


def test_goemotions_is_read_with_its_header():
    source = open_source(data_set("goemotions/dev.tsv"))
    assert (source.columns, source.has_header) == (["text", "label", "id"], True)
    assert sum(len(batch.rows) for batch in source.batches()) == 5426
