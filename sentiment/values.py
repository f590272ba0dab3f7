"""Values from outside: strict JSON, missing values, texts that say nothing, unsafe characters."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

# Terminal control characters, and characters that reverse text or break lines: bidirectional
# marks, embeddings, overrides and isolates, and Unicode's line separators.
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_TURNING = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
SPELLED = {
    **{code: f"\\x{code:02x}" for code in _CONTROLS},
    **{code: f"\\u{code:04x}" for code in _TURNING},
    **{ord(char): repr(char)[1:-1] for char in "\t\n\r"},
}
# How pandas, R, spreadsheets and SQL write missing values and errors, in lower case.
MISSING_WORDS = frozenset(
    [
        "#n/a", "#n/a n/a", "#na", "-nan", "<na>", "\\n", "n/a", "na", "nan", "nat", "none", "null",
        "#blocked!", "#busy!", "#calc!", "#connect!", "#div/0!", "#error!", "#field!", "#name?",
        "#null!", "#num!", "#ref!", "#spill!", "#unknown!", "#value!",
    ]
)  # fmt: skip
# What people write instead of an opinion, and programs instead of a deleted text: the words of
# whole texts, as `words_of` returns them. Praise and blame do not count: *no complaints*,
# *nothing special*, *nothing yet*.
_NOW = "at (present|the moment|(this|the) (time|moment|point|stage))|for now"
_SOURCE = r"(review|comment|answer|response)s?"
_BY = "by (the |a )?(moderator|mod|admin|administrator|author|user|reviewer|owner)s?"
_NO_OPINION = "|".join(
    [
        r"((i (have|ve) )?no|without)( further| other| additional| more)* (comment|remark|opinion)"
        rf"s?( to (add|make|give|share|offer))?( at all)?( yet)?( {_NOW})?",
        r"no (feedback|answer|response|reply|review|text|data|input|description)"
        r"( given| provided)?|no (idea|suggestions?|positive|negative)|(none|not) (given|provided)",
        r"(no|nope|none|nothing|nil)( at all| whatsoever| so far| to my knowledge| that "
        r"(i can think|i know|im aware|i am aware) of)?",
        r"nothing( else| more| further| in particular)*( to (add|say|report|comment|mention))?"
        rf"( {_NOW})?|nothing comes to mind",
        rf"(please )?(see|as|same as)( my| the| other)*( previous)? ({_SOURCE}|above|below|"
        r"previous|attached|attachment|title|subject|headline)( above| below)?",
        r"(i )?(really )?(dont|do not) know( what to (say|write|add))?|idk|((i am|im) )?not sure",
        r"((i )?(cant|cannot|can not)|(hard|too early|too soon) to|(prefer|rather) not( to)?)"
        rf" (say|tell|answer|comment)( yet)?( {_NOW})?",
        rf"((this|the|your) )?({_SOURCE}|post|message)( was| is| has been)? (removed|deleted|"
        rf"hidden|blank|empty|unavailable|(not|no longer) available)( {_BY})?",
        r"this (content|text) (was|is|has been) (removed|deleted|(not|no longer) available)",
        rf"(removed|deleted) {_BY}|does not apply|not (available|applicable|specified|stated)",
        r"object object|lorem ipsum( .*)?|ditto|idem|tb[acd]|todo|test(ing)?( test)*|xxx+|empty",
        r"blank|unavailable|undefined|unspecified|unknown|none|null|nil|na[nt]?|n a( n a)*",
    ]
)
_WHOLE = rf"({_NO_OPINION})( thanks| thank you)?"
# How such texts begin: a quick test that rules most texts out.
_FIRST = (
    "i ", "im ", "ive ", "id", "n", "without", "please", "see", "as ", "same", "dont", "do ", "can",
    "hard", "too ", "prefer", "rather", "this ", "the ", "your ", "review", "comment", "answer",
    "response", "post", "message", "removed", "deleted", "does", "object", "lorem", "ditto", "tb",
    "todo", "test", "xxx", "empty", "blank", "un",
)  # fmt: skip
# Words that are placeholders only in brackets.
_BRACKETED = (
    r"\s*([\[(<{]\s*(blank|deleted|empty|missing|no \w+|removed)\s*[\])>}]|\$?{+[\w. ]+}+)\s*"
)
_MOST_CHARS = 80  # including white space and punctuation


def is_missing(value: object) -> bool:
    """Return whether a value is None, NaN, or pandas' NA or NaT."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float) and math.isnan(value)


def is_missing_word(text: str) -> bool:
    """Return whether a cell is a word for a missing value, such as `NaN` or `N/A.`."""
    return len(text) <= _MOST_CHARS and text.strip().rstrip(".").casefold() in MISSING_WORDS


def gives_no_opinion(text: str) -> bool:
    """Return whether a text declines to give an opinion: *No comment.*, *see above*."""
    if len(text) > _MOST_CHARS:
        return False
    lower = text.casefold()
    words = words_of(lower)
    return bool(
        (words.startswith(_FIRST) and re.fullmatch(_WHOLE, words))
        or re.fullmatch(_BRACKETED, lower)
        or is_missing_word(text)
    )


def words_of(text: str) -> str:
    """Return the words of a text, separated by spaces, without punctuation; `don't` is one."""
    return " ".join(re.findall(r"[^\W_]+", re.sub("['\u2019`\u00b4]", "", text)))


def read_strict_json(text: str) -> Any:
    """Read JSON as strictly as its standard: NaN, infinite numbers and duplicate keys are errors.

    Raises:
        ValueError: It is not JSON, or a number has too many digits; a `json.JSONDecodeError` has
            the place.
        RecursionError: It is nested too deeply.
    """
    return _STRICT.decode(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):  # Python would keep the last
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f'the key "{twice}" occurs twice; keep one')
    return made


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        shown = digits if len(digits) <= _SHOWN_DIGITS else f"{digits[:_SHOWN_DIGITS]}…"
        raise ValueError(f"{shown} is too large a number; write it as a string")
    return value


def _int(digits: str) -> int:
    try:
        return int(digits)
    except ValueError as error:  # more digits than Python allows
        what = f"a number of {len(digits.lstrip('-')):,} digits is too long; write it as a string"
        raise ValueError(what) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; write null")


_SHOWN_DIGITS = 20


def strict_decoder(constant: Callable[[str], Any] = _refuse_constant) -> json.JSONDecoder:
    """Return a decoder for `read_strict_json`; `constant` reads NaN, Infinity and -Infinity."""
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_constant=constant, parse_float=_float, parse_int=_int
    )


_STRICT = strict_decoder()
# The tokens by which values begin and end. A line feed ends no string of JSON; a quote that is
# matched alone opens one without an end.
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*+"|[\[\]{},"]')
_CLOSING = {"[": "]", "{": "}"}


_MAX_DEPTH = 100  # of brackets; the layout of rows shows in the first few


def json_beginning(text: str) -> tuple[Any, int | None]:
    """Return the JSON value that a text begins with, as far as it goes, and where it ends.

    The end is None if the text ends first: then the last of its members or elements is left out.
    What is nested too deeply for its layout to matter is read as null.

    Raises:
        ValueError: It is not JSON.
    """
    beginning = _Beginning(text)
    for token in _TOKEN.finditer(text):
        char = token[0]
        if char in _CLOSING:
            beginning.open(token)
        elif char in ("]", "}"):
            beginning.close(token)
            if not beginning.closing:
                return beginning.value(), token.end()
        elif char == ",":
            beginning.cut_at(token.start())
        elif char == '"':
            if "\n" in text[token.start() :]:
                raise ValueError("a string without an end")
            break
    return beginning.value(), None


class _Beginning:
    """A JSON value up to a place, without what is nested too deeply."""

    def __init__(self, text: str) -> None:
        self.closing: list[str] = []  # what closes the open brackets
        self._text = text
        self._parts: list[str] = []
        self._begin = self._cut = 0  # of the next part

    @property
    def _is_deep(self) -> bool:
        return len(self.closing) > _MAX_DEPTH

    def open(self, bracket: re.Match[str]) -> None:
        if len(self.closing) == _MAX_DEPTH:
            self._parts += self._text[self._begin : bracket.start()], "null"
        self.closing.append(_CLOSING[bracket[0]])
        self._go_on(bracket.end())

    def close(self, bracket: re.Match[str]) -> None:
        was_deep = self._is_deep
        if not self.closing or self.closing.pop() != bracket[0]:
            raise ValueError("brackets do not match")
        self._go_on(bracket.end(), deep=was_deep)

    def cut_at(self, place: int) -> None:
        if not self._is_deep:
            self._cut = place

    def value(self) -> Any:
        closed = "".join(reversed(self.closing[:_MAX_DEPTH]))
        return json.loads("".join((*self._parts, self._text[self._begin : self._cut], closed)))

    def _go_on(self, place: int, *, deep: bool = False) -> None:
        self._cut = place
        if deep or self._is_deep:
            self._begin = place


# Decimals behind a comma; 1,234 may be thousands.
_DECIMAL_COMMA = re.compile(r"\s*([+-]?)(?:(0?),(\d+)|(\d+),(\d{1,2}|\d{4,}))\s*")


def number_of(cell: Any) -> float:
    """Return the number in a cell, with a decimal point or comma; NaN for anything else."""
    if isinstance(cell, str) and _DECIMAL_COMMA.fullmatch(cell):
        cell = cell.replace(",", ".")
    try:
        return float(cell)
    except (TypeError, ValueError):
        return math.nan


def visible(text: str) -> str:
    """Escape line breaks, control characters, and bidirectional characters."""
    return text.translate(SPELLED)
