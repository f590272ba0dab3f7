"""Reviews cut into sentences, as people write them: hastily, with faces, and without full stops.

Each mark that may end a sentence is looked at with the few characters around it. So the time grows
with the length of the text alone, whatever stands in it.
"""

import re
from typing import NamedTuple

Span = tuple[int, int]

_FACES = r"[:;=][-^']?[)(\]\[}{|/\\*DPdpoO3]+(?!\w)|<3+(?!\w)"
_EMOJI = "[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\u2b55\u2764\ufe0f\u200d\U000e0020-\U000e007f]+"
# What may end a sentence, and addresses, whose marks do not.
_CANDIDATE = re.compile(
    r"(?P<address>(?:https?://|www\.)\S+)"
    r"|(?P<line>\r\n?|\n|<br\s{0,9}/?>)"
    r"|(?P<stop>[.!?…。！？｡؟۔।]+)"
    rf"|(?P<face>(?<!\S)(?:{_FACES})|{_EMOJI})",
    re.IGNORECASE,
)
_SPACE = re.compile(r"(?:\s|<br\s{0,9}/?>)+", re.IGNORECASE)
_BREAK = re.compile(r"\r\n?|\n|<br", re.IGNORECASE)
_CLOSING = re.compile(r"[\"'”’»)\]}*_]{1,9}")
# Faces and, at the end of a line, hashtags belong to the sentence before them.
_FACE_AFTER = re.compile(rf"[^\S\r\n]{{0,9}}(?:{_FACES}|{_EMOJI})")
_TAGS_AFTER = re.compile(r"(?:[ \t]{1,9}#\w{1,99}){1,20}[ \t]{0,9}(?=[\r\n]|\Z)")
_BULLET = re.compile(r"[-*•·–—+]\s|\w{1,2}[.)]\s")
_SHOUTED = re.compile(r"(?:[A-Z]{2,15}\. ){0,5}[A-Z]{2,15}")
_SHOUTED_NEXT = re.compile(r"[A-Z]{2,15}\.")
_NEXT_WORD = re.compile(r"[^\W\d_]{1,12}(?:'[a-z]{1,2})?(?![\w'])")
_AROUND = 24  # characters before a mark that are looked at
_LONG = 60  # characters of the longest sentence of single shouted words

_ALWAYS = frozenset("。！？｡")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# No sentence ends after these.
_TITLES = _words("mr mrs ms dr prof st mt capt sgt rev hon gen lt vs e.g i.e eg approx")
# None ends after these before a number.
_BEFORE_NUMBERS = _words("no nos vol fig p pp ch win art sec ext")
# None ends after these before a small letter or a number.
_SHORTENED = _words(
    "etc inc ltd co corp bros ave blvd rd dept est max min misc incl excl resp esp jr sr al "
    "a.m p.m am pm jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thurs "
    "fri sat sun ft lb lbs oz kg cm mm km hr hrs mins secs yr yrs tsp tbsp pkg qty tel"
)
_UNITS = _words("in sec gal mi")  # the same, but only after a number; else they are words
# Words that begin sentences so often that they do so after an initial or an abbreviation, too, and
# after a full stop without a space.
_BEGINNERS = _words(
    "i it it's i'm i've the this that these those we we're you they he she there but and so not no "
    "my our your his her their its if when what why how also very love great would will just "
    "a an all never now then"
)


class _Mark(NamedTuple):
    """A mark that may end a sentence.

    Attributes:
        start, end: its span, closing quotes and brackets included.
        signs: the mark alone.
        closing: the quotes and brackets.
        tail: where the faces and hashtags end that belong to it.
        next: where the next word begins.
    """

    start: int
    end: int
    signs: str
    closing: str
    tail: int
    next: int


def sentences(text: str) -> list[Span]:
    """Return the span of each sentence of a review, in order, without the white space around it.

    A line break ends a sentence unless the line goes on in small letters; a blank line always does.
    Abbreviations, initials, numbers and addresses end none, an ellipsis only before a capital. A
    full stop needs no space after it (*great.The*). Faces and hashtags after a sentence belong to
    it. A text without a letter is a sentence, white space is none.
    """
    spans: list[Span] = []
    start = at = _after_space(text, 0)
    while found := _CANDIDATE.search(text, at):
        kind, at = found.lastgroup, found.end()
        if kind == "address":
            at = max(found.start() + 4, found.start() + len(found[0].rstrip(".!?…,;:\"')")))
            continue
        if kind == "line":
            end, following = found.start(), _after_space(text, found.start())
            ends, at = _line_ends(text, found.start(), following), following
        else:
            mark = _mark_at(text, found)
            end, following = mark.tail, mark.next
            ends = _face_ends(text, mark) if kind == "face" else _stop_ends(text, start, mark)
            at = max(at, mark.tail)
        if ends:
            _add(spans, text, start, end)
            start = at = max(following, at)
    _add(spans, text, start, len(text))
    return spans


def _add(spans: list[Span], text: str, start: int, end: int) -> None:
    """Add a span without the white space at its end, unless nothing is left."""
    end = start + len(text[start:end].rstrip())
    if end > start:
        spans.append((start, end))


def _after_space(text: str, at: int) -> int:
    """Return where white space and line breaks end."""
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _mark_at(text: str, found: re.Match[str]) -> _Mark:
    """Return a mark with what belongs to it."""
    closing = _CLOSING.match(text, found.end()) if found.lastgroup == "stop" else None
    end = closing.end() if closing else found.end()
    tail = end
    while face := _FACE_AFTER.match(text, tail):
        tail = face.end()
    if tags := _TAGS_AFTER.match(text, tail):
        tail = tags.end()
    following = _after_space(text, tail)
    return _Mark(found.start(), end, found[0], closing[0] if closing else "", tail, following)


def _line_ends(text: str, at: int, following: int) -> bool:
    """Return whether a sentence ends at a line break: the line does not go on in small letters."""
    if len(_BREAK.findall(text, at, following)) > 1 or following >= len(text):
        return True
    return not text[following].islower() or bool(_BULLET.match(text, following))


def _face_ends(text: str, mark: _Mark) -> bool:
    """Return whether a face without a full stop before it ends a sentence: a capital follows."""
    return mark.tail < mark.next < len(text) and text[mark.next].isupper()


def _stop_ends(text: str, start: int, mark: _Mark) -> bool:
    """Return whether a sentence that begins at `start` ends with a full stop or the like."""
    if mark.next >= len(text) or not _ALWAYS.isdisjoint(mark.signs):
        return True
    following = text[mark.next]
    spaced = mark.next > mark.tail or mark.tail > mark.end
    if _BREAK.search(text, mark.tail, mark.next):
        return _line_ends(text, mark.tail, mark.next)
    if following in ".!?…,;:)]}%/&=" or (following.islower() and mark.closing):
        return False
    if "…" in mark.signs or ".." in mark.signs.replace("!", "").replace("?", ""):
        return not following.islower() and not following.isdecimal()
    if mark.signs != ".":
        return spaced or following.isalpha()
    return _full_stop_ends(text, start, mark) if spaced else _tight_stop_ends(text, mark)


def _word_before(text: str, start: int, end: int) -> str:
    """Return the characters before a mark up to white space, without opening quotes."""
    before = text[max(start, end - _AROUND) : end]
    if not before or before[-1].isspace():
        return ""
    return before.split()[-1].lstrip("\"'“‘«([{*")


def _begins(text: str, at: int) -> bool:
    """Return whether the word at a place often begins a sentence."""
    found = _NEXT_WORD.match(text, at)
    return found is not None and found[0].lower() in _BEGINNERS


def _full_stop_ends(text: str, start: int, mark: _Mark) -> bool:
    """Return whether a sentence ends with a full stop before white space."""
    word = _word_before(text, start, mark.start)
    is_small = text[mark.next].islower() or text[mark.next].isdecimal()
    if word.lower() in _TITLES or _is_shortened(text, word, mark):
        return False
    if mark.start - start == len(word) <= 2 and (word.isdecimal() or len(word) == 1):
        return word in "Ii"  # others number an item
    letters = word.replace(".", "")
    if letters.isalpha() and (len(letters) < len(word) or (len(word) == 1 and word != "I")):
        if word.lower() in _SHORTENED:
            return True
        return _begins(text, mark.next) and not is_small  # initials, or `U.S.`
    is_shouted = mark.start - start < _LONG and _SHOUTED.fullmatch(text, start, mark.start)
    return not (is_shouted and _SHOUTED_NEXT.match(text, mark.next))


def _is_shortened(text: str, word: str, mark: _Mark) -> bool:
    """Return whether a word before a full stop is an abbreviation within a sentence."""
    following, lowered = text[mark.next], word.lower()
    if following.isdecimal() and lowered in _BEFORE_NUMBERS:
        return True
    if not (following.islower() or following.isdecimal()):
        return False
    if lowered in _UNITS:
        before = mark.start - len(word)
        return text[max(0, before - 3) : before].strip()[-1:].isdecimal()
    return lowered in _SHORTENED


def _tight_stop_ends(text: str, mark: _Mark) -> bool:
    """Return whether a sentence ends with a full stop right before a letter."""
    following = text[mark.next]
    if not following.isalpha():
        return following in '"“¿¡(' and not mark.closing
    word = _word_before(text, 0, mark.start)
    last = re.split(r"[.\W]", word)[-1]
    if mark.closing:
        return following.isupper()
    if len(last) < 2 or "@" in word or "//" in word or last.lower() == "www":
        return False
    if following.isupper():
        after = text[mark.next + 1 : mark.next + 2]
        return after.islower() or after in " '’" or (last.islower() and after != ".")
    return last.isalpha() and _begins(text, mark.next)
