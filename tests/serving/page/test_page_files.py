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
    page.until(
        f"document.getElementById('file-name').textContent === {json.dumps(file.name)} && "
        "!document.getElementById('plan').hidden"
    )


def select(page: Browser, name: str, value: str) -> None:
    page.run(
        f"document.getElementById('{name}').value = {json.dumps(value)};"
        f"document.getElementById('{name}').dispatchEvent(new Event('change'))"
    )


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


def downloaded(page: Browser, folder: Path, suffix: str) -> str:
    """Download the result, and read it."""
    page.run(f"document.getElementById('as-{suffix}').click()")
    ends = time.monotonic() + 30
    while not (found := list((folder / "down").glob(f"*.scored.{suffix}"))):
        assert time.monotonic() < ends, "nothing was downloaded"
        time.sleep(0.05)
    time.sleep(0.1)
    text = found[0].read_bytes().decode()
    found[0].unlink()
    return text


def table(page: Browser) -> list[list[str]]:
    return page.run(
        "[...document.querySelectorAll('#rows tr')].map(r => [...r.cells].map(c => c.textContent))"
    )


def test_a_csv_file_keeps_its_columns_and_gets_the_answers_of_predict(page, run, trained, tmp_path):
    file = write(tmp_path / "said.csv", as_csv([HEADER, *ROWS]))
    chosen(page, file)
    select(page, "column", "1")
    assert scored(page) == {"positive": "2", "negative": "1", "uncertain": "1", "without text": "1"}
    header, *rows = csv.reader(io.StringIO(downloaded(page, tmp_path, "csv"), newline=""))
    assert header == [*HEADER, "predicted", "p_positive", "reason"]
    assert [row[:3] for row in rows] == ROWS
    done = run("predict", "-q", "-i", file, "--json", "-m", trained, "--text-column", HEADER[1])
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [[row[3], row[4], row[5]] for row in rows] == [
        [
            each["predicted"] or "",
            "" if each["p_positive"] is None else str(each["p_positive"]),
            each.get("reason", ""),
        ]
        for each in answers
    ]
    lines = [json.loads(line) for line in downloaded(page, tmp_path, "jsonl").splitlines()]
    assert [line[HEADER[1]] for line in lines] == [row[1] for row in ROWS]
    assert [line["predicted"] for line in lines] == [each["predicted"] for each in answers]
    notes = page.run("document.getElementById('notes').textContent")
    assert "2 rows with what a spreadsheet would take for a formula" in notes
    assert page.problems() == []


def test_rows_of_strangers_are_text_in_the_table(page, tmp_path):
    chosen(page, write(tmp_path / "said.csv", as_csv([HEADER, *ROWS])))
    select(page, "column", "1")
    scored(page)
    shown = table(page)
    assert len(shown) == len(ROWS)
    assert shown[4][3] == "<b onclick=alert(1)>A wonderful film</b> \\u202e"
    assert page.run("document.querySelectorAll('#rows b').length") == 0


def test_a_file_is_dropped_anywhere(page, tmp_path):
    page.drop(write(tmp_path / "lines.txt", "I loved it\r\n\r\nDreadful, avoid\n"), 600, 200)
    page.until("!document.getElementById('plan').hidden")
    assert page.run("document.getElementById('format').value") == "lines"
    assert [row[3] for row in table(page)] == ["I loved it", "", "Dreadful, avoid"]
    assert scored(page) == {"positive": "1", "negative": "1", "without text": "1"}
    assert page.run("document.getElementById('review').value") == ""


def test_json_lines_stay_as_they_stand(page, tmp_path):
    lines = [
        '{"id": 12345678901234567890, "text": "I loved it", "more": {"a": 1.0}}',
        "no json",
        '{"text": "Dreadful, avoid", "7": [1,2], "predicted": "mine"}',
        "{}",
        '{"text": null}',
        ' "awful, avoid"',
        '{"text": "good", "constructor": 1, "__proto__": 2}',
        "12345678901234567890",
    ]
    chosen(page, write(tmp_path / "said.jsonl", "\n".join(lines)))
    assert page.run("document.getElementById('column').selectedOptions[0].textContent") == "text"
    assert scored(page) == {
        "positive": "2", "negative": "2", "without text": "2", "unreadable": "2"
    }  # fmt: skip
    given = downloaded(page, tmp_path, "jsonl").splitlines()
    assert given[0].startswith(lines[0][:-1] + ',"sentiment_predicted":"positive"')
    assert given[2].startswith(lines[2][:-1] + ',"sentiment_predicted":"negative"')
    read = [json.loads(line) for line in given]
    assert read[1]["raw"] == "no json"
    assert read[1]["sentiment_reason"] == "not JSON"
    assert given[5].startswith('{"text":"awful, avoid","sentiment_predicted":"negative"')
    assert [set(each) for each in read[3:5]] == [
        {"sentiment_predicted", "sentiment_p_positive", "sentiment_reason"},
        {"text", "sentiment_predicted", "sentiment_p_positive", "sentiment_reason"},
    ]
    rows = list(csv.DictReader(io.StringIO(downloaded(page, tmp_path, "csv"), newline="")))
    assert rows[0]["id"] == "12345678901234567890"
    assert rows[0]["more"] == '{"a":1.0}'
    assert [row["text"] for row in rows[5:]] == ["awful, avoid", "good", ""]
    inherited = [(row["constructor"], row["__proto__"]) for row in rows]
    assert inherited == [("", "")] * 6 + [("1", "2"), ("", "")]
    assert "rawJSON" not in rows[0]


@pytest.mark.parametrize(
    ("encoding", "delimiter", "header"),
    [("utf-8-sig", ";", True), ("utf-16", "\t", True), ("windows-1252", ";", False)],
)
def test_tables_of_spreadsheets_are_read(page, tmp_path, encoding, delimiter, header):
    rows = [["café", "I loved it; all"], ["thé", "Dreadful, avoid"], ["", "It was\ngreat"]]
    names = [["drink", "text"]] if header else []
    file = write(tmp_path / "said.csv", as_csv([*names, *rows], delimiter=delimiter), encoding)
    chosen(page, file)
    assert page.run("document.getElementById('delimiter').value") == delimiter
    assert page.run("document.getElementById('header').checked") is header
    assert scored(page) == {"positive": "2", "negative": "1"}
    text = downloaded(page, tmp_path, "csv")
    assert text.startswith("\ufeff")
    given = list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=delimiter))
    assert [row[:2] for row in given] == [*names, *rows]
    assert [row[2] for row in given][len(names) :] == ["positive", "negative", "positive"]


def test_rows_that_cannot_be_read_keep_their_place(page, tmp_path):
    text = (
        'text,n\nI loved it,1\nDreadful,too,many\n\n"so" good,2\nfine,3\n"never closed,4\nbad,5\n'
    )
    chosen(page, write(tmp_path / "said.csv", text))
    assert scored(page)["unreadable"] == "3"
    rows = list(csv.reader(io.StringIO(downloaded(page, tmp_path, "csv"), newline="")))[1:]
    assert [(row[0], row[2] != "", row[4]) for row in rows] == [
        ("I loved it", True, ""),
        ("Dreadful", False, "3 fields where 2 are expected"),
        ('"so" good', False, "there is text after a closing quote"),
        ("fine", True, ""),
        ('"never closed', False, "a quote is never closed"),
        ("bad", True, ""),
    ]


def test_what_is_no_text_is_refused_in_a_line(page, tmp_path):
    file = tmp_path / "said.xlsx"
    file.write_bytes(b"PK\x03\x04\x00\x00")
    page.choose("#choose", file)
    page.until("!document.getElementById('file-trouble').hidden")
    line = page.run("document.getElementById('file-trouble-line').textContent")
    assert line == "said.xlsx: not text: save it as CSV, JSON lines or plain text"
    assert page.run("document.getElementById('plan').hidden")
    (tmp_path / "folder.csv").mkdir()
    page.drop(tmp_path / "folder.csv", 600, 200)
    page.until(
        "document.getElementById('file-trouble-line').textContent"
        " === 'folder.csv: it cannot be read: is it a folder, or gone?'"
    )
    page.choose("#choose", write(tmp_path / "said.json", '[{"text": "good"}]'))
    page.until("document.getElementById('file-trouble-line').textContent.includes('JSON array')")
    chosen(page, write(tmp_path / "empty.csv", ""))
    assert page.run("document.getElementById('start').disabled")
    assert (
        page.run("document.getElementById('rows-title').textContent") == "There are no rows in it."
    )


def test_the_service_may_go_and_come_back_while_rows_are_scored(page, tmp_path):
    texts = [f"number {n}: {'I loved it' if n % 3 else 'Dreadful, avoid'}" for n in range(2000)]
    chosen(page, write(tmp_path / "many.txt", "\n".join(texts)))
    page.call("Fetch.enable", patterns=[{"urlPattern": "*/predict"}])
    page.run("document.getElementById('start').click()")
    for number in range(3):
        asked = page.wait_for("Fetch.requestPaused")["requestId"]
        if number > 0:
            page.call("Fetch.failRequest", requestId=asked, errorReason="ConnectionRefused")
        else:
            page.call("Fetch.continueRequest", requestId=asked)
    page.until("!document.getElementById('file-trouble').hidden")
    page.call("Fetch.disable")
    said = page.run("document.getElementById('file-trouble-line').textContent")
    assert said == "The service cannot be reached."
    page.run("document.getElementById('file-again').click()")
    page.until("!document.getElementById('downloads').hidden")
    assert sum(int(count.replace(",", "")) for count in counts(page).values()) == 2000
    rows = list(csv.DictReader(io.StringIO(downloaded(page, tmp_path, "csv"), newline="")))
    assert [row["text"] for row in rows] == texts
    by_text = {row["text"].partition(": ")[2]: row["predicted"] for row in rows}
    assert by_text == {"I loved it": "positive", "Dreadful, avoid": "negative"}


def test_scoring_is_cancelled_and_what_is_done_can_be_kept(page, tmp_path):
    chosen(page, write(tmp_path / "many.txt", "I loved it\n" * 5000))
    page.call("Fetch.enable", patterns=[{"urlPattern": "*/predict"}])
    page.run("document.getElementById('start').focus()")
    page.press("Enter")
    first = page.wait_for("Fetch.requestPaused")["requestId"]
    page.call("Fetch.continueRequest", requestId=first)
    page.wait_for("Fetch.requestPaused")
    page.until("document.querySelectorAll('#rows tr').length === 100")
    assert page.run("document.activeElement.id") == "cancel"
    page.press("Enter")
    page.until("!document.getElementById('downloads').hidden")
    page.call("Fetch.disable")
    said = page.run("document.getElementById('progress-line').textContent")
    assert said.startswith("Stopped after 512 rows.")
    assert page.run("document.activeElement.id") == "as-csv"
    assert len(downloaded(page, tmp_path, "csv").splitlines()) == 513


def test_rows_are_counted_once_all_before_them_are_answered(page, tmp_path):
    """What is counted is what can be downloaded."""
    chosen(page, write(tmp_path / "many.txt", "I loved it\n" * 5000))
    page.call("Fetch.enable", patterns=[{"urlPattern": "*/predict"}])
    page.run("document.getElementById('start').click()")
    page.wait_for("Fetch.requestPaused")
    second = page.wait_for("Fetch.requestPaused")["requestId"]
    page.call("Fetch.continueRequest", requestId=second)
    page.until("document.getElementById('progress').value > 0")
    page.run("document.getElementById('cancel').click()")
    page.until("!document.getElementById('start').hidden")
    page.call("Fetch.disable")
    said = page.run("document.getElementById('progress-line').textContent")
    assert said.startswith("Stopped after 0 rows.")
    assert counts(page) == {}
    page.run("document.getElementById('progress').value = 1")
    page.call("Fetch.enable", patterns=[{"urlPattern": "*/predict"}])
    page.run("document.getElementById('start').click()")
    assert page.run("document.getElementById('progress').value") == 0, "it begins anew"
    page.run("document.getElementById('cancel').click()")
    page.call("Fetch.disable")


def test_another_column_or_file_begins_anew_while_rows_are_scored(page, tmp_path):
    chosen(page, write(tmp_path / "many.csv", "text,other\n" + "I loved it,awful\n" * 5000))
    page.call("Fetch.enable", patterns=[{"urlPattern": "*/predict"}])
    buttons = (
        "['start', 'cancel'].map(id => document.getElementById(id)).filter(each => !each.hidden)"
        ".map(each => each.textContent)"
    )
    page.run("document.getElementById('start').click()")
    page.wait_for("Fetch.requestPaused")
    assert page.run(buttons) == ["Cancel"]
    select(page, "column", "1")
    assert page.run(buttons) == ["Score the rows"]
    page.call("Fetch.disable")
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


def test_tab_separated_values_are_read_as_predict_reads_them(page, run, trained, tmp_path):
    rows = ["sentence\tn", '"so" good\t1', '"dreadful\t2', "", 'a 5" screen\t3', "great\t4\t5"]
    file = write(tmp_path / "said.tsv", "\r\n".join(rows))
    chosen(page, file)
    assert scored(page)["unreadable"] == "1"
    found = list(csv.DictReader(io.StringIO(downloaded(page, tmp_path, "csv"), newline="")))
    keep = ("--on-bad-row", "keep", "--format", "csv")
    done = run("predict", "-q", "-i", file, "-m", trained, *keep)
    expected = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    names = ("sentence", "n", "predicted", "p_positive")
    assert [[row[name] for name in names] for row in found] == [
        [row[name] for name in names] for row in expected
    ]


def test_a_file_without_a_header_loses_no_row(page, tmp_path):
    chosen(page, write(tmp_path / "one.csv", "\n\nI loved it"))
    assert scored(page) == {"positive": "1", "without text": "2"}
    chosen(page, write(tmp_path / "said.csv", "\n1;I loved it;a\n0;Dreadful, avoid;b\n"))
    assert not page.run("document.getElementById('header').checked")
    assert page.run("document.getElementById('delimiter').value") == ";"
    assert scored(page) == {"positive": "1", "negative": "1"}


def test_what_is_not_in_the_encoding_is_said_to_be(page, tmp_path):
    rows = "I loved it, caf\u00e9\n".encode() * 3
    (tmp_path / "said.txt").write_bytes(rows + b"caf\xe9\n" + rows)
    chosen(page, tmp_path / "said.txt")
    encoding = "document.getElementById('encoding').value"
    assert page.run(encoding) == "utf-8", "one wrong byte does not spoil all others"
    scored(page)
    notes = page.run("document.getElementById('notes').textContent")
    assert "1 row with “\ufffd”, the sign for what could not be read" in notes
    (tmp_path / "old.txt").write_bytes(rows.decode().encode("latin-1"))
    chosen(page, tmp_path / "old.txt")
    assert page.run(encoding) == "windows-1252"


def test_a_file_that_changed_is_said_to_have(page, tmp_path):
    file = write(tmp_path / "said.txt", "I loved it\n")
    chosen(page, file)
    scored(page)
    time.sleep(1.1)  # some file systems know seconds alone
    write(file, "Dreadful, avoid\nIt is another one\n")
    page.run("document.getElementById('as-csv').click()")
    page.until("!document.getElementById('file-trouble').hidden")
    line = page.run("document.getElementById('file-trouble-line').textContent")
    assert line == "it has changed or gone since it was chosen; choose it again"


def test_100_000_rows_do_not_freeze_the_page(page, tmp_path):
    row = "It was a fine evening, and the waiter was kind to all of us"
    text = as_csv([["id", "text"], *([str(n), f"{row} {n}"] for n in range(100_000))])
    # What is measured is the page, not the service.
    page.run(
        "window.fetch = async (_, { body }) => new Response(body.replaceAll(/.+/g,"
        ' \'{"predicted": "positive", "p_positive": 0.75}\'));'
        "window.longest = 0; let last = performance.now();"
        "setInterval(() => { const now = performance.now();"
        " window.longest = Math.max(window.longest, now - last); last = now; }, 10)"
    )
    chosen(page, write(tmp_path / "many.csv", text))
    assert scored(page) == {"positive": "100,000"}
    assert len(downloaded(page, tmp_path, "csv").splitlines()) == 100_001
    assert page.run("window.longest") < 1000
    assert len(table(page)) == 100
