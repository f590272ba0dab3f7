"""Choosing the columns of texts and labels: as asked, else by name, else by content."""

import json
import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from sentiment.errors import DataError, UsageError, hint
from sentiment.reviews.asked import Asked
from sentiment.reviews.batch import Batch
from sentiment.reviews.cells import and_more
from sentiment.reviews.fields import is_nested, is_of_others, text_field
from sentiment.reviews.header import (
    LABEL_NAMES,
    TEXT_NAMES,
    asks,
    is_among,
    is_id_name,
    is_name_of_others,
    is_text_name,
    last_word,
    normal_name,
    numbered_names,
)
from sentiment.reviews.profile import Profile, number_rows
from sentiment.reviews.rules import (
    Key,
    is_figure,
    key_of,
    may_be_label,
    number_in,
    rating_of,
    reads_as_label,
    text_in,
)
from sentiment.reviews.streams import JSON_FORMATS, ReadOptions

CLEARLY = 2.0  # a column of texts must have this many times the words of the next
PHRASE = 1.5  # words, on average
SENTENCE = 3.0  # words, on average; more than a name
MANY_VALUES = 10
MANY_LABELS = 20
SURE_LABELS = frozenset({"label", "sentiment", "polarity", "target", "y"})
SHOWN_COLUMNS = 20
_MARKED = re.compile(r"\A__label__\S+|__label__\S+\Z")
NO_WORDS = "no column has words; read the file that has the texts"
BESIDE = "add one, or name a file with a label on each line: --labels FILE"
PLAIN = ("lines", "folder")  # formats without cells


class NoColumnError(DataError):
    """No column qualifies as that of texts or labels."""


@dataclass(frozen=True)
class Columns:
    """The columns that were chosen."""

    text: tuple[str, ...]  # joined in this order
    label: str | None  # None if not needed
    how: str  # the choice, for display: `text from "review" (by name)`
    kept: tuple[str, ...] = ()  # additional columns, in the order asked for


def find_columns(
    source_columns: Sequence[str],
    sample: Callable[[], Batch | None],
    options: ReadOptions,
    *,
    need_label: bool,
    name: str,
    nested: Mapping[str, Sequence[str]] = MappingProxyType({}),
    is_text: bool = True,
) -> Columns:
    """Choose the columns of text and label: as asked, else by name, else by content.

    Args:
        source_columns: All columns.
        sample: Returns some first rows to choose by.
        options: The columns the user named, and the values the user called labels.
        need_label: Whether a label must be found.
        name: The source, for messages.
        nested: The columns of objects and lists, see `Source.nested`.
        is_text: Whether the source can be read as plain lines, unlike a workbook.

    Raises:
        UsageError: A named column does not exist, or is both text and label.
        DataError: No column, or more than one, qualifies; or the texts have no letter.
    """
    if not source_columns and not sample():  # an empty input gets an empty answer
        return Columns((), None, "no rows")
    named_labels = Asked(options.labels)
    finder = _Finder(list(source_columns), sample, name, named_labels, nested, is_text=is_text)
    text = tuple(finder.named(column, "--text-column") for column in options.text_columns)
    label = None
    if need_label and options.label_column:
        label = finder.named(options.label_column, "--label-column")
        finder.check_single(label, "label")
    kept = tuple(finder.named(each, options.kept_for, options.slices) for each in options.keep)
    if label in text:
        raise UsageError(f'{name}: the column "{label}" cannot be both text and label')
    text_how = label_how = "as asked"
    if text:
        text_how += "; it looks like the label" * any(map(finder.looks_like_label, text))
    else:
        found, text_how = finder.find_text(without=label, need_label=need_label)
        text = (found,)
    finder.check_text(text, text_how)
    if need_label and label is None:
        label, label_how = finder.find_label(without=text)
    how = f"text from {_quoted(text, ' + ')} ({text_how})"
    if label is not None:
        how += f', label from "{label}" ({label_how})'
    return Columns(text, label, how, kept)


def find_label_column(
    source_columns: Sequence[str],
    sample: Callable[[], Batch | None],
    options: ReadOptions,
    *,
    name: str,
    nested: Mapping[str, Sequence[str]],
) -> tuple[str, str]:
    """Choose the column of labels of a file without texts; return it, and how it was chosen.

    The arguments and errors are those of `find_columns`.
    """
    finder = _Finder(list(source_columns), sample, name, Asked(options.labels), nested)
    if options.label_column:
        label, how = finder.named(options.label_column, "--label-column"), "as asked"
    elif len(finder.names) == 1:
        label, how = finder.names[0], "the only column"
    else:
        label, how = finder.find_label(without=())
    finder.check_single(label, "label")
    return label, how


class _Finder:
    """The columns of one source, and the ways to choose among them."""

    def __init__(
        self,
        columns: list[str],
        sample: Callable[[], Batch | None],
        name: str,
        named_labels: Asked,
        nested: Mapping[str, Sequence[str]],
        *,
        is_text: bool = True,
    ) -> None:
        @cache
        def values(column: str) -> list[Any]:
            rows = sample()
            return rows.column(column) if rows else []

        self.columns = columns
        self.name = name
        self._sample = sample
        self._nested = nested
        self._is_text = is_text
        self._fields = [field for fields in nested.values() for field in fields]
        self.names = [field for name in columns for field in nested.get(name) or [name]]
        self.named_labels = named_labels
        self._values = values  # of the first rows
        self._profile = cache(lambda column: Profile.of(values(column)))

    def named(self, wanted: str, flag: str, instead: Iterable[str] = ()) -> str:
        """Return the column the user named, ignoring case if that is unambiguous."""
        if wanted in self.columns:
            return wanted
        similar = [name for name in self.columns if name.casefold() == wanted.casefold()]
        if len(similar) == 1:
            return similar[0]
        if wanted in self._fields:
            return wanted
        meant = hint(wanted, [*self.names, *instead], '"')
        raise UsageError(
            f'{self.name}: no column "{wanted}" for {flag}{meant}; {self._there_are()}'
        )

    def _candidates(self, without: Collection[str | None]) -> tuple[list[str], list[str]]:
        """Return the columns of single values, and the fields of objects."""
        columns = [name for name in self.columns if name not in without]
        fields = [name for name in self._fields if name not in without and not is_of_others(name)]
        return [name for name in columns if name not in self._nested], fields

    def find_text(self, *, without: str | None, need_label: bool) -> tuple[str, str]:
        columns, fields = self._candidates([without])
        # A title is the last resort: `product_review` beats `title`.
        named = []
        for names in TEXT_NAMES:
            for some, form in _by_form(columns, fields):
                found = [name for name in some if form(name) in names]
                named += found
                if found := [name for name in found if self._holds_texts(name, columns, names)]:
                    return self._only(found, "text"), "by name"
        columns += fields
        lists = [name for name in self._nested if not self._nested[name]]
        if len([*columns, *lists]) == 1 and columns and (without or not need_label):
            return columns[0], "the only column"
        found = self._wordiest(columns)
        # If a name promised texts, a column of single words is not a substitute.
        if len(found) == 1 and named and self._profile(found[0]).words < PHRASE:
            found = []
        # Nor is a column beside objects or lists with the best name of a text.
        promised = [name for name in self._nested if is_among(name, TEXT_NAMES[0] - {without})]
        if promised and not (len(found) == 1 and found[0] in fields):
            self.check_single(promised[0], "text")
        if found:
            return self._only(found, "text"), "by content"
        if need_label and (beside := self._beside_words()):
            return beside, "beside the label"
        raise self._not_found("text")

    def check_single(self, column: str, kind: str) -> None:
        """Check that the values of a column are not objects or lists."""
        fields = self._nested.get(column)
        if fields:
            fitting = [name for name in fields if is_text_name(name) == (kind == "text")]
            field = (fitting or fields)[0]
            what = f"objects, not {kind}s; name a field: --{kind}-column {shlex.quote(field)}"
            raise DataError(f'{self.name}: "{column}" holds {what}')
        if fields is not None:
            self._check_lists(column, kind)
            what = f"lists, not {kind}s; name another with --{kind}-column; {self._there_are()}"
            raise DataError(f'{self.name}: "{column}" holds {what}')

    def _check_lists(self, column: str, kind: str) -> None:
        """Check that a column holds no lists of rows, or of words or labels if it is of that kind.

        The error has what makes them readable.
        """
        rows = self._sample()
        values = [value for value in self._values(column) if isinstance(value, list) and value]
        if rows is None or rows.format not in JSON_FORMATS or not values:
            return
        key = f".[{json.dumps(column)}]"
        if text_field(values[0][0]):
            what, how = "rows, not texts; write them", f"{key} | arrays | .[]"
        elif kind == "text" and isinstance(values[0][0], str):
            what = "words, not texts; join them"
            how = f'select({key} | arrays) | {key} |= join(" ")'
        elif kind == "label" and not is_nested(values[0][0]):
            what, how = "labels; keep the first of each", f"select({key} | arrays) | {key} |= .[0]"
        else:
            return
        command = f"jq -c {shlex.quote(f'.. | objects | {how}')} FILE > reviews.jsonl"
        raise DataError(f'{self.name}: "{column}" holds lists of {what}: {command}')

    def _beside_words(self) -> str | None:
        """Return the one of two columns beside that of label words, whatever its texts are."""
        if len(self.columns) != 2 or not self._is_numbered():
            return None
        others = [
            other
            for other, name in zip(self.columns, reversed(self.columns), strict=True)
            if self._reads_as_labels(name) and all(isinstance(key, str) for key in self._keys(name))
        ]
        return others[0] if len(others) == 1 and not self._profile(others[0]).is_figures else None

    def check_text(self, columns: Sequence[str], how: str) -> None:
        """Check that texts are single, have letters, and not all contain a fastText label."""
        for column in columns:
            self.check_single(column, "text")
        texts = self._texts_in(columns)
        if texts and all(_MARKED.search(text) for text in texts):
            raise DataError(
                f"{self.name}: the texts in {_quoted(columns, ' + ')} ({how}) contain labels such "
                f"as {_quoted([_MARKED.search(texts[0])[0]], '')}; remove them first: "  # type: ignore[index]
                "sed 's/ *__label__[^ ,\"]* *//g' FILE > reviews.csv"
            )
        if len(texts) > 1 and all(map(is_figure, texts)):
            others = [name for name in self.columns if self._profile(name).words]
            advice = (
                f"choose another column with --text-column, such as {_quoted(others[:1], '')}"
                if others
                else NO_WORDS
            )
            raise DataError(
                f"{self.name}: no text in {_quoted(columns, ' + ')} ({how}) has a letter, "
                f"for example {_quoted(texts[:1], '')}; {advice}"
            )

    def _texts_in(self, columns: Iterable[str]) -> list[str]:
        """Return the values of columns as texts, without empty ones."""
        texts = [text for column in columns for text in map(text_in, self._values(column))]
        return [text for text in texts if text.strip()]

    def find_label(self, *, without: tuple[str, ...]) -> tuple[str, str]:
        columns, fields = self._candidates(without)
        ranked = [[name for name in some if form(name) in names]
                  for some, form in _by_form(columns, fields) for names in LABEL_NAMES]  # fmt: skip
        named = list(filter(None, ranked))
        for reads in (reads_as_label, may_be_label):
            for found in named:
                if read := [name for name in found if self._can_be_read(name, reads)]:
                    return self._only(_of_the_same(read, without), "label"), "by name"
            if named and any(map(self._may_be_meant, named[0])):
                return self._only(named[0], "label"), "by name"
        columns = [name for name in columns + fields if not is_id_name(name)]
        found = [name for name in columns if self._reads_as_labels(name)]
        if not found and self._is_numbered():
            found = [name for name in columns if self._reads_as_labels(name, may_be_label)]
        if named:  # a column of counts may have many values
            found = [name for name in found if self._are_two_or_words(name)]
            if not found:
                return self._only(named[0], "label"), "by name"
        if found:
            label = self._only(found, "label")
            # Yes or no under an unknown name, such as "verified", may not be the label.
            if named or len(columns) == 1 or self._is_numbered():
                return label, "by content"
        raise self._not_found("label", taken=without)

    def _only(self, candidates: Sequence[str], kind: str) -> str:
        if len(candidates) == 1:
            return candidates[0]
        raise DataError(
            f"{self.name}: {_quoted(candidates, ' and ')} could each be the {kind}; "
            f"choose with --{kind}-column"
        )

    def _not_found(self, kind: str, taken: Iterable[str] = ()) -> NoColumnError:
        if not self.names:
            what = 'rows without fields; each needs one with its text, such as {"text": "…"}'
            return NoColumnError(f"{self.name}: {what}")
        problem = f"no column looks like the {kind}; name it with --{kind}-column"
        if kind == "text" and all(map(is_figure, self._texts_in(self.names))):
            problem = NO_WORDS
        if kind == "label" and set(self.names) <= set(taken):
            problem = f"no column for the label; {BESIDE}"
        for name, of in ((name, of) for of in ("", kind) for name in self._nested):
            if kind == "text":
                self._check_lists(name, of)
            elif any(is_among(name, names) for names in LABEL_NAMES):
                self.check_single(name, "label")
        for name in taken:
            if self._profile(name).repeats or self._reads_as_labels(name):
                problem = f'"{name}" looks like the label, not the text; call it --label-column'
        as_lines = self._is_text and self._is_numbered()
        lines = "; --input-format lines reads each line as a text" * as_lines
        return NoColumnError(f"{self.name}: {problem}; {self._there_are()}{lines}")

    def _is_numbered(self) -> bool:
        return bool(self.columns) and self.columns == numbered_names(len(self.columns))

    def _there_are(self) -> str:
        shown = and_more(self.names, SHOWN_COLUMNS, '"{}"'.format)
        return f"there {'is' if len(self.names) == 1 else 'are'} {shown or 'none'}"

    def _holds_texts(self, column: str, columns: Sequence[str], rank: frozenset[str]) -> bool:
        """Return whether a column with the name of a text column holds texts, or is empty.

        Numbers and codes are not texts. If another column has sentences, labels and language codes
        are not either; nor are empty values and single words if another column has a name of the
        same rank.
        """
        own = self._profile(column)
        if own.is_figures or own.words > 1:
            return not own.is_figures
        others = [name for name in columns if name != column and not is_name_of_others(name)]
        if not (own.is_short or (own.count > 1 and self._reads_as_labels(column))):
            others = [each for each in others if is_among(each, rank)]
        enough = SENTENCE if own.words else 1
        return not any(map(partial(self._holds_sentences, words=enough), others))

    def _holds_sentences(self, column: str, words: float) -> bool:
        profile = self._profile(column)
        return profile.words >= words and not profile.repeats

    def _wordiest(self, columns: Sequence[str]) -> list[str]:
        """Return the column with clearly the most words, or all candidates if none is clear.

        Candidates mostly have distinct texts, and do not have the name of people or things.
        """
        words = {
            name: profile.words * profile.filled
            for name, profile in zip(columns, map(self._profile, columns), strict=True)
            if (profile.words >= 2 * SENTENCE or not is_name_of_others(name))
            and not self._holds_ratings(name)
        }
        most = max(words.values(), default=0)
        found = [name for name in words if words[name] and CLEARLY * words[name] > most]
        differing = [name for name in found if not self._says_again(name)]
        if len(found) == 1:
            return differing
        texts = [name for name in differing if self._profile(name).words > 1 or asks(name)]
        return texts if len(texts) > 1 or most >= PHRASE else []

    def _holds_ratings(self, column: str) -> bool:
        """Return whether all values are ratings such as *4.0 out of 5 stars*."""
        keys = set(self._keys(column))
        return bool(keys) and all(map(rating_of, keys))

    def _says_again(self, column: str) -> bool:
        """Return whether values repeat; two equal ones among a few sentences do not count."""
        profile = self._profile(column)
        return profile.repeats and (profile.count >= MANY_VALUES or profile.words < SENTENCE)

    def _keys(self, column: str) -> list[Key]:
        return [key for key in map(key_of, self._values(column)) if key is not None]

    def _can_be_read(self, column: str, reads: Callable[[Key], bool]) -> bool:
        """Return whether at least half of the values of a column could be labels."""
        keys = set(self._keys(column))
        if self.named_labels:
            numbers = {*map(number_in, keys)} - {None}  # 4, where the values are `4 stars`
            return not keys or any(key in self.named_labels for key in keys | numbers)
        return 2 * sum(map(reads, keys)) >= len(keys)

    def _may_be_meant(self, column: str) -> bool:
        """Return whether an unreadable column may hold labels: a few unknown words."""
        keys = set(self._keys(column))
        words = any(isinstance(key, str) for key in keys)
        return normal_name(column) in SURE_LABELS and words and len(keys) <= MANY_LABELS

    def _are_two_or_words(self, column: str) -> bool:
        keys = set(self._keys(column))
        return len(keys) == 2 or all(isinstance(key, str) for key in keys)

    def looks_like_label(self, column: str) -> bool:
        """Return whether a column holds a few labels again and again."""
        keys = self._keys(column)
        return self._reads_as_labels(column) and len(set(keys)) < len(keys)

    def _reads_as_labels(self, column: str, reads: Callable[[Key], bool] = reads_as_label) -> bool:
        keys = self._keys(column)
        return bool(keys) and all(map(reads, set(keys))) and not number_rows(keys)


def _by_form(
    columns: list[str], fields: list[str]
) -> Iterator[tuple[list[str], Callable[[str], str]]]:
    """Yield where to search for names, and by what: in columns by whole names first."""
    for names in (columns, fields):
        yield names, normal_name
        yield names, last_word


def _of_the_same(labels: Sequence[str], texts: Sequence[str]) -> Sequence[str]:
    """Return the columns named like those of texts: `review.stars`, not `hotel.stars`."""
    kinds = {_prefix(name) for name in texts}
    found = [name for name in labels if _prefix(name) in kinds]
    return found if len(found) == 1 else labels


def _prefix(name: str) -> str:
    """Return a name up to its last `.`, `/` or `:`."""
    return re.sub(r"[^./:]*\Z", "", name).casefold()


def _quoted(names: Sequence[str], glue: str) -> str:
    return glue.join(f'"{name}"' for name in names)
