"""JSON is read whatever its layout: every row, or one line that says what to do."""

import io
import json
import re
import shlex
import shutil
import subprocess
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError, UsageError
from sentiment.reviews.batch import BadRows
from sentiment.reviews.opening import open_reviews
from sentiment.reviews.streams import ReadOptions
from sentiment.reviews.texts import texts_of
from sentiment.values import json_beginning

from .helpers import open_source, rows_from, rows_of, save, stdin, stdin_source, written

SIZES = pytest.mark.parametrize("size", [1, 5, 1 << 17])
GOOD, BAD = "The soup was lovely", "My bed was cold"
ROWS = [{"text": GOOD, "stars": 5}, {"text": BAD, "stars": 1}]
TEXTS = [{"text": GOOD}, {"text": BAD}]
LISTS = [[GOOD, 5], [BAD, 1]]


def lines(*values: object, **options: object) -> str:
    return "".join(json.dumps(value, **options) + "\n" for value in values)


# Content → its rows.
LAYOUTS = {
    "list": (lines(ROWS), ROWS),
    "list, a row on each line": ("[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n", ROWS),
    "list with a comma at the end": (f"[{json.dumps(ROWS[0])},\n{json.dumps(ROWS[1])},\n]", ROWS),
    "lists one after the other": (lines(ROWS[:1], ROWS[1:]), ROWS),
    "list of strings": (lines([GOOD, BAD]), TEXTS),
    "list of both": (lines([GOOD, ROWS[1]]), [TEXTS[0], ROWS[1]]),
    "list of lists": (lines(LISTS), [{"1": GOOD, "2": 5}, {"1": BAD, "2": 1}]),
    "list of lists with names": (lines([["text", "stars"], *LISTS]), ROWS),
    "lists on lines": (lines(*LISTS), [{"1": GOOD, "2": 5}, {"1": BAD, "2": 1}]),
    "objects without ends of lines": ("".join(map(json.dumps, ROWS)), ROWS),
    "objects with spaces between": (" ".join(map(json.dumps, ROWS)), ROWS),
    "list without brackets": (f"{json.dumps(ROWS[0])},\n{json.dumps(ROWS[1])},\n", ROWS),
    "empty list": ("[]\n", []),
    "list in an object": (lines({"data": ROWS}), ROWS),
    "list between others": (
        lines({"n": 2, "next": None, "names": ["a"], "reviews": ROWS, "links": [{"u": 1}]}),
        ROWS,
    ),
    "list of a search": (lines({"took": 3, "hits": {"total": 2, "hits": ROWS}}), ROWS),
    "list without known names": (lines({"meta": {"n": 2}, "rows": [{"a": 1}]}), [{"a": 1}]),
    "pages": (lines({"data": ROWS[:1]}, {"data": ROWS[1:]}, indent=1), ROWS),
    "pandas": (lines({"text": {"0": GOOD, "1": BAD}, "stars": {"0": 5, "1": 1}}), ROWS),
    "pandas, one column": (lines({"q": {"0": GOOD, "1": BAD}}), [{"q": GOOD}, {"q": BAD}]),
    "pandas with lists": (
        lines({"n": {"0": [{"a": 1}], "1": []}, "text": {"0": GOOD, "1": None}}),
        [{"n": [{"a": 1}], "text": GOOD}, {"n": [], "text": None}],
    ),
    "pandas with an index": (
        lines({"text": {"a": GOOD, "b": BAD}, "stars": {"a": 5, "b": 1}}),
        [{"index": "a", **ROWS[0]}, {"index": "b", **ROWS[1]}],
    ),
    "pandas with a part of the index": (
        lines({"index": {"3": GOOD, "7": BAD}}),
        [{"key": "3", "index": GOOD}, {"key": "7", "index": BAD}],
    ),
    "pandas split": (lines({"columns": ["text", "stars"], "index": [0, 1], "data": LISTS}), ROWS),
    "pandas table": (
        lines({"schema": {"fields": [{"name": "text", "type": "string"}]}, "data": ROWS}),
        ROWS,
    ),
    "pandas index": (
        lines({"0": ROWS[0], "1": ROWS[1]}),
        [{"index": "0", **ROWS[0]}, {"index": "1", **ROWS[1]}],
    ),
    "rows by id": (lines({"r7": ROWS[0], "r8": ROWS[1]}),
                   [{"index": "r7", **ROWS[0]}, {"index": "r8", **ROWS[1]}]),
    "lists by column": (lines({"text": [GOOD, BAD], "stars": [5, 1]}), ROWS),
    "a list of texts and a number": (
        lines({"count": 2, "reviews": [GOOD, BAD]}), [{"reviews": GOOD}, {"reviews": BAD}],
    ),
    "lines": (lines(*ROWS), ROWS),
    "lines that look like lists in objects": (
        lines({"id": 1, "tags": [{"a": 1}]}, {"id": 2, "tags": []}),
        [{"id": 1, "tags": [{"a": 1}]}, {"id": 2, "tags": []}],
    ),
    "an object": (lines(ROWS[0]), ROWS[:1]),
    "an object over several lines": (lines(ROWS[0], indent=2), ROWS[:1]),
    "objects over several lines": (lines(*ROWS, indent=2), ROWS),
    "an object with answers to it": (
        lines({"text": GOOD, "answers": TEXTS}), [{"text": GOOD, "answers": TEXTS}],
    ),
    "an object in an object": (
        lines({"id": 1, "review": ROWS[0]}, indent=1), [{"id": 1, "review": ROWS[0]}],
    ),
    "an object with a sentence": (
        lines({"said": GOOD, "by": [{"x": 1}]}), [{"said": GOOD, "by": [{"x": 1}]}],
    ),
}  # fmt: skip


@SIZES
@pytest.mark.parametrize("name", ["in.json", "in.jsonl"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_gives_its_rows(tmp_path, layout, name, size):
    data, rows = LAYOUTS[layout]
    path = save(tmp_path, name, f"\ufeff{data}")
    with patch("sentiment.reviews.streams.BLOCK_BYTES", size):
        assert rows_of(path) == rows


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "empty list"])
@pytest.mark.parametrize("name", ["in.txt", "in.csv", "in", "-"])
def test_so_does_a_file_of_another_name_and_that_is_said(tmp_path, layout, name):
    data, rows = LAYOUTS[layout]
    where = "-" if name == "-" else save(tmp_path, name, data)
    with stdin(data.encode()):
        source = open_source(where)
    assert [row for batch in source.batches() for row in batch.rows] == rows
    assert "read as JSON, by its content; --input-format lines reads" in source.notes[0]


@pytest.mark.parametrize(
    "text",
    ["[1] Lovely stay\n[0] Dirty room\n", "[deleted]\n[removed]\n", "{sic} it was good\nbad\n",
     "[[Soup]] was cold\nfine\n", "[]\n", "{}ok\n", '["Great", she said\nfine\n', "[\n", "{\n",
     '{"quoted" beginning\nfine\n'],
)  # fmt: skip
def test_prose_that_begins_with_a_bracket_is_prose(text):
    if text.startswith("[1]"):  # a label on each line
        assert rows_from(text.encode())[0]["text"] == "Lovely stay"
        return
    for size in (1, 1 << 17):
        with patch("sentiment.reviews.streams.BLOCK_BYTES", size):
            assert [row["text"] for row in rows_from(text.encode())] == text.splitlines()


SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8)
VALUES = SCALARS | st.sampled_from([
    0.5, 1e-7, 1e300, [], {}, [[]], {"": {}}, [{"a": [1, "]"]}], {"text": "\\", "b": {"c": '"'}},
    "},{", '{"', "\ud800", "a\nb",
])  # fmt: skip
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)
WRITTEN = st.fixed_dictionaries({
    "ensure_ascii": st.just(True),
    "indent": st.sampled_from([None, 0, 1, "\t"]),
    "separators": st.sampled_from([None, (",", ":"), (" , ", " : ")]),
})  # fmt: skip


SIZE = st.sampled_from([1, 2, 3, 7, 16, 1 << 17])


def read(data: bytes, size: int, policy: str = "stop") -> list[dict[str, object]]:
    with patch("sentiment.reviews.streams.BLOCK_BYTES", size):
        return rows_from(data, format="json", bad_rows=BadRows(policy))


@given(st.lists(OBJECTS, max_size=4), WRITTEN, SIZE)
def test_a_list_gives_all_rows_as_they_are(rows, options, size):
    assert read(json.dumps(rows, **options).encode(), size) == rows


@given(st.lists(OBJECTS, min_size=1, max_size=3), WRITTEN, SIZE, st.integers(0, 2))
def test_so_do_a_list_in_an_object_and_objects_one_after_the_other(rows, options, size, layout):
    rows = [{"text": "fine", **row} for row in rows]
    deep = {"n": 1, "of": {"x": [1, {"y": 2}], "reviews": rows}, "end": None}
    values = ([{"data": rows}], [deep], rows)[layout]
    data = "\n".join(json.dumps(value, **options) for value in values)
    assert read(data.encode(), size) == rows


@given(
    st.lists(st.text(max_size=4), min_size=1, max_size=3, unique=True),
    st.lists(st.lists(SCALARS, min_size=3, max_size=3), min_size=1, max_size=4),
    st.sampled_from([str, "r{}".format, None]),
    WRITTEN,
    SIZE,
)
def test_so_do_columns(others, values, key, options, size):
    names = ["text", *(name for name in others if name != "text"), "more"]
    rows = [dict(zip(names, ("fine", *row), strict=False)) for row in values]
    columns = {
        name: {key(n): row[name] for n, row in enumerate(rows)} if key else [r[name] for r in rows]
        for name in rows[0]
    }
    if key not in (str, None):
        index = "key" if "index" in columns else "index"
        rows = [{index: key(number), **row} for number, row in enumerate(rows)]
    with patch("sentiment.reviews.json_columns.BATCH_CHARS", 20):
        assert read(json.dumps(columns, **options).encode(), size) == rows


@given(st.lists(OBJECTS, max_size=4), WRITTEN, SIZE, st.data())
def test_a_list_that_is_cut_short_gives_the_rows_before_and_is_an_error(rows, options, size, data):
    whole = json.dumps(rows, **options).encode()
    part = whole[: data.draw(st.integers(1, len(whole) - 1))]
    found = read(part, size, "skip")
    assert found == rows[: len(found)]
    with pytest.raises(DataError, match=r"cut short; get it again|cut short: the file ends"):
        read(part, size)
    kept = read(part, size, "keep")
    assert [row for row in kept if row] == [row for row in found if row]


@pytest.mark.parametrize("data", ["{", "{\n", '{"a": 1,\n"text": "b"', '{"data": [', '{"data":\n '])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_an_object_that_is_cut_short_is_a_bad_row(tmp_path, data, name):
    path = save(tmp_path, name, data)
    with pytest.raises(DataError, match=rf"{name}, row 1 \(line 1\): (not JSON \(|cut short: )"):
        rows_of(path)
    assert rows_of(path, bad_rows=BadRows("skip")) == []


def test_a_first_line_of_json_lines_that_opens_an_object_costs_no_other():
    data = b'{\n"fine"\n'
    assert rows_from(data, format="jsonl", bad_rows=BadRows("skip")) == [{"text": "fine"}]


@given(st.lists(OBJECTS, max_size=4), st.lists(OBJECTS, max_size=4), st.data())
def test_a_broken_row_costs_no_other_where_each_has_a_line(before, after, data):
    broken = ['{"a": "b}', '{"a": [1}', '{"a": {"b": 1}', '"a', '{"a": 1]', "nonsense",
              '{"a": 1, "a": 2}', "}", "12", '{"a": \\"}']  # fmt: skip
    indent = data.draw(st.sampled_from(["", "  ", "\t"]))
    row = data.draw(st.sampled_from(broken))
    rows = [*map(json.dumps, before), row, *map(json.dumps, after)]
    text = "[\n" + ",\n".join(indent + row for row in rows) + "\n]\n"
    size = data.draw(st.sampled_from([1, 9, 1 << 17]))
    assert read(text.encode(), size, "skip")[: len(before)] == before
    if not row.startswith('"'):  # a string may go on to the next line, which begins with a key
        found = read(text.encode(), size, "skip")
        assert found == [*before, *after], (text, found)


class Endless(io.RawIOBase):
    """A stream that counts what is read of it, and ends only after a gigabyte."""

    def __init__(self, start: bytes, row: bytes) -> None:
        self.given = 0
        self._start, self._rows = start, row * 1000

    def readable(self) -> bool:
        return True

    def readinto(self, buffer):
        assert self.given < 1 << 30
        data = (self._start or self._rows)[: len(buffer)]
        self._start = b""
        buffer[: len(data)] = data
        self.given += len(data)
        return len(data)


@pytest.mark.parametrize(
    ("start", "row"),
    [
        (b"[", b'{"text": "fine"},'),
        (b"[\n", b' {"text": "fine", "more": [{"a": {}}]},\n'),
        (b"[", b'"fine",'),
        (b'{"n": 1, "rows": [', b'{"text": "fine"},'),
        (b'{"a": {"text": "fine"}, "b": {"text": "fine"}, ', b'"c": {"text": "fine"},'),
        (b"", b'{\n"text": "fine"\n}\n'),
    ],
)
def test_no_more_is_held_than_a_few_batches(start, row):
    stream = Endless(start, row)
    with stdin(io.BufferedReader(stream)):
        batches = open_reviews("-", ReadOptions("json"), need_label=False).batches
    for number in range(1, 6):
        assert len(next(batches)) == 1024
        assert stream.given < number * 1024 * len(row) + (1 << 19)


def test_columns_are_held_in_a_file():
    many = {
        "text": {str(n): f"text {n}" for n in range(3000)},
        "n": {str(n): n for n in range(3000)},
    }
    with patch("sentiment.reviews.json_columns._IN_MEMORY", 1000):
        rows = rows_from(json.dumps(many).encode())
    assert rows == [{"text": f"text {n}", "n": n} for n in range(3000)]


@pytest.mark.parametrize(
    "data",
    [
        '[{"text": "a", "n": NaN}, {"text": "b", "n": [-Infinity]}]',
        '{"text": "a", "n": NaN}\n{"text": "b", "n": [Infinity]}\n',
        '{"text": {"0": "a", "1": "b"}, "n": {"0": NaN, "1": [NaN]}}',
    ],
)
def test_what_is_no_number_is_null_and_that_is_said_once(data):
    source = stdin_source(data.encode(), "json")
    rows = [row for batch in source.batches() for row in batch.rows]
    assert rows == [{"text": "a", "n": None}, {"text": "b", "n": [None]}]
    assert [note for note in source.notes if "null" in note] == [
        "NaN and Infinity are read as null"
    ]


def test_what_was_found_is_said(tmp_path):
    def notes(data):
        opened = open_reviews(save(tmp_path, "in.json", data), ReadOptions(), need_label=False)
        opened.source.close()
        return [opened.columns.how, *opened.source.notes]

    text = 'text from "text" (by name)'
    assert notes(lines({"a": {"b": ROWS}})) == [text, 'rows from the list "a.b"']
    assert notes(LAYOUTS["pandas"][0]) == [text, "rows from columns"]
    found = 'rows from columns, with their keys as the column "index"'
    assert notes(LAYOUTS["pandas with an index"][0]) == [text, found]
    assert notes(LAYOUTS["rows by id"][0])[1].endswith('with its keys as the column "index"')


def texts_in(path, **options):
    opened = open_reviews(path, ReadOptions(**options), need_label=False)
    texts = [text for batch in opened.batches for text in texts_of(batch, opened.columns)]
    return opened.columns.text, texts


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"id": 1, "review": {"text": GOOD, "lang": "en"}}, "review.text"),
        ({"_id": "a", "_source": {"text": GOOD, "stars": 3}}, "_source.text"),
        ({"node": {"a": {"b": {"body": GOOD}}}}, "node.a.b.body"),
        ({"title": "Soup", "review": {"text": GOOD}}, "review.text"),
        ({"text": GOOD, "reply": {"text": BAD}}, "text"),
        ({"review": {"content": GOOD}, "product": {"description": BAD}}, "review.content"),
        ({"id": 1, "answers": {"q1": GOOD, "q2": "de"}}, "answers.q1"),
        ({"review": {"a.b": GOOD}}, "review.a.b"),
        ({"review.text": GOOD, "review": {"text": BAD}}, "review.text"),
        ({"user": {"text": BAD}, "said": GOOD}, "said"),
    ],
)
@pytest.mark.parametrize("asked", [False, True])
def test_a_text_in_an_object_is_found(tmp_path, row, column, asked):
    path = save(tmp_path, "in.jsonl", lines(row, row))
    options = {"text_columns": (column,)} if asked else {}
    assert texts_in(path, **options) == ((column,), [GOOD, GOOD])


def test_so_it_is_in_a_struct_of_parquet(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"id": 1, "review": {"text": GOOD, "by": {"name": "A"}}}, {"id": 2, "review": None}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    assert texts_in(tmp_path / "in.parquet") == (("review.text",), [GOOD, ""])
    with pytest.raises(DataError, match=r'"review" holds objects, .*--text-column review.text$'):
        texts_in(tmp_path / "in.parquet", text_columns=("review",))


def test_labels_and_other_columns_may_be_fields(tmp_path):
    rows = [{"review": {"text": GOOD, "of": {"sentiment": "pos", "shop": "a"}}},
            {"review": {"text": BAD, "of": {"sentiment": "neg"}}}]  # fmt: skip
    path = save(tmp_path, "in.jsonl", lines(*rows))
    for options in ({}, {"label_column": "review.of.sentiment"}):
        reading = ReadOptions(keep=("review.of.shop",), **options)
        opened = open_reviews(path, reading, need_label=True)
        opened.source.close()
        columns = opened.columns
        assert (columns.label, columns.kept) == ("review.of.sentiment", ("review.of.shop",))
    reading = ReadOptions(label_column="review")
    with pytest.raises(DataError, match=r"not labels; name a field: --label-column review.of.sent"):
        open_reviews(path, reading, need_label=True)
    with pytest.raises(UsageError, match=r'no column "review.txt" .*did you mean "review.text"'):
        texts_in(path, text_columns=("review.txt",))


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
def test_lists_of_labels_are_no_labels_but_their_first_may_be(tmp_path):
    path = save(tmp_path, "in.json", lines([{"text": GOOD, "label": ["pos"]},
                                            {"text": BAD, "label": ["neg", "sad"]}]))  # fmt: skip
    said = r'"label" holds lists of labels; keep the first of each: (jq .*)$'
    for options in ({}, {"label_column": "label"}):
        with pytest.raises(DataError, match=said) as error:
            open_reviews(path, ReadOptions(**options), need_label=True)
    command = re.search(said, str(error.value))[1].replace("FILE", shlex.quote(str(path)))
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    assert [row["label"] for row in rows_of(tmp_path / "reviews.jsonl")] == ["pos", "neg"]


def test_an_object_named_like_a_label_is_none(tmp_path):
    rows = [{"text": GOOD, "label": {"id": 1}}, {"text": BAD, "label": {"id": 2}}]
    path = save(tmp_path, "in.json", lines(rows))
    with pytest.raises(DataError, match=r"not labels; name a field: --label-column label.id$"):
        open_reviews(path, ReadOptions(), need_label=True)


def test_an_object_among_texts_is_a_bad_row(tmp_path):
    path = save(tmp_path, "in.jsonl", lines({"text": "a"}, {"text": ["b"]}, {"text": "c"}, {}))
    with pytest.raises(DataError, match=r'in.jsonl, row 2: "text" holds a list, not a text; write'):
        texts_in(path)
    bad_rows = BadRows("skip")
    opened = open_reviews(path, ReadOptions(bad_rows=bad_rows), need_label=False)
    (batch,) = opened.batches
    assert [batch.row_number(place) for place in range(len(batch))] == [1, 3, 4]
    opened = open_reviews(path, ReadOptions(bad_rows=BadRows("keep")), need_label=False)
    (batch,) = opened.batches
    assert list(batch.bad) == [1]
    assert texts_of(batch, opened.columns) == ["a", "", "c", ""]


def test_a_list_may_be_chosen_among_several(tmp_path):
    data = {"train": TEXTS[:1], "test": [{"text": BAD, "label": 1}, {"text": "fine", "label": 0}]}
    path = save(tmp_path, "in.json", lines(data))
    with pytest.raises(DataError) as error:
        texts_in(path)
    assert str(error.value) == (
        f'{path}: rows may be in the lists "train" and "test"; '
        "choose with --text-column train.text or --text-column test.text"
    )
    assert texts_in(path, text_columns=("train.text",)) == (("text",), [GOOD])
    assert texts_in(path, text_columns=("test.text",)) == (("text",), [BAD, "fine"])
    opened = open_reviews(path, ReadOptions(label_column="test.label"), need_label=True)
    opened.source.close()
    assert (opened.columns.text, opened.columns.label) == (("text",), "label")


def test_a_second_list_far_behind_the_first_is_no_less_an_error(tmp_path):
    many = [{"text": f"text {number}"} for number in range(9000)]
    path = save(tmp_path, "in.json", lines({"train": many, "tags": [{"a": 1}], "test": TEXTS}))
    with pytest.raises(
        DataError, match=r'"train" and "test"; choose with --text-column train.text'
    ):
        rows_of(path)
    assert len(texts_in(path, text_columns=("train.text",))[1]) == 9000
    assert texts_in(path, text_columns=("test.text",))[1] == [GOOD, BAD]
    with pytest.raises(DataError, match=r'there is no list for the column "dev.text"'):
        rows_of(path, text_columns=("dev.text",))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (lines({"data": TEXTS}, {"data": TEXTS}), '"data" holds lists of rows, not texts'),
        (lines({"id": 1, "text": GOOD.split()}), '"text" holds lists of words, not texts'),
        (lines([{"text": GOOD.split()}]), '"text" holds lists of words, not texts'),
        (lines({"text": [GOOD, BAD], "n": [1, 2], "of": [1]}), 'of 2 values, but "of" has 1'),
        ("{'text': 'The soup was lovely', 'n': None}\n", "Python's notation"),
        ("[{'text': 'The soup was lovely',\n  'n': None}]\n", "Python's notation"),
        (lines({"a": {"text": GOOD}, "b": {"text": GOOD, "n": 1}}), "could each be the text"),
    ],
)  # fmt: skip
def test_what_a_message_advises_works(tmp_path, data, said):
    path = save(tmp_path, "in.json", data)
    with pytest.raises(DataError, match=re.escape(said)) as error:
        texts_in(path)
    advice = str(error.value)
    if command := re.search(r"(?:jq|python3) .*> (reviews\.jsonl?)", advice):
        if not shutil.which(shlex.split(command[0])[0]):
            pytest.skip("not installed")
        command_line = command[0].replace("FILE", shlex.quote(str(path)))
        subprocess.run(command_line, shell=True, cwd=tmp_path, check=True)
        assert texts_in(tmp_path / command[1])[1][0] == GOOD
    else:
        column = re.search('"([^"]+)" and', advice)[1]
        assert texts_in(path, text_columns=(column,))[1] == [GOOD]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ('{"data": [{"text": "a"}], nonsense}', "not JSON .Expecting property name"),
        ('{"data": [' + "\n5," * 60_000 + "1], nonsense}", "a key in double quotes and a colon"),
        ('{"data": [' + "\n5," * 60_000 + '1], "b"}', "a key in double quotes and a colon"),
        (f'{{"data": {{"a": "{"b" * 140_000}"}}}}', "JSON without a list of rows"),
        ('[{"text": "a"} {"text": "b"}]', "row 2 .line 1.: a comma is missing before this row"),
        ('{"text": {"0": "a"}, "text": {"0": "b"}}', 'the key "text" occurs twice'),
        ('{"text": {"0": "a"}, "n": {"1": 1}}', "different keys"),
        ('[["a", 1], ["b"]]', "row 2 .line 1.: 1 value where 2 are expected; write null"),
        ("{}", "rows without fields; each needs one with its text"),
        ('garbage\n{"text": "a"}\n', "row 1 .line 1.: not JSON"),
        ("Good.\nBad, really.\n", "not JSON; --input-format lines reads its lines"),
        ('{\n"error": {"message": "no key"}\n}', "a web server's error"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, data, said):
    with pytest.raises(DataError, match=said) as error:
        texts_in(save(tmp_path, "in.json", data))
    assert "\n" not in str(error.value)


def test_a_list_is_written_as_one_and_read_again():
    data = written("json", stdin_source(lines(ROWS).encode(), "json"))
    answer = {"predicted": "positive", "p_positive": 0.98}
    assert json.loads(data) == [{**row, **answer} for row in ROWS]
    assert data.startswith(b'[\n{"text": "The soup was lovely", "stars": 5, "predicted"')
    assert written("json", stdin_source(data, "json"), columns=None, prefix="b_").count(b"\n") == 4
    assert written("json", stdin_source(b"[]", "json")) == b"[]\n"


DEEP = {depth: "[" * depth + "]" * depth for depth in (3_000, 100_000)}
NEST = json.loads("[" * 99 + "null" + "]" * 99)  # what is looked at of such a value


@pytest.mark.parametrize(
    ("text", "value", "end"),
    [
        ('{"a": [1, {"b": "x', {"a": [1, {}]}, None),
        ('[{"a": 1}, {"b"', [{"a": 1}, {}], None),
        ('{"a": {"b": [{"c": 1}]}', {"a": {"b": [{"c": 1}]}}, None),
        ('{"a": "}"} x', {"a": "}"}, 10),
        ('{"a": ' + DEEP[100_000] + ', "b": 1}', {"a": NEST, "b": 1}, 200_015),
        ('{"a": ' + "[" * 100_000, {"a": NEST}, None),
    ],
)
def test_the_beginning_of_json_is_read_as_far_as_it_goes(text, value, end):
    assert json_beginning(text) == (value, end)


@pytest.mark.parametrize("text", ['{"a": "x\n"}', "[1}", "tr", "[" * 100_000 + "}", "{'a': 1}"])
def test_what_is_no_json_has_no_beginning(text):
    with pytest.raises(ValueError):  # noqa: PT011
        json_beginning(text)


@pytest.mark.parametrize(
    "deep",
    [DEEP[3_000], '{"a":' * 3_000 + "1" + "}" * 3_000],
    ids=["lists", "objects"],
)
@pytest.mark.parametrize(
    "data",
    [
        '{"text": "GOOD"}\n{"text": "BAD", "n": DEEP}\n{"text": "BAD"}\n',
        '{"n": DEEP}\n{"text": "GOOD"}\n{"text": "BAD"}\n',
        '[{"text": "GOOD"}, {"text": "GOOD", "n": DEEP}, {"text": "BAD"}]',
        '[{"n": DEEP}, {"text": "GOOD"}, {"text": "BAD"}]',
        '{"data": [{"text": "GOOD"}, DEEP, {"text": "BAD"}]}',
        '{"n": DEEP, "data": [{"text": "GOOD"}, {"text": "BAD"}]}',
        '{"text": {"0": "GOOD", "1": "BAD", "2": DEEP}}',
    ],
)
def test_a_value_that_is_nested_too_deeply_costs_its_row_alone(tmp_path, data, deep):
    written = data.replace("GOOD", GOOD).replace("BAD", BAD).replace("DEEP", deep)
    path = save(tmp_path, "in.json", written)
    if "data" not in data or "DEEP, {" in data:
        with pytest.raises(DataError, match=r"row \d.*: nested too deeply"):
            texts_in(path)
    skipping = BadRows("skip")
    assert texts_in(path, bad_rows=skipping)[1] == [GOOD, BAD]


@pytest.mark.parametrize(
    "data", ["[", "[1,[", '{"a":', '{"data": [{"text": "Fine"},[', '[{"text": "Fine"},{"a":[']
)
@pytest.mark.parametrize("closed", ["", "]"])
def test_brackets_without_number_are_one_clear_line(run, tmp_path, data, closed):
    path = save(tmp_path, "in.json", data + data[-1] * 400_000 + closed * 400_000)
    done = run("predict", "-m", "fast", "-i", path, "-q")
    assert done.returncode == 3
    assert re.fullmatch("error: .*\n", done.stderr)
    assert len(done.stderr) < 300
