"""Reading reviews for a command, and saying what was found: columns, repairs, odd labels."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sentiment.cli.console import console
from sentiment.cli.options import PARTS
from sentiment.datasets.cache import resolve
from sentiment.errors import ModelError
from sentiment.features.repair import repairs
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import Assumed, LabelledReviews
from sentiment.reviews.formats import ReadOptions
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import STDIN

if TYPE_CHECKING:
    from sentiment.evaluation.mistakes import Orientation


def warn_of_orientation(reviews: LabelledReviews) -> None:
    """Ask the bundled model about labels that do not say themselves which way round they are."""
    if not reviews.assumed:
        return
    from sentiment.evaluation.mistakes import orientation_of
    from sentiment.general import MODEL, NAME  # most labels say what they mean
    from sentiment.model.file import load_model

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


class Repairs:
    """Counts texts that are repaired, as they pass.

    Args:
        wanted: whether any are; if not, or with `--quiet`, nothing is looked at or said.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and not console.quiet
        self._texts = 0
        self._kinds: Counter[str] = Counter()

    def counted(self, texts: Sequence[str]) -> Sequence[str]:
        """Count texts by what is damaged in them, and return them."""
        if self._wanted:
            self._count(texts)
        return texts

    def _count(self, texts: Iterable[str]) -> None:
        for text in texts:
            if kinds := {step.kind for step in repairs(text)}:
                self._texts += 1
                self._kinds.update(kinds)

    def say(self) -> None:
        """Say what was repaired, if anything was, the most frequent first."""
        if self._texts:
            kinds = sorted(self._kinds.items(), key=lambda kind: (-kind[1], kind[0]))
            found = ", ".join(f"{kind} in {count:,}" for kind, count in kinds)
            console.note(f"repaired {count_of(self._texts, 'text')}: {found}")


def read_reviews(
    paths: Sequence[str],
    reading: ReadOptions,
    purpose: str,
    like: LabelledReviews | None = None,
    room: int | None = None,
) -> LabelledReviews:
    """Read reviews; say which columns were taken, how labels were read, what was dropped.

    Labels that do not say themselves which way round they are, are compared with what the bundled
    model says of some reviews.

    Args:
        paths: files, globs, folders or names of sets.
        reading: how to read them.
        purpose: what they are for: training, validation, calibration or evaluation.
        like: reviews whose rule for labels holds here too.
        room: how many characters to keep in memory; None for all.
    """
    console.status(f"reading {purpose} reviews …")
    reviews = read_labelled(resolve(paths, PARTS[purpose]), reading, like=like, room=room)
    announce(reviews)
    if like is None:
        warn_of_orientation(reviews)
    return reviews


def announce(reviews: LabelledReviews) -> None:
    """Say which columns were taken, how labels were read, what was dropped."""
    for note in reviews.notes:
        console.note(note)
    for warning in reviews.warnings:
        console.warn(warning)


def files_named(paths: Sequence[str]) -> str:
    """Say what was read in an error about all of it."""
    return f"{len(paths)} files" if len(paths) > 1 else STDIN if paths[0] == "-" else paths[0]
