"""A network trained on labels and, for unlabelled texts, on the opinions of experts.

An expert is trained on one source only. The sum of the experts' log-odds (a product of experts:
Hinton, 2002) is right more often on a source new to all of them than one network trained on all
sources. The student learns from them (distillation: Hinton, Vinyals and Dean, 2015), and from
lessons.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.features.vectorizer import Vectorizer
from sentiment.features.weighting import EncodedDataset
from sentiment.model.component import Calibration, sigmoid
from sentiment.model.network import DenseNetwork
from sentiment.reviews.dataset import stratified_folds
from sentiment.training.decide import logits_of
from tools.general.ngrams import Fitting, Texts

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

FEATURES = 250_000
HIDDEN = (8,)
FOLDS = 3


@dataclass(frozen=True)
class Expert:
    """How an expert is trained.

    Attributes:
        sources: the names of its sources.
        epochs, learning_rate: of its training.
        weight: of its log-odds in the sum.
    """

    sources: tuple[str, ...]
    epochs: int
    learning_rate: float
    weight: float = 1.0


EXPERTS = (
    Expert(("imdb",), 3, 0.02),
    Expert(("sst2",), 6, 0.01),
    Expert(("goemotions",), 5, 0.01),
    Expert(("own", "clothing", "yelp", "amazon"), 8, 0.01, 0.5),
)

# How often the student sees each text, and the weight of a label against the experts' opinion.
TIMES = {"imdb": 2, "sst2": 2, "yelp": 2, "amazon": 2}
BELIEVED = {"imdb": 0.8, "sst2": 0.7, "goemotions": 0.5}
# Sources of whole reviews, which only the expert for whole reviews, the first one, judges.
_WHOLE = ("imdb", "unlabeled")
EPOCHS = 3
LEARNING_RATE = 0.004


class School(Texts):
    """All texts with the degree to which each is positive."""

    def __init__(self, texts: dict[str, list[str]], labels: dict[str, Floats], seed: int) -> None:
        """Extract the n-grams of texts; texts and labels are by source."""
        super().__init__(texts, seed)
        self.labels = np.concatenate([labels[name] for name in texts])

    def fit(
        self,
        rows: Numbers,
        labels: Floats,
        epochs: int,
        learning_rate: float,
        hidden: tuple[int, ...] = (16,),
        features: int = 180_000,
    ) -> tuple[Vectorizer, DenseNetwork, EncodedDataset]:
        """Fit a vectorizer and a network to some rows, which may be repeated."""
        targets = np.stack((1 - labels, labels), axis=1)
        (units,) = hidden
        return self.fit_ngrams(rows, targets, Fitting(epochs, learning_rate, units, features))

    def opinion(self, expert: Expert) -> Floats:
        """Return an expert's calibrated log-odds of all texts, float64 [n].

        Those of its own texts are out-of-fold. The prior of its source is left out.
        """
        own = np.concatenate([self.rows[name] for name in expert.sources if name in self.rows])
        how = (expert.epochs, expert.learning_rate)
        _, network, vectors = self.fit(self.balanced(own), self.labels, *how)
        logits = logits_of(network, vectors, np.arange(len(vectors)))
        labels = self.labels[own].astype(np.int8)
        for fold in stratified_folds(labels, FOLDS, self._seed, np.arange(own.size)):
            rest = np.delete(own, fold)
            _, network, vectors = self.fit(self.balanced(rest), self.labels, *how)
            logits[own[fold]] = logits_of(network, vectors, own[fold])
        return Calibration.fit(logits[own], labels).slope * logits[:, 0]

    def balanced(self, rows: Numbers) -> Numbers:
        """Return the rows, some of the rarer class twice."""
        positive = self.labels[rows] == 1
        fewer, more = sorted((rows[positive], rows[~positive]), key=len)
        count = min(more.size - fewer.size, fewer.size)
        again = np.random.default_rng(self._seed).permutation(fewer)[:count]
        return np.concatenate((rows, again))

    def teach(self) -> tuple[Vectorizer, DenseNetwork]:
        """Train the experts and then the student."""
        opinions = {
            expert: self.opinion(expert)
            for expert in EXPERTS
            if not self.rows.keys().isdisjoint(expert.sources)
        }
        weighted = (expert.weight * opinion for expert, opinion in opinions.items())
        together = sigmoid(sum(weighted, start=np.zeros(self.labels.size)))
        whole = sigmoid(opinions[EXPERTS[0]]) if EXPERTS[0] in opinions else together
        labels = self.labels.copy()
        shown = []
        for name, rows in self.rows.items():
            said = whole[rows] if name in _WHOLE else together[rows]
            believed = BELIEVED.get(name, 1.0)
            labels[rows] = np.where(
                np.isnan(labels[rows]), said, believed * labels[rows] + (1 - believed) * said
            )
            known = set(np.unique(self.labels[rows]).tolist()) == {0.0, 1.0}
            shown += [self.balanced(rows) if known else rows] * TIMES.get(name, 1)
        vectorizer, network, _ = self.fit(
            np.concatenate(shown), labels, EPOCHS, LEARNING_RATE, hidden=HIDDEN, features=FEATURES
        )
        first, *rest = network.layers
        return vectorizer, replace(network, layers=(first.quantized(), *rest))
