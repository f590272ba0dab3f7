"""Files are replaced whole or not at all, and stay whose they were."""

import os
import stat

import pytest

from sentiment.model.files import replacing


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
