"""Lines are what all of them are: a table, JSON, a label each; prose stays prose."""

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.lines import layout_of
from sentiment.reviews.opening import open_reviews
from sentiment.reviews.streams import ReadOptions
from tests.reviews.helpers import open_source

from .helpers import rows_of, save, stdin

LABELLED = [
    "text,label|Lovely stay,1|Dirty room,0",
    "text,label|Lovely stay,1,|Dirty room,0,",
    "label,text|1,Lovely stay|0,Dirty room",
    "text;label|Lovely stay;1|Dirty room;0",
    "Kommentar;Urteil|Lovely stay;positive|Dirty room;negative",
    "text\tlabel|Lovely stay\t1|Dirty room\t0",
    "sep=;|text;label|Lovely stay;1|Dirty room;0",
    "Lovely stay,1|Dirty room,0",
    "Lovely stay;positive|Dirty room;negative",
    "Lovely stay\t1|Dirty room\t0",
    "Lovely stay@positive|Dirty room@negative",
    "sentence@label|Lovely stay@positive|Dirty room@negative",
    "1 Lovely stay|0 Dirty room",
    "1\tLovely stay|0\tDirty room",
    "1,Lovely stay|0,Dirty room",
    "+1 Lovely stay|-1 Dirty room",
    "positive: Lovely stay|negative: Dirty room",
    "__label__1 Lovely stay|__label__0 Dirty room",
    "__label__positive,Lovely stay|__label__negative,Dirty room",
    "Lovely stay __label__positive|Dirty room __label__negative",
    "Lovely stay__label__positive|Dirty room__label__negative",
    "[1] Lovely stay|[0] Dirty room",
    "(pos) Lovely stay|(neg) Dirty room",
    "1###Lovely stay|0###Dirty room",
    "Lovely stay,5|Dirty room,1",
    "Lovely stay;5|Dirty room;1",
    "positive Lovely stay|negative Dirty room",
    "Lovely stay~1|Dirty room~0",
    "Lovely stay ### 1|Dirty room ### 0",
    "Lovely stay -> 1|Dirty room -> -1",
    "Lovely stay [positive]|Dirty room [negative]",
    "__class__1 Lovely stay|__class__0 Dirty room",
    "text|__label__1 Lovely stay|__label__0 Dirty room",
    "Lovely stay , __label__1|Dirty room , __label__0",
    "positive\tLovely stay|negative\tDirty room",
    "LABEL_1\tLovely stay|LABEL_0\tDirty room",
    '{"text": "Lovely stay", "label": 1}|{"text": "Dirty room", "label": 0}',
]


def lines_of(listing):
    return listing.replace("|", "\n").encode() + b"\n"


def texts(where, data=b""):
    with stdin(data):
        opened = open_reviews(where, ReadOptions(), need_label=False)
        (column,) = opened.columns.text
        return [row[column] for batch in opened.batches for row in batch.rows]


def notes_of(path):
    source = open_source(path)
    source.close()
    return " ".join(source.notes)


@pytest.mark.parametrize("listing", LABELLED)
def test_lines_with_labels_give_their_texts(tmp_path, listing):
    expected = ["Lovely stay", "Dirty room"]
    assert texts(save(tmp_path, "in.txt", lines_of(listing))) == expected
    assert texts("-", lines_of(listing)) == expected
    if listing[0] not in "[{":
        assert texts(save(tmp_path, "in.json", lines_of(listing))) == expected


@pytest.mark.parametrize("listing", LABELLED)
def test_lines_with_labels_are_learned_from(tmp_path, listing):
    reviews = read_labelled([str(save(tmp_path, "in.txt", lines_of(listing)))], ReadOptions())
    assert list(reviews.texts) == ["Lovely stay", "Dirty room"]
    assert reviews.labels.tolist() == [1, 0]


@pytest.mark.parametrize("listing", LABELLED)
def test_what_was_found_is_said(tmp_path, listing):
    source = open_source(save(tmp_path, "in.txt", lines_of(listing)))
    source.close()
    assert source.notes[0].startswith("read as ")
    assert source.notes[0].endswith("by its content; --input-format lines reads plain lines")


def test_a_text_of_one_word_is_told_from_its_label(tmp_path):
    data = "Lovely stay|positive\nDirty room|negative\nGreat|positive\nCold soup|negative\n"
    assert texts(save(tmp_path, "in.txt", data)) == [
        "Lovely stay",
        "Dirty room",
        "Great",
        "Cold soup",
    ]


def test_a_text_may_hold_what_parts_it_from_its_label(tmp_path):
    data = "Great, really,1\nBad, sad, dull,0\nme@home.net is fine,1\n"
    assert texts(save(tmp_path, "in.txt", data)) == [
        "Great, really",
        "Bad, sad, dull",
        "me@home.net is fine",
    ]


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ("Lovely stay 1|Dirty room 0|Cold soup 0|Fine 1", "Lovely stay|Dirty room|Cold soup|Fine"),
        ("Lovely stay,5|Awful food,1|Okay place,3", "Lovely stay|Awful food|Okay place"),
        ("Lovely stay;2|Awful food;3|Okay place;4", "Lovely stay|Awful food|Okay place"),
        ("Lovely stay\tNorth|Dirty room\tSouth", "Lovely stay|Dirty room"),
        ("North\tLovely stay\t7|South\tDirty room\t9|East\tFine\t8", "Lovely stay|Dirty room|Fine"),
        ("name, review|Ann, lovely stay|Bob, it was cold", "lovely stay|it was cold"),
        ("Lovely stay, 5|Awful food, 1|Okay place, 3", "Lovely stay|Awful food|Okay place"),
        ("5,Lovely stay|1,Awful food|3,Okay place", "Lovely stay|Awful food|Okay place"),
        ("Lovely stay;North|Dirty room;South", "Lovely stay|Dirty room"),
        ("North,Lovely stay|South,Dirty room", "Lovely stay|Dirty room"),
        ("pos lovely stay|neg dirty room", "lovely stay|dirty room"),
        ("- good|- bad", "good|bad"),
        ("* good|* - bad", "good|- bad"),
        ("reviews:|  - 'good'|  - \"it was bad\"", "good|it was bad"),
    ],
)  # fmt: skip
def test_what_is_beside_a_text_is_none_of_it(tmp_path, listing, expected):
    assert texts(save(tmp_path, "in.txt", lines_of(listing))) == expected.split("|")


PROSE = [
    "We stayed in room 1|We stayed in room 0",
    "Room 1|Room 0|Room 1|Room 1",
    "Their season 1|Our flat 0",
    "We paid 1,000|We lost 2,000",
    "1,Lovely stay|2,Awful food|3,Okay place",
    "I came,|I saw,",
    "positive experience|negative experience",
    "Review, please|Hotel, thanks",
    "- good|bad",
    "I came, I saw|Well, yes",
    "1. good|2. bad",
    "1 good|2 bad|3 fine",
    "5 stars, loved it|1 star. Awful|4 stars from me|5 stars|2 stars, no more",
    "10/10 would go again|2/10 never",
    "Positive surprise|Negative surprise",
    "The food was, good|The room was, bad",
    "Nice; thanks|Bad; sorry|Fine; really",
    "Review, please|Thanks, all",
    "No, thanks|Yes, please",
    "Great film\tloved it|Bad film\thated it",
    "me@work|you@home",
    '"Great"|"Bad"',
    "{smiling} good|{frowning} bad",
    "[edit] good|[edit] bad",
    "I give it a 1|Would rate 0",
    "My stay was positive|The test was negative|All was positive",
    "Food: 4|Room: 3|Staff: 5|View: 2|Bar: 1",
    "[1] good|[2] bad",
    "text",
    "Great review|bad",
    "review: lovely|bad",
    "text,label",
    "Lovely stay,1",
    "1 a lovely film",
]


@pytest.mark.parametrize("listing", PROSE)
def test_prose_is_lines(tmp_path, listing):
    expected = listing.split("|")
    assert [row["text"] for row in rows_of(save(tmp_path, "in.txt", lines_of(listing)))] == expected
    assert texts("-", lines_of(listing)) == expected


WORDS = st.text("abcdefgh", min_size=1, max_size=8)
SENTENCE = st.lists(WORDS | st.sampled_from(["I", "was,", "good,", "well;", "no."]), min_size=1)


@given(st.lists(SENTENCE.map(" ".join), min_size=1, max_size=6))
def test_any_prose_is_lines(sentences):
    assert texts("-", "\n".join(sentences).encode()) == sentences


def test_json_lines_that_are_called_csv_are_read(tmp_path):
    path = save(tmp_path, "in.csv", '{"text": "good, really"}\n{"text": "bad"}\n')
    assert rows_of(path) == [{"text": "good, really"}, {"text": "bad"}]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"text,label\n", b"Lovely stay,1\n"),
        (b"I was there, once\n", b"Nice, too\n"),
        (b"1 a lovely film\n", b"0 a dull film\n"),
        (b'{"text": "good"}\n', b'{"text": "bad"}\n'),
        (b'[{"text": "good"},\n', b'{"text": "bad"}]\n'),
        (b"__label__1 good\n", b"__label__0 bad\n"),
    ],
)
def test_a_first_line_on_a_slow_pipe_is_answered_before_the_next(first, second):
    answered = threading.Event()
    reader, writer = os.pipe()

    def produce():
        with open(writer, "wb", buffering=0) as stream:  # noqa: PTH123
            stream.write(first)
            if answered.wait(timeout=5):
                stream.write(second)

    producer = threading.Thread(target=produce)
    producer.start()
    sizes = []
    with open(reader, "rb") as stream, stdin(stream):  # noqa: PTH123
        for batch in open_reviews("-", ReadOptions(), need_label=False).batches:
            sizes.append(len(batch.rows))
            answered.set()
    producer.join()
    assert sizes == [1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "0 problems at all\n0 regrets\n1 happy family of four\n1 night was plenty\n",
        "1 visit was enough\n0 complaints from us\n1 great night\n",
        "0 regrets\n1 regret\n",
    ],
)
def test_numbers_that_count_what_follows_are_no_labels(text):
    assert layout_of(text, need_label=False).format == "lines"


@pytest.mark.parametrize("header", ["text", "review", "Comments", "Review Text", "customer_review"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_known_name_above_lines_is_a_header_and_that_is_said(tmp_path, header, end):
    data = f"{header}{end}Lovely stay, really{end}Dirty room{end}"
    expected = ["Lovely stay, really", "Dirty room"]
    assert texts("-", data.encode()) == expected
    for name in ("in.txt", "in.csv"):
        path = save(tmp_path, name, data)
        assert texts(path) == expected
        assert "first line taken as header" in notes_of(path)
    path = save(tmp_path, "in.txt", data)
    assert len(rows_of(path, format="lines")) == 3


def test_a_header_on_a_slow_pipe_is_known_when_the_next_line_comes():
    reader, writer = os.pipe()
    with open(writer, "wb", buffering=0) as stream:  # noqa: PTH123
        stream.write(b"text\n")
        timer = threading.Timer(0.2, lambda: (stream.write(b"good\n"), stream.close()))
        timer.start()
        with open(reader, "rb") as end, stdin(end):  # noqa: PTH123
            assert [row["text"] for batch in open_source("-").batches() for row in batch.rows] == [
                "good"
            ]
        timer.join()


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        ("Export 2024-01-01\nid,text\n1,good\n2,bad\n", "1 line above the header left out"),
        ("Export,\n\nid,text\n1,good\n2,bad\n", "2 lines above the header left out"),
        ("# by X, Y, Z\nid;text\n1;good\n2;bad\n", "1 line above the header left out"),
        ('id, text\n1, "good"\n2, "bad"\n', ""),
        (
            'Q1,Q2\nWhat?,Why?\n"{""ImportId"":""a""}","{""ImportId"":""b""}"\n1,good\n2,bad\n',
            "rows of a survey program below the header left out",
        ),
        (
            "ID,What did you like?\n,Open-Ended Response\n1,good\n2,bad\n",
            "rows of a survey program below the header left out",
        ),
    ],
)
def test_lines_about_a_table_are_no_rows_of_it(tmp_path, data, notes):
    path = save(tmp_path, "in.csv", data)
    assert texts(path) == ["good", "bad"]
    assert notes in notes_of(path)


@pytest.mark.parametrize(
    "header",
    ["Great things you noticed", "I liked it because", "What did you like?", "Best part",
     "Things to improve", "Your experience", "The worst thing was...", "Suggestions:", "Pros"],
)  # fmt: skip
def test_what_a_form_asks_stands_above_its_answers(tmp_path, header):
    for answers in (["The pool was warm", "Nothing at all"], ["the view", "breakfast", "staff"]):
        assert texts(save(tmp_path, "in.csv", "\n".join([header, *answers]))) == answers


@pytest.mark.parametrize(
    "first",
    ["Thank you", "Great stay", "Loved it", "Very clean", "Terrible customer service", "Excellent"],
)
@pytest.mark.parametrize(
    "below",
    [["Lovely place", "Dirty room"], [f"I waited for {n} hours to be let in" for n in range(60)],
     ["Good", "Bad"] * 10],
)  # fmt: skip
@pytest.mark.parametrize("beside", ["", ",North"])
def test_a_short_review_is_no_name(tmp_path, first, below, beside):
    lines = [first, *below]
    data = "".join(f"{line}{beside and f',{n % 3}North'}\n" for n, line in enumerate(lines))
    opened = open_reviews(
        save(tmp_path, "in.csv", data), ReadOptions(text_columns=("1",)), need_label=False
    )
    assert [row["1"] for batch in opened.batches for row in batch.rows] == lines


def test_a_name_alone_is_a_header_without_rows(tmp_path):
    path = save(tmp_path, "in.csv", "text\n")
    assert texts(path) == []
    assert "commas" not in notes_of(path)


@pytest.mark.parametrize(
    ("name", "listing", "expected"),
    [
        ("in.txt", "Lovely\tstay\tpositive|Dirty room\tnegative", ["Lovely\tstay", "Dirty room"]),
        ("in.txt", "Lovely\tpositive|Dirty\tnegative", ["Lovely", "Dirty"]),
        ("in.txt", "Y\tLovely stay|N\tDirty room", ["Lovely stay", "Dirty room"]),
        ("in.tsv", "Lovely stay\tpos|Dirty room\tneg", ["Lovely stay", "Dirty room"]),
        ("in.tsv", "label,text|1,Lovely stay|0,Dirty room", ["Lovely stay", "Dirty room"]),
        ("in.tsv", 'label;text|1;"Lovely; stay"|0;Dirty room', ["Lovely; stay", "Dirty room"]),
        ("in.ft", "Lovely stay __label__1|Dirty room __label__0", ["Lovely stay", "Dirty room"]),
        ("in.csv", "hotel.stars,review.stars,review.text|3,5,Lovely stay|3,1,Dirty room",
         ["Lovely stay", "Dirty room"]),
    ],
)  # fmt: skip
def test_labels_are_found_in_more_layouts(tmp_path, name, listing, expected):
    reviews = read_labelled([str(save(tmp_path, name, lines_of(listing)))], ReadOptions())
    assert (list(reviews.texts), reviews.labels.tolist()) == (expected, [1, 0])


def test_a_second_label_at_the_end_is_no_part_of_the_text(tmp_path):
    path = save(tmp_path, "in.txt", "Fine __label__pos __label__5\nBad __label__neg __label__1\n")
    with pytest.raises(DataError, match="row 1: more than one label; keep one on each line"):
        read_labelled([str(path)], ReadOptions())
