"""Detection of the layout of plain text: labels before or after texts, tables, lists."""

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import gt
from typing import NamedTuple

from sentiment.reviews.dialects import SEPARATOR_LINE, has_spaced_columns, surplus
from sentiment.reviews.feed import LABEL_MARK, Split
from sentiment.reviews.header import (
    NAME_WORDS,
    is_known_name,
    is_plain_name,
    is_text_name,
    is_written_as_name,
    reads_as_header,
    stands_above,
    words_in,
)
from sentiment.reviews.rules import (
    Key,
    has_letters,
    is_label_word,
    is_number,
    key_of,
    reads_as_label,
)

_LINES = 100
_SEVERAL = 5  # lines that make a coincidence unlikely
_ENDS = 4  # lines that must end in a label for it to be one
_DELIMITERS = ",;|"
_SURE_WORDS = frozenset({"pos", "positive", "neg", "negative", "neutral", "neu"})
_SETS = ({0.0, 1.0}, {-1.0, 1.0}, {-1.0, 0.0, 1.0}, {0.0, 4.0}, {0.0, 2.0, 4.0})
_SCALE = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0}
_WITH_COMMA = re.compile(rf"{LABEL_MARK}([^\s,;|]++)[,;|]\s*+(.*)", re.DOTALL)
# A label at the end of a line.
_LAST = re.compile(
    r"(?P<text>.*?\S)"
    r"(?P<mark>[^\w.!?'\":/%$€*°)\]}<>(\[{]*(?:(?<![+-])|(?!\d))|\s*[-=]>\s*)(?:(?<=\W)|(?=\W))"
    r"(?P<open>[\[({<\"]?)(?P<label>[+-]?\d+(?:\.\d+)?|[^\W\d_]+)[\])}>\"]?\s*",
    re.DOTALL,
)
_TAIL = 200  # characters to search for it
_DELIMITERS_LAST = ("@", ",", ";", "|")
# Words that a number or *positive* belongs to, and that do not end a text.
_NO_END = words_in(
    """
    a about all an and are as at be been being both but by came day episode feel felt floor for from
    gave give highly in is it just level more most mostly my night no not number of only or over
    overall page part quite rate rated rating really score season so than the them this to too top
    us version very was were with
    """
)
# What follows a label at the start of a line: white space, a mark, or both.
_BEHIND = r"(?=[\s,;|@:~#=])[^\S\t]*+(?:[\t,;|@:]|[~#]++|[-=]>|[-=](?=\s))?+\s*+"
_OPENED, _CLOSED = r"[\[({<\"]?", r"[\])}>\"]?"
_FIRST = re.compile(rf"\s*+{_OPENED}([+-]?\d|[^\W\d_]+){_CLOSED}({_BEHIND})(\S.*)", re.DOTALL)
# What follows a number that counts.
_COUNTED = re.compile(r"(?:stars?|out|of|and|to|or|points?|x|%|/)\b|[-/.:%*★]", re.IGNORECASE)

# Words that numbers do not count: `1 a lovely film` has a label, `1 happy family` may not.
_UNCOUNTABLE = re.compile(
    r"(?:an?|the|this|that|these|those|it|its|i|i'm|we|you|he|she|they|my|our|his|her|their|not|no|"
    r"very|so|too|if|as|is|was|were|at|on|in|for|with)\b",
    re.IGNORECASE,
)

_ABOVE_LIST = re.compile(r"---|[\w-]+:\s*")
_ITEM = re.compile(r"(?P<label>)\s*[-*•]\s+(?P<quote>[\"']?)(?P<text>.*)(?P=quote)\s*")


class Layout(NamedTuple):
    """The layout of lines."""

    format: str
    note: str = ""  # for the user; "" for plain lines
    split: Split | None = None  # divides a line with a mark into label and text
    skipped: int = 0  # the number of header lines


_MARK = re.compile(r"__[A-Za-z]+__(?=\S)")
HEADER_LINE = "first line taken as header"


def layout_of(text: str, by_name: str = "lines", *, need_label: bool) -> Layout:
    """Detect the layout of a text, by its first lines and the format according to the suffix.

    If labels are needed, tabs always separate columns.
    """
    plain = Layout(by_name)
    lines = [line.rstrip("\r") for line in text.split("\n", _LINES)[:_LINES]]
    lines = [line for line in lines if line.strip()]
    header = len(lines) > 1 and is_header_line(text)
    if not lines:
        return plain
    found = _marked(lines, header=header)
    if not found and by_name == "csv" and not need_label and not has_spaced_columns(lines):
        found = _unquoted(lines)
    if not found and by_name == "tsv" and "\t" not in text:
        found = _table(lines)
    if by_name == "fasttext" and found:
        found = found._replace(note="")  # as the name says
    if found or by_name != "lines":
        return found or plain
    if SEPARATOR_LINE.fullmatch(lines[0]):
        return _read_as("csv", "CSV")
    if len(lines) < 2:
        return _tabbed(lines, need_label=need_label) or plain
    return (
        _tabbed(lines, need_label=need_label)
        or _table(lines)
        or _label_first(lines)
        or _label_last(lines)
        or _listed(lines)
        or _cells(lines)
        or (Layout("lines", HEADER_LINE, skipped=1) if header else plain)
    )


def is_header_line(text: str) -> bool:
    """Return whether a first line is just a well-known name of a column of texts."""
    return reads_as_header([text.partition("\n")[0]]) is True


def _unquoted(lines: Sequence[str]) -> Layout | None:
    """Detect prose with unquoted commas in what should be CSV."""
    header = is_header_line(lines[0])
    below = lines[header:]
    if not below or _are_tabbed(lines):
        return None
    widths = {line.count(",") for line in below}
    if (len(widths) < 2 and not (header and widths != {0})) or any(
        '"' in line or re.search(r",(?!\s)", line) for line in below
    ):
        return None
    rows = [re.split(r"[,;\t|]", line) for line in lines[:_SEVERAL]]
    if not header and any(len(row) > 1 and reads_as_header(row) for row in rows):
        return None  # a title above the table
    note = _note("one text a line, with commas that are in no quotes")
    return Layout("lines", f"{note}; {HEADER_LINE}" if header else note, skipped=int(header))


def _are_tabbed(lines: Sequence[str]) -> bool:
    """Return whether all lines have the same number of tabs."""
    tabs = {line.count("\t") for line in lines}
    return len(tabs) == 1 and tabs != {0}


def _read_as(format: str, name: str) -> Layout:
    return Layout(format, _note(name))


def _note(name: str) -> str:
    return f"read as {name}, by its content"


def _marked(lines: Sequence[str], *, header: bool) -> Layout | None:
    """Detect labels with a mark, before or after the text."""
    lines = lines[header:]
    found = None
    if all(map(_WITH_COMMA.fullmatch, lines)):
        found = Layout("fasttext", _note("__label__X,text"), _by_pattern(_WITH_COMMA))
    elif all(line.startswith(LABEL_MARK) for line in lines):
        found = _read_as("fasttext", "fastText")
    elif all(_split_last_mark(line)[0] for line in lines):
        found = Layout("fasttext", _note("fastText with the label last"), _split_last_mark)
    elif (mark := _MARK.match(lines[0])) and all(line.startswith(mark[0]) for line in lines):
        pattern = re.compile(rf"{mark[0]}([^\s,;|]++)[\s,;|]\s*+(.*)", re.DOTALL)
        found = Layout("fasttext", _note(f"fastText with {mark[0]}"), _by_pattern(pattern))
    return found and found._replace(skipped=int(header))


def _split_last_mark(line: str) -> tuple[str | None, str]:
    text, mark, label = line.rpartition(LABEL_MARK)
    label = label.strip()
    if not mark or not label or len(label.split()) > 1 or not text.strip(" \t,;|"):
        return None, line
    return label, text.rstrip(" \t,;|")


def _by_pattern(pattern: re.Pattern[str]) -> Split:
    """Return a split by a pattern of label and text; other lines are texts without label."""

    def split(line: str) -> tuple[str | None, str]:
        found = pattern.fullmatch(line)
        return (found[1], found[pattern.groups]) if found else (None, line)

    return split


def _split_end(line: str) -> tuple[str | None, str]:
    """Split a line at the label at its end; other lines are texts without label."""
    found = _LAST.fullmatch(line[-_TAIL:])
    if not found or not _is_label(found["label"]):
        return None, line
    return found["label"], line[:-_TAIL] + found["text"].rstrip()


def _tabbed(lines: Sequence[str], *, need_label: bool) -> Layout | None:
    """Detect tab-separated columns with labels or names; texts may contain tabs, too."""
    rows = [line.split("\t") for line in lines]
    if len(set(map(len, rows))) != 1 or len(rows[0]) == 1:
        return None
    several = len(rows) > 1
    if (
        need_label
        or _labels_in(rows)
        or (several and (_has_named_columns(rows) or _has_one_of_texts(rows)))
    ):
        return _read_as("tsv", "TSV")
    return None


def _has_one_of_texts(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether one column has texts, and the others have short names."""
    words = [[len(cell.split()) for cell in column] for column in zip(*rows, strict=True)]
    *others, most = sorted(words, key=sum)
    highest = list(map(max, zip(*others, strict=True)))
    clear = sum(most) >= 2 * max(map(sum, others)) and all(map(gt, most, highest))
    return 2 * sum(most) >= 3 * len(rows) and (clear or max(highest) < 2)


def _table(lines: Sequence[str]) -> Layout | None:
    """Detect CSV: rows of one width, with names of columns, or with a column of labels."""
    for delimiter, rows in _tables(lines):
        named = _has_named_columns(rows) or (delimiter != "," and _has_a_header(rows))
        # Two columns without names can also be read as lines with labels.
        several = len(rows[0]) > 2 or any('"' in line for line in lines)
        if named or (several and _are_labels(_label_column(rows))):
            return _read_as("csv", "CSV")
    if has_spaced_columns(lines):
        return _read_as("csv", "columns parted by spaces")
    return None


def _cells(lines: Sequence[str]) -> Layout | None:
    """Detect CSV without names: a text and single words, without spaces after delimiters."""
    for _, rows in _tables(lines):
        tight = all(has_letters(cell) and cell == cell.strip() for row in rows for cell in row)
        if tight and len(rows) == len(lines) and _has_one_of_texts(rows):
            return _read_as("csv", "CSV")
    return None


def _tables(lines: Sequence[str]) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield each delimiter by which all complete rows have the same number of columns; the rows.

    Empty cells beyond the first row's do not count.
    """
    ended = [f"{line}\n" for line in lines]
    for delimiter in _DELIMITERS:
        rows: list[list[str]] = []
        with contextlib.suppress(csv.Error):  # such as a quote that is closed later
            for row in csv.reader(ended, delimiter=delimiter, strict=True):
                rows.append(row[: len(row) - surplus(row, len(rows[0]) if rows else len(row))])
        if len(rows) > 1 and len(rows[0]) > 1 and len(set(map(len, rows))) == 1:
            yield delimiter, rows


def _has_named_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a first row has names of columns, including texts, unlike prose."""
    first = rows[0]
    if all(cell[:1] == " " for row in rows for cell in row[1:]):  # as after commas in prose
        return all(map(is_plain_name, first)) and any(map(is_text_name, first))
    if not _are_short(first) or not any(map(is_written_as_name, first)):
        return False
    if reads_as_header(first) is False:
        return False
    known = sum(map(is_known_name, first))
    return known > 1 or any(map(is_text_name, first)) or stands_above(first, rows[1:])


def _has_a_header(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a first row looks like unknown names, between marks that are rare in prose."""
    if len(rows) < 3 or not _are_short(rows[0]) or reads_as_header(rows[0]) is False:
        return False
    return stands_above(rows[0], rows[1:])


def _are_short(cells: Sequence[str]) -> bool:
    """Return whether cells are as short as names, without space around them."""
    return all(cell == cell.strip() and len(cell.split()) <= NAME_WORDS for cell in cells)


def _labels_in(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a column has labels, below an optional header."""
    columns = zip(*rows[bool(reads_as_header(rows[0])) :], strict=True)
    return any(
        column and all(reads_as_label(key_of(cell)) for cell in column) for column in columns
    )


def _label_column(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the first or last column if it is the only one without sentences, else []."""
    for column, others in ((-1, slice(0, -1)), (0, slice(1, None))):
        cells = [row[column] for row in rows]
        if all(reads_as_label(key_of(cell)) for cell in cells) and any(
            has_letters(cell) for row in rows for cell in row[others]
        ):
            return cells
    return []


def _are_labels(cells: Sequence[str], *, parted: bool = False) -> bool:
    """Return whether cells are labels, and not the first or last words of prose.

    Numbers that are `parted` from their texts, as in `Lovely,5`, are not part of prose.
    """
    keys = [key_of(cell) for cell in cells]
    found = set(keys)
    if not found or None in found:
        return False
    if all(isinstance(key, str) for key in found):
        return found <= _SURE_WORDS or len(keys) >= _SEVERAL
    return (parted and len(found) + len(keys) > 3) or _is_scale(keys, found)


def _is_scale(keys: Sequence[Key], found: set[Key]) -> bool:
    """Return whether numbers are labels: a known set, or a scale, but not 1, 2, 3, …."""
    if any(found <= known and len(found) > 1 for known in _SETS):
        return True
    running = list(keys) == sorted(found, key=str) and len(keys) > 1
    if len(keys) < _SEVERAL or running:
        return False
    return found <= {0.0, 1.0} or (found <= _SCALE and len(found) > 1)


def _label_first(lines: Sequence[str]) -> Layout | None:
    """Detect lines that begin with a label, as in `1 a lovely film`."""
    found = [match for line in lines if (match := _FIRST.fullmatch(line))]
    if len(found) < len(lines):
        return None
    labels = [match[1] for match in found]
    bare = lines[0].lstrip()[0] not in "[({<"
    if all(map(is_number, labels)):
        parted = all(match[2] in _DELIMITERS_LAST for match in found)
        parted = parted and labels != sorted(set(labels))  # 1, 2, 3, … count the lines
        if any(_COUNTED.match(match[3]) for match in found) or not _are_labels(
            labels, parted=parted
        ):
            return None
        if bare and len(lines) < _SEVERAL and all(match[2] == " " for match in found):
            begins = sum(_begins_a_text(match[1], match[3]) for match in found)
            if 2 * begins < len(found):
                return None
    elif not {key_of(label) for label in labels} <= _SURE_WORDS or len(set(labels)) < 2:
        return None
    elif bare and len(lines) < _SEVERAL and any(set(match[2]) == {" "} for match in found):
        begins = sum(m[3][0].isupper() or (m[1].islower() and " " in m[3]) for m in found)
        if begins < len(found) or _repeats([match[3].split()[0] for match in found]):
            return None  # *Positive surprise*
    names = "|".join(sorted(map(re.escape, set(labels)), key=len, reverse=True))
    pattern = re.compile(rf"\s*+{_OPENED}({names}){_CLOSED}{_BEHIND}(\S.*)", re.DOTALL)
    return Layout("fasttext", _note("a label and a text on each line"), _by_pattern(pattern))


def _begins_a_text(number: str, text: str) -> bool:
    """Return whether the number precedes a complete text, and not what it counts."""
    return not number[0].isdigit() or text[0].isupper() or bool(_UNCOUNTABLE.match(text))


def _label_last(lines: Sequence[str]) -> Layout | None:
    """Detect lines that end with a label, as in `a lovely film@positive` or `a lovely film 1`."""
    found = [match for line in lines if (match := _LAST.fullmatch(line[-_TAIL:]))]
    if len(found) < len(lines):
        return None
    named = is_text_name(found[0]["text"]) and is_known_name(found[0]["label"])
    found = found[named:]
    several = len(found) > 2
    tabbed = all("\t" in match["mark"] for match in found)
    around = " " * several
    parted = tabbed or all(match["mark"].strip(around) in _DELIMITERS_LAST for match in found)
    parted = parted and all(has_letters(match["text"]) for match in found)
    marks = {match["mark"].strip() + match["open"] for match in found}
    labels = [match["label"] for match in found]
    if len(marks) != 1 or not all(map(_is_label, labels)) or not _are_labels(labels, parted=parted):
        return None
    (mark,) = marks
    words = not all(map(is_number, labels))
    if mark not in _DELIMITERS_LAST and words and not {*map(key_of, labels)} <= _SURE_WORDS:
        return None
    if not (mark or tabbed) and (
        len(found) < _ENDS
        or len(set(labels)) < 2
        or _repeats([match["text"].split()[-1] for match in found])
        or any(_leads_to_label(match["text"]) for match in found)
        or all(" " not in match["text"] for match in found)
    ):
        return None  # *I give it a 1*, *We stayed in room 1*, *My impression was positive*
    what = f'a text and a label parted by "{mark}"' if mark else "a text and a label on each line"
    return Layout("fasttext", _note(what), _split_end, int(named))


def _leads_to_label(text: str) -> bool:
    """Return whether a text is incomplete without what follows it: *I give it a*, *Food:*."""
    return text.endswith(":") or text.casefold().split()[-1] in _NO_END


def _repeats(words: Sequence[str]) -> bool:
    """Return whether at least half of some words are the same."""
    most = max(Counter(map(str.casefold, words)).values())
    return most > 1 and 2 * most >= len(words)


def _listed(lines: Sequence[str]) -> Layout | None:
    """Detect a list with a mark before each text, as in YAML and Markdown."""
    skipped = next((n for n, line in enumerate(lines) if not _ABOVE_LIST.fullmatch(line)), 0)
    items = lines[skipped:]
    if len(items) < 2 or not all(map(_ITEM.fullmatch, items)):
        return None
    return Layout("lines", _note("a list, without its marks"), _by_pattern(_ITEM), skipped)


def _is_label(cell: str) -> bool:
    return is_label_word(cell) or (is_number(cell) and reads_as_label(key_of(cell)))
