"""A baseline that anyone could fit: TF-IDF and logistic regression, cross-validated."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digests_of
from sentiment.evaluation.intervals import Floats, Labels

NAME = "TF-IDF + logistic regression"
FOLDS = 5
# With fewer, its figures are mostly luck; more take minutes.
MIN_REVIEWS, MAX_REVIEWS = 100, 50_000
_MAX_CHARACTERS = 50_000_000
_MIN_TEXTS = 2  # that a feature occurs in
# The default, 1, says little more than the same for all where there are hundreds of reviews.
_INVERSE_REGULARIZATION = 10.0


def folds_of(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the fold of each text, [n]; texts that differ in case or white space alone share it.

    The fold follows from the text, so no seed is needed.
    """
    return (digests_of(text.casefold() for text in texts) % np.uint64(FOLDS)).astype(np.int64)


def why_not(texts: Sequence[str], labels: Labels) -> str:
    """Return why no baseline is fitted on these reviews, [n]; nothing if one can be."""
    if len(texts) < MIN_REVIEWS:
        return f"it needs {MIN_REVIEWS} reviews"
    if len(texts) > MAX_REVIEWS or sum(map(len, texts)) > _MAX_CHARACTERS:
        return "with so many reviews it would take too long"
    folds = folds_of(texts)
    for fold in range(FOLDS):
        if not (folds == fold).any() or np.unique(labels[folds != fold]).size < 2:
            return "it needs more different reviews of two classes"
    return ""


def out_of_fold(texts: Sequence[str], labels: Labels, classes: int) -> Floats:
    """Compute the probabilities of a baseline for reviews that it was not fitted on.

    Word 1- and 2-grams that occur in two texts, logarithmic term frequencies times inverse document
    frequencies, and a logistic regression (C = 10). Each fifth of the reviews is answered by what
    was fitted on the other four: the vocabulary, too.

    Args:
        texts: n texts, for which `why_not` has no reason.
        labels: from 0 to `classes` − 1, [n].
        classes: K.

    Returns:
        Float64 [n, K]; 0 for a class that the other folds lack.
    """
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    # Counting takes most of the time, and learns nothing but which columns there are.
    try:
        counts = CountVectorizer(ngram_range=(1, 2)).fit_transform(texts)
    except ValueError:  # not a word in any text
        return np.full((len(texts), classes), 1 / classes)
    folds, p = folds_of(texts), np.zeros((len(texts), classes))
    for fold in range(FOLDS):
        fitted, asked = folds != fold, folds == fold
        kept = np.flatnonzero(counts[fitted].getnnz(axis=0) >= _MIN_TEXTS)
        if not kept.size:
            p[asked] = np.bincount(labels[fitted], minlength=classes) / np.count_nonzero(fitted)
            continue
        weighting = TfidfTransformer(sublinear_tf=True)
        rows = weighting.fit_transform(counts[fitted][:, kept])
        model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=1000)
        model.fit(rows, labels[fitted])
        found = model.predict_proba(weighting.transform(counts[asked][:, kept]))
        p[np.ix_(asked, model.classes_)] = found
    return p
