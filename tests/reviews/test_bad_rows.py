"""What becomes of rows that cannot be read."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.batch import BadRow, BadRows, Batch
from tests.reviews.helpers import open_source

from .helpers import rows_of, save, stdin_source, written

# Format → a file, and its rows as kept, a bad one together with how it stands in the file.
FILES = {
    "csv": (
        b'id,text\n1,fine\n2\n3,a,b\n4,"open\n5,"good, or\nso"\n6,"x"y\n7,caf\xe9\n8,"end',
        [
            {"id": "1", "text": "fine"},
            ({"id": "2", "text": ""}, "2"),
            ({"id": "3", "text": "a"}, "3,a,b"),
            ({"id": "4", "text": "open"}, '4,"open'),
            {"id": "5", "text": "good, or\nso"},
            ({"id": "6", "text": "xy"}, '6,"x"y'),
            ({"id": "7", "text": "caf\ufffd"}, "7,caf\\xe9"),
            ({"id": "8", "text": "end"}, '8,"end'),
        ],
    ),
    "tsv": (
        b"id\ttext\n1\tfine\n2\n3\ta\tb\n\xff\t\n",
        [
            {"id": "1", "text": "fine"},
            ({"id": "2", "text": ""}, "2"),
            ({"id": "3", "text": "a"}, "3\ta\tb"),
            ({"id": "\ufffd", "text": ""}, "\\xff\t"),
        ],
    ),
    "jsonl": (
        b'nonsense\n{"text": "fine", "n": 1}\n[1]\n\n{"text": "caf\xe9"}\n{"n": 1e999}\n',
        [
            ({}, "nonsense"),
            {"text": "fine", "n": 1},
            ({}, "[1]"),
            ({"text": "caf\ufffd"}, '{"text": "caf\\xe9"}'),
            ({}, '{"n": 1e999}'),
        ],
    ),
    "json": (
        b'[nonsense, {"text": "fine", "n": 1}, 5,\n {"text": "caf\xe9"},\n {"text": "a},\n'
        b' {"text": "so" "x"}, {"n": 1e999} {"n": 2}, {"text": "end", "n": [1}]',
        [
            ({}, "nonsense"),
            {"text": "fine", "n": 1},
            ({}, "5"),
            ({"text": "caf\ufffd"}, '{"text": "caf\\xe9"}'),
            ({}, '{"text": "a},'),
            ({}, '{"text": "so" "x"}'),
            ({}, '{"n": 1e999}'),
            {"n": 2},
            ({}, '{"text": "end", "n": [1}'),
        ],
    ),
    "lines": (
        b"fine\n\nca\xc3\n\xe2\x82\r\nlast\xf0\x9f",
        [
            {"text": "fine"},
            {"text": ""},
            ({"text": "ca\ufffd"}, "ca\\xc3"),
            ({"text": "\ufffd\ufffd"}, "\\xe2\\x82"),
            ({"text": "last\ufffd\ufffd"}, "last\\xf0\\x9f"),
        ],
    ),
    "fasttext": (
        b"__label__a fine\n__label__a __label__b so\nno\xff",
        [
            {"label": "a", "text": "fine"},
            ({"label": "a", "text": "__label__b so"}, "__label__a __label__b so"),
            ({"label": None, "text": "no\ufffd"}, "no\\xff"),
        ],
    ),
}


def read(data, format, policy, **options):
    """Give batches, and what was told of bad rows."""
    told = []
    bad_rows = BadRows(policy, lambda name, number, bad: told.append((number, bad)))
    return list(stdin_source(data, format, bad_rows=bad_rows, **options).batches()), told


@pytest.mark.parametrize("format", FILES)
def test_bad_rows_are_kept_in_their_places(format):
    data, expected = FILES[format]
    batches, told = read(data, format, "keep")
    assert [row for batch in batches for row in batch.rows] == [
        row[0] if isinstance(row, tuple) else row for row in expected
    ]
    bad = {number: row[1] for number, row in enumerate(expected, 1) if isinstance(row, tuple)}
    assert {number: row.raw for number, row in told} == bad
    assert {batch.row_number(place) for batch in batches for place in batch.bad} == set(bad)


@pytest.mark.parametrize("format", FILES)
def test_bad_rows_are_left_out_and_the_others_keep_their_numbers(format):
    data, expected = FILES[format]
    batches, told = read(data, format, "skip")
    found = {
        batch.row_number(place): row for batch in batches for place, row in enumerate(batch.rows)
    }
    numbered = dict(enumerate(expected, 1))
    assert found == {number: row for number, row in numbered.items() if isinstance(row, dict)}
    assert [number for number, _ in told] == [n for n, row in numbered.items() if n not in found]


@pytest.mark.parametrize("policy", ["skip", "keep"])
def test_a_quote_that_is_never_closed_costs_its_own_line_only(policy):
    lines = ["id,text", *(f'{n},"a ""good"" one"' for n in range(20_000))]
    lines[3] = '2,"open'
    data = "\n".join(lines).encode()
    batches, told = read(data, "csv", policy)
    assert sum(len(batch.rows) for batch in batches) == 20_000 - (policy == "skip")
    assert [(number, bad.line) for number, bad in told] == [(3, 4)]


def test_a_file_in_utf_16_is_no_row_that_is_bad():
    with pytest.raises(DataError, match="--encoding utf-16-le"):
        read("good\nbad\n".encode("utf-16-le"), "lines", "skip")


@pytest.mark.parametrize("policy", ["skip", "keep"])
@pytest.mark.parametrize("data", [b"te\xfft,label\na,1\n", b'"text"x,label\na,1\n'])
def test_a_header_that_cannot_be_read_stops(data, policy):
    with pytest.raises(DataError, match="line 1: "):
        read(data, "csv", policy, header=True)


def test_a_file_of_a_folder_may_be_bad(tmp_path):
    save(tmp_path, "a.txt", "fine")
    save(tmp_path, "b.txt", b"caf\xe9")
    assert rows_of(tmp_path, bad_rows=BadRows("skip")) == [{"text": "fine", "file": "a.txt"}]
    bad_rows = BadRows("keep")
    assert rows_of(tmp_path, bad_rows=bad_rows)[1] == {"text": "caf\ufffd", "file": "b.txt"}
    (summary,) = bad_rows.summaries()
    assert summary.startswith("1 row that cannot be read kept, without an answer; the first: ")
    assert f"{tmp_path}/b.txt, row 2: not UTF-8 (byte 0xE9)" in summary


@pytest.mark.parametrize(("policy", "given"), [("stop", ["a.txt"]), ("skip", ["a.txt", "c.txt"])])
def test_a_file_of_a_folder_that_is_gone_is_bad_and_the_others_are_given(tmp_path, policy, given):
    for name in "abc":
        save(tmp_path, f"{name}.txt", "fine")
    bad_rows = BadRows(policy)
    batches = open_source(tmp_path, bad_rows=bad_rows).batches()
    (tmp_path / "b.txt").unlink()
    files = [row["file"] for row in next(batches).rows]
    assert files == given
    if policy == "stop":
        with pytest.raises(DataError, match=r"b.txt, row 2: No such file or directory"):
            next(batches)
    else:
        (summary,) = bad_rows.summaries()
        assert summary.endswith(f"the first: {tmp_path}/b.txt, row 2: No such file or directory")


def test_json_lines_say_why_a_kept_row_is_bad_and_where_no_row_is_good_too():
    data = b"nonsense\n\xff\n"
    lines = written("jsonl", stdin_source(data, "jsonl", bad_rows=BadRows("keep")), kept=True)
    first, second = map(json.loads, lines.splitlines())
    assert first["raw"] == "nonsense"
    assert first["error"].startswith("not JSON")
    assert second["raw"] == "\\xff"
    table = written("csv", stdin_source(data, "jsonl", bad_rows=BadRows("keep")), kept=True)
    assert table.startswith(b"text,predicted,p_positive\n,")


def test_columns_are_chosen_by_rows_that_can_be_read():
    data = b"nonsense\n" * 3000 + b'{"review": "fine"}\n'
    source = stdin_source(data, "jsonl", bad_rows=BadRows("keep"))
    assert source.columns == ["review"]
    assert sum(len(batch.rows) for batch in source.batches()) == 3001


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.data())
def test_rows_taken_from_a_batch_keep_their_numbers(left_out, data):
    places = [place for place, out in enumerate(left_out) if not out]
    batch = Batch([{"text": str(place)} for place in range(len(left_out))], first_row=5)
    batch = replace(batch, bad={1: BadRow("bad", {}, "raw")} if len(left_out) > 1 else {})
    taken = batch.take(places)
    assert [taken.row_number(n) for n in range(len(taken))] == [5 + place for place in places]
    assert [int(row["text"]) for row in taken.rows] == places
    assert [places[n] for n in taken.bad] == [place for place in places if place in batch.bad]
    few = sorted(data.draw(st.sets(st.sampled_from(range(len(places)))))) if places else []
    again = taken.take(few)
    assert [again.row_number(n) for n in range(len(few))] == [5 + places[n] for n in few]
