"""What an exported network takes: the rows of a model, and of those that it stands on."""

from collections.abc import Iterator, Sequence

import numpy as np

from sentiment.features import SparseRows
from sentiment.model import Model
from sentiment.model.decision import ENOUGH

# What names begin with that belong to the model another stands on; twice for what that stands on.
BASE = "base_"


def models_of(model: Model) -> Iterator[tuple[str, Model]]:
    """Give a model and those that it stands on, each with what its names begin with."""
    prefix = ""
    yield prefix, model
    while model.base is not None:
        prefix, model = prefix + BASE, model.base.model
        yield prefix, model


def inputs_of(model: Model, texts: Sequence[str]) -> dict[str, SparseRows]:
    """Featurize texts for an exported network.

    A text of which a model knows too little is an empty row, as when the model itself answers.

    Returns:
        Rows [texts, features], by what the names of the inputs begin with: `""` for the model
        itself, `base_` for what it stands on.

    >>> from sentiment import load
    >>> rows = inputs_of(load("general").model, ["good film", "asdf qwer"])[""]
    >>> first, second, end = rows.offsets.tolist()
    >>> first, second == rows.columns.size, second == end  # of the second text nothing is known
    (0, True, True)
    """
    return {prefix: _rows(each, texts) for prefix, each in models_of(model)}


def _rows(model: Model, texts: Sequence[str]) -> SparseRows:
    rows = model.vectorizer.transform(texts)
    evidence, _ = model.evidence(texts, rows)
    kept = np.repeat(evidence == ENOUGH, np.diff(rows.offsets))
    lengths = np.where(evidence == ENOUGH, np.diff(rows.offsets), 0)
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    return SparseRows(rows.columns[kept], rows.values[kept], offsets, rows.width)
