"""What the figures of an evaluation mean, in sentences for a reader in a hurry."""

from collections.abc import Iterator

import numpy as np

from sentiment.evaluation.beside import Beside
from sentiment.evaluation.metrics import Evaluation

# An interval of the accuracy that is wider, or a recall that is further below the best.
_ROUGH, _WEAKER = 0.1, 0.1
# A calibration error that matters: several times what chance makes, and points that are noticed.
_MUCH_MORE, _NOTICED = 2, 0.02


def in_words(
    evaluation: Evaluation, constant: Beside, others: tuple[Beside, ...] = ()
) -> list[str]:
    """Return what the figures mean, a sentence each, the most important first.

    Args:
        evaluation: of the model.
        constant: one answer for all, beside the model.
        others: further systems beside the model.
    """
    return [
        _accuracy(evaluation),
        _against_constant(constant),
        *(_against(other) for other in others),
        *_weakest(evaluation),
        _probabilities(evaluation),
    ]


def of_hundred(share: float) -> str:
    """Return a share as a count of 100, with a decimal where it would else be none or all."""
    rounded = f"{100 * share:.0f}"
    return f"{100 * share:.1f}" if rounded in ("0", "100") and 0 < share < 1 else rounded


def points(difference: float) -> str:
    """Return a difference of two shares in points, without its sign."""
    size = f"{abs(100 * difference):.1f}"
    return f"{size} point{'' if size == '1.0' else 's'}"


def _accuracy(evaluation: Evaluation) -> str:
    accuracy = evaluation.figures["accuracy"] or 0.0
    low, high = evaluation.intervals["accuracy"] or (accuracy, accuracy)
    said = (
        f"Of 100 reviews like these, it answers about {of_hundred(accuracy)} correctly "
        f"(95% interval: {100 * low:.1f} to {100 * high:.1f})"
    )
    few = f"; {evaluation.n:,} reviews allow a rough estimate only" if high - low > _ROUGH else ""
    return f"{said}{few}."


def _against_constant(constant: Beside) -> str:
    share = of_hundred(constant.accuracy.a)
    if constant.accuracy.is_significant and constant.accuracy.difference > 0:
        return f"The same answer for all, {constant.name}, would get {share}."
    return f"That is not surely better than the same answer for all: {constant.name} gets {share}."


def _against(other: Beside) -> str:
    if not other.found.disagreements.size:
        return f"{other.name} gives the same answers."
    accuracy = other.accuracy
    share = of_hundred(accuracy.a)
    if not accuracy.is_significant:
        return f"{other.name} gets {share}: the difference may be chance."
    better = "better" if accuracy.difference > 0 else "worse"
    low, high = sorted(abs(end) for end in accuracy.interval or ())
    return (
        f"{other.name} gets {share}: the model is {better} by {points(accuracy.difference)} "
        f"({100 * low:.1f} to {100 * high:.1f})."
    )


def _weakest(evaluation: Evaluation) -> Iterator[str]:
    """Yield which class is found least often, if that is much less often than another."""
    found = {name: evaluation.figures[f"recall_{name}"] for name in evaluation.label_set.names}
    recalls = {name: recall for name, recall in found.items() if recall is not None}
    if not recalls:
        return
    worst, best = (choose(recalls, key=lambda name: recalls[name]) for choose in (min, max))
    if recalls[best] - recalls[worst] > _WEAKER:
        yield (
            f"It is weakest on {worst}: of 100 such reviews it finds {of_hundred(recalls[worst])}, "
            f"of 100 labelled {best} {of_hundred(recalls[best])}."
        )


def _probabilities(evaluation: Evaluation) -> str:
    """Return whether probabilities come true, and if not, in which direction they are off."""
    error = evaluation.figures["ece"] or 0.0
    (metric,) = (each for each in evaluation.metrics.all if each.name == "ece")
    floor = metric.floor(evaluation) if metric.floor else 0.0
    if error <= max(_MUCH_MORE * floor, _NOTICED):
        return "Its probabilities come true about as often as they say."
    rows = np.arange(evaluation.n)
    claimed = float(evaluation.probabilities[rows, evaluation.answers].mean())
    gap = claimed - (evaluation.figures["accuracy"] or 0.0)
    how = "off"
    if abs(gap) > error / 2:
        how = "too high" if gap > 0 else "too low"
    of = "The probabilities of its answers are" if how != "off" else "Its probabilities are"
    return f"{of} {how}, by {points(error)} on average; the command calibrate refits them."
