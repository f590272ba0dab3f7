"""Text → tokens → n-grams → sparse rows; the same code for training and for prediction.

`tokens` finds tokens, `ngrams` hashes n-grams of them, `occurrences` says which review holds which.
For training, `incidence` keeps that for all reviews, in one `shard` or in many; `weighting` counts
and weighs by class; `vectorizer` is the fitted result, and `encoded` what it makes of the reviews.
For explanations, `places` finds features again in the text as it was written. numpy only.
"""

from typing import TYPE_CHECKING

from sentiment.lazy import exports

if TYPE_CHECKING:
    from sentiment.features.encoded import EncodedRows
    from sentiment.features.incidence import Incidence
    from sentiment.features.ngrams import NGrams
    from sentiment.features.rows import SparseRows
    from sentiment.features.vectorizer import Vectorizer

__all__ = ["EncodedRows", "Incidence", "NGrams", "SparseRows", "Vectorizer"]

exports(
    __name__,
    {
        "EncodedRows": "encoded",
        "Incidence": "incidence",
        "NGrams": "ngrams",
        "SparseRows": "rows",
        "Vectorizer": "vectorizer",
    },
)
