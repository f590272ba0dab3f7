"""Dialects of CSV, found where only they make rows fit, or named by the user."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError, UsageError
from sentiment.reviews.dialects import check_delimiter, sniff_delimiter

from .helpers import open_source, rows_from, rows_of, save, stdin_source, written

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\uffff"), max_size=9
)
ROWS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6)


def read(data, format="csv", **options):
    """Return the rows as lists, and the notes."""
    source = stdin_source(data if isinstance(data, bytes) else data.encode(), format, **options)
    return [list(row.values()) for batch in source.batches() for row in batch.rows], source.notes


def table(rows, **options):
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n", **options).writerows(rows)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "expected", "note"),
    [
        (
            'id,text\n1,"He said \\"wow\\", and I agree"\n2,"Dull"\n',
            [["1", 'He said "wow", and I agree'], ["2", "Dull"]],
            "quotes escaped by a backslash",
        ),
        (
            'id,text\n1,"\\"Wow\\", she said\n\\"really\\""\n2,"C:\\\\temp\\new"\n',
            [["1", '"Wow", she said\n"really"'], ["2", "C:\\temp\\new"]],
            "quotes escaped by a backslash",
        ),
        (
            '"text,label"\n"""Lovely, really"",1"\n"Dull,0"\n',
            [["Lovely, really", "1"], ["Dull", "0"]],
            "rows that are quoted once more as a whole",
        ),
        (
            '"text,label";\n"""Lovely, really"",1";\n"Dull,0";\n',
            [["Lovely, really", "1"], ["Dull", "0"]],
            "rows that are quoted once more as a whole",
        ),
        (
            '"""text"",""label"""\n"""a"",""x"""\n"""\n"",""Y"""\n',
            [["a", "x"], ["\n", "Y"]],
            "rows that are quoted once more as a whole",
        ),
        (
            'text,label\n"""Lovely, really"",1"\nDull,0\n',
            [["Lovely, really", "1"], ["Dull", "0"]],
            "1 row quoted once more as a whole",
        ),
        (
            "text,label\nLovely,1,\nDull,0,,\nSo so,2\n",
            [["Lovely", "1"], ["Dull", "0"], ["So so", "2"]],
            "2 rows with empty fields beyond the last column, which are left out",
        ),
        ("text,label,\nLovely,1\n", [["Lovely", "1", ""]], None),
        (
            "# made by a program\n# on Monday\ntext,label\nLovely,1\n# a comment\n#good,0\n",
            [["Lovely", "1"], ["#good", "0"]],
            "1 line of comment left out",
        ),
        # Texts have commas, and other signs part columns.
        *(
            (f"{header}Good, cheap{mark}1\nBad, ugly{mark}0\n", [["Good, cheap", "1"],
             ["Bad, ugly", "0"]], None)
            for mark in ("\t", ";", "|")
            for header in ("", f"text{mark}label\n", f"review, all{mark}stars\n")
        ),
        ("1,Good\tcheap\n0,Bad\tugly\n", [["1", "Good\tcheap"], ["0", "Bad\tugly"]], None),
        ("a,text\n1,Good\tcheap\n2,Bad\tugly\n", [["1", "Good\tcheap"], ["2", "Bad\tugly"]], None),
        ("Good, nice\tas ever\nBad, ugly\tas ever\n", [["Good, nice", "as ever"],
         ["Bad, ugly", "as ever"]], None),
        ("Good,cheap\t1\nBad,ugly\t0\n", [["Good,cheap", "1"], ["Bad,ugly", "0"]], None),
        ("id\ttext\n1\tGood, and cheap\n2\tBad, ugly, old\n", [["1", "Good, and cheap"],
         ["2", "Bad, ugly, old"]], None),
        *(
            (f"text{mark}label\nLovely, really{mark}1\nDull{mark}0\n", [["Lovely, really", "1"],
             ["Dull", "0"]], None)
            for mark in "^~\x01\x1f"
        ),
        ("# made, by\n# a program\nLovely,1\nDull,0\n", [["Lovely", "1"], ["Dull", "0"]], None),
        (
            "label  text\n1      Lovely place\n0      Dull, but cheap.  Fine\n",
            [["1", "Lovely place"], ["0", "Dull, but cheap.  Fine"]],
            None,
        ),
        (
            "Lovely, really;4,5;1,2\nDull;1,5;0,1\n",
            [["Lovely, really", "4,5", "1,2"], ["Dull", "1,5", "0,1"]],
            None,
        ),
        ("0,5;a film, really\n1,5;bad\n", [["0,5", "a film, really"], ["1,5", "bad"]], None),
    ],
)  # fmt: skip
def test_a_dialect_is_found(data, expected, note):
    rows, notes = read(data)
    assert rows == expected
    assert note is None or note in notes


@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_a_row_that_another_delimiter_makes_a_header_costs_no_rows(format):
    rows = [["It was good", "LABEL_1"], ["It was fine", "LABEL_1"], ["It was ,bad", "LABEL_0"]]
    data = "".join("\t".join(row) + "\n" for row in rows)
    assert read(data, format)[0] == rows


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('text,label\n"a \\",1\nb,0\n', [["a \\", "1"], ["b", "0"]]),  # fits as it is
        ('text,label\n5\\" wide,1\n', [['5\\" wide', "1"]]),
        ('"{""a"": ""x \\""y\\""""}",1\ntext,2\n', [['{"a": "x \\"y\\""}', "1"], ["text", "2"]]),
        ('"Great, thanks"\n"Bad, very"\n', [["Great, thanks"], ["Bad, very"]]),
        (
            '"Comments, suggestions"\n"Great, thanks"\n"Bad"\n',
            [["Comments, suggestions"], ["Great, thanks"], ["Bad"]],
        ),
        ("#good day,1\n#bad day,0\n", [["#good day", "1"], ["#bad day", "0"]]),
        ("#fail\n#win\ngood one\n", [["#fail"], ["#win"], ["good one"]]),
        ("text,label\n#fail,1\n", [["#fail", "1"]]),
        ("Good.  Bad\nSo so.  Fine\n", [["Good.  Bad"], ["So so.  Fine"]]),
    ],
)
def test_rows_that_fit_are_left_as_they_are(data, expected):
    assert read(data)[0] == expected


def test_a_row_quoted_as_a_whole_may_hold_a_backslash_before_a_quote():
    data = 'text,label\na,x\n"b,""\\"""\n'
    assert read(data)[0] == [["a", "x"], ["b", "\\"]]


def test_a_row_far_from_the_start_is_made_to_fit_too():
    start = "id,text\n" + "1,fine\n" * 30_000
    rows, notes = read(start + '2,"He said \\"wow\\", and left"\n3,"dull"\n')
    assert rows[-2:] == [["2", 'He said "wow", and left'], ["3", "dull"]]
    assert notes[-1] == "1 row with quotes escaped by a backslash"


@given(ROWS)
def test_backslashes_round_trip(rows):
    first = ("text", 'one "of", them')  # without which nothing tells
    data = table([("text", "more"), first, *rows], escapechar="\\", doublequote=False, quoting=1)
    assert [list(row) for row in (first, *rows)] == read(data, header=True)[0]


@given(ROWS)
def test_rows_quoted_as_a_whole_round_trip(rows):
    lines = [table([row])[:-1] for row in [("text", "label"), ("a", "1"), *rows]]
    data = table([[line] for line in lines], quoting=csv.QUOTE_ALL)
    assert [["a", "1"], *map(list, rows)] == read(data)[0]


@given(ROWS, st.integers(1, 3))
def test_surplus_empty_fields_round_trip(rows, surplus):
    data = table([("text", "label"), *((*row, *[""] * surplus) for row in rows)])
    assert list(map(list, rows)) == read(data, header=True)[0]


@given(ROWS, st.sampled_from([":", "::", "~", "^", "\t", "||"]), st.sampled_from(["'", '"', "`"]))
def test_named_delimiters_and_quotes_round_trip(rows, delimiter, quote):
    data = table(
        [("text", "label"), *rows], delimiter="\ue000", quotechar=quote, quoting=csv.QUOTE_ALL
    )
    if "\ue000" not in "".join(map("".join, rows)):
        data = data.replace("\ue000", delimiter)
        assert list(map(list, rows)) == read(data, header=True, delimiter=delimiter, quote=quote)[0]


@pytest.mark.parametrize("name", ["said.csv", "said.txt", "said.tsv", "said"])
def test_options_say_how_a_file_of_any_name_is_written(tmp_path, name):
    data = "made by a program\nid~text\n1~'a ~ b'\n; left out\n2~c\n"
    path = save(tmp_path, name, data)
    rows = rows_of(path, delimiter="~", quote="'", skip_lines=1, comment=";")
    assert rows == [{"id": "1", "text": "a ~ b"}, {"id": "2", "text": "c"}]


def test_a_tsv_with_quotes_is_read_where_they_are_named(tmp_path):
    path = save(tmp_path, "said.tsv", 'id\ttext\n1\t"a\tb"\n')
    assert rows_of(path, quote='"') == [{"id": "1", "text": "a\tb"}]
    assert rows_from(b'id,text\n1,"a\n', format="csv", quote="none") == [{"id": "1", "text": '"a'}]


def test_several_spaces_are_a_delimiter():
    data = '   n  text\n  10  Lovely place\n   9  "a  b"  \n'
    assert read(data, delimiter="  ")[0] == [["10", "Lovely place"], ["9", "a  b"]]


@pytest.mark.parametrize("format", ["lines", "csv", "tsv", "jsonl", "fasttext"])
def test_lines_are_skipped_in_every_format_of_text(format):
    line = {"csv": "text\nfine", "tsv": "text\nfine", "jsonl": '{"text": "fine"}'}.get(
        format, "fine"
    )
    rows = rows_from(f"one\ntwo\n{line}\n".encode(), format=format, skip_lines=2)
    assert [row["text"] for row in rows] == ["fine"]


def test_a_row_is_named_with_its_line_below_lines_left_out():
    with pytest.raises(DataError, match=r"row 2 \(line 6\): 1 field where 2"):
        read("skipped\nid,text\n# a\n1,fine\n# b\n2\n", skip_lines=1, comment="#")
    with pytest.raises(DataError, match=r"row 2 \(line 6\): 1 field where 2"):
        read("skipped\nid\ttext\n# a\n1\tfine\n# b\n2\n", "tsv", skip_lines=1, comment="#")


def test_a_comment_between_rows_is_said_to_be_one_and_the_advice_works():
    data = "id,text\n1,fine\n# a comment, with, commas\n2,dull\n"
    with pytest.raises(DataError, match="--comment '#' leaves such lines out"):
        read(data)
    assert read(data, comment="#") == (
        [["1", "fine"], ["2", "dull"]],
        ["1 line of comment left out"],
    )


@pytest.mark.parametrize(
    ("options", "format"),
    [
        ({"delimiter": ""}, None),
        ({"delimiter": "\n"}, None),
        ({"delimiter": '"'}, None),
        ({"delimiter": "'", "quote": "'"}, None),
        ({"quote": "''"}, None),
        ({"delimiter": ";"}, "jsonl"),
        ({"comment": "#"}, "lines"),
        ({"quote": "'"}, "fasttext"),
    ],
)
def test_options_that_cannot_be_are_usage_errors(options, format):
    with pytest.raises(UsageError):
        rows_from(b"text\nfine\n", format=format, **options)


def test_options_of_tables_are_refused_where_the_file_is_none(tmp_path):
    for name, data in (("said.jsonl", '{"text": "fine"}\n'), ("said.parquet", "PAR1")):
        with pytest.raises(UsageError, match=rf"{name}: leave out --delimiter"):
            open_source(save(tmp_path, name, data), delimiter=";")


@pytest.mark.parametrize(
    ("word", "delimiter"), [("tab", "\t"), ("\\t", "\t"), ("   ", "  "), (" ", " "), ("::", "::")]
)
def test_delimiters_have_names(word, delimiter):
    assert check_delimiter(word) == delimiter


def test_commas_in_decimal_numbers_are_no_delimiters():
    assert [sniff_delimiter(line) for line in ("a;1,5;2,5;3,5", "1,5", "1,2,a")] == [";", ",", ","]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_csv_is_written_with_its_delimiter_and_quotes(quote):
    data = f"id:text\n1:{quote}a:b{quote}\n".encode()
    source = stdin_source(data, "csv", delimiter=":", quote=quote)
    assert written("csv", source) == (
        f"id:text:predicted:p_positive\n1:{quote}a:b{quote}:positive:0.98\n".encode()
    )


def test_columns_parted_by_several_characters_are_written_with_commas():
    source = stdin_source(b"id::text\n1::a, b\n", "csv", delimiter="::")
    assert written("csv", source) == b'id,text,predicted,p_positive\n1,"a, b",positive,0.98\n'
