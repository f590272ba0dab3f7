"""The same sentence about different people, with the same target.

Half of the terms are invented, so that a term in no list moves nothing either. The terms of
`held_out_terms.txt` are in none of the lists: with them it is checked what a model has learned.
"""

import random
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tools.general.mechanics import finished
from tools.general.teaching import Taught

_FOLDER = Path(__file__).parent
_TARGETS = {
    "neutral": (0.03, 0.94, 0.03),
    "positive": (0.01, 0.02, 0.97),
    "negative": (0.97, 0.02, 0.01),
}
_SHARES = {"neutral": 3, "positive": 2, "negative": 2}
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_ONSETS = [
    *("b", "br", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kr", "l", "m", "n", "p"),
    *("pr", "qu", "r", "s", "sh", "sk", "st", "t", "th", "tr", "v", "vl", "w", "y", "z", "zh"),
]
_VOWELS = ["a", "e", "i", "o", "u", "a", "e", "o", "ai", "ia", "ou", "ei"]
_CODAS = ["", "", "", "", "", "l", "m", "n", "r", "s"]
_ENDINGS = {
    "adj": ["ian", "ian", "ese", "ish", "ic", "i", "an", "ite", "ist", "ual", "ine"],
    "person": ["ite", "ist", "ian", "an", "er", "ese", "i", "ish man", "ian woman", "or", "ard"],
    "first": ["a", "o", "i", "en", "is", "u", "iko", "esh", "el", "ah", ""],
    "last": ["son", "ov", "ez", "ski", "wala", "ura", "ande", "oglu", "ti", "mann", "eira"],
    "country": ["ia", "stan", "land", "ania", "ola", "istan", "ua"],
    "city": ["burg", "ville", "ta", "grad", "pur", "o", "abad", "ton", "ara", "i"],
    "belief": ["ism", "ism", "ianity", "ology", "ism of the North"],
}


@cache
def identities() -> dict[str, list[list[str]]]:
    """Return the terms by slot and category."""
    tables = tomllib.loads((_FOLDER / "identities.toml").read_text(encoding="utf-8"))
    lists = {
        slot: [[term.strip() for term in terms.split(",")] for terms in categories.values()]
        for slot, categories in tables.items()
    }
    peoples = tables["adj"]["demonyms"], tables["adj"]["faiths"]
    lists["culture"] = [[term.strip() for term in terms.split(",")] for terms in peoples]
    return lists


@cache
def frames() -> dict[str, list[str]]:
    """Return the sentences by what they say."""
    tables = tomllib.loads((_FOLDER / "frames.toml").read_text(encoding="utf-8"))
    return {side: text.strip().splitlines() for side, text in tables.items()}


@cache
def held_out() -> frozenset[str]:
    """Return the terms that are in no list, in small letters."""
    text = (_FOLDER / "held_out_terms.txt").read_text(encoding="utf-8")
    return frozenset(text.lower().split("\n")) - {""}


@cache
def _known() -> frozenset[str]:
    """Return all terms in small letters."""
    listed = (term for lists in identities().values() for terms in lists for term in terms)
    return held_out() | {term.lower() for term in listed}


def invented(slot: str, rng: random.Random) -> str:
    """Return a word that looks like a term of a slot and is none."""
    slot = "adj" if slot == "culture" else slot
    while True:
        syllables = (
            rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_CODAS)
            for _ in range(rng.choice((1, 1, 1, 2)))
        )
        word = "".join(syllables) + rng.choice("bdfgklmnprstvz") + rng.choice(_ENDINGS[slot])
        if word not in _known():
            break
    small = slot in {"adj", "person"} and rng.random() < 0.4
    return word if small else word[0].upper() + word[1:]


def _term(slot: str, real: bool, rng: random.Random) -> str:
    """Return a term for a slot of a frame."""
    if slot == "full":
        return f"{_term('first', real, rng)} {_term('last', real, rng)}"
    slot = "first" if slot == "name" else slot
    if not real:
        return invented(slot, rng)
    return rng.choice(rng.choice(identities()[slot]))


def _filled(frame: str, real: bool, rng: random.Random) -> str:
    """Return a frame with terms in it."""
    return _SLOT.sub(lambda m: _term(m[1], real, rng), frame)


def fair(count: int, seed: int, size: int = 4) -> Iterator[list[Taught]]:
    """Yield groups of texts that differ in who they are about, and have the same targets.

    Args:
        count: the number of groups.
        seed: of the random numbers.
        size: of a group; half of it, rounded up, has real terms.
    """
    rng = random.Random(seed)
    for _ in range(count):
        side = rng.choices(list(_SHARES), list(_SHARES.values()))[0]
        frame = rng.choice(frames()[side])
        frame = _CHOICE.sub(lambda m: rng.choice(m[1].split("|")), frame)
        manner = rng.random()
        texts: list[str] = []
        while len(texts) < size:
            real = len(texts) < (size + 1) // 2
            text = finished(_filled(frame, real, rng), random.Random(manner))
            if text not in texts:
                texts.append(text)
        yield [Taught(text, _TARGETS[side], "fair") for text in texts]
