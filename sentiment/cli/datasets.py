"""`sentiment datasets`: public sets of reviews, fetched once and then used by name."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from sentiment.cli.commands import Group
from sentiment.cli.console import Console, console
from sentiment.cli.options import json_option, verbosity_options
from sentiment.datasets.cache import VARIABLE, datasets_folder, is_here, read_hashes, settle
from sentiment.datasets.catalog import CATALOG, Dataset, find_dataset
from sentiment.datasets.download import MIRROR, Fetched, Progress, fetch, read_mirror
from sentiment.errors import UsageError, hint
from sentiment.reviews.cells import progress_bar

_SECONDS_BETWEEN = 0.1

_cache_option: Callable[..., Any] = click.option(
    "--cache", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help=f"Keep the sets here; by default ${VARIABLE}, else where the platform keeps caches.",
)  # fmt: skip


@click.group(cls=Group, short_help="Fetch public sets of reviews, to be used by name.")
def command() -> None:
    """Fetch public sets of reviews, to be used by name.

    A set comes in parts. Its name alone stands for the part that fits the command: `train` for
    train, `test` for evaluate, report, compare, predict and explain, `validation` for calibrate and
    --validation, `unlabeled` for --unlabeled; NAME:PART for the one you say. A set that was
    published without these (uci) stands for all of itself. A file or folder of the same name goes
    first.

    \b
    Examples:
      sentiment datasets list
      sentiment datasets get imdb
      sentiment train imdb --unlabeled imdb -o imdb.safetensors
      sentiment evaluate imdb -m imdb.safetensors
      sentiment evaluate uci:yelp -m imdb.safetensors
    """


@command.command("list", short_help="Show which sets there are, their sizes and licences.")
@_cache_option
@json_option
@verbosity_options
def list_command(cache: Path | None, as_json: bool) -> None:
    """Show which sets there are: what they hold, their sizes and licences, whether they are here.

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


@command.command("get", short_help="Fetch sets from their publishers' sites.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...",
                shell_complete=lambda *_: list(CATALOG))  # fmt: skip
@click.option("--force", is_flag=True, help="Fetch anew what is here already.")
@_cache_option
@json_option
@verbosity_options
def get_command(names: tuple[str, ...], force: bool, cache: Path | None, as_json: bool) -> None:
    """Fetch sets from their publishers' sites; their sizes and licences are said first.

    A set is fetched whole or not at all: after a download that breaks off, run the command again.
    Archives are read, never extracted; each part becomes a CSV file.

    A set is pinned if the SHA-256 of its files is known. Of others the hash of their rows is
    remembered, and a change is warned of the next time.

    Behind a firewall: $SENTIMENT_MIRROR is an address below which the files stand as NAME/FILE;
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
            console.note(f"{dataset.name} is here already; --force fetches it anew")
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
        raise UsageError(f"no set is called {name!r}{near}; there are {', '.join(CATALOG)}")
    return dataset


def _get(dataset: Dataset, folder: Path) -> None:
    """Fetch a set: say first what it is, then what came of it."""
    mirror = read_mirror()
    site = f"{mirror} (${MIRROR})" if mirror else urlsplit(dataset.downloads[0].url).hostname
    console.note(f"{dataset.name}: {dataset.about}")
    console.note(f"licence: {dataset.licence}; see {dataset.home}")
    console.note(f"fetching {_size(dataset)} from {site}")
    fetched = fetch(dataset, folder, mirror=mirror, progress=_ShownProgress(console))
    _warn(dataset, fetched)
    console.note(f"saved {folder / dataset.name}: {_reviews(fetched.reviews)}")
    if not dataset.pinned:
        console.note(f"unpinned: its rows hash to {fetched.rows_hash[:12]}…, which is remembered")


def _warn(dataset: Dataset, fetched: Fetched) -> None:
    """Warn of what is not as it was, or as it was published."""
    if fetched.before not in {None, fetched.rows_hash}:
        console.warn(
            f"{dataset.name} has changed: its rows hash to {fetched.rows_hash[:12]}…, and hashed "
            f"to {fetched.before[:12]}… when it was fetched before"
        )
    if fetched.reviews != dict(dataset.parts):
        console.warn(f"{dataset.name} was published with {_reviews(dataset.parts)}")


class _ShownProgress(Progress):
    """A bar that moves, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0.0

    def downloaded(self, file: str, there: int, of: int | None) -> None:
        """Move the bar."""
        bar = f" {progress_bar(there, of)}" if of else ""
        total = f" of {of / 1e6:,.1f}" if of else ""
        self._show(f"{file}{bar} {there / 1e6:,.1f}{total} MB")

    def unpacked(self, rows: int) -> None:
        """Count."""
        self._show(f"unpacking: {rows:,} reviews …")

    def _show(self, text: str) -> None:
        now = time.monotonic()
        if now - self._shown >= _SECONDS_BETWEEN:
            self._shown = now
            self._console.status(text)


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
    here = "here" if is_here(folder, dataset) else ""
    yield f"{dataset.name:<16}{_size(dataset):>9}  {here}".rstrip()
    yield f"  {dataset.about}"
    yield f"  {_reviews(dataset.parts)}{'' if dataset.pinned else '; unpinned'}"
    yield f"  licence: {dataset.licence}"


def _reviews(parts: Any) -> str:
    return ", ".join(f"{count:,} {part}" for part, count in parts.items())


def _size(dataset: Dataset) -> str:
    return f"{dataset.size / 1e6:,.1f} MB"
