"""A whole set: fetched, checked, unpacked, put in place; and what is left when that fails."""

import json
import shutil
import threading
import time
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment.datasets import download as module
from sentiment.datasets.cache import is_here, part_file, read_hashes, settle
from sentiment.datasets.catalog import CATALOG, Download
from sentiment.datasets.download import Progress, fetch
from sentiment.errors import DataError
from tests.datasets.site import IMDB, TREES, UCI, File, tar_of, zip_of

YELP = "sentiment labelled sentences/yelp_labelled.txt"


def pinned(name, raw):
    """A set of the catalog, its only download having the hash of other bytes."""
    (download,) = CATALOG[name].downloads
    return replace(
        CATALOG[name], downloads=(replace(download, sha256=raw and sha256(raw).hexdigest()),)
    )


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "datasets"


def serve(site, dataset, raw, **options):
    (download,) = dataset.downloads
    site.files[f"/{dataset.name}/{download.file_name}"] = File(raw, **options)


def there(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_set_becomes_a_csv_file_a_part(site, folder):
    raw = tar_of(IMDB)
    dataset = pinned("imdb", raw)
    serve(site, dataset, raw)
    fetched = fetch(dataset, folder, mirror=site.url)
    assert there(folder) == [
        "fetched.json", "imdb", "imdb/test.csv", "imdb/train.csv", "imdb/unlabeled.csv",
    ]  # fmt: skip
    assert (folder / "imdb" / "train.csv").read_bytes().decode() == (
        "text,label,rating,id\n"
        '"Wooden, loud and ""long""",negative,1,3_1\n'
        '"A gem, every minute of it",positive,10,1_10\n'
    )
    assert fetched.reviews == {"train": 2, "test": 2, "unlabeled": 1}
    assert fetched.before is None
    assert is_here(folder, dataset)


def test_the_address_is_the_publishers_without_a_mirror(site, folder):
    raw = tar_of(IMDB)
    site.files["/at/home.tgz"] = File(raw)
    dataset = replace(CATALOG["imdb"], downloads=(Download(f"{site.url}/at/home.tgz", 1000),))
    fetch(dataset, folder)
    assert site.requests == ["/at/home.tgz"]


def test_the_hash_of_the_rows_is_that_of_their_set_not_of_their_order(site, folder):
    hashes = []
    backwards = dict(reversed(IMDB.items()))
    for files in (IMDB, backwards, IMDB | {"aclImdb/test/pos/7_9.txt": b"Other words"}):
        raw = tar_of(files)
        dataset = pinned("imdb", raw)
        serve(site, dataset, raw)
        hashes.append(fetch(dataset, folder, mirror=site.url).rows_hash)
    assert hashes[0] == hashes[1] != hashes[2]


def test_what_was_seen_before_is_told(site, folder):
    dataset = CATALOG["uci"]
    serve(site, dataset, zip_of(UCI))
    first = fetch(dataset, folder, mirror=site.url)
    name = "sentiment labelled sentences/yelp_labelled.txt"
    serve(site, dataset, zip_of(UCI | {name: UCI[name].replace(b"1", b"0")}))
    second = fetch(dataset, folder, mirror=site.url)
    assert second.before == first.rows_hash != second.rows_hash
    assert read_hashes(folder) == {"uci": second.rows_hash}


@pytest.mark.parametrize("content", [b"", b"[]", b"3", b'{"uci": {}}', b"\xff"])
def test_a_damaged_memory_is_an_empty_one(site, folder, content):
    folder.mkdir()
    (folder / "fetched.json").write_bytes(content)
    serve(site, CATALOG["uci"], zip_of(UCI))
    assert fetch(CATALOG["uci"], folder, mirror=site.url).before is None
    assert json.loads((folder / "fetched.json").read_text()).keys() == {"uci"}


def failing(site, folder, dataset, match):
    with pytest.raises(DataError, match=match) as caught:
        fetch(dataset, folder, mirror=site.url)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_an_earlier_version_remembered_is_kept(site, folder):
    folder.mkdir()
    facts = {"rows": "aa", "reviews": {"yelp": 2}, "downloads": {}}
    (folder / "fetched.json").write_text(json.dumps({"uci": facts, "imdb": facts}))
    serve(site, CATALOG["uci"], zip_of(UCI))
    fetched = fetch(CATALOG["uci"], folder, mirror=site.url)
    assert fetched.before == "aa"
    assert read_hashes(folder) == {"uci": fetched.rows_hash, "imdb": "aa"}


def test_a_wrong_checksum_deletes_what_came(site, folder):
    dataset = pinned("imdb", b"something else")
    serve(site, dataset, tar_of(IMDB))
    message = failing(site, folder, dataset, "SHA-256")
    assert f"{site.url}/imdb/aclImdb_v1.tar.gz" in message
    assert dataset.home in message
    assert there(folder) == []


@pytest.mark.parametrize(
    ("raw", "match"),
    [
        (b"no archive", "damaged"),
        (tar_of(IMDB)[:-300], "damaged"),
        (tar_of({}), "no reviews found for its part train"),
        (tar_of(IMDB | {"aclImdb/train/pos/5_9.txt": b"\xff"}), "not UTF-8"),
    ],
    ids=["no archive", "cut", "empty", "not UTF-8"],
)
def test_what_is_not_the_set_leaves_nothing(site, folder, raw, match):
    dataset = pinned("imdb", None)
    serve(site, dataset, raw)
    failing(site, folder, dataset, match)
    assert there(folder) == []


def test_what_is_here_stays_when_its_renewal_fails(site, folder):
    dataset = pinned("imdb", None)
    serve(site, dataset, tar_of(IMDB))
    fetch(dataset, folder, mirror=site.url)
    before = there(folder), (folder / "imdb" / "train.csv").read_text()
    serve(site, dataset, b"no archive")
    failing(site, folder, dataset, "damaged")
    assert (there(folder), (folder / "imdb" / "train.csv").read_text()) == before


def test_a_cut_connection_leaves_nothing_and_the_next_begins_anew(site, folder):
    raw = tar_of(IMDB)
    dataset = pinned("imdb", raw)
    serve(site, dataset, raw, cut=len(raw) // 2)
    message = failing(site, folder, dataset, "the connection broke")
    assert message.endswith(
        f"nothing was kept: try again later, or look for changes at {dataset.home}"
    )
    assert there(folder) == []
    serve(site, dataset, raw)
    fetch(dataset, folder, mirror=site.url)
    assert is_here(folder, dataset)


def test_what_is_not_there_names_the_page_of_the_publisher(site, folder):
    message = failing(site, folder, CATALOG["uci"], "it answers 404 Not Found")
    assert CATALOG["uci"].home in message
    assert there(folder) == []


class Interrupting(Progress):
    def unpacked(self, rows):
        raise KeyboardInterrupt


def test_interrupted_while_unpacking_it_leaves_nothing(site, folder, monkeypatch):
    monkeypatch.setattr(module, "ROWS_BETWEEN_REPORTS", 1)
    dataset = CATALOG["uci"]
    serve(site, dataset, zip_of(UCI))
    with pytest.raises(KeyboardInterrupt):
        fetch(dataset, folder, mirror=site.url, progress=Interrupting())
    assert there(folder) == []


def test_what_a_killed_run_left_does_not_matter(site, folder):
    dataset = CATALOG["uci"]
    serve(site, dataset, zip_of(UCI))
    for place in ("uci", "uci.partial/parts", "uci.partial/old"):
        (folder / place).mkdir(parents=True)
        (folder / place / "yelp.csv").write_text("half")
    fetch(dataset, folder, mirror=site.url)
    assert there(folder) == [
        "fetched.json", "uci", "uci/amazon.csv", "uci/imdb.csv", "uci/yelp.csv",
    ]  # fmt: skip


class Killed(BaseException):
    """What a test raises where a process is killed: nothing handles it."""


def killed_at(monkeypatch, number):
    """Let the renames go well but for one, counted from 1, at which all ends."""
    rename, renames = Path.replace, []

    def dies(path, target):
        renames.append(path)
        if len(renames) == number:
            raise Killed
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", dies)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)  # who is dead cleans nothing


def test_killed_while_a_set_takes_the_place_of_another_one_of_them_can_be_read(
    site, folder, monkeypatch
):
    dataset = CATALOG["uci"]
    serve(site, dataset, zip_of(UCI))
    fetch(dataset, folder, mirror=site.url)
    old = part_file(folder, dataset, "yelp").read_bytes()
    serve(site, dataset, zip_of(UCI | {YELP: b"Warm soup.\t1\nNo soup.\t0\n"}))
    new = b"text,label,domain\nWarm soup.,positive,yelp\nNo soup.,negative,yelp\n"
    found = set()
    for number in range(1, 6):
        with monkeypatch.context() as patched, suppress(Killed):
            killed_at(patched, number)
            fetch(dataset, folder, mirror=site.url)
        assert is_here(folder, dataset)
        found.add(part_file(folder, dataset, "yelp").read_bytes())
        settle(folder, dataset)
        assert there(folder) == [
            "fetched.json", "uci", "uci/amazon.csv", "uci/imdb.csv", "uci/yelp.csv",
        ]  # fmt: skip
    assert found == {old, new}


def test_two_at_once_do_not_write_to_one_file(site, folder):
    dataset = CATALOG["uci"]
    serve(site, dataset, zip_of(UCI), cut=100, wait=1)
    first = threading.Thread(
        target=pytest.raises, args=(DataError, fetch, dataset, folder), kwargs={"mirror": site.url}
    )
    first.start()
    while not site.requests:
        time.sleep(0.01)
    failing(site, folder, dataset, "by another process")
    first.join()
    serve(site, dataset, zip_of(UCI))
    fetch(dataset, folder, mirror=site.url)


def test_a_place_that_cannot_be_written_is_told(site, tmp_path):
    (tmp_path / "datasets").write_text("a file")
    assert "--cache" in failing(site, tmp_path / "datasets", CATALOG["uci"], "datasets")


def test_a_work_folder_that_was_deleted_before_it_was_locked_is_not_worked_in(
    site, folder, monkeypatch
):
    fcntl = pytest.importorskip("fcntl")
    lock = fcntl.flock

    def late(descriptor, operation):
        if operation == fcntl.LOCK_EX | fcntl.LOCK_NB:
            (folder / "uci.partial").rmdir()
            (folder / "uci.partial").mkdir()
        return lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    failing(site, folder, CATALOG["uci"], "by another process")
    assert site.requests == []


NAMES = st.text(st.sampled_from("./\\:ab"), min_size=1, max_size=10)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(NAMES, unique=True, max_size=4), tar=st.booleans())
def test_wherever_names_in_archives_lead_nothing_is_written_elsewhere(
    site, tmp_path_factory, names, tar
):
    place = tmp_path_factory.mktemp("fetch")
    dataset = pinned("imdb" if tar else "sst2", None)
    evil = dict.fromkeys(names, b"evil")
    serve(site, dataset, tar_of(IMDB | evil) if tar else zip_of(TREES | evil))
    with suppress(DataError):
        fetch(dataset, place / "cache" / "datasets", mirror=site.url)
    files = {path.name for path in place.rglob("*") if path.is_file()}
    assert files <= {"fetched.json", *(f"{part}.csv" for part in dataset.parts)}
    assert [path.name for path in place.iterdir()] == ["cache"]
    assert [path.name for path in (place / "cache").iterdir()] == ["datasets"]


def test_the_catalog_is_whole():
    for name, dataset in CATALOG.items():
        assert name == dataset.name
        assert {"text", "label"} <= set(dataset.columns)
        assert dataset.home.startswith("https://")
        names = [download.file_name for download in dataset.downloads]
        assert len(set(names)) == len(names)
        for download in dataset.downloads:
            assert download.url.startswith("https://")
            assert download.size > 0
            assert download.sha256 is None or len(bytes.fromhex(download.sha256)) == 32
