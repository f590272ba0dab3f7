"""The standard streams as shells, containers and parents hand them over: all of it, or an error."""

import io
import os
import subprocess
import sys
import threading
import time
from hashlib import sha512

import pytest

resource = pytest.importorskip("resource", reason="streams of POSIX")

ROWS = 1500  # their answers do not fit into a pipe, nor do those to Parquet
UNBUFFERED = {"PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "in.csv"
    lines = (f"{sha512(b'%d' % n).hexdigest()},wonderful\n" for n in range(ROWS))
    path.write_text("id,text\n" + "".join(lines))
    return path


def start(*args, env=UNBUFFERED, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "sentiment", *map(str, args)],
        env=os.environ | env,
        stderr=subprocess.PIPE,
        **options,
    )


@pytest.mark.parametrize("env", [UNBUFFERED, {"PYTHONUNBUFFERED": ""}], ids=["raw", "buffered"])
def test_what_is_written_in_part_is_an_error(run, trained, rows, tmp_path, env):
    asked = ["predict", "-q", "-m", trained, "-i", rows, "--format", "csv", "--workers", "1"]
    room = len(run(*asked).stdout) - 10

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    with (tmp_path / "out.csv").open("wb") as out:
        process = start(*asked, env=env, stdout=out, preexec_fn=limit)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (1, b"error: cannot write: File too large\n")


CSV = ["predict", "--workers", "1", "--format", "csv"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "env"),
    [
        (CSV, UNBUFFERED),
        (CSV, {"PYTHONUNBUFFERED": ""}),
        ([*CSV, "-o", "/dev/stdout"], UNBUFFERED),
        (["predict", "--workers", "1", "--format", "parquet"], UNBUFFERED),
        (["explain", "--remove", "0"], UNBUFFERED),
    ],
    ids=["csv", "csv-buffered", "dev-stdout", "parquet", "explain"],
)
def test_a_stdout_that_does_not_block_is_waited_for(run, trained, rows, asked, env):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with open(reading, "rb") as pipe:  # noqa: PTH123
        process = start(*asked, "-q", "-m", trained, "-i", rows, env=env, stdout=writing)
        os.close(writing)
        time.sleep(2)  # until the pipe is full
        written = pipe.read()
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")
    if "parquet" in asked:
        import pyarrow.parquet as pq

        assert pq.read_table(io.BytesIO(written)).num_rows == ROWS
    else:
        whole = run(*asked, "-q", "-m", trained, "-i", rows, binary=True).stdout
        assert written == whole


def test_a_stdin_that_does_not_block_is_waited_for(trained):
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    process = start("predict", "-m", trained, stdin=reading, stdout=subprocess.PIPE)
    os.close(reading)

    def produce():
        with open(writing, "wb", buffering=0) as stream:  # noqa: PTH123
            for line in (b"wonderful\n", b"terrible\n"):
                time.sleep(1.5)
                stream.write(line)

    producer = threading.Thread(target=produce)
    producer.start()
    answers, said = process.communicate(timeout=60)
    producer.join()
    assert [line.split(b"\t")[2] for line in answers.splitlines()] == [b"wonderful", b"terrible"]
    assert (process.returncode, said) == (0, b"")


@pytest.mark.parametrize(
    "asked",
    [
        ["predict", "-i", "-"],
        pytest.param(["explain", "-i", "-"], marks=pytest.mark.slow),
        ["train", "-"],
        pytest.param(["evaluate", "-"], marks=pytest.mark.slow),
    ],
)
def test_a_stdin_that_is_closed_is_one_line(trained, tmp_path, asked):
    model = [] if "train" in asked else ["-m", trained]
    process = start(
        *asked, *model, cwd=tmp_path, stdout=subprocess.PIPE, preexec_fn=lambda: os.close(0)
    )
    answers, said = process.communicate(timeout=60)
    assert (process.returncode, answers) == (3, b"")
    assert said == b"error: <stdin>: closed; it cannot be read\n"
