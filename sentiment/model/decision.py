"""Decisions: probabilities → answers, and where a model abstains."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.labels import SENTIMENT, LabelSet
from sentiment.model.component import Floats


class Decision(NamedTuple):
    """The decision between two classes: where the second begins, and where the model abstains.

    Attributes:
        threshold: the lowest probability of the second class that is answered so.
        abstention_interval: probabilities strictly between these two are answered `uncertain`;
            None for none.
    """

    threshold: float = 0.5
    abstention_interval: tuple[float, float] | None = None

    def at(self, threshold: float) -> "Decision":
        """Return a decision with another threshold and no abstention."""
        return Decision(threshold)

    @property
    def may_abstain(self) -> bool:
        """Whether some probabilities get no answer."""
        return self.abstention_interval is not None

    def always_answering(self) -> "Decision":
        """Return the decision with the same sides that never abstains."""
        return self.at(self.threshold)

    def choose(self, probabilities: Floats) -> NDArray[np.int64]:
        """Return the label on whose side of the threshold each review is, [n]; abstention aside."""
        return (probabilities[:, 1] >= self.threshold).astype(np.int64)

    def abstains(self, probabilities: Floats) -> NDArray[np.bool_]:
        """Return which reviews are left without an answer, bool [n]."""
        low, high = self.abstention_interval or (1, 0)
        second = probabilities[:, 1]
        return (second > low) & (second < high)

    def reason(self) -> str:
        """Return why the model abstains."""
        low, high = self.abstention_interval or (0, 1)
        if low < 0:
            return f"below {high:.3g}"
        return f"above {low:.3g}" if high > 1 else f"between {low:.3g} and {high:.3g}"

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"threshold": self.threshold, "band": self.abstention_interval}


class MultiDecision(NamedTuple):
    """The decision between more than two classes.

    Attributes:
        offsets: the answer is the class whose log-probability less its offset is highest, [K];
            empty for none.
        minima: the lowest probability of each answer; below it is `uncertain`, [K]; None for none.
    """

    offsets: tuple[float, ...] = ()
    minima: tuple[float, ...] | None = None

    @property
    def may_abstain(self) -> bool:
        """Whether some probabilities get no answer."""
        return self.minima is not None

    def always_answering(self) -> "MultiDecision":
        """Return the decision with the same offsets that never abstains."""
        return MultiDecision(self.offsets)

    def preferences(self, probabilities: Floats) -> Floats:
        """Return log-probabilities less the offsets, [n, K]; the highest is the answer."""
        with np.errstate(divide="ignore"):
            return np.log(probabilities) - np.array(self.offsets or 0.0)

    def choose(self, probabilities: Floats) -> NDArray[np.int64]:
        """Return the most likely label of each review after the offsets, [n]; abstention aside."""
        return self.preferences(probabilities).argmax(axis=1)

    def abstains(self, probabilities: Floats) -> NDArray[np.bool_]:
        """Return which reviews are left without an answer, bool [n]."""
        if self.minima is None:
            return np.zeros(len(probabilities), np.bool_)
        chosen = self.choose(probabilities)
        return probabilities[np.arange(chosen.size), chosen] < np.array(self.minima)[chosen]

    def reason(self) -> str:
        """Return why the model abstains."""
        return "not likely enough"

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {"offsets": [*self.offsets], "minima": self.minima and [*self.minima]}


AnyDecision = Decision | MultiDecision


def even_decision(classes: int) -> AnyDecision:
    """Return the decision for the most likely class."""
    return Decision() if classes == 2 else MultiDecision()


def describe_band(decision: AnyDecision, label_set: LabelSet = SENTIMENT) -> str:
    """Return which probabilities get which answer, in words; of two classes those of *positive*."""
    if isinstance(decision, MultiDecision):
        if decision.minima is None:
            return "every review is answered"
        if len(set(decision.minima)) == 1:
            return f"uncertain below {decision.minima[0]:.3g}"
        minima = zip(label_set.names, decision.minima, strict=True)
        return ", ".join(
            f"never {name}" if least > 1 else f"{name} {f'from {least:.3g}' if least else 'always'}"
            for name, least in minima
        )
    if decision.abstention_interval is None:
        return f"threshold {decision.threshold:.3g}"
    low, high = decision.abstention_interval
    first, second = label_set.names
    below = f"never {first}" if low < 0 else f"{first} up to {min(low, 1):.3g}"
    above = f"never {second}" if high > 1 else f"{second} from {max(high, 0):.3g}"
    return f"{below}, {above}"


def confusion_matrix(
    labels: NDArray[np.integer],
    answers: NDArray[np.integer],
    classes: int = 2,
    weights: Floats | None = None,
) -> NDArray[Any]:
    """Count reviews by label (rows) and answer (columns), both [n]; int64 [K, K].

    With weights, [n], these are added up instead, float64.
    """
    cells = classes * labels.astype(np.int64) + answers
    return np.bincount(cells, weights, minlength=classes**2).reshape(classes, classes)
