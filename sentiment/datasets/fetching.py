"""A set of reviews from its publisher's site to its place here, whole or not at all."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path

from sentiment.datasets.archives import DAMAGE, Unexpected, read_members
from sentiment.datasets.catalog import Dataset, Download
from sentiment.datasets.download import TIMEOUT, download
from sentiment.datasets.layouts import PartRow
from sentiment.datasets.parts import write_parts
from sentiment.datasets.places import MIRROR, READY, work_folder
from sentiment.datasets.records import Record, read_records, remember
from sentiment.datasets.web import NoAnswer
from sentiment.errors import DataError, UsageError
from sentiment.files import locked

_ROWS_BETWEEN_REPORTS = 1000


class Progress:
    """Hears how the fetching goes on; this one keeps it to itself."""

    def downloaded(self, file: str, there: int, of: int | None) -> None:
        """Hear how many bytes of a file are there, of how many if that is known."""

    def unpacked(self, rows: int) -> None:
        """Hear how many reviews were read."""


@dataclass(frozen=True)
class Fetched:
    """What came of it.

    Attributes:
        folder: where the parts stand.
        record: what was seen.
        before: what was seen when the set was fetched before, None for the first time.
    """

    folder: Path
    record: Record
    before: Record | None


def fetch(
    dataset: Dataset,
    folder: Path,
    *,
    mirror: str | None = None,
    progress: Progress | None = None,
    timeout: float = TIMEOUT,
) -> Fetched:
    """Fetch a set, and put it in the place of what is there of it.

    Interrupted, it leaves what has come in `NAME.partial`, and goes on from there the next time.

    Args:
        dataset: The set.
        folder: The folder of all sets.
        mirror: An address below which the files stand as `NAME/FILE`, not the publisher's.
        progress: Hears how it goes on.
        timeout: Seconds to wait for a sign of life from a server.

    Raises:
        DataError: A file cannot be had, is not the one that is expected, or nothing can be written.
        UsageError: The mirror is not an address.
    """
    progress = progress or Progress()
    check_mirror(mirror)
    work, place = work_folder(folder, dataset), folder / dataset.name
    addresses = {_address(each, dataset, mirror): each for each in dataset.downloads}
    try:
        with _alone(work):
            _put_in_place(work, place)
            record = _bring(dataset, addresses, work, progress, timeout)
            before = read_records(folder).get(dataset.name)
            remember(folder, dataset.name, record)
            (work / "parts").replace(work / READY)
            _put_in_place(work, place)
    except BlockingIOError as error:
        raise DataError(f"{dataset.name} is being fetched by another process") from error
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: {error.strerror or error}; another folder is named "
            "with --cache"
        ) from error
    return Fetched(place, record, before)


def settle(dataset: Dataset, folder: Path) -> None:
    """Finish what a killed run had all but done, so that nothing of it stays.

    Args:
        dataset: The set.
        folder: The folder of all sets.
    """
    work = work_folder(folder, dataset)
    if work.is_dir():
        with suppress(OSError), _alone(work):  # in use, or not ours to write
            _put_in_place(work, folder / dataset.name)


def check_mirror(mirror: str | None) -> None:
    """Check that a mirror, if there is one, can be asked.

    Raises:
        UsageError: It is not an address.
    """
    if mirror and not mirror.startswith(("http://", "https://")):
        raise UsageError(f"${MIRROR} is {mirror!r}; it is to begin with http:// or https://")


def _address(source: Download, dataset: Dataset, mirror: str | None) -> str:
    if not mirror:
        return source.url
    return f"{mirror.rstrip('/')}/{dataset.name}/{source.file_name}"


def _bring(
    dataset: Dataset,
    addresses: Mapping[str, Download],
    work: Path,
    progress: Progress,
    timeout: float,
) -> Record:
    """Download a set, and unpack it into `parts`.

    Raises:
        DataError: It cannot be had, and what has come stays; or it is another, and is deleted.
    """
    try:
        hashes = {}
        for url, source in addresses.items():
            file = work / source.file_name
            _download(url, source, file, progress, timeout)
            hashes[file] = _checked_hash(url, source, file)
        return _unpack(hashes, dataset, work / "parts", progress)
    except NoAnswer as error:
        raise _failed(dataset, str(error), work) from error
    except Unexpected as error:
        shutil.rmtree(work)
        raise DataError(
            f"{dataset.name}: {error}; it is deleted; try again, or see whether {dataset.home} "
            "tells of a change"
        ) from error


def _download(url: str, source: Download, file: Path, progress: Progress, timeout: float) -> None:
    def report(there: int, of: int | None) -> None:
        progress.downloaded(file.name, there, of)

    try:
        download(url, file, size=source.size, report=report, timeout=timeout)
    except NoAnswer as error:
        raise NoAnswer(f"{url}: {error}", error.status) from error


def _checked_hash(url: str, source: Download, file: Path) -> str:
    """Hash a file, and check that it is the one that is known."""
    with file.open("rb") as content:
        found = file_digest(content, "sha256").hexdigest()
    if source.sha256 not in {None, found}:
        raise Unexpected(
            f"{url} is not the file that is known (its SHA-256 begins with {found[:12]}, not with "
            f"{source.sha256[:12]})"
        )
    return found


def _unpack(
    hashes: Mapping[Path, str], dataset: Dataset, parts: Path, progress: Progress
) -> Record:
    """Write the parts into a folder, which does not stay unless all is well."""
    shutil.rmtree(parts, ignore_errors=True)  # a killed run leaves them
    parts.mkdir()
    try:
        rows = _counted(dataset.layout(read_members(hashes)), progress)
        counts, rows_hash = write_parts(rows, dataset, parts)
    except BaseException as error:
        shutil.rmtree(parts)
        if isinstance(error, DAMAGE):
            raise Unexpected(f"what came is damaged ({error})") from error
        raise
    return Record(rows_hash, counts, {file.name: found for file, found in hashes.items()})


def _counted(rows: Iterable[PartRow], progress: Progress) -> Iterator[PartRow]:
    for number, row in enumerate(rows, start=1):
        if number % _ROWS_BETWEEN_REPORTS == 0:
            progress.unpacked(number)
        yield row


def _put_in_place(work: Path, place: Path) -> None:
    """Move parts that are ready to their place, and delete what was there and the downloads.

    Killed anywhere in between, it can be called again; `part_file` finds the parts meanwhile.
    """
    ready, old = work / READY, work / "old"
    if ready.is_dir():
        for file in work.iterdir():
            if file.is_file():
                file.unlink()
        shutil.rmtree(old, ignore_errors=True)
        if place.exists():
            place.replace(old)
        ready.replace(place)
    shutil.rmtree(old, ignore_errors=True)


def _failed(dataset: Dataset, why: str, work: Path) -> DataError:
    files = [file for file in work.iterdir() if file.is_file() and file.suffix != ".json"]
    kept = sum(file.stat().st_size for file in files)
    if kept:
        way_out = f"{kept / 1e6:,.1f} MB are here, and the same command goes on from there"
    else:
        way_out = f"try again later, or see {dataset.home}"
    return DataError(f"{dataset.name}: {why}; {way_out}")


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Make a folder to work in, and keep others from it; it stays if something is in it.

    Raises:
        BlockingIOError: Somebody else works there.
    """
    work.mkdir(parents=True, exist_ok=True)
    with locked(work):
        try:
            yield
        finally:
            with suppress(OSError):
                work.rmdir()
