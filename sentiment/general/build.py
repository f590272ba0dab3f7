"""Sources → the model that ships with the program."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np

from sentiment.features.naming import name_features
from sentiment.general.lessons import lessons, subjects_of
from sentiment.general.sources import Source, read_sources, sentences
from sentiment.general.student import NGRAMS, School
from sentiment.general.who import anonymous, fresh_words, words_of_who
from sentiment.model import Calibration, Model, remembered
from sentiment.model.influence import most_influential
from sentiment.reviews import LabelledReviews, stratified_split

SENTENCES = 100_000
LESSONS = 120_000
HELD_OUT = 0.1
PHRASES = 2_000


def build(datasets: Path, own: Path, without: Sequence[str] = (), seed: int = 0) -> Model:
    """Train the model: once with a tenth of each source held out to calibrate by, then with all.

    Args:
        datasets: the folder of real data sets.
        own: this project's training reviews.
        without: sources to leave out.
        seed: of everything that is drawn.
    """
    sources = read_sources(datasets, own, without)
    kept, held_out = _hold_out(sources, seed)
    calibration = calibrate(_train(kept, seed), held_out)
    return _remembering(_train(sources, seed), sources, calibration)


def _hold_out(sources: dict[str, Source], seed: int) -> tuple[dict[str, Source], list[Source]]:
    """Take a tenth of each source with labels away."""
    kept, held_out = {}, []
    for name, source in sources.items():
        kept[name] = source
        if not np.isnan(source.labels).any():
            rest, tenth = stratified_split(source.labels.astype(np.int8), HELD_OUT, seed)
            kept[name], some = (
                Source([source.texts[row] for row in rows.tolist()], source.labels[rows])
                for rows in (rest, tenth)
            )
            held_out.append(some)
    return kept, held_out


def calibrate(model: Model, held_out: Sequence[Source]) -> Calibration:
    """Calibrate by as many reviews of each source and label."""
    count = min(int((source.labels == label).sum()) for source in held_out for label in (0, 1))
    logits, labels = [], []
    for source in held_out:
        for label in (0, 1):
            rows = np.flatnonzero(source.labels == label)[:count]
            texts = [source.texts[row] for row in rows.tolist()]
            logits.append(model.network.logits(model.vectorizer.transform(texts)))
            labels.append(np.full(rows.size, label))
    return Calibration.fit(np.concatenate(logits), np.concatenate(labels))


def _train(sources: dict[str, Source], seed: int) -> Model:
    """Make sentences and lessons, take out who it is about, and teach."""
    fresh = fresh_words()
    who = words_of_who(
        chain.from_iterable(
            sources[n].texts for n in ("imdb", "unlabeled", "goemotions", "neutral")
        )
    )
    cut = sorted(set(sentences(sources["unlabeled"].texts)))
    some = np.random.default_rng(seed).permutation(len(cut))[:SENTENCES]
    spoken = Source.unlabelled([cut[row] for row in some.tolist()])
    made = list(lessons(LESSONS, subjects_of([*spoken.texts, *sources["neutral"].texts]), seed))
    taught = Source([lesson.text for lesson in made], np.array([each.positive for each in made]))
    every = {
        name: anonymous(source, who, fresh)
        for name, source in {**sources, "sentences": spoken, "lessons": taught}.items()
    }
    texts = {name: source.texts for name, source in every.items()}
    school = School(texts, {name: source.labels for name, source in every.items()}, seed)
    vectorizer, network = school.teach()
    top = most_influential(vectorizer, network, PHRASES)
    return Model(vectorizer, network, phrases=name_features(school.texts, NGRAMS, top))


def _remembering(model: Model, sources: dict[str, Source], calibration: Calibration) -> Model:
    texts = list(chain.from_iterable(source.texts for source in sources.values()))
    digests = LabelledReviews(texts, np.zeros(len(texts), np.int8)).digest()
    return replace(model, calibration=calibration, seen=remembered(digests))
