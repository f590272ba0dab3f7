"""Reviews with labels, scored where they are; what is measured are their labels and scores.

Only these come back, and what else the figures need of a text: whether there is one, its hash, and
which slices it is in. Labels come back as they stand, since all files together tell their meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sentiment.cluster.naming import Named
from sentiment.evaluation.slices import BUILT_IN, built_in_values
from sentiment.features.hashing import Hashes
from sentiment.model import Model, Scores
from sentiment.reviews import LabelledReviews, ReadOptions
from sentiment.reviews.labelled import label_tables
from sentiment.reviews.tables import Table, read_table
from sentiment.reviews.texts import GrowingTexts


@dataclass(frozen=True)
class TableJob:
    """A file of reviews with labels to score.

    Attributes:
        source: the file, of any format.
        reading: how to read it.
        sliced: slices that are needed, among them those that no column tells.
    """

    source: Named
    reading: ReadOptions
    sliced: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ScoredTable:
    """What came of a file of n reviews.

    Attributes:
        table: its labels and slices, and which rows have a text.
        scores: of each review, [n].
        digests: of each text, uint64 [n], as the model's memory has them.
    """

    table: Table
    scores: Scores
    digests: Hashes


@dataclass(frozen=True, eq=False)
class ScoredReviews:
    """Reviews of several files, those without a label or a text left out: n of them.

    Attributes:
        reviews: their labels, places and slices (`columns`); their texts, which stayed where they
            were, are empty here.
        scores: [n].
        digests: uint64 [n], as the model's memory has them.
    """

    reviews: LabelledReviews
    scores: Scores
    digests: Hashes


def score_table(model: Model, job: TableJob) -> ScoredTable:
    """Read a file of reviews, and score all of them.

    Raises:
        DataError: it cannot be read, or its columns cannot be told.
        UsageError: an option does not fit.
    """
    growing = GrowingTexts()
    with job.source.named_in_errors():
        table = read_table(job.source.path, job.reading, growing)
    texts = growing.done()
    slices = {name: built_in_values(name, texts) for name in _built_in(job.sliced)}
    table = replace(table, name=job.source.name, kept=table.kept | slices)
    return ScoredTable(table, model.scores(texts), model.seen.digests(texts))


def merge(
    tables: Sequence[ScoredTable], reading: ReadOptions, sliced: Sequence[str]
) -> ScoredReviews:
    """Put the reviews of all files together, their labels read as if by one process.

    Args:
        tables: in the order of the files.
        reading: how they were read.
        sliced: as in `TableJob`.

    Raises:
        DataError: their labels cannot be told or contradict each other, or no review is left.
    """
    keep = (*reading.keep, *_built_in(sliced))
    nowhere = [""] * sum(each.digests.size for each in tables)
    reviews = label_tables([each.table for each in tables], nowhere, replace(reading, keep=keep))
    scores = Scores(
        np.concatenate([each.scores.p_positive for each in tables]),
        np.concatenate([each.scores.evidence for each in tables]),
    )
    digests = np.concatenate([each.digests for each in tables])
    return ScoredReviews(reviews, scores.take(reviews.places), digests[reviews.places])


def _built_in(sliced: Sequence[str]) -> list[str]:
    return [name for name in sliced if name in BUILT_IN]
