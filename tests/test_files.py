"""Files are replaced whole or not at all, and stay whose they were."""

import os
import signal
import stat
import subprocess
import sys

import pytest

from sentiment.files import replacing


def write(path, data=b"new"):
    with replacing(path) as file:
        file.write(data)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_who_may_read_a_file_stays_as_it_was(tmp_path, mode):
    path = tmp_path / "m"
    path.write_bytes(b"old")
    path.chmod(mode)
    with replacing(path) as file:
        (partial,) = tmp_path.glob(".m.*")
        assert stat.S_IMODE(partial.stat().st_mode) == mode
        file.write(b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)


def test_a_new_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "m")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["m" * 254, "😍" * 63])
def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path, name):
    write(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_error_names_the_target_and_leaves_nothing(tmp_path):
    path = tmp_path / ("m" * 256)
    with pytest.raises(OSError, match="too long") as error, replacing(path):
        pass
    assert error.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def killed_while_writing(path):
    """What is left of a process that is killed while it writes to a target."""
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from sentiment.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as file:\n"
        "    file.write(b'half')\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    return next(path.parent.glob(f".{path.name}.*.partial"))


@pytest.mark.skipif(os.name != "posix", reason="signals and locks")
def test_what_a_killed_run_left_is_deleted_by_the_next_that_writes_there(tmp_path):
    path = tmp_path / "m"
    path.write_bytes(b"old")
    left = killed_while_writing(path)
    assert path.read_bytes() == b"old"
    others = [".m.4711.partial", ".n.0123abcd.partial", ".m.0123abcd.partial.csv"]
    for name in others:
        (tmp_path / name).write_text("not ours")
    (tmp_path / ".m.0123abcd.partial").symlink_to(path)
    write(path)
    assert path.read_bytes() == b"new"
    assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted(
        tmp_path / name for name in ("m", ".m.0123abcd.partial", *others)
    )


def test_what_another_is_writing_is_left_to_it(tmp_path):
    path = tmp_path / "m"
    with replacing(path) as first:
        first.write(b"first")
        write(path, b"second")
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]
