"""Which n-grams move a model most, whatever the review."""

import numpy as np

from sentiment.features import SparseRows, Vectorizer
from sentiment.features.hashing import Hashes
from sentiment.model.model import Model
from sentiment.model.network import Network
from sentiment.model.phrases import unnested

Moves = list[tuple[str, float]]


def most_influential(vectorizer: Vectorizer, network: Network, count: int) -> Hashes:
    """Give the keys of the features that move a logit most: weight times the first layer's reach.

    Args:
        vectorizer: of a model.
        network: of the same.
        count: how many at the most.

    Returns:
        uint64 [features], the strongest first.
    """
    reach = np.linalg.norm(network.layers[0].dense_kernel(), axis=1)
    influence = np.abs(vectorizer.weights) * reach
    return vectorizer.keys[np.argsort(-influence, kind="stable")[:count]]


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
    moves = _moves(model)
    names = sorted(moves, key=lambda name: -moves[name])
    ranked = (
        [name for name in names if moves[name] > 0],
        [name for name in reversed(names) if moves[name] < 0],
    )
    positive, negative = (
        [(name, moves[name]) for name in unnested(each, count)] for each in ranked
    )
    return positive, negative


def _moves(model: Model) -> dict[str, float]:
    """Say how far each n-gram with a text moves the calibrated logit, that of the base added."""
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
    # The same text may name several features: the strongest comes last, and stays.
    order = np.argsort(np.abs(moves), kind="stable").tolist()
    of_name = {names[number]: float(moves[number]) for number in order}
    if model.base is not None:
        for name, move in _moves(model.base.model).items():
            of_name[name] = of_name.get(name, 0.0) + model.base.weight * move
    return of_name
