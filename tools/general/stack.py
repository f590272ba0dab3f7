"""Put the bundled model together: the encoder, beside it n-grams of the whole text, and a fit.

Their log-odds are added with weights and a constant for each class that are fitted on held-out
texts of all sources (stacking: Wolpert, 1992), each source as much as any other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sentiment.features.pieces import PieceEncoder
from sentiment.features.wordpiece import END, START, UNKNOWN
from sentiment.labels import WITH_NEUTRAL
from sentiment.model.component import Calibration, Component, fit_softmax
from sentiment.model.decision import MultiDecision, even_decision
from sentiment.model.model import Model
from sentiment.model.transformer import Table, Transformer
from tools.general.corpus import Example

_KEPT = ("[PAD]", UNKNOWN, START, END, "[MASK]")
# Pieces that occur less often are left out: with them the file would be 3 MB larger.
_RARE = 5
# Held-out texts of a source that the fit counts, at most.
_FROM_EACH = 1500


def occurring(encoder: PieceEncoder, texts: Iterable[str]) -> NDArray[np.int64]:
    """Return the numbers of pieces that occur in texts, and of those that can spell any word."""
    vocabulary = encoder.pieces.vocabulary
    times = np.zeros(len(vocabulary), np.int64)
    for text in texts:
        np.add.at(times, encoder.transform([text]).ids, 1)
    for number, piece in enumerate(vocabulary):
        letter = piece.removeprefix("##")
        if piece in _KEPT or (len(letter) == 1 and letter.isascii()):
            times[number] = _RARE
    return np.flatnonzero(times >= _RARE)


def cut(
    encoder: PieceEncoder, network: Transformer, kept: NDArray[np.int64]
) -> tuple[PieceEncoder, Transformer]:
    """Return both with some of the pieces, by their numbers.

    A word whose piece goes is divided into others. Most that go are names, and of other languages.
    """
    pieces = encoder.pieces
    vocabulary = tuple(pieces.vocabulary[number] for number in kept.tolist())
    words = Table(network.words.rows[kept], network.words.scale[kept])
    smaller = replace(pieces, vocabulary=vocabulary)
    return replace(encoder, pieces=smaller), replace(network, words=words)


def stacked(encoder: Component, ngrams: Component, held_out: Sequence[Example]) -> Model:
    """Return the encoder with n-grams beside it.

    Args:
        encoder: of three classes, not calibrated. A long text makes it too sure, which is fitted
            as well.
        ngrams: of two classes or three, calibrated.
        held_out: texts that neither was trained on.
    """
    assert isinstance(encoder.network, Transformer)
    fading = replace(encoder, network=replace(encoder.network, long_scale=0.0))
    parts = [encoder, fading, ngrams.for_labels(WITH_NEUTRAL)]
    (long, more, weight), intercepts = _fitted(parts, held_out, (1.0, 0.0, 0.5))
    slope = long + more
    network = replace(encoder.network, long_scale=max(long / slope, 0.0))
    own = replace(encoder, network=network, calibration=Calibration(slope, intercepts))
    base = Model((ngrams,), even_decision(len(ngrams.labels)), labels=ngrams.labels)
    return Model((own,), MultiDecision(), labels=WITH_NEUTRAL).on(base, max(weight, 0.0))


def calibrated(component: Component, held_out: Sequence[Example]) -> Model:
    """Return the model of one component, calibrated on held-out texts."""
    (slope,), intercepts = _fitted([component], held_out, (1.0,))
    own = replace(component, calibration=Calibration(slope, intercepts))
    return Model((own,), MultiDecision(), labels=WITH_NEUTRAL)


def _fitted(
    components: Sequence[Component], held_out: Sequence[Example], prior: tuple[float, ...]
) -> tuple[list[float], tuple[float, ...]]:
    """Return the weight of each component's log-odds, and the constant of each class but one.

    The prior is what the weights are expected to be.
    """
    rows = _equally(held_out).tolist()
    texts = [held_out[row].text for row in rows]
    targets = np.array([held_out[row].target for row in rows])
    logits = np.stack([each.log_odds(texts)[0] for each in components], axis=2)
    constants = np.broadcast_to(np.eye(2), (len(rows), 2, 2))
    design = np.concatenate((logits, constants), axis=2)
    known = ~np.isnan(design).any(axis=(1, 2))
    weights = _even_weights([held_out[row].source for row in rows])
    mean = np.array([*prior, 0.0, 0.0])
    found = fit_softmax(
        design[known], targets[known], mean, np.ones(mean.size), weights[known]
    ).tolist()
    return found[:-2], tuple(found[-2:])


def _equally(held_out: Sequence[Example]) -> NDArray[np.int64]:
    """Return the rows of held-out texts, so many of each source at most."""
    sources = np.array([each.source for each in held_out])
    return np.concatenate(
        [np.flatnonzero(sources == name)[:_FROM_EACH] for name in dict.fromkeys(sources.tolist())]
    )


def _even_weights(sources: Sequence[str]) -> NDArray[np.float64]:
    """Return weights of rows that add up to the same for each source, but at most 5."""
    names, inverse, counts = np.unique(sources, return_inverse=True, return_counts=True)
    return np.minimum(len(sources) / len(names) / counts, 5.0)[inverse]
