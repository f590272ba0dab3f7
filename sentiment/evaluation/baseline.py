"""A baseline that anyone could fit: TF-IDF and logistic regression, cross-validated."""

from collections.abc import Sequence
from typing import Any

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

    Each fifth of the reviews is answered by what was fitted on the other four.

    Args:
        texts: n texts, for which `why_not` has no reason.
        labels: from 0 to `classes` − 1, [n].
        classes: K.

    Returns:
        Float64 [n, K]; 0 for a class that the other folds lack.
    """
    counts, folds = _counts(texts), folds_of(texts)
    p = np.zeros((len(texts), classes))
    for fold in range(FOLDS):
        fitted, asked = folds != fold, folds == fold
        p[asked] = _answers(counts[fitted], labels[fitted], counts[asked], classes)
    return p


def fit_and_answer(
    training: Sequence[str], labels: Labels, texts: Sequence[str], classes: int
) -> Floats:
    """Compute the probabilities of a baseline that is fitted on some reviews, for other texts.

    Args:
        training: n texts.
        labels: theirs, from 0 to `classes` − 1, [n]; of at least two classes.
        texts: m texts.
        classes: K.

    Returns:
        Float64 [m, K]; 0 for a class without training texts.
    """
    counts = _counts([*training, *texts])
    return _answers(counts[: len(training)], labels, counts[len(training) :], classes)


def _counts(texts: Sequence[str]) -> Any:
    """Count word 1- and 2-grams, sparse [n, F]; with no column if no text has a word.

    Counting takes most of the time, and learns nothing but which columns there are.
    """
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    try:
        return CountVectorizer(ngram_range=(1, 2)).fit_transform(texts)
    except ValueError:  # not a word in any text
        return csr_matrix((len(texts), 0), dtype=np.int64)


def _answers(fitted: Any, labels: Labels, asked: Any, classes: int) -> Floats:
    """Fit on the counts of some texts, [n, F]; return the probabilities of others, [m, K].

    N-grams that occur in two texts, logarithmic term frequencies times inverse document
    frequencies, and a logistic regression (C = 10).
    """
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    p = np.zeros((asked.shape[0], classes))
    kept = np.flatnonzero(fitted.getnnz(axis=0) >= _MIN_TEXTS)
    if not fitted.shape[1]:
        p[:] = 1 / classes
        return p
    if not kept.size:
        p[:] = np.bincount(labels, minlength=classes) / labels.size
        return p
    weighting = TfidfTransformer(sublinear_tf=True)
    rows = weighting.fit_transform(fitted[:, kept])
    model = LogisticRegression(C=_INVERSE_REGULARIZATION, max_iter=1000)
    model.fit(rows, labels)
    p[:, model.classes_] = model.predict_proba(weighting.transform(asked[:, kept]))
    return p
