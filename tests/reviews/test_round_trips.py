"""What goes in comes out untouched, whatever it is."""

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sentiment.reviews.batch import Batch
from tests.reviews.helpers import find_columns

from .helpers import stdin_source, written

FIXTURE = Path(__file__).parent.parent / "fixtures" / "format-1.safetensors"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.lists(st.text("abcXYZ _-é", min_size=1, max_size=5), min_size=1, max_size=4)
SCALARS = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    SCALARS | FLOATS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@given(st.data(), NAMES, st.sampled_from(",;\t|"))
def test_csv_to_csv(data, names, delimiter):
    names = [f"{name}{number}" for number, name in enumerate([*names, "last"])]
    row = st.lists(TEXT, min_size=len(names), max_size=len(names))
    rows = data.draw(st.lists(row, max_size=4))
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter).writerows([names, *rows])
    output = written("csv", stdin_source(stream.getvalue().encode(), "csv", header=True))
    expected = [[*names, "predicted", "p_positive"], *([*row, "positive", "0.98"] for row in rows)]
    lines = io.StringIO(output.decode(), newline="")
    assert expected == list(csv.reader(lines, delimiter=delimiter, strict=True))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize("preface", [False, True])
def test_a_csv_comes_out_as_it_is_written(mark, end, delimiter, preface):
    if preface and end == "\r":
        pytest.skip("Excel never wrote both")
    rows = [["text", "note"], ["caf\u00e9", f'"{delimiter}"'], ["bad", "x"]]
    lines = [f"sep={delimiter}"] * preface + [delimiter.join(row) for row in rows]
    data = mark + "".join(line + end for line in lines).encode()
    added = [["predicted", "p_positive"], ["positive", "0.98"], ["positive", "0.98"]]
    expected = lines[:preface] + [
        delimiter.join([*row, *more]) for row, more in zip(rows, added, strict=True)
    ]
    output = written("csv", stdin_source(data, "csv"))
    assert output == mark + "".join(line + end for line in expected).encode()


@pytest.mark.parametrize("name", ["in.csv", "in.tsv"])
@pytest.mark.parametrize(
    ("encoding", "named"),
    [("cp1252", "cp1252"), ("latin-1", "iso8859-1"), ("utf-16", "utf-16"), ("cp1251", "cp1251"),
     ("utf-16-be", "utf-16-be"), ("shift_jis", "shift_jis"), ("iso2022_jp", "iso2022_jp")],
)  # fmt: skip
def test_a_file_comes_out_in_its_encoding(run, tmp_path, name, encoding, named):
    letters = {"cp1251": "\u0436", "shift_jis": "\u3042", "iso2022_jp": "\u3042"}
    letters = letters.get(encoding, "\u00e9")
    between = "\t" if name == "in.tsv" else ";"
    rows = [["text", f"n{letters}"], [f"a good film {letters}", "1"], ["a bad film", letters]]
    lines = [between.join(row) for row in rows]
    (tmp_path / name).write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    options = ["-i", name, "-o", f"out{name}", "--encoding", encoding]
    done = run("predict", "-m", FIXTURE, *options, cwd=tmp_path)
    assert done.stderr.count(f"out{name}: written in {named}, as {name} is") == 1
    written = (tmp_path / f"out{name}").read_bytes().decode(encoding).split("\r\n")
    assert [line.rsplit(between, 2)[0] for line in written[:-1]] == lines
    done = run("predict", "-m", FIXTURE, *options, "--prefix", "\u2603", "--force", cwd=tmp_path)
    if encoding.startswith("utf"):
        return
    assert f"out{name}: written in UTF-8: {named} cannot hold" in done.stderr
    start = f"\ufefftext{between}n{letters}".encode()
    assert (tmp_path / f"out{name}").read_bytes().startswith(start)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_so_does_a_tsv(end):
    data = f"\ufefftext\tn{end}good\t1{end}".encode()
    expected = f"\ufefftext\tn\tpredicted\tp_positive{end}good\t1\tpositive\t0.98{end}".encode()
    assert expected == written("tsv", stdin_source(data, "tsv"))


NOUNS = [
    "Comments", "Reviews", "verbatim", "customer_review", "tweet_text", "Feedback (optional)",
    "Text", "reviewBody", "Kommentar", "Opini\u00f3n", "free_text", "What could be better?",
    "Guest Comments", "How was your stay?", "review/text", "data.review", "Remarks", "raw",
    "Anything else you want to add?",
]  # fmt: skip
OTHERS = ["Store", "brand", "author", "Hotel Name", "City", "product_name", "Channel", "user.name"]
PLACES = st.sampled_from(["North", "South", "East", "Upper West", "Lower Mill"])
SUBJECTS = ["The staff", "My room", "Our breakfast", "That pool", "The whole stay", "Everything"]
VERBS = ["was lovely all week", "felt cold and dirty", "could not have been better", "let us down"]
TAILS = ["", ", sadly", " and we will be back", " for what we paid", "!", "."]
SAID = st.tuples(*map(st.sampled_from, (SUBJECTS, VERBS, TAILS))).map(
    lambda parts: f"{parts[0]} {parts[1]}{parts[2]}"
)


@settings(max_examples=200)
@given(
    st.sampled_from(NOUNS),
    st.lists(st.sampled_from(OTHERS), max_size=3, unique=True),
    st.lists(st.tuples(SAID, st.lists(PLACES, min_size=3, max_size=3)), min_size=1, max_size=12),
    st.integers(0, 3),
    st.sampled_from(",;\t|"),
)
def test_a_header_above_texts_alone_is_never_scored(noun, others, rows, place, delimiter):
    def line(text, cells):
        cells = cells[: len(others)]
        place_of_text = min(place, len(cells))
        return [*cells[:place_of_text], text, *cells[place_of_text:]]

    stream = io.StringIO(newline="")
    table = [line(noun, others), *(line(text, cells) for text, cells in rows)]
    csv.writer(stream, delimiter=delimiter).writerows(table)
    if len(table[0]) > 1:  # of one column, any mark may be the delimiter
        source = stdin_source(stream.getvalue().encode(), "csv")
    else:
        source = stdin_source("".join(f'"{row[0]}"\n' for row in table).encode(), "csv")
    columns = find_columns(
        source.columns,
        lambda: Batch([dict(zip(table[0], row, strict=True)) for row in table[1:]]),
        need_label=False, name="x",
    )  # fmt: skip
    assert columns.text == (noun,)
    output = written("jsonl", source, columns=columns).decode().splitlines()
    assert [list(json.loads(line))[:-2] for line in output] == [table[0]] * len(rows)


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=4))
def test_csv_is_quoted_as_the_csv_module_quotes(rows):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerows([["a", "b", "c", "predicted", "p_positive"]])
    writer.writerows([*row, "positive", "0.98"] for row in rows)
    data = "".join(json.dumps(dict(zip("abc", row, strict=True))) + "\n" for row in rows)
    if rows:
        output = written("csv", stdin_source(data.encode(), "jsonl")).decode()
        expected = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
        assert expected == list(csv.reader(io.StringIO(output, newline="")))


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"])),
            min_size=2,
            max_size=2,
        ),
        max_size=4,
    )
)
def test_tsv_to_tsv(rows):
    lines = [["text", "label"], *rows]
    data = "".join("\t".join(line) + "\n" for line in lines).encode()
    added = [["predicted", "p_positive"], *([["positive", "0.98"]] * len(rows))]
    pairs = zip(lines, added, strict=True)
    expected = "".join("\t".join([*line, *more]) + "\n" for line, more in pairs)
    assert expected == written("tsv", stdin_source(data, "tsv")).decode()


@given(st.lists(st.dictionaries(TEXT, JSON, max_size=4), max_size=4))
def test_jsonl_to_jsonl(rows):
    assume(len(rows) != 1)  # one object alone may be an answer that holds the rows in a list
    assume(not any(name in row for row in rows for name in ("predicted", "p_positive")))
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    output = written("jsonl", stdin_source(data, "jsonl")).decode()
    lines = output.split("\n")[:-1]
    expected = [{**row, "predicted": "positive", "p_positive": 0.98} for row in rows]
    assert [list(row.items()) for row in expected] == [list(json.loads(x).items()) for x in lines]


@st.composite
def tables(draw):
    n = draw(st.integers(0, 4))

    def column(values, type):
        return pa.array(draw(st.lists(st.none() | values, min_size=n, max_size=n)), type)

    schema = pa.schema(
        [
            pa.field("text", pa.large_string()),
            pa.field("id", pa.int32(), metadata={"kind": "key"}),
            pa.field("tags", pa.list_(pa.string())),
            pa.field("at", pa.timestamp("ns", tz="UTC")),
            pa.field("raw", pa.dictionary(pa.int32(), pa.string())),
        ],
        metadata={"pandas": "{}"},
    )
    arrays = [
        column(TEXT, schema.field(0).type),
        column(st.integers(-9, 9), schema.field(1).type),
        column(st.lists(TEXT, max_size=2), schema.field(2).type),
        column(st.integers(0, 2**60), schema.field(3).type),
        column(TEXT, pa.string()).dictionary_encode(),
    ]
    return pa.table(arrays, schema=schema)


@given(tables())
def test_parquet_to_parquet(table):
    stream = io.BytesIO()
    pq.write_table(table, stream)
    written_table = pq.read_table(
        io.BytesIO(written("parquet", stdin_source(stream.getvalue(), "parquet")))
    )
    own = written_table.select(table.column_names)
    assert pq.read_table(stream).equals(own, check_metadata=True)
    assert ["positive"] * len(table) == written_table["predicted"].to_pylist()
