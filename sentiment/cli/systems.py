"""What is compared: a model, or a file of predictions, and their answers to the same reviews."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sentiment.cli.console import console
from sentiment.cli.models import find_model, note_sample, restricted
from sentiment.cli.reading import score_all
from sentiment.errors import DataError, ModelError
from sentiment.evaluation.comparison import System
from sentiment.labels import SENTIMENT, UNCERTAIN, WITH_NEUTRAL, LabelSet
from sentiment.model.decision import even_decision
from sentiment.model.file import is_model_file, load_model
from sentiment.model.model import Model
from sentiment.reviews.cells import and_more
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.predictions import NO_ANSWER, PredictionFile
from sentiment.reviews.streams import ReadOptions

_SHOWN_NAMES = 5  # of a model's classes


def open_systems(
    paths: Sequence[str], asked: Sequence[str], known: Sequence[str] = ()
) -> dict[str, Model | PredictionFile]:
    """Open models and files of predictions.

    Args:
        paths: of either.
        asked: classes that the models are restricted to; () for all.
        known: classes that files may have, besides those of the models, and of sentiment.

    Raises:
        DataError, ModelError: one cannot be read.
    """
    opened: dict[str, Model | PredictionFile] = {}
    for path in dict.fromkeys(paths):
        model = _model(path)
        if model is not None:
            opened[path] = restricted(model, asked) if asked else model
    sets = [model.labels.names for model in opened.values() if isinstance(model, Model)]
    names = dict.fromkeys(
        [*(name for each in sets for name in each), *known, *asked, *WITH_NEUTRAL.names]
    )
    for path in dict.fromkeys(paths):
        if path not in opened:
            opened[path] = _predictions(path, [*names])
    return opened


def _model(path: str) -> Model | None:
    """Return a model; None for a file of predictions."""
    try:
        model = find_model(Path(path), or_reviews=True)
        if model.suffix.lower() != ".safetensors" and not is_model_file(model):
            return None
        loaded = load_model(model)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    note_sample(path, loaded)
    return loaded


def _predictions(path: str, names: Sequence[str]) -> PredictionFile:
    try:
        return PredictionFile(path, names)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


def common_classes(
    opened: Mapping[str, Model | PredictionFile], reading: ReadOptions
) -> LabelSet | None:
    """Return the classes that both systems have, and say so; None for those of the labels.

    Raises:
        ModelError: they share fewer than two.
    """
    sets = [each.labels for each in opened.values() if isinstance(each, Model)]
    if reading.classes:
        return sets[0] if sets else None
    every = dict.fromkeys([name for each in (*sets, WITH_NEUTRAL) for name in each.names])
    found = {
        path: each.labels.names if isinstance(each, Model) else each.classes_among([*every])
        for path, each in opened.items()
    }
    known = {path: names for path, names in found.items() if len(names) > 1}
    shared = [name for name in every if all(name in each for each in known.values())]
    if len(shared) < 2:
        own = "; ".join(f"{path}: {and_more(each, _SHOWN_NAMES)}" for path, each in known.items())
        raise ModelError(f"the models share fewer than two classes ({own})")
    if any(len(names) > len(shared) for names in known.values()):
        console.note(f"compared on the classes that both have: {', '.join(shared)}")
    if not sets and len(known) < len(found):
        return SENTIMENT
    ordered = bool(sets) and all(each.ordered for each in sets) and len(shared) > 2
    return LabelSet(tuple(shared), ordered)


def system_of_model(
    path: str, model: Model, reviews: LabelledReviews, workers: int | None
) -> System:
    """Return the answers of a model."""
    scores = score_all(model, reviews, path, workers=workers)
    unreadable = np.isnan(scores.probabilities).any(axis=1)
    answers = model.decision.choose(scores.probabilities)
    uncertain = np.array(model.answers(scores)) == UNCERTAIN
    return System(np.where(unreadable, NO_ANSWER, answers), scores.probabilities, uncertain)


def system_of_file(path: str, file: PredictionFile, reviews: LabelledReviews) -> System:
    """Return the answers of a file of predictions.

    Raises:
        DataError: it has more or fewer rows than the data.
    """
    content = file.read(reviews.label_set)
    if len(content) != reviews.rows_read:
        raise DataError(
            f"{path}: {len(content):,} predictions for {reviews.rows_read:,} rows; "
            "one is needed for each row, in the same order"
        )
    answers = content.answers[reviews.places]
    if content.probabilities is None:
        return System(answers)
    # Without an answer the probability counts, as it does for an abstaining model.
    probabilities = content.probabilities[reviews.places]
    uncertain = (answers == NO_ANSWER) & ~np.isnan(probabilities).any(axis=1)
    by_probability = even_decision(len(reviews.label_set)).choose(probabilities)
    return System(np.where(uncertain, by_probability, answers), probabilities, uncertain)
