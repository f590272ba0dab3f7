"""The strongest phrases of a model, none within another."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sentiment.model.component import Component
from sentiment.model.model import Model


def unnested(names: Iterable[str], limit: int) -> list[str]:
    """Return the first phrases that are not within another, comparing whole words.

    Args:
        names: as `name_features` spells them, the most important first.
        limit: the maximum number.
    """
    kept: list[str] = []
    bare: list[str] = []
    for name in names:
        if len(kept) == limit:
            break
        words = f" {name.removeprefix('… ')} "
        if not any(words in other or other in words for other in bare):
            kept.append(name)
            bare.append(words)
    return kept


Moves = list[tuple[str, float]]


def strongest_phrases(model: Model, count: int, label: int = 1) -> tuple[Moves, Moves]:
    """Return the phrases of a model that change the log-odds of a class most, each as a review.

    Args:
        model: the model.
        count: the maximum number of either kind.
        label: the class; of more than two it is compared with the mean of the others.

    Returns:
        Phrases for the class, and against it, none within another, the strongest first, each with
        its change of the calibrated log-odds.
    """
    share = 1 / len(model.labels)
    direction = (np.eye(len(model.labels))[label] - share)[1:] / (1 - share)
    moves = model.add_up((_moves(each, direction) for each in model.components), _plus)
    names = sorted(moves, key=lambda name: -moves[name])
    ranked = (
        [name for name in names if moves[name] > 0],
        [name for name in reversed(names) if moves[name] < 0],
    )
    positive, negative = (
        [(name, moves[name]) for name in unnested(each, count)] for each in ranked
    )
    return positive, negative


def _moves(component: Component, direction: NDArray[np.float64]) -> dict[str, float]:
    """Return how far each phrase changes the log-odds of a component in a direction, [K − 1]."""
    texts = [*component.phrases.values()]
    known, rows = component.encoder.single_rows([*component.phrases])
    names = [texts[number] for number in known.tolist()]
    moves = (component.log_odds_of(rows) - component.empty_logits) @ direction
    # The same text may name several features: the strongest comes last, and stays.
    order = np.argsort(np.abs(moves), kind="stable").tolist()
    return {names[number]: float(moves[number]) for number in order}


def _plus(own: dict[str, float], base: dict[str, float], weight: float) -> dict[str, float]:
    """Add the moves of the same phrases."""
    return own | {name: own.get(name, 0.0) + weight * move for name, move in base.items()}
