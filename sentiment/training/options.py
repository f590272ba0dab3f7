"""The user's choices, and those that the data make: options and recipe."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from numbers import Real
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from sentiment.features.ngrams import NGrams

Objective = Literal["accuracy", "macro-f1", "balanced-accuracy"]

# With fewer reviews all are held out, in cross-validation: a share of them would decide too little.
FEW = 5_000
FOLDS = 5


@dataclass(frozen=True)
class TrainingOptions:
    """The user's choices; None where the data decide (see `sentiment.training.options`).

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


class _Kind(NamedTuple):
    """What an option may be.

    Attributes:
        convert: to the type that a model file has; raises TypeError or ValueError.
        fits: whether it is in its range.
        words: the same for people.
    """

    convert: Callable[[Any], Any]
    fits: Callable[[Any], bool]
    words: str


def options_of(values: Mapping[str, Any]) -> TrainingOptions:
    """Make options of values, such as numpy's numbers, a list of units, or 4.0 for 4.

    Args:
        values: each option by its name; None where `TrainingOptions` has it by default.

    Raises:
        ValueError: one of them is not what it may be; the message begins with its name.
    """
    checked = {name: _checked(name, value) for name, value in values.items()}
    return TrainingOptions(**checked)


def _checked(name: str, value: Any) -> Any:
    kind, may_be_none = _KINDS[name], getattr(TrainingOptions, name) is None
    if value is None and may_be_none:
        return None
    try:
        converted = kind.convert(value)
        fits = kind.fits(converted)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(f"{name}={value!r}: give {kind.words}{', or None' * may_be_none}")
    return converted


def _number(value: Any) -> float:
    if not isinstance(value, Real):
        raise TypeError
    return float(value)


def _whole(value: Any) -> int:
    number = int(_number(value))
    if number != value:
        raise ValueError
    return number


def _units(value: Any) -> tuple[int, ...]:
    return tuple(map(_whole, value if isinstance(value, Iterable) else [value]))


def _one_of(*choices: Any) -> Callable[[Any], Any]:
    """Take one of some values, as it is among them."""
    return lambda value: choices[choices.index(value)]


_COUNT = _Kind(_whole, lambda n: n >= 1, "a whole number from 1 on")
_KINDS = {
    "hidden": _Kind(
        _units,
        lambda units: len(units) <= 16 and all(1 <= each <= 4096 for each in units),
        "whole numbers from 1 to 4096, 16 of them at the most",
    ),
    "dropout": _Kind(_number, lambda x: 0 <= x < 1, "a number from 0 to below 1"),
    "epochs": _COUNT,
    "patience": _COUNT,
    "batch_size": _COUNT,
    "learning_rate": _Kind(_number, lambda x: 0 < x < inf, "a number above 0"),
    "refit": _Kind(_one_of(True, False), lambda _: True, "True or False"),
    "features": _COUNT,
    "repair": _Kind(_one_of(True, False), lambda _: True, "True or False"),
    "validation_share": _Kind(_number, lambda x: 0 < x < 1, "a number between 0 and 1"),
    "optimize": _Kind(
        _one_of(*get_args(Objective)), lambda _: True, f"one of {', '.join(get_args(Objective))}"
    ),
    "seed": _Kind(_whole, lambda n: 0 <= n < 2**32, "a whole number from 0 to 4294967295"),
}


# Beyond this many words a review repeats itself enough for words alone.
_SHORT = 60
# Of few reviews so many steps are enough, and more are no better.
_FEW_STEPS, _FEW_EPOCHS, _FEW_RATE = 6, 10, 0.01
# With fewer a hidden layer tells the classes apart no better, and its answers lean to one side.
_TINY, _TINY_RATE = 1_000, 0.02
# Beyond this many, reviews repeat one another, and what they share is learned by heart.
_MANY = 100_000
# A label rarer than this makes accuracy a poor thing to aim at.
UNBALANCED = 0.4


def choose_recipe(
    some: Sequence[str], labels: NDArray[np.integer], options: TrainingOptions
) -> Recipe:
    """Decide what the user left open, from the training rows alone.

    Args:
        some: of their texts, a thousand or so.
        labels: of all of them.
        options: the user's choices.
    """
    few = labels.size < FEW  # many words are met once or never, and pieces of words help
    short = float(np.median([len(text.split()) for text in some])) < _SHORT
    share = float(labels.mean())
    balanced = UNBALANCED <= share <= 1 - UNBALANCED
    small, tiny = few or short, labels.size < _TINY
    # About twenty-five steps an epoch; Adam's step grows with the batch.
    batch_size = int(np.clip(2 ** round(np.log2(labels.size / 24)), 32, 1024))
    if few:
        batch_size = max(-(-labels.size // _FEW_STEPS), 1)
    batch_size = options.batch_size or batch_size
    # Long reviews, and many, bear large steps, and then need few. Of very many, each says less
    # that is new: they are gone through less often, by smaller steps, and an n-gram has to be in
    # as large a share of them to weigh as much.
    learning_rate = (0.01 if short else 0.02) * (batch_size / 1024) ** 0.5
    if few:
        learning_rate = _TINY_RATE if tiny else _FEW_RATE
    more = max(labels.size / _MANY, 1.0)
    epochs = _FEW_EPOCHS if few else 5 if short else 3
    ngrams = NGrams(words=2, tail=0, characters=(2, 5)) if small else NGrams()
    return Recipe(
        ngrams=ngrams._replace(repair=options.repair, ratings=True),
        min_count=1 if short or tiny else 2,
        smoothing=2.0 * more,
        epochs=options.epochs or max(round(epochs / more), 1),
        batch_size=batch_size,
        learning_rate=options.learning_rate or learning_rate / more,
        hidden=(() if tiny else (16,)) if options.hidden is None else options.hidden,
        objective=options.optimize or ("accuracy" if balanced else "macro-f1"),
    )


def gentler(recipe: Recipe) -> Recipe:
    """Give the recipe for fits beside unlabeled reviews: many rows, and what they say is known."""
    epochs = max(round(recipe.epochs * 2 / 3), 1)
    return replace(recipe, epochs=epochs, learning_rate=recipe.learning_rate / 2)
