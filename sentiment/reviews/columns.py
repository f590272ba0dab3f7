"""Choosing the columns of texts and labels: as asked, else by name, else by content."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sentiment.errors import DataError, UsageError, hint
from sentiment.reviews.asked import Asked
from sentiment.reviews.batch import Batch, Row
from sentiment.reviews.cells import and_more
from sentiment.reviews.header import (
    LABEL_NAMES,
    TEXT_NAMES,
    asks,
    is_among,
    is_id_name,
    is_name_of_others,
    last_word,
    normal_name,
    numbered_names,
)
from sentiment.reviews.rules import (
    Key,
    as_text,
    is_figure,
    key_of,
    may_be_label,
    number_in,
    rating_of,
    reads_as_label,
    text_in,
)
from sentiment.reviews.streams import ReadOptions

CLEARLY = 2.0  # a column of texts must have this many times the words of the next
PHRASE = 1.5  # words, on average
SENTENCE = 3.0  # words, on average; more than a name
MANY_VALUES = 10
CODE_CHARS = 2
MANY_LABELS = 20
SURE_LABELS = frozenset({"label", "sentiment", "polarity", "target", "y"})
SHOWN_COLUMNS = 20
_MARKED = re.compile(r"\A__label__\S+|\s__label__\S+\Z")
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
) -> Columns:
    """Choose the columns of text and label: as asked, else by name, else by content.

    Args:
        source_columns: All columns.
        sample: Returns some first rows to choose by.
        options: The columns the user named, and the values the user called labels.
        need_label: Whether a label must be found.
        name: The source, for messages.

    Raises:
        UsageError: A named column does not exist, or is both text and label.
        DataError: No column, or more than one, qualifies; or the texts have no letter.
    """
    if not source_columns and not sample():  # an empty input gets an empty answer
        return Columns((), None, "no rows")
    named_labels = Asked(options.labels)
    finder = _Finder(list(source_columns), sample, name, named_labels)
    text = tuple(finder.named(column, "--text-column") for column in options.text_columns)
    label = None
    if need_label and options.label_column:
        label = finder.named(options.label_column, "--label-column")
    kind = "a slice" if options.slices else "weights"
    kept = tuple(finder.named(column, kind, options.slices) for column in options.keep)
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
    name: str,
) -> tuple[str, str]:
    """Choose the column of labels of a file without texts; return it, and how it was chosen.

    The arguments and errors are those of `find_columns`.
    """
    finder = _Finder(list(source_columns), sample, name, Asked(options.labels))
    if options.label_column:
        return finder.named(options.label_column, "--label-column"), "as asked"
    if len(source_columns) == 1:
        return source_columns[0], "the only column"
    return finder.find_label(without=())


class _Finder:
    """The columns of one source, and the ways to choose among them."""

    def __init__(
        self,
        columns: list[str],
        sample: Callable[[], Batch | None],
        name: str,
        named_labels: Asked,
    ) -> None:
        @cache
        def values(column: str) -> list[Any]:
            rows = sample()
            return rows.column(column) if rows else []

        self.columns = columns
        self.name = name
        self.named_labels = named_labels
        self._values = values  # of the first rows
        self._profile = cache(lambda column: _Profile.of(values(column)))

    def named(self, wanted: str, flag: str, instead: Iterable[str] = ()) -> str:
        """Return the column the user named, ignoring case if that is unambiguous."""
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
        # A title is the last resort: `product_review` beats `title`.
        named = []
        for names in TEXT_NAMES:
            for form in (normal_name, last_word):
                found = [name for name in columns if form(name) in names]
                named += found
                if found := [name for name in found if self._holds_texts(name, columns, names)]:
                    return self._only(found, "text"), "by name"
        if len(columns) == 1 and (without or not need_label):
            return columns[0], "the only column"
        found = self._wordiest(columns)
        # If a name promised texts, a column of single words is not a substitute.
        if len(found) == 1 and named and self._profile(found[0]).words < PHRASE:
            found = []
        if found:
            return self._only(found, "text"), "by content"
        if need_label and (beside := self._beside_words()):
            return beside, "beside the label"
        raise self._not_found("text")

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
        """Check that texts have letters, and not all contain a fastText label."""
        texts = [text for column in columns for text in map(text_in, self._values(column))]
        texts = [text for text in texts if text.strip()]
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
                else f"name the column of texts with --text-column; {self._there_are()}"
            )
            raise DataError(
                f"{self.name}: no text in {_quoted(columns, ' + ')} ({how}) has a letter, "
                f"for example {_quoted(texts[:1], '')}; {advice}"
            )

    def find_label(self, *, without: tuple[str, ...]) -> tuple[str, str]:
        columns = [name for name in self.columns if name not in without]
        forms = (normal_name, last_word)
        ranked = [[name for name in columns if form(name) in names]
                  for form in forms for names in LABEL_NAMES]  # fmt: skip
        named = list(filter(None, ranked))
        for reads in (reads_as_label, may_be_label):
            for found in named:
                if read := [name for name in found if self._can_be_read(name, reads)]:
                    return self._only(_of_the_same(read, without), "label"), "by name"
            if named and any(map(self._may_be_meant, named[0])):
                return self._only(named[0], "label"), "by name"
        columns = [name for name in columns if not is_id_name(name)]
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
        problem = f"no column looks like the {kind}; name it with --{kind}-column"
        for name in taken:
            if self._profile(name).repeats or self._reads_as_labels(name):
                problem = f'"{name}" looks like the label, not the text; call it --label-column'
        lines = "; --input-format lines reads each line as a text" * self._is_numbered()
        return NoColumnError(f"{self.name}: {problem}; {self._there_are()}{lines}")

    def _is_numbered(self) -> bool:
        return self.columns == numbered_names(len(self.columns))

    def _there_are(self) -> str:
        shown = and_more(self.columns, SHOWN_COLUMNS, '"{}"'.format)
        return f"there {'is' if len(self.columns) == 1 else 'are'} {shown}"

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
        return bool(keys) and all(map(reads, set(keys))) and not _number_rows(keys)


def _of_the_same(labels: Sequence[str], texts: Sequence[str]) -> Sequence[str]:
    """Return the columns named like those of texts: `review.stars`, not `hotel.stars`."""
    kinds = {_prefix(name) for name in texts}
    found = [name for name in labels if _prefix(name) in kinds]
    return found if len(found) == 1 else labels


def _prefix(name: str) -> str:
    """Return a name up to its last `.`, `/` or `:`."""
    return re.sub(r"[^./:]*\Z", "", name).casefold()


@dataclass(frozen=True)
class _Profile:
    """What some values of a column look like as texts."""

    count: int  # the number of values that are not missing
    filled: float  # their share
    words: float  # the mean number of words with a letter; a code such as `B00X4` has none
    repeats: bool  # at least half of them repeat another
    is_short: bool  # there are several, all as short as language codes
    is_figures: bool  # they are numbers, dates, codes or missing; `:)` is not

    @classmethod
    def of(cls, values: Sequence[Any]) -> "_Profile":
        filled = [value for value in values if text_in(value).strip()]
        texts = [text_in(value) for value in filled if isinstance(value, (str, bytes))]
        counts = list(map(_count_words, texts))
        return cls(
            count=len(filled),
            filled=len(filled) / max(len(values), 1),
            words=sum(counts) / max(len(texts), 1),
            repeats=len(texts) > 1 and 2 * len(set(texts)) <= len(texts),
            is_short=len(texts) > 1 and max(map(len, texts)) <= CODE_CHARS,
            is_figures=bool(filled) and all(is_figure(text) or _is_code(text) for text in texts),
        )


def _count_words(text: str) -> int:
    return 0 if _is_code(text) else sum(any(map(str.isalpha, word)) for word in text.split())


def _is_code(text: str) -> bool:
    """Return whether a text is one token of letters and digits."""
    return len(text.split()) == 1 and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _number_rows(keys: Sequence[Key]) -> bool:
    """Return whether values look like row numbers: several distinct numbers, as labels repeat."""
    differ = len(set(keys)) == len(keys) and not any(isinstance(key, str) for key in keys)
    return differ and (len(keys) > 2 or list(keys) == [1, 2])


def text_of(row: Row, columns: Columns) -> str:
    """Return a row's text: its text columns joined by line breaks, without empty ones.

    None, NaN and words for them are empty; other values are converted to strings.
    """
    return _joined([text_in(row.get(name)) for name in columns.text])


def texts_of(batch: Batch, columns: Columns) -> list[str]:
    """Return the text of each row of a batch, as `text_of` does; lines are not changed."""
    return _texts(batch, columns, as_text if batch.format in PLAIN else text_in)


def texts_to_show(batch: Batch, columns: Columns) -> list[str]:
    """Return the text of each row of a batch as it is in the file, including `N/A`."""
    return _texts(batch, columns, as_text)


def texts_to_score(batch: Batch, columns: Columns) -> list[str]:
    """Return the text of each row of a batch, "" for bad rows."""
    texts = texts_of(batch, columns)
    for place in batch.bad:
        texts[place] = ""
    return texts


def _texts(batch: Batch, columns: Columns, read: Callable[[Any], str]) -> list[str]:
    cells = [list(map(read, batch.column(name))) for name in columns.text]
    return cells[0] if len(cells) == 1 else list(map(_joined, zip(*cells, strict=True)))


def _joined(cells: Sequence[str]) -> str:
    return cells[0] if len(cells) == 1 else "\n".join(filter(None, cells))


def _quoted(names: Sequence[str], glue: str) -> str:
    return glue.join(f'"{name}"' for name in names)
