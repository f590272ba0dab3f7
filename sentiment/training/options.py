"""What a training is asked to do, and what it chose itself where it was not asked."""

from dataclasses import dataclass
from typing import Literal

from sentiment.features import NGrams

Objective = Literal["accuracy", "macro-f1", "balanced-accuracy"]

# With fewer reviews all are held out, in cross-validation: a share of them would decide too little.
FEW = 5_000
FOLDS = 5


@dataclass(frozen=True)
class TrainingOptions:
    """The user's choices; None where the data decide (see `sentiment.training.recipe`).

    Attributes:
        hidden: units of each ReLU layer, empty for none; None for one of 16 units, and for none
            where there are fewer than 1,000 reviews.
        dropout: share of hidden activations dropped while training, [0, 1).
        epochs: epochs at the most.
        patience: epochs without a better validation loss before training stops.
        batch_size: rows a step.
        learning_rate: Adam's at the start; it falls to nothing over the epochs.
        refit: fit once more on all rows, once all is chosen by those held out.
        features: n-grams to keep at the most.
        repair: put damaged apostrophes and misread characters right before texts are read, in
            training and by the model for good.
        validation_share: share of rows held out when no validation reviews are given, (0, 1).
        optimize: what the decision threshold is chosen for.
        seed: makes the run repeatable.
    """

    hidden: tuple[int, ...] | None = None
    dropout: float = 0.0
    epochs: int | None = None
    patience: int = 3
    batch_size: int | None = None
    learning_rate: float | None = None
    refit: bool = True
    features: int = 200_000
    repair: bool = True
    validation_share: float = 0.1
    optimize: Objective | None = None
    seed: int = 0


@dataclass(frozen=True)
class Recipe:
    """Every choice made: what is trained, and how.

    Attributes:
        ngrams: which n-grams are features.
        min_count: n-grams that fewer training reviews hold are left out.
        epochs, batch_size, learning_rate: as in `TrainingOptions`.
        objective: what the decision threshold is chosen for.
        smoothing: of the features' weights, as in `log_count_ratios`.
        hidden: units of each ReLU layer.
    """

    ngrams: NGrams
    min_count: int
    epochs: int
    batch_size: int
    learning_rate: float
    objective: Objective
    smoothing: float = 2.0
    hidden: tuple[int, ...] = (16,)


def cross_validates(reviews: int, options: TrainingOptions) -> bool:
    """Return whether so many reviews, none given to judge by, are held out in cross-validation.

    It needs a last fit on all of them: the networks of the folds are not the model.
    """
    return reviews < FEW and options.refit
