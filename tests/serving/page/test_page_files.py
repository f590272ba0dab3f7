"""A file on the page: chosen or dropped, scored row by row, given back with its answers."""

import csv
import io
import json
import time
from pathlib import Path

import pytest

from tests.browser import Browser

ROWS = [
    ["1", "I loved it, all of it", "=SUM(A1)"],
    ["2", "Dreadful,\r\nreally \"dreadful\"", "-5"],
    ["3", "Превосходный ужин", "café"],
    ["4", "", "+49 30"],
    ["5", "<b onclick=alert(1)>A wonderful film</b> \u202e", ""],
]  # fmt: skip
HEADER = ["id", "what they said", "note"]


def as_csv(rows: list[list[str]], **how) -> str:
    written = io.StringIO()
    csv.writer(written, **how).writerows(rows)
    return written.getvalue()


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.fixture
def page(page, tmp_path):
    page.downloads(tmp_path / "down")
    yield page
    page.call("Fetch.disable")


def chosen(page: Browser, file: Path) -> None:
    """Choose a file, and wait until it has been looked at."""
    page.choose("#choose", file)
    looked_at(page, file)


def looked_at(page: Browser, file: Path) -> None:
    """Wait until the first rows are shown, or it is said that there are none."""
    page.until(
        f"document.getElementById('file-name').textContent === {json.dumps(file.name)} && "
        "!document.getElementById('plan').hidden && "
        "(!document.getElementById('start').disabled || "
        "document.getElementById('rows-title').textContent === 'The file has no rows.')"
    )


def refused(page: Browser, part: str) -> str:
    """Wait until a line says what is wrong; give it."""
    line = "document.getElementById('file-trouble-line').textContent"
    page.until(f"{line}.includes({json.dumps(part)})")
    assert not page.run("document.getElementById('file-trouble').hidden")
    return page.run(line)


def select(page: Browser, name: str, value: str) -> None:
    """Choose something else, and wait until the file has been looked at again."""
    page.run(
        f"document.getElementById('{name}').value = {json.dumps(value)};"
        f"document.getElementById('{name}').dispatchEvent(new Event('change'))"
    )
    page.until("!document.getElementById('start').disabled")


def scored(page: Browser) -> dict[str, str]:
    """Score the rows; give the counts."""
    page.run("document.getElementById('start').click()")
    page.until("!document.getElementById('downloads').hidden")
    return counts(page)


def counts(page: Browser) -> dict[str, str]:
    return page.run(
        "Object.fromEntries([...document.querySelectorAll('#counts div')]"
        ".map(e => [e.children[0].textContent, e.children[1].firstChild.textContent]))"
    )


def downloaded(page: Browser, folder: Path, name: str) -> bytes:
    """Download the result, and read it."""
    page.run("document.getElementById('download').click()")
    file = folder / "down" / name
    ends = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < ends, "nothing was downloaded"
        time.sleep(0.05)
    time.sleep(0.1)
    data = file.read_bytes()
    file.unlink()
    return data


def table(page: Browser) -> list[list[str]]:
    return page.run(
        "[...document.querySelectorAll('#rows tr')].map(r => [...r.cells].map(c => c.textContent))"
    )


def hold(page: Browser) -> None:
    """Hold whatever is asked about files from now on."""
    page.call("Fetch.enable", patterns=[{"urlPattern": "*/files/events*"}])


def held(page: Browser) -> str:
    return page.wait_for("Fetch.requestPaused")["requestId"]


# What is asked next is answered as the test says: `push(event)`, and `finish()` or `fail()`.
STREAM = r"""
window.fetch = async () => new Response(new ReadableStream({ start(to) {
  const encoder = new TextEncoder();
  window.push = (event) => to.enqueue(encoder.encode(`${JSON.stringify(event)}\n`));
  window.finish = () => to.close();
  window.fail = () => to.error(new TypeError("network error"));
} }));
window.opened = { event: "opened", format: "csv", header: true, sheets: [], sheet: null,
  columns: ["text"], text_columns: ["text"], notes: [],
  to: "csv", result: "many.scored.csv", error: null };
window.rowsUpTo = (rows, more = {}) => ({ event: "rows", rows, outcomes: { positive: rows },
  share: rows / 1000, formulas: 0, shown: [], errors: [], part: "fine\n".repeat(100),
  end: false, ...more });
"""


def with_stream(page: Browser, folder: Path, opened: str = "opened") -> None:
    """Have 100 rows of a file answered, and wait for more."""
    chosen(page, write(folder / "many.csv", "text\nfine\n"))
    page.run(STREAM)
    page.run("document.getElementById('start').focus()")
    page.press("Enter")
    page.until("window.push !== undefined")
    page.run(f"push({opened}), push(rowsUpTo(100))")
    page.until("document.getElementById('progress').value === 0.1")


def test_a_file_comes_back_as_predict_writes_it(page, run, trained, tmp_path):
    file = write(tmp_path / "said.csv", as_csv([HEADER, *ROWS]))
    chosen(page, file)
    select(page, "column", HEADER[1])
    assert scored(page) == {"positive": "2", "negative": "1", "uncertain": "1", "without text": "1"}
    done = run("predict", "-q", "-i", file, "--format", "csv", "-m", trained,
               "--text-column", HEADER[1], binary=True)  # fmt: skip
    assert downloaded(page, tmp_path, "said.scored.csv") == done.stdout
    rows = list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))
    assert [row[:3] for row in rows] == [HEADER, *ROWS]
    notes = page.run("document.getElementById('notes').textContent")
    assert "2 rows with a cell that a spreadsheet would read as a formula" in notes
    select(page, "to", "jsonl")
    scored(page)
    lines = downloaded(page, tmp_path, "said.scored.jsonl").decode().splitlines()
    assert [json.loads(line)[HEADER[1]] for line in lines] == [row[1] for row in ROWS]
    assert [json.loads(line)["predicted"] or "" for line in lines] == [row[3] for row in rows[1:]]
    assert page.problems() == []


def test_what_is_found_is_said_and_the_first_rows_have_answers(page, tmp_path):
    rows = [["n", "text"], *([str(n), f"I loved it {n} times"] for n in range(8))]
    chosen(page, write(tmp_path / "said.csv", as_csv(rows)))
    found = page.run("document.getElementById('found').textContent")
    assert found.startswith('text from "text" (by name)')
    assert page.run("document.getElementById('column').value") == "text"
    shown = [[row[0], row[1], row[3]] for row in table(page)]
    assert shown == [[str(n + 1), "positive", f"I loved it {n} times"] for n in range(5)]
    page.run("document.getElementById('header').click()")
    page.until("document.querySelector('#rows .words')?.textContent === 'text'")
    assert page.run("document.getElementById('column').value") == "2"
    assert sum(map(int, scored(page).values())) == 9


def test_rows_of_strangers_are_text_in_the_table(page, tmp_path):
    chosen(page, write(tmp_path / "said.csv", as_csv([HEADER, *ROWS])))
    select(page, "column", HEADER[1])
    scored(page)
    shown = table(page)
    assert len(shown) == len(ROWS)
    assert shown[4][3] == "<b onclick=alert(1)>A wonderful film</b> \\u202e"
    assert page.run("document.querySelectorAll('#rows b').length") == 0


def test_names_of_strangers_are_text_too(page, tmp_path):
    chosen(page, write(tmp_path / "said.csv", "<b>\u202e,text\nx,I loved it\n"))
    options = "[...document.getElementById('column').options].map(each => each.textContent)"
    assert page.run(options) == ["<b>\\u202e", "text"]
    assert page.run("document.querySelectorAll('#plan b').length") == 0


def test_a_file_is_dropped_anywhere(page, tmp_path):
    file = write(tmp_path / "lines.txt", "I loved it\r\n\r\nDreadful, avoid\n")
    page.drop(file, 600, 200)
    looked_at(page, file)
    assert page.run("document.getElementById('format').value") == "lines"
    assert [row[3] for row in table(page)] == ["I loved it", "", "Dreadful, avoid"]
    assert scored(page) == {"positive": "1", "negative": "1", "without text": "1"}
    assert page.run("document.getElementById('review').value") == ""


def test_json_lines_keep_what_they_hold(page, tmp_path):
    lines = [
        '{"id": 12345678901234567890, "text": "I loved it", "more": {"a": 1.0}}',
        "no json",
        '{"text": "Dreadful, avoid", "7": [1,2], "predicted": "mine"}',
        "{}",
        ' "awful, avoid"',
    ]
    chosen(page, write(tmp_path / "said.jsonl", "\n".join(lines)))
    assert scored(page) == {
        "positive": "1", "negative": "2", "without text": "1", "unreadable": "1"
    }  # fmt: skip
    given = downloaded(page, tmp_path, "said.scored.jsonl").decode().splitlines()
    read = [json.loads(line) for line in given]
    assert given[0].startswith(lines[0][:-1] + ', "sentiment_predicted": "positive"')
    assert read[1]["sentiment_raw"] == "no json"
    assert read[1]["sentiment_error"].startswith("not JSON")
    assert read[2]["predicted"] == "mine"
    assert read[4]["text"] == "awful, avoid"


@pytest.mark.slow
def test_parquet_is_read_and_written(page, tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"n": [1, 2, 3], "text": ["I loved it", "Dreadful, avoid", None]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "said.parquet")
    chosen(page, tmp_path / "said.parquet")
    assert [row[3] for row in table(page)] == ["I loved it", "Dreadful, avoid", ""]
    assert scored(page) == {"positive": "1", "negative": "1", "without text": "1"}
    given = parquet.read_table(io.BytesIO(downloaded(page, tmp_path, "said.scored.parquet")))
    assert given.column("predicted").to_pylist() == ["positive", "negative", None]
    assert given.column("n").to_pylist() == [1, 2, 3]


@pytest.mark.parametrize("encoding", ["utf-16-le", "cp1252", "auto"])
def test_another_encoding_is_chosen_where_one_is_told_to(page, tmp_path, encoding):
    rows = [["drink", "text"], ["caf\u00e9", "I loved it; all"], ["th\u00e9", "Dreadful, avoid"]]
    page.choose("#choose", write(tmp_path / "said.csv", as_csv(rows, delimiter=";"),
                                  "cp1252" if encoding == "auto" else encoding))  # fmt: skip
    if encoding == "utf-16-le":
        assert "“Encoding: utf-16-le”" in refused(page, "probably UTF-16-LE")
        assert page.run("document.getElementById('start').disabled")
    else:
        page.until("document.querySelectorAll('#rows .unreadable').length === 2")
        assert f"“Encoding: {encoding}”" in table(page)[0][3]
    select(page, "encoding", encoding)
    assert page.run("document.getElementById('file-trouble').hidden")
    assert scored(page) == {"positive": "1", "negative": "1"}
    given = downloaded(page, tmp_path, "said.scored.csv").decode("utf-8-sig")
    assert given.count("caf\u00e9") == 1


def test_a_column_that_cannot_be_told_is_chosen(page, tmp_path):
    text = "review,comment\nLovely stay,Dreadful food\n"
    page.choose("#choose", write(tmp_path / "said.csv", text))
    line = refused(page, "could each be the text")
    assert line.endswith("choose with “Text in column”")
    assert page.run("document.getElementById('start').disabled")
    assert page.run("document.getElementById('column').value") == ""
    select(page, "column", "comment")
    assert page.run("document.getElementById('file-trouble').hidden")
    assert scored(page) == {"negative": "1"}


def test_rows_that_cannot_be_read_keep_their_place(page, tmp_path):
    text = 'text,n\nI loved it,1\nDreadful,too,many\n\n"so" good,2\nfine,3\n'
    chosen(page, write(tmp_path / "said.csv", text))
    assert scored(page)["unreadable"] == "2"
    rows = list(csv.reader(io.StringIO(downloaded(page, tmp_path, "said.scored.csv").decode())))
    assert [(row[0], row[2] != "") for row in rows[1:]] == [
        ("I loved it", True), ("Dreadful", False), ("so good", False), ("fine", True)
    ]  # fmt: skip
    notes = page.run("document.getElementById('notes').textContent")
    assert notes.startswith("2 rows unreadable; the first: row 2 (line 3): 3 fields where")
    assert "3 fields where 2 are expected" in table(page)[1][3]


def test_what_cannot_be_read_is_refused_in_a_line(page, tmp_path):
    file = tmp_path / "said.xlsx"
    file.write_bytes(b"PK\x03\x04\x00\x00")
    page.choose("#choose", file)
    line = refused(page, "said.xlsx")
    assert line == "said.xlsx: damaged or cut short (File is not a zip file); get it again"
    assert page.run("document.getElementById('start').disabled")
    assert page.run("document.getElementById('rows-part').hidden")
    (tmp_path / "folder.csv").mkdir()
    page.drop(tmp_path / "folder.csv", 600, 200)
    line = refused(page, "folder.csv")
    assert line == "folder.csv: it cannot be read; is it a folder, or deleted?"
    assert page.run("document.getElementById('plan').hidden")
    chosen(page, write(tmp_path / "empty.csv", ""))
    assert page.run("document.getElementById('start').disabled")
    assert page.run("document.getElementById('file-trouble').hidden")


def test_a_file_that_is_larger_than_is_taken_is_not_sent(page, tmp_path):
    file = tmp_path / "large.csv"
    with file.open("wb") as stream:
        stream.truncate(200_100_000)
    page.events.clear()
    page.choose("#choose", file)
    assert refused(page, "large.csv") == "large.csv: it has 200.1 MB; the limit is 200 MB"
    assert not any("/files" in asked for asked in page.requests())


def test_of_a_large_file_the_beginning_tells_what_is_in_it(page, tmp_path):
    text = as_csv([["n", "text"], *([str(n), f"{n} was a fine evening"] for n in range(60_000))])
    file = write(tmp_path / "many.csv", text)
    hold(page)
    page.choose("#choose", file)
    request = page.wait_for("Fetch.requestPaused")
    assert "cut=true" in request["request"]["url"]
    page.call("Fetch.continueRequest", requestId=request["requestId"])
    looked_at(page, file)
    assert [row[3] for row in table(page)] == [f"{n} was a fine evening" for n in range(5)]


def test_while_the_service_is_busy_it_is_asked_again(page, tmp_path):
    chosen(page, write(tmp_path / "said.txt", "I loved it\n"))
    hold(page)
    page.run("document.getElementById('start').click()")
    busy = [{"name": "Retry-After", "value": "0.1"}]
    page.call("Fetch.fulfillRequest", requestId=held(page), responseCode=503, responseHeaders=busy)
    page.call("Fetch.continueRequest", requestId=held(page))
    page.until("!document.getElementById('downloads').hidden")
    assert counts(page) == {"positive": "1"}


def test_what_failed_can_be_tried_again(page, tmp_path):
    chosen(page, write(tmp_path / "said.txt", "I loved it\n"))
    hold(page)
    page.run("document.getElementById('start').click()")
    page.call("Fetch.failRequest", requestId=held(page), errorReason="ConnectionRefused")
    assert refused(page, "reached") == "The service cannot be reached."
    page.call("Fetch.disable")
    page.run("document.getElementById('file-again').click()")
    page.until("!document.getElementById('downloads').hidden")
    assert counts(page) == {"positive": "1"}
    assert page.run("document.getElementById('file-trouble').hidden")


def test_what_came_before_the_answer_broke_off_can_be_kept(page, tmp_path):
    with_stream(page, tmp_path)
    page.run("fail()")
    assert refused(page, "was lost") == "The connection to the service was lost."
    assert not page.run("document.getElementById('file-again').hidden")
    said = page.run("document.getElementById('progress-line').textContent")
    assert said.startswith("Stopped after 100 rows.")
    assert downloaded(page, tmp_path, "many.scored.csv") == b"fine\n" * 100


def test_an_error_far_behind_in_the_file_is_said(page, tmp_path):
    with_stream(page, tmp_path)
    page.run("push({ event: 'error', error: 'many.csv, row 101: a row of more' }), finish()")
    assert refused(page, "row 101") == "many.csv, row 101: a row of more"
    assert page.run("document.getElementById('file-again').hidden")
    assert counts(page) == {"positive": "100"}


def test_scoring_is_cancelled_and_what_is_done_can_be_kept(page, tmp_path):
    with_stream(page, tmp_path)
    assert page.run("document.activeElement.id") == "cancel"
    page.press("Enter")
    page.run("push(rowsUpTo(200))")  # what had been sent
    page.until("!document.getElementById('downloads').hidden")
    said = page.run("document.getElementById('progress-line').textContent")
    assert said.startswith("Stopped after 100 rows.")
    assert page.run("document.activeElement.id") == "download"
    assert downloaded(page, tmp_path, "many.scored.csv") == b"fine\n" * 100


def test_half_a_parquet_file_is_none(page, tmp_path):
    with_stream(page, tmp_path, "{ ...opened, to: 'parquet' }")
    page.run("fail()")
    refused(page, "was lost")
    page.until("!document.getElementById('start').hidden")
    assert page.run("document.getElementById('downloads').hidden")


def test_another_column_or_file_begins_anew_while_rows_are_scored(page, tmp_path):
    chosen(page, write(tmp_path / "many.csv", "text,other\n" + "I loved it,awful\n" * 5000))
    buttons = (
        "['start', 'cancel'].map(id => document.getElementById(id)).filter(each => !each.hidden)"
        ".map(each => each.textContent)"
    )
    hold(page)
    page.run("document.getElementById('start').click()")
    held(page)
    assert page.run(buttons) == ["Cancel"]
    page.call("Fetch.disable")
    select(page, "column", "other")
    assert page.run(buttons) == ["Score the rows"]
    assert scored(page) == {"negative": "5,000"}
    assert page.run(buttons) == ["Score again"]
    chosen(page, write(tmp_path / "few.csv", "text\nI loved it\n"))
    assert page.run(buttons) == ["Score the rows"]
    assert scored(page) == {"positive": "1"}


def test_a_file_that_is_refused_late_does_not_hide_the_next(page, tmp_path):
    page.run(
        "(() => { const field = document.getElementById('choose');"
        "const bytes = new Promise((_, fail) => { window.fail = fail });"
        "const file = { name: 'late.csv', size: 9, slice: () => ({ arrayBuffer: () => bytes }) };"
        "Object.defineProperty(field, 'files', { value: [file], configurable: true });"
        "field.dispatchEvent(new Event('change')); delete field.files })()"
    )
    chosen(page, write(tmp_path / "said.csv", "text\nI loved it\n"))
    page.run("window.fail(new Error('too late'))")
    page.run("new Promise(done => setTimeout(done, 50))")
    assert not page.run("document.getElementById('plan').hidden")
    assert page.run("document.getElementById('file-trouble').hidden")


def test_a_file_that_changed_is_said_to_have(page, tmp_path):
    file = write(tmp_path / "said.txt", "I loved it\n")
    chosen(page, file)
    time.sleep(1.1)  # some file systems know seconds alone
    write(file, "Dreadful, avoid\nIt is another one\n")
    page.run("document.getElementById('start').click()")
    line = refused(page, "changed")
    assert line == "said.txt: it was changed or deleted after it was chosen; choose it again"
    assert page.run("document.getElementById('file-again').hidden")


def test_100_000_rows_do_not_freeze_the_page(page, tmp_path):
    with_stream(page, tmp_path)
    page.run(
        "window.longest = 0; let last = performance.now();"
        "setInterval(() => { const now = performance.now();"
        " window.longest = Math.max(window.longest, now - last); last = now; }, 10);"
        "for (let n = 1; n <= 390; n += 1) push(rowsUpTo(256 * n, { share: n / 390,"
        " part: `${'It was a fine evening'.repeat(3)}\\n`.repeat(256), end: n === 390 }));"
        "finish()"
    )
    page.until("!document.getElementById('downloads').hidden")
    assert counts(page) == {"positive": "99,840"}
    assert downloaded(page, tmp_path, "many.scored.csv").count(b"\n") == 99_940
    assert page.run("window.longest") < 1000
