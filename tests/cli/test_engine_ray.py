"""`--engine ray` with a Ray that is started for the run, in a process of its own each."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import TEST

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed: pip install 'ray[data]'"
)
FILES = ("a.parquet", "x/b.parquet", "y/b.parquet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Labelled reviews in three files, one of them without rows."""
    from pyarrow.csv import read_csv

    path = tmp_path_factory.mktemp("ray")
    table = read_csv(TEST)
    for name, part in zip(FILES, (table[:150], table[150:400], table[:0]), strict=True):
        (path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(part, path / "in" / name)
    return path


def test_each_file_comes_out_as_plain_predict_writes_it(start, folder):
    options = ["-m", "fast", "--classes", "negative,positive", "--threshold", "0.7",
               "--prefix", "m_", "--text-column", "text"]  # fmt: skip
    done = start(
        "predict", "-i", "in/**/*.parquet", "-o", "scored", "--engine", "ray", "--workers", "2",
        *options, cwd=folder,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    how, counted, empty = done.stderr.splitlines()
    assert empty == "warning: no rows in in/y/b.parquet"
    assert how == 'in/a.parquet and 2 more: text from "text" (as asked)'
    assert counted.startswith("in/a.parquet and 2 more: 400 rows in ")
    assert counted.endswith(" → scored")
    assert {path for path in (folder / "scored").rglob("*") if path.is_file()} == {
        folder / "scored" / name for name in FILES
    }
    for name in FILES:
        plain = start("predict", "-i", f"in/{name}", "-o", "one.parquet", "--force", *options,
                    cwd=folder)  # fmt: skip
        assert plain.returncode == 0, plain.stderr
        assert (folder / "one.parquet").read_bytes() == (folder / "scored" / name).read_bytes()


def test_figures_are_those_of_one_process(start, folder):
    asked = ["evaluate", "in/**/*.parquet", "-m", "fast", "--slice", "domain", "--slice",
             "length", "--slice", "negation", "--json"]  # fmt: skip
    plain = start(*asked, cwd=folder)
    done = start(*asked, "--engine", "ray", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 400
    assert (done.stdout, done.stderr) == (plain.stdout, plain.stderr)


def test_a_file_that_cannot_be_read_is_one_line_and_leaves_nothing_half_written(start, folder):
    bad = folder / "bad"
    bad.mkdir()
    (bad / "a.parquet").write_bytes((folder / "in/a.parquet").read_bytes())
    (bad / "z.parquet").write_bytes(b"PAR1 and no more")
    done = start("predict", "-i", "bad/*", "-o", "out", "-m", "fast", "--engine", "ray",
                 cwd=folder)  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: bad/z.parquet: not a Parquet file")
    assert {path.name for path in folder.glob("out/*")} <= {"a.parquet"}


def write_many(folder: Path, files: int, rows: int) -> None:
    (folder / "many").mkdir()
    for number in range(files):
        first = number * rows
        texts = [f"I loved the {n} rooms and not the food" for n in range(first, first + rows)]
        table = pa.table({"id": range(first, first + rows), "text": texts})
        pq.write_table(table, folder / "many" / f"{number}.parquet")


def begin(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "sentiment", "predict", "-m", "fast", "-i", "many/*.parquet",
         "-o", "out", "--engine", "ray", "--workers", "2"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip


def writers(folder: Path) -> list[int]:
    """Find the processes that have a file half-written."""
    found = set()
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target.startswith(str(folder)) and target.endswith(".partial"):
            found.add(int(descriptor.parts[2]))
    return sorted(found)


def wait_for_writers(folder: Path, process: subprocess.Popen) -> list[int]:
    for _ in range(600):
        if found := writers(folder):
            return found
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("no worker writes")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_worker_that_is_killed_is_replaced_and_no_row_is_lost(tmp_path):
    write_many(tmp_path, 4, 30_000)
    process = begin(tmp_path)
    worker = wait_for_writers(tmp_path, process)[0]
    assert "tensorflow" not in Path(f"/proc/{worker}/maps").read_text()
    os.kill(worker, signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout) == (0, ""), stderr
    assert len(stderr.splitlines()) == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{number}.parquet" for number in range(4)
    ]
    for number in range(4):
        scored = pq.read_table(tmp_path / "out" / f"{number}.parquet")
        assert scored["id"].to_pylist() == list(range(number * 30_000, (number + 1) * 30_000))


DEADLY = """
import os, pathlib, signal
from sentiment import load
from sentiment.cluster import engine, files
from sentiment.reviews.streams import ReadOptions

def die(model, job):
    os.kill(os.getpid(), signal.SIGKILL)

job = files.TableJob(files.Named.of(pathlib.Path("a.csv")), ReadOptions())
with engine.running(None) as cluster:
    list(cluster.each(die, load("fast").model, [job]))
"""


def test_a_file_that_kills_its_workers_is_named_and_given_up(tmp_path):
    """Fails if Ray renames what `attempts_before` asks, which is private."""
    done = subprocess.run(
        [sys.executable, "-c", DEADLY],
        check=False, cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert "SentimentError: a.csv: 6 workers died while scoring it" in done.stderr


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_an_interrupt_is_130_and_leaves_nothing_half_written(tmp_path):
    write_many(tmp_path, 4, 60_000)
    process = begin(tmp_path)
    wait_for_writers(tmp_path, process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout, stderr) == (130, "", "error: interrupted\n")
    assert not list(tmp_path.glob("out/.*"))
    for path in tmp_path.glob("out/*"):
        assert pq.read_metadata(path).num_rows == 60_000
