"""Where fetched sets of reviews are kept."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.errors import UsageError

if TYPE_CHECKING:
    from sentiment.datasets.catalog import Dataset

VARIABLE = "SENTIMENT_CACHE"
MIRROR = "SENTIMENT_MIRROR"
READY = "ready"  # holds, in the folder where a set is made, what is about to take its place


def datasets_folder(cache: Path | None = None) -> Path:
    """Give the folder of all sets: below the cache that was named, else the platform's own."""
    return (cache or _cache_folder(os.environ, sys.platform)) / "datasets"


def part_file(folder: Path, dataset: "Dataset", part: str) -> Path:
    """Give the file of a part of a set.

    Args:
        folder: The folder of all sets.
        dataset: The set.
        part: One of its parts.
    """
    place = folder / dataset.name
    # A run that is killed between two renames leaves none there.
    here = place if place.is_dir() else work_folder(folder, dataset) / READY
    return (here if here.is_dir() else place) / f"{part}.csv"


def work_folder(folder: Path, dataset: "Dataset") -> Path:
    """Give the folder in which a set is made, before it takes its place."""
    return folder / f"{dataset.name}.partial"


def is_here(folder: Path, dataset: "Dataset") -> bool:
    """Tell whether a set was fetched, whole."""
    return all(part_file(folder, dataset, part).is_file() for part in dataset.parts)


def _cache_folder(environment: Mapping[str, str], platform: str) -> Path:
    """Find the cache folder: `SENTIMENT_CACHE`, else by the convention of the platform.

    Raises:
        UsageError: There is neither a variable that tells it nor a home folder.
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
