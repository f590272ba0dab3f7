"""Repair of damaged text, and ratings replaced by words, before tokenization."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple


class Edit(NamedTuple):
    """A replacement of characters of a text.

    Attributes:
        start, end: the span; at least one character.
        text: the replacement.
    """

    start: int
    end: int
    text: str


def edited(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with every edit made; they ascend and do not overlap."""
    parts, done = [], 0
    for start, end, put in edits:
        parts += [text[done:start], put]
        done = end
    return "".join([*parts, text[done:]])


_FULL, _EMPTY = "★⭐🌟✪✭✮✯", "☆✩✰"
# Between two stars: a variation selector, and a space.
_APART = "[\ufe0e\ufe0f]?[ ]?"
_STARS = rf"[{_FULL}](?:{_APART}[{_FULL}])*½?(?:{_APART}[{_EMPTY}])*[\ufe0e\ufe0f]?"
# Rows of full stars only are out of five or ten; longer rows are decoration.
_USUAL, _MOST_STARS = 5, 10

# The maximum of a rating, not followed by the words after a fraction or a duration.
_OUT_OF = (
    r"(?ai)/ ?(?P<most>10|5)(?:\.0)?(?![0-9A-Za-z_/]|[.,:][0-9])"
    r"(?! (?:of|people|times|minutes|mins|min|hours|hrs|hr|days|weeks|months|years)"
    r"(?![0-9A-Za-z_]))"
)
_ASTERISK = r"\*(?![0-9A-Za-z_*])"
# A separate number at the end of the text before that.
_NUMBER = (
    r"(?:^|[^0-9A-Za-z_.,/*$€£+−-])(?P<minus>[−-]?)(?P<whole>[0-9]{1,3})"
    r"(?:[.,](?P<part>[0-9]{1,2})|(?P<half>½))? ?\Z"
)
_LONGEST_NUMBER = len(" -100.25 ")


def ratings(text: str) -> list[Edit]:
    """Find the ratings in a text; each is replaced by its word, between spaces."""
    found = list(_fractions(text)) if "/" in text else []
    if "*" in text:
        found += _starred(text)
    if not text.isascii():
        found += _rows_of_stars(text)
    return list(_apart(sorted(found)))


def _apart(edits: list[Edit]) -> Iterator[Edit]:
    """Drop edits that overlap an earlier one, as in `3/ 5*`."""
    done = 0
    for edit in edits:
        if edit.start >= done:
            yield edit
            done = edit.end


def _fractions(text: str) -> Iterator[Edit]:
    """Find 4/5, 8/10, -2/10, 4.5/5."""
    for out_of in re.finditer(_OUT_OF, text):
        if number := _number_before(text, out_of.start()):
            start, hundredths = number
            most = int(out_of["most"])
            if hundredths <= 100 * (most + 1):
                yield _rated(start, out_of.end(), hundredths, most)


def _starred(text: str) -> Iterator[Edit]:
    """Find 4* and 4.5*."""
    for asterisk in re.finditer(_ASTERISK, text):
        if text[asterisk.start() - 1 : asterisk.start()] != " ":
            yield from _counted(text, *asterisk.span())


def _rows_of_stars(text: str) -> Iterator[Edit]:
    """Find ★★★★☆, ⭐⭐, and 4★."""
    for row in re.finditer(_STARS, text):
        full, half, empty = (sum(map(row[0].count, kind)) for kind in (_FULL, "½", _EMPTY))
        stars = full + half + empty
        hundredths = 100 * full + 50 * half
        if stars == 1:
            yield from _counted(text, *row.span())
        elif empty and 3 <= stars <= _MOST_STARS:
            yield _rated(*row.span(), hundredths, stars)
        elif not empty and full <= _MOST_STARS:
            yield _rated(*row.span(), hundredths, _USUAL if full <= _USUAL else _MOST_STARS)


def _counted(text: str, star: int, end: int) -> Iterator[Edit]:
    """Read a number of stars before a star or asterisk."""
    if number := _number_before(text, star):
        start, hundredths = number
        if 0 < hundredths <= 100 * _USUAL:
            yield _rated(start, end, hundredths, _USUAL)


def _number_before(text: str, end: int) -> tuple[int, int] | None:
    """Read the number before a place: its start, and its hundredths, −1 if negative."""
    first = max(end - _LONGEST_NUMBER, 0)
    found = re.search(_NUMBER, text[first:end])
    if not found:
        return None
    part = "50" if found["half"] else (found["part"] or "").ljust(2, "0")
    hundredths = 100 * int(found["whole"]) + int(part)
    return first + found.start("minus"), -1 if found["minus"] else hundredths


def _rated(start: int, end: int, hundredths: int, most: int) -> Edit:
    """Return the edit for a rating, as a rating out of ten, rounded and clipped to 0–10."""
    tenths = (20 * hundredths + 100 * most) // (200 * most)
    return Edit(start, end, f" {min(max(tenths, 0), 10)}of10 ")


# The names of the steps, for display.
ESCAPES, MISREAD, ENTITIES, INVISIBLE, APOSTROPHES = (
    "escapes such as \\u2019",
    "UTF-8 misread as â€™",
    "entities such as &#039;",
    "soft hyphens and other invisible characters",
    "other signs for apostrophes",
)

# Patterns are compiled and cached by `re` when first needed, which keeps the start fast.

# Signs that normalization takes for apostrophes, and others that people or programs write.
_FOLDED = "'’‘ʼ"
_SIGNS = "`´′＇‛‚ʹʻʽʾʿˈˊˋꞋꞌ‵｀΄՚׳᾽᾿\u1fef\u1ffd❛❜\x91\x92"
# What follows an apostrophe in English.
_ENDING = r"(?:[tsdm]|re|ve|ll)(?![a-z0-9_])"

# Step 1: a sign between letters as its number, as in <U+2019>, %u2019 and _x2019_, or as bytes, as
# in %E2%80%99, =92, <92>, \'92 and \222. Formulas and paths hold = and octal digits as well: one
# such byte by itself counts only before an ending.
_BYTE = (
    r"(?:(?:%(?:25){0,3}|=|<(?=9.>|(?:e2><)?80><9.>)|\\{1,4}')([0-9a-f]{2})(?:(?<=<..)>)?"
    r"|\\{1,4}([0-3][0-7]{2}))"
)
_ENCODED = (
    rf"(?ai)(?<=[a-z])(?!(?:=|\\[0-3])..(?!{_ENDING})[a-z])"
    r"(?:(?:<?u\+|%(?:25){0,3}u|_x)(?:0000)?(?P<code>[0-9a-f]{4})[>_]?"
    rf"|\\{{1,4}}u(?P<decimal>821[678])(?:\?|\\{{1,4}}'9[1-4])?|(?:{_BYTE}){{1,9}})"
    r"(?=[a-z])"
)
# A quick test that all of these but <92> pass.
_MAY_BE_ENCODED = r"[%=+_\\](?<=[A-Za-z].)[0-9A-Fa-fUuXx'\\]"

# Step 2: characters that were written as their number, with as many backslashes as came along.
_ESCAPE = (
    r"(?ai)\\{1,4}u(?P<high>d[89ab][0-9a-f]{2})\\{1,4}u(?P<low>d[c-f][0-9a-f]{2})"
    r"|\\{1,4}u(?P<long>0000(?!d[89a-f])[0-9a-f]{4}|000[123][0-9a-f]{4})"
    r"|\\{1,4}u\{(?P<braced>(?!d[89a-f]..\})[0-9a-f]{2,5}|10[0-9a-f]{4})\}"
    r"|\\{1,4}u(?P<short>(?!d[89a-f])[0-9a-f]{4})"
    r"|\\{1,4}x(?P<byte>27|[89a-f][0-9a-f])"
)

# Step 3: signs between letters whose UTF-8 was misread as one of these, up to `_AGAIN` times. East
# Asian encodings may have taken the next letter for the sign's last byte: doesn鈥檛.
_ENCODINGS = (
    "cp1252 latin_1 mac_roman cp1250 cp1251 cp1253 cp1255 cp1256 cp1257 cp437 cp850 cp866"
    " mac_cyrillic koi8_r gbk big5 cp932 cp949"
)
_AGAIN = 3
_FOREIGN = (
    r"[^\x00-\x7f](?<=[A-Za-z].)"
    r"(?:(?<=[\u3400-\ud7a3])[\u3400-\ud7a3]?|[^\x00-\x7f]{1,8}(?=[A-Za-z]))"
)

# Step 4: bytes of UTF-8 that were read as characters of another encoding. Windows-1252 leaves five
# bytes open, which Latin-1 has; so both are one table.
_WINDOWS = {chr(byte): byte for byte in range(0x80, 0x100)} | {
    char: byte
    for byte, char in enumerate("€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ", start=0x80)
}
_MAC = {
    char: byte
    for byte, char in enumerate(
        "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø"
        "¿¡¬√ƒ≈∆«»…\xa0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ",
        start=0x80,
    )
}
# The characters that begin a misread run, and its number of bytes. Others begin ordinary words.
_LEADS = {
    **dict.fromkeys("ÂÃÅÆË", (_WINDOWS, 2)),
    **{chr(byte): (_WINDOWS, 3) for byte in range(0xE0, 0xF0)},
    **{chr(byte): (_WINDOWS, 4) for byte in range(0xF0, 0xF5)},
    **dict.fromkeys("¬√", (_MAC, 2)),
    **dict.fromkeys("‚Ô", (_MAC, 3)),
    "\uf8ff": (_MAC, 4),
    "a": (_WINDOWS, 3),  # â whose accent was taken away
}
_RUN = f"[{''.join(_LEADS)}](?<!a(?!€))(?=[^\x00-\x7f])"
# Letters that also end ordinary words begin only runs that were misread twice.
_LETTERS_TOO = "ÅÆË"
_TWICE = frozenset(["Å’", "Å“", "Å¡", "Å½", "Å¾", "Å¸", "Æ’", "Ë†", "Ëœ"])
# What may follow a letter in undamaged text, as in *fiancé’”*: a run needs more than these.
_ORDINARY = frozenset("\x85\xa0\xad‘’“”‚„‹›«»…–—•·™®©°´¹²³")
# Text misread twice is repaired twice, and so on up to this.
_MISREADINGS = 4
# The rest of â€™ where signs were lost or spelled out.
_REST = rf"(?ai)(?<=[a-z])â[€?\ufffd]{{1,2}}(?:TM)?(?={_ENDING})"

# Step 5: HTML entities for apostrophes, quotation marks and soft hyphens, escaped once or more.
_NAMED = {
    "apos": "'",
    "rsquo": "’",
    "rsquor": "’",
    "lsquo": "‘",
    "lsquor": "‚",
    "sbquo": "‚",
    "acute": "´",
    "grave": "`",
    "prime": "′",
    "quot": '"',
    "shy": "\xad",
}
# Browsers read those between 128 and 159 as Windows-1252.
_NUMBERED = {ord(char): char for char in "'\"`´‘’‚‛′ʹʻʼ＇\xad"} | {0x91: "‘", 0x92: "’"}
_ENTITY = (
    r"(?ai)&(?:amp;){0,4}(?:"
    r"#0{0,6}(?P<decimal>[1-9][0-9]{1,4})(?![0-9]);?"
    r"|#x0{0,6}(?P<hexadecimal>[1-9a-f][0-9a-f]{1,3})(?![0-9a-f]);?"
    rf"|(?P<name>{'|'.join(_NAMED)})(?:;|(?={_ENDING})))"
)
# Step 6: entities without the ampersand, perhaps with a space instead, as in some news texts.
_HALF_ENTITY = r"(?ai) ?#0{0,6}39;(?=[a-z])"

# Step 7: invisible characters within words that would split them.
_UNSEEN = "[\xad\u2060\ufeff]+"

# Step 8: signs instead of an apostrophe that an encoding lost or a finger missed, or with a space
# next to them. They have other meanings, so only the n't of certain words is repaired.
_LOST = (
    rf"[?\ufffd;\"ÍíÕõÆæëÔÈı┤╘╒¥ґФХСТіΤΥ▒▓╢туŐŌâ{_FOLDED}{_SIGNS}][€?\ufffd]{{0,2}}(?:TM|tm)?"
    r"(?:(?<![;\"])[ \xa0])?(?=[Tt](?![0-9A-Za-z_]))"
)
_NEGATED = (
    r"(?ai)(?:^|[^a-z0-9_])(?:ai|are|ca|could|did|do|does|had|has|have|is|might|must|need|should|was|were"
    r"|wo|would)n\Z"
)
_LONGEST_NEGATED = len(" shouldn")

# Step 9: signs between two letters; escaping may have doubled them or added backslashes.
_ANY = rf"[\\{_FOLDED}{_SIGNS}]"
_LETTER = rf"[^\W\d_{_FOLDED}{_SIGNS}]"
_BETWEEN = rf"{_ANY}(?<={_LETTER}.)(?:(?<![{_FOLDED}])|(?={_ANY})){_ANY}*+(?={_LETTER})"
_ONE_APOSTROPHE = rf"\\{{0,4}}[{_FOLDED}{_SIGNS}]{{1,2}}"


class Repair(NamedTuple):
    """The changes of a step.

    Attributes:
        kind: the kind of damage, for display.
        edits: the changes to the text of the previous step.
        text: the resulting text.
    """

    kind: str
    edits: list[Edit]
    text: str


def repair(text: str) -> str:
    """Return the text with apostrophes and misread characters repaired."""
    if not _may_be_damaged(text):
        return text
    for step in repairs(text):
        text = step.text
    return text


def repairs(text: str) -> Iterator[Repair]:
    """Yield the changes of each step that makes any."""
    if not _may_be_damaged(text):
        return
    for kind, times, find in _STEPS:
        for _ in range(times):
            edits = find(text)
            if not edits:
                break
            text = edited(text, edits)
            yield Repair(kind, edits, text)


def _may_be_damaged(text: str) -> bool:
    """Return whether the steps might change a text; a quick test that rules most texts out."""
    return (
        not text.isascii()
        or any(map(text.__contains__, "?&\\`%=+"))
        or ("'" in text and ("''" in text or "' t" in (lower := text.lower()) or " 't" in lower))
        or ('"' in text and '"t' in text.lower())
        or (";" in text and (";t" in text.lower() or "39;" in text))
        or ("_" in text and "_x" in text.lower())
        or ("<" in text and "<9" in text)
    )


def _encoded(text: str) -> list[Edit]:
    some = ("<" in text and "<9" in text) or (
        any(map(text.__contains__, "%=+_\\")) and re.search(_MAY_BE_ENCODED, text)
    )
    return _found(_ENCODED, text, _of_encoded) if some else []


def _of_encoded(found: re.Match[str]) -> str | None:
    if found["decimal"]:
        return chr(int(found["decimal"]))
    if found["code"]:
        return _sign(chr(int(found["code"], 16)))
    pairs = re.findall(f"(?i){_BYTE}", found[0])
    data = bytes(int(number, 16) if number else int(octal, 8) for number, octal in pairs)
    try:
        return _sign(data.decode())
    except UnicodeDecodeError:
        return _sign(data.decode("cp1252", "replace"))


def _foreign(text: str) -> list[Edit]:
    return [] if text.isascii() else _found(_FOREIGN, text, _of_foreign)


def _of_foreign(found: re.Match[str]) -> str | None:
    put = _sign(found[0])
    whole = put and (len(put) > 1 or re.match("[A-Za-z]", found.string[found.end() :]))
    return put if whole else None


@lru_cache(maxsize=1 << 12)
def _sign(text: str, times: int = _AGAIN) -> str | None:
    """Return the sign that a text is or was before being misread; a letter may follow it."""
    if text[0] in _FOLDED + _SIGNS and re.fullmatch("[A-Za-z]?", text[1:]):
        return text
    for encoding in _ENCODINGS.split() if times and not text.isascii() else ():
        try:
            put = _sign(text.encode(encoding).decode(), times - 1)
        except UnicodeError:
            continue
        if put:
            return put
    return None


def _escapes(text: str) -> list[Edit]:
    return _found(_ESCAPE, text, _of_escape) if "\\" in text else []


def _of_escape(found: re.Match[str]) -> str:
    if found["high"]:
        pair = bytes.fromhex(found["high"] + found["low"])
        return pair.decode("utf-16-be")
    number = found["long"] or found["braced"] or found["short"] or found["byte"]
    return chr(int(number, 16))


def _misread(text: str) -> list[Edit]:
    edits: list[Edit] = []
    done = 0
    for found in re.finditer(_RUN, text) if not text.isascii() else ():
        table, size = _LEADS[found[0]]
        start, end = found.start(), found.start() + size
        if start >= done and (put := _of_run(text[start:end], table, size)):
            edits.append(Edit(start, end, put))
            done = end
    return edits


def _of_run(run: str, table: dict[str, int], size: int) -> str | None:
    """Return the character whose UTF-8 bytes were misread as a run, or None."""
    if run[0] in _LETTERS_TOO and run not in _TWICE:
        return None
    if size > 2 and _ORDINARY.issuperset(run[1:]):
        return None
    if run[0] == "a":
        run = f"â{run[1:]}"
    try:
        character = bytes(map(table.__getitem__, run)).decode()
    except (KeyError, UnicodeDecodeError):
        return None
    return character if len(character) == 1 else None


def _rests(text: str) -> list[Edit]:
    return _found(_REST, text, lambda _: "'") if "â" in text else []


def _entities(text: str) -> list[Edit]:
    return _found(_ENTITY, text, _of_entity) if "&" in text else []


def _of_entity(found: re.Match[str]) -> str | None:
    if found["name"]:
        return _NAMED[found["name"].lower()]
    number = int(found["decimal"]) if found["decimal"] else int(found["hexadecimal"], 16)
    return _NUMBERED.get(number)


def _half_entities(text: str) -> list[Edit]:
    return _found(_HALF_ENTITY, text, lambda _: "'") if "#" in text and "39;" in text else []


def _unseen(text: str) -> list[Edit]:
    some = not text.isascii() and any(map(text.__contains__, "\xad\u2060\ufeff"))
    return _found(_UNSEEN, text, lambda _: "") if some else []


def _lost(text: str) -> list[Edit]:
    edits = []
    for found in re.finditer(_LOST, text):
        start, end = found.span()
        if start and text[start - 1] in " \xa0":
            start -= 1
        before = text[max(start - _LONGEST_NEGATED, 0) : start]
        if text[start:end] not in _FOLDED and re.search(_NEGATED, before):
            edits.append(Edit(start, end, "'"))
    return edits


def _between_letters(text: str) -> list[Edit]:
    if text.isascii() and not ("`" in text or "\\" in text or "''" in text):
        return []
    return _found(_BETWEEN, text, _of_signs)


def _of_signs(found: re.Match[str]) -> str | None:
    return "'" if re.fullmatch(_ONE_APOSTROPHE, found[0]) else None


def _found(pattern: str, text: str, meant: Callable[[re.Match[str]], str | None]) -> list[Edit]:
    """Return an edit for each match for which `meant` returns a replacement."""
    return [
        Edit(*found.span(), put)
        for found in re.finditer(pattern, text)
        if (put := meant(found)) not in (None, found[0])
    ]


# The kind of damage, the maximum number of passes, and the function that finds the edits.
_STEPS: tuple[tuple[str, int, Callable[[str], list[Edit]]], ...] = (
    (ESCAPES, 1, _encoded),
    (ESCAPES, 1, _escapes),
    (MISREAD, 1, _foreign),
    (MISREAD, _MISREADINGS, _misread),
    (MISREAD, 1, _rests),
    (ENTITIES, 1, _entities),
    (ENTITIES, 1, _half_entities),
    (INVISIBLE, 1, _unseen),
    (APOSTROPHES, 1, _lost),
    (APOSTROPHES, 1, _between_letters),
)
