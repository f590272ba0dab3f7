"""Build the bundled model from its sources."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digests_of
from sentiment.features.hashing import Hashes
from sentiment.features.places import name_features
from sentiment.model.component import Calibration, Component
from sentiment.model.model import Model, Record
from sentiment.model.provenance import DatasetSummary, Provenance, TrainingHashes
from sentiment.reviews.dataset import stratified_split
from sentiment.training.ngrams import most_influential
from tools.general.lessons import lessons, subjects_of
from tools.general.ngrams import NGRAMS
from tools.general.sources import (
    Source,
    anonymous,
    describe_sure,
    fresh_words,
    identity_words,
    read_sources,
)
from tools.general.student import EPOCHS, School

LESSONS = 120_000
HELD_OUT = 0.1
FROM_EACH = 250
PHRASES = 2_000

CARD = {
    "what it is": (
        "Answers for English reviews and short posts where no model of your own is: of films, "
        "shops, restaurants, services. `sentiment train --base general` makes it yours."
    ),
    "sources and licences": (
        "IMDb reviews, with labels and without (Maas et al., 2011; none stated); SST-2 train "
        "(Socher et al., 2013; none stated); GoEmotions train (Demszky et al., 2020; CC BY 4.0); "
        "UCI sentences of Yelp and Amazon (Kotzias et al., 2015; CC BY 4.0); Women's Clothing "
        "E-Commerce Reviews (CC0); this project's data/train.csv and lessons (CC0)."
    ),
    "limits": (
        "English only. Two classes: what is neutral gets one of them. Names, nations, faiths and "
        "the like were taken out of what it learned from."
    ),
    "known failures": (
        "Irony; understatement; comparisons in which the other thing is the better one; praise "
        "and blame in one sentence; ratings written as marks, such as 4/5 and ★★★★★, which it does "
        "not know. `sentiment probe -m general` counts some of them."
    ),
}


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
    logits, labels = _logits(first, held_out.values())
    calibration = Calibration.fit(logits, labels)
    right = (calibration.log_odds(logits)[:, 0] >= 0) == (labels == 1)
    figures = _figures(_calibrated(first, calibration), held_out)
    model = _train({**sources, **more}, seed)
    provenance = Provenance(
        training=_about(sources.values()),
        validation=_about(held_out.values()),
        accuracy=float(right.mean()),
        best_epoch=EPOCHS,
        calibrated=True,
        refitted=True,
        unlabeled=sum(int(np.isnan(source.labels).sum()) for source in sources.values()),
        versions={name: version(name) for name in ("keras", "numpy", "tensorflow")},
        card={"figures": figures},
    )
    model = replace(_calibrated(model, calibration), record=Record(provenance=provenance))
    return renewed(model, sources, datasets)


def _calibrated(model: Model, calibration: Calibration) -> Model:
    return replace(model, components=(replace(model.own, calibration=calibration),))


def renewed(model: Model, sources: dict[str, Source], datasets: Path) -> Model:
    """Return a model with new hashes of its training reviews and a new card; answers stay.

    Args:
        model: built from these sources; the figures on its card are kept.
        sources: as `read_sources` returns them.
        datasets: the folder of the real datasets, for the figures on neutral texts.
    """
    provenance = model.record.provenance
    if provenance is None:
        raise ValueError("a model without a record of its training")
    figures = {"figures": provenance.card["figures"]}
    card = CARD | {"neutral texts": describe_sure(model, datasets)} | figures
    seen = TrainingHashes().adding(_texts_of(sources.values()))
    record = replace(model.record, provenance=replace(provenance, card=card), training_hashes=seen)
    return replace(model, record=record)


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
    model: Model, held_out: Iterable[Source]
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
    logits = model.own.network.logits(model.own.encoder.transform(texts))
    return logits, np.array(labels, np.int8)


def _figures(model: Model, held_out: dict[str, Source]) -> str:
    """Return the accuracy on the held-out reviews of each source, as a sentence."""
    figures = []
    for name, (texts, labels) in held_out.items():
        right = np.mean((model.probabilities(texts)[:, 1] >= 0.5) == (labels == 1))
        figures.append(f"{name} {right:.1%} of {len(texts):,}")
    return f"Right of held-out reviews: {', '.join(figures)}."


def _digests(sources: Iterable[Source]) -> Hashes:
    return digests_of(_texts_of(sources))


def _texts_of(sources: Iterable[Source]) -> Iterator[str]:
    return chain.from_iterable(source.texts for source in sources)


def _about(sources: Iterable[Source]) -> DatasetSummary:
    """Count and hash the labelled reviews."""
    labelled = [source for source in sources if not np.isnan(source.labels).any()]
    labels = np.concatenate([source.labels for source in labelled])
    content = hashlib.blake2b(_digests(labelled).astype("<u8").tobytes(), digest_size=16)
    content.update(labels.astype(np.int8).tobytes())
    positive = int(labels.sum())
    return DatasetSummary(
        {"negative": labels.size - positive, "positive": positive}, content.hexdigest()
    )


def _lessons(sources: dict[str, Source], seed: int) -> Source:
    """Write lessons about the subjects of the reviews."""
    about = (sources[name].texts for name in ("unlabeled", "neutral") if name in sources)
    subjects = subjects_of([*chain.from_iterable(about)])
    made = list(lessons(LESSONS, subjects, seed))
    return Source([lesson.text for lesson in made], np.array([each.positive for each in made]))


def _train(sources: dict[str, Source], seed: int) -> Model:
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
    vectorizer, network = school.teach()
    top = most_influential(vectorizer, network, PHRASES)
    phrases = name_features(school.texts, NGRAMS, top)
    return Model((Component(vectorizer, network, phrases=phrases),))
