"""Where fetched sets of reviews are kept, and from a name (`imdb`, `imdb:test`) to its files."""

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

VARIABLE = "SENTIMENT_CACHE"
# Sets with one of these come with a split; of others, all parts are taken together.
SPLIT = frozenset({"train", "test"})
_HASHES = "fetched.json"


def datasets_folder(cache: Path | None = None) -> Path:
    """Return the folder of all sets: below the cache that was named, else the platform's own."""
    return (cache or _cache_folder(os.environ, sys.platform)) / "datasets"


def part_file(folder: Path, dataset: Dataset, part: str) -> Path:
    """Return the file of a part of a set, `folder` being that of all sets."""
    new = _new_folder(folder, dataset)
    return (new if new.is_dir() else folder / dataset.name) / f"{part}.csv"


def is_here(folder: Path, dataset: Dataset) -> bool:
    """Whether a set was fetched, whole."""
    return all(part_file(folder, dataset, part).is_file() for part in dataset.parts)


def resolve(names: Sequence[str], purpose: str) -> list[str]:
    """Replace names of sets by their files; what exists as a file or folder is left as it is.

    Args:
        names: What the user gave: files, globs, "-", names of sets.
        purpose: The part that is meant where none is named: train, test, validation, unlabeled.

    Raises:
        DataError: A set was not fetched yet, or seems to be misspelt; or one may not look whether a
            file is there.
        UsageError: A set has no such part.
    """
    found: list[str] = []
    for name in names:
        before, _, part = name.partition(":")
        if name == "-" or _exists(name):
            found.append(name)
        elif dataset := find_dataset(before):
            found += _files(dataset, part, purpose)
        elif before.isidentifier() and (meant := hint(before, CATALOG)):
            raise DataError(f"no such file: {name}{meant}")
        else:
            found.append(name)
    return found


@contextmanager
def working(folder: Path, dataset: Dataset) -> Iterator[Path]:
    """Make an empty folder to work on a set in, and keep others from it; it does not stay.

    What a killed run left is finished or deleted first.

    Raises:
        BlockingIOError: Another process works on the set.
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
    """Let parts, all in a folder below that of the work, take the place of what is there."""
    parts.replace(_new_folder(folder, dataset))  # from here on, these are read
    _settle(folder, dataset, work)


def settle(folder: Path, dataset: Dataset) -> None:
    """Finish or delete what a killed run left of a set, if one may."""
    if any(folder.glob(f"{dataset.name}.*")):
        with suppress(OSError), working(folder, dataset):
            pass


def read_hashes(folder: Path) -> dict[str, str]:
    """Return the hash of the rows of each set that was ever fetched, also if it was removed since.

    A file that is missing or damaged is one that remembers nothing.
    """
    try:
        sets = json.loads((folder / _HASHES).read_bytes())
        return {name: str(facts["rows"]) for name, facts in sets.items()}
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return {}


def remember_hash(folder: Path, dataset: Dataset, rows_hash: str) -> None:
    """Write down the hash of the rows of a set."""
    hashes = read_hashes(folder) | {dataset.name: rows_hash}
    with replacing(folder / _HASHES) as file:
        file.write(json.dumps({name: {"rows": each} for name, each in hashes.items()}).encode())


def _new_folder(folder: Path, dataset: Dataset) -> Path:
    """Return the folder of a set that is whole, and about to take its place."""
    return folder / f"{dataset.name}.new"


def _settle(folder: Path, dataset: Dataset, work: Path) -> None:
    """Move a new set to its place; killed anywhere in between, it can be called again."""
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
            f"{dataset.name} is not here yet: `sentiment datasets get {dataset.name}` fetches it "
            f"({dataset.size / 1e6:,.1f} MB)"
        )
    return [str(part_file(folder, dataset, each)) for each in parts]


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError as error:
        raise DataError(f"{name}: {error.strerror}") from error


def _cache_folder(environment: Mapping[str, str], platform: str) -> Path:
    """Find the cache folder: `SENTIMENT_CACHE`, else by the convention of the platform.

    Raises:
        UsageError: There is neither a variable that names it nor a home folder.
    """
    if named := environment.get(VARIABLE):
        return Path(named)
    if platform == "win32":
        local = environment.get("LOCALAPPDATA")
        return (Path(local) if local else _home() / "AppData" / "Local") / "sentiment" / "Cache"
    if platform == "darwin":
        return _home() / "Library" / "Caches" / "sentiment"
    named = environment.get("XDG_CACHE_HOME", "")
    # The XDG specification: a path that is not absolute is to be ignored.
    return (Path(named) if named.startswith("/") else _home() / ".cache") / "sentiment"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise UsageError(f"no home folder to keep data in; name one in ${VARIABLE}") from error
