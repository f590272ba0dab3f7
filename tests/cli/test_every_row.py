"""Rows in, rows out: through the command line, with what tempts a program to lose one."""

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

FIXTURE = Path(__file__).parent.parent / "fixtures" / "format-1.safetensors"
GOOD = 1500


@pytest.fixture
def predict(run, tmp_path):
    """Answer a file, given by its name and content."""

    def call(name, data, *arguments, **options):
        (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return run("predict", "-m", FIXTURE, "-i", name, *arguments, cwd=tmp_path, **options)

    return call


@contextlib.contextmanager
def start(*arguments, **options) -> Iterator[subprocess.Popen]:
    with subprocess.Popen(
        [sys.executable, "-m", "sentiment", "predict", "-m", FIXTURE, *map(str, arguments)],
        stderr=subprocess.DEVNULL,
        **options,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def answered(done) -> list[str]:
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        ("Feedback,The staff was rude and the room was dirty.|Praise,A lovely breakfast.", "no h"),
        ("Overall|Great hotel|Bad food", "no header"),
        ("Great food,five|bad food,1|ok food,3", "no header"),
    ],
)
def test_a_first_row_that_is_a_review_is_no_header(predict, lines, notes):
    done = predict("in.csv", lines.replace("|", "\n") + "\n", "--format", "csv")
    assert len(answered(done)) == lines.count("|") + 1
    assert notes in done.stderr


def test_where_a_header_was_guessed_that_is_said(predict):
    done = predict("in.csv", "Feedback,note\ngood,x\n", "--format", "csv")
    assert "first row taken as header" in done.stderr
    done = predict("in.csv", "id,text,label\n1,good,1\n", "--format", "csv")
    assert "first row" not in done.stderr


@pytest.mark.parametrize("name", ["error", "raw"])
def test_kept_rows_need_names_for_what_is_said_of_them_from_the_start(predict, name):
    data = f'{{"text": "good", "{name}": 1}}\n{{"text": "good"}}\nnonsense\n'
    done = predict("in.jsonl", data, "--json", "--on-bad-row", "keep")
    assert (done.returncode, done.stdout) == (2, "")
    assert f'"{name}" already; --prefix model_ gives' in done.stderr
    done = predict("in.jsonl", data, "--json", "--on-bad-row", "keep", "--prefix", "m_")
    assert [json.loads(line).get("m_raw") for line in answered(done)] == [None, None, "nonsense"]
    assert predict("in.jsonl", data, "--json", "--on-bad-row", "skip").returncode == 0


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "text", "fasttext", "parquet"])
def test_what_can_be_read_of_a_bad_row_never_stops_a_run_that_keeps_it(predict, tmp_path, format):
    data = (
        b'{"text": "b\xe9d", "n": 2, "t\xff": 3}\n'
        b'{"text": "b\xe9d", "n": "x"}\n'
        b'{"text": "good", "n": 1}\n'
        b'{"text": "b\xe9d", "n": "x", "predicted": 1, "error": 2}\n'
        b'{"text": "fine", "n": 3}\n'
    )
    output = tmp_path / "out"
    done = predict("in.jsonl", data, "--format", format, "-o", output, "--on-bad-row", "keep")
    assert done.returncode == 0, done.stderr
    if format == "parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(output)
        assert table["n"].to_pylist() == [2, None, 1, None, 3]
        assert table["predicted"].to_pylist()[:2] == [None, None]
    else:
        assert len(output.read_text().splitlines()) == 5 + (format in ("csv", "tsv"))


def test_where_no_row_can_be_read_answers_come_all_the_same(predict):
    wide = "text,label\n" + "good, but,1\n" * 10_000
    done = predict("in.csv", wide, "--format", "csv", "--on-bad-row", "keep")
    assert len(answered(done)) == 10_001
    done = predict("in.jsonl", "nonsense\n" * 40_000, "--json", "--on-bad-row", "keep")
    assert (done.returncode, done.stdout) == (3, "")
    assert "too many unreadable lines at the start; the first is not JSON" in done.stderr


def test_a_bad_first_line_on_a_pipe_is_answered_at_once():
    with start("--on-bad-row", "keep", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(b"caf\xe9\n")
        process.stdin.flush()
        assert _first_line(process) == b"\t\tcaf\xef\xbf\xbd\n"
        process.stdin.close()


def _first_line(process) -> bytes | None:
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(process.stdout.readline()), daemon=True)
    reader.start()
    reader.join(timeout=20)
    return lines[0] if lines else None


BAD = "id,text\n1,good\n2\n" + "3,good\n" * 300_000


def test_rejects_of_answers_that_are_out_are_kept_when_the_reader_leaves(tmp_path):
    (tmp_path / "in.csv").write_text(BAD)
    with start(
        "-i", "in.csv", "--format", "csv", "--on-bad-row", "skip", "--rejects", "bad.csv",
        stdout=subprocess.PIPE, cwd=tmp_path,
    ) as process:  # fmt: skip
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=20) == 141
    assert (tmp_path / "bad.csv").read_text().splitlines()[1].startswith("in.csv,2,")


def test_rejects_of_answers_that_are_out_are_kept_when_it_is_terminated(tmp_path):
    with start(
        "--on-bad-row", "skip", "--rejects", "bad.csv",
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path,
    ) as process:  # fmt: skip
        process.stdin.write(b"caf\xe9\ngood\n")
        process.stdin.flush()
        assert process.stdout.readline().endswith(b"good\n")
        time.sleep(0.5)  # a signal in the moment before it waits would be seen with the next line
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 143
        process.stdin.close()
    assert "caf\\xe9" in (tmp_path / "bad.csv").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


@pytest.mark.parametrize("workers", [1, 2])
def test_rows_before_one_that_cannot_be_held_are_written(run, tmp_path, workers):
    import pyarrow as pa
    import pyarrow.parquet as pq

    days = [*range(20_000), 4_000_000]
    table = pa.table({"text": ["good"] * len(days), "day": pa.array(days, pa.date32())})
    pq.write_table(table, tmp_path / "far.parquet")
    done = run(
        "predict", "-m", FIXTURE, "-i", "far.parquet", "--json", "--workers", workers, cwd=tmp_path
    )  # fmt: skip
    assert done.returncode == 3
    assert len(answered(done)) == 20_000 // 1024 * 1024


@pytest.mark.parametrize(("key", "format"), [("new", "csv"), ("predicted", "jsonl")])
def test_rows_before_one_that_cannot_be_written_are(predict, key, format):
    good = '{"text": "good"}\n'
    data = good * GOOD + f'{{"text": "good", "{key}": 1}}\n' + good
    done = predict("in.jsonl", data, "--format", format)
    assert done.returncode == 3
    assert len(answered(done)) == GOOD + (format == "csv")


def test_rows_before_a_bad_one_are_a_parquet_file_on_stdout(predict):
    import pyarrow.parquet as pq

    data = b"text\n" + b"good\n" * GOOD + b"caf\xe9\n"
    done = predict("in.csv", data, "--format", "parquet", binary=True)
    assert done.returncode == 3
    assert pq.read_table(io.BytesIO(done.stdout))["text"].to_pylist() == ["good"] * GOOD


@pytest.mark.parametrize("last", ['"new": 1', '"n": "x"'])
def test_rows_before_one_that_does_not_fit_are_a_parquet_file_on_stdout(predict, last):
    import pyarrow.parquet as pq

    good = '{"text": "good", "n": 1}\n' + "no\n"
    data = (good * GOOD + f'{{"text": "good", {last}}}\n').encode()
    done = predict("in.jsonl", data, "--format", "parquet", "--on-bad-row", "skip", binary=True)
    assert done.returncode == 3
    assert f"in.jsonl, row {2 * GOOD + 1}" in done.stderr.decode()
    assert pq.read_table(io.BytesIO(done.stdout))["text"].to_pylist() == ["good"] * GOOD


def test_the_order_of_columns_is_no_other_columns(run, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "good"}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "bad", "id": 2}\n')
    done = run("predict", "-m", FIXTURE, "-i", "*.jsonl", "--format", "csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["id"], row["text"]) for row in rows] == [("1", "good"), ("2", "bad")]


@pytest.mark.parametrize("policy", ["skip", "keep"])
def test_a_malformed_first_row_without_a_header_is_a_bad_row(predict, policy):
    done = predict(
        "in.csv", '"abc\ngood,1\nbad,0\n', "--no-header", "--format", "csv", "--on-bad-row", policy
    )
    assert done.returncode == 0, done.stderr
    lines = answered(done)
    assert lines[-2].startswith("good,1,")
    assert lines[:-2] == (["abc,,,"] if policy == "keep" else [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_an_error_that_names_it(predict, encoding):
    data = "good film\nbad film\n".encode(encoding)
    done = predict("in.txt", data)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"--encoding {encoding}" in done.stderr
    assert len(answered(predict("in.txt", data, "--encoding", encoding))) == 2


@pytest.mark.parametrize(
    "data", ["Great film\tloved it\n", "I came\tand saw\ngood\tthough a bit long for me\n"]
)
def test_lines_with_tabs_are_lines_where_none_tells_a_label(predict, data):
    lines = answered(predict("in.txt", data))
    assert [line.split("\t", 2)[2] for line in lines] == [
        line.replace("\t", r"\t") for line in data.splitlines()
    ]


def test_lines_with_tabs_and_labels_are_still_tsv(predict):
    done = predict("in.txt", "good film\t1\nbad film\t0\n")
    assert "read as TSV, by its content" in done.stderr
    assert [line.split("\t")[2] for line in answered(done)] == ["good film", "bad film"]


def test_what_is_raw_of_a_bad_row_is_how_it_stands(predict, tmp_path):
    data = b'id,text\n"1","x","y"\n"2","a ""b""\nc",z\n"3",caf\xe9\n'
    done = predict("in.csv", data, "--json", "--on-bad-row", "keep")
    raws = [json.loads(line)["raw"] for line in answered(done)]
    assert raws == ['"1","x","y"', '"2","a ""b""\nc",z', '"3",caf\\xe9']
    done = predict(
        "semi.csv", 'id;text\n1;"a;b";c\n', "--on-bad-row", "skip", "--rejects", "bad.jsonl"
    )
    assert json.loads((tmp_path / "bad.jsonl").read_text())["raw"] == '1;"a;b";c'


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads all")
def test_a_file_of_a_folder_that_may_not_be_read_is_a_bad_row(run, tmp_path):
    (tmp_path / "d").mkdir()
    for name in "abc":
        (tmp_path / "d" / f"{name}.txt").write_text("good")
    (tmp_path / "d" / "b.txt").chmod(0)
    done = run("predict", "-m", FIXTURE, "-i", "d", "--on-bad-row", "skip", cwd=tmp_path)
    assert (done.returncode, len(answered(done))) == (0, 2)


def packed(kind: str, data: bytes) -> bytes:
    if kind == "zstd":
        import pyarrow as pa

        return pa.compress(data, codec="zstd", asbytes=True)
    return __import__(kind).compress(data)


@pytest.mark.parametrize("kind", ["gzip", "bz2", "lzma", "zstd"])
def test_what_is_compressed_is_read_whatever_it_is_called(predict, run, kind):
    data = packed(kind, b"text,label\ngood,1\nbad,0\n")
    done = predict("in.csv", data)
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[2] for line in answered(done)] == ["good", "bad"]
    piped = run("predict", "-m", FIXTURE, stdin=data)
    assert piped.stdout.decode() == done.stdout


@pytest.mark.parametrize("kind", ["gzip", "bz2", "lzma", "zstd"])
def test_what_is_compressed_and_cut_short_is_an_error(predict, kind):
    done = predict("in.csv", packed(kind, b"text,label\ngood,1\nbad,0\n" * 9)[:-6])
    assert done.returncode == 3
    assert "in.csv: damaged or cut short" in done.stderr


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_an_empty_compressed_file_is_one_that_was_cut_short(predict, suffix):
    assert predict(f"in.txt.{suffix}", b"").returncode == 3


@pytest.mark.parametrize("values", ["[9223372036854775808]", "[9007199254740993, 1.5]"])
def test_an_integer_too_large_for_parquet_is_named(predict, values):
    data = "".join(f'{{"text": "good", "n": {n}}}\n' for n in json.loads(values))
    done = predict("in.jsonl", data, "-o", "out.parquet")
    assert done.returncode == 3
    assert f'in.jsonl, row 1: {json.loads(values)[0]} in the column "n"' in done.stderr


def test_a_line_of_blanks_is_as_blank_as_an_empty_one(predict):
    done = predict("in.csv", "  \ntext,label\ngood,1\n   \n\nbad,0\n \n", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert [line.split(",")[0] for line in answered(done)] == ["text", "good", "bad"]
    done = predict("in.csv", "text\ngood\n  \n", "--format", "csv")
    assert len(answered(done)) == 3


@pytest.mark.slow
def test_blank_lines_without_an_end_before_the_header_are_an_error_not_a_loss(predict):
    done = predict("in.csv", "\n" * 2_200_000 + "text,label\ngood,1\n", "--format", "csv")
    assert done.returncode == 3
    assert "blank" in done.stderr


def test_missing_words_have_empty_answers_and_stay_as_they_are(predict):
    words = ["nan", "NaN", "None.", "N/A", "n/a.", "null", "#N/A", "#REF!", "NaT"]
    done = predict("in.csv", "id,text\n" + "".join(f"1,{word}\n" for word in words))
    assert answered(done) == [f"\t\t{word}" for word in words]


def test_phrases_without_opinion_are_uncertain_and_say_why(predict):
    phrases = ["No comment", "see above", "n.a.", "nothing", "-", "?", "nan"]
    done = predict("in.txt", "".join(f"{phrase}\n" for phrase in phrases), "--json")
    answers = [json.loads(line) for line in answered(done)]
    assert {each["predicted"] for each in answers} == {"uncertain"}
    assert {each["reason"] for each in answers} <= {"no opinion", "no known words"}


def test_missing_words_are_no_texts_to_evaluate_on(run, tmp_path):
    (tmp_path / "in.csv").write_text("text,label\ngood,1\nbad,0\nnan,1\nN/A,0\n")
    done = run("evaluate", "-m", FIXTURE, "in.csv", cwd=tmp_path)
    assert "in.csv: 2 rows have no text; dropped" in done.stderr


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["positive", "negative"], "0 positive, 1 negative"),
        (["5 stars", "1 star"], "0 5 stars, 1 1 star"),
        (["a", "b"], None),
    ],
)
def test_class_names_in_parquet_are_obeyed(run, tmp_path, names, said):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({"text": ["Lovely", "Great", "Dirty", "Awful"], "label": [0, 0, 1, 1]})
    features = {"label": {"names": names, "_type": "ClassLabel"}}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "in.parquet")
    done = run("evaluate", "-m", "fast", "in.parquet", cwd=tmp_path)
    if said is None:
        assert done.returncode == 3
        assert "holds a, b; say which is which with --positive VALUE" in done.stderr
        done = run("evaluate", "-m", "fast", "in.parquet", "--positive", "a", cwd=tmp_path)
    else:
        assert said in done.stderr
    assert "100.0%" in done.stdout.splitlines()[1]


@pytest.mark.parametrize("command", ["predict", "evaluate", "train", "explain"])
def test_no_command_takes_a_pointer_for_reviews(run, tmp_path, command):
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:7\nsize 793\n"
    (tmp_path / "in.csv").write_text(pointer)
    where = ["-i", "in.csv"] if command in ("predict", "explain") else ["in.csv"]
    done = run(command, *where, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert "in.csv: a Git LFS pointer" in done.stderr.splitlines()[-1]
