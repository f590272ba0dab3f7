"""Whatever comes in, a user sees an answer or a few words that say what is wrong."""

import io
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import SentimentError
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import INPUT_FORMATS, OUTPUT_FORMATS, ReadOptions

from .helpers import rows_from, stdin, stdin_source, written

TEXT_FORMATS = sorted(set(INPUT_FORMATS) - {"folder", "parquet"})
PIECES = [
    "text",
    "label",
    "1",
    "0",
    '"',
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    "{",
    "}",
    ":",
    "__label__",
    "é",
]
CRUMBS = st.lists(st.sampled_from(PIECES)).map("".join).map(str.encode)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-7", "cp1252", "shift_jis", "iso2022_jp"])


@contextmanager
def a_brief_error():
    message = ""
    try:
        yield
    except SentimentError as error:
        message = str(error)
    assert len(message) < 1000


@given(st.binary() | CRUMBS, st.sampled_from(TEXT_FORMATS), ENCODINGS)
def test_any_bytes_are_rows_or_a_brief_error(data, format, encoding):
    with a_brief_error():
        rows_from(data, format=format, encoding=encoding)


@given(CRUMBS)
def test_any_labelled_data_is_reviews_or_a_brief_error(data):
    for format in (None, *TEXT_FORMATS):
        with a_brief_error(), stdin(data):
            reviews = read_labelled(["-"], ReadOptions(format=format))
            assert len(reviews.texts) == len(reviews.labels)


@given(CRUMBS, st.sampled_from(TEXT_FORMATS), st.sampled_from(OUTPUT_FORMATS))
def test_any_rows_are_written_or_a_brief_error(data, source_format, format):
    with a_brief_error():
        assert isinstance(written(format, stdin_source(data, source_format)), bytes)


def parquet_bytes():
    stream = io.BytesIO()
    pq.write_table(pa.table({"text": ["good", "bad"] * 9, "label": [1, 0] * 9}), stream)
    return stream.getvalue()


PARQUET = parquet_bytes()


@given(st.integers(0, len(PARQUET) - 1), st.binary(min_size=1, max_size=9))
def test_damaged_parquet_is_rows_or_a_brief_error(place, damage):
    data = PARQUET[:place] + damage + PARQUET[place + len(damage) :]
    with a_brief_error():
        rows_from(data, format="parquet")
