"""Which n-grams move a model most, whatever the review."""

import numpy as np
from numpy.typing import NDArray

from sentiment.features import SparseRows
from sentiment.model.model import Model
from sentiment.model.phrases import unnested

Moves = list[tuple[str, float]]


def strongest_phrases(model: Model, count: int) -> tuple[Moves, Moves]:
    """Rank the n-grams whose text the model keeps by how far each alone moves the logit.

    Each is a review of its own, as long as its weight is beside the largest weight of any: so what
    is rare and what is certain do not count alike.

    Args:
        model: the model.
        count: how many n-grams of either kind at the most.

    Returns:
        Those that speak for *positive* and those that speak against it, the strongest first, each
        with the change of the calibrated logit. None is given that stands within another.
    """
    vectorizer = model.vectorizer
    keys = np.array([*model.phrases], np.uint64)
    columns = vectorizer.columns_of(keys)
    known = np.flatnonzero(columns >= 0)
    texts = [*model.phrases.values()]
    names, columns = [texts[number] for number in known.tolist()], columns[known]
    values = vectorizer.weights[columns] / max(np.abs(vectorizer.weights).max(initial=0), 1e-30)
    # The empty review comes last.
    offsets = np.append(np.arange(columns.size + 1), columns.size)
    logits = model.network.logits(SparseRows(columns, values, offsets, vectorizer.keys.size))
    moves = model.calibration.slope * (logits[:-1] - logits[-1])
    order = np.argsort(-moves, kind="stable")
    return (
        _ranked(names, moves, order[moves[order] > 0], count),
        _ranked(names, moves, order[moves[order] < 0][::-1], count),
    )


def _ranked(
    names: list[str], moves: NDArray[np.float64], order: NDArray[np.int64], count: int
) -> Moves:
    # The same text may name several features, of which the strongest comes last here.
    move_of = {names[number]: float(moves[number]) for number in order[::-1].tolist()}
    ranked = (names[number] for number in order.tolist())
    return [(name, move_of[name]) for name in unnested(ranked, count)]
