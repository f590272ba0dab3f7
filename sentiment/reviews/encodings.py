"""Encodings of texts: their names, byte order marks, and finding the encoding of a file."""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from sentiment.errors import UsageError, hint

AUTO = "auto"
LATIN_1 = "latin-1"  # in which any bytes are a text
# Byte order marks, and the encodings whose texts they begin; UTF-32 before UTF-16, whose mark
# it begins with.
MARKS = (
    (codecs.BOM_UTF8, ("utf-8", "utf-8-sig")),
    (codecs.BOM_UTF32_LE, ("utf-32", "utf-32-le")),
    (codecs.BOM_UTF32_BE, ("utf-32", "utf-32-be")),
    (codecs.BOM_UTF16_LE, ("utf-16", "utf-16-le")),
    (codecs.BOM_UTF16_BE, ("utf-16", "utf-16-be")),
)
# What charset-normalizer chooses from, by how common they are, with a handicap of coherence: its
# measures hardly tell them apart in a few words.
_COMMON = {
    "cp1252": 0.0,
    "cp1250": 0.09,
    "cp1251": 0.09,
    "cp932": 0.09,
    "gb18030": 0.09,
    "cp949": 0.09,
    "big5": 0.09,
    "euc_jp": 0.09,
    "koi8_r": 0.09,
    "cp1254": 0.09,
    "cp1253": 0.09,
    "cp1255": 0.09,
    "cp1256": 0.09,
    "cp1257": 0.09,
    "iso8859_2": 0.09,
    "mac_roman": 0.5,
    "cp850": 0.5,
    "cp437": 0.5,
}
_CHAOS_STEP = 0.08  # smaller differences do not count
_MAX_CHAOS = 0.3
# The bytes that cp1252 does not use, as signs that are rare in texts.
_FOR_CP1252 = bytes.maketrans(b"\x81\x8d\x8f\x90\x9d", b"\xa4" * 5)
_SAMPLE_BYTES = 1 << 20
_PLACES = 20  # of 512 bytes
_BEYOND_ASCII = re.compile(rb"[\x00-\x09\x0b-\x7f]*+[\x80-\xff][^\n]*+\n?")  # lines
_MAX_TRIALS = 4  # encodings that the whole file is tried with
_START, _LEAST = 16, 8  # bytes by which UTF-16 and UTF-32 without a mark are told

# Returns the blocks of a file from its start, or None if it cannot be read twice.
Again = Callable[[], Iterator[bytes] | None]


def check_encoding(encoding: str) -> str:
    """Return the usual name of a text encoding, or `auto`.

    Raises:
        UsageError: Python has no such text encoding.
    """
    if encoding == AUTO:
        return encoding
    try:
        codec = codecs.lookup(encoding)
    except (LookupError, ValueError):
        codec = None
    if codec is None or not codec._is_text_encoding or codec.incrementaldecoder is None:
        from encodings.aliases import aliases  # only for a mistake

        known = {*aliases.values(), *(name for name in aliases if name.startswith("windows"))}
        names = [name.replace("_", "-") for name in sorted(known)]
        meant = hint(encoding, names)
        raise UsageError(
            f"unknown encoding {encoding!r}{meant}; try auto, utf-16, cp1252 or latin-1"
        )
    return codec.name


def encodings_marked(start: bytes) -> Sequence[str]:
    """Return the encodings that a text with a byte order mark can have; () without one."""
    return next((names for mark, names in MARKS if start.startswith(mark)), ())


def unmarked(start: bytes) -> str | None:
    """Return UTF-16 or UTF-32 by the zeros between the first letters of a text without a mark."""
    start = start[:_START]
    if len(start) < _LEAST:
        return None
    for width, name in ((4, "utf-32"), (2, "utf-16")):
        for place, order in ((0, "le"), (width - 1, "be")):
            letters = start[place::width]
            others = bytes(byte for at, byte in enumerate(start) if at % width != place)
            if not any(others) and all(letters) and letters.strip():
                return f"{name}-{order}"
    return None


def find_encoding(again: Again) -> str | None:
    """Return an encoding with which a whole file reads; None if it cannot be read twice.

    It is UTF-8 if most of the characters beyond ASCII are, even if some bytes are not.
    """
    blocks = again()
    if blocks is None:
        return None
    name = unmarked(next(blocks, b""))
    if name and _reads(again, name):
        return name
    sample, is_utf8 = _survey(again)
    if is_utf8 or (sample and _is_mostly_utf8(sample)):
        return "utf-8"
    tried = islice(_tried_in_order(sample), _MAX_TRIALS)
    return next((name for name in tried if name == LATIN_1 or _reads(again, name)), LATIN_1)


def guess_encoding(sample: bytes) -> str:
    """Return the likely encoding of some bytes that are not UTF-8, such as the start of a pipe."""
    for name in _tried_in_order(sample):
        try:
            codecs.getincrementaldecoder(name)().decode(sample)
        except UnicodeError:
            continue
        return name
    return LATIN_1


def _survey(again: Again) -> tuple[bytes, bool]:
    """Return a sample that begins with the first block beyond ASCII, and whether all is UTF-8."""
    sample = bytearray()
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8 = True
    for block in again() or ():
        if len(sample) < _SAMPLE_BYTES and (sample or not block.isascii()):
            sample += block[: _SAMPLE_BYTES - len(sample)]
        try:
            decoder.decode(block)
        except UnicodeError:
            is_utf8 = False
        if not is_utf8 and len(sample) >= _SAMPLE_BYTES:
            break
    return bytes(sample), is_utf8 and not decoder.getstate()[0]


def _is_mostly_utf8(sample: bytes) -> bool:
    """Return whether more characters beyond ASCII are valid UTF-8 than bytes are invalid."""
    text = sample.decode("utf-8", "surrogateescape")
    bad = len(re.findall("[\udc80-\udcff]", text))
    return len(re.findall("[^\\x00-\\x7f]", text)) > 2 * bad


def _tried_in_order(sample: bytes) -> Iterator[str]:
    """Yield likely encodings; after cp1252 comes Latin-1, which has no unused bytes."""
    for name in _ranked(sample):
        yield name
        if name == "cp1252":
            yield LATIN_1


def _ranked(sample: bytes) -> list[str]:
    """Return the common encodings that a sample reads in, the likeliest first."""
    from charset_normalizer import from_bytes  # most files are UTF-8

    sample = b"".join(_BEYOND_ASCII.findall(sample))  # it looks at a few places only

    def measured(sample: bytes, among: Iterable[str]) -> dict[str, tuple[float, float]]:
        found = from_bytes(sample, _PLACES, cp_isolation=list(among), threshold=_MAX_CHAOS)
        return {
            name: (match.chaos, match.coherence)
            for match in found
            for name in match.could_be_from_charset
            if name in _COMMON
        }

    measures = measured(sample, _COMMON)
    if "cp1252" not in measures:  # few files avoid the bytes that it does not use
        measures |= measured(sample.translate(_FOR_CP1252), ["cp1252"])

    def rank(name: str) -> tuple[int, float, int]:
        chaos, coherence = measures[name]
        unlikely = _COMMON[name] - coherence
        return round(chaos / _CHAOS_STEP), unlikely, list(_COMMON).index(name)

    return sorted(measures, key=rank)


def _reads(again: Again, encoding: str) -> bool:
    """Return whether a whole file can be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in again() or ():
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
