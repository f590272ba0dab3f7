"""`--engine ray` without Ray: what is refused, and where each file goes."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.cli.cluster import Layout, written
from sentiment.errors import DataError, UsageError
from sentiment.reviews.streams import ReadOptions

RAY = ["--engine", "ray"]
ONE = ["-i", "in/a.parquet", "-o", "scored"]
REFUSED = {
    "texts": ["predict", "good", *RAY],
    "stdin": ["predict", *RAY, "-o", "scored"],
    "stdin by name": ["predict", *RAY, "-i", "-", "-o", "scored"],
    "no folder to write": ["predict", *RAY, "-i", "in/a.parquet"],
    "stdout": ["predict", *RAY, "-i", "in/a.parquet", "-o", "-"],
    "JSON": ["predict", *RAY, *ONE, "--json"],
    "another format out": ["predict", *RAY, *ONE, "--format", "csv"],
    "another format in": ["predict", *RAY, *ONE, "--input-format", "csv"],
    "another file": ["predict", *RAY, "-i", "a.csv", "-o", "scored"],
    "a folder of texts": ["predict", *RAY, "-i", "texts", "-o", "scored"],
    "explanations": ["predict", *RAY, *ONE, "--explain"],
    "bad rows": ["predict", *RAY, *ONE, "--on-bad-row", "skip"],
    "rejects": ["predict", *RAY, *ONE, "--rejects", "bad.csv"],
    "address alone": ["predict", *ONE, "--address", "auto"],
    "Ray's client": ["predict", *RAY, *ONE, "--address", "ray://host:10001"],
    "no address": ["predict", *RAY, *ONE, "--address", ""],
    "mistakes": ["evaluate", "in/a.parquet", *RAY, "--errors", "m.csv"],
    "labels from stdin": ["evaluate", "-", *RAY],
    "evaluate's address alone": ["evaluate", "in/a.parquet", "--address", "auto"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("in/a.parquet", "in/x/b.parquet", "in/y/b.parquet"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        pq.write_table(pa.table({"text": ["good"], "label": [1]}), path)
    (tmp_path / "a.csv").write_text("text\ngood\n")
    (tmp_path / "texts").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_with_ray_is_one_line_and_2(run, folder, name):
    done = run(*REFUSED[name], cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert not (folder / "scored").exists()


@pytest.mark.parametrize("command", [["predict", *ONE], ["evaluate", "in/a.parquet"]])
def test_without_ray_the_command_that_installs_it_is_said(folder, command):
    code = (
        "import sys; sys.modules['ray'] = None\n"
        f"sys.argv[1:] = {[*command, *RAY]!r}\n"
        "from sentiment.cli import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == (
        "error: --engine ray needs Ray, which is not installed: pip install 'ray[data]'\n"
    )


def targets(names, out="out", *, is_parquet=False):
    layout = Layout.of(names, Path(out), is_parquet=is_parquet)
    return {str(source): str(target) for source, target in layout.targets.items()}


def test_files_keep_their_places_below_the_fixed_part_of_a_glob(folder):
    assert targets(["in/a.parquet", "in/x/b.parquet"]) == {
        "in/a.parquet": "out/a.parquet",
        "in/x/b.parquet": "out/b.parquet",
    }
    assert targets(["in/*/*.parquet"]) == {
        "in/x/b.parquet": "out/x/b.parquet",
        "in/y/b.parquet": "out/y/b.parquet",
    }
    assert targets(["in/**/*.parquet"])["in/a.parquet"] == "out/a.parquet"
    assert targets(["in"]) == targets(["in/**/*.parquet"])
    assert targets(["in/x/b.par*"]) == {"in/x/b.parquet": "out/b.parquet"}
    absolute = str(folder / "in" / "*" / "b.parquet")
    assert targets([absolute])[str(folder / "in/x/b.parquet")] == "out/x/b.parquet"


def test_two_files_are_never_written_to_one(folder):
    with pytest.raises(UsageError, match=r"in/x/b\.parquet and in/y/b\.parquet would both"):
        targets(["in/x/b.parquet", "in/y/b.parquet"])
    with pytest.raises(UsageError, match="given twice"):
        targets(["in/x/b.parquet", "in/x/*.parquet"])
    with pytest.raises(DataError, match="no such file"):
        targets(["in/z.parquet"])


def test_a_file_with_brackets_in_its_name_is_no_glob(folder):
    Path("in/[1].parquet").write_bytes(Path("in/a.parquet").read_bytes())
    assert targets(["in/[1].parquet"]) == {"in/[1].parquet": "out/[1].parquet"}


def test_another_name_is_taken_where_the_user_says_so(folder):
    Path("in/a.parquet").rename("in/a.data")
    with pytest.raises(UsageError, match="--input-format parquet"):
        targets(["in/a.data"])
    assert targets(["in/a.data"], is_parquet=True) == {"in/a.data": "out/a.data"}


def test_a_folder_with_files_is_kept_without_force(folder):
    layout = Layout.of(["in/a.parquet"], Path("out"), is_parquet=False)
    model = Path("a.csv")
    layout.check(model, force=False)
    Path("out").mkdir()
    layout.check(model, force=False)
    Path("out/other").touch()
    with pytest.raises(UsageError, match="out has files; --force"):
        layout.check(model, force=False)
    layout.check(model, force=True)


def test_nothing_that_is_read_is_written(folder):
    with pytest.raises(UsageError, match=r"in/a\.parquet: would overwrite an input"):
        Layout.of(["in/a.parquet"], Path("in"), is_parquet=False).check(Path("a.csv"), force=True)
    Path("out").mkdir()
    Path("out/a.parquet").symlink_to(folder / "in/x/b.parquet")
    with pytest.raises(UsageError, match="would overwrite an input"):
        Layout.of(["in/a.parquet", "in/x/*"], Path("out"), is_parquet=False).check(
            Path("a.csv"), force=True
        )


@pytest.mark.parametrize("out", ["a.csv", "no/where", "in/a.parquet/x"])
def test_a_folder_that_cannot_be_written_is_said_at_once(folder, out):
    with pytest.raises(UsageError):
        Layout.of(["in/a.parquet"], Path(out), is_parquet=False).check(Path("a.csv"), force=True)


def test_jobs_are_found_from_any_folder(folder):
    (job,) = Layout.of(["in/x/*"], Path("out"), is_parquet=False).jobs(ReadOptions(), "m_")
    assert (job.source.path, job.source.name) == (folder / "in/x/b.parquet", "in/x/b.parquet")
    assert (job.target, job.prefix) == (folder / "out/b.parquet", "m_")
    with pytest.raises(UsageError, match="control characters"):
        Layout.of(["in/x/*"], Path("out"), is_parquet=False).jobs(ReadOptions(), "m\n")


def test_what_was_begun_is_deleted_and_what_is_whole_stays(folder):
    whole, begun = Path("out/x/b.parquet"), Path("out/y/b.parquet")

    def interrupted():
        with written(Path("out"), [whole, begun]):
            whole.write_text("whole")
            (begun.parent / ".b.parquet.0123abcd.partial").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert sorted(map(str, Path("out").rglob("*"))) == ["out/x", "out/x/b.parquet"]
    with pytest.raises(KeyboardInterrupt), written(Path("new"), [Path("new/b.parquet")]):
        raise KeyboardInterrupt
    assert not Path("new").exists()
