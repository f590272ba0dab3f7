"""The files that a command reads and writes, checked before the work starts."""

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.errors import UsageError
from sentiment.files import is_stream

if TYPE_CHECKING:
    from sentiment.reviews.streams import Where

STDOUT = Path("/dev/stdout")

# The part of a public data set that each purpose reads.
PARTS = {
    "training": "train",
    "validation": "validation",
    "calibration": "validation",
    "evaluation": "test",
    "answering": "test",
    "unlabeled": "unlabeled",
}


def resolve_inputs(names: Sequence[str], purpose: str) -> list["Where"]:
    """Return the files that names stand for.

    Args:
        names: files, globs, folders, public data sets, `-` for stdin.
        purpose: one of `PARTS`.

    Raises:
        DataError: a file does not exist.
        UsageError: a name is empty, stdin is named twice, or a data set has no such part.
    """
    from sentiment.datasets.cache import resolve  # answering a text starts without these
    from sentiment.reviews.opening import expand

    return expand(resolve(names, PARTS[purpose], whole=purpose == "answering"))


def check_targets(targets: Sequence[Path], read: Iterable["Where"], *, force: bool) -> None:
    """Check before the work starts that its results can be written, and overwrite no input.

    Args:
        targets: files to write.
        read: the inputs, see `resolve_inputs`; not even `--force` overwrites them.
        force: whether targets may exist.

    Raises:
        UsageError: a target is an input, exists without `--force`, is named twice, or cannot be
            written.
    """
    read = list(read)
    seen = set()
    for target in targets:
        try:
            _check(target, read, force)
            place = target.resolve()
        except OSError as error:
            raise UsageError(f"{target}: cannot write there: {error.strerror}") from error
        if place in seen:
            raise UsageError(f"{target} would be written twice; choose another path")
        seen.add(place)


def _check(target: Path, read: Iterable["Where"], force: bool) -> None:
    there = _status(target)
    if there and stat.S_ISDIR(there.st_mode):
        raise UsageError(f"{target}: a folder, not a file")
    if there and any(_is_read(target, there, place) for place in read):
        raise UsageError(f"{target}: would overwrite an input; choose another path")
    if is_stream(target):
        return
    if there and not force:
        raise UsageError(f"{target} exists; --force overwrites it")
    folder = target.resolve().parent
    if not folder.is_dir():
        raise UsageError(f"{target.parent}: no such folder")
    from tempfile import TemporaryFile  # predict starts without it

    with TemporaryFile(dir=folder):
        pass


def _status(path: Path) -> os.stat_result | None:
    """Return the file's status, None if it does not exist."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_read(target: Path, there: os.stat_result, place: "Where") -> bool:
    """Return whether a target is an input, under any name or as one of a folder's texts."""
    try:
        other = os.fstat(0) if place == "-" else Path(place).stat()
    except NotADirectoryError:  # a file in an archive
        archives = [parent for parent in Path(place).parents if parent.is_file()]
        return any(os.path.samestat(there, archive.stat()) for archive in archives)
    except OSError:  # reported when it is read
        return False
    if stat.S_ISDIR(other.st_mode):
        file = target.resolve()
        return file.suffix.lower() == ".txt" and file.is_relative_to(Path(place).resolve())
    return stat.S_ISREG(other.st_mode) and os.path.samestat(there, other)
