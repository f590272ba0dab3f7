"""Model files that lie: good ones changed, most of them sealed again so that they are read on."""

import json
import re
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

Json = Any
Header = list[tuple[str, Json]]  # names may stand in it twice, as in no dict

_SIZES = {"U64": 8, "F32": 4, "F16": 2, "I8": 1, "U8": 1}
# Bytes of a tensor that a forgery makes up.
_LARGEST = 1 << 26
_CHECKSUM = re.compile(rb"crc32:[0-9a-f]{8}")
_UNSEALED = "crc32:00000000"
# Values that no good file holds in most places. Raw ones are put into the JSON as they are.
_ODD: tuple[Json, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 64, 65, 1 << 16, 1 << 31, 1 << 40, 1 << 63, 1 << 64, 10**30,
    0.0, -0.0, 0.5, 1.5, -1e308, 1e308, 5e-324, 1e15, "", "1", " 7 ", "٣", "-1", "good", "\n\r\t",
    "\x1b[31mred\x1b[0m", "\x00", "\x9b2J", "\ud800", "\u202eevil", "</script><b>", "F64", "BF16",
    "x" * 5000, "é" * 3000, [], {}, [[]], [0], [0, 0], [1, 2, 3], [16, 16], [0, 16], [-1, 2],
    [1 << 40] * 2, [0, 1 << 40], [1 << 40] * 3000, [0] * 80, {"": None}, {"words": 1},
    ["x"] * 20_000, [{}] * 20_000,
)  # fmt: skip
_RAW = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "[" * 5000 + "]" * 5000,
    "[" * 100_000 + "]" * 100_000, '{"a":' * 3000 + "1" + "}" * 3000, '{"a":1,"a":2}', "nul", "",
    "[]]", '"\\ud83d"', "[" + "0," * 300_000 + "0]", "[" + "{}," * 200_000 + "{}]",
)  # fmt: skip
_BITS = {
    "F32": ("0000c07f", "0000807f", "000080ff", "ffff7f7f", "ffff7fff", "01000000", "00000080"),
    "F16": ("007e", "007c", "00fc", "ff7b", "fffb", "0100", "0080"),
    "U64": ("0" * 16, "f" * 16, "0" * 14 + "80", "01" + "0" * 14),
    "I8": ("80", "7f", "00", "ff"),
    "U8": ("0a", "00", "ff", "80", "c0", "0a23"),
}


class Forgery:
    """A good model file in parts that can be changed one by one.

    Attributes:
        header: the name of each tensor and what is said of it.
        document: what the metadata hold.
        data: the bytes of the tensors.
    """

    def __init__(self, good: bytes) -> None:
        end = 8 + int.from_bytes(good[:8], "little")
        header = json.loads(good[8:end])
        self.document: Json = json.loads(header.pop("__metadata__")["sentiment"])
        self.document["checksum"] = _UNSEALED
        self.header: Header = list(header.items())
        self.data = bytearray(good[end:])
        self._raw: list[str] = []

    def raw(self, text: str) -> str:
        """A value in whose place `text` is written, be it JSON or not."""
        self._raw.append(text)
        return f"raw {len(self._raw) - 1}"

    def sealed(self) -> bytes:
        """Put the parts together, with the checksum that they have then."""
        text = self._written(self.document)
        entries = [f'"__metadata__":{{"sentiment":{json.dumps(text)}}}']
        entries += [f"{json.dumps(name)}:{self._written(entry)}" for name, entry in self.header]
        return sealed(with_header(f"{{{','.join(entries)}}}".encode(), bytes(self.data)))

    def tensor(self, random: Random) -> tuple[int, str, Json]:
        """Choose a tensor: its number, its name, and what is said of it."""
        number = random.randrange(len(self.header))
        return number, *self.header[number]

    def _written(self, value: Json) -> str:
        text = json.dumps(value)
        for number, raw in enumerate(self._raw):
            text = text.replace(f'"raw {number}"', raw)
        return text


def with_header(header: bytes, data: bytes) -> bytes:
    """Put a header before the bytes of tensors."""
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data


def sealed(data: bytes) -> bytes:
    """Give a file the checksum that it has, if it still holds a place for one."""
    found = _CHECKSUM.search(data)
    if found is None:
        return data
    blank = data[: found.start()] + _UNSEALED.encode() + data[found.end() :]
    return blank.replace(_UNSEALED.encode(), f"crc32:{zlib.crc32(blank):08x}".encode(), 1)


def flip(good: bytes, random: Random) -> bytes:
    """Turn up to eight bits round."""
    data = bytearray(good)
    for _ in range(random.randint(1, 8)):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def flip_and_seal(good: bytes, random: Random) -> bytes:
    """Turn bits round, most of them in the header."""
    end = 8 + int.from_bytes(good[:8], "little")
    if random.random() < 0.7:
        return sealed(flip(good[:end], random) + good[end:])
    return sealed(good[:end] + flip(good[end:], random))


def cut(good: bytes, random: Random) -> bytes:
    """Leave the end out, or something between."""
    first = random.randrange(len(good))
    return sealed(
        good[:first] + good[random.choice((len(good), random.randint(first, len(good)))) :]
    )


def grow(good: bytes, random: Random) -> bytes:
    """Put bytes in somewhere, once or in thousands."""
    place = random.choice((len(good), random.randrange(len(good))))
    return sealed(good[:place] + random.randbytes(random.choice((1, 8, 70_000))) + good[place:])


def lie_about_the_header(good: bytes, random: Random) -> bytes:
    """Claim another length of the header, up to all there is."""
    lengths = (0, 1, 2, len(good) - 8, len(good) - 7, 1 << 24, 1 << 30, 1 << 32, (1 << 64) - 1)
    return sealed(random.choice(lengths).to_bytes(8, "little") + good[8:])


def stuff_the_header(good: bytes, random: Random) -> bytes:
    """Fill the header with millions of small things, or with one large one."""
    end = 8 + int.from_bytes(good[:8], "little")
    stuffing = random.choice(
        (b"[" + b"[]," * 1_000_000 + b"0]", b"[" + b"{}," * 900_000 + b"0]", b"9" * 3_000_000,
         b'"' + b"x" * 3_000_000 + b'"', '"😀'.encode() + b"x" * 3_000_000 + b'"',
         b"{" + b",".join(b'"%d":{}' % n for n in range(200_000)) + b"}", b"[" * 3_000_000)
    )  # fmt: skip
    return sealed(with_header(b'{"stuffing":' + stuffing + b"," + good[9:end], good[end:]))


def change_the_document(good: bytes, random: Random) -> bytes:
    """Put odd values in the place of good ones, or beside them, or nothing."""
    forgery = Forgery(good)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        holder, key = random.choice([*_places(forgery.document)])
        odd = forgery.raw(random.choice(_RAW)) if random.random() < 0.3 else random.choice(_ODD)
        what = random.random()
        if what < 0.7:
            holder[key] = odd
        elif what < 0.85:
            del holder[key]
        elif isinstance(holder, dict):
            holder[random.choice(("base", "weight", "number", "loss", "\x1b[2J", "new"))] = odd
        else:
            text = json.dumps(holder)  # gigabytes are no use
            holder *= random.choice((2, 3, 5000)) if len(text) < 1000 and "raw" not in text else 2
    return forgery.sealed()


def change_the_version(good: bytes, random: Random) -> bytes:
    """Claim another format."""
    forgery = Forgery(good)
    forgery.document["format"] = random.choice((*_ODD, 3, 4, 5))
    return forgery.sealed()


def repeat_a_key(good: bytes, random: Random) -> bytes:
    """Say something twice, the second time otherwise."""
    forgery = Forgery(good)
    if random.random() < 0.5:
        _, name, entry = forgery.tensor(random)
        forgery.header.append((name, entry | {"shape": [0]}))
        return forgery.sealed()
    holder, key = random.choice([*_places(forgery.document)])
    if isinstance(holder, dict):
        pair = f'"{key}":{json.dumps(holder[key])}'
        holder[key] = forgery.raw(f"0,{pair},{pair}")
    return forgery.sealed()


def nest_bases(good: bytes, random: Random) -> bytes:
    """Let a model stand on itself, few times or many."""
    forgery = Forgery(good)
    inner = json.dumps({key: v for key, v in forgery.document.items() if key != "base"})
    depth = random.choice((2, 7, 8, 9, 200, 5000))
    text = '{"weight":1000,"model":' + inner[:-1] + ',"base":'
    forgery.document["base"] = forgery.raw(text * depth + "null" + "}}" * depth)
    named = list(forgery.header)
    for level in range(1, min(depth, 9) + 1):
        forgery.header += [("base/" * level + name, entry) for name, entry in named]
    return forgery.sealed()


def lie_about_a_tensor(good: bytes, random: Random) -> bytes:
    """Say something else of a tensor than its bytes do, gigabytes of it included."""
    forgery = Forgery(good)
    number, name, entry = forgery.tensor(random)
    what = random.choice(("dtype", "shape", "data_offsets", "name", "gone", "twice", "all"))
    odd = forgery.raw(random.choice(_RAW)) if random.random() < 0.2 else random.choice(_ODD)
    if what == "name":
        forgery.header[number] = (
            random.choice(("base/" + name, "", "\x1b[2J\n", "x" * 9999)),
            entry,
        )
    elif what == "gone":
        del forgery.header[number]
    elif what == "twice":
        forgery.header.append((f"{name}.again", entry))
    elif what == "all":
        forgery.header[number] = (name, odd)
    elif isinstance(entry[what], list) and random.random() < 0.5:
        numbers = list(entry[what])
        numbers[random.randrange(len(numbers))] += random.choice((-1, 1, 1 << 20, 1 << 33))
        forgery.header[number] = (name, entry | {what: numbers})
    else:
        forgery.header[number] = (name, entry | {what: odd})
    return forgery.sealed()


def change_a_tensor(good: bytes, random: Random) -> bytes:
    """Give a tensor another type and size, and say so truly; the others move along."""
    forgery = Forgery(good)
    chosen, _, entry = forgery.tensor(random)
    dtype = random.choice((*_SIZES, entry["dtype"]))
    shape = random.choice(
        (entry["shape"], entry["shape"][::-1], [*entry["shape"], 1], [0], [], [0, 1 << 40], [1],
         [entry["shape"][0] + 1, *entry["shape"][1:]], [100_000], [50_000, 4])
    )  # fmt: skip
    size = _SIZES[dtype]
    for length in shape:
        size *= length
    if size > _LARGEST:
        raise ValueError("a forgery of a forgery, which claims gigabytes")
    start, end = entry["data_offsets"]
    filler = random.choice((bytes(1), b"\x3c", random.randbytes(3)))
    forgery.data[start:end] = (filler * size)[:size]
    moved = size - (end - start)
    for number, (name, other) in enumerate(forgery.header):
        begin, stop = other["data_offsets"]
        if number == chosen:
            new = {"dtype": dtype, "shape": shape, "data_offsets": [start, start + size]}
        elif begin >= end and number != chosen:
            new = other | {"data_offsets": [begin + moved, stop + moved]}
        else:
            new = other
        forgery.header[number] = (name, new)
    return forgery.sealed()


def empty_the_features(good: bytes, random: Random) -> bytes:
    """A model, or its base, that knows no n-gram, and says so everywhere."""
    forgery = Forgery(good)
    of = random.choice(("", "base/"))
    gone = (f"{of}features.keys", f"{of}features.weights", f"{of}layers.0.kernel")
    kept = bytearray()
    for number, (name, entry) in enumerate(forgery.header):
        start, end = entry["data_offsets"]
        empty = name in gone
        part = b"" if empty else forgery.data[start:end]
        shape = [0, *entry["shape"][1:]] if empty else entry["shape"]
        place = [len(kept), len(kept) + len(part)]
        forgery.header[number] = (name, entry | {"shape": shape, "data_offsets": place})
        kept += part
    forgery.data = kept
    return forgery.sealed()


def change_numbers(good: bytes, random: Random) -> bytes:
    """Write NaN, infinity, the largest and the smallest into tensors, once or all over them."""
    forgery = Forgery(good)
    for _ in range(random.choice((1, 1, 2, 5))):
        _, _, entry = forgery.tensor(random)
        start, end = (min(place, len(forgery.data)) for place in entry["data_offsets"])
        size = _SIZES[entry["dtype"]]
        bits = bytes.fromhex(random.choice(_BITS[entry["dtype"]]))
        if random.random() < 0.5:
            bits *= (end - start) // size
        elif start < end:
            start += size * random.randrange((end - start) // size)
        forgery.data[start : start + min(len(bits), end - start)] = bits[: end - start]
    return forgery.sealed()


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    flip, flip_and_seal, cut, grow, lie_about_the_header, change_the_document, change_the_version,
    repeat_a_key, nest_bases, lie_about_a_tensor, change_a_tensor, change_numbers,
    flip_and_seal, change_the_document, lie_about_a_tensor, change_a_tensor, change_numbers,
)  # fmt: skip
# Larger than the others, or all the same: tried once in a while.
_RARE = (stuff_the_header, empty_the_features)


def forged(number: int, originals: list[bytes]) -> tuple[str, bytes]:
    """Make the forgery of a number: what was done, and the file."""
    random = Random(number)
    mutate = random.choice(_RARE if number % 50 == 0 else MUTATIONS)
    return mutate.__name__.replace("_", " "), mutate(random.choice(originals), random)


def originals(folder: Any) -> list[bytes]:
    """Good models to begin with: plain, based, with all there is, of classes, pieces, words."""
    plain, based, pieces, stacked = (_fixture(folder, n) for n in ("1", "2", "4-pieces", "5-cnn"))
    full = Forgery(based)
    described = Forgery(plain).document
    full.document |= {key: described[key] for key in ("history", "provenance", "phrases")}
    full.document |= {"format": 3, "least_known": 0.25}
    full.document["ngrams"]["reversal"] = 6
    full.document["provenance"]["card"] = {"intended for": "nothing; it is a test"}
    every = plain, based, full.sealed(), of_classes(folder), pieces, of_words(folder), stacked
    return list(every)


def of_classes(folder: Any) -> bytes:
    """A good model of three classes, with all there is."""
    classes = Forgery(_fixture(folder, "4-classes"))
    counts = {"counts": dict.fromkeys(("negative", "neutral", "positive"), 9), "hash": "0" * 32}
    classes.document["provenance"] = Forgery(_fixture(folder, "1")).document["provenance"] | {
        "training": counts, "validation": counts, "right": counts["counts"],
    }  # fmt: skip
    return classes.sealed()


def of_words(folder: Any) -> bytes:
    """A good model of words in their order, with all there is: the base in a fixture."""
    alone, described = Forgery(_fixture(folder, "5-cnn")), Forgery(_fixture(folder, "1")).document
    recipe = described["provenance"]["recipe"] | {"embeddings": {"file": "v.txt", "hash": "0" * 32}}
    alone.document = alone.document["base"]["model"] | {
        "format": 5, "checksum": _UNSEALED, "base": None, "history": described["history"],
        "provenance": described["provenance"] | {"recipe": recipe},
    }  # fmt: skip
    kept, header = bytearray(), []
    for name, entry in alone.header:
        if name.startswith("base/"):
            start, end = entry["data_offsets"]
            place = [len(kept), len(kept) + end - start]
            kept += alone.data[start:end]
            header.append((name.removeprefix("base/"), entry | {"data_offsets": place}))
    first = header.index(next(each for each in header if each[0] == "words.keys"))
    key = int.from_bytes(kept[slice(*header[first][1]["data_offsets"])][:8], "little")
    alone.document["phrases"] = [[str(key), "film"]]
    alone.header, alone.data = header, kept
    return alone.sealed()


def _fixture(folder: Any, version: str) -> bytes:
    data: bytes = (folder / f"format-{version}.safetensors").read_bytes()
    return data


def _places(value: Json) -> list[tuple[Json, Any]]:
    """Every place of a JSON value: what holds it, and its key or number."""
    if isinstance(value, dict):
        here = [(value, key) for key in value]
    elif isinstance(value, list):
        here = [(value, number) for number in range(len(value))]
    else:
        return []
    return here + [place for holder, key in here for place in _places(holder[key])]
