import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.header import looks_like_header

from .helpers import rows_from, stdin_source

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def records(data, format="csv", **options):
    text = data if isinstance(data, bytes) else data.encode()
    return [list(row.values()) for row in rows_from(text, format=format, **options)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("text,label\ngood,1\n", [["good", "1"]]),
        ("text;label\ngood, really;1\n", [["good, really", "1"]]),
        ("text\tlabel\ngood\t1\n", [["good", "1"]]),
        ("text|label\ngood|1\n", [["good", "1"]]),
        ('"text, long";label\ngood;1\n', [["good", "1"]]),
        (
            'text,label\n"good, ""really""\nand\r\ntruly",1\n',
            [['good, "really"\nand\r\ntruly', "1"]],
        ),
        ('text,size\nscreen 5" wide,5"\n', [['screen 5" wide', '5"']]),
        ("text,label\r\ngood,1\r\n\r\nbad,0", [["good", "1"], ["bad", "0"]]),
        ("text,label\rgood,1\rbad,0\r", [["good", "1"], ["bad", "0"]]),
        ("text\ngood\n\nbad\n", [["good"], ["bad"]]),
        ('text\n""\n', [[""]]),
        ("text,label\n", []),
        ("", []),
    ],
)
def test_csv_is_read(data, expected):
    assert expected == records(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('text\tlabel\n"good\t1\n', [['"good', "1"]]),
        ("text\tlabel\na\\tb\t1\r\n\n", [["a\\tb", "1"]]),
        ("text\ngood\n\nbad\n", [["good"], [""], ["bad"]]),
        ("", []),
    ],
)
def test_tsv_has_no_quotes_and_no_escapes(data, expected):
    assert expected == records(data, "tsv")


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8))
def test_csv_reads_what_the_csv_module_writes(rows):
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([("text", "label"), *rows])
    assert [list(row) for row in rows] == records(stream.getvalue())


def test_a_field_may_be_longer_than_the_csv_module_allows():
    text = "word " * 50_000
    assert [[text, "1"]] == records(f'text,label\n"{text}",1\n')


@pytest.mark.parametrize(
    ("data", "format", "message"),
    [
        ("text,label\ngood,1\na,b,1\n", "csv", r"row 2 \(line 3\): 3 fields where 2 .*quotes"),
        ('text,label\n"a\nb",1\n\nx\n', "csv", r"row 2 \(line 5\): 1 field where 2"),
        ("text\tlabel\na\tb\t1\n", "tsv", r"row 1 \(line 2\): 3 fields.*--input-format csv"),
        ('text,label\ngood,1\n"bad,0\nmore,1\n', "csv", r"row 2 \(line 3\): .*never closed"),
        ('text,label\n"bad" luck,0\n', "csv", r"row 1 \(line 2\): text follows a closing quote"),
        ('"text,label\n', "csv", r"line 1: .*never closed"),
    ],
)
def test_a_broken_row_is_named_with_its_line(data, format, message):
    with pytest.raises(DataError, match=message):
        records(data, format)


def test_a_name_used_twice_is_made_unique_and_kept_for_writing():
    source = stdin_source(b"text,a,a,a.2\ngood,1,2,3\n", "csv")
    assert source.columns == ["text", "a", "a.3", "a.2"]
    assert source.header == ["text", "a", "a", "a.2"]


@pytest.mark.parametrize(
    ("first_row", "expected"),
    [
        (["text", "label"], True),
        (["id", "name"], True),
        (["", "Clothing ID", "Age"], True),
        (["Sentence"], True),
        (["comment_id"], True),
        (["reviewText", "overall"], True),
        (["good film", "1"], False),
        (["good", "positive"], False),
        (["neg", "bad"], False),
        (["one long string of words here", "x"], False),
        (["Great!", "fun"], False),
        (["good film"], False),
        (["", ""], False),
        ([], False),
        (["id", "positive", "anger", "joy"], True),
    ],
)
def test_a_header_is_told_from_data(first_row, expected):
    assert expected == looks_like_header(first_row)


@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_columns_without_header_are_numbered(format):
    delimiter = "," if format == "csv" else "\t"
    source = stdin_source(f"good{delimiter}1\nbad{delimiter}0\n".encode(), format)
    assert not source.has_header
    assert next(source.batches()).rows == [{"1": "good", "2": "1"}, {"1": "bad", "2": "0"}]


@pytest.mark.parametrize(("header", "count"), [(True, 1), (False, 2), (None, 1)])
def test_the_header_option_overrides_its_looks(header, count):
    assert count == len(records("text,label\ngood,1\n", header=header))
