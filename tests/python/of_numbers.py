"""The estimator as most of scikit-learn's checks want it: rows of numbers instead of texts."""

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from sentiment import SentimentClassifier


class ClassifierOfNumbers(SentimentClassifier):
    """Writes each row down as words, and otherwise does what `SentimentClassifier` does."""

    def fit(self, X, y, sample_weight=None):  # noqa: N803
        if y is None:
            self._labels(y)
        numbers, labels = validate_data(self, X, y, dtype=np.float64)
        return super().fit(in_words(numbers), labels, sample_weight)

    def _texts(self, X):  # noqa: N803
        if isinstance(X, list) and X and isinstance(X[0], str):
            return super()._texts(X)
        check_is_fitted(self)
        return in_words(validate_data(self, X, reset=False, dtype=np.float64))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.input_tags.one_d_array = tags.input_tags.string = False
        return tags


def in_words(numbers: np.ndarray) -> list[str]:
    """One word for each number: which column it is in, and how large it is, in halves."""
    names = "abcdefghijklmnopqrstuvwxyz"
    halves = np.floor(2 * np.clip(numbers, -1e9, 1e9)).astype(np.int64)
    return [
        " ".join(
            f"{names[column % 26]}{'m' if half < 0 else 'p'}{names[abs(half) % 26]}"
            for column, half in enumerate(row)
        )
        for row in halves.tolist()
    ]
