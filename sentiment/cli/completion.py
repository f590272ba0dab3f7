"""What a shell completes: models, files, data sets, columns.

Only completions import this module. Whatever is wrong with a file, they stay silent.
"""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from glob import escape, glob
from itertools import pairwise
from pathlib import Path

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from sentiment.cli.paths import resolve_inputs
from sentiment.datasets.cache import datasets_folder, is_here
from sentiment.datasets.catalog import CATALOG
from sentiment.errors import SentimentError
from sentiment.general import bundled
from sentiment.reviews.batch import Ahead, first_readable
from sentiment.reviews.opening import open_source
from sentiment.reviews.streams import Where

_MODEL = ".safetensors"
_FEW = 3  # files whose columns are read


class _Bash(BashComplete):
    """Quotes what has spaces, and puts words together that bash parts at `:` and `=`.

    zsh and fish do both themselves.
    """

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, and the one at it."""
        args, incomplete = super().get_completion_args()
        *args, incomplete = _glued([*args, incomplete])
        self._done = incomplete.rpartition(":")[0] + ":"  # bash replaces what follows
        return args, incomplete

    def format_completion(self, item: CompletionItem[str]) -> str:
        value = item.value.removeprefix(self._done)
        return f"{item.type},{shlex.quote(value) if item.type == 'plain' else value}"


def _glued(words: Sequence[str]) -> list[str]:
    """Return words without breaks around `:` and `=`; an empty one stays by itself."""
    found: list[str] = []
    for before, word in pairwise(["", *words]):
        if found and word and {before, word} & {":", "="}:
            found[-1] += word
        else:
            found.append(word)
    return found


def complete(program: click.Command) -> None:
    """Print what the shell asks for in its variables, and exit."""
    add_completion_class(_Bash)
    program.main(prog_name="sentiment")


def items(names: Sequence[str], incomplete: str) -> list[CompletionItem[str]]:
    """Return those names that begin as typed."""
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def models(incomplete: str) -> list[CompletionItem[str]]:
    """Return bundled models and model files that begin as typed."""
    return items([*bundled(), *_files(incomplete, f"*{_MODEL}")], incomplete)


def data_sets(incomplete: str) -> list[CompletionItem[str]]:
    """Return downloaded data sets that begin as typed, with the files that do; [] for none.

    A shell completes files alone only if nothing else is offered.
    """
    folder = datasets_folder()
    here = [each for each in CATALOG.values() if is_here(folder, each)]
    names = [each.name for each in here]
    if ":" in incomplete:
        names = [f"{each.name}:{part}" for each in here for part in each.parts]
    found = items(names, incomplete) if incomplete else []
    return [*found, *items(_files(incomplete, "*"), incomplete)] if found else []


def columns(context: click.Context, incomplete: str) -> list[CompletionItem[str]]:
    """Return the columns of the files on the command line that begin as typed."""
    words: Sequence[str] = context.find_root().obj
    names = [word for word in words[1:] if not word.startswith("-")]
    found: dict[str, None] = {}
    for place in [*_places(names)][:_FEW]:
        with suppress(SentimentError, OSError, ValueError):
            found |= dict.fromkeys(_columns_of(place))
    return items([*found], incomplete)


def _files(incomplete: str, ending: str) -> list[str]:
    return sorted(glob(f"{escape(incomplete)}{ending}"))  # noqa: PTH207  # as it was typed


def _places(names: Sequence[str]) -> Iterator[Where]:
    """Yield the files of reviews among the words of a command line."""
    for name in names:
        with suppress(SentimentError, OSError, ValueError):
            for place in resolve_inputs([name], "training"):
                if place != "-" and Path(place).suffix != _MODEL:
                    yield place


def _columns_of(place: Where) -> list[str]:
    source = open_source(place)
    try:
        first_readable(Ahead(source.batches()))  # the columns of JSON are in its rows
        return [field for name in source.columns for field in source.nested.get(name) or [name]]
    finally:
        source.close()
