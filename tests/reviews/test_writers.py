import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import DataError, UsageError
from sentiment.labels import WITH_NEUTRAL, LabelSet
from sentiment.reviews.batch import TextsSource
from sentiment.reviews.columns import Columns
from sentiment.reviews.predictions import PredictionFile
from sentiment.reviews.rules import class_key, key_of
from sentiment.reviews.streams import COMPRESSED_FORMATS, OUTPUT_FORMATS
from sentiment.reviews.writers import writer_for
from tests.reviews.helpers import find_columns, open_source

from .helpers import stdin_source, written

NONE = ("", float("nan"))
CSV = b"text,label\ngood,1\n"
ADDED = "predicted,p_positive"
ANSWER = "positive,0.98"
ODD = LabelSet(('very "bad", no', "a\\b c", "é"))


@pytest.mark.parametrize(
    ("source", "data", "expected"),
    [
        ("lines", "good, really\n", f'text,{ADDED}\n"good, really",{ANSWER}\n'),
        ("csv", "text,label\ngood,1\n", f"text,label,{ADDED}\ngood,1,{ANSWER}\n"),
        ("csv", "good film,1\n", f"good film,1,{ANSWER}\n"),
        ("csv", "text,a,a\nx,1,2\n", f"text,a,a,{ADDED}\nx,1,2,{ANSWER}\n"),
        ("csv", "text,label\n", f"text,label,{ADDED}\n"),
        ("csv", 'text\n"a\rb"\n', f'text,{ADDED}\n"a\rb",{ANSWER}\n'),
        ("tsv", 'text\tlabel\n"x\t1\n', f'text,label,{ADDED}\n"""x",1,{ANSWER}\n'),
        ("jsonl", '{"text": "x", "a": null}', f"text,a,{ADDED}\nx,,{ANSWER}\n"),
        ("jsonl", '{"text": "x", "b": true}', f"text,b,{ADDED}\nx,true,{ANSWER}\n"),
        ("jsonl", '{"text": "x", "c": [1.5]}', f"text,c,{ADDED}\nx,[1.5],{ANSWER}\n"),
        ("jsonl", '{"text": "x", "c": {"d": 1}}', f'text,c,{ADDED}\nx,"{{""d"": 1}}",{ANSWER}\n'),
        ("jsonl", '{"a": 1}\n{"text": "y"}', f"a,text,{ADDED}\n1,,{ANSWER}\n,y,{ANSWER}\n"),
        ("jsonl", '{"text": "\\ud800"}', f"text,{ADDED}\n\\ud800,{ANSWER}\n"),
    ],
)
def test_csv_is_the_row_and_its_prediction(source, data, expected):
    assert expected == written("csv", stdin_source(data.encode(), source)).decode()


@pytest.mark.parametrize(
    ("source", "data", "rows"),
    [
        ("tsv", 'text\tlabel\n"a\\tb\t1\n', ["text\tlabel", '"a\\tb\t1']),
        ("tsv", "good film\t1\n", ["good film\t1"]),
        ("csv", 'text,label\n"a\tb\nc\\d",1\n', ["text\tlabel", "a\\tb\\nc\\\\d\t1"]),
        ("csv", '"te\txt",label\n', ["te\\txt\tlabel"]),
    ],
)
def test_tsv_is_the_row_and_its_prediction(source, data, rows):
    added = ["predicted\tp_positive"] * ("label" in rows[0]) + ["positive\t0.98"]
    expected = "".join(f"{row}\t{more}\n" for row, more in zip(rows, added, strict=False))
    assert expected == written("tsv", stdin_source(data.encode(), source)).decode()


@pytest.mark.parametrize(
    ("source", "data", "row"),
    [
        ("csv", "text,label\ngood,1\n", '"text": "good", "label": "1"'),
        ("csv", "good film,1\n", '"1": "good film", "2": "1"'),
        ("jsonl", '{"text": "caf\u00e9", "n": 1.0}', '"text": "caf\u00e9", "n": 1.0'),
        ("jsonl", '{"text": "\\ud800"}', '"text": "\\ud800"'),
    ],
)
def test_jsonl_is_the_row_and_its_prediction(source, data, row):
    expected = f'{{{row}, "predicted": "positive", "p_positive": 0.98}}\n'
    assert expected == written("jsonl", stdin_source(data.encode(), source)).decode()


@pytest.mark.parametrize(
    ("format", "expected"),
    [("text", "positive\t0.9800\tgood film\n"), ("fasttext", "__label__positive 0.9800\n")],
)
def test_text_and_fasttext_are_the_prediction_first(format, expected):
    assert expected == written(format, stdin_source(b"good film\n", "lines")).decode()


@pytest.mark.parametrize("format", ["text", "jsonl", "fasttext"])
def test_no_rows_are_written_as_nothing(format):
    assert written(format, stdin_source(b"", "lines")) == b""


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("text", b"\t\t\n"),
        ("csv", b"text,predicted,p_positive\n,,\n"),
        ("tsv", b"text\tpredicted\tp_positive\n\t\t\n"),
        ("jsonl", b'{"text": "", "predicted": null, "p_positive": null}\n'),
        ("fasttext", b"\n"),
    ],
)
def test_an_empty_answer_is_written_empty(format, expected):
    assert expected == written(format, stdin_source(b"\n", "lines"), answer=NONE)


def test_fasttext_gives_the_probability_of_the_label_it_names():
    source = stdin_source(b"bad\n", "lines")
    assert written("fasttext", source, answer=("negative", 0.1)) == b"__label__negative 0.9000\n"


def test_text_never_shows_a_terminal_what_it_would_obey():
    text = "a\\b\tc\nd\re\x1b[31m\x07\x7f\x9b\u00a0é"
    expected = "positive\t0.9800\ta\\\\b\\tc\\nd\\re\\x1b[31m\\x07\\x7f\\x9b\u00a0é\n"
    assert expected.encode() == written("text", TextsSource([text]))


@pytest.mark.parametrize("char", "\u061c\u200e\u200f\u2028\u202a\u202e\u2066\u2069")
def test_text_is_never_turned_round(char):
    spelled = f"\\u{ord(char):04x}"
    assert f"good {spelled}…".encode() in written("text", TextsSource([f"good {char}…"]))
    assert json.loads(written("jsonl", TextsSource([char])))["text"] == char
    assert spelled.encode() in written("jsonl", TextsSource([char]))


def test_text_joins_the_text_columns():
    source = stdin_source(b"title,text\nFine,Good\n", "csv")
    columns = find_columns(
        source.columns, lambda: None, text_columns=("title", "text"), need_label=False, name=""
    )
    assert written("text", source, columns=columns) == b"positive\t0.9800\tFine\\nGood\n"


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
@pytest.mark.parametrize("name", ["predicted", "p_positive"])
def test_a_taken_name_is_a_usage_error_that_suggests_a_prefix(format, name):
    with pytest.raises(UsageError, match=f'"{name}" already.*--prefix'):
        written(format, stdin_source(f"text,{name}\ngood,1\n".encode(), "csv"))


def test_a_prefix_makes_the_names_free():
    source = stdin_source(b"text,predicted\ngood,1\n", "csv")
    expected = b"text,predicted,my_predicted,my_p_positive\ngood,1,positive,0.98\n"
    assert expected == written("csv", source, prefix="my_")


def test_a_name_taken_in_a_later_row_is_an_error():
    data = b'{"text": "x"}\n' * 1024 + b'{"text": "y", "predicted": 1}\n'
    with pytest.raises(DataError, match=r"row 1025: .*--prefix"):
        written("jsonl", stdin_source(data, "jsonl"))


@pytest.mark.parametrize("format", ["csv", "tsv", "parquet"])
def test_a_key_that_comes_too_late_is_an_error_with_its_row(format):
    data = b'{"text": "x"}\n' * 1024 + b'{"text": "y", "new": 1}\n'
    with pytest.raises(DataError, match=r'<stdin>, row 1025: .*"new".*--format jsonl'):
        written(format, stdin_source(data, "jsonl"))


def test_an_unknown_format_is_a_usage_error():
    with pytest.raises(UsageError, match="unknown output format 'xml'"):
        written("xml", stdin_source(CSV, "csv"))


def test_each_batch_is_written_at_once(tmp_path):
    source = TextsSource(["good"])
    (batch,) = source.batches()
    columns = find_columns(["text"], lambda: None, need_label=False, name="")
    for format in set(OUTPUT_FORMATS) - set(COMPRESSED_FORMATS):
        stream = io.BytesIO()
        writer_for(format, stream, source, columns).write(batch, ["positive"], np.array([[0.9]]))
        # Of a list, the comma or bracket behind a row is still to come.
        assert stream.getvalue().endswith(b"}" if format == "json" else b"\n")


def test_rows_of_another_source_keep_to_the_first_header():
    first, second = (
        stdin_source(b"text\tlabel\na\\b\t1\n", "tsv"),
        stdin_source(b"text\nx\\y\n", "csv"),
    )
    stream = io.BytesIO()
    columns = find_columns(first.columns, lambda: None, need_label=False, name="")
    writer = writer_for("tsv", stream, first, columns)
    for source in (first, second):
        for batch in source.batches():
            writer.write(batch, ["positive"], np.array([[0.5]]))
    expected = (
        b"text\tlabel\tpredicted\tp_positive\na\\b\t1\tpositive\t0.5\nx\\\\y\t\tpositive\t0.5\n"
    )
    assert expected == stream.getvalue()


def parquet(format, data, **options):
    return pq.read_table(io.BytesIO(written("parquet", stdin_source(data, format), **options)))


def test_parquet_takes_the_types_of_the_first_rows():
    row = {"text": "x", "i": 1, "f": 1.5, "b": True, "n": None, "l": [1, "é"], "m": "\ud800"}
    table = parquet("jsonl", json.dumps(row).encode())
    expected = {
        "text": "x", "i": 1, "f": 1.5, "b": True, "n": None, "l": '[1, "é"]', "m": "\\ud800",
        "predicted": "positive", "p_positive": 0.98,
    }  # fmt: skip
    assert [expected] == table.to_pylist()


def test_parquet_from_csv_is_text():
    assert {field.name: str(field.type) for field in parquet("csv", CSV).schema} == {
        "text": "string",
        "label": "string",
        "predicted": "string",
        "p_positive": "double",
    }


def test_parquet_without_answer_has_nulls():
    row = {"text": "good", "label": "1", "predicted": None, "p_positive": None}
    assert [row] == parquet("csv", CSV, answer=NONE).to_pylist()


def test_parquet_without_rows_is_valid():
    table = parquet("csv", b"text,label\n")
    assert (len(table), table.column_names) == (0, ["text", "label", "predicted", "p_positive"])


def test_parquet_refuses_another_type_with_the_rows():
    data = b'{"text": "x", "n": 1}\n' * 1024 + b'{"text": "y", "n": "one"}\n'
    with pytest.raises(DataError, match=r'<stdin>, row 1025: one in the column "n" .*int64.*jsonl'):
        parquet("jsonl", data)


def test_parquet_is_written_to_a_pipe_that_stays_open(tmp_path):
    import os

    reader, writer = os.pipe()
    with open(writer, "wb") as stream:  # noqa: PTH123
        source = TextsSource(["good"])
        columns = find_columns(["text"], lambda: None, need_label=False, name="")
        sink = writer_for("parquet", stream, source, columns)
        for batch in source.batches():
            sink.write(batch, ["positive"], np.array([[0.9]]))
        sink.close()
        assert not stream.closed
    with open(reader, "rb") as stream:  # noqa: PTH123
        assert pq.read_table(io.BytesIO(stream.read()))["text"].to_pylist() == ["good"]


def test_parquet_of_two_schemas_takes_what_fits(tmp_path):
    tables = [pa.table({"text": ["a"], "n": [1]}), pa.table({"text": ["b"]})]
    stream = io.BytesIO()
    writer = None
    for number, table in enumerate(tables):
        path = tmp_path / f"{number}.parquet"
        pq.write_table(table, path)
        source = open_source(path)
        columns = find_columns(source.columns, lambda: None, need_label=False, name="")
        writer = writer or writer_for("parquet", stream, source, columns)
        for batch in source.batches():
            writer.write(batch, ["positive"], np.array([[0.9]]))
    writer.close()
    assert pq.read_table(stream)["n"].to_pylist() == [1, None]


def test_text_follows_the_columns_of_each_source():
    stream = io.BytesIO()
    writer = None
    for name in ("text", "review"):
        source = stdin_source(f"{name},label\ngood,1\n".encode(), "csv")
        columns = find_columns(source.columns, lambda: None, need_label=False, name="")
        writer = writer or writer_for("text", stream, source, columns)
        writer.columns = columns
        for batch in source.batches():
            writer.write(batch, ["positive"], np.array([[0.5]]))
    assert stream.getvalue() == b"positive\t0.5000\tgood\n" * 2


@pytest.mark.parametrize("format", OUTPUT_FORMATS)
@pytest.mark.parametrize("source", ["csv", "tsv", "jsonl", "lines"])
def test_an_empty_input_is_written_without_error(format, source):
    assert isinstance(written(format, stdin_source(b"", source)), bytes)


def test_an_interrupt_while_rows_are_written_leaves_a_closed_stream_alone():
    stream = io.BytesIO()

    def explain(text):
        stream.close()
        raise KeyboardInterrupt

    source = TextsSource(["x"])
    columns = Columns(("text",), None, "")
    writer = writer_for("jsonl", stream, source, columns, explainer=explain)
    with pytest.raises(KeyboardInterrupt):
        writer.write(next(source.batches()), ["positive"], np.array([[0.9]]))


@pytest.mark.parametrize(
    ("labels", "format", "answer", "expected"),
    [
        (WITH_NEUTRAL, "text", ("neutral", 0.1, 0.3, 0.6), "neutral\t0.1000\tgood\n"),
        (WITH_NEUTRAL, "fasttext", ("neutral", 0.1, 0.3, 0.6), "__label__neutral 0.6000\n"),
        (WITH_NEUTRAL, "fasttext", ("uncertain", 0.1, 0.3, 0.6), "__label__uncertain\n"),
        (WITH_NEUTRAL, "csv", ("neutral", 0.1, 0.3, 0.6),
         "text,predicted,p_positive,p_negative,p_neutral\ngood,neutral,0.1,0.3,0.6\n"),
        (WITH_NEUTRAL, "csv", ("", *[float("nan")] * 3),
         "text,predicted,p_positive,p_negative,p_neutral\ngood,,,,\n"),
        (WITH_NEUTRAL, "jsonl", ("uncertain", 0.1, 0.3, 0.6),
         '{"text": "good", "predicted": "uncertain", "p_positive": 0.1, "p_negative": 0.3, '
         '"p_neutral": 0.6}\n'),
        (ODD, "text", ('very "bad", no', 0.5, 0.3, 0.2), 'very "bad", no\t0.5000\tgood\n'),
        (ODD, "text", ("uncertain", 0.4, 0.3, 0.3), "uncertain\t\tgood\n"),
        (ODD, "fasttext", ("a\\b c", 0.5, 0.3, 0.2), "__label__a\\b_c 0.3000\n"),
        (ODD, "csv", ('very "bad", no', 0.5, 0.3, 0.2),
         'text,predicted,"p_very ""bad"", no",p_a\\b c,p_é\ngood,"very ""bad"", no",0.5,0.3,0.2\n'),
        (ODD, "tsv", ("a\\b c", 0.5, 0.3, 0.2),
         'text\tpredicted\tp_very "bad", no\tp_a\\\\b c\tp_é\ngood\ta\\\\b c\t0.5\t0.3\t0.2\n'),
        (LabelSet(("ham", "spam")), "csv", ("ham", 0.2),
         "text,predicted,p_spam\ngood,ham,0.2\n"),
        (LabelSet(("ham", "spam")), "fasttext", ("ham", 0.2), "__label__ham 0.8000\n"),
    ],
)  # fmt: skip
def test_the_probabilities_of_all_classes_are_written(labels, format, answer, expected):
    source = stdin_source(b"good\n", "lines")
    assert expected == written(format, source, answer=answer, labels=labels).decode()


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "parquet", "xlsx"])
def test_each_probability_column_may_be_taken(format):
    source = stdin_source(b"text,p_neutral\ngood,1\n", "csv")
    with pytest.raises(UsageError, match=r'"p_neutral" already.*--prefix'):
        written(format, source, answer=("", 0, 0, 0), labels=WITH_NEUTRAL)


def can_name_a_class(name):
    is_word = name.isprintable() and name == " ".join(name.split()) and name != "uncertain"
    # TSV escapes a backslash, and is read as it is.
    return is_word and "\\" not in name and key_of(name, frozenset()) is not None


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(
        st.text(min_size=1, max_size=12).filter(can_name_a_class),
        min_size=3,
        max_size=6,
        unique_by=lambda name: class_key(key_of(name, frozenset())),
    ),
    format=st.sampled_from(["csv", "tsv", "jsonl", "parquet", "xlsx"]),
    data=st.data(),
)
def test_predictions_of_any_classes_come_back(tmp_path_factory, names, format, data):
    labels = LabelSet(tuple(names))
    rows = data.draw(st.lists(st.sampled_from([*names, "", "uncertain"]), min_size=1, max_size=5))
    probabilities = np.random.default_rng(0).dirichlet(np.ones(len(names)), len(rows)).round(6)
    probabilities[[not row for row in rows]] = np.nan
    source = TextsSource([f"good film {n}" for n in range(len(rows))])
    path = tmp_path_factory.mktemp("p") / f"p.{format}"
    with path.open("wb") as stream:
        writer = writer_for(format, stream, source, Columns(("text",), None, ""), labels=labels)
        (batch,) = source.batches()
        writer.write(batch, rows, probabilities[:, [label for _, label in labels.columns]])
        writer.close()
    found = PredictionFile(str(path), labels.names).read(labels)
    assert found.answers.tolist() == labels.indices_of(rows)
    np.testing.assert_allclose(found.probabilities, probabilities)
