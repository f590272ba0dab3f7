"""How lessons are written down: capitals, full stops, typing errors."""

import random
import re

_SENTENCE = re.compile(r"(^|[.!?]\s+|\n)([a-z])")
# Words that begin with a vowel and sound as if with a consonant, and the other way round.
_CONSONANT = r"(?i:us[aeiu]|uni(?!n|m)|one\b|once\b|eu|ut(?:il|op)|uk|ug|uru)"
_A = re.compile(rf"\b([Aa]) (?=(?!{_CONSONANT})[aeiouAEIO]|hour|honest|honour|heir)")
_VOWELS = re.compile(r"[aeiou]")
_KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT_TO = {
    key: [row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)]
    for row in _KEYS
    for at, key in enumerate(row)
}
# Words by which a text means what it does, left as they are by typing errors.
_KEPT = {"not", "no", "now", "never", "nobody", "but", "yet", "was", "used", "isnt", "1", "5"}


def plural(noun: str) -> str:
    """Return the plural of a noun."""
    if noun.endswith("series"):
        return noun
    if re.search(r"(s|x|ch|sh)$", noun):
        return noun + "es"
    return re.sub(r"(?<=[^aeiou])y$", "ie", noun) + "s"


def shouted(text: str, rng: random.Random) -> str:
    """Return a text in capitals, wholly or one word of it."""
    if rng.random() < 0.5:
        return text.upper()
    words = text.split(" ")
    longest = max(range(len(words)), key=lambda at: len(words[at]))
    words[longest] = words[longest].upper()
    return " ".join(words)


def elongated(text: str, rng: random.Random) -> str:
    """Return a text with a vowel of one of its words, or of *so*, drawn out."""
    if re.search(r"\bso\b", text) and rng.random() < 0.7:
        return re.sub(r"\bso\b", "s" + "o" * rng.randint(3, 6), text, count=1)
    words = text.split(" ")
    last = words[-1]
    at = [match.start() for match in _VOWELS.finditer(last)]
    if at:
        place = at[len(at) // 2]
        words[-1] = last[:place] + last[place] * rng.randint(3, 6) + last[place + 1 :]
    return " ".join(words)


def finished(text: str, rng: random.Random) -> str:
    """Return a text with spaces, articles, capitals and a full stop, in one of several manners."""
    text = re.sub(r" +", " ", text).strip()
    text = re.sub(r" ([,.?!;])(?=\s|$|[?!.])", r"\1", text)
    text = re.sub(r"([?!])[.,](?= |$)", r"\1", text)
    text = _A.sub(r"\1n ", text)
    text = re.sub(r"\bi('|\b(?![.'&]))", r"I\1", text)
    dice = rng.random()
    if dice < 0.14:
        return _careless(text, rng)
    if dice < 0.9:
        text = _SENTENCE.sub(lambda m: m[1] + m[2].upper(), text)
    if text[-1].isalnum() and dice < 0.72:
        text += rng.choice(".......!!…")
    if rng.random() < 0.15:
        text = text.replace("'", "’")
    return text


def _careless(text: str, rng: random.Random) -> str:
    """Return a text in small letters, at times without apostrophes, commas or full stops."""
    text = text.lower() if not text.isupper() else text
    if rng.random() < 0.5:
        text = re.sub(r"(?<=[a-z])'(?=[a-z])", "", text)
    if rng.random() < 0.5:
        text = re.sub(r"[,.](?= |$)", "", text)
    return text


def with_typing_errors(text: str, rng: random.Random) -> str:
    """Return a text with letters of one to three words swapped, dropped, doubled or missed."""
    words = text.split(" ")
    long = [
        at
        for at, word in enumerate(words)
        if len(word) > 3 and word.isalpha() and word.lower() not in _KEPT
    ]
    for at in rng.sample(long, min(len(long), rng.randint(1, 3))):
        words[at] = _mistyped(words[at], rng)
    return " ".join(words)


def _mistyped(word: str, rng: random.Random) -> str:
    """Return a word with one typing error."""
    at = rng.randrange(1, len(word) - 1)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    manner = rng.randrange(4)
    if manner == 0:
        return before + after[0] + letter + after[1:]
    if manner == 1:
        return before + after
    if manner == 2:
        return before + letter * 2 + after
    return before + rng.choice(_NEXT_TO.get(letter.lower(), [letter])) + after
