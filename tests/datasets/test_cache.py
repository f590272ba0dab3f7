"""Which files a name stands for, and where they are kept."""

from pathlib import Path

import pytest

from sentiment.datasets.cache import _cache_folder, datasets_folder, resolve
from sentiment.datasets.catalog import CATALOG, find_dataset
from sentiment.errors import DataError, UsageError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache that seems to hold every set, and an empty folder to stand in."""
    monkeypatch.setenv("SENTIMENT_CACHE", str(tmp_path / "cache"))
    for dataset in CATALOG.values():
        (tmp_path / "cache" / "datasets" / dataset.name).mkdir(parents=True)
        for part in dataset.parts:
            (tmp_path / "cache" / "datasets" / dataset.name / f"{part}.csv").touch()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "cache" / "datasets"


@pytest.mark.parametrize(
    ("name", "purpose", "files"),
    [
        ("imdb", "train", ["imdb/train.csv"]),
        ("imdb", "test", ["imdb/test.csv"]),
        ("imdb", "unlabeled", ["imdb/unlabeled.csv"]),
        ("imdb:test", "train", ["imdb/test.csv"]),
        ("SST-2", "validation", ["sst2/validation.csv"]),
        ("tweet-eval", "test", ["tweet_eval/test.csv"]),
        ("uci", "train", ["uci/amazon.csv", "uci/imdb.csv", "uci/yelp.csv"]),
        ("uci", "unlabeled", ["uci/amazon.csv", "uci/imdb.csv", "uci/yelp.csv"]),
        ("uci:yelp", "test", ["uci/yelp.csv"]),
    ],
)
def test_a_name_stands_for_the_part_that_is_meant(cache, name, purpose, files):
    assert resolve([name], purpose) == [str(cache / file) for file in files]


@pytest.mark.parametrize(
    "name", ["-", "reviews.csv", "*.csv", "shop", "imbd.csv", "C:test", "", ":test"]
)
def test_other_names_are_left_as_they_are(cache, name):
    assert resolve([name], "train") == [name]


def test_a_name_that_is_nearly_one_of_a_set_is_asked_about(cache):
    with pytest.raises(DataError, match=r"imbd:test \(did you mean imdb\?\)"):
        resolve(["imbd:test"], "train")
    Path("imbd").touch()
    assert resolve(["imbd"], "train") == ["imbd"]


def test_a_file_or_folder_of_the_same_name_goes_first(cache):
    Path("imdb").mkdir()
    Path("sst2").touch()
    Path("uci:yelp").touch()
    names = ["imdb", "sst2", "uci:yelp"]
    assert resolve(names, "train") == names


def test_several_names_keep_their_order(cache):
    assert resolve(["a.csv", "sst2", "b.csv"], "train")[::2] == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("name", "purpose"), [("imdb:tset", "train"), ("imdb", "validation"), ("sst2", "unlabeled")]
)
def test_a_part_that_there_is_not_is_told_with_those_there_are(cache, name, purpose):
    with pytest.raises(UsageError, match=r"has no part .*; there are \w+:train, ") as caught:
        resolve([name], purpose)
    assert caught.value.exit_code == 2


def test_a_set_that_is_not_here_is_never_fetched_by_itself(cache):
    (cache / "imdb" / "test.csv").unlink()
    with pytest.raises(DataError, match=r"`sentiment datasets get imdb` fetches it \(84.1 MB\)"):
        resolve(["imdb"], "train")


def test_a_name_is_known_however_it_is_written():
    assert find_dataset("IMDb") is CATALOG["imdb"]
    assert find_dataset("yelp-polarity") is CATALOG["yelp_polarity"]
    assert find_dataset("yelp") is None


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/sentiment"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/sentiment"),
        ("linux", {}, "/home/me/.cache/sentiment"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "/home/me/Library/Caches/sentiment"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/sentiment/Cache"),
        ("win32", {}, "/home/me/AppData/Local/sentiment/Cache"),
        ("linux", {"SENTIMENT_CACHE": "mine", "XDG_CACHE_HOME": "/x"}, "mine"),
    ],
)
def test_the_cache_is_where_the_platform_keeps_caches(monkeypatch, platform, environment, folder):
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    assert _cache_folder(environment, platform) == Path(folder)


def test_without_a_home_the_way_out_is_told(monkeypatch):
    def nowhere():
        raise RuntimeError

    monkeypatch.setattr(Path, "home", nowhere)
    with pytest.raises(UsageError, match="SENTIMENT_CACHE"):
        _cache_folder({}, "linux")


def test_a_cache_that_is_named_goes_first(cache, tmp_path):
    assert datasets_folder(tmp_path / "other") == tmp_path / "other" / "datasets"
    assert datasets_folder() == cache
