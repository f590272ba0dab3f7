"""A file of labelled reviews, with its labels as they are."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sentiment.reviews.asked import Asked
from sentiment.reviews.cells import cell
from sentiment.reviews.dataset import ReadFile
from sentiment.reviews.opening import Opened
from sentiment.reviews.rules import Key, key_of
from sentiment.reviews.separate_labels import open_labelled
from sentiment.reviews.streams import ReadOptions, Where
from sentiment.reviews.texts import texts_of
from sentiment.storage import GrowingTexts
from sentiment.values import visible

SHOWN_NAMES = 5
_NO_CLASS = re.compile(r"(label|class)?[\s_]*-?\d*", re.IGNORECASE)  # such as `LABEL_1`
_SHORT = 32  # characters of a label that is likely to repeat


@dataclass(frozen=True, eq=False)
class Table:
    """A file of n rows that was read, with its labels as they are."""

    name: str
    column: str  # of the labels
    filled: list[bool]  # whether each row has a text
    values: list[Any]  # the labels
    how: str  # how it was read, for display
    kept: dict[str, list[str]]  # n cells of each column to keep, by the name asked for
    gaps: Sequence[int] = ()  # of rows left out, as `Batch.gaps`

    @cached_property
    def counts(self) -> Counter[Key]:
        """How often each label occurs, without missing ones."""
        counts = Counter(map(key_of, self.values))
        counts.pop(None, None)
        return counts

    @property
    def keys(self) -> set[Key]:
        """The distinct labels, without missing ones."""
        return set(self.counts)

    @property
    def file(self) -> ReadFile:
        """Its name, and the numbers of its rows."""
        return ReadFile(self.name, len(self.filled), self.gaps)


def read_table(where: Where, options: ReadOptions, texts: GrowingTexts) -> Table:
    """Read a file of labelled reviews, and append its texts to `texts`.

    Raises:
        DataError: It cannot be read, or its columns cannot be determined.
        UsageError: An option does not fit.
    """
    return table_of(open_labelled(where, options), options, texts)


def table_of(opened: Opened, options: ReadOptions, texts: GrowingTexts) -> Table:
    """Read an opened source of labelled reviews; see `read_table`."""
    label = opened.columns.label or ""
    names = _class_names(opened.source.class_names.get(label, ()), options)
    filled: list[bool] = []
    values: list[Any] = []
    kept: dict[str, list[str]] = {name: [] for name in options.keep}
    gaps: list[int] = []
    for batch in opened.batches:
        before = len(filled)
        gaps += [before] * (batch.first_row - 1 - before - len(gaps))
        gaps += [before + gap for gap in batch.gaps]
        some = texts_of(batch, opened.columns)
        texts.extend(some)
        filled += map(bool, map(str.strip, some))
        values += (_interned(_named(value, names)) for value in batch.column(label))
        for asked, column in zip(options.keep, opened.columns.kept, strict=True):
            kept[asked] += map(cell, batch.column(column))
    how = "; ".join([*opened.source.notes, opened.columns.how])
    if names:
        shown = [f"{number} {visible(name)}" for number, name in enumerate(names[:SHOWN_NAMES])]
        how += f"; its metadata call {', '.join(shown)}{', …' * (len(names) > SHOWN_NAMES)}"
    return Table(opened.source.name, label, filled, values, how, kept, gaps)


def _class_names(names: Sequence[str], options: ReadOptions) -> Sequence[str]:
    """Return a file's names of numbered labels; () if meaningless, or if the user named numbers."""
    asked = Asked(options.labels)
    by_number = asked and not any(key_of(name) in asked for name in names)
    if any(map(_NO_CLASS.fullmatch, names)) or by_number:
        return ()
    return names


def _named(value: Any, names: Sequence[str]) -> Any:
    """Return the name of a numbered class, if these have names; −1 means no label."""
    if names and isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    return None if names and value == -1 else value


def _interned(value: Any) -> Any:
    """Intern a short label, so that millions of rows share one object."""
    return sys.intern(value) if type(value) is str and len(value) < _SHORT else value
