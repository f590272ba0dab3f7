"""What the classes of a model are called."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelSet:
    """Classes by name. A label is the index of its name, −1 stands for none.

    Log-odds are those of each class but the first against the first: of two classes one number a
    text, float64 [n]. Of K > 2 they will be float64 [n, K − 1].

    Attributes:
        names: of the classes, all different.
        ordered: whether each class is more than the one before it, as stars are.
    """

    names: tuple[str, ...]
    ordered: bool = False


SENTIMENT = LabelSet(("negative", "positive"))
CLASSES = SENTIMENT.names
NEGATIVE, POSITIVE = CLASSES
