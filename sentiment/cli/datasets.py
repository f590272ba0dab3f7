"""`sentiment datasets`: download public data sets, and use them by name."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.datasets.cache import VARIABLE, datasets_folder, is_here, read_hashes, settle
from sentiment.datasets.catalog import CATALOG, Dataset, find_dataset
from sentiment.datasets.download import MIRROR, Fetched, Progress, fetch, read_mirror
from sentiment.errors import UsageError, hint
from sentiment.reviews.cells import progress_bar

_SECONDS_BETWEEN = 0.1


def _names_beginning(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Return the data sets that begin as typed."""
    return [name for name in CATALOG if name.startswith(incomplete)]


_cache_option: Callable[..., Any] = click.option(
    "--cache", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help=f"Keep data sets here. Default: ${VARIABLE}, else the platform's cache folder.",
)  # fmt: skip


@click.group(cls=options.Group, short_help="Download public data sets, and use them by name.")
def command() -> None:
    """Download public data sets, and use them by name.

    A data set has parts. Its name means the part that fits the command: `train` for train, `test`
    for evaluate, report, compare, predict and explain, `validation` for calibrate and --validation,
    `unlabeled` for --unlabeled; NAME:PART names another. Without such parts (uci), it means all of
    the set. A file or folder of the same name takes precedence.

    \b
    Examples:
      sentiment datasets list
      sentiment datasets get imdb
      sentiment train imdb --unlabeled imdb -o imdb.safetensors
      sentiment evaluate imdb -m imdb.safetensors
      sentiment evaluate uci:yelp -m imdb.safetensors
    """


@command.command("list", short_help="List data sets, their sizes and licences.")
@_cache_option
@options.as_json
@options.verbosity
def list_command(cache: Path | None, as_json: bool) -> None:
    """List data sets: contents, sizes, licences, and whether they are downloaded.

    \b
    Examples:
      sentiment datasets list
      sentiment datasets list --json
    """
    folder = datasets_folder(cache)
    if as_json:
        click.echo(json.dumps([_facts(dataset, folder) for dataset in CATALOG.values()]))
    else:
        parts = ["\n".join(_as_text(dataset, folder)) for dataset in CATALOG.values()]
        click.echo("\n\n".join(parts))


@command.command("get", short_help="Download data sets from their publishers.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...",
                shell_complete=_names_beginning)  # fmt: skip
@click.option("--force", is_flag=True, help="Download again what is already here.")
@_cache_option
@options.as_json
@options.verbosity
def get_command(names: tuple[str, ...], force: bool, cache: Path | None, as_json: bool) -> None:
    """Download data sets from their publishers; prints their sizes and licences first.

    A data set is downloaded completely or not at all: if the download is interrupted, run the
    command again. Archives are read, never extracted; each part becomes a CSV file.

    A data set is pinned if the SHA-256 of its files is known. For others the hash of the rows is
    stored, and a change is reported at the next download.

    Behind a firewall: $SENTIMENT_MIRROR is the URL of a mirror with the files as NAME/FILE;
    $https_proxy names a proxy.

    \b
    Examples:
      sentiment datasets get imdb
      sentiment datasets get sst2 uci --cache /srv/data
    """
    folder = datasets_folder(cache)
    datasets = [_known(name) for name in names]
    for dataset in datasets:
        if is_here(folder, dataset) and not force:
            settle(folder, dataset)
            console.note(f"{dataset.name} is already here; --force downloads it again")
        else:
            _get(dataset, folder)
    if cache and folder != datasets_folder():
        console.note(f"to use it by name: {VARIABLE}={cache}")
    if as_json:
        click.echo(json.dumps([_facts(dataset, folder) for dataset in datasets]))


def _known(name: str) -> Dataset:
    dataset = find_dataset(name)
    if dataset is None:
        near = hint(name, CATALOG)
        raise UsageError(f"no data set {name!r}{near}; there are {', '.join(CATALOG)}")
    return dataset


def _get(dataset: Dataset, folder: Path) -> None:
    """Download a data set; print what it is, and what was saved."""
    mirror = read_mirror()
    site = f"{mirror} (${MIRROR})" if mirror else urlsplit(dataset.downloads[0].url).hostname
    console.note(f"{dataset.name}: {dataset.about}")
    console.note(f"licence: {dataset.licence}; see {dataset.home}")
    console.note(f"downloading {_size(dataset)} from {site}")
    fetched = fetch(dataset, folder, mirror=mirror, progress=_ShownProgress())
    _warn(dataset, fetched)
    console.note(f"saved {folder / dataset.name}: {_reviews(fetched.reviews)}")
    if not dataset.pinned:
        console.note(f"unpinned: stored the hash of its rows, {fetched.rows_hash[:12]}…")


def _warn(dataset: Dataset, fetched: Fetched) -> None:
    """Warn if rows differ from the last download, or from what was published."""
    if fetched.before not in {None, fetched.rows_hash}:
        console.warn(
            f"{dataset.name} has changed: the hash of its rows is {fetched.rows_hash[:12]}…, and "
            f"was {fetched.before[:12]}… at the last download"
        )
    if fetched.reviews != dict(dataset.parts):
        console.warn(f"{dataset.name} was published with {_reviews(dataset.parts)}")


class _ShownProgress(Progress):
    """A progress bar, on a terminal."""

    def __init__(self) -> None:
        self._shown = 0.0

    def downloaded(self, file: str, there: int, of: int | None) -> None:
        bar = f" {progress_bar(there, of)}" if of else ""
        total = f" of {of / 1e6:,.1f}" if of else ""
        self._show(f"{file}{bar} {there / 1e6:,.1f}{total} MB")

    def unpacked(self, rows: int) -> None:
        self._show(f"unpacking: {rows:,} reviews …")

    def _show(self, text: str) -> None:
        now = time.monotonic()
        if now - self._shown >= _SECONDS_BETWEEN:
            self._shown = now
            console.status(text)


def _facts(dataset: Dataset, folder: Path) -> dict[str, Any]:
    here = is_here(folder, dataset)
    return {
        "name": dataset.name,
        "about": dataset.about,
        "licence": dataset.licence,
        "home": dataset.home,
        "reviews": dict(dataset.parts),
        "download_bytes": dataset.size,
        "downloads": [
            {"url": each.url, "bytes": each.size, "sha256": each.sha256}
            for each in dataset.downloads
        ],
        "pinned": dataset.pinned,
        "here": here,
        "folder": str(folder / dataset.name) if here else None,
        "rows_hash": read_hashes(folder).get(dataset.name),
    }


def _as_text(dataset: Dataset, folder: Path) -> Iterator[str]:
    here = "downloaded" if is_here(folder, dataset) else ""
    yield f"{dataset.name:<16}{_size(dataset):>9}  {here}".rstrip()
    yield f"  {dataset.about}"
    yield f"  {_reviews(dataset.parts)}{'' if dataset.pinned else '; unpinned'}"
    yield f"  licence: {dataset.licence}"


def _reviews(parts: Any) -> str:
    return ", ".join(f"{count:,} {part}" for part, count in parts.items())


def _size(dataset: Dataset) -> str:
    return f"{dataset.size / 1e6:,.1f} MB"
