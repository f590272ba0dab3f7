"""Archives from strangers: what is read of them, and what is refused."""

import gzip
import stat
import tarfile
import zipfile
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.datasets import archives
from sentiment.datasets.archives import DAMAGE, Unexpected, leads_outside, read_members
from tests.datasets.site import tar_of, zip_of

FILES = {"a/one.txt": b"1", "a/two.txt": b"22"}
OUTSIDE = [
    "/etc/passwd", "../up.txt", "a/../../up.txt", "a/..", "..", "C:/up.txt", "C:up.txt",
    "\\\\host\\up.txt", "a\\..\\..\\up.txt", "a/two\n.txt", "a/\x1b[2J.txt", "a/one.txt:stream",
]  # fmt: skip


def read(folder, name, raw):
    (folder / name).write_bytes(raw)
    return [(member.name, member.content.read()) for member in read_members([folder / name])]


def tar_entry(name="a/odd", kind=tarfile.REGTYPE, size=0, target=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.linkname = kind, size, target
    return entry


def zip_entry(name="a/odd", mode=0):
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, mode << 16
    return entry


@pytest.mark.parametrize(
    ("name", "pack"), [("x.tar.gz", tar_of), ("x.tgz", tar_of), ("x.zip", zip_of)]
)
def test_files_are_read_in_order(tmp_path, name, pack):
    assert read(tmp_path, name, pack(FILES)) == list(FILES.items())


def test_folders_are_passed_over(tmp_path):
    tar = tar_of({}, tar_entry("a", tarfile.DIRTYPE))
    assert read(tmp_path, "x.tgz", tar) == []
    assert read(tmp_path, "x.zip", zip_of({"a/": b""})) == []


def test_what_is_no_archive_is_a_member_itself(tmp_path):
    assert read(tmp_path, "x.txt", b"text") == [("x.txt", b"text")]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_outside_is_refused(tmp_path, name):
    for file, pack in (("x.tgz", tar_of), ("x.zip", zip_of)):
        with pytest.raises(Unexpected, match="leads elsewhere"):
            read(tmp_path, file, pack({name: b"evil"}))


def test_a_name_with_a_nul_is_refused_although_zipfile_cuts_it(tmp_path):
    raw = zip_of({"a/one.txt~evil": b"1"}).replace(b"one.txt~evil", b"one.txt\0evil")
    with pytest.raises(Unexpected, match="leads elsewhere"):
        read(tmp_path, "x.zip", raw)


@given(st.text(st.sampled_from("./\\:aA\0\n~ "), max_size=12))
def test_a_name_that_is_let_pass_stays_inside_on_any_platform(name):
    if not leads_outside(name):
        assert not PurePosixPath(name).is_absolute()
        windows = PureWindowsPath(name)
        assert not windows.anchor
        assert ".." not in windows.parts


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE,
     tarfile.GNUTYPE_SPARSE, b"Z"],
    ids=["symbolic link", "hard link", "character device", "block device", "pipe", "sparse", "odd"],
)  # fmt: skip
def test_what_is_no_file_is_refused(tmp_path, kind):
    with pytest.raises(Unexpected, match="'a/odd', which is no file"):
        read(tmp_path, "x.tgz", tar_of(FILES, tar_entry(kind=kind, target="/etc/passwd")))


def test_a_sparse_file_in_a_pax_header_is_refused(tmp_path):
    entry = tar_entry(size=8)
    entry.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 50)}
    with pytest.raises(Unexpected, match="no file"):
        read(tmp_path, "x.tgz", tar_of(FILES, entry))


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip_are_refused(tmp_path, kind):
    with pytest.raises(Unexpected, match="no file"):
        read(tmp_path, "x.zip", zip_of(FILES, zip_entry(mode=kind | 0o777)))


def test_an_encrypted_file_is_refused(tmp_path):
    raw = bytearray(zip_of({"a": b"1"}))
    raw[raw.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(Unexpected, match="encrypted"):
        read(tmp_path, "x.zip", bytes(raw))


def test_one_name_twice_is_refused(tmp_path):
    with pytest.raises(Unexpected, match="twice"):
        read(tmp_path, "x.tgz", tar_of(FILES, tar_entry("a/one.txt")))
    with pytest.warns(UserWarning, match="Duplicate"), pytest.raises(Unexpected, match="twice"):
        read(tmp_path, "x.zip", zip_of(FILES, zip_entry("a/one.txt")))


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_ENTRIES", 1)
    for name, pack in (("x.tgz", tar_of), ("x.zip", zip_of)):
        with pytest.raises(Unexpected, match="more than 1 files"):
            read(tmp_path, name, pack(FILES))


@pytest.mark.parametrize(("name", "pack"), [("x.tgz", tar_of), ("x.zip", zip_of)])
def test_a_bomb_is_refused(tmp_path, name, pack):
    with pytest.raises(Unexpected, match="unpacks to more than"):
        read(tmp_path, name, pack({"zeros": bytes(30_000_000)}))


def test_a_bomb_that_says_it_is_small_gives_no_more_than_it_says(tmp_path):
    raw = zip_of({"zeros": bytes(30_000_000)})
    size = (30_000_000).to_bytes(4, "little")
    (tmp_path / "x.zip").write_bytes(raw.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(DAMAGE):  # its checksum is that of all
        [member.content.read() for member in read_members([tmp_path / "x.zip"])]


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path):
    for kind in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
        with pytest.raises(Unexpected, match="header"):
            read(tmp_path, "x.tgz", tar_of({}, tar_entry(kind=kind, size=5_000_000)))


def test_a_bomb_behind_the_last_file_is_refused(tmp_path):
    packed = gzip.decompress(tar_of(FILES))
    with pytest.raises(Unexpected, match="unpacks to more"):
        read(tmp_path, "x.tgz", gzip.compress(packed + bytes(30_000_000)))


TAR, ZIP = tar_of(FILES), zip_of(FILES)


@pytest.mark.parametrize(
    ("name", "raw", "pack"),
    [("x.tgz", TAR, bytes), ("x.tgz", gzip.decompress(TAR), gzip.compress), ("x.zip", ZIP, bytes)],
    ids=["tgz", "tar", "zip"],
)
@given(data=st.data())
def test_a_damaged_archive_is_an_error_of_ours_or_gives_files(
    tmp_path_factory, name, raw, pack, data
):
    changed = bytearray(raw)
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=20)):
        changed[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.just(len(raw)) | st.integers(0, len(raw)))
    try:
        found = read(tmp_path_factory.mktemp("x"), name, pack(bytes(changed[:end])))
    except (Unexpected, *DAMAGE):
        return
    assert not any(leads_outside(name) for name, _ in found)
