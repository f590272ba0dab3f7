"""How good a new model is on held-out reviews, beside one that answers them all the same."""

from typing import Any, NamedTuple

import numpy as np

from sentiment.evaluation.counts import constant, figures_of
from sentiment.model import Provenance
from sentiment.model.decision import CLASSES

CHANCE = "no better than answering every review the same"


class HeldOut(NamedTuple):
    """Figures of held-out reviews, each from 0 to 1.

    Attributes:
        reviews: how many there are.
        figures: of the model, as `figures_of` names them.
        constant: of always answering the more frequent label.
        is_chance: whether the model is no better than one answer to all: by macro F1, or because
            the mean recall of both classes is within a standard error of one half.
    """

    reviews: int
    figures: dict[str, float]
    constant: dict[str, float]
    is_chance: bool

    @classmethod
    def of(cls, about: Provenance | None) -> "HeldOut | None":
        """Compute the figures from how many reviews there are of each class, and right.

        There are none where the base knew them all, or in a file of an older program.
        """
        if about is None or about.right is None or about.accuracy is None:
            return None
        rows, correct = about.validation, np.array(about.right)
        sizes = np.array([rows.negative, rows.positive])
        answered = np.diag(correct) + np.fliplr(np.diag(sizes - correct))
        figures, same = (_numbers(figures_of(each)) for each in (answered, constant(answered)))
        recall = correct / np.maximum(sizes, 1)
        error = 0.5 * np.sqrt((recall * (1 - recall) / np.maximum(sizes, 1)).sum())
        chance = figures["macro_f1"] <= same["macro_f1"] or recall.mean() <= 0.5 + error
        return cls(int(sizes.sum()), figures, same, bool(chance))

    def as_json(self) -> dict[str, float]:
        """Return what an accuracy alone does not tell, named as `evaluate --json` does."""
        own = ("macro_f1", *(f"recall_{name}" for name in CLASSES))
        of_constant = {f"constant_{name}": self.constant[name] for name in ("accuracy", "macro_f1")}
        return {name: self.figures[name] for name in own} | of_constant

    def describe(self, *, cross_validated: bool) -> str:
        """Return one line: accuracy and macro F1 beside the constant answer's, and recalls."""
        how = "in 5-fold cross-validation of" if cross_validated else "on"
        which = "reviews" if cross_validated else "held-out reviews"
        recalls = ", ".join(f"{name} {self.figures[f'recall_{name}']:.1%}" for name in CLASSES)
        return (
            f"{how} {self.reviews:,} {which}: accuracy {self.figures['accuracy']:.1%} (one answer "
            f"to all: {self.constant['accuracy']:.1%}), macro F1 {self.figures['macro_f1']:.1%}, "
            f"recall {recalls}"
        )


def _numbers(figures: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in figures.items()}
