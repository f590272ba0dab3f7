import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.batch import unique_names
from sentiment.reviews.header import HEADER_TAKEN

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
        ("text\ngood\n\nbad\n\n", [["good"], [""], ["bad"], [""]]),
        ("\n\ntext\ngood\n", [["good"]]),
        ("\n\ntext,label\ngood,1\n", [["good", "1"]]),
        ("\ngood film\nbad\n", [[""], ["good film"], ["bad"]]),
        ('text\n""\n', [[""]]),
        ("\n\n", []),
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
        ("\ngood film\nbad\n", [[""], ["good film"], ["bad"]]),
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


def test_many_columns_of_one_name_are_made_unique_in_no_time():
    names = unique_names([""] * 50_000)  # took two minutes
    assert len(set(names)) == 50_000
    assert names[-1] == ".50000"


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl"])
def test_an_empty_file_has_no_columns_and_no_rows(data, format):
    source = stdin_source(data, format)
    assert ([], [], []) == (source.columns, source.header, list(source.batches()))


@pytest.mark.parametrize(
    "lines",
    [
        "text,label|good film,1",
        ",Clothing ID,Age,Rating|0,767,33,4",
        "Sentence|good film",
        "reviewText,overall|good film,5",
        "id,text,positive,anger,joy|7,good film,1,0,0",  # label words, but many columns
        "id,name|1,good film|2,bad film",  # numbers below
        "kommentar,urteil|good film,positive|bad film,negative",  # label words below
        ",kommentar,urteil|0,good film,1|1,bad film,",
        "text,positive|good film,1|bad film,0",
        "text,negative|good film,False|bad film,True",
        "kommentar,bad|good film,no|bad film,yes",
        "review,urteil",
        "Timestamp,What did you like most about it?,Rating|1 May,the food,4",
        "comment_id|1|2",
        "kopf,urteil|gut,ja|mies,nein",  # nothing tells: in doubt it is a header
        "Reviews|The staff were lovely to us all week|A rude desk and a very cold room",
        "Comments,Store|The staff were lovely to us,North|A rude desk and a cold room,South",
        "tweet_text,brand|my phone died again,Acme|so happy with it,Bell",
        "customer_review,author|Sent it back,Ann|Still going strong,Bob",
        "Customer Review,Author|Sent it back,Ann|Still going strong,Bob",
        "verbatim|The staff were lovely to us all week|A rude desk and a very cold room",
        "Kommentar|The staff were lovely to us all week|A rude desk and a very cold room",
        "reviews.text,reviews.title|Sent it back,Broken|Still going strong,Solid",
        "Timestamp,How was your stay?,What could be better?|2024-01-01,5,More vegan food please"
        "|2024-01-02,1,The desk ignored me",
        "How was your stay?,What could be better?|Lovely,Nothing|Loud at night,The desk",
        "What could be better?|More vegan food please|The desk ignored me for an hour",
        "Respondent ID,Please describe in a few words what you liked,Score"
        "|101,The pool was great fun,5|102,Nothing at all to be honest,1",
        "0,1|The staff were lovely to us,North|A rude desk and a cold room,South",
        ",0|0,The staff were lovely to us|1,A rude desk and a cold room",
    ],
)
def test_a_first_row_that_names_the_columns_is_a_header(lines):
    source = stdin_source(lines.replace("|", "\n").encode(), "csv")
    assert (source.has_header, source.header) == (True, lines.partition("|")[0].split(","))


@pytest.mark.parametrize(
    "lines",
    [
        "Excellent|Terrible|Good stuff here",
        "Excellent|The staff were lovely to us all week|A rude desk and a very cold room",
        "Not so good|The staff were lovely to us all week|A rude desk and a very cold room",
        "Great thanks!|Is this a joke of a hotel?|A rude desk and a very cold room",
        "Nice place,North|The staff were lovely to us all week,North|A rude desk,South",
        "Excellent,East|The staff were lovely to us all week,North|A rude desk,South",
        "@hotel thanks|@hotel why do you never answer your phone|@hotel a rude desk again",
        "2024-01-01,lovely|2024-01-02,awful",
        "Feedback,1|bad service,0",
        "Feedback,positive|bad service,negative",
        "good film,1|bad film,0",
        "good,positive|dull,negative",
        "good,yes|dull,no",
        "neg,bad|pos,good",
        "one long string of words here,x|good,1",
        "Great!,fun|good,1",
        "good film|bad film",
        ",|good film,1",
        "good film,|bad film,0",  # a missing label is no name
        "good film,n/a|bad film,0",
        "good,good|bad film,0",
        "kopf,urteil",  # nothing below
        "Overall|Great hotel|Bad food",  # a name of labels, and no labels
        "Feedback,The staff was rude.|Praise,A lovely breakfast with fresh fruit",
        "Great food,five|bad food,1|ok food,3",
    ],
)
def test_a_first_row_that_could_be_data_is_data(lines):
    source = stdin_source(lines.replace("|", "\n").encode(), "csv")
    assert not source.has_header
    assert lines.count("|") + 1 == sum(len(batch.rows) for batch in source.batches())


def test_a_column_the_user_named_makes_a_header():
    data = b"kopf,urteil\ngut,2\nmies,1\n"
    assert stdin_source(data, "csv", columns=["Urteil"]).has_header
    assert not stdin_source(b"gut,2\nmies,1\n", "csv", columns=["2"]).has_header


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        ("text,label\ngood,1\n", []),  # what is said of the columns tells it
        ("id,text\n1,good\n", []),
        ("Feedback,note\ngood,x\n", [HEADER_TAKEN]),
        ("text\ngood\n", [HEADER_TAKEN]),
        ("id,name\n1,good\n", [HEADER_TAKEN]),
        ("good film\n", ["no header: the column is called 1"]),
        ("good film,1\n", ["no header: columns are called 1, 2"]),
        ("1,2,3,4,5,6\n", ["no header: columns are called 1 to 6"]),
        ("", []),
    ],
)
def test_what_was_made_of_the_first_row_is_noted(data, notes):
    assert notes == stdin_source(data.encode(), "csv").notes
    assert stdin_source(data.encode(), "csv", header=False).notes == []


@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_columns_without_header_are_numbered(format):
    delimiter = "," if format == "csv" else "\t"
    source = stdin_source(f"good{delimiter}1\nbad{delimiter}0\n".encode(), format)
    assert not source.has_header
    assert next(source.batches()).rows == [{"1": "good", "2": "1"}, {"1": "bad", "2": "0"}]


@pytest.mark.parametrize(("header", "count"), [(True, 1), (False, 2), (None, 1)])
def test_the_header_option_overrides_its_looks(header, count):
    assert count == len(records("text,label\ngood,1\n", header=header))
