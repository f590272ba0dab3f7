"""Archives from strangers: what is read of them, and what is refused."""

import gzip
import stat
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.datasets.catalog import DownloadError
from sentiment.datasets.download import DAMAGE, read_members
from tests.datasets.site import tar_of, zip_of

FILES = {"a/one.txt": b"1", "a/two.txt": b"22"}


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


def test_what_is_no_archive_is_a_member_itself(tmp_path):
    assert read(tmp_path, "x.txt", b"text") == [("x.txt", b"text")]


@pytest.mark.parametrize(
    "kind",
    [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE,
     tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE, b"Z"],
    ids=["folder", "symbolic link", "hard link", "character device", "block device", "pipe",
         "sparse", "odd"],
)  # fmt: skip
def test_what_is_no_file_is_passed_over(tmp_path, kind):
    raw = tar_of(FILES, tar_entry(kind=kind, target="a/one.txt"))
    assert read(tmp_path, "x.tgz", raw) == list(FILES.items())


def test_a_sparse_file_in_a_pax_header_is_passed_over(tmp_path):
    entry = tar_entry(size=8)
    entry.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(1 << 50)}
    assert read(tmp_path, "x.tgz", tar_of(FILES, entry)) == list(FILES.items())


@pytest.mark.parametrize("kind", [stat.S_IFDIR, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_what_is_no_file_in_a_zip_is_passed_over(tmp_path, kind):
    raw = zip_of(FILES | {"b/": b""}, zip_entry(mode=kind | 0o777))
    assert read(tmp_path, "x.zip", raw) == list(FILES.items())


def test_a_zip_packed_in_a_way_that_takes_memory_is_passed_over(tmp_path):
    entry = zip_entry()
    entry.compress_type = zipfile.ZIP_LZMA
    assert read(tmp_path, "x.zip", zip_of(FILES, entry)) == list(FILES.items())


def test_an_encrypted_file_is_refused(tmp_path):
    raw = bytearray(zip_of({"a": b"1"}))
    raw[raw.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(DownloadError, match="encrypted"):
        read(tmp_path, "x.zip", bytes(raw))


@pytest.mark.parametrize(("name", "pack"), [("x.tgz", tar_of), ("x.zip", zip_of)])
def test_a_bomb_is_refused(tmp_path, name, pack):
    with pytest.raises(DownloadError, match="unpacks to more than"):
        read(tmp_path, name, pack({"zeros": bytes(30_000_000)}))


def test_a_bomb_that_says_it_is_small_gives_no_more_than_it_says(tmp_path):
    raw = zip_of({"zeros": bytes(30_000_000)})
    size = (30_000_000).to_bytes(4, "little")
    (tmp_path / "x.zip").write_bytes(raw.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(DAMAGE):  # its checksum is that of all
        [member.content.read() for member in read_members([tmp_path / "x.zip"])]


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path):
    for kind in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
        with pytest.raises(DownloadError, match="header"):
            read(tmp_path, "x.tgz", tar_of({}, tar_entry(kind=kind, size=5_000_000)))


def test_a_bomb_behind_the_last_file_is_refused(tmp_path):
    packed = gzip.decompress(tar_of(FILES))
    with pytest.raises(DownloadError, match="unpacks to more"):
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
        read(tmp_path_factory.mktemp("x"), name, pack(bytes(changed[:end])))
    except (DownloadError, *DAMAGE):
        return
