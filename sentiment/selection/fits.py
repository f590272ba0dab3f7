"""What is trained on the reviews of a fold: the program's model, and baselines."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.labels import LabelSet
from sentiment.model.model import Model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.selection.crossing import Answered, Fit, answered_by
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Run
from sentiment.training.train import train


def trained(
    options: TrainingOptions, run: Run, base: Model | None = None, encoder: Model | None = None
) -> Fit:
    """Return what `train` makes of training reviews: it holds out some of these alone."""

    def fit(training: LabelledReviews, texts: Sequence[str]) -> Answered:
        model = train(training, options, base=base, run=run, encoder=encoder)
        return answered_by(model, texts)

    return fit


def constant(training: LabelledReviews, texts: Sequence[str]) -> Answered:
    """Answer all texts with the most frequent training label; probabilities are the shares."""
    shares = np.bincount(training.labels, minlength=len(training.label_set)) / len(training)
    return _answered(np.tile(shares, (len(texts), 1)), training.label_set)


def tfidf(training: LabelledReviews, texts: Sequence[str]) -> Answered:
    """Answer with TF-IDF of words and pairs of words, and logistic regression (scikit-learn)."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\S+")
    features = vectorizer.fit_transform(training.texts)
    model = LogisticRegression(max_iter=1000).fit(features, training.labels)
    found = np.zeros((len(texts), len(training.label_set)))
    found[:, model.classes_] = model.predict_proba(vectorizer.transform(texts))
    return _answered(found, training.label_set)


def _answered(probabilities: NDArray[np.float64], label_set: LabelSet) -> Answered:
    labels = probabilities.argmax(axis=1)
    words = np.array(label_set.names, object)[labels]
    return Answered(probabilities, labels, words.tolist())
