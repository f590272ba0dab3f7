"""Make the table by which languages are told apart: `python -m tools.languages` (some minutes).

It is fitted to lists of words (`words.toml`) and, for English, to data/train.csv: to single words,
and to draws of several.
"""

import csv
import random
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from unicodedata import combining, normalize

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from sentiment.features.language import LANGUAGES, LONGEST, TABLE, packed
from sentiment.features.tokens import read

WORDS = Path(__file__).with_name("words.toml")
REVIEWS = Path(__file__).parent.parent.parent / "data" / "train.csv"

# Lists of words, with their shares in drawn texts; English has sentences, too.
_TIERS = {"frequent": 0.45, "common": 0.25, "reviews": 0.3}
_SENTENCES = 0.5
_LENGTHS = (1, 1, 2, 3, 4, 6, 8)  # words of a drawn text
_DRAWS, _ENGLISH_DRAWS = 3_000, 12_000
_WITHOUT_MARKS = 0.3  # texts typed with plain letters
_KEPT = 2_450  # n-grams
_RAREST = 5  # texts that have an n-gram that is tried
_STRENGTH = 0.3  # the inverse of the L2 penalty
# What Unicode does not take to pieces.
_PLAIN = str.maketrans({"ł": "l", "ı": "i", "ø": "o", "đ": "d", "æ": "ae", "ß": "ss"})


class Text(NamedTuple):
    """A text to fit to, and its language."""

    text: str
    language: str


def without_marks(text: str) -> str:
    """Return a text as people type it who have no keys for its letters."""
    parts = normalize("NFD", text.translate(_PLAIN))
    return "".join(part for part in parts if not combining(part))


def texts() -> Iterator[Text]:
    """Yield draws of words of each language, and every word alone."""
    draw = random.Random(0)
    lists = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    with REVIEWS.open(encoding="utf-8", newline="") as file:
        sentences = [row["text"].split() for row in csv.DictReader(file)]
    for language in LANGUAGES:
        tiers = [lists[language][tier].split() for tier in _TIERS]
        english = language == "en"
        for _ in range(_ENGLISH_DRAWS if english else _DRAWS):
            count = draw.choice(_LENGTHS)
            if english and draw.random() < _SENTENCES:
                sentence = draw.choice(sentences)
                first = draw.randrange(len(sentence))
                words = sentence[first : first + count]
            else:
                words = [
                    draw.choice(tier) for tier in draw.choices(tiers, [*_TIERS.values()], k=count)
                ]
            text = " ".join(words)
            plain = draw.random() < _WITHOUT_MARKS
            yield Text(without_marks(text) if plain else text, language)
        every = {word for tier in tiers for word in tier}
        if english:
            every |= {word for sentence in sentences for word in sentence}
        for word in sorted(every | set(map(without_marks, every))):
            yield Text(word, language)


def main() -> None:
    """Fit and write the table."""
    found = list(texts())
    codes = list(LANGUAGES)
    labels = np.array([codes.index(each.language) for each in found])
    counts = [Counter(ngrams_of(each.text)) for each in found]
    ngrams = telling(counts, labels)
    fitted = LogisticRegression(C=_STRENGTH, tol=1e-3, max_iter=500).fit(
        matrix(counts, ngrams), labels
    )
    # The weights of all languages may be moved together.
    weights = np.vstack([fitted.coef_.T, fitted.intercept_])
    TABLE.write_bytes(packed(ngrams, weights - weights.mean(axis=1, keepdims=True)))
    print(f"saved {TABLE}: {len(ngrams):,} n-grams, {TABLE.stat().st_size:,} bytes")


def ngrams_of(text: str) -> Iterator[str]:
    """Yield the n-grams of a text; no space is between their letters."""
    plain = read(text, repaired=True, rated=False)
    letters = "".join(each if each.isalpha() or each == "'" else " " for each in f" {plain} ")
    for order in range(1, LONGEST + 1):
        for start in range(len(letters) - order + 1):
            ngram = letters[start : start + order]
            if ngram.strip() and " " not in ngram[1:-1]:
                yield ngram


def telling(counts: Sequence[Counter[str]], labels: NDArray[np.int64]) -> list[str]:
    """Return the n-grams that tell most: in many texts, and of a language more than of others."""
    among = Counter(ngram for each in counts for ngram in each)
    every = sorted(ngram for ngram, texts in among.items() if texts >= _RAREST)
    present = matrix(counts, every) > 0
    shares = np.array([present[labels == place].mean(axis=0).A1 for place in range(len(LANGUAGES))])
    smallest = 1 / len(counts)
    usual = np.exp(np.log(shares + smallest).mean(axis=0))
    gain = (shares * np.log((shares + smallest) / usual)).max(axis=0)
    return [every[place] for place in sorted(np.argsort(-gain)[:_KEPT].tolist())]


def matrix(counts: Sequence[Counter[str]], ngrams: Sequence[str]) -> csr_matrix:
    """Return how often each text has each n-gram, float64 [texts, n-grams]."""
    places = {ngram: place for place, ngram in enumerate(ngrams)}
    indices: list[int] = []
    data: list[int] = []
    indptr = [0]
    for each in counts:
        known = [ngram for ngram in each if ngram in places]
        indices += [places[ngram] for ngram in known]
        data += [each[ngram] for ngram in known]
        indptr.append(len(indices))
    values: NDArray[np.float64] = np.array(data, np.float64)
    return csr_matrix((values, indices, indptr), (len(counts), len(ngrams)))


if __name__ == "__main__":
    main()
