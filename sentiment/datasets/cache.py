"""The cache of downloaded datasets, and names (`imdb`, `imdb:test`) resolved to its files."""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sentiment.datasets.catalog import CATALOG, Dataset, find_dataset
from sentiment.errors import DataError, UsageError, hint
from sentiment.files import locked, replacing
from sentiment.reviews.folders import part_of

VARIABLE = "SENTIMENT_CACHE"
# Datasets with one of these come with a split; of others, all parts are used together.
SPLIT = frozenset({"train", "test"})
_HASHES = "fetched.json"


def datasets_folder(cache: Path | None = None) -> Path:
    """Return the folder of all datasets, in the given cache or in the platform's."""
    return (cache or _cache_folder(os.environ, sys.platform)) / "datasets"


def part_file(folder: Path, dataset: Dataset, part: str) -> Path:
    """Return the file of a part of a dataset; `folder` is that of all datasets."""
    new = _new_folder(folder, dataset)
    return (new if new.is_dir() else folder / dataset.name) / f"{part}.csv"


def is_here(folder: Path, dataset: Dataset) -> bool:
    """Return whether all parts of a dataset have been downloaded."""
    return all(part_file(folder, dataset, part).is_file() for part in dataset.parts)


def resolve(names: Sequence[str], purpose: str, *, whole: bool = False) -> list[str]:
    """Replace names of datasets, and folders with parts, by the files of one part.

    Other names, globs and "-" stay.

    Args:
        names: As on the command line.
        purpose: The default part: train, test, validation or unlabeled.
        whole: Whether all parts of folders are wanted.

    Raises:
        DataError: A dataset is not downloaded, a folder has no such part, a name seems misspelt,
            or a path is inaccessible.
        UsageError: A dataset has no such part.
    """
    found: list[str] = []
    for name in names:
        before, _, part = name.partition(":")
        if name == "-" or _exists(name):
            is_folder = name not in ("", "-") and not whole and Path(name).is_dir()
            found += map(str, part_of(Path(name), purpose)) if is_folder else [name]
        elif dataset := find_dataset(before):
            found += _files(dataset, part, purpose)
        elif before.isidentifier() and (meant := hint(before, CATALOG)):
            raise DataError(f"no such file: {name}{meant}")
        else:
            found.append(name)
    return found


@contextmanager
def working(folder: Path, dataset: Dataset) -> Iterator[Path]:
    """Create and lock an empty working folder for a dataset; it is deleted in the end.

    What a killed run left is finished or deleted first.

    Raises:
        BlockingIOError: Another process is working on the dataset.
    """
    work = folder / f"{dataset.name}.partial"
    work.mkdir(parents=True, exist_ok=True)
    with locked(work):
        try:
            _settle(folder, dataset, work)
            for left in work.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def put_in_place(folder: Path, dataset: Dataset, work: Path, parts: Path) -> None:
    """Replace the dataset in the cache by the folder `parts`, which is inside `work`."""
    parts.replace(_new_folder(folder, dataset))  # from here on, these are read
    _settle(folder, dataset, work)


def settle(folder: Path, dataset: Dataset) -> None:
    """Finish or delete what a killed run left of a dataset, where permissions allow."""
    if any(folder.glob(f"{dataset.name}.*")):
        with suppress(OSError), working(folder, dataset):
            pass


def read_hashes(folder: Path) -> dict[str, str]:
    """Return the hash of the rows of each dataset ever downloaded, including removed ones.

    Return {} if the file is missing or damaged.
    """
    try:
        sets = json.loads((folder / _HASHES).read_bytes())
        return {name: str(facts["rows"]) for name, facts in sets.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return {}


def remember_hash(folder: Path, dataset: Dataset, rows_hash: str) -> None:
    """Record the hash of the rows of a dataset."""
    hashes = read_hashes(folder) | {dataset.name: rows_hash}
    with replacing(folder / _HASHES) as file:
        file.write(json.dumps({name: {"rows": each} for name, each in hashes.items()}).encode())


def _new_folder(folder: Path, dataset: Dataset) -> Path:
    """Return the folder of a complete dataset that is about to be moved into place."""
    return folder / f"{dataset.name}.new"


def _settle(folder: Path, dataset: Dataset, work: Path) -> None:
    """Move a new dataset into place; safe to repeat after being killed at any point."""
    new, place = _new_folder(folder, dataset), folder / dataset.name
    if new.is_dir():
        if place.exists():
            place.replace(work / "old")
        new.replace(place)


def _files(dataset: Dataset, part: str, purpose: str) -> list[str]:
    if part or purpose in dataset.parts:
        parts = [part or purpose]
    else:
        parts = [] if SPLIT & dataset.parts.keys() else list(dataset.parts)
    if not parts or parts[0] not in dataset.parts:
        there = ", ".join(f"{dataset.name}:{each}" for each in dataset.parts)
        meant = hint(part, dataset.parts)
        raise UsageError(
            f"{dataset.name} has no part {part or purpose!r}{meant}; there are {there}"
        )
    folder = datasets_folder()
    if not is_here(folder, dataset):
        raise DataError(
            f"{dataset.name} is not downloaded yet: `sentiment datasets get {dataset.name}` "
            f"fetches it ({dataset.size / 1e6:,.1f} MB)"
        )
    return [str(part_file(folder, dataset, each)) for each in parts]


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError as error:
        raise DataError(f"{name}: {error.strerror}") from error


def _cache_folder(environment: Mapping[str, str], platform: str) -> Path:
    """Return the cache folder: `SENTIMENT_CACHE`, or by the convention of the platform.

    Raises:
        UsageError: Neither the variable is set nor is there a home folder.
    """
    if named := environment.get(VARIABLE):
        return Path(named)
    if platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else _home() / "AppData" / "Local") / "sentiment" / "Cache"
    if platform == "darwin":
        return _home() / "Library" / "Caches" / "sentiment"
    named = environment.get("XDG_CACHE_HOME", "")
    # The XDG specification: relative paths must be ignored.
    return (Path(named) if named.startswith("/") else _home() / ".cache") / "sentiment"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise UsageError(f"no home folder to store data in; set ${VARIABLE}") from error
