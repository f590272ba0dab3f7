"""A cursor on JSON that arrives in blocks, which holds no more than the value it is at."""

import json
import re
from collections.abc import Generator

from sentiment.reviews.batch import Unreadable
from sentiment.reviews.feed import TextFeed, too_long

# The comma between two values of a list, if the second has begun.
BETWEEN = re.compile(r"[ \t\n\r]*+,[ \t\n\r]*+(?!\Z)")
_SPACE = re.compile("[ \t\n\r\ufeff]*+")
_NESTED = re.compile(r'[^"\[\]{}]*+')
_FLAT = re.compile(r'[^"\[\]{},\n]*+')
_QUOTED = re.compile(r'(?:[^"\\\n]|\\.)*+', re.DOTALL)
_OPENED_BY = {"]": ord("["), "}": ord("{")}
_AFTER_VALUE = frozenset(" \t\n\r,]}")
_INDENT = 64  # characters at the beginning of a line that are looked at
_LONGEST_TOKEN = 16  # characters of a literal or an escape, which the end of a block may cut


class CutShort(Unreadable):
    """The text ends within a value, of which `raw` is there."""

    def __init__(self, raw: str, line: int) -> None:
        super().__init__("cut short: the file ends in this row; get it again", line)
        self.raw = raw


class JsonText:
    """The text of a feed from a place on.

    Methods that may need more text are generators: they yield before they wait for a block.

    Args:
        feed: The text, of which no block has been read.
        decoder: Tells whether a value is complete.

    Attributes:
        text: The current block, and before it what is left of earlier ones.
        at: The index in it of the next character.
    """

    def __init__(self, feed: TextFeed, decoder: json.JSONDecoder) -> None:
        feed.split_anywhere()
        self.text = ""
        self.at = 0
        self._blocks = feed.blocks()
        self._ended = False
        self._line, self._counted = 1 + feed.skipped, 0  # the line at an index of `text`
        self._before = ""  # the beginning of its first line, which was dropped
        self._most = feed.max_row_chars
        self._scan = decoder.scan_once  # type: ignore[attr-defined]

    @property
    def line(self) -> int:
        """The number of the line at the cursor."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def peek(self) -> Generator[None, None, str]:
        """Move to the next character that is no white space, and return it; "" at the end."""
        while True:
            self.at = _end(_SPACE, self.text, self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not (yield from self._more()):
                return ""

    def value(self) -> Generator[None, None, str]:
        """Move behind the value at the cursor and return its text, whether or not it is JSON.

        What is not JSON ends where its brackets close, or else before a comma, a bracket or the end
        of a line; but before a line that begins as its own does, as the next row has to.

        Raises:
            Unreadable: It is too long.
            CutShort: The text ends first.
        """
        if (end := self._end_of_complete()) is not None:
            return self._taken(end)
        line, alike, scan = self.line, self._line_like_this(), _Scan()
        parts, length, due = list[str](), 0, 0
        while True:
            end = scan.end(self.text, self.at)
            if end == self.at and not length:
                end += 1  # a closing bracket without an opening one
            parts.append(self._taken(len(self.text) if end is None else end))
            length += len(parts[-1])
            if length > self._most:
                raise Unreadable(too_long("a row", self._most), line)
            if end is not None or length >= due:
                parts, due = ["".join(parts)], 2 * length
                broken = alike and self._is_broken(parts[0], whole=end is not None)
                if alike and broken and (next_row := alike.search(parts[0])):
                    return self._go_back(parts[0], next_row.start(), line)
            if end is not None or not (yield from self._more()):
                break
        if end is None and scan.is_open:
            raise CutShort("".join(parts), line)
        return "".join(parts)

    def leave(self, bracket: str = "") -> Generator[None, None, None]:
        """Move behind the value at the cursor, or to the end of what a bracket before it opens."""
        scan = _Scan(bracket)
        while (end := scan.end(self.text, self.at)) is None:
            self.at = len(self.text)
            if not (yield from self._more()):
                return
        self.at = end

    def _more(self) -> Generator[None, None, bool]:
        """Read the next block; return whether there was one."""
        if self._ended:
            return False
        yield
        block = next(self._blocks, None)
        if block is None:
            self._ended = True
            return False
        self._line = self.line
        self._before = self._line_before()[:_INDENT]
        self.text = self.text[self.at :] + block
        self.at = self._counted = 0
        return True

    def _taken(self, end: int) -> str:
        start, self.at = self.at, end
        return self.text[start:end]

    def _end_of_complete(self) -> int | None:
        """Return where the value at the cursor ends, if it is JSON, and whole."""
        try:
            _, end = self._scan(self.text, self.at)
        except (StopIteration, ValueError, RecursionError):
            return None
        is_whole = self.text[end - 1] in '"]}' or self.text[end : end + 1] in _AFTER_VALUE
        return end if is_whole else None

    def _is_broken(self, text: str, *, whole: bool) -> bool:
        """Return whether a text is no JSON and, unless it is whole, cannot become so."""
        try:
            self._scan(text, 0)
        except StopIteration as error:
            at = error.value
        except json.JSONDecodeError as error:
            at = len(text) if error.msg.startswith("Unterminated") else error.pos
        except (ValueError, RecursionError):  # refused for another reason
            return False
        else:
            return False
        return whole or at < len(text) - _LONGEST_TOKEN

    def _go_back(self, text: str, cut: int, line: int) -> str:
        """Move back to an index of the last text, which began on a line; return what is before."""
        if len(text) <= self.at:
            self.at -= len(text) - cut
        else:
            self.text, self.at = text[cut:] + self.text[self.at :], 0
        self._line, self._counted = line + text.count("\n", 0, cut), self.at
        return text[:cut]

    def _line_before(self) -> str:
        """Return what is before the cursor in its line."""
        start = self.text.rfind("\n", 0, self.at) + 1
        return self.text[start : self.at] if start else self._before + self.text[: self.at]

    def _line_like_this(self) -> re.Pattern[str] | None:
        """Return the beginning of a line that begins as the object at the cursor does."""
        before = self._line_before()
        if self.text[self.at] != "{" or before.strip(" \t["):
            return None
        return re.compile(r"\n[ \t]*\{" if "[" in before else rf"\n{before}\{{")


class _Scan:
    """Finds where a value ends, by brackets and quotes, in any number of blocks.

    Attributes:
        is_broken: Whether a line ended in quotes, which JSON does not allow.
    """

    def __init__(self, bracket: str = "") -> None:
        self._open = bytearray(map(ord, bracket))
        self._quoted = self._escaped = self.is_broken = False

    @property
    def is_open(self) -> bool:
        """Whether a bracket or a quote is open."""
        return self._quoted or bool(self._open)

    def end(self, text: str, at: int) -> int | None:
        """Return where the value ends in a block, None if it goes on; it may end before `at`."""
        while at < len(text):
            if self._quoted:
                at = self._end_quotes(text, at)
                if not self.is_open:
                    return at
                continue
            at = _end(_NESTED if self._open else _FLAT, text, at)
            char = text[at : at + 1]
            if char in ("]", "}"):
                if not self._close(_OPENED_BY[char]):
                    return at
                if not self._open:
                    return at + 1
            elif char in ("[", "{"):
                self._open.append(ord(char))
            elif char == '"':
                self._quoted = True
            elif char:  # a comma, or the end of a line
                return at
            at += 1
        return None

    def _close(self, bracket: int) -> bool:
        """Close what a bracket opened; return whether there is such a one in the value."""
        if bracket not in self._open:
            return False
        while self._open.pop() != bracket:
            pass
        return True

    def _end_quotes(self, text: str, at: int) -> int:
        """Return the index behind a string, or behind the block if it goes on."""
        at = _end(_QUOTED, text, at + self._escaped)
        self._escaped = text[at : at + 1] == "\\"
        if at < len(text) and not self._escaped:
            self._quoted = False
            self.is_broken = self.is_broken or text[at] == "\n"
        return at + 1


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where the text that a pattern matches ends; it matches anything, even nothing."""
    return pattern.match(text, at).end()  # type: ignore[union-attr]
