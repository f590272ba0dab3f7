"""A reader of model files in plain Python, by docs/format.md alone.

It imports nothing of `sentiment`, nor numpy: what it gives, another language can give.
"""

import json
import math
import re
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

ALL = (1 << 64) - 1


def words(text: str) -> list[str]:
    return text.split()


# 1. The file


class Tensor:
    """Rows of numbers, unpacked as they are asked for."""

    def __init__(self, entry: dict[str, Any], data: bytes):
        self.width = entry["shape"][1] if len(entry["shape"]) > 1 else 1
        self.code = {"U64": "Q", "F32": "f", "F16": "e", "I8": "b", "U8": "B"}[entry["dtype"]]
        self.size = struct.calcsize(self.code)
        start, end = entry["data_offsets"]
        self.data = data[start:end]

    def all(self) -> list[float]:
        return list(struct.unpack(f"<{len(self.data) // self.size}{self.code}", self.data))

    def row(self, number: int) -> tuple[float, ...]:
        first = number * self.width * self.size
        return struct.unpack_from(f"<{self.width}{self.code}", self.data, first)


def read(path: Path) -> "Model":
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    document = json.loads(header.pop("__metadata__")["sentiment"])
    checksum = document["checksum"].encode()
    unsealed = data.replace(checksum, b"crc32:00000000", 1)
    assert checksum == b"crc32:%08x" % zlib.crc32(unsealed)
    assert document["format"] in {1, 2, 3, 4, 5}
    tensors = {name: Tensor(entry, data[8 + length :]) for name, entry in header.items()}
    return model_of(document, tensors)


def model_of(document: dict[str, Any], tensors: dict[str, Tensor]) -> "Model":
    kinds = {"ngrams": NGramModel, "pieces": PieceModel, "sequence": WordModel}
    return kinds[document.get("kind", "ngrams")](document, tensors)


# 2. From a text to its characters


def characters_of(text: str, ngrams: dict[str, Any]) -> str:
    """What tokens are found in."""
    text = written(text, ngrams)
    if ngrams.get("ratings", False):
        text = with_ratings(text)
    return normalize(text)


def written(text: str, ngrams: dict[str, Any]) -> str:
    """The text, repaired where the model does so."""
    return repair(text) if ngrams.get("repair", True) else text


def repair(text: str) -> str:
    text = re.sub(ENCODED, encoded_sign, text)
    text = unescape(text)
    text = re.sub(FOREIGN, foreign_sign, text)
    for _ in range(4):
        text = reread(text)
    text = re.sub(rf"(?<=[A-Za-z])â[€?\ufffd]{{1,2}}(?:[tT][mM]|)(?={ENDING})", "'", text)
    text = re.sub(ENTITY, entity, text)
    text = re.sub("(?i) ?#0{0,6}39;(?=[a-zA-Z])", "'", text)
    text = re.sub("[\xad\u2060\ufeff]", "", text)
    text = re.sub(LOST, lost, text)
    return between_letters(text)


SIGNS = [
    *(0x60, 0xB4, 0x2032, 0xFF07, 0x201B, 0x201A, 0x2B9, 0x2BB, 0x2BD, 0x2BE, 0x2BF, 0x2C8, 0x2CA),
    *(0x2CB, 0xA78B, 0xA78C, 0x2035, 0xFF40, 0x384, 0x55A, 0x5F3, 0x1FBD, 0x1FBF, 0x1FEF, 0x1FFD),
    *(0x275B, 0x275C, 0x91, 0x92, 0x27, 0x2019, 0x2018, 0x2BC),
]
APOSTROPHES = "'’‘ʼ"
ENCODINGS = words(
    """cp1252 latin_1 mac_roman cp1250 cp1251 cp1253 cp1255 cp1256 cp1257 cp437 cp850 cp866
    mac_cyrillic koi8_r gbk big5 cp932 cp949"""
)
HEXADECIMAL = "[0-9a-fA-F]"
ENDING = "(?:[tsdmTSDM]|[rRvV][eE]|[lL][lL])(?![0-9A-Za-z_])"
PERCENT = "%(?:25){0,3}"
BYTE = "|".join(
    [
        rf"(?:{PERCENT}|=|\\{{1,4}}'){HEXADECIMAL}{{2}}",
        rf"<(?:9{HEXADECIMAL}|80(?=><9{HEXADECIMAL}>)|[eE]2(?=><80><9{HEXADECIMAL}>))>",
        r"\\{1,4}[0-3][0-7][0-7]",
    ]
)
ENCODED = re.compile(
    rf"(?<=[A-Za-z])(?!=..(?!{ENDING})[A-Za-z]|\\[0-3]..(?!{ENDING})[A-Za-z])"
    rf"(?:(?:<[uU]\+|[uU]\+|{PERCENT}[uU]|_[xX])(?:0000)?({HEXADECIMAL}{{4}})(?:>|_|)"
    rf"|\\{{1,4}}[uU](821[678])(?:\?|\\{{1,4}}'9[1-4]|)|((?:{BYTE}){{1,9}}))(?=[A-Za-z])"
)
FOREIGN = re.compile(
    "(?<=[A-Za-z])(?:[\u3400-\ud7a3]{1,2}|[^\\x00-\\x7f\u3400-\ud7a3][^\\x00-\\x7f]{1,8}(?=[A-Za-z]))"
)


def encoded_sign(found: re.Match[str]) -> str:
    code, decimal, written = found.groups()
    if not written:
        return misread_sign(chr(int(code, 16) if code else int(decimal))) or found[0]
    data = bytearray()
    for byte in re.findall(BYTE, written):
        octal = re.fullmatch(r"\\+([0-7]{3})", byte)
        data.append(int(octal[1], 8) if octal else int(byte.rstrip(">")[-2:], 16))
    for encoding in ("utf-8", "cp1252"):
        try:
            return misread_sign(data.decode(encoding)) or found[0]
        except UnicodeDecodeError:
            pass
    return found[0]


def foreign_sign(found: re.Match[str]) -> str:
    meant = misread_sign(found[0])
    followed = re.match("[A-Za-z]", found.string[found.end() :])
    return meant if meant and (len(meant) == 2 or followed) else found[0]


def misread_sign(text: str, encodings: int = 3) -> str:
    """What a misread sign means; nothing where it is none."""
    if ord(text[0]) in SIGNS and (len(text) == 1 or re.fullmatch("[A-Za-z]", text[1:])):
        return text
    for name in ENCODINGS:
        try:
            meant = text.encode(name).decode("utf-8")
        except UnicodeError:
            continue
        if encodings and not text.isascii() and (sign := misread_sign(meant, encodings - 1)):
            return sign
    return ""


BRACED = rf"\{{(?!(?i:d[89a-f])..\}})({HEXADECIMAL}{{2,5}}|10{HEXADECIMAL}{{4}})\}}"


def unescape(text: str) -> str:
    done, rest = "", text
    while rest:
        found = re.match(r"\\{1,4}([uUxX])", rest)
        kind = found[1].lower() if found else ""
        behind = rest[found.end() :] if found else ""
        digits = re.match(f"{HEXADECIMAL}*", behind)[0]
        put, taken = rest[0], 1
        if kind == "u" and len(digits) >= 4:
            code = int(digits[:4], 16)
            low = re.match(r"\\{1,4}[uU]([dD][c-fC-F][0-9a-fA-F]{2})", behind[4:])
            if 0xD800 <= code < 0xDC00 and low:
                both = 0x10000 + (code - 0xD800) * 0x400 + int(low[1], 16) - 0xDC00
                put, taken = chr(both), found.end() + 4 + low.end()
            elif (
                code <= 3 and re.match("(?i)000[1-3]|0000(?!d[89a-f])", digits) and len(digits) >= 8
            ):
                put, taken = chr(int(digits[:8], 16)), found.end() + 8
            elif not 0xD800 <= code < 0xE000:
                put, taken = chr(code), found.end() + 4
        elif kind == "u" and (braced := re.match(BRACED, behind)):
            put, taken = chr(int(braced[1], 16)), found.end() + braced.end()
        elif kind == "x" and len(digits) >= 2:
            code = int(digits[:2], 16)
            if code == 0x27 or code >= 0x80:
                put, taken = chr(code), found.end() + 2
        done, rest = done + put, rest[taken:]
    return done


MAC = {bytes([byte]).decode("mac_roman"): byte for byte in range(128, 256)}
WINDOWS = {chr(byte): byte for byte in range(128, 256)}
for byte in range(128, 160):
    if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D):
        WINDOWS[bytes([byte]).decode("cp1252")] = byte
ORDINARY = "\x85\xa0\xad‘’“”‚„‹›«»…–—•·™®©°´¹²³"
TWICE = ["Å’", "Å“", "Å¡", "Å½", "Å¾", "Å¸", "Æ’", "Ë†", "Ëœ"]


def run_at(text: str, place: int) -> tuple[int, dict[str, int]]:
    """How long a run is that begins there, 0 for none; and by which table."""
    first = text[place]
    if first in "ÂÃ" or text[place : place + 2] in TWICE:
        return 2, WINDOWS
    if 0xE0 <= ord(first) <= 0xF4:
        return (3 if ord(first) < 0xF0 else 4), WINDOWS
    if first == "a" and text[place + 1 : place + 2] == "€":
        return 3, WINDOWS
    if first in "¬√":
        return 2, MAC
    if first in "‚Ô":
        return 3, MAC
    return (4, MAC) if first == "\uf8ff" else (0, {})


def reread(text: str) -> str:
    done, place = "", 0
    while place < len(text):
        size, table = run_at(text, place)
        run = text[place : place + size]
        if run.startswith("a"):
            run = f"â{run[1:]}"
        meant = ""
        if len(run) == size and all(c in table for c in run):
            try:
                meant = bytes(table[c] for c in run).decode("utf-8")
            except UnicodeDecodeError:
                meant = ""
        if size > 2 and all(c in ORDINARY for c in run[1:]):
            meant = ""
        if len(meant) == 1:
            done, place = done + meant, place + size
        else:
            done, place = done + text[place], place + 1
    return done


ENTITY = re.compile(
    r"(?i)&(?:amp;){0,4}(?:#0{0,6}([1-9][0-9]{1,4})(?![0-9]);?"
    r"|#x0{0,6}([1-9a-fA-F][0-9a-fA-F]{1,3})(?![0-9a-fA-F]);?"
    rf"|(apos|rsquor?|lsquor?|sbquo|acute|grave|prime|quot|shy)(?:;|(?={ENDING})))",
    re.ASCII,
)
BY_NAME = {
    "apos": 0x27, "rsquo": 0x2019, "rsquor": 0x2019, "lsquo": 0x2018, "lsquor": 0x201A,
    "sbquo": 0x201A, "acute": 0xB4, "grave": 0x60, "prime": 0x2032, "quot": 0x22, "shy": 0xAD,
}  # fmt: skip
THEMSELVES = [
    0x22, 0x27, 0x60, 0xAD, 0xB4, 0x2018, 0x2019, 0x201A, 0x201B, 0x2032, 0x2B9, 0x2BB, 0x2BC,
    0xFF07,
]  # fmt: skip
BY_NUMBER = {code: code for code in THEMSELVES} | {0x91: 0x2018, 0x92: 0x2019}


def entity(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return chr(BY_NAME[name.lower()])
    number = int(decimal) if decimal else int(hexadecimal, 16)
    return chr(BY_NUMBER[number]) if number in BY_NUMBER else found[0]


STEMS = words(
    """ain aren can couldn didn don doesn hadn hasn haven isn mightn mustn needn shouldn wasn weren
    won wouldn"""
)
STANDS = "".join(map(chr, SIGNS)) + '?;"\ufffdÍíÕõÆæëÔÈı┤╘╒¥ґФХСТіΤΥ▒▓╢туŐŌâ'
LOST = re.compile(
    rf"(?<![0-9A-Za-z_])((?i:{'|'.join(STEMS)}))"
    rf"([ \xa0]?[{STANDS}][€?\ufffd]{{0,2}}(?:TM|tm|)(?:|(?<![;\"])[ \xa0]))"
    "(?=[tT](?![0-9A-Za-z_]))",
    re.ASCII,
)


def lost(found: re.Match[str]) -> str:
    return found[0] if found[2] in list(APOSTROPHES) else f"{found[1]}'"


def between_letters(text: str) -> str:
    done, place = "", 0
    while place < len(text):
        end = place
        while end < len(text) and (text[end] == "\\" or ord(text[end]) in SIGNS):
            end += 1
        if end == place:
            done, place = done + text[place], place + 1
            continue
        run = text[place:end]
        between = place > 0 and is_letter(text[place - 1]) and is_letter(text[end : end + 1])
        signs = run.lstrip("\\")
        fits = len(run) - len(signs) <= 4 and len(signs) in (1, 2) and "\\" not in signs
        if between and fits and run not in list(APOSTROPHES):
            run = "'"
        done, place = done + run, end
    return done


def is_letter(character: str) -> bool:
    if not character or ord(character) in SIGNS:
        return False
    category = unicodedata.category(character)
    return category[0] == "L" or category in ("Nl", "No")


FULL, EMPTY = "★⭐🌟✪✭✮✯", "☆✩✰"
NUMBER = r"(?<![0-9A-Za-z_.,/*$€£+−-])([−-]?)([0-9]{1,3})(?:[.,]([0-9]{1,2})|(½))?"
UNITS = words("of people times minutes mins min hours hrs hr days weeks months years")
FRACTION = re.compile(
    rf"{NUMBER} ?/ ?(10|5)(?:\.0)?(?![0-9A-Za-z_/]|[.,:][0-9])"
    rf"(?! (?i:{'|'.join(UNITS)})(?![0-9A-Za-z_]))",
    re.ASCII,
)
STARRED = re.compile(rf"{NUMBER}\*(?![0-9A-Za-z_*])", re.ASCII)
LOOK = "[\ufe0e\ufe0f]?"
STARS = re.compile(f"[{FULL}](?:{LOOK} ?[{FULL}])*½?(?:{LOOK} ?[{EMPTY}])*{LOOK}")


# Where a rating begins and ends, its hundredths, and what it is out of.
Rating = tuple[int, int, int, int]


def with_ratings(text: str) -> str:
    found = [*fractions(text), *numbers_of_stars(text), *rows_of_stars(text)]
    done, reached = "", 0
    for start, end, h, m in sorted(found):
        if start >= reached:
            tenths = min((20 * h + 100 * m) // (200 * m), 10) if h >= 0 else 0
            done, reached = f"{done}{text[reached:start]} {tenths}of10 ", end
    return done + text[reached:]


def fractions(text: str) -> Iterator[Rating]:
    for each in FRACTION.finditer(text):
        most = int(each[5])
        if hundredths(each) <= 100 * (most + 1):
            yield each.start(), each.end(), hundredths(each), most


def numbers_of_stars(text: str) -> Iterator[Rating]:
    numbers = [(each, each.end()) for each in STARRED.finditer(text)]
    for row in STARS.finditer(text):
        if counts(row) == (1, 0, 0):
            number = re.search(rf"{NUMBER} ?\Z", text[: row.start()], re.ASCII)
            numbers += [(number, row.end())] if number else []
    for number, end in numbers:
        if 0 < hundredths(number) <= 500:
            yield number.start(), end, hundredths(number), 5


def rows_of_stars(text: str) -> Iterator[Rating]:
    for row in STARS.finditer(text):
        full, half, empty = counts(row)
        most = full + half + empty if empty else 5 if full <= 5 else 10
        if (3 <= most <= 10 if empty else full <= 10) and full + half + empty > 1:
            yield *row.span(), 100 * full + 50 * half, most


def counts(row: re.Match[str]) -> tuple[int, int, int]:
    full, half, empty = (sum(c in kind for c in row[0]) for kind in (FULL, "½", EMPTY))
    return full, half, empty


def hundredths(number: re.Match[str]) -> int:
    minus, whole, part, half = number.groups()[:4]
    return -1 if minus else 100 * int(whole) + (50 if half else int((part or "0").ljust(2, "0")))


def normalize(text: str) -> str:
    if "<" in text:
        text = re.sub(r"<br\s{0,9}/?>", "\n", text, flags=re.IGNORECASE)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", with_joiners(text))
        text = re.sub("[\u2019\u2018\u02bc]", "'", text)
        text = re.sub("[\u200b\u200d\ufe0e\ufe0f]", "", text)
    return text.lower()


def with_joiners(text: str) -> str:
    joined, run = "", 0
    for character in text:
        if all(unicodedata.combining(c) for c in unicodedata.normalize("NFKD", character)):
            run += 1
            if run == 31:
                joined, run = joined + "\u034f", 1
        else:
            run = 0
        joined += character
    return joined


# 3. Tokens

UNSPACED = [
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
]  # fmt: skip


def class_of(character: str) -> str:
    category = unicodedata.category(character)[0]
    if category in "CZ":
        return "space"
    if any(first <= ord(character) <= last for first, last in UNSPACED):
        return "mark"
    return "word" if category in "LNM" else "mark"


def spans(text: str) -> list[tuple[int, int]]:
    """Where the tokens of a normalized text begin and end."""
    classes = [class_of(character) for character in text]
    word = [each == "word" for each in classes] + [False]  # and at −1: outside is space
    inner = [i for i, c in enumerate(text) if c == "'" and i and word[i - 1] and word[i + 1]]
    for place in inner:
        word[place] = True
    at = dict(enumerate(text))
    continues = {i for i in range(1, len(text)) if word[i] and word[i - 1]}
    for place, character in at.items():
        if place and word[place - 1]:
            continue
        if character in ":;=":
            nose = at.get(place + 1, " ") in "-^'"
            mouth = place + 2 if nose else place + 1
            shape = at.get(mouth, " ")
            if shape in ")(][}{|/\\*dpo3" and not (shape in "dpo3" and word[mouth + 1]):
                continues |= set(range(place + 1, mouth + 1))
        if character == "<" and at.get(place + 1) == "3" and not word[place + 2]:
            continues.add(place + 1)
    starts = [i for i, each in enumerate(classes) if each != "space" and i not in continues]
    found = []
    for start in starts:
        end = start + 1
        while end in continues:
            end += 1
        found.append((start, end))
    return found


def tokens_of(text: str) -> list[str]:
    return [text[start:end] for start, end in spans(text)]


def squeeze(text: str) -> str:
    squeezed, reached = "", -1
    for start, end in spans(text):
        squeezed += " " * (start != reached) + text[start:end]
        reached = end
    return squeezed + " "


# 4. Features


def mix(x: int) -> int:
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & ALL
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & ALL
    return x ^ x >> 31


def hash_of(text: str) -> int:
    base, power, total = 0x9E3779B97F4A7C15, 1, 0
    for character in text:
        total = total + (ord(character) + 1) * power & ALL
        power = power * base & ALL
    return mix(total)


def combine(left: int, right: int) -> int:
    return mix(left * 0xD6E8FEB86659FD93 + right & ALL)


SALTS = {name: hash_of(name) for name in ("end", "stem", "negated", "characters")}


NEGATIONS = words(
    """not no never n't nothing nobody nor neither without hardly barely cannot ain't don't doesn't
    didn't isn't wasn't aren't weren't won't wouldn't couldn't can't shouldn't hasn't haven't hadn't
    mustn't needn't dont doesnt didnt isnt wasnt arent werent wont wouldnt couldnt cant"""
)
SINGLES = words(
    """could've should've lack lacks lacked lacking fails failed without none neither stopped"""
)
PAIRS = [
    "used to", "could have", "should have", "would have", "supposed to", "far from",
    "anything but", "wish i", "wish it", "no longer", "instead of",
    "back when", "remember when", "days when",
]  # fmt: skip
TURNS = ["until", "till"]
STOPS = [*".,;:!?()", "but"]
FILLERS = words(
    """at all really so quite even close anymore it they this one here me for of the kind sort"""
)


def negated(tokens: list[str], reach: int, reversal: int) -> list[bool]:
    """Which tokens are under a negation."""
    if not reach:
        return [False] * len(tokens)
    plain = [token in NEGATIONS for token in tokens]
    begins = list(plain)
    if reversal:
        for i, token in enumerate(tokens):
            pair = i > 0 and f"{tokens[i - 1]} {token}" in PAIRS
            begins[i] = begins[i] or pair or token in SINGLES
    flags = []
    for i in range(len(tokens)):
        last = max((j for j in range(i + 1) if begins[j]), default=None)
        stop = max((j for j in range(i + 1) if tokens[j] in STOPS), default=-1)
        flags.append(last is not None and last > stop and 1 <= i - last <= reach)
    if reversal:
        alone = [
            j
            for j, token in enumerate(tokens)
            if token in TURNS or (plain[j] and stands_alone(tokens, j))
        ]
        for i in range(len(tokens)):
            following = min((j for j in alone if j >= i), default=i)
            flags[i] = flags[i] or 1 <= following - i <= reversal
    return flags


def stands_alone(tokens: list[str], place: int) -> bool:
    behind = tokens[place + 1 :]
    for _ in range(3):
        if behind and behind[0] in FILLERS:
            behind = behind[1:]
    return not behind or behind[0] in list(".,;:!?")


def features(text: str, ngrams: dict[str, Any]) -> set[int]:
    """The keys of a text, known or not."""
    normalized = characters_of(text, ngrams)
    tokens = tokens_of(normalized)
    reversal = ngrams.get("reversal", 0)
    under = negated(tokens, ngrams["negation"], reversal)
    itself = [not (reversal and flag) for flag in under]
    hashes = set()
    for length in range(1, ngrams["words"] + 1):
        for i, hashed in sequences(tokens, length):
            if length > 1 or itself[i]:
                hashes.add(hashed)
                if length <= ngrams["tail_words"] and len(tokens) - i <= ngrams["tail"]:
                    hashes.add(hashed ^ SALTS["end"])
    for i, token in enumerate(tokens):
        if ngrams["stem"] and itself[i]:
            hashes.add(hash_of(token[: ngrams["stem"]]) ^ SALTS["stem"])
        if ngrams["negation"] and under[i]:
            hashes.add(hash_of(token) ^ SALTS["negated"])
    shortest, longest = ngrams["characters"]
    squeezed = squeeze(normalized)
    for length in range(shortest, longest + 1) if longest else ():
        for i in range(len(squeezed) - length + 1):
            hashes.add(hash_of(squeezed[i : i + length]) ^ SALTS["characters"])
    return {key_of(each) for each in hashes}


def sequences(tokens: list[str], length: int) -> Iterator[tuple[int, int]]:
    """Where each sequence of so many tokens begins, and its hash."""
    for i in range(len(tokens) - length + 1):
        hashed = hash_of(tokens[i])
        for token in tokens[i + 1 : i + length]:
            hashed = combine(hashed, hash_of(token))
        yield i, hashed


def key_of(hashed: int) -> int:
    return hashed & ~1023


# 5 to 8. From the features to an answer


def float32(number: float) -> float:
    return struct.unpack("<f", struct.pack("<f", number))[0]


class Model:
    """What a file of any kind holds, and what it answers."""

    reading: dict[str, Any]  # how a text is read

    def __init__(self, document: dict[str, Any], tensors: dict[str, Tensor]):
        self.document, self.tensors = document, tensors
        self.labels = document.get("labels", {"names": ["negative", "positive"]})["names"]
        self.asked = document["asked"]["names"] if "asked" in document else self.labels
        self.base = None
        if "base" in document:
            below = {
                name.removeprefix("base/"): tensor
                for name, tensor in tensors.items()
                if name.startswith("base/")
            }
            self.base = model_of(document["base"]["model"], below)

    def activation(self, s: float) -> float:
        """What a hidden unit makes of its sum."""
        functions = {"relu": lambda s: max(s, 0.0), "tanh": math.tanh, "gelu": gelu}
        return functions[self.document.get("activation", "relu")](s)

    def row(self, text: str) -> Any:
        raise NotImplementedError

    def empty(self) -> Any:
        """The row of an empty text."""
        raise NotImplementedError

    def logits(self, row: Any) -> list[float]:
        """Those of each class but the first."""
        raise NotImplementedError

    def known(self, text: str, row: Any) -> float:
        """The share of its words that is known of a text."""
        raise NotImplementedError

    def known_row(self, text: str) -> tuple[Any, int]:
        """The row, empty if too little is known; how little: 0 enough, 1 few words, 2 none.

        3 is for a component that does not judge.
        """
        row = self.row(text)
        if not self.reading.get("judges", True):
            return row, 3
        known = self.known(text, row)
        if known < self.document.get("least_known", 0.25) or known == 0:
            return self.empty(), 1 if known else 2
        return row, 0

    def weigh(self, text: str) -> tuple[list[float], int]:
        """The log-odds, NaN of a text without a token, and how little is known."""
        row, little = self.known_row(text)
        log_odds = self.calibrated(row)
        if self.base is not None:
            weight = self.document["base"]["weight"]
            of_base, little_of_base = self.base.weigh(text)
            log_odds = [x + weight * y for x, y in zip(log_odds, of_base, strict=True)]
            little = min(little, little_of_base) if weight > 0 else little
        if not tokens_of(characters_of(text, self.reading)):
            log_odds = [math.nan] * len(log_odds)
        if found := self.own_words(text):
            if little in (1, 2):
                log_odds, little = self.of_nothing(), 0
            for first, *others in found:
                log_odds = [x + y - first for x, y in zip(log_odds, others, strict=True)]
        return log_odds, little

    def own_words(self, text: str) -> list[list[float]]:
        """The weights of each class, of the words of a user in a text."""
        phrases = {tuple(name.split(" ")): of for name, of in self.document.get("words", [])}
        tokens = tokens_of(normalize(repair(text) if self.repairs() else text))
        found, i = {}, 0
        while i < len(tokens):
            here = [each for each in phrases if tuple(tokens[i : i + len(each)]) == each]
            longest = max(here, key=len, default=())
            found |= {longest: phrases[longest]} if longest else {}
            i += max(len(longest), 1)
        return [*found.values()]

    def repairs(self) -> bool:
        """Whether this or one that it stands on repairs texts."""
        below = self.base is not None and self.base.repairs()
        return self.reading.get("repair", True) or below

    def little(self, text: str) -> int:
        """How little the model knows of a text: the best of all that have a weight."""
        little = self.known_row(text)[1]
        if self.base is not None and self.document["base"]["weight"] > 0:
            return min(little, self.base.little(text))
        return little

    def calibrated(self, row: Any) -> list[float]:
        """The log-odds of a row, without the base."""
        logits = [0.0, *self.logits(row)]
        every = dict(zip(self.labels, logits, strict=True))
        first, *others = (every.get(name, sum(logits) / len(logits)) for name in self.asked)
        calibration = self.document["calibration"]
        intercepts = calibration["intercept"]
        if not isinstance(intercepts, list):
            intercepts = [intercepts] * len(others)
        return [
            calibration["slope"] * (other - first) + intercept
            for other, intercept in zip(others, intercepts, strict=True)
        ]

    def answer(self, text: str) -> tuple[list[float], str]:
        """The probabilities of the classes, and the answer."""
        log_odds, little = self.weigh(text)
        little %= 3
        if little and not math.isnan(log_odds[0]):
            log_odds = self.of_nothing()
        most = max(0.0, *log_odds)
        shares = [math.exp(each - most) for each in (0.0, *log_odds)]
        p = [share / sum(shares) for share in shares]
        if math.isnan(log_odds[0]):
            return [math.nan] * len(p), ""
        return p, "uncertain" if little else self.decide(p)

    def of_nothing(self) -> list[float]:
        """The log-odds of the empty row."""
        own = self.calibrated(self.empty())
        if self.base is None:
            return own
        weight = self.document["base"]["weight"]
        return [x + weight * y for x, y in zip(own, self.base.of_nothing(), strict=True)]

    # 9. An exported network

    def inputs(self, texts: list[str]) -> dict[str, list[Any]]:
        """What an ONNX file takes, by the names of its inputs."""
        found: dict[str, list[Any]] = {}
        cleared = [self.little(text) in (1, 2) for text in texts]
        model: Model | None = self
        prefix = ""
        while model is not None:
            rows = [
                model.empty() if nothing else model.known_row(text)[0]
                for text, nothing in zip(texts, cleared, strict=True)
            ]
            found |= model.exported(rows, prefix)
            model, prefix = model.base, f"{prefix}base_"
        return found

    def exported(self, rows: list[Any], prefix: str) -> dict[str, list[Any]]:
        """The inputs of this component by itself."""
        raise NotImplementedError

    def decide(self, p: list[float]) -> str:
        decision = self.document["decision"]
        if len(p) == 2:
            band = decision["band"]
            if band and band[0] < p[1] < band[1]:
                return "uncertain"
            return self.asked[p[1] >= decision["threshold"]]
        offsets = decision["offsets"] or [0.0] * len(p)
        scores = [
            (math.log(each) if each else -math.inf) - offset
            for each, offset in zip(p, offsets, strict=True)
        ]
        label = scores.index(max(scores))
        minima = decision["minima"]
        return "uncertain" if minima and p[label] < minima[label] else self.asked[label]


class NGramModel(Model):
    def __init__(self, document: dict[str, Any], tensors: dict[str, Tensor]):
        super().__init__(document, tensors)
        self.ngrams = self.reading = document["ngrams"]
        self.numbers = {key: i for i, key in enumerate(tensors["features.keys"].all())}
        self.weights = tensors["features.weights"].all()

    def empty(self) -> dict[int, float]:
        return {}

    def row(self, text: str) -> dict[int, float]:
        """Numbers of features → values."""
        there = [self.numbers[k] for k in features(text, self.ngrams) if k in self.numbers]
        length = math.sqrt(sum(float32(self.weights[i] ** 2) for i in there)) or 1.0
        return {i: float32(self.weights[i] * float32(1 / length)) for i in sorted(there)}

    def logits(self, row: dict[int, float]) -> list[float]:
        """Those of each class but the first."""
        sums: list[float] = []
        for depth in range(self.document["layers"]):
            kernel, scale, bias = (
                self.tensors[f"layers.{depth}.{part}"] for part in ("kernel", "scale", "bias")
            )
            inputs = row if depth == 0 else dict(enumerate(map(self.activation, sums)))
            products = [0.0] * kernel.width
            for i, value in inputs.items():
                for unit, weight in enumerate(kernel.row(i)):
                    products[unit] += value * weight
            sums = [p * s + b for p, s, b in zip(products, scale.all(), bias.all(), strict=True)]
        return sums

    def known(self, text: str, row: dict[int, float]) -> float:
        """The share of its words that is known of a text; NaN where it has no token."""
        shortest, longest = self.ngrams["characters"]
        orders = longest - shortest + 1 if longest else 0
        scale = min(4 * self.document.get("least_known", 0.25), 1)
        if len(row) >= scale * (0.3 + 1.3 * orders) * len(written(text, self.ngrams)) ** 0.85 + 6:
            return 1.0
        read = characters_of(text, self.ngrams)
        tokens = tokens_of(read)
        if not tokens:
            return math.nan
        is_word = [unicodedata.category(token[0])[0] in "LNM" for token in tokens]
        whole, part, pair = self._known_sequences(tokens)
        part |= self._known_by_runs(read)
        for i, token in enumerate(tokens):
            if not is_word[i] and i in whole:
                picture = unicodedata.category(token[0])[0] == "S" and not token.isascii()
                if len(token) > 1 or picture:
                    return 1.0
        words = sum(is_word)
        share = sum(is_word[i] and i in part for i in range(len(tokens))) / max(words, 1)
        pairs = any(is_word[i] and is_word[i + 1] for i in pair)
        if words >= 6 and self.ngrams["words"] > 1 and not pairs:
            share /= 2
        return share

    def _known_sequences(self, tokens: list[str]) -> tuple[set[int], set[int], set[int]]:
        """Tokens known whole; those known in part; those known together with the next."""
        whole, part, pair = set(), set(), set()
        for length in range(1, self.ngrams["words"] + 1):
            for i, hashed in sequences(tokens, length):
                if key_of(hashed) in self.numbers:
                    part |= set(range(i, i + length))
                    whole |= {i} if length == 1 else set()
                    pair |= {i} if length == 2 else set()
        for i, token in enumerate(tokens):
            stem = hash_of(token[: self.ngrams["stem"]]) ^ SALTS["stem"]
            if self.ngrams["stem"] and key_of(stem) in self.numbers:
                part.add(i)
        return whole, part, pair

    def _known_by_runs(self, normalized: str) -> set[int]:
        shortest, longest = self.ngrams["characters"]
        owners: list[int | None] = []  # of each character of the squeezed text, its token
        reached = -1
        for number, (start, end) in enumerate(spans(normalized)):
            owners += [None] * (start != reached) + [number] * (end - start)
            reached = end
        owners.append(None)
        squeezed = squeeze(normalized)
        assert len(owners) == len(squeezed)
        tried: dict[int, list[bool]] = {}
        for length in range(max(shortest, longest - 1), longest + 1) if longest else ():
            for i in range(len(squeezed) - length + 1):
                touched = [owner for owner in owners[i : i + length] if owner is not None]
                if touched and touched[0] == touched[-1]:
                    run = hash_of(squeezed[i : i + length]) ^ SALTS["characters"]
                    tried.setdefault(touched[0], []).append(key_of(run) in self.numbers)
        return {number for number, hits in tried.items() if 2 * sum(hits) >= len(hits)}

    def exported(self, rows: list[dict[int, float]], prefix: str) -> dict[str, list[Any]]:
        return {
            f"{prefix}ids": [number for row in rows for number in row],
            f"{prefix}values": [value for row in rows for value in row.values()],
            f"{prefix}offsets": [sum(map(len, rows[:count])) for count in range(len(rows) + 1)],
        }


# 10. Pieces of words


PAGE = Path(__file__).parents[2] / "docs" / "format.md"


def table(name: str) -> list[range]:
    """Code points of a block of the page, or of the ranges that a sentence of it ends with."""
    found = re.search(rf"```{name}\n(.*?)```|{name}\n`(.*?)`", PAGE.read_text("utf-8"), re.DOTALL)
    bounds = [each.split("-") for each in words(found[1] or found[2])]
    return [range(int(each[0], 16), int(each[-1], 16) + 1) for each in bounds]


DROPPED, PUNCTUATION = table("dropped"), table("punctuation")
IDEOGRAPHS = table("An ideograph is one of")


def in_table(character: str, ranges: list[range]) -> bool:
    return any(ord(character) in each for each in ranges)


@cache
def plain(character: str) -> str:
    """What is left of a character."""
    if in_table(character, DROPPED) or character == "\ufffd" or 0xD800 <= ord(character) < 0xE000:
        return ""
    if character.isspace():
        return " "
    left = "".join(
        each.lower()
        for each in unicodedata.normalize("NFD", character)
        if not in_table(each, DROPPED)
    )
    marked = "".join(f" {each} " if in_table(each, PUNCTUATION) else each for each in left)
    return f" {marked} " if in_table(character, IDEOGRAPHS) else marked


Vectors = list[list[float]]


def swapped(word: str, meant: str) -> bool:
    if len(meant) < 4 or len(word) != len(meant) or word == meant:
        return False
    at = next(i for i, (a, b) in enumerate(zip(word, meant, strict=True)) if a != b)
    return word[:at] + word[at : at + 2][::-1] + word[at + 2 :] == meant


def otherwise_mistyped(word: str, meant: str) -> bool:
    if len(meant) < 6:
        return False
    if len(meant) == len(word) + 1:
        inside = range(1, len(word))
        return any(word == meant[:at] + meant[at + 1 :] for at in inside)
    if len(meant) == len(word) - 1:
        double = [at for at in range(1, len(word)) if word[at] == word[at - 1]]
        return any(word[:at] + word[at + 1 :] == meant for at in double)
    other = [at for at in range(len(word)) if word[at : at + 1] != meant[at : at + 1]]
    if len(meant) != len(word) or len(other) != 1 or other[0] in (0, len(word) - 1):
        return False
    return word[other[0]] in "aeiou" and meant[other[0]] in "aeiou"


class PieceModel(Model):
    def __init__(self, document: dict[str, Any], tensors: dict[str, Tensor]):
        super().__init__(document, tensors)
        self.reading = document["pieces"]
        vocabulary = bytes(map(int, tensors["pieces.vocabulary"].all())).decode()
        self.pieces = vocabulary.split("\n")
        self.numbers = {piece: i for i, piece in enumerate(self.pieces)}

    def spelled(self, text: str) -> str:
        """The text with the symbols that are no pieces written out."""
        done = ""
        for character in normalize(written(text, self.reading)):
            code = ord(character)
            if character.isascii() or unicodedata.category(character) not in ("So", "Sk"):
                done += character
            elif 0x1F3FB <= code <= 0x1F3FF:
                done += " "
            elif 0x1F1E6 <= code <= 0x1F1FF:
                done += chr(code - 0x1F1E6 + ord("a"))
            elif character in self.numbers:
                done += character
            else:
                done += f" {unicodedata.name(character, '?').lower()} "
        return done

    def divided(self, word: str) -> list[int]:
        found = self.undivided(word)
        if len(word) > 100 or (len(found) == 1 and self.pieces[found[0]] != "[UNK]"):
            return found
        if not (word.isascii() and word.isalpha()):
            return found
        for meant in (swapped, otherwise_mistyped):
            if likely := [each for each in self.reading.get("corrected", ()) if meant(word, each)]:
                return [self.numbers[likely[0]]] if len(likely) == 1 else found
        return found

    def undivided(self, word: str) -> list[int]:
        if len(word) > 100:
            return [self.numbers["[UNK]"]]
        found, prefix = [], ""
        while word:
            for end in range(len(word), 0, -1):
                if prefix + word[:end] in self.numbers:
                    break
            else:
                return [self.numbers["[UNK]"]]
            found.append(self.numbers[prefix + word[:end]])
            word, prefix = word[end:], "##"
        return found

    def row(self, text: str) -> list[int]:
        """The numbers of pieces."""
        head, tail = self.reading["head"], self.reading["tail"]
        read = "".join(map(plain, self.spelled(text)))
        inner = [number for word in words(read) for number in self.divided(word)]
        if len(inner) > head + tail - 2:
            inner = inner[: head - 1] + inner[len(inner) - tail + 1 :]
        first, last = self.empty()
        return [first, *inner, last]

    def empty(self) -> list[int]:
        return [self.numbers["[CLS]"], self.numbers["[SEP]"]]

    def exported(self, rows: list[list[int]], prefix: str) -> dict[str, list[Any]]:
        length = max(map(len, rows))
        return {
            f"{prefix}input_ids": [row + [0] * (length - len(row)) for row in rows],
            f"{prefix}attention_mask": [[1] * len(row) + [0] * (length - len(row)) for row in rows],
        }

    def known(self, text: str, row: list[int]) -> float:
        found = [self.pieces[number] for number in row]
        count = known = 0
        for piece, following in pairwise(found):
            if piece == "[UNK]" or unicodedata.category(piece[0])[0] in "LN":
                count += 1
                foreign = piece == "[UNK]" or in_table(piece[0], IDEOGRAPHS)
                known += not foreign and not following.startswith("##")
        return known / max(count, 1)

    def logits(self, row: list[int]) -> list[float]:
        x = [
            [
                a + b
                for a, b in zip(self._vector("words", i), self._vector("places", j), strict=True)
            ]
            for j, i in enumerate(row)
        ]
        x = self._norm(x, "norm")
        for number in range(self.document["blocks"]):
            prefix = f"blocks.{number}"
            found = self._layer(self._attended(x, prefix), f"{prefix}.merge")
            x = self._norm(added(x, found), f"{prefix}.merge_norm")
            wide = [[*map(gelu, each)] for each in self._layer(x, f"{prefix}.widen")]
            x = self._norm(added(x, self._layer(wide, f"{prefix}.narrow")), f"{prefix}.narrow_norm")
        mean = [sum(column) / len(x) for column in zip(*x, strict=True)]
        for number in range(self.document.get("hidden", 0)):
            mean = [*map(self.activation, self._layer([mean], f"hidden.{number}")[0])]
        longest = len(self.tensors["places.scale"].all())
        scale = 1 - (1 - self.document.get("long_scale", 1)) * len(row) / longest
        return [scale * each for each in self._layer([mean], "output")[0]]

    def _vector(self, name: str, number: int) -> list[float]:
        (scale,) = self.tensors[f"{name}.scale"].row(number)
        return [scale * each for each in self.tensors[f"{name}.rows"].row(number)]

    def _layer(self, x: Vectors, name: str) -> Vectors:
        kernel, scale, bias = (
            self.tensors[f"{name}.{part}"] for part in ("kernel", "scale", "bias")
        )
        columns = [*zip(*(kernel.row(i) for i in range(len(x[0]))), strict=True)]
        units = [*zip(columns, scale.all(), bias.all(), strict=True)]
        return [[dot(each, column) * s + b for column, s, b in units] for each in x]

    def _norm(self, x: Vectors, name: str) -> Vectors:
        scale, shift = (self.tensors[f"{name}.{part}"].all() for part in ("scale", "shift"))
        done = []
        for each in x:
            mean = sum(each) / len(each)
            root = math.sqrt(sum((one - mean) ** 2 for one in each) / len(each) + 1e-12)
            done.append(
                [(one - mean) / root * a + b for one, a, b in zip(each, scale, shift, strict=True)]
            )
        return done

    def _attended(self, x: Vectors, prefix: str) -> Vectors:
        heads, width = self.document["heads"], len(x[0])
        size = width // heads
        thirds = self._layer(x, f"{prefix}.attention")
        found: Vectors = [[] for _ in x]
        for start in range(0, width, size):
            q, k, v = (
                [each[first : first + size] for each in thirds]
                for first in (start, start + width, start + 2 * width)
            )
            for j, query in enumerate(q):
                scores = [dot(query, key) / math.sqrt(size) for key in k]
                shares = [math.exp(score - max(scores)) for score in scores]
                found[j] += [dot(shares, column) / sum(shares) for column in zip(*v, strict=True)]
        return found


def dot(one: Any, other: Any) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def added(x: Vectors, y: Vectors) -> Vectors:
    return [
        [a + b for a, b in zip(one, other, strict=True)] for one, other in zip(x, y, strict=True)
    ]


def gelu(s: float) -> float:
    return s / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (s + 0.044715 * s**3)))


# 11. Words in their order


class WordModel(Model):
    def __init__(self, document: dict[str, Any], tensors: dict[str, Tensor]):
        super().__init__(document, tensors)
        self.reading = document["reading"]
        self.keys = {key: i for i, key in enumerate(tensors["words.keys"].all())}
        self.kinds = tensors["words.kinds"].all()

    def row(self, text: str) -> list[int]:
        """The numbers of words."""
        head, tail = self.reading["head"], self.reading["tail"]
        tokens = tokens_of(characters_of(text, self.reading))
        if len(tokens) > head + tail:
            tokens = tokens[:head] + tokens[len(tokens) - tail :]
        return [self.number(token) for token in tokens]

    def number(self, token: str) -> int:
        beginning = key_of(hash_of(token[: self.reading["stem"]]))
        other = len(self.keys) + (beginning >> 32) % self.reading["buckets"]
        return self.keys.get(key_of(hash_of(token)), other)

    def empty(self) -> list[int]:
        return []

    def exported(self, rows: list[list[int]], prefix: str) -> dict[str, list[Any]]:
        length = max(map(len, rows))
        filled = [[1 + number for number in row] + [0] * (length - len(row)) for row in rows]
        return {f"{prefix}word_ids": filled}

    def known(self, text: str, row: list[int]) -> float:
        kinds = [self.kinds[number] if number < len(self.kinds) else None for number in row]
        if 2 in kinds:
            return 1.0
        return kinds.count(1) / max(kinds.count(1) + kinds.count(None), 1)

    def logits(self, row: list[int]) -> list[float]:
        rows, scales = self.tensors["words.rows"], self.tensors["words.scale"]
        x = [[scales.row(number)[0] * each for each in rows.row(number)] for number in row]
        nothing = [0.0] * rows.width
        highest: list[float] = []
        for place in range(self.document["filters"]):
            kernel, scale, bias = self._parts(f"filters.{place}")
            width = len(kernel) // rows.width
            columns = [*zip(*kernel, strict=True)]
            padded = x + [nothing] * width
            frames = [[*chain(*padded[j : j + width])] for j in range(len(x) + 1)]
            found = [[dot(frame, column) for column in columns] for frame in frames]
            highest += [
                max(column) * s + b
                for column, s, b in zip(zip(*found, strict=True), scale, bias, strict=True)
            ]
        root = math.sqrt(max(len(x), 1))
        units = [max(each, 0.0) for each in highest]
        units += [sum(column) / root for column in zip(nothing, *x, strict=True)]
        for place in range(self.document["layers"]):
            kernel, scale, bias = self._parts(f"layers.{place}")
            columns = [*zip(*kernel, strict=True)]
            sums = [
                dot(units, column) * s + b
                for column, s, b in zip(columns, scale, bias, strict=True)
            ]
            units = [max(each, 0.0) for each in sums]
        return sums

    def _parts(self, name: str) -> tuple[list[tuple[float, ...]], list[float], list[float]]:
        kernel, scale, bias = (
            self.tensors[f"{name}.{part}"] for part in ("kernel", "scale", "bias")
        )
        count = len(kernel.all()) // kernel.width
        return [kernel.row(i) for i in range(count)], scale.all(), bias.all()
