"""How lengths and scores of texts are distributed, before and now, to be drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sentiment.checks.drift import Floats, Sample
from sentiment.model.sketch import TextSketch, compared_classes

_BINS = 20
# Longer texts than all but so many are drawn with the longest of these.
_SHOWN = 0.99


@dataclass(frozen=True, eq=False)
class Distribution:
    """The values of old and new texts.

    Attributes:
        name: of the class whose probability they are; "" for lengths in characters.
        edges: of the bins, float64 [bins + 1].
        old, new: the share of the texts in each bin, float64 [bins].
        medians: of the values, old and new; NaN without any.
    """

    name: str
    edges: Floats
    old: Floats
    new: Floats
    medians: tuple[float, float]

    @classmethod
    def of(cls, name: str, edges: Floats, old: Floats, new: Floats) -> "Distribution":
        """Count values, NaN for none, in bins; those above the last edge are in the last bin."""
        known = [side[~np.isnan(side)] for side in (old, new)]
        first, second = (
            np.histogram(np.minimum(side, edges[-1]), edges)[0] / max(side.size, 1)
            for side in known
        )
        before, now = (float(np.median(side)) if side.size else np.nan for side in known)
        return cls(name, edges, first, second, (before, now))


def distributions_of(old: Sample, new: Sample, names: Sequence[str]) -> list[Distribution]:
    """Return those of lengths, and of the scores if both sides have some.

    Args:
        old: the reference.
        new: the new texts.
        names: of the K classes.
    """
    found = [_lengths(_sizes(old), _sizes(new))]
    if old.probabilities is not None and new.probabilities is not None:
        found += _scores(old.probabilities, new.probabilities, names)
    return found


def distributions_from(sketch: TextSketch, new: Sample, names: Sequence[str]) -> list[Distribution]:
    """Return the same, of a model's training texts and new ones."""
    found = [_lengths(sketch.lengths.astype(np.float64), _sizes(new))]
    if sketch.scores is not None and new.probabilities is not None:
        classes = len(names)
        old = np.full((len(sketch.scores.values), classes), np.nan)
        old[:, compared_classes(classes)] = sketch.scores.values
        found += _scores(old, new.probabilities, names)
    return found


def _sizes(sample: Sample) -> Floats:
    return np.array([float(len(text)) for text in sample.texts])


def _lengths(old: Floats, new: Floats) -> Distribution:
    most = max(float(np.quantile(side, _SHOWN)) for side in (old, new))
    edges = np.linspace(0, max(most, 1.0), _BINS + 1)
    return Distribution.of("", edges, old, new)


def _scores(old: Floats, new: Floats, names: Sequence[str]) -> Iterator[Distribution]:
    edges = np.linspace(0, 1, _BINS + 1)
    for label in compared_classes(len(names)):
        yield Distribution.of(names[label], edges, old[:, label], new[:, label])
