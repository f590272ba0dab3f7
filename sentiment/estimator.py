"""The training as a scikit-learn estimator, in the only module that imports scikit-learn."""

import reprlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sentiment.api import LoadedModel, load, texts_or_none
from sentiment.errors import DataError
from sentiment.labels import SENTIMENT
from sentiment.model.component import log_odds, sigmoid
from sentiment.model.file import save_model
from sentiment.model.model import MAX_DEPTH, Model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labels import NEGATIVE_WORDS, POSITIVE_WORDS, Key, key_of, read_labels
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import Objective, TrainingOptions
from sentiment.training.train import train
from sentiment.values import is_missing

# Labels that the command line reads as positive, 1, and as negative.
_TWO_CLASSES = ReadOptions(label_set=SENTIMENT)
_KNOWN_LABELS: dict[Key, int] = {
    **dict.fromkeys(POSITIVE_WORDS, 1),
    **dict.fromkeys(NEGATIVE_WORDS, 0),
}
# The smallest distance from the threshold.
_TINY = float(np.finfo(np.float64).tiny)


class SentimentClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train a sentiment classifier on texts with two labels, as `sentiment train` does.

    The same texts, labels, options and seed give the same model as the command line, byte for byte.

    Args:
        hidden: units of each ReLU layer, empty for none; None for one layer of 16, or none with
            fewer than 1,000 reviews.
        dropout: share of hidden activations dropped in training, [0, 1).
        epochs: maximum number of epochs; None to choose by the data, as for the next two.
        batch_size: rows per step.
        learning_rate: of Adam, at the start.
        patience: epochs without a better validation loss before training stops.
        refit: train once more on all texts, with what was chosen on held-out ones.
        features: maximum number of n-grams.
        repair: repair damaged apostrophes (*doesn`t*, *doesn&#039;t*) and misread characters
            before texts are tokenized.
        validation_share: share of the texts held out for calibration and choices, (0, 1).
        optimize: the metric that the threshold is chosen for: `accuracy`, `macro-f1` or
            `balanced-accuracy`; None for accuracy, or macro F1 if one label is rare.
        seed: of the random numbers; the same seed gives the same model.
        architecture: the kind of features and network: `ngrams`.
        base: an existing model to start from: a path, `"general"`, or what `load` returned.
        positive: the label that means positive; None to find it, see `positive_`.

    Attributes:
        classes_: the two labels, sorted.
        positive_: the label that is positive in a saved model and for the base: the parameter
            `positive`; else as the command line reads the two labels (`good`, `pos`, `yes`, 1 …),
            or one of them; else the last of `classes_`. It does not change the order of `classes_`.
        model_: the trained `sentiment.model.model.Model`.

    >>> from sentiment import SentimentClassifier
    >>> texts = [f"{word} item {n}" for word in ("good", "bad") for n in range(100)]
    >>> classifier = SentimentClassifier(epochs=4).fit(texts, ["+"] * 100 + ["-"] * 100)
    >>> classifier.predict(["a good item", "a bad item"]).tolist()
    ['+', '-']
    """

    def __init__(
        self,
        *,
        hidden: Sequence[int] | None = TrainingOptions.hidden,
        dropout: float = TrainingOptions.dropout,
        epochs: int | None = TrainingOptions.epochs,
        batch_size: int | None = TrainingOptions.batch_size,
        learning_rate: float | None = TrainingOptions.learning_rate,
        patience: int = TrainingOptions.patience,
        refit: bool = TrainingOptions.refit,
        features: int = TrainingOptions.features,
        repair: bool = TrainingOptions.repair,
        validation_share: float = TrainingOptions.validation_share,
        optimize: Objective | None = TrainingOptions.optimize,
        seed: int = TrainingOptions.seed,
        architecture: str = TrainingOptions.architecture,
        base: "str | PathLike[str] | LoadedModel | None" = None,
        positive: Any = None,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.patience = patience
        self.refit = refit
        self.features = features
        self.repair = repair
        self.validation_share = validation_share
        self.optimize = optimize
        self.seed = seed
        self.architecture = architecture
        self.base = base
        self.positive = positive

    def fit(self, X: Iterable[Any], y: ArrayLike) -> Self:  # noqa: N803
        """Train on texts and their labels.

        Args:
            X: a list, pandas Series, one-dimensional array or other iterable of str, [n]. Blank
                texts are left out.
            y: labels of two kinds, [n].

        Raises:
            ValueError: there are not two kinds of labels, or not one label per text; a text or
                label is missing; or a parameter has an invalid value.
            TypeError: these are not texts, or the base is not a model.
            sentiment.errors.SentimentError: there are too few distinct texts, or the training
                diverged.
        """
        texts, labels = self._texts(X), self._labels(y)
        check_consistent_length(texts, labels)
        options = TrainingOptions(
            **{field.name: getattr(self, field.name) for field in fields(TrainingOptions)}
        )
        base, classes = self._base(), self._two_classes(labels)
        positive = self._find_positive(classes)
        filled = [row for row, text in enumerate(texts) if text.strip()]
        reviews = LabelledReviews(
            [texts[row] for row in filled], (labels[filled] == positive).astype(np.int16)
        )
        self.model_: Model = train(reviews, options, base=base)
        self.classes_, self.positive_ = classes, positive
        return self

    def predict(self, X: Iterable[Any]) -> NDArray[Any]:  # noqa: N803
        """Return the label of each text, [n], by the threshold that `fit` chose.

        Unlike a model from `load`, it always answers: a text that is blank, or of which no word is
        known, like an empty review.
        """
        positive = self._p_positive(X) >= self._model().binary.threshold
        return self.classes_[(positive == self._last_is_positive()).astype(np.intp)]

    def predict_proba(self, X: Iterable[Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return calibrated probabilities, float64 [n, 2], with the columns as in `classes_`.

        A text that is blank, or of which no word is known, has those of an empty review.
        """
        positive = self._p_positive(X)
        columns = np.stack([1 - positive, positive], axis=1)
        return columns if self._last_is_positive() else columns[:, ::-1]

    def decision_function(self, X: Iterable[Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the log-odds of `classes_[1]` minus those of the threshold, float64 [n].

        Above 0, the answer of `predict` is `classes_[1]`; below 0, `classes_[0]`.
        """
        threshold, positive = self._model().binary.threshold, self._p_positive(X)
        above = log_odds(positive) - log_odds(np.array([threshold]))
        # Never 0: a probability equal to the threshold is answered positive.
        above = np.where(positive >= threshold, np.maximum(above, _TINY), np.minimum(above, -_TINY))
        return above if self._last_is_positive() else -above

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model file, for `load` and the command line; replace an existing file.

        Its answers are `positive` (for the label `positive_`) and `negative`.

        Raises:
            OSError: it cannot be written.
        """
        save_model(self._model(), Path(path))

    def _p_positive(self, X: Iterable[Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the probability of the label `positive_`, float64 [n]."""
        model = self._model()
        positive = LoadedModel(model).predict_proba(self._texts(X))[:, 1]
        return np.where(np.isnan(positive), sigmoid(model.empty_logits), positive)

    def _model(self) -> Model:
        check_is_fitted(self, "model_")
        return self.model_

    def _last_is_positive(self) -> bool:
        return bool(self.classes_[1] == self.positive_)

    def _texts(self, X: Iterable[Any]) -> list[str]:  # noqa: N803
        texts = texts_or_none(X)
        if None in texts:
            raise ValueError(f"text {texts.index(None)} is missing: leave it out, or make it ''")
        return [text for text in texts if text is not None]

    def _labels(self, y: ArrayLike) -> NDArray[Any]:
        if y is None:
            raise ValueError("labels are needed: requires y to be passed, but the target y is None")
        labels: NDArray[Any] = column_or_1d(y, warn=True)
        if labels.dtype == object:  # in which scikit-learn finds only NaN
            for row, label in enumerate(labels):
                if is_missing(label):
                    raise ValueError(f"label {row} is missing ({label!r}): leave its text out")
        assert_all_finite(labels, input_name="y")
        return labels

    def _two_classes(self, labels: NDArray[Any]) -> NDArray[Any]:
        check_classification_targets(labels)
        classes: NDArray[Any] = np.unique(labels)
        if classes.size > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(labels)}. There are {classes.size} labels, "
                f"{reprlib.repr(classes.tolist())}: merge or leave out some"
            )
        if classes.size < 2:
            found = f"one class, {classes.tolist()[0]!r}" if classes.size else "none"
            raise ValueError(f"labels of two classes are needed; found {found}")
        return classes

    def _find_positive(self, classes: NDArray[Any]) -> Any:
        """Return one of the classes, by the rules of the attribute `positive_`."""
        if self.positive is not None:
            if self.positive not in classes.tolist():
                raise ValueError(f"positive={self.positive!r} is not one of {classes.tolist()}")
            return classes[classes == self.positive][0]
        names = [str(each) for each in classes.tolist()]
        try:
            first, last = read_labels(names, _TWO_CLASSES, name="y").labels.tolist()
        except DataError:  # other words; one of the two may be known
            first, last = (_KNOWN_LABELS.get(key_of(name)) for name in names)
        first_is_positive = (first == 1 and last != 1) or (last == 0 and first != 0)
        return classes[0 if first_is_positive else 1]

    def _base(self) -> Model | None:
        if self.base is None:
            return None
        base = load(self.base) if isinstance(self.base, str | PathLike) else self.base
        if not isinstance(base, LoadedModel):
            raise TypeError(
                f"base is a {type(base).__name__}: pass a path, 'general', or what `load` returned"
            )
        if len(base.model.components) >= MAX_DEPTH:
            raise ValueError(f"base: at most {MAX_DEPTH} models can be stacked")
        return base.model

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags
