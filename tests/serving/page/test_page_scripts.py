"""The page's own modules, asked directly: files as Python reads them, places of words."""

import csv
import io
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.bad_rows import BadRows
from sentiment.reviews.cells import cell
from sentiment.reviews.feed import block_lines
from sentiment.reviews.opening import open_source

CELL = st.text(st.sampled_from('ab,;\t|"\r\n =é🍰\u2028'), max_size=8)
TABLE = st.lists(st.lists(CELL, min_size=2, max_size=3), min_size=1, max_size=4)
WILD = st.text(st.sampled_from('a,"\r\n'), max_size=20)
WORDS = st.text(st.sampled_from("ab 🍰é."), max_size=12)


@pytest.fixture(scope="module")
def ask(browser, address):
    """Call a function of JavaScript with a JSON value."""
    browser.open(address)
    browser.run(
        "(async () => { window.csv = await import('./static/csv.js');"
        "for (const name of ['guess', 'lines', 'names', 'table', 'words'])"
        " window[name] = await import(`./static/${name}.js`) })()"
    )
    return lambda function, value: browser.run(f"({function})({json.dumps(value)})")


READ = """({ pieces, delimiter }) => {
  const reader = new csv.CsvReader(delimiter);
  return [...pieces.flatMap(piece => reader.push(piece)), ...reader.finish()];
}"""


def cut(text: str, places: list[int]) -> list[str]:
    """Cut a text, but never between the halves of a character."""
    ends = sorted({min(place, len(text)) for place in places})
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


CUTS = st.lists(st.integers(0, 60), max_size=4)


@settings(max_examples=80)
@given(TABLE, CUTS, st.sampled_from(",;\t|"), st.sampled_from(["\r\n", "\n", "\r"]), st.booleans())
def test_what_python_writes_is_read(ask, rows, places, delimiter, ending, all_quoted):
    written = io.StringIO()
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    # Before Python 3.13 a line break that is not the writer's own may be left bare.
    rows = [[cell.translate({10: ending, 13: " "}) for cell in row] for row in rows]
    csv.writer(written, delimiter=delimiter, lineterminator=ending, quoting=quoting).writerows(rows)
    pieces = cut(written.getvalue(), places)
    found = ask(READ, {"pieces": pieces, "delimiter": delimiter})
    assert [each["fields"] for each in found] == rows
    assert not any(each["damage"] or each["blank"] for each in found)


@settings(max_examples=80)
@given(TABLE, st.sampled_from(",;\t|"))
def test_what_is_written_python_reads(ask, rows, delimiter):
    text = ask(f"rows => rows.map(row => csv.csvLine(row, {json.dumps(delimiter)})).join('')", rows)
    read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    assert list(read) == rows


@settings(max_examples=120)
@given(WILD, CUTS)
def test_where_a_text_is_cut_makes_no_difference(ask, text, places):
    whole = ask(READ, {"pieces": [text], "delimiter": ","})
    parts = ask(READ, {"pieces": cut(text, places), "delimiter": ","})
    for each in [*whole, *parts]:
        del each["next"]
        each.pop("ended", None)
    assert parts == whole


@settings(max_examples=120)
@given(WILD)
def test_what_python_takes_for_csv_is_read_as_it_reads_it(ask, text):
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        expected = None
    found = ask(READ, {"pieces": [text], "delimiter": ","})
    if expected is None:
        assert any(each["damage"] for each in found)
    else:
        assert [[] if each["blank"] else each["fields"] for each in found] == expected


@settings(max_examples=80)
@given(st.text(st.sampled_from("a\r\n"), max_size=12), CUTS)
def test_lines_are_cut_as_predict_cuts_them(ask, text, places):
    found = ask(
        "pieces => { const reader = new lines.LineReader();"
        " return [...pieces.flatMap(piece => reader.push(piece)), ...reader.finish()] }",
        cut(text, places),
    )
    assert found == (block_lines(text) if text else [])


# What names columns, what does not, and what might.
CELLS = st.sampled_from(
    ["text", "Review_Text", "reviewText", "label", "y", "Id", "what they said", "title", "",
     "1", "-2.5", " .5 ", "good", "No", "n/a", "three", "née", "Great!", "it was so very very good"]
)  # fmt: skip


@settings(max_examples=150)
@given(st.data())
def test_a_header_is_known_as_predict_knows_it(ask, tmp_path_factory, data):
    width = data.draw(st.integers(1, 4))
    row = st.lists(CELLS, min_size=width, max_size=width)
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    file = tmp_path_factory.getbasetemp() / "said.csv"
    file.write_text(written.getvalue(), encoding="utf-8", newline="")
    source = open_source(file)
    source.close()
    found = ask(
        "text => guess.guess('said.csv', new TextEncoder().encode(text), true).header",
        written.getvalue(),
    )
    assert found == source.has_header


READ_TABLE = """async ({ name, text }) => {
  const table = await window.table.Table.open(new File([text], name));
  const rows = [];
  for await (const slice of table.slices()) rows.push(...slice.rows);
  return rows.map((row) => [row.damage !== "", table.cellsOf(row).filter((cell) => cell !== "")]);
}"""

PARTS = {
    "said.csv": ["text", "loved it", '"', '""', ",", ",", "\n", "\n", "\r\n", " ", '"a,\nb"', "é"],
    "said.tsv": ["text", "I loved it", '"', "\t", "\t", "\n", "\n", "\r\n", " ", "é", "-2", "good"],
    "said.txt": ["I loved it", '"', "\t", "\n", "\n", "\r\n", "\r", " ", "é", "\u2028"],
    "said.jsonl": ['{"text":"a"}', '"b"', "{}", "null", "[1]", '{"n":1}', "NaN", "bad", " ", "\n",
                   "\n", "\r\n", '{"text":"\\u00e9"}', '{"constructor":12345678901234567890}'],
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_the_rows_of_a_file_are_those_of_predict(ask, tmp_path, name):
    file = tmp_path / name

    @settings(max_examples=60)
    @given(st.lists(st.sampled_from(PARTS[name]), max_size=14).map("".join))
    @example("said\t\n-2\ngood")  # a last line that nothing ends, and a header or none
    def hold(text):
        file.write_text(text, encoding="utf-8", newline="")
        try:
            source = open_source(file, bad_rows=BadRows("keep"))
        except DataError:
            return  # predict reads nothing of it
        expected = []
        for batch in source.batches():
            for place, row in enumerate(batch.rows):
                cells = [cell(value) for value in row.values()]
                bad = place in batch.bad
                expected.append([bad, [] if bad else [each for each in cells if each]])
        found = ask(READ_TABLE, {"name": name, "text": text})
        assert [[bad, [] if bad else cells] for bad, cells in found] == expected

    hold()


@pytest.mark.parametrize(
    ("names", "place"),
    [
        (["id", "Text"], 1),
        (["title", "product_review"], 1),
        (["title", "userId"], 0),
        (["one", "another", "long"], 2),
    ],
)
def test_the_column_of_texts_is_known_by_its_name_or_its_length(ask, names, place):
    assert ask("columns => names.guessColumn(columns, column => column)", names) == place


@settings(max_examples=60)
@given(WORDS, st.data())
def test_places_of_characters_are_found_in_units(ask, text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    found = ask(
        "({ text, start, end }) => text.slice(...[start, end].map(words.unitsOf(text)))",
        {"text": text, "start": start, "end": end},
    )
    assert found == text[start:end]


@settings(max_examples=120)
@given(WORDS, WORDS, WORDS, WORDS)
def test_marks_stay_on_their_words_whatever_is_edited(ask, head, cut_out, put_in, tail):
    found = ask(
        """({ before, after }) => {
          const marks = [...before.matchAll(/[\\p{L}\\p{N}]+/gu)]
            .map(each => ({ start: each.index, end: each.index + each[0].length, text: each[0] }));
          const whole = mark => words.pieces(after, [mark]).map(piece => piece.text).join("");
          return words.moved(marks, before, after)
            .map(mark => [mark.text, after.slice(mark.start, mark.end), whole(mark) === after]);
        }""",
        {"before": head + cut_out + tail, "after": head + put_in + tail},
    )
    for marked, stands, complete in found:
        assert marked == stands
        assert complete
