"""Which files a command reads, and which it writes: none of the ones is one of the others."""

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment.errors import UsageError
from sentiment.files import is_stream

if TYPE_CHECKING:
    from sentiment.reviews.stream import Where

STDOUT = Path("/dev/stdout")

# Which part of a published set each purpose means.
PARTS = {
    "training": "train",
    "validation": "validation",
    "calibration": "validation",
    "evaluation": "test",
    "answering": "test",
    "unlabeled": "unlabeled",
}

# Whether a file may be read, reading it tells: a model has another exit code than reviews have.
NAME = click.Path(readable=False)
FILE = click.Path(readable=False, path_type=Path)


class TargetPath(click.Path):
    """A file to write; `-` is stdout, as of what is read it is stdin."""

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: D102
        return STDOUT if value == "-" else super().convert(value, param, ctx)


TARGET = TargetPath()


def places_of(names: Sequence[str], purpose: str) -> list["Where"]:
    """Find what is read where these names are given.

    Args:
        names: files, globs, folders, names of sets, `-` for stdin.
        purpose: one of `PARTS`.

    Raises:
        DataError: one is not there.
        UsageError: one is empty, stdin is named twice, or a set has no such part.
    """
    from sentiment.datasets.cache import resolve  # answering a text starts without these
    from sentiment.reviews import expand

    return expand(resolve(names, PARTS[purpose]))


def check_targets(targets: Sequence[Path], read: Iterable["Where"], *, force: bool) -> None:
    """Stop before work is done that could not be kept, or that would cost what it was done on.

    Args:
        targets: what is to be written.
        read: all that is read, see `places_of`: `--force` replaces none of it.
        force: whether they may be there already.

    Raises:
        UsageError: one is among what is read, is there and `--force` was not given, is to be
            written twice, or cannot be written.
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
            raise UsageError(f"{target} would be written to twice: name another")
        seen.add(place)


def _check(target: Path, read: Iterable["Where"], force: bool) -> None:
    """Check a target.

    Raises:
        OSError: it cannot be written.
        UsageError: it is not to be written.
    """
    there = _status(target)
    if there and stat.S_ISDIR(there.st_mode):
        raise UsageError(f"{target}: a folder, not a file")
    if there and any(_is_read(target, there, place) for place in read):
        raise UsageError(f"{target} is one of the files that are read: name another")
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
    """Say what is there, None for nothing."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _is_read(target: Path, there: os.stat_result, place: "Where") -> bool:
    """Whether a target is a file that is read: by whatever name, or as one of a folder's texts."""
    try:
        other = os.fstat(0) if place == "-" else Path(place).stat()
    except OSError:  # reading it will tell
        return False
    if stat.S_ISDIR(other.st_mode):
        file = target.resolve()
        return file.suffix.lower() == ".txt" and file.is_relative_to(Path(place).resolve())
    return stat.S_ISREG(other.st_mode) and os.path.samestat(there, other)
