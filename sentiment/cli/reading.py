"""Reading reviews with labels, and saying how they were read."""

from collections.abc import Sequence

from sentiment.cli.console import console
from sentiment.cli.orientation import warn_of_orientation
from sentiment.cli.paths import PARTS
from sentiment.datasets.cache import resolve
from sentiment.reviews import LabelledReviews, ReadOptions, read_labelled
from sentiment.reviews.stream import STDIN


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
