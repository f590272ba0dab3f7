"""Text → tokens → n-grams → sparse rows; the same code for training and for prediction.

`tokens` finds tokens, `ngrams` hashes n-grams of them, `weighting` counts the n-grams by class and
weighs them, `vectorizer` is the fitted result. numpy only.
"""

from sentiment.features.ngrams import NGrams
from sentiment.features.rows import SparseRows
from sentiment.features.vectorizer import Vectorizer

__all__ = ["NGrams", "SparseRows", "Vectorizer"]
