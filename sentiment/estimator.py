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
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sentiment.api import LoadedModel, load, texts_or_none
from sentiment.errors import DataError
from sentiment.labels import MAX_CLASSES, SENTIMENT, WITH_NEUTRAL, LabelSet, can_be_class
from sentiment.model.component import log_odds, probabilities_of
from sentiment.model.decision import Decision, MultiDecision
from sentiment.model.file import save_model
from sentiment.model.model import MAX_DEPTH, Model
from sentiment.reviews.dataset import LabelledReviews, scaled_weights
from sentiment.reviews.labels import read_labels
from sentiment.reviews.rules import WORDS, key_of
from sentiment.reviews.streams import ReadOptions
from sentiment.training.decide import Epoch
from sentiment.training.options import Objective, TrainingOptions
from sentiment.training.progress import shown_run
from sentiment.training.train import train
from sentiment.values import is_missing

_TWO_CLASSES = ReadOptions(label_set=SENTIMENT)
# The smallest distance from the threshold.
_TINY = float(np.finfo(np.float64).tiny)


def _weights(given: ArrayLike | None, count: int) -> NDArray[np.float64]:
    """Return the weights of texts, scaled to a mean of 1, float64 [n].

    Raises:
        ValueError: they are not one finite number of at least 0 for each, or all are 0.
    """
    if given is None:
        return np.ones(count)
    weights = np.asarray(given, np.float64)
    if weights.ndim != 1 or weights.size != count:
        raise ValueError(f"sample_weight: {count} numbers are needed, not shape {weights.shape}")
    wrong = np.flatnonzero(~((weights >= 0) & (weights < np.inf)))
    if wrong.size:
        row = wrong[0]
        raise ValueError(f"sample_weight {row} is {weights[row]}: give numbers of 0 or more")
    if not weights.any():
        raise ValueError("all sample weights are zero")
    return scaled_weights(weights)


def _model_of(given: Any, name: str) -> Model:
    """Return the model that a parameter of this name is.

    Raises:
        TypeError: it is none.
    """
    loaded = load(given) if isinstance(given, str | PathLike) else given
    if not isinstance(loaded, LoadedModel):
        raise TypeError(
            f"{name} is a {type(loaded).__name__}: pass a path, 'general', 'fast', or what `load` "
            "returned"
        )
    return loaded.model


class SentimentClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train a text classifier on texts with labels of two kinds or more, as `sentiment train` does.

    The same texts, labels, options and seed give the same model as the command line, byte for byte.

    Args:
        hidden: units of each hidden layer, empty for none; None for one layer of 16, or none with
            fewer than 1,000 reviews.
        activation: what each hidden unit makes of its sum: `relu`, `tanh` or `gelu`; without
            hidden layers it has no effect.
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
        optimize: the metric that the threshold is chosen for, or the offsets of more than two
            classes: `accuracy`, `macro-f1` or `balanced-accuracy`; None for accuracy, or macro F1
            if one label is rare.
        seed: of the random numbers; the same seed gives the same model.
        architecture: the kind of features: `ngrams`; `cnn`, words in their order, read by a
            convolutional network; or `encoder`, the vectors of a language model, with n-grams
            beside it.
        fine_tune: for the architecture `encoder`: train its last blocks, too, so many.
        embeddings: for the architecture `cnn`: a file of word vectors to begin with, as GloVe and
            word2vec write them as text.
        word_ngrams: longest word n-gram; None to choose by the data, as for the next three.
        char_ngrams: longest character n-gram, 0 for none.
        min_df: fewest texts that an n-gram must be in.
        smoothing: of the weights of n-grams.
        languages: codes of languages to answer, such as `"en"` or `["en", "es"]`; () for all. A
            text that looks to be in another one is `uncertain` to a saved model.
        base: an existing model to start from: a path, `"general"`, `"fast"`, or what
            `load` returned.
        encoder: for the architecture `encoder` a model that has one: as for `base`.
        positive: of two labels the one that means positive; None to find it, see `positive_`.
        verbose: 1 shows on stderr how `fit` progresses, in one line; 0 nothing.

    Attributes:
        classes_: the labels, sorted.
        positive_: of two labels the one that is positive in a saved model and for the base: the
            parameter `positive`; else as the command line reads the two labels (`good`, `pos`,
            `yes`, 1 …), or one of them; else the last of `classes_`. It does not change the order
            of `classes_`. More labels have none: a saved model calls them what they are.
        threshold_: of two labels the lowest probability of `positive_` that is answered so, a
            float; None for more labels.
        history_: figures of each epoch of the first fit, of held-out texts: `number`, `loss`,
            `validation_loss` and `validation_accuracy`, an array [epochs] each, averages if it was
            cross-validated. `pandas.DataFrame(classifier.history_)` is a table of them.
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
        activation: str = TrainingOptions.activation,
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
        fine_tune: int = TrainingOptions.fine_tune,
        embeddings: "str | PathLike[str] | None" = None,
        word_ngrams: int | None = TrainingOptions.word_ngrams,
        char_ngrams: int | None = TrainingOptions.char_ngrams,
        min_df: int | None = TrainingOptions.min_df,
        smoothing: float | None = TrainingOptions.smoothing,
        languages: str | Sequence[str] = TrainingOptions.languages,
        base: "str | PathLike[str] | LoadedModel | None" = None,
        encoder: "str | PathLike[str] | LoadedModel" = "general",
        positive: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
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
        self.fine_tune = fine_tune
        self.embeddings = embeddings
        self.word_ngrams = word_ngrams
        self.char_ngrams = char_ngrams
        self.min_df = min_df
        self.smoothing = smoothing
        self.languages = languages
        self.base = base
        self.encoder = encoder
        self.positive = positive
        self.verbose = verbose

    def fit(
        self,
        X: Iterable[Any],  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train on texts and their labels.

        Args:
            X: a list, pandas Series, one-dimensional array or other iterable of str, [n]. Blank
                texts are left out.
            y: labels of two kinds or more, [n].
            sample_weight: how much each text counts, [n], 0 or more: 2 is twice as much as 1, 0
                leaves it out, and only the ratios matter. None for 1 each.

        Raises:
            ValueError: there are fewer than two kinds of labels, or too many, or not one label per
                text; a text or label is missing; a weight is negative or no number; or a parameter
                has an invalid value.
            TypeError: these are not texts, or the base is not a model.
            sentiment.errors.SentimentError: there are too few distinct texts, or the training
                diverged.
        """
        texts, labels = self._texts(X), self._labels(y)
        check_consistent_length(texts, labels)
        weights = _weights(sample_weight, len(texts))
        options = TrainingOptions(
            **{field.name: getattr(self, field.name) for field in fields(TrainingOptions)}
        )
        filled = np.flatnonzero(
            [w > 0 and bool(text.strip()) for text, w in zip(texts, weights, strict=True)]
        )
        base, classes = self._base(), self._classes(labels[weights > 0])
        label_set, places, positive = self._read(classes)
        numbers = np.argsort(places)[np.searchsorted(classes, labels[filled])]
        reviews = LabelledReviews(
            [texts[row] for row in filled],
            numbers.astype(np.int16),
            label_set=label_set,
            weights=weights[filled],
        )
        self.model_: Model = self._train(reviews, options, base)
        self.classes_, self.positive_, self._places = classes, positive, places
        decision = self.model_.decision
        self.threshold_ = decision.threshold if isinstance(decision, Decision) else None
        self.history_ = {
            field.name: np.array([epoch[field.name] for epoch in self.model_.record.history])
            for field in fields(Epoch)
        }
        return self

    def _train(
        self, reviews: LabelledReviews, options: TrainingOptions, base: Model | None
    ) -> Model:
        """Train, and show how far it is if that is asked for."""
        encoder = None
        if options.architecture == "encoder":
            encoder = _model_of(self.encoder, "encoder")
        with shown_run(self.verbose) as run:
            return train(reviews, options, base=base, run=run, encoder=encoder)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return a different name for each feature of the network, str as object [features].

        N-grams and words are hashes; the model keeps the text of the most influential ones, by
        which they are called, such as `not good`. All others, and where the same text is several
        features, as at the end of a text, are `feature_` and their number. Pieces of words are
        called what they are.

        Args:
            input_features: ignored; scikit-learn passes it.
        """
        own = self._model().own
        return np.array(own.encoder.feature_names(own.phrases), object)

    def predict(self, X: Iterable[Any]) -> NDArray[Any]:  # noqa: N803
        """Return the label of each text, [n], by the decision that `fit` chose.

        Unlike a model from `load`, it always answers: a text that is blank, or of which no word is
        known, like an empty review.
        """
        chosen = self._model().decision.choose(self._probabilities(X))
        return self.classes_[self._places[chosen]]

    def predict_proba(self, X: Iterable[Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return calibrated probabilities, float64 [n, K], with the columns as in `classes_`.

        A text that is blank, or of which no word is known, has those of an empty review.
        """
        return self._probabilities(X)[:, np.argsort(self._places)]

    def decision_function(self, X: Iterable[Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return by how much each class is preferred; the highest is the answer of `predict`.

        Two classes have one number, float64 [n]: the log-odds of `classes_[1]` minus those of the
        threshold, above 0 where that is the answer. More have log-probabilities less the offsets
        that `fit` chose, float64 [n, K].
        """
        probabilities, decision = self._probabilities(X), self._model().decision
        if isinstance(decision, MultiDecision):
            return decision.preferences(probabilities)[:, np.argsort(self._places)]
        above = log_odds(probabilities[:, 1]) - log_odds(np.array([decision.threshold]))
        # Never 0: a probability equal to the threshold is answered positive.
        chosen = decision.choose(probabilities)
        above = np.where(chosen, np.maximum(above, _TINY), np.minimum(above, -_TINY))
        return above if self._places[1] else -above

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model file, for `load` and the command line; replace an existing file.

        Its answers are `positive` (for the label `positive_`) and `negative`; or of more than two
        classes their labels.

        Raises:
            OSError: it cannot be written.
        """
        save_model(self._model(), Path(path))

    def _probabilities(self, X: Iterable[Any]) -> NDArray[np.float64]:  # noqa: N803
        """Return the probabilities of the classes of the model, float64 [n, K]."""
        model = self._model()
        probabilities = LoadedModel(model).predict_proba(self._texts(X))
        empty = probabilities_of(model.empty_logits[None])
        return np.where(np.isnan(probabilities), empty, probabilities)

    def _model(self) -> Model:
        check_is_fitted(self, "model_")
        return self.model_

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

    def _classes(self, labels: NDArray[Any]) -> NDArray[Any]:
        try:
            check_classification_targets(labels)
            classes: NDArray[Any] = np.unique(labels)
        except TypeError:
            kinds = sorted({type(label).__name__ for label in labels})
            raise ValueError(
                f"labels of different types ({', '.join(kinds)}) cannot be sorted: make all text"
            ) from None
        if classes.size < 2:
            found = f"one class, {classes.tolist()[0]!r}" if classes.size else "none"
            raise ValueError(f"labels of two classes are needed; found {found}")
        if classes.size > MAX_CLASSES:
            raise ValueError(
                f"{classes.size:,} kinds of labels, and {MAX_CLASSES} is the maximum: "
                f"{reprlib.repr(classes.tolist())}; merge or leave out some"
            )
        if classes.size > 2 and self.positive is not None:
            raise ValueError(
                f"positive={self.positive!r} is for two labels; found {classes.size}: leave it out"
            )
        return classes

    def _read(self, classes: NDArray[Any]) -> tuple[LabelSet, NDArray[np.intp], Any]:
        """Return the classes of the model, the place of each among `classes`, and `positive_`.

        Words for negative, neutral and positive are read as such; other labels keep their names.
        """
        if classes.size == 2:
            positive = self._find_positive(classes)
            return SENTIMENT, np.argsort(classes == positive, kind="stable"), positive
        whole = classes.dtype.kind == "f"  # as a column of numbers with gaps is read by pandas
        names = tuple(f"{each + 0.0:.0f}" if whole else str(each) for each in classes.tolist())
        known = WITH_NEUTRAL.indices_of([WORDS.meaning_of(key_of(name)) or "" for name in names])
        if sorted(known) == [0, 1, 2]:
            return WITH_NEUTRAL, np.argsort(known), None
        for name in names:
            if not can_be_class(name):
                raise ValueError(f"{reprlib.repr(name)} cannot be the name of a class: rename it")
        return LabelSet(names), np.arange(classes.size), None

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
            first, last = SENTIMENT.indices_of(
                [WORDS.meaning_of(key_of(name)) or "" for name in names]
            )
        first_is_positive = (first == 1 and last != 1) or (last == 0 and first != 0)
        return classes[0 if first_is_positive else 1]

    def _base(self) -> Model | None:
        if self.base is None:
            return None
        base = _model_of(self.base, "base")
        if len(base.components) >= MAX_DEPTH:
            raise ValueError(f"base: at most {MAX_DEPTH} models can be stacked")
        return base

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags
