"""The options of a training, and the hyperparameters chosen for the data."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from math import isfinite, nan
from numbers import Real
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from sentiment.features.language import LANGUAGES, languages_of
from sentiment.model.activations import ACTIVATIONS, USUAL
from sentiment.training.embeddings import Embeddings

Objective = Literal["accuracy", "macro-f1", "balanced-accuracy"]

# Fewer reviews are cross-validated: a held-out share of them would decide too little.
FEW = 5_000
FOLDS = 5

# If a class of two is rarer, or has less than twice this share of an even part of more classes,
# accuracy is a poor objective.
UNBALANCED = 0.4


@dataclass(frozen=True)
class Range:
    """Numbers between two bounds, which may be open; `metavar` is their name in help texts."""

    metavar: str
    min: float
    max: float | None = None
    min_open: bool = False
    max_open: bool = False
    whole: bool = False

    def convert(self, value: Any) -> float:
        """Return the number that a value is, such as 4 for 4.0; or raise ValueError."""
        number = float(value) if isinstance(value, Real) else nan
        above = number > self.min or (number == self.min and not self.min_open)
        below = self.max is None or number < self.max or (number == self.max and not self.max_open)
        if not (isfinite(number) and above and below) or (self.whole and number % 1):
            raise ValueError
        return int(number) if self.whole else number

    def __str__(self) -> str:
        number = "a whole number" if self.whole else "a number"
        if self.max is None:
            return f"{number} {'above' if self.min_open else 'of at least'} {self.min}"
        if self.min_open and self.max_open:
            return f"{number} between {self.min} and {self.max}"
        return f"{number} from {self.min} to {'below ' * self.max_open}{self.max}"


class Units:
    """The sizes of hidden layers; one number is one layer."""

    metavar = "UNITS"
    _each = Range("N", 1, 4096, whole=True)

    def convert(self, value: Any) -> tuple[float, ...]:
        """Return them as a tuple; or TypeError, ValueError."""
        units = tuple(map(self._each.convert, value if isinstance(value, Iterable) else [value]))
        if len(units) > 16:
            raise ValueError
        return units

    def __str__(self) -> str:
        return "at most 16 whole numbers from 1 to 4096"


class Languages:
    """Codes of `LANGUAGES`, or `all`; converted to a tuple, empty for all."""

    metavar = "CODES"

    def convert(self, value: Any) -> tuple[str, ...]:
        """Return the codes; or raise ValueError."""
        return languages_of(value)

    def __str__(self) -> str:
        return f"some of {', '.join(LANGUAGES)}, or all"


class VectorFile:
    """A file of word vectors; converted to `Embeddings`."""

    metavar = "FILE"

    def convert(self, value: Any) -> Embeddings:
        """Return the file that a path names; or raise TypeError, DataError, UsageError."""
        return value if isinstance(value, Embeddings) else Embeddings.of(value)

    def __str__(self) -> str:
        return "the path of a file"


class OneOf(tuple[Any, ...]):
    """One of some values."""

    metavar = None

    def convert(self, value: Any) -> Any:
        """Return the one equal to a value; or ValueError."""
        return self[self.index(value)]

    def __str__(self) -> str:
        return f"one of {', '.join(self)}" if len(self) > 2 else " or ".join(map(str, self))


Kind = Range | Units | Languages | VectorFile | OneOf


def _option(default: Any, kind: Kind, help: str | None = None) -> Any:
    """Declare an option; None, if it is the default, lets the data decide."""
    return field(default=default, metadata={"kind": kind, "help": help})


_COUNT = Range("N", 1, whole=True)
_FLAG = OneOf((True, False))

# Options that change n-grams alone.
OF_NGRAMS = ("word_ngrams", "char_ngrams", "min_df", "smoothing")


@dataclass(frozen=True)
class TrainingOptions:
    """The user's choices, for the command line and for Python: default, range and help of each.

    Values are converted to the types in a model file.

    Raises:
        ValueError: a value is out of range; the message begins with its name.
    """

    # fmt: off
    hidden: tuple[int, ...] | None = _option(
        None, Units(), "Units of each hidden layer, such as 64,32; '' for none. Default: 16; "
        "none for fewer than 1,000 reviews.")
    activation: str = _option(
        USUAL, OneOf(tuple(ACTIVATIONS)), "What each hidden unit makes of its sum; without hidden "
        "layers, it has no effect.")
    dropout: float = _option(
        0.0, Range("SHARE", 0, 1, max_open=True), "Share of hidden activations to drop.")
    epochs: int | None = _option(
        None, _COUNT, "Maximum epochs. Default: 3 for long reviews, 5 for short, 10 for few; "
        "fewer beyond 100,000 reviews.")
    patience: int = _option(3, _COUNT, "Epochs to wait for a better validation loss.")
    batch_size: int | None = _option(
        None, _COUNT, "Rows per step. Default: 32 to 1024, by the number of reviews.")
    learning_rate: float | None = _option(
        None, Range("R", 0, min_open=True), "Adam's initial learning rate. Default: at most "
        "0.02; less for short, few, or more than 100,000 reviews.")
    refit: bool = _option(
        True, _FLAG, "Refit on all rows at the end, including those held out.")
    features: int = _option(200_000, _COUNT, "Maximum number of n-grams to keep.")
    repair: bool = _option(True, _FLAG)  # the help is that of commands that answer, too
    validation_share: float = _option(
        0.1, Range("SHARE", 0, 1, min_open=True, max_open=True),
        "Share of the rows to hold out if --validation is not given.")
    optimize: Objective | None = _option(
        None, OneOf(get_args(Objective)), "Metric that the threshold is chosen for. Default: "
        "accuracy; macro-f1 if a class is rare.")
    seed: int = _option(
        0, Range("N", 0, 2**32 - 1, whole=True),
        "The same data, options and seed give the same file, byte for byte.")
    architecture: str = _option(
        "ngrams", OneOf(("ngrams", "cnn", "encoder")),
        "What the network reads: n-grams, words in their order (cnn), or vectors of a language "
        "model and n-grams (encoder).")
    fine_tune: int = _option(
        0, Range("N", 0, 64, whole=True),
        "With --architecture encoder: train its last N blocks, too; takes far longer.")
    embeddings: Embeddings | None = _option(
        None, VectorFile(),
        "With --architecture cnn: begin with the word vectors in this file, as GloVe and word2vec "
        "write them as text, also compressed.")
    word_ngrams: int | None = _option(
        None, Range("N", 1, 5, whole=True), "Longest word n-gram. Default: 3 for long reviews, "
        "2 for short or few.")
    char_ngrams: int | None = _option(
        None, Range("N", 0, 8, whole=True), "Longest character n-gram; the shortest has 2; 0 for "
        "none. Default: 5 for short or few reviews, 0 for long.")
    min_df: int | None = _option(
        None, _COUNT, "Fewest reviews that an n-gram must be in. Default: 1 for short or few "
        "reviews, 2 for long.")
    smoothing: float | None = _option(
        None, Range("S", 0, min_open=True), "Smoothing of n-gram weights: with more, rare n-grams "
        "count less. Default: 2; more beyond 100,000 reviews.")
    languages: tuple[str, ...] = _option((), Languages())  # the help is that of repair's commands
    # fmt: on

    def __post_init__(self) -> None:
        for option in fields(self):
            value, kind = getattr(self, option.name), option.metadata["kind"]
            if value is None and option.default is None:
                continue
            try:
                object.__setattr__(self, option.name, kind.convert(value))
            except (TypeError, ValueError):
                way_out = f"give {kind}{', or None' * (option.default is None)}"
                raise ValueError(f"{option.name}={value!r}: {way_out}") from None

    def as_json(self) -> dict[str, Any]:
        """Return what makes another model, as JSON values: of a file its name and its hash."""
        file = self.embeddings
        return asdict(self) | {"embeddings": None if file is None else file.as_json()}


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """All choices, the user's and the data's; an architecture adds those that it alone has.

    Attributes:
        epochs, batch_size, learning_rate, hidden: as in `TrainingOptions`.
        objective: what the decision threshold is chosen for.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    objective: Objective
    hidden: tuple[int, ...] = ()

    def describe(self) -> str:
        """Return what the features are, for people."""
        raise NotImplementedError

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)

    def decay(self, done: float) -> float:
        """Return the share of the learning rate after a share of all steps: linear."""
        return 1 - done

    def for_weighted_texts(self) -> Self:
        """Return the choices for texts of which some count more than others."""
        return self


def objective_for(labels: NDArray[np.integer], options: TrainingOptions) -> Objective:
    """Return what the user wants a decision to be chosen for, or else what suits the labels."""
    counts = np.bincount(labels)
    balanced = counts.min() / labels.size * counts.size >= 2 * UNBALANCED
    return options.optimize or ("accuracy" if balanced else "macro-f1")


def cross_validates(reviews: int, options: TrainingOptions) -> bool:
    """Return whether reviews without a validation set are cross-validated.

    That needs a refit: the networks of the folds are not the model. Fine-tuning takes too long.
    """
    return reviews < FEW and options.refit and not options.fine_tune


def for_pseudo_labels(recipe: Hyperparameters) -> Hyperparameters:
    """Return the choices for fits with pseudo-labels, which have many rows and little news."""
    epochs = max(round(recipe.epochs * 2 / 3), 1)
    return replace(recipe, epochs=epochs, learning_rate=recipe.learning_rate / 2)
