"""The n-grams of two classes that version 0.1.0 answered with, which benchmarks compare with."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.model.component import Calibration, Component
from sentiment.model.model import Model
from sentiment.reviews.dataset import stratified_split
from tools.general.lessons import lessons, subjects_of
from tools.general.sources import (
    Source,
    anonymous,
    fresh_words,
    identity_words,
    read_sources,
)
from tools.general.student import School

LESSONS = 120_000
HELD_OUT = 0.1
FROM_EACH = 250


def build(
    datasets: Path,
    own: Path,
    without: Sequence[str] = (),
    seed: int = 0,
) -> Model:
    """Train the model: first without a tenth of each source, to calibrate by, then with all.

    Args:
        datasets: the folder of the real datasets.
        own: the training reviews of this project.
        without: names of sources to leave out.
        seed: of the random numbers.
    """
    sources = read_sources(datasets, own, without)
    kept, held_out = _hold_out(sources, seed)
    more = {"lessons": _lessons(sources, seed)}
    first = _train({**kept, **more}, seed)
    calibration = Calibration.fit(*_logits(first, held_out.values()))
    whole = _train({**sources, **more}, seed)
    return Model((replace(whole, calibration=calibration),))


def _hold_out(sources: dict[str, Source], seed: int) -> tuple[dict[str, Source], dict[str, Source]]:
    """Return the sources without a tenth of each labelled one, and these tenths."""
    kept, held_out = {}, {}
    for name, source in sources.items():
        kept[name] = source
        if not np.isnan(source.labels).any():
            rest, tenth = stratified_split(source.labels.astype(np.int8), HELD_OUT, seed)
            kept[name], held_out[name] = (
                Source([source.texts[row] for row in rows.tolist()], source.labels[rows])
                for rows in (rest, tenth)
            )
    return kept, held_out


def _logits(
    trained: Component, held_out: Iterable[Source]
) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return logits and labels of held-out reviews: float64 [n, 1], int8 [n].

    Each source has the same number of both labels, and at most `FROM_EACH` of each, so that the
    largest source does not dominate the calibration.
    """
    texts, labels = [], []
    for source in held_out:
        by_label = [np.flatnonzero(source.labels == label)[:FROM_EACH] for label in (0, 1)]
        for label, rows in enumerate(by_label):
            chosen = rows[: min(map(len, by_label))]
            texts += [source.texts[row] for row in chosen.tolist()]
            labels += [label] * chosen.size
    logits = trained.network.logits(trained.encoder.transform(texts))
    return logits, np.array(labels, np.int8)


def _lessons(sources: dict[str, Source], seed: int) -> Source:
    """Write lessons about the subjects of the reviews."""
    about = (sources[name].texts for name in ("unlabeled", "neutral") if name in sources)
    subjects = subjects_of([*chain.from_iterable(about)])
    made = list(lessons(LESSONS, subjects, seed))
    return Source([lesson.text for lesson in made], np.array([each.positive for each in made]))


def _train(sources: dict[str, Source], seed: int) -> Component:
    """Mask names and identities in all texts, and train on them."""
    fresh = fresh_words()
    hidden = identity_words(
        chain.from_iterable(
            sources[name].texts
            for name in ("imdb", "unlabeled", "goemotions", "neutral")
            if name in sources
        )
    )
    every = {name: anonymous(source, hidden, fresh) for name, source in sources.items()}
    texts = {name: source.texts for name, source in every.items()}
    school = School(texts, {name: source.labels for name, source in every.items()}, seed)
    return Component(*school.teach())
