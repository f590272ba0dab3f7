"""The n-grams beside the encoder: a small network taught by labels, by the encoder and by lessons.

Texts without labels, and comments whose labels are noisy, have the encoder's opinion as a target
(distillation: Hinton, Vinyals and Dean, 2015). The encoder reads only the ends of a long text, so
whole unlabeled reviews are judged by an expert, n-grams trained on the labelled ones alone.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.features.matrix import DocumentTermMatrix
from sentiment.features.ngrams import NGrams
from sentiment.features.places import name_features
from sentiment.features.vectorizer import Vectorizer
from sentiment.features.weighting import EncodedDataset
from sentiment.labels import LabelSet
from sentiment.model.component import Calibration, Component
from sentiment.model.network import DenseNetwork
from sentiment.training.decide import EncodedSplit, logits_of
from sentiment.training.fitting import Fitter
from sentiment.training.ngrams import NGramHyperparameters, most_influential
from sentiment.training.options import TrainingOptions

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

NGRAMS = NGrams(reversal=12)
MIN_COUNT = 3
PHRASES = 1_500


@dataclass(frozen=True)
class Fitting:
    """How a network is fitted.

    Attributes:
        epochs, learning_rate: of the training.
        hidden: the units of its hidden layer.
        features: the number of n-grams.
    """

    epochs: int
    learning_rate: float
    hidden: int
    features: int


EXPERT = Fitting(3, 0.02, 16, 180_000)
STUDENT = Fitting(3, 0.004, 8, 250_000)


@dataclass(frozen=True)
class Lesson:
    """Texts of one source.

    Attributes:
        texts: as they are, [n].
        targets: the probabilities of the classes, float64 [n, K]; NaN if unknown.
        times: how often they are seen.
    """

    texts: list[str]
    targets: Floats
    times: int = 1


class Texts:
    """Texts of all sources, whose n-grams are extracted once."""

    def __init__(self, texts: dict[str, list[str]], seed: int) -> None:
        """Extract the n-grams of texts, which are by source."""
        ends = np.cumsum([len(each) for each in texts.values()])
        parts = np.split(np.arange(ends[-1]), ends[:-1])
        self.rows: dict[str, Numbers] = dict(zip(texts, parts, strict=True))
        self.texts = [text for each in texts.values() for text in each]
        self._matrix = DocumentTermMatrix.of(self.texts, NGRAMS, MIN_COUNT)
        self._seed = seed
        self._fitters: dict[int, Fitter] = {}

    def fit_ngrams(
        self, rows: Numbers, targets: Floats, how: Fitting
    ) -> tuple[Vectorizer, DenseNetwork, EncodedDataset]:
        """Fit a vectorizer and a network to some rows, which may be repeated.

        Targets are those of all texts, [n, K].
        """
        times = np.bincount(rows, minlength=len(targets))
        vectorizer = Vectorizer.fit(
            self._matrix, targets, times, max_features=how.features, min_df=MIN_COUNT
        )
        vectors = EncodedDataset.of(self._matrix, vectorizer)
        recipe = NGramHyperparameters(
            ngrams=NGRAMS,
            min_count=MIN_COUNT,
            epochs=how.epochs,
            batch_size=1024,
            learning_rate=how.learning_rate,
            objective="accuracy",
            hidden=(how.hidden,),
        )
        example = EncodedSplit(vectors, rows, targets[rows])
        if how.hidden not in self._fitters:
            self._fitters[how.hidden] = Fitter(TrainingOptions(seed=self._seed))
        network = self._fitters[how.hidden].fit(recipe, [example]).network
        assert isinstance(network, DenseNetwork)
        return vectorizer, network, vectors


class School(Texts):
    """Texts with targets."""

    def __init__(self, lessons: dict[str, Lesson], seed: int) -> None:
        """Extract the n-grams of texts."""
        super().__init__({name: each.texts for name, each in lessons.items()}, seed)
        self.targets = np.concatenate([each.targets for each in lessons.values()])
        self._times = {name: each.times for name, each in lessons.items()}

    def expert(self, rows: Numbers, judged: Numbers) -> Floats:
        """Return log-odds of judged texts by an expert of others, which have one of two labels.

        It is trained on nine tenths of these, and calibrated by the others.
        """
        labels = self.targets[rows].argmax(axis=1) // (self.targets.shape[1] - 1)
        order = np.random.default_rng(self._seed).permutation(rows.size)
        rest, tenth = np.split(order, [9 * rows.size // 10])
        targets = np.zeros((len(self.targets), 2))
        targets[rows] = np.eye(2)[labels]
        _, network, vectors = self.fit_ngrams(rows[rest], targets, EXPERT)
        calibration = Calibration.fit(logits_of(network, vectors, rows[tenth]), labels[tenth])
        return calibration.log_odds(logits_of(network, vectors, judged))[:, 0]

    def teach(self, labels: LabelSet) -> Component:
        """Return what the student has learned from all texts, not calibrated."""
        shown = [
            np.repeat(rows, self._times[name])
            for name, rows in self.rows.items()
            if self._times[name]
        ]
        vectorizer, network, _ = self.fit_ngrams(np.concatenate(shown), self.targets, STUDENT)
        first, *rest = network.layers
        network = replace(network, layers=(first.quantized(), *rest))
        top = most_influential(vectorizer, network, PHRASES)
        phrases = name_features(self.texts, NGRAMS, top)
        return Component(vectorizer, network, phrases=phrases, labels=labels)
