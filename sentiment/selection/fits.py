"""What is trained on the reviews of a fold: the program's model, and baselines."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.baseline import fit_and_answer
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
    """Answer with the baseline of the report, TF-IDF and logistic regression."""
    label_set = training.label_set
    found = fit_and_answer(training.texts, training.labels, texts, len(label_set))
    return _answered(found, label_set)


def _answered(probabilities: NDArray[np.float64], label_set: LabelSet) -> Answered:
    labels = probabilities.argmax(axis=1)
    words = np.array(label_set.names, object)[labels]
    return Answered(probabilities, labels, words.tolist())
