"""What publishers ship, in small, and the rows it becomes."""

import io

import pytest

from sentiment.datasets.catalog import CATALOG, DownloadError, Member
from tests.datasets.site import AMAZON, IMDB, TREES, TWEETS, UCI, YELP, lines


def rows_of(name, files):
    dataset = CATALOG[name]
    rows = list(dataset.layout(Member(name, io.BytesIO(raw)) for name, raw in files.items()))
    assert all(len(row.cells) == len(dataset.columns) for row in rows)
    assert {row.part for row in rows} <= dataset.parts.keys()
    return [(row.part, *row.cells) for row in rows]


def test_imdb_is_a_file_a_review():
    assert rows_of("imdb", IMDB) == [
        ("test", "It drags on.<br />Avoid.", "negative", "2", "0_2"),
        ("test", "Déjà vu, in the best way", "positive", "9", "7_9"),
        ("train", 'Wooden, loud and "long"', "negative", "1", "3_1"),
        ("train", "A gem, every minute of it", "positive", "10", "1_10"),
        ("unlabeled", "Seen on a plane", "", "", "0_0"),
    ]


def test_the_treebank_gives_sentences_without_the_neutral_ones():
    assert rows_of("sst2", TREES) == [
        ("train", "Quite ( good )", "positive"),
        ("train", "Bad and/or worse", "negative"),
        ("validation", "Bright .", "positive"),
        ("test", "It sags", "negative"),
    ]


def test_uci_is_a_file_a_domain_with_lines_that_end_at_line_feeds_alone():
    rows = rows_of("uci", UCI)
    assert rows[1] == ("amazon", 'No "charge" at all.', "negative", "amazon")
    assert rows[4] == ("imdb", "Next\u0085line stays.  ", "positive", "imdb")
    assert [row[0] for row in rows] == ["amazon"] * 4 + ["imdb"] * 2 + ["yelp"] * 2


def test_the_polarity_sets_are_csv_with_escapes_of_their_own():
    assert rows_of("yelp_polarity", YELP)[0] == (
        "train", 'Warm bread\nand "real" butter', "positive",
    )  # fmt: skip
    assert rows_of("amazon_polarity", AMAZON) == [
        ("train", "Works", "Two years, no trouble", "positive"),
        ("train", "No", 'It "melted"', "negative"),
        ("test", "Meh", "Too small", "negative"),
    ]


def test_tweets_and_their_labels_are_joined():
    assert rows_of("tweet_eval", TWEETS) == [
        ("train", "Best day! @user", "positive"),
        ("train", "It is Tuesday", "neutral"),
        ("train", "So tired of this", "negative"),
        ("train", "Yay", "positive"),
        ("train", "Nope", "negative"),
        ("validation", "Lovely morning", "positive"),
        ("validation", "Rain again, ugh", "negative"),
        ("test", "What a win", "positive"),
        ("test", "Bus late again", "negative"),
    ]


POLARITY = "yelp_review_polarity_csv/train.csv"


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("sst2", {"trees/dev.txt": lines("(3 (2 Quite", "")}, "dev.txt, line 1"),
        ("uci", {"yelp_labelled.txt": lines("Fine\t1", "Fine\t7")}, "yelp_labelled.txt, line 2"),
        ("uci", {"yelp_labelled.txt": lines("Fine")}, "line 1"),
        ("uci", {"yelp_labelled.txt": b"caf\xe9\t1\n"}, "line 1: not UTF-8"),
        ("yelp_polarity", {POLARITY: lines('"1","a"', '"2","b","c"')}, "train.csv, line 2"),
        ("yelp_polarity", {POLARITY: lines('"3","a"')}, "line 1"),
        ("yelp_polarity", {POLARITY: lines('"1","a" b')}, "row 1"),
        ("yelp_polarity", {POLARITY: lines('"1","' + "a" * 1_000_000)}, "longer than any review"),
        ("uci", {"yelp_labelled.txt": b"a" * 1_000_001}, "longer than any review"),
        ("imdb", {"aclImdb/test/pos/1_9.txt": b"a" * 1_000_001}, "longer than any review"),
        ("tweet_eval", TWEETS | {"val_labels.txt": lines("2")}, "1 labels for 2 tweets"),
        ("tweet_eval", {"val_labels.txt": lines("2")}, "1 labels for 0 tweets"),
    ],
)
def test_what_is_not_of_its_form_is_refused(name, files, message):
    with pytest.raises(DownloadError, match=message):
        rows_of(name, files)
