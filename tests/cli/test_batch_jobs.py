"""`predict` as a job: which rows are written, in which order, and what is said of the run."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT

SMALL = ROOT / "tests" / "fixtures" / "format-1.safetensors"
TEXTS = ["I loved it, truly", "", "avoid, it broke", "N/A", "qwer asdf", "fine I guess", "awful"]
FORMATS = ["text", "csv", "tsv", "json", "jsonl", "parquet", "xlsx"]


@pytest.fixture
def reviews(tmp_path):
    path = tmp_path / "in.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "text"), *enumerate(TEXTS)])
    return path


def answers(run, *args):
    """The rows of JSON lines, by which other formats are judged."""
    done = run("predict", "-q", *args, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def ids(rows):
    return [int(row["id"]) for row in rows]


def confidence(row):
    p = row["p_positive"]
    if p is None:
        return -9.0
    sure = max(p, 1 - p) if row["predicted"] == "uncertain" else (
        p if row["predicted"] == "positive" else 1 - p
    )  # fmt: skip
    return sure - (row["predicted"] == "uncertain")


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("confidence", confidence),
        ("positive", lambda row: -9.0 if row["p_positive"] is None else row["p_positive"]),
        ("negative", lambda row: -9.0 if row["p_positive"] is None else 1 - row["p_positive"]),
        ("uncertain", lambda row: -9.0 if row["p_positive"] is None else -confidence(row)),
    ],
)
def test_rows_are_sorted_by_a_key_those_without_text_last(run, trained, reviews, key, number):
    plain = answers(run, "-m", trained, reviews)
    expected = ids(sorted(plain, key=number, reverse=True))
    assert ids(answers(run, "-m", trained, reviews, "--sort", key)) == expected
    first = answers(run, "-m", trained, reviews, "--sort", key, "--top", "3")
    assert ids(first) == expected[:3]
    if key == "confidence":
        assert answers(run, "-m", trained, reviews, "--top", "3") == first


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_takes_sorted_rows_and_leaves_out_empty_ones(
    run, trained, reviews, tmp_path, format
):
    pytest.importorskip("openpyxl") if format == "xlsx" else None
    out = tmp_path / ("out.txt" if format == "text" else f"out.{format}")
    asked = ["-m", trained, "--sort", "negative", "--skip-empty"]
    done = run("predict", reviews, *asked, "-o", out, "--format", format)
    assert done.returncode == 0, done.stderr
    expected = answers(run, reviews, *asked)
    assert len(expected) == 5
    if format == "text":
        shown = [line.split("\t")[2] for line in out.read_text().splitlines()]
        assert shown == [row["text"] for row in expected]
    else:
        assert ids(answers(run, "-m", trained, out, "--prefix", "again_")) == ids(expected)
    assert "2 without text → 5 rows in" in done.stderr


def test_empty_rows_are_left_out_in_place(run, trained, reviews):
    plain = answers(run, "-m", trained, reviews)
    kept = [row for row in plain if row["predicted"]]
    assert answers(run, "-m", trained, reviews, "--skip-empty") == kept


def test_types_of_parquet_survive_sorting_and_leaving_out(run, trained, tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"n": pa.array([1, 2, 3, 4], pa.int16()), "text": ["awful", None, "", "good"]})
    pq.write_table(table, tmp_path / "in.parquet")
    for asked in (["--skip-empty"], ["--sort", "negative", "--skip-empty"]):
        out = tmp_path / f"out{len(asked)}.parquet"
        done = run("predict", "-m", trained, tmp_path / "in.parquet", "-o", out, *asked)
        assert done.returncode == 0, done.stderr
        found = pq.read_table(out)
        assert (found["n"].to_pylist(), found["n"].type) == ([1, 4], pa.int16())


@pytest.mark.parametrize(
    ("format", "said"),
    [("jsonl", 'row 1090: has "predicted" already'), ("csv", "row 1090: has a column")],
)
def test_a_row_that_does_not_fit_is_named_by_its_own_number(run, tmp_path, format, said):
    rows = [{"text": "good"}] * 1100
    rows[1089] = {"text": "awful", "predicted": "x"}
    (tmp_path / "in.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    asked = ["predict", "-q", "-m", SMALL, tmp_path / "in.jsonl", "--workers", "1"]
    done = run(*asked, "--sort", "negative", "--format", format)
    assert (done.returncode, said in done.stderr) == (3, True), done.stderr


def test_types_are_found_in_the_rows_that_are_written(run, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    rows = [json.dumps({"n": n, "text": "" if n < 1100 else "good"}) for n in range(1101)]
    (tmp_path / "in.jsonl").write_text("\n".join(rows))
    out = tmp_path / "out.parquet"
    done = run("predict", "-m", SMALL, tmp_path / "in.jsonl", "-o", out, "--skip-empty")
    assert done.returncode == 0, done.stderr
    assert pq.read_table(out)["n"].to_pylist() == [1100]


def test_several_files_are_sorted_together(run, trained, tmp_path):
    for name, texts in (("a.txt", ["awful", "I loved it, truly"]), ("b.txt", ["avoid, it broke"])):
        (tmp_path / name).write_text("\n".join(texts))
    both = ["-i", tmp_path / "a.txt", "-i", tmp_path / "b.txt"]
    plain = [line.split("\t") for line in run("predict", "-m", trained, *both).stdout.splitlines()]
    done = run("predict", "-q", "-m", trained, *both, "--sort", "negative", "--workers", "2")
    expected = sorted(plain, key=lambda row: float(row[1]))
    assert [line.split("\t") for line in done.stdout.splitlines()] == expected


def test_of_many_rows_the_first_are_those_of_all_sorted(run, tmp_path):
    many = tmp_path / "many.csv"
    rows = [f"{n},{'good ' * (n % 7)}{'bad ' * (n % 5)}{n % 11}" for n in range(2500)]
    many.write_text("\n".join(["id,text", *rows, "2500,"]))
    asked = ["-m", SMALL, many, "--workers", "1"]
    everything = answers(run, *asked, "--sort", "confidence")
    assert len(everything) == 2501
    assert answers(run, *asked, "--top", "7") == everything[:7]
    assert answers(run, *asked, "--top", "3000") == everything


def test_sentences_are_sorted_and_explained_too(run, trained):
    asked = ["predict", "-m", trained, "--sentences", "--sort", "negative"]
    done = run(*asked, "It was awful. I loved it, truly. Avoid, it broke.")
    numbers = [line.split("\t")[3] for line in done.stdout.splitlines()]
    assert sorted(numbers) == ["1", "2", "3"]
    assert numbers[-1] == "2"
    (row,) = answers(run, "-m", trained, "--explain", "--top", "1", "I loved it, truly", "fine")
    assert row["words"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--sort", "negativ"], "--sort negativ: no such key (did you mean negative?)"),
        (["--sort", "length"], "there are confidence, uncertain, negative, positive"),
        (["--top", "3", "--format", "fasttext"], "fasttext has a label for each row"),
        (["--max-rejects", "1%"], "add --on-bad-row skip"),
        (["--max-rejects", "5", "--on-bad-row", "skip"], "write a share such as 0.01 or 1%"),
        (["--max-rejects", "nan", "--on-bad-row", "skip"], "write a share such as 0.01 or 1%"),
        (["--top", "3", "--engine", "ray"], "leave out --top, --sort and the like"),
        (["--summary", "s.json", "--engine", "ray"], "writes no --summary"),
        (["--summary", "in.csv"], "would overwrite an input"),
        (["--summary", "-"], "would be written twice"),
    ],
)
def test_what_makes_no_sense_is_refused_before_reading(run, trained, reviews, asked, said):
    done = run("predict", "-q", "-m", trained, "-i", "in.csv", *asked, cwd=reviews.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_summary_counts_what_the_output_holds(run, trained, reviews, tmp_path):
    out, summary = tmp_path / "out.csv", tmp_path / "summary.json"
    asked = ["-m", trained, reviews, "--skip-empty"]
    done = run("predict", *asked, "-o", out, "--summary", summary)
    assert done.returncode == 0, done.stderr
    found = json.loads(summary.read_text())
    words = [row["predicted"] for row in csv.DictReader(io.StringIO(out.read_text()))]
    assert found["model"]["hash"] == sha256(trained.read_bytes()).hexdigest()
    assert found["inputs"] == [{"name": str(reviews), "rows": 7}]
    assert (found["complete"], found["error"], found["output"]) == (True, None, str(out))
    assert (found["rows"], found["empty"], found["written"]) == (7, 2, len(words))
    assert found["answers"] == {name: words.count(name) for name in ("negative", "positive")}
    assert (found["uncertain"], found["rejects"]) == (words.count("uncertain"), 0)
    assert found["seconds"] >= 0
    assert run("predict", *asked, "--summary", summary).returncode == 2  # it exists
    done = run("predict", "-q", *asked, "-o", out, "--force", "--summary", "-")
    assert json.loads(done.stdout)["written"] == len(words)


def test_a_summary_of_a_failed_run_says_why(run, trained, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("id,text\n1,good\n2,bad,x,y\n3,fine\n4,ok\n")
    summary, out = tmp_path / "summary.json", tmp_path / "out.csv"
    asked = ["predict", "-m", trained, bad, "--summary", summary, "--force"]
    assert run(*asked, "-o", out).returncode == 3
    found = json.loads(summary.read_text())
    assert (found["complete"], found["rows"], found["written"]) == (False, 1, 0)
    assert "row 2 (line 3): 4 fields" in found["error"]
    assert not out.exists()
    done = run(*asked)
    found = json.loads(summary.read_text())
    assert found["written"] == len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(("policy", "rows"), [("skip", 3), ("keep", 4)])
def test_too_many_rejects_are_code_6_and_what_was_written_stays(
    run, trained, tmp_path, policy, rows
):
    bad = tmp_path / "bad.csv"
    bad.write_text("id,text\n1,good\n2,bad,x,y\n3,fine\n4,ok\n")
    summary, out = tmp_path / "summary.json", tmp_path / "out.csv"
    asked = ["predict", "-m", trained, bad, "-o", out, "--summary", summary, "--force"]
    asked += ["--on-bad-row", policy, *["--rejects", tmp_path / "r.csv"] * (policy == "skip")]
    for share, code in (("25%", 0), ("0.25", 0), ("24.9%", 6), ("0", 6)):
        done = run(*asked, "--max-rejects", share)
        assert done.returncode == code, done.stderr
        assert len(out.read_text().splitlines()) == rows + 1
        found = json.loads(summary.read_text())
        assert (found["complete"], found["rejects"], found["written"]) == (True, 1, rows)
        assert bool(found["error"]) == (code == 6)
        assert ("1 of 4 rows cannot be read (25.00%)" in done.stderr) == (code == 6)
    # Of sentences, the rows are still those of the input.
    bad.write_text("id,text\n1,Good. Bad. Fine.\n2,bad,x,y\n3,\n4,ok\n")
    assert run(*asked, "--sentences", "--max-rejects", "25%").returncode == 0
    assert run(*asked, "--sentences", "--max-rejects", "24%").returncode == 6


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")]
)
def test_a_summary_of_an_interrupted_run_has_what_was_answered(tmp_path, number, said):
    summary = tmp_path / "summary.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "sentiment", "predict", "-m", SMALL, "--summary", summary],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    process.stdin.write(b"I loved it\n")
    process.stdin.flush()
    assert b"I loved it" in process.stdout.readline()
    begun = json.loads(summary.read_text())
    assert (begun["complete"], begun["error"][:9], begun["rows"]) == (False, "not ended", 0)
    process.send_signal(number)
    assert process.wait(timeout=60) == {signal.SIGINT: 130, signal.SIGTERM: 143}[number]
    process.stdin.close()
    process.stdout.close()
    found = json.loads(summary.read_text())
    assert (found["complete"], found["error"]) == (False, said)
    assert (found["rows"], found["written"], found["inputs"][0]["rows"]) == (1, 1, 1)


@settings(max_examples=15)
@given(
    texts=st.lists(st.sampled_from(["good", "bad", "", "N/A", "qwer", "not bad", "so-so"]),
                   min_size=1, max_size=12),
    top=st.integers(1, 14),
    key=st.sampled_from(["confidence", "uncertain", "negative", "positive"]),
)  # fmt: skip
def test_sorted_rows_are_those_of_the_input(run, texts, top, key):
    stdin = "\n".join(texts) + "\n"
    asked = ["predict", "-q", "-m", SMALL, "--sort", key]
    plain = run(*asked[:4], stdin=stdin).stdout.splitlines()
    done = run(*asked, stdin=stdin).stdout.splitlines()
    assert sorted(done) == sorted(plain)
    empty = [line.startswith("\t") for line in done]
    assert empty == sorted(empty)
    assert run(*asked, "--top", str(top), stdin=stdin).stdout.splitlines() == done[:top]
