"""`sentiment predict` as people and pipelines use it."""

import contextlib
import csv
import io
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

csv.field_size_limit(1 << 24)

TEXTS = [
    "I loved it, truly",
    "",
    'she said "no"',
    "two\nlines 😍",
    "  ",
    "avoid, it broke " * 12_000,  # longer than the csv module reads by default
    "=cmd|calc",
]


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "in.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text", "note"])
        writer.writerows([n, text, f"note, {n}"] for n, text in enumerate(TEXTS))
    return path


def check_answers(predicted: list, texts: list[str] = TEXTS) -> None:
    """An empty text has an empty answer, every other text has one; no model knows `=cmd|calc`."""
    assert [bool(answer) for answer in predicted] == [bool(text.strip()) for text in texts]
    assert set(filter(None, predicted[:-1])) <= {"positive", "negative"}
    assert predicted[-1] == "uncertain"


def test_texts_are_answered_one_line_each_in_order(run, trained):
    done = run("predict", "-m", trained, "wonderful", "terrible\tand\nbroken \\ \x1b[31m")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["positive", "negative"]
    assert all(0 <= float(line[1]) <= 1 for line in lines)
    assert [line[2] for line in lines] == ["wonderful", r"terrible\tand\nbroken \\ \x1b[31m"]
    assert done.stderr == ""


def test_lines_come_from_stdin(run, trained):
    done = run("predict", "-m", trained, stdin="wonderful\n\nterrible")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [
        "positive", "", "negative",
    ]  # fmt: skip


def test_csv_rows_keep_their_columns(run, trained, csv_file):
    done = run("predict", "-m", trained, "-i", csv_file, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["text"] for row in rows] == TEXTS
    assert [row["note"] for row in rows] == [f"note, {n}" for n in range(len(TEXTS))]
    check_answers([row["predicted"] for row in rows])


def test_jsonl_comes_out_of_a_file_named_so(run, trained, csv_file, tmp_path):
    done = run("predict", "-m", trained, "-i", csv_file, "-o", tmp_path / "out.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == TEXTS
    check_answers([row["predicted"] for row in rows])


def test_parquet_goes_in_and_out(run, trained, csv_file, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"review": TEXTS, "n": pa.array(range(len(TEXTS)), pa.int16())})
    pq.write_table(table, tmp_path / "in.parquet")
    done = run(
        "predict", "-m", trained, "-i", tmp_path / "in.parquet", "-o", tmp_path / "o.parquet"
    )
    assert done.returncode == 0, done.stderr
    scored = pq.read_table(tmp_path / "o.parquet")
    assert scored.select(["review", "n"]).equals(table)
    check_answers(scored["predicted"].to_pylist())


def test_an_empty_file_makes_a_table_without_rows(run, trained, tmp_path):
    import pyarrow.parquet as pq

    (tmp_path / "empty.csv").touch()
    for name in ("o.parquet", "o.csv", "o.jsonl", "o.txt"):
        done = run("predict", "-m", trained, "-i", "empty.csv", "-o", name, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    table = pq.read_table(tmp_path / "o.parquet")
    assert (table.num_rows, table.column_names) == (0, ["predicted", "p_positive"])
    assert (tmp_path / "o.csv").read_text() == "predicted,p_positive\n"
    assert (tmp_path / "o.jsonl").read_text() == (tmp_path / "o.txt").read_text() == ""


def test_fasttext_labels_come_out_one_a_row(run, trained, csv_file):
    done = run("predict", "-m", trained, "-i", csv_file, "--format", "fasttext")
    lines = done.stdout.split("\n")[:-1]
    check_answers([line.partition(" ")[0].removeprefix("__label__") for line in lines])


def test_several_files_and_globs_are_one_output(run, trained, tmp_path):
    for name in "ba":
        (tmp_path / f"{name}.csv").write_text(f"id,text\n{name},fine\n")
    done = run("predict", "-m", trained, "-i", tmp_path / "*.csv", "--format", "csv")
    assert [row["id"] for row in csv.DictReader(io.StringIO(done.stdout))] == ["a", "b"]


def test_files_with_other_columns_are_refused_where_columns_must_agree(run, trained, tmp_path):
    (tmp_path / "a.csv").write_text("id,text\n1,fine\n")
    (tmp_path / "b.csv").write_text("text,stars\nfine,1\n")
    done = run("predict", "-m", trained, "-i", tmp_path / "?.csv", "--format", "csv")
    assert done.returncode == 3
    assert "b.csv has other columns than" in done.stderr
    assert len(done.stdout.splitlines()) == 2
    done = run("predict", "-m", trained, "-i", tmp_path / "?.csv")
    assert len(done.stdout.splitlines()) == 2


def test_the_threshold_can_be_moved(run, trained):
    for threshold, answer in (("0", "positive"), ("1", "negative")):
        done = run("predict", "-m", trained, "--threshold", threshold, "so-so")
        assert done.stdout.startswith(answer)


def test_json_is_short_for_jsonl(run, trained):
    record = json.loads(run("predict", "-m", trained, "--json", "wonderful").stdout)
    assert (record["text"], record["predicted"]) == ("wonderful", "positive")


def test_a_taken_column_name_asks_for_a_prefix(run, trained, tmp_path):
    (tmp_path / "a.csv").write_text("text,predicted\nfine,x\n")
    done = run("predict", "-m", trained, "-i", tmp_path / "a.csv", "--format", "csv")
    assert done.returncode == 2
    assert "--prefix" in done.stderr
    done = run(
        "predict", "-m", trained, "-i", tmp_path / "a.csv", "--format", "csv", "--prefix", "my_"
    )
    assert done.stdout.startswith("text,predicted,my_predicted,my_p_positive\nfine,x,")


def test_an_existing_output_is_kept_unless_forced(run, trained, csv_file, tmp_path):
    (tmp_path / "out.csv").write_text("mine")
    done = run("predict", "-m", trained, "-i", csv_file, "-o", tmp_path / "out.csv")
    assert (done.returncode, (tmp_path / "out.csv").read_text()) == (2, "mine")
    assert "--force" in done.stderr
    run("predict", "-m", trained, "-i", csv_file, "-o", tmp_path / "out.csv", "--force")
    assert (tmp_path / "out.csv").read_text().startswith("id,text")


def test_an_output_that_fails_midway_does_not_appear(run, trained, tmp_path):
    (tmp_path / "in.csv").write_bytes(b"text\nfine\n\xff\n")
    done = run("predict", "-m", trained, "-i", tmp_path / "in.csv", "-o", tmp_path / "out.csv")
    assert done.returncode == 3
    assert "row 2" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("redirect", ["> out.txt", ">> out.txt", "| cat > out.txt"])
def test_dev_stdout_is_stdout(trained, tmp_path, redirect):
    (tmp_path / "out.txt").write_text("before\n")
    command = f"{sys.executable} -m sentiment predict -m {trained} fine -o /dev/stdout {redirect}"
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    *before, last = (tmp_path / "out.txt").read_text().splitlines()
    assert last.endswith("\tfine")
    assert before == (["before"] if ">>" in redirect else [])


@pytest.mark.parametrize(
    ("closed", "code", "words"),
    [
        ("<&-", 2, "nothing to score"),
        ("wonderful >&-", 1, "cannot write"),
        ("wonderful 2>&-", 0, ""),
        ("-i nowhere 2>&-", 3, ""),
    ],
)
def test_closed_streams_are_no_traceback(trained, tmp_path, closed, code, words):
    command = f"{sys.executable} -m sentiment predict -m {trained} {closed}"
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.startswith("positive") == (code == 0)


def test_a_terminated_run_leaves_no_half_file(trained, tmp_path):
    command = [sys.executable, "-m", "sentiment", "predict", "-m", trained, "-o", "out.txt"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE) as process:
        process.stdin.write(b"fine\n")
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.terminate()
        assert process.wait(timeout=30) == 143
        process.stdin.close()
    assert list(tmp_path.iterdir()) == []


def test_in_a_c_locale_texts_are_still_utf_8(run, trained):
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = run("predict", "-m", trained, "schön", env=locale)
    assert done.stdout.endswith("\tschön\n")


@pytest.mark.parametrize("text", ["\u200b", "<br />", " "])
def test_a_text_with_nothing_to_read_has_no_answer(run, trained, text):
    assert json.loads(run("predict", "-m", trained, "--json", text).stdout)["predicted"] is None


def start(trained, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "sentiment", "predict", "-m", str(trained)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def test_a_slow_producer_gets_each_answer_at_once(trained):
    with start(trained) as process:
        for line in (b"wonderful\n", b"terrible\n"):
            process.stdin.write(line)
            process.stdin.flush()
            answer: list[bytes] = []
            reader = threading.Thread(target=lambda a=answer: a.append(process.stdout.readline()))
            reader.start()
            reader.join(timeout=30)
            assert answer
            assert answer[0].endswith(line)
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_a_reader_that_leaves_ends_it_quietly(trained):
    with start(trained) as process:
        process.stdin.write(b"wonderful\n")
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        deadline = time.monotonic() + 30
        with contextlib.suppress(BrokenPipeError):
            while process.poll() is None and time.monotonic() < deadline:
                process.stdin.write(b"wonderful\n" * 1000)
                process.stdin.flush()
        assert process.wait(timeout=30) == 141
        assert process.stderr.read() == b""
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_behind_stdout_is_one_line(trained):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sentiment", "predict", "-m", str(trained), "fine"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: cannot write: No space left on device\n"


UNKNOWN = "Отличный фильм, очень понравилось!"


def test_what_is_unknown_is_uncertain_with_a_reason(run, trained, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text(f'id,text\n1,wonderful\n2,"{UNKNOWN}"\n3,\n', encoding="utf-8")
    options = ("predict", "-m", trained, "-i", source, "--threshold", "0.01")
    done = run(*options, "--json", "--prefix", "model_")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["model_predicted"] for row in rows] == ["positive", "uncertain", None]
    assert [row.get("model_reason") for row in rows] == [None, "no known words", None]
    assert ["model_reason" in row for row in rows] == [False, True, False]
    table = run(*options, "--format", "csv").stdout.splitlines()
    assert table[0] == "id,text,predicted,p_positive"
    assert table[2].startswith(f'2,"{UNKNOWN}",uncertain,')
    at_once = run("predict", "-m", trained, UNKNOWN)
    assert at_once.stdout.startswith("uncertain\t0.")


def test_a_column_called_reason_is_in_the_way_of_json_lines_alone(run, trained, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("text,reason\nwonderful,none\n")
    done = run("predict", "-m", trained, "-i", source, "--json")
    assert done.returncode == 2
    assert 'a column "reason" already; --prefix model_ gives the added ones' in done.stderr
    assert run("predict", "-m", trained, "-i", source, "--format", "csv").returncode == 0
    late = tmp_path / "in.jsonl"
    late.write_text('{"text": "wonderful"}\n' * 3_000 + '{"text": "good", "reason": "none"}\n')
    done = run("predict", "-m", trained, "-i", late, "--json")
    assert done.returncode == 3
    assert "row 3001" in done.stderr
    assert '"reason"' in done.stderr


def test_figures_count_what_is_unknown_as_unanswered(run, trained, tmp_path):
    source = tmp_path / "in.csv"
    known = "wonderful and lovely,1\nterrible and broken,0\n" * 15
    source.write_text(f"text,label\n{known}{UNKNOWN.replace(',', '')},1\n" + "zxcv qwrtp,0\n" * 9)
    done = run("evaluate", source, "-m", trained, "--json")
    assert json.loads(done.stdout)["coverage"] == 0.75
    assert "the model knows hardly a word of 10 of 40 reviews" in done.stderr
    done = run("calibrate", source, "-m", trained, "--goal", "coverage=0.7",
               "-o", tmp_path / "a.safetensors")  # fmt: skip
    assert done.returncode == 6
    assert "attainable: " in done.stderr
    done = run("compare", trained, trained, source, "--json")
    assert json.loads(done.stdout)["uncertain"] == {"a": 10, "b": 10}
    done = run("report", source, "-m", trained, "-o", tmp_path / "page.html")
    assert done.returncode == 0, done.stderr
    assert 'data-unknown=\'{"negative": 9, "positive": 1}\'' in (tmp_path / "page.html").read_text(
        encoding="utf-8"
    )


def test_explanations_say_why_there_is_no_answer(run, trained):
    done = run("explain", "-m", trained, UNKNOWN)
    assert done.stdout.startswith("uncertain  0.")
    assert done.stdout.splitlines()[0].endswith("  no known words")
    done = run("explain", "-m", trained, "--json", UNKNOWN)
    assert json.loads(done.stdout)["reason"] == "no known words"
