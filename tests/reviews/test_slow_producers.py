import os
import threading
from unittest.mock import patch

import pytest

from sentiment.reviews.batch import BadRows
from tests.reviews.helpers import open_source

from .helpers import stdin

CASES = {
    "lines": (b"", b"good film\n", b"bad film\n"),
    "csv": (b"text,label\n", b'"good\nfilm",1\n', b"bad,0\n"),
    "tsv": (b"text\tlabel\n", b"good\t1\n", b"bad\t0\n"),
    "jsonl": (b"", b'{"text": "good"}\n', b'{"text": "bad"}\n'),
    "json": (b"[", b'{"text": "good"},', b'{"text": "bad"}]'),
    "fasttext": (b"", b"__label__pos good\n", b"__label__neg bad\n"),
}


def sizes_of(format: str, at_once: bytes, answered_first: bytes) -> list[int]:
    """Count the rows of each batch, where some bytes come once others have been answered."""
    answered = threading.Event()
    reader, writer = os.pipe()

    def produce():
        with open(writer, "wb", buffering=0) as stream:  # noqa: PTH123
            stream.write(at_once)
            if answered.wait(timeout=5):
                stream.write(answered_first)

    producer = threading.Thread(target=produce)
    producer.start()
    sizes = []
    with open(reader, "rb") as stream, stdin(stream):  # noqa: PTH123
        for batch in open_source("-", format=format).batches():
            sizes.append(len(batch.rows))
            answered.set()
    producer.join()
    return sizes


@pytest.mark.parametrize("format", CASES)
def test_each_row_is_given_out_before_the_next_is_waited_for(format):
    header, first, second = CASES[format]
    assert sizes_of(format, header + first, second) == [1, 1]


@pytest.mark.parametrize("format", CASES)
def test_half_a_row_that_is_there_withholds_no_whole_one(format):
    header, first, second = CASES[format]
    # What is read first ends within the half row, of which more is there already.
    with patch("sentiment.reviews.streams.BLOCK_BYTES", len(header + first) + 1):
        sizes = sizes_of(format, header + first + second[:3], second[3:])
    assert sizes == [1, 1]


def test_a_fast_producer_gets_full_batches():
    reader, writer = os.pipe()
    with open(writer, "wb") as stream:  # noqa: PTH123
        stream.write(b"x\n" * 20_000)  # fits into the pipe
    with open(reader, "rb") as stream, stdin(stream):  # noqa: PTH123
        sizes = [len(batch.rows) for batch in open_source("-").batches()]
    assert sizes == [1024] * 19 + [20_000 - 19 * 1024]


@pytest.mark.parametrize(("format", "line"), [("csv", b"\n"), ("tsv", b"\n"), ("jsonl", b"no\n")])
def test_many_lines_that_are_no_rows_may_come_one_by_one(format, line):
    header, first, _ = CASES[format]
    with (
        patch("sentiment.reviews.streams.BLOCK_BYTES", 1),
        patch("sentiment.reviews.feed.TextFeed.would_block", lambda _: True),
        stdin(line * 100 + header + first),
    ):
        source = open_source("-", format=format, bad_rows=BadRows("keep"))
        (row,) = [row for batch in source.batches() for row in batch.readable().rows]
    assert row["text"].startswith("good")
