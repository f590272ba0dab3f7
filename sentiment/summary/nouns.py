"""Which phrases are nouns, without a tagger.

A noun is a word that follows articles, possessives and prepositions far more often than other words
do, and is often followed by a word of grammar or by punctuation, where an adjective is followed by
its noun.
"""

import numpy as np
from numpy.typing import NDArray

from sentiment.summary.phrases import Corpus, Grams, plain_words

_FOLLOWS = 2.0  # times as often as any word, a noun follows one of these
_ENDS = 0.45  # the least share of its uses in which it ends its phrase
_LONGEST = 3  # words of a noun phrase


def are_nouns(corpus: Corpus, grams: Grams) -> NDArray[np.bool_]:
    """Return which phrases are nouns or noun phrases, bool [phrases]."""
    ends_phrase = np.append(corpus.function, True)
    begins_noun = np.append(corpus.are(plain_words()["before_nouns"]), False)
    padded = np.concatenate(([-1], corpus.words, np.full(_LONGEST, -1)))
    after_one = begins_noun[padded[: corpus.words.size]]
    usual = float(after_one[corpus.words >= 0].mean()) if len(grams) else 0.0
    found = np.zeros(len(grams), np.bool_)
    for length in range(1, _LONGEST + 1):
        at = grams.at[length - 1]
        places = np.flatnonzero(at >= 0)
        uses = np.bincount(at[places], minlength=len(grams))
        follows = np.bincount(at[places], after_one[places], len(grams))
        ends = np.bincount(at[places], ends_phrase[padded[places + 1 + length]], len(grams))
        found |= (uses > 0) & (follows >= _FOLLOWS * usual * uses) & (ends >= _ENDS * uses)
    about = corpus.topic
    return found & np.array([all(about[each] for each in stems) for stems in grams.stems], np.bool_)
