"""From the name of a set to its files: `imdb`, or a part of it, `imdb:test`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.datasets.places import datasets_folder, is_here, part_file
from sentiment.errors import DataError, UsageError
from sentiment.suggesting import hint

if TYPE_CHECKING:
    from sentiment.datasets.catalog import Dataset

# Sets with one of these come with a split; of others, all parts are taken together.
SPLIT = frozenset({"train", "test"})


def find_dataset(name: str) -> "Dataset | None":
    """Give the set of a name, None if there is none; `SST-2` is `sst2`."""
    from sentiment.datasets.catalog import CATALOG  # files that exist do without archives

    normal = _normal(name)
    return next((each for known, each in CATALOG.items() if _normal(known) == normal), None)


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
        else:
            _ask_whether_meant(before, name)
            found.append(name)
    return found


def _ask_whether_meant(before: str, name: str) -> None:
    """Name the set that may have been meant by what is no file.

    Raises:
        DataError: There is one.
    """
    from sentiment.datasets.catalog import CATALOG  # files that exist do without archives

    if before.isidentifier() and (meant := hint(before, CATALOG)):
        raise DataError(f"no such file: {name}{meant}")


def _files(dataset: "Dataset", part: str, purpose: str) -> list[str]:
    if part or purpose in dataset.parts:
        parts = [part or purpose]
    elif SPLIT & dataset.parts.keys():
        parts = []
    else:
        parts = list(dataset.parts)
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


def _normal(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")
