"""Download a dataset from its publisher into the cache, completely or not at all.

Downloads are not trusted. Encrypted connections stay encrypted, and sizes are limited. Archives are
read member by member, never extracted: names of members are only compared and never become paths,
and members that are not regular files (links, devices) are skipped.
"""

import gzip
import http.client
import os
import ssl
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib import request
from urllib.error import HTTPError, URLError

from sentiment import __version__
from sentiment.datasets.cache import put_in_place, read_hashes, remember_hash, working
from sentiment.datasets.catalog import Dataset, Download, DownloadError, Member
from sentiment.errors import DataError, UsageError
from sentiment.reviews.cells import csv_cell

MIRROR = "SENTIMENT_MIRROR"
TIMEOUT = 30.0  # seconds without a response
BLOCK = 1 << 18
SLACK = 10_000_000  # bytes added to limits on sizes
MOST_TIMES = 20  # ratio of an archive bomb; text compresses to a fifth at best
MOST_METADATA = 1_000_000  # tarfile reads long names and other headers into memory
ROWS_BETWEEN_REPORTS = 1000

# What reading a member of a damaged archive raises.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile)
# What listing the members may raise as well: invalid numbers or offsets, a password.
_NONSENSE = (OSError, ValueError, ArithmeticError, RuntimeError)
# Handlers of requests: HTTP and HTTPS only, through the proxies of the environment.
_HANDLERS = (
    request.ProxyHandler, request.HTTPSHandler, request.HTTPRedirectHandler, request.UnknownHandler,
    request.HTTPErrorProcessor, request.HTTPDefaultErrorHandler,
)  # fmt: skip
_ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Progress:
    """Receives the progress of a download; this base class ignores it."""

    def downloaded(self, file: str, there: int, of: int | None) -> None:
        """Receive the number of bytes downloaded of a file, and its size if known."""

    def unpacked(self, rows: int) -> None:
        """Receive the number of reviews read."""


class Fetched(NamedTuple):
    """The result: the reviews of each part, the hash of all rows, and the previous hash."""

    reviews: dict[str, int]
    rows_hash: str
    before: str | None  # None for the first download


def fetch(
    dataset: Dataset,
    folder: Path,
    *,
    mirror: str | None = None,
    progress: Progress | None = None,
    timeout: float = TIMEOUT,
) -> Fetched:
    """Download a dataset, and replace the copy in `folder`, that of all datasets.

    The files come from their publisher, or from a mirror that has them as `NAME/FILE`.

    Raises:
        DataError: A download failed, a file is not the expected one, or writing failed.
    """
    progress = progress or Progress()
    try:
        with working(folder, dataset) as work:
            files = []
            for source in dataset.downloads:
                url = f"{mirror}/{dataset.name}/{source.file_name}" if mirror else source.url
                files.append(work / source.file_name)
                _download(url, source, files[-1], progress, timeout)
            parts = work / "parts"
            reviews, rows_hash = _write_parts(files, dataset, parts, progress)
            put_in_place(folder, dataset, work, parts)
        before = read_hashes(folder).get(dataset.name)
        remember_hash(folder, dataset, rows_hash)
    except (DownloadError, *DAMAGE) as error:
        why = error if isinstance(error, DownloadError) else f"what came is damaged ({error})"
        raise DataError(
            f"{dataset.name}: {why}; nothing was kept: try again later, or look for changes at "
            f"{dataset.home}"
        ) from error
    except BlockingIOError as error:
        raise DataError(f"{dataset.name} is being downloaded by another process") from error
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: {error.strerror or error}; choose another folder with "
            "--cache"
        ) from error
    return Fetched(reviews, rows_hash, before)


def read_mirror() -> str | None:
    """Return the mirror set in the environment.

    Raises:
        UsageError: It is not an HTTP address.
    """
    mirror = os.environ.get(MIRROR)
    if mirror and not mirror.startswith(("http://", "https://")):
        raise UsageError(f"${MIRROR} is {mirror!r}; it must begin with http:// or https://")
    return mirror and mirror.rstrip("/")


def _download(url: str, source: Download, target: Path, progress: Progress, timeout: float) -> None:
    """Download a file to a target, and check its size and hash."""
    # Without a hash, the known size is approximate.
    most = source.size if source.sha256 else 2 * source.size + SLACK
    there, digest = 0, sha256()
    with target.open("wb") as file, closing(_blocks(url, timeout)) as blocks:
        for block, size in blocks:
            there += len(block)
            if there > most:
                raise DownloadError(f"{url} sends more than {most / 1e6:,.1f} MB")
            file.write(block)
            digest.update(block)
            progress.downloaded(target.name, there, size)
    found = digest.hexdigest()
    if source.sha256 not in {None, found}:
        raise DownloadError(
            f"{url} is not the expected file (its SHA-256 begins with {found[:12]}, not with "
            f"{source.sha256[:12]})"
        )


def _blocks(url: str, timeout: float) -> Generator[tuple[bytes, int | None]]:
    """Yield a file block by block, each with the size of the file, or None if unknown."""
    try:
        asked = request.Request(url, headers={"User-Agent": f"sentiment/{__version__}"})
        with _opener(url).open(asked, timeout=timeout) as answer:
            if answer.status != http.HTTPStatus.OK:  # such as an unrequested part
                raise HTTPError(url, answer.status, "", answer.headers, None)
            length = answer.headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() else None
            there = 0
            while block := answer.read1(BLOCK):
                there += len(block)
                yield block, size
            if size not in {None, there}:
                raise http.client.IncompleteRead(b"")
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: bad address
        raise DownloadError(f"{url}: {_explain(error)}") from error


def _opener(url: str) -> request.OpenerDirector:
    """Return an opener for an address; it follows no redirect from https to http."""
    opener = request.OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    if not url.startswith("https:"):
        opener.add_handler(request.HTTPHandler())
    return opener


def _explain(error: Exception) -> str:
    """Return what went wrong, without quoting text from the server."""
    if isinstance(error, HTTPError):
        error.close()
        if 300 <= error.code < 400:
            return "it redirects in a loop, too often, or to an address that is not http(s)"
        return f"it answers {error.code} {http.client.responses.get(error.code, '')}".rstrip()
    if isinstance(error, URLError) and isinstance(error.reason, str):
        return "it redirects to an address without encryption, or to an invalid one"
    match error.reason if isinstance(error, URLError) else error:
        case TimeoutError():
            words = "it does not answer in time"
        case ssl.SSLCertVerificationError() as fault:
            words = f"its certificate cannot be verified ({fault.verify_message})"
        case ConnectionRefusedError():
            words = "it refuses the connection"
        case http.client.HTTPException() | ConnectionError():
            words = "the connection broke"
        case OSError() as fault:
            words = f"no connection ({fault.strerror or 'for an unknown reason'})"
        case fault:
            words = str(fault)
    return words


def _write_parts(
    files: Iterable[Path], dataset: Dataset, folder: Path, progress: Progress
) -> tuple[dict[str, int], str]:
    """Create a folder and write each part into it, as `PART.csv` with a header.

    Returns:
        The number of reviews of each part, and the hash of all rows, hexadecimal. The hash does not
        depend on the order of rows: a repacked archive of the same reviews has the same hash.
    """
    folder.mkdir()
    reviews = dict.fromkeys(dataset.parts, 0)
    total = 0
    with ExitStack() as stack:
        parts = {
            part: stack.enter_context(
                (folder / f"{part}.csv").open("w", encoding="utf-8", newline="")
            )
            for part in reviews
        }
        for file in parts.values():
            file.write(",".join(dataset.columns) + "\n")
        rows = dataset.layout(read_members(files))
        for number, (part, cells) in enumerate(rows, start=1):
            line = ",".join(map(csv_cell, cells)) + "\n"
            parts[part].write(line)
            reviews[part] += 1
            total += int.from_bytes(sha256(f"{part},{line}".encode()).digest())
            if number % ROWS_BETWEEN_REPORTS == 0:
                progress.unpacked(number)
    for part, count in reviews.items():
        if not count:
            raise DownloadError(f"no reviews found for its part {part}")
    return reviews, f"{total % 2**256:064x}"


def read_members(paths: Iterable[Path]) -> Iterator[Member]:
    """Yield the files in archives (.zip, .tgz, .tar.gz), and other files as they are, in order.

    Links, devices and the like are skipped.

    Raises:
        DownloadError: An archive is damaged, or unpacks to too much. Reading a member may raise
            `DAMAGE`.
    """
    for path in paths:
        limit = path.stat().st_size * MOST_TIMES + SLACK
        try:
            if path.suffix == ".zip":
                yield from _zip_members(path, limit)
            elif path.suffix in {".tgz", ".gz"}:
                yield from _tar_members(path, limit)
            else:
                with path.open("rb") as content:
                    yield Member(path.name, content)
        except (*DAMAGE, *_NONSENSE) as error:
            raise DownloadError(f"{path.name} is damaged ({error})") from error


def _zip_members(path: Path, limit: int) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > limit:
            raise _too_much(limit)
        for entry in entries:
            kind = stat.S_IFMT(entry.external_attr >> 16)  # 0 if the archive does not say
            is_file = kind in {0, stat.S_IFREG} and entry.filename and not entry.is_dir()
            if is_file and entry.compress_type in _ZIP_METHODS:
                with archive.open(entry) as content:  # limited to the declared size
                    yield Member(entry.filename, content)  # type: ignore[arg-type]


def _tar_members(path: Path, limit: int) -> Iterator[Member]:
    with gzip.open(path) as unpacked:
        stream = _Limited(unpacked, limit)  # type: ignore[arg-type]
        # As a stream: in the order of the archive, without seeking back.
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Entry) as archive:  # type: ignore[call-overload]
            while entry := archive.next():
                archive.members = []  # tarfile would keep them all in memory
                # A sparse file unpacks to far more bytes than the stream has.
                is_file = entry.isreg() and not entry.issparse()
                if is_file and (content := archive.extractfile(entry)):
                    yield Member(entry.name, content)
        while stream.read(1 << 20):  # up to gzip's checksum at the end
            pass


class _Entry(tarfile.TarInfo):
    """A header with a limited size, because tarfile reads it into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Entry":
        entry = super().frombuf(buf, encoding, errors)
        if entry.type not in tarfile.REGULAR_TYPES and entry.size > MOST_METADATA:
            raise DownloadError("it has a header that is too long")
        return entry


class _Limited:
    """A stream of limited length."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._read = 0

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self._read += len(block)
        if self._read > self._limit:
            raise _too_much(self._limit)
        return block


def _too_much(limit: int) -> DownloadError:
    return DownloadError(f"it unpacks to more than {limit / 1e6:,.0f} MB")
