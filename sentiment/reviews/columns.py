"""Which columns hold the texts and the label: as told, else by name, else by content."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sentiment.errors import DataError, UsageError
from sentiment.reviews.names import (
    LABEL_NAMES,
    TEXT_NAMES,
    is_id_name,
    last_word,
    normal_name,
    numbered_names,
)
from sentiment.reviews.parquet import ArrowRows
from sentiment.reviews.source import Batch, Row
from sentiment.reviews.values import Key, is_missing, key_of, reads_as_label
from sentiment.suggesting import hint

CLEARLY = 2.0  # how many times the words of the runner-up a column of texts must have
SHOWN_COLUMNS = 20


@dataclass(frozen=True)
class Columns:
    """The columns that were chosen.

    Attributes:
        text: The columns of text, joined in this order.
        label: The column of labels, None if none was asked for.
        how: What to tell the user, for instance `text from "review" (by name)`.
        kept: The columns that the user wants beside the texts, in the order asked for.
    """

    text: tuple[str, ...]
    label: str | None
    how: str
    kept: tuple[str, ...] = ()


def find_columns(
    source_columns: Sequence[str],
    sample_rows: Callable[[], Sequence[Row] | None],
    *,
    text_columns: Sequence[str] = (),
    label_column: str | None = None,
    keep: Sequence[str] = (),
    slices: Sequence[str] = (),
    need_label: bool,
    name: str,
) -> Columns:
    """Choose the columns of text and label.

    Args:
        source_columns: All columns there are.
        sample_rows: Gives some first rows, for the choice by content; not called for one by name.
        text_columns: The columns the user named, none to have them found.
        label_column: The column the user named, None to have it found.
        keep: More columns the user named.
        slices: What may be named in place of these.
        need_label: Whether a label must be found.
        name: The source, for messages.

    Raises:
        UsageError: A column the user named does not exist, or is both text and label.
        DataError: No column, or more than one, comes into question.
    """
    if not source_columns and not sample_rows():  # an empty input has an empty answer
        return Columns((), None, "no rows")
    finder = _Finder(source_columns, sample_rows, name)
    text = tuple(finder.named(column, "--text-column") for column in text_columns)
    label = finder.named(label_column, "--label-column") if label_column else None
    kept = tuple(finder.named(column, "a slice", slices) for column in keep)
    if label in text:
        raise UsageError(f'{name}: the column "{label}" cannot be both text and label')
    text_how = label_how = "as asked"
    if not text:
        found, text_how = finder.find_text(without=label, need_label=need_label)
        text = (found,)
    if need_label and label is None:
        label, label_how = finder.find_label(without=text)
    parts = [f"text from {_quoted(text, ' + ')} ({text_how})"]
    if label is not None:
        parts.append(f'label from "{label}" ({label_how})')
    return Columns(text, label, ", ".join(parts), kept)


class _Finder:
    """The columns of one source, and the ways to choose among them."""

    def __init__(
        self, columns: Sequence[str], rows: Callable[[], Sequence[Row] | None], name: str
    ) -> None:
        self.columns = list(columns)
        self.rows = rows
        self.name = name

    def named(self, wanted: str, flag: str, instead: Iterable[str] = ()) -> str:
        """Find the column the user named; case does not matter where it is unique.

        Args:
            wanted: Its name.
            flag: The option that named it.
            instead: What that option takes beside columns.
        """
        if wanted in self.columns:
            return wanted
        similar = [name for name in self.columns if name.casefold() == wanted.casefold()]
        if len(similar) == 1:
            return similar[0]
        meant = hint(wanted, [*self.columns, *instead], '"')
        raise UsageError(
            f'{self.name}: no column "{wanted}" for {flag}{meant}; {self._there_are()}'
        )

    def find_text(self, *, without: str | None, need_label: bool) -> tuple[str, str]:
        columns = [name for name in self.columns if name != without]
        first, second = TEXT_NAMES
        # A title is the last resort: `product_review` beats `title`.
        ranks = [(first, normal_name), (first, last_word), (second, normal_name)]
        for names, form in [*ranks, (second, last_word)]:
            if found := [name for name in columns if form(name) in names]:
                return self._only(found, "text", "--text-column"), "by name"
        if len(columns) == 1 and (without or not need_label):
            return columns[0], "the only column"
        if found_by_content := self._wordiest(columns):
            return found_by_content, "by content"
        raise self._not_found("text", "--text-column")

    def find_label(self, *, without: tuple[str, ...]) -> tuple[str, str]:
        columns = [name for name in self.columns if name not in without]
        for form in (normal_name, last_word):
            for names in LABEL_NAMES:
                if found := [name for name in columns if form(name) in names]:
                    return self._only(found, "label", "--label-column"), "by name"
        columns = [name for name in columns if not is_id_name(name)]
        # A yes or no under an unknown name, such as "verified", need not be the label.
        trusted = len(columns) == 1 or self._is_numbered()
        if found := [name for name in columns if self._reads_as_labels(name)]:
            label = self._only(found, "label", "--label-column")
            if trusted:
                return label, "by content"
        raise self._not_found("label", "--label-column")

    def _only(self, candidates: Sequence[str], kind: str, flag: str) -> str:
        if len(candidates) == 1:
            return candidates[0]
        raise DataError(
            f"{self.name}: {_quoted(candidates, ' and ')} could each be the {kind}; "
            f"choose with {flag}"
        )

    def _not_found(self, kind: str, flag: str) -> DataError:
        return DataError(
            f"{self.name}: no column looks like the {kind}; name it with {flag}; "
            + self._there_are()
            + ("; --header takes their names from the first row" if self._is_numbered() else "")
        )

    def _is_numbered(self) -> bool:
        return self.columns == numbered_names(len(self.columns))

    def _there_are(self) -> str:
        more = len(self.columns) - SHOWN_COLUMNS
        shown = _quoted(self.columns[:SHOWN_COLUMNS], ", ") + (f" and {more} more" * (more > 0))
        return f"there {'is' if len(self.columns) == 1 else 'are'} {shown}"

    def _values(self, column: str) -> list[Any]:
        return [row.get(column) for row in self.rows() or ()]

    def _wordiest(self, columns: Sequence[str]) -> str | None:
        """Give the column with clearly the most words, if its texts mostly differ."""
        ranked = sorted(((mean_words(self._values(name)), name) for name in columns), reverse=True)
        if not ranked or ranked[0][0] == 0:
            return None
        words, best = ranked[0]
        texts = [value for value in self._values(best) if isinstance(value, str) and value]
        distinct = 2 * len(set(texts)) > len(texts)
        clear = len(ranked) == 1 or words >= CLEARLY * ranked[1][0]
        return best if clear and distinct else None

    def _reads_as_labels(self, column: str) -> bool:
        keys = [key for key in map(key_of, self._values(column)) if key is not None]
        return bool(keys) and all(map(reads_as_label, set(keys))) and not _number_rows(keys)


def _number_rows(keys: Sequence[Key]) -> bool:
    """Tell whether values look like the numbers of rows: labels repeat, where there are some."""
    differ = len(set(keys)) == len(keys) and not any(isinstance(key, str) for key in keys)
    return differ and (len(keys) > 2 or list(keys) == [1, 2])


def mean_words(values: Iterable[Any]) -> float:
    """Give the mean number of words with a letter in them; values that are not text have none."""
    counts = [
        sum(any(map(str.isalpha, word)) for word in value.split())
        for value in values
        if isinstance(value, str)
    ]
    return sum(counts) / len(counts) if counts else 0.0


def text_of(row: Row, columns: Columns) -> str:
    """Give a row's text: its text columns joined by line breaks, without empty ones.

    None and NaN are empty; what is not a string is written as one.
    """
    if len(columns.text) == 1:
        return _as_text(row.get(columns.text[0]))
    return "\n".join(filter(None, (_as_text(row.get(name)) for name in columns.text)))


def texts_of(batch: Batch, columns: Columns) -> list[str]:
    """Give the text of each row of a batch; of Parquet only the text columns are read."""
    if isinstance(batch.rows, ArrowRows):
        values = [batch.rows.column(name) for name in columns.text]
        if len(values) == 1:
            return [_as_text(value) for value in values[0]]
        return ["\n".join(filter(None, map(_as_text, row))) for row in zip(*values, strict=True)]
    return [text_of(row, columns) for row in batch.rows]


def texts_to_score(batch: Batch, columns: Columns) -> list[str]:
    """Give the text of each row of a batch, an empty one for a row that could not be read."""
    texts = texts_of(batch, columns)
    for place in batch.bad:
        texts[place] = ""
    return texts


def values_of(batch: Batch, column: str) -> list[Any]:
    """Give the values of one column as they were read, None where a row has none."""
    if isinstance(batch.rows, ArrowRows):
        return batch.rows.column(column)
    return [row.get(column) for row in batch.rows]


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if is_missing(value) else str(value)


def _quoted(names: Sequence[str], glue: str) -> str:
    return glue.join(f'"{name}"' for name in names)
