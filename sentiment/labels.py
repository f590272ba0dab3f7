"""What the classes of a model are called."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelSet:
    """Classes by name. A label is the index of a name, −1 if there is none.

    Log-odds are those against the first class: float64 [n] for two classes, and for K > 2, which
    no model has yet, float64 [n, K − 1].
    """

    names: tuple[str, ...]  # each once
    ordered: bool = False  # whether each class is more than the one before it, as with stars


SENTIMENT = LabelSet(("negative", "positive"))
CLASSES = SENTIMENT.names
NEGATIVE, POSITIVE = CLASSES
