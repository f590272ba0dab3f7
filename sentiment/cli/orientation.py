"""Warn of labels that look turned round, or that hardly go with sentiment."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sentiment.cli.console import console
from sentiment.errors import ModelError
from sentiment.reviews import LabelledReviews
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import Assumed

if TYPE_CHECKING:
    from sentiment.evaluation.orientation import Orientation


def warn_of_orientation(reviews: LabelledReviews) -> None:
    """Ask the bundled model about labels that do not say themselves which way round they are."""
    if not reviews.assumed:
        return
    from sentiment.evaluation.orientation import orientation_of
    from sentiment.general import MODEL, NAME  # most labels say what they mean
    from sentiment.model import load_model

    try:
        model = load_model(MODEL)
    except ModelError:  # a copy of the package may come without it
        return
    for assumed in reviews.assumed:
        rows = assumed.rows_of(reviews.places)
        labels = reviews.labels[rows]
        theirs = reviews if rows.size == len(reviews) else reviews.take(rows)
        found = orientation_of(model, theirs.texts, labels)
        if found is not None and found.verdict != "fits":
            console.warn(_told(assumed, found, reviews.one_reading, NAME))


def _told(assumed: Assumed, found: "Orientation", one_reading: bool, model: str) -> str:
    """Say what is wrong, and the options that set it right or say that it is meant so."""
    positive, negative = (", ".join(each) for each in (assumed.positive, assumed.negative))
    turned = found.verdict == "turned"
    looks = "look turned round" if turned else "hardly go with sentiment"
    reads = "more negative" if turned else "no more positive"
    said = (
        f'{assumed.name}: the labels in "{assumed.column}" {looks}: what is labelled {positive} '
        f"reads {reads} than what is labelled {negative} "
        f"(ROC AUC {found.auc:.2f} of {count_of(found.read, 'review')}, by {model})"
    )
    if not one_reading:  # the options are for all files
        return f"{said}; {'turn them round in' if turned else 'see whether to leave out'} that file"
    turn = f"; try {_flags(assumed.negative, assumed.positive)}" if turned else ""
    return f"{said}{turn}; if they are meant so, say {_flags(assumed.positive, assumed.negative)}"


def _flags(positive: Sequence[str], negative: Sequence[str]) -> str:
    """Write the options that say what is what; a value may begin with a minus."""
    values = [*(("--positive", value) for value in positive),
              *(("--negative", value) for value in negative)]  # fmt: skip
    return " ".join(
        f"{flag}={value}" if value.startswith("-") else f"{flag} {value}" for flag, value in values
    )
