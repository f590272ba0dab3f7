"""Detection of the layout of JSON: which part of it has the rows."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sentiment.errors import DataError
from sentiment.reviews.batch import Unreadable
from sentiment.reviews.feed import TextFeed
from sentiment.reviews.fields import text_field
from sentiment.reviews.foreign import ERROR_ANSWER, READ_LINES, is_refusal
from sentiment.reviews.header import TEXT_NAMES, is_text_name, normal_name
from sentiment.reviews.streams import JSON_FORMATS
from sentiment.values import json_beginning

Path = tuple[str, ...]  # the keys that lead to a part of an object

LOOKED_AT = 1 << 16  # characters
MAX_DEPTH = 8  # of objects in which a list is searched
_SHOWN_LISTS = 3
_SENTENCE = 3  # words
_MANY = 20  # fields; a row has fewer
_STRING = r'"(?:[^"\\\n]|\\.)*+"'
_SCALAR = rf"(?:{_STRING}|-?\d[\d.eE+-]*+|null|true|false|NaN|-?Infinity)"
_NESTED_LIST = re.compile(r"\[\s*+[{\[]")
# Of a file that is not called JSON: a list of objects, strings or lists, or the first key of an
# object; prose may begin with `[1] the text` or `{sic}`.
_LIST = re.compile(
    rf"\[\s*+(?:\{{\s*+{_STRING}\s*+:|{_STRING}\s*+(?:,\s*+(?:{_SCALAR}|[\]\[{{])|\]\s*+\Z)|\{{\}}"
    rf"|\[\s*+{_SCALAR}\s*+[,\]])"
)
_LIST_SO_FAR = re.compile(
    rf'\[\s*+(?:\]|(?:[{{\[]\s*+)?(?:{_STRING}(?:\s*+,(?:\s*+"[^"\n]*+)?)?|"[^"\n]*+)?)\s*+'
)
_OBJECT = re.compile(rf"\{{\s*+(?:{_STRING}\s*+:|\}})")
_OBJECT_SO_FAR = re.compile(rf'\{{\s*+(?:{_STRING}|"[^"\n]*+)?\s*+')
# After the first of the rows of a list without brackets, or of objects without line ends.
_NEXT = re.compile(r"\s*+(?:,\s*+(?:\{|\Z)|\{)")
# Names of texts that answers of services also have for what they say of themselves.
_TEXTS = TEXT_NAMES[0] - {"message"}
_FAULTS = frozenset({"error", "errors", "err", "fault", "exception", "documentation url"})


@dataclass(frozen=True)
class Layout:
    """Where the rows are.

    `lines` have an object or a string each. `rows` are objects and strings one after the other, or
    in lists; with `lists`, each list is a row. `list` is a list within an object, at `path`, or the
    first that is found; `columns` are lists or objects of values, one for each column, and `index`
    is an object of objects, whose keys are names of the rows: as pandas writes them. `other` is not
    JSON.
    """

    kind: Literal["lines", "rows", "list", "columns", "index", "other"]
    path: Path | None = None  # None if the list is not known yet
    others: frozenset[Path] = frozenset()  # known lists that are not read
    names: tuple[str, ...] = ()  # of the columns, if rows are lists
    lists: bool = False  # whether each list is a row


LINES, ROWS, OTHER = Layout("lines"), Layout("rows"), Layout("other")


class SeveralListsError(DataError):
    """Rows may be in several lists; `choices` are names of texts in them."""

    def __init__(self, name: str, lists: Mapping[Path, Sequence[Any]]) -> None:
        names = {".".join(path): rows for path, rows in lists.items()}
        self.choices = [
            f"{path}.{text_field(rows[0] if rows else None) or 'text'}"
            for path, rows in names.items()
        ]
        shown = " and ".join(f'"{path}"' for path in [*names][:_SHOWN_LISTS])
        some = map(shlex.quote, self.choices[:_SHOWN_LISTS])
        ways = " or ".join(f"--text-column {choice}" for choice in some)
        super().__init__(f"{name}: rows may be in the lists {shown}; choose with {ways}")


def find_layout(feed: TextFeed, by_name: str, asked: Sequence[str] = ()) -> Layout:
    """Detect the layout of a text by its beginning, which is not consumed.

    Args:
        feed: The text.
        by_name: The format according to the user or the suffix. What is called JSON is JSON.
        asked: Columns that the user named; those such as `test.text` choose a list, `test`.

    Raises:
        SeveralListsError: It does not tell which list has the rows.
        DataError: It is the error message of a service.
    """
    detector = _Detector(feed.name, by_name, asked)
    text, whole = "", False
    for text, whole in feed.beginnings(LOOKED_AT):
        if found := detector.find(text.lstrip(), whole=whole, forced=False):
            return found
    return detector.find(text.lstrip(), whole=whole, forced=True) or OTHER


def is_json(feed: TextFeed) -> bool:
    """Return whether a text that is called JSON may be some, by what has come of it.

    That is, if the first line is a value, or any line begins like an object or a list.
    """
    try:
        start, _ = next(feed.beginnings(1))
    except Unreadable:  # raised again when it is read
        return True
    first, end, rest = start.lstrip().partition("\n")
    if not first or first[0] in "[{" or (first[0] == '"' and not end):
        return True
    return _value_of(first) is not None or bool(re.search(r"(?m)^[ \t]*[\[{]", rest))


@dataclass(frozen=True)
class _Detector:
    name: str
    by_name: str
    asked: Sequence[str]

    @property
    def is_named(self) -> bool:
        """Whether the file is called JSON."""
        return self.by_name in JSON_FORMATS

    def find(self, text: str, *, whole: bool, forced: bool) -> Layout | None:
        """Return the layout of a text that begins so; None if that depends on the rest.

        Args:
            text: The beginning, without white space before it.
            whole: Whether this is all.
            forced: Whether to decide in any case.
        """
        if not text:
            return None
        if text[0] == "[":
            return self._of_list(text, last=whole or forced)
        if text[0] == "{":
            return self._of_object(text, whole=whole, forced=forced)
        return LINES if self.is_named else OTHER

    def _of_list(self, text: str, *, last: bool) -> Layout | None:
        is_empty = self.is_named and last and text[1:].strip() == "]"
        if self.by_name != "json" and not (is_empty or _LIST.match(text)):
            if not last and _LIST_SO_FAR.fullmatch(text):
                return None
            return LINES if self.is_named else OTHER
        return ROWS if _NESTED_LIST.match(text) else _of_single_values(text, last=last)

    def _of_object(self, text: str, *, whole: bool, forced: bool) -> Layout | None:
        last = whole or forced
        if not self.is_named and not _OBJECT.match(text):
            return None if not last and _OBJECT_SO_FAR.fullmatch(text) else OTHER
        first, end, rest = text.partition("\n")
        if not (end or last):
            return None
        row = _value_of(first)
        if isinstance(row, dict) and rest.strip():
            return LINES
        if isinstance(row, dict):
            found = self._of_only(row)
            return LINES if found == ROWS else found if last else None
        return self._of_several_lines(text, first, whole=whole, last=last)

    def _of_several_lines(self, text: str, first: str, *, whole: bool, last: bool) -> Layout | None:
        """Return the layout of objects that do not begin with one on the first line."""
        try:
            value, end = json_beginning(text)
        except ValueError:  # the first line is a row that cannot be read
            return LINES if self.is_named else OTHER
        if end is None:
            if not last:
                return None
            found = self._of_value(value, complete=whole)  # of a text cut short, no list comes
            by_line = first == text.rstrip() or (whole and self.by_name == "jsonl")
            return LINES if found == ROWS and by_line else found
        if end <= len(first):
            return ROWS if _NEXT.match(first, end) else LINES if self.is_named else OTHER
        return self._of_value(value) if text[end:].strip() else self._of_only(value)

    def _of_only(self, value: dict[str, Any]) -> Layout:
        """Return the layout of an object that is alone, or may be."""
        found = self._of_value(value)
        if found == ROWS and _is_error(value):
            raise DataError(f"{self.name}: {ERROR_ANSWER}; {READ_LINES}")
        if found == ROWS and (name := _object_of_rows(value)):
            command = f"jq -c {shlex.quote(f'.[{json.dumps(name)}][]')} FILE > reviews.jsonl"
            what = f'"{name}" holds an object of rows; write them one a line: {command}'
            raise DataError(f"{self.name}: {what}")
        return found

    def _of_value(self, value: Mapping[str, Any], *, complete: bool = True) -> Layout:
        """Return the layout of an object, of which later members may be missing."""
        if any(isinstance(each, str) and normal_name(key) in _TEXTS for key, each in value.items()):
            return ROWS
        if found := _of_frame(value):
            return found
        lists = dict(_lists_in(value))
        texts = {path: rows for path, rows in lists.items() if _has_text(rows[0])}
        if texts:
            return self._in_list(texts, value, complete=complete)
        if _has_text(value) or any(map(_is_sentence, value.values())):
            return ROWS
        if lists:
            return self._in_list(lists, value, complete=complete)
        return ROWS if complete else Layout("list")

    def _in_list(
        self, lists: Mapping[Path, list[Any]], value: Mapping[str, Any], *, complete: bool
    ) -> Layout:
        """Return the list that the user named, or the best one."""
        paths = sorted(lists, key=rank_of, reverse=True)
        asked = [path for path in paths if is_asked(path, self.asked)]
        if not asked and not complete and self._is_of_later(lists[paths[0]][0]):
            return Layout("list")
        if not asked and len(paths) > 1 and rank_of(paths[0]) == rank_of(paths[1]):
            raise SeveralListsError(self.name, lists)
        path = (asked or paths)[0]
        names = value.get("columns")
        width = len(lists[path][0]) if isinstance(lists[path][0], list) else 0
        if not isinstance(names, list) or len(names) != width:
            names = []
        others = frozenset(found for found, _ in _lists_in(value) if found != path)
        return Layout("list", path, others, tuple(map(str, names)))

    def _is_of_later(self, row: Any) -> bool:
        """Return whether the user named a column of a list that is still to come."""
        heads = {name.partition(".")[0] for name in self.asked if "." in name}
        return isinstance(row, dict) and bool(heads) and heads.isdisjoint(row)


def _of_single_values(text: str, *, last: bool) -> Layout | None:
    """Return the layout of a list of single values: a row, if another such list follows it."""
    first, _, rest = text.partition("\n")
    if rest.lstrip().startswith("[") and isinstance(_value_of(first), list):
        return Layout("rows", lists=True)
    return ROWS if last or rest.strip() else None


def rank_of(path: Path) -> tuple[bool, int]:
    """Return how likely a list has the rows: one called `reviews`, else one that is less deep."""
    return is_text_name(path[-1]), -len(path)


def is_asked(path: Path, asked: Sequence[str]) -> bool:
    """Return whether the user named a column in a list, such as `test.text` in `test`."""
    return any(name.startswith(f"{'.'.join(path)}.") for name in asked)


def _value_of(line: str) -> Any:
    """Return the JSON value that a line is, without what is nested too deeply; None for others."""
    try:
        try:
            return json.loads(line)
        except RecursionError:
            value, end = json_beginning(line)
            return value if end is not None and not line[end:].strip() else None
    except ValueError:
        return None


def _lists_in(value: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    """Yield the lists of objects or of lists within an object, in order."""
    for key, each in value.items():
        if normal_name(key) in _FAULTS:
            continue
        if isinstance(each, list) and each and isinstance(each[0], (dict, list)):
            yield (*above, key), each
        if isinstance(each, dict) and len(above) + 1 < MAX_DEPTH:
            yield from _lists_in(each, (*above, key))


def _of_frame(value: Mapping[str, Any]) -> Layout | None:
    """Return the layout of a table as pandas, or a program like it, writes it; else None."""
    members = list(value.values())
    if all(isinstance(each, dict) and each for each in members):
        return _of_objects(value, members) if members else None
    held = {type(each[0]) for each in members if isinstance(each, list) and each}
    named = any(is_text_name(key) and _holds_strings(each) for key, each in value.items())
    if dict in held or str not in held or (list in held and not named):
        return None
    # Beside other values, a list of words may be those of one text.
    alone = all(isinstance(each, list) for each in members)
    named = named and any(map(_holds_sentences, members))
    return Layout("columns") if alone or named else None


def _of_objects(value: Mapping[str, Any], members: Sequence[dict[str, Any]]) -> Layout | None:
    """Return the layout of an object of objects, if these are columns or rows; else None."""
    keys = list(members[0])
    alike = len(members) > 1 and (keys == list(members[1]) or keys[0].isdigit())
    if all(map(str.isdigit, value)) and not keys[0].isdigit():
        return Layout("index") if _has_text(members[0]) or not any(_lists_in(value)) else None
    if keys[0].isdigit():
        return Layout("columns")
    if any(map(is_text_name, value)):
        is_column = not _has_text(value) and (alike or len(keys) >= _MANY)
        return Layout("columns") if is_column else None
    return Layout("index") if alike and _has_text(members[0]) else None


def _object_of_rows(value: Mapping[str, Any]) -> str | None:
    """Return the key of an object of objects with the same keys, with texts, as of Firebase."""
    for key, each in value.items():
        rows = list(each.values()) if isinstance(each, dict) else []
        if len(rows) > 1 and all(isinstance(row, dict) and _has_text(row) for row in rows):
            return key if len({tuple(row) for row in rows}) == 1 else None
    return None


def _holds_strings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def _holds_sentences(value: Any) -> bool:
    return _holds_strings(value) and any(isinstance(each, str) and " " in each for each in value)


def _has_text(value: Any) -> bool:
    return text_field(value) != ""


def _is_sentence(value: Any) -> bool:
    return isinstance(value, str) and len(value.split()) >= _SENTENCE


def _is_error(value: Mapping[str, object]) -> bool:
    """Return whether an object is the error response of a web service."""
    names = set(map(normal_name, value))
    if any(is_text_name(name) for name in names - {"message", "description", "title"}):
        return False
    codes = [value[key] for key in value if normal_name(key) in ("status", "status code", "code")]
    return (
        bool(names & _FAULTS)
        or any(isinstance(code, int) and 400 <= code < 600 for code in codes)
        or any(isinstance(each, str) and is_refusal(each) for each in value.values())
    )
