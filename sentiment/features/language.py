"""In which language texts in Latin letters are, told by a table of character n-grams.

The table (`language.table`, made by `python -m tools.languages`) has the weights of a softmax
regression: those of all n-grams of a text add up to a score for each language. N-grams up to three
letters tell languages apart in a few words (Cavnar and Trenkle, "N-gram-based text categorization",
1994). English, which most texts are, is seen by its commonest words, without the table.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import near
from sentiment.features.tokens import code_points, read

# ISO 639-1 codes in the order of the columns of the table, and the names that people read.
LANGUAGES = {
    "en": "English", "es": "Spanish", "pt": "Portuguese", "fr": "French", "it": "Italian",
    "ro": "Romanian", "de": "German", "nl": "Dutch", "sv": "Swedish", "da": "Danish",
    "no": "Norwegian", "fi": "Finnish", "hu": "Hungarian", "pl": "Polish", "cs": "Czech",
    "hr": "Croatian", "tr": "Turkish", "id": "Indonesian", "vi": "Vietnamese", "tl": "Tagalog",
}  # fmt: skip
TABLE = Path(__file__).with_name("language.table")

# Characters of a text that are looked at: at its beginning, and of a long one also at its end.
_SAMPLE = 120
_AT_ONCE = 512  # texts scored together, which fit the processor's cache
LONGEST = 3  # letters of an n-gram
# A text is in another language if the score of that is higher by this, in log-odds: at first sight,
# and when its names, adopted phrases and end are looked at.
_MARGIN, _AGAIN = 6.0, 3.0

# Among the commonest words of English, those that are hardly a word of any other of the languages.
_ENGLISH = frozenset(
    [
        "about", "after", "again", "and", "any", "around", "away", "because", "been", "before",
        "being", "better", "both", "bought", "but", "came", "can't", "could", "couldn't", "did",
        "didn't", "does", "doesn't", "doing", "don't", "down", "each", "ever", "every",
        "everything", "few", "find", "first", "from", "get", "gets", "getting", "gives", "going",
        "good", "got", "great", "happy", "he's", "here", "how", "i'd", "i'll", "i'm", "i've",
        "if", "into", "isn't", "it", "it's", "its", "just", "keep", "know", "little", "look",
        "looks", "love", "loved", "made", "make", "makes", "much", "need", "never", "nice", "not",
        "nothing", "one", "only", "other", "our", "out", "people", "really", "right", "said",
        "same", "see", "she", "she's", "should", "some", "something", "still", "such", "take",
        "than", "that", "that's", "the", "their", "them", "then", "there", "there's", "these",
        "they", "they're", "thing", "things", "think", "this", "those", "though", "thought",
        "three", "through", "today", "too", "took", "try", "two", "until", "use", "used", "very",
        "wanted", "wasn't", "way", "we're", "went", "were", "what", "what's", "when", "where",
        "which", "while", "who", "why", "with", "without", "won't", "work", "works", "would",
        "wouldn't", "year", "years", "you", "you're", "your",
    ]
)  # fmt: skip
# With so many of these a text is English, or with one in so many words.
_ENOUGH, _OF_WORDS = 2, 6
_AT_FIRST = 12  # words looked up before the others

# Names of users, hashtags and addresses, which are in no language. `re` compiles this and the next
# pattern when a text needs them, which few do.
_ADDRESS = r"\S*(?:[@#]|://)\S*"
# Laughter and the like: *haaaa*, *hahaha*, *blah blah blah*.
_REPEATED = r"(?i:(.{1,3}?)\1{2,}|\b(\w+)(?:\W+\2\b)+)"
# Phrases of other languages that dictionaries of English list.
_ADOPTED = (
    "c'est la vie", "café au lait", "cafe au lait", "cinco de mayo", "coq au vin", "coup d'état",
    "coup d'etat", "coup de grâce", "coup de grace", "crème de la crème", "creme de la creme",
    "déjà vu", "deja vu", "dolce far niente", "dulce de leche", "eau de parfum", "eau de toilette",
    "fin de siècle", "hasta la vista", "hors d'oeuvre", "je ne sais quoi", "joie de vivre",
    "la dolce vita", "la vie en rose", "mi casa es su casa", "mi casa su casa", "nom de guerre",
    "nom de plume", "pain au chocolat", "pas de deux", "pico de gallo", "pièce de résistance",
    "piece de resistance", "que sera sera", "que sera, sera", "raison d'être", "raison d'etre",
    "sturm und drang", "tour de force", "viva la vida",
)  # fmt: skip


def languages_of(codes: str | Sequence[str]) -> tuple[str, ...]:
    """Return codes of `LANGUAGES` as a tuple, from one or from text such as `en,es`; () for `all`.

    Raises:
        ValueError: one is unknown, or occurs twice; the message says which are known.
    """
    given = codes.split(",") if isinstance(codes, str) else codes
    names = tuple(code.strip().lower() for code in given)
    if names == ("all",):
        return ()
    for number, name in enumerate(names):
        if name not in LANGUAGES:
            known = ", ".join(f"{code} ({language})" for code, language in LANGUAGES.items())
            codes_of = {language: code for code, language in LANGUAGES.items()}
            found = near(name, codes_of) or near(name, LANGUAGES)
            meant = f" (did you mean {codes_of.get(found[0], found[0])}?)" if found else ""
            raise ValueError(
                f'there is no language "{name}" here{meant}; write all, or some of {known}'
            )
        if name in names[:number]:
            raise ValueError(f'the language "{name}" occurs twice')
    return names


def foreign(
    texts: Sequence[str], languages: Collection[str], *, repaired: bool = True
) -> NDArray[np.int64]:
    """Return in which other language each text looks to be.

    Args:
        texts: the texts.
        languages: codes of those that are not other ones, at least one.
        repaired: whether damaged texts are repaired before they are read.

    Returns:
        Indices of `LANGUAGES`, int64 [n]; −1 for a text in one of them, in other letters, or of
        which it cannot be told.
    """
    found = np.full(len(texts), -1)
    rows = [*range(len(texts))]
    if "en" in languages:
        rows = [row for row in rows if not _is_english(texts[row])]
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        found[some] = _looks([texts[row] for row in some], languages, repaired)
    return found


def _is_english(text: str) -> bool:
    """Return whether enough of the first words are common in English: a cheap test.

    Most texts pass before all their words are looked up.
    """
    start = text[:_SAMPLE]
    if " the " in start and (" and " in start or " it " in start or " that " in start):
        return True
    words = start.lower().split(None, _AT_FIRST)
    if len(_ENGLISH.intersection(words[:_AT_FIRST])) >= _ENOUGH:
        return True
    words = [*words[:_AT_FIRST], *"".join(words[_AT_FIRST:]).split()]
    common = len(_ENGLISH.intersection(words))
    return common >= _ENOUGH or common * _OF_WORDS >= len(words)


def _looks(texts: Sequence[str], languages: Collection[str], repaired: bool) -> NDArray[np.int64]:
    """Return as `foreign` does; a text has to look so without its names, and at its end, too."""

    def look(samples: Iterable[str], margin: float) -> NDArray[np.int64]:
        return _table().others(
            [read(each, repaired=repaired, rated=False) for each in samples], languages, margin
        )

    found = look(map(_start, texts), _MARGIN)
    for again, longer_than in ((_nameless, 0), (_end, _SAMPLE)):
        left = np.flatnonzero(found >= 0).tolist()
        rows = [row for row in left if len(texts[row]) > longer_than]
        if rows:
            still = look((again(texts[row]) for row in rows), _AGAIN)
            found[np.array(rows)[still < 0]] = -1
    return found


def _start(text: str) -> str:
    return _without_addresses(text[:_SAMPLE])


def _end(text: str) -> str:
    return _without_addresses(text[-_SAMPLE:])


def _without_addresses(text: str) -> str:
    return re.sub(_ADDRESS, " ", text) if "@" in text or "#" in text or "://" in text else text


def _nameless(text: str) -> str:
    """Return the start without adopted phrases, repetitions, and words with a capital.

    Nearly all of these are names where other words have none, but for German nouns.
    """
    text = re.sub(_REPEATED, r"\1\2", _start(text))
    lower = text.lower()
    for phrase in _ADOPTED:
        if phrase in lower:
            text = re.sub(phrase, " ", text, flags=re.IGNORECASE)
    if text.istitle() or text.isupper():
        return text
    first, *words = text.split() or [""]
    return " ".join([first, *(word for word in words if not word[0].isupper())])


class _Table(NamedTuple):
    """The weights of n-grams.

    Attributes:
        letters: code point → letter, from 1, int64; 0 for what is none. The last stands for all
            code points from there on.
        rows: n-gram → row of its weights, 0 for none, int16. Those of n letters are numbers of n
            digits, behind all that are shorter.
        weights: int32 [n-grams + 1, languages]; row 0 has none.
        bias: the scores of a text without n-grams, int32 [languages].
        unit: of all these, in log-odds.
    """

    letters: NDArray[np.int64]
    rows: NDArray[np.int16]
    weights: NDArray[np.int32]
    bias: NDArray[np.int32]
    unit: float

    @classmethod
    def of(cls, ngrams: Sequence[str], weights: NDArray[np.int32], unit: float) -> "_Table":
        """Return the table of n-grams; the last row of weights is the bias."""
        alphabet = " " + "".join(sorted({*"".join(ngrams)} - {" "}))
        base = len(alphabet)
        letters = np.zeros(ord(alphabet[-1]) + 2, np.int64)
        letters[code_points(alphabet)] = range(base)
        rows = np.zeros(sum(base**order for order in range(1, LONGEST + 1)), np.int16)
        orders = np.array([*map(len, ngrams)])
        for order in range(1, LONGEST + 1):
            of_order = np.flatnonzero(orders == order)
            codes = code_points("".join([ngrams[place] for place in of_order.tolist()]))
            digits = letters[codes].reshape(-1, order)
            numbers = digits @ base ** np.arange(order)[::-1]
            rows[numbers + _before(order, base)] = of_order + 1
        *_, bias = weights
        return cls(letters, rows, np.vstack([0 * bias, weights[:-1]]), bias, unit)

    def others(
        self, texts: Sequence[str], languages: Collection[str], margin: float
    ) -> NDArray[np.int64]:
        """Return the other language whose score is higher by a margin, in log-odds; −1 for none."""
        scores = self.scores(texts)
        own = scores[:, np.isin([*LANGUAGES], [*languages])].max(axis=1)
        best = scores.argmax(axis=1)
        return np.where(scores.max(axis=1) - own >= margin / self.unit, best, -1)

    def scores(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the score of each language for texts in lower case, int64 [n, languages]."""
        starts = np.cumsum([0, *(len(text) + 2 for text in texts)])[:-1]
        codes = code_points("".join([*(f" {text} " for text in texts), " " * LONGEST]))
        letters = self.letters.take(codes, mode="clip")
        base = int(self.letters.max()) + 1
        scores = np.tile(self.bias.astype(np.int64), (len(texts), 1))
        places = letters
        for order in range(1, LONGEST + 1):
            if order > 1:
                places = places[:-1] * base + letters[order - 1 :]
            rows = self.rows[places + _before(order, base)]
            scores += np.add.reduceat(self.weights[rows], starts, axis=0)
        return scores


def _before(order: int, base: int) -> int:
    """Return how many n-grams are shorter than this order."""
    return sum(base**shorter for shorter in range(1, order))


@cache
def _table() -> _Table:
    """Read what `packed` wrote."""
    head, _, weights = TABLE.read_bytes().partition(b"\n\n")
    *ngrams, unit = head.decode().split("\n")
    shape = (len(ngrams) + 1, len(LANGUAGES))
    read_weights = np.frombuffer(weights, np.int8).reshape(shape).astype(np.int32)
    return _Table.of(ngrams, read_weights, float(unit))


def packed(ngrams: Sequence[str], weights: NDArray[np.floating]) -> bytes:
    """Return a table as bytes: n-grams and the unit, a line each; a blank line; weights as int8.

    Args:
        ngrams: of letters, and spaces where words begin and end.
        weights: of these, and of a text without any, [n-grams + 1, languages].
    """
    unit = float(np.abs(weights).max()) / 127
    head = "\n".join([*ngrams, f"{unit:.6f}"])
    return head.encode() + b"\n\n" + np.round(weights / unit).astype(np.int8).tobytes()
