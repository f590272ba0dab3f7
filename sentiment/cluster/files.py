"""Scoring whole files and tables, on a cluster or in one process."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from sentiment.errors import DataError, SentimentError
from sentiment.evaluation.slices import BUILT_IN, built_in_values
from sentiment.features.hashing import Hashes
from sentiment.files import replacing
from sentiment.labels import LabelSet
from sentiment.model.model import Model, Scores
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import label_tables
from sentiment.reviews.opening import Opened, open_reviews
from sentiment.reviews.parquet import import_pyarrow
from sentiment.reviews.streams import ReadOptions
from sentiment.reviews.tables import Table, read_table
from sentiment.reviews.texts import texts_to_score
from sentiment.reviews.writers import Writer, writer_for
from sentiment.storage import GrowingTexts


@dataclass(frozen=True)
class Named:
    """A file with two names.

    Attributes:
        path: absolute, because a worker runs in another folder.
        name: as the user gave it.
    """

    path: Path
    name: str

    @classmethod
    def of(cls, path: Path) -> "Named":
        """Return the file for a path as the user gave it."""
        return cls(path.absolute(), str(path))

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Use the user's name for it in errors."""
        try:
            yield
        except SentimentError as error:
            raise type(error)(str(error).replace(str(self.path), self.name)) from error


@dataclass(frozen=True)
class Job:
    """A file to score, and how to read it."""

    source: Named
    reading: ReadOptions


@dataclass(frozen=True)
class TableJob(Job):
    """A file of labelled reviews, of any format, and the slices that are needed."""

    sliced: tuple[str, ...] = ()


class ScoredTable(NamedTuple):
    """The n reviews of a file: labels and slices, scores [n], and digests of texts, uint64 [n]."""

    table: Table
    scores: Scores
    digests: Hashes


class ScoredReviews(NamedTuple):
    """The reviews of several files that have a label and a text; the texts are empty here."""

    reviews: LabelledReviews
    scores: Scores
    digests: Hashes


def score_table(model: Model, job: TableJob) -> ScoredTable:
    """Read a file of reviews, and score all of them.

    Raises:
        DataError: it cannot be read, or its columns cannot be determined.
        UsageError: an option does not fit.
    """
    growing = GrowingTexts()
    with job.source.named_in_errors():
        table = read_table(job.source.path, job.reading, growing)
    texts = growing.done()
    slices = {name: built_in_values(name, texts) for name in _built_in(job.sliced)}
    table = replace(table, name=job.source.name, kept=table.kept | slices)
    return ScoredTable(table, model.scores(texts), model.record.training_hashes.digests(texts))


def merge(
    tables: Sequence[ScoredTable], reading: ReadOptions, sliced: Sequence[str]
) -> ScoredReviews:
    """Merge the reviews of all files, and read their labels as one process would.

    Args:
        tables: in the order of the files.
        reading: how they were read.
        sliced: as in `TableJob`.

    Raises:
        DataError: their labels cannot be read or contradict each other, or no review is left.
    """
    keep = (*reading.keep, *_built_in(sliced))
    nowhere = [""] * sum(each.digests.size for each in tables)
    reviews = label_tables([each.table for each in tables], nowhere, replace(reading, keep=keep))
    scores = Scores(
        np.concatenate([each.scores.probabilities for each in tables]),
        np.concatenate([each.scores.coverage for each in tables]),
    )
    digests = np.concatenate([each.digests for each in tables])
    return ScoredReviews(reviews, scores.take(reviews.places), digests[reviews.places])


def _built_in(sliced: Sequence[str]) -> list[str]:
    return [name for name in sliced if name in BUILT_IN]


@dataclass(frozen=True)
class FileJob(Job):
    """A Parquet file to score.

    Attributes:
        target: the output file; absolute.
        prefix: of the names of the added columns.
    """

    target: Path
    prefix: str = ""


class ScoredFile(NamedTuple):
    """The number of rows written, how the file was read, and the number of each answer."""

    rows: int
    how: str
    answers: Mapping[str, int]


def score_file(model: Model, job: FileJob) -> ScoredFile:
    """Score a file batch by batch; the target appears complete, with all rows, or not at all.

    Repeating an interrupted or finished job gives the same target.

    Raises:
        DataError: the file cannot be read, or the output has another number of rows.
        UsageError: it lacks a column, or already has one that would be added.
        OSError: the target cannot be written.
    """
    with job.source.named_in_errors():
        opened = open_reviews(job.source.path, job.reading, need_label=False)
        expected = _rows_in(job.source.path)
        with replacing(job.target) as stream:
            writer = _writer(model.labels, job, stream, opened)
            answers: Counter[str] = Counter()
            for batch in opened.batches:
                scores = model.scores(texts_to_score(batch, opened.columns))
                found = model.answers(scores)
                writer.write(batch, found, scores.of_columns(model.labels))
                answers.update(found)
            writer.close()
            _check_rows(job, stream, expected)
        return ScoredFile(expected, opened.columns.how, answers)


def _writer(labels: LabelSet, job: FileJob, stream: BinaryIO, opened: Opened) -> Writer:
    return writer_for(
        "parquet", stream, opened.source, opened.columns, labels=labels, prefix=job.prefix
    )


def check_job(labels: LabelSet, job: FileJob) -> None:
    """Open a file as `score_file` will, to find errors early.

    Raises:
        DataError: it cannot be read.
        UsageError: it lacks a column, or already has one that would be added.
    """
    with job.source.named_in_errors():
        opened = open_reviews(job.source.path, job.reading, need_label=False)
        _writer(labels, job, BytesIO(), opened)
        opened.source.close()


def check_written(job: FileJob, done: ScoredFile) -> None:
    """Check that the output of a worker, which may be on another machine, exists here, too.

    Raises:
        DataError: it is missing, or has another number of rows.
    """
    try:
        found = _rows_in(job.target)
    except (OSError, ValueError) as error:  # Arrow's errors are ValueErrors
        raise DataError(
            f"{job.source.name}: scored, but {job.target} is not here ({error}); is the folder "
            "shared by all machines of the cluster?"
        ) from error
    if found != done.rows:
        raise _other_rows(job, found, done.rows)


def _check_rows(job: FileJob, stream: BinaryIO, expected: int) -> None:
    """Check the number of rows in the written file before it replaces the target."""
    stream.flush()
    found = _rows_in(Path(stream.name))
    if found != expected:
        raise _other_rows(job, found, expected)


def _rows_in(path: Path) -> int:
    """Return the number of rows of a Parquet file, from its footer."""
    rows: int = import_pyarrow().parquet.read_metadata(path).num_rows
    return rows


def _other_rows(job: FileJob, found: int, expected: int) -> DataError:
    return DataError(
        f"{job.source.name}: {found:,} rows written instead of {expected:,}; run it again"
    )
