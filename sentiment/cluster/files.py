"""One Parquet file in, one out: the same rows in the same order, with their answers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from sentiment.cluster.naming import Named
from sentiment.errors import DataError
from sentiment.files import replacing
from sentiment.model import Model
from sentiment.reviews import ReadOptions, open_reviews, texts_to_score, writer_for
from sentiment.reviews.parquet import import_pyarrow


@dataclass(frozen=True)
class FileJob:
    """A file to score.

    Attributes:
        source: a Parquet file.
        target: where its rows and their answers go; absolute.
        reading: which columns hold the text.
        prefix: put before the names of the columns that are added.
    """

    source: Named
    target: Path
    reading: ReadOptions
    prefix: str = ""


@dataclass(frozen=True)
class ScoredFile:
    """What became of a job.

    Attributes:
        rows: how many were scored and written.
        how: how the file was read, to be announced.
        answers: how many there are of each answer.
    """

    rows: int
    how: str
    answers: Mapping[str, int]


def score_file(model: Model, job: FileJob) -> ScoredFile:
    """Score a file, a batch at a time; the target appears whole, with as many rows, or not at all.

    It may be called again for a job that was broken off, or even done: the target is the same.

    Raises:
        DataError: the file cannot be read, or came out with other rows than it has.
        UsageError: it has no such column, or one of a name that is added.
        OSError: the target cannot be written.
    """
    with job.source.named_in_errors():
        opened = open_reviews(job.source.path, job.reading, need_label=False)
        expected = _rows_in(job.source.path)
        with replacing(job.target) as stream:
            writer = writer_for("parquet", stream, opened.source, opened.columns, prefix=job.prefix)
            answers: Counter[str] = Counter()
            for batch in opened.batches:
                scores = model.scores(texts_to_score(batch, opened.columns))
                found = model.decision.answers(*scores)
                writer.write(batch, found, scores.p_positive)
                answers.update(found)
            writer.close()
            _check_rows(job, stream, expected)
        return ScoredFile(expected, opened.columns.how, answers)


def check_job(job: FileJob) -> None:
    """Open a file as `score_file` will, to find out what is wrong with it.

    Raises:
        DataError: it cannot be read.
        UsageError: it has no such column, or one of a name that is added.
    """
    with job.source.named_in_errors():
        opened = open_reviews(job.source.path, job.reading, need_label=False)
        writer_for("parquet", BytesIO(), opened.source, opened.columns, prefix=job.prefix)
        opened.source.close()


def check_written(job: FileJob, done: ScoredFile) -> None:
    """Make sure that what a worker wrote is here, too: whoever called it may be elsewhere.

    Raises:
        DataError: it is not, or has other rows.
    """
    try:
        found = _rows_in(job.target)
    except (OSError, ValueError) as error:  # Arrow's errors are ValueErrors, too
        raise DataError(
            f"{job.source.name}: scored, but {job.target} is not here ({error}); is the folder "
            "shared by all machines of the cluster?"
        ) from error
    if found != done.rows:
        raise _other_rows(job, found, done.rows)


def _check_rows(job: FileJob, stream: BinaryIO, expected: int) -> None:
    """Count the rows that were written, by what the file itself says, before it gets its name."""
    stream.flush()
    found = _rows_in(Path(stream.name))
    if found != expected:
        raise _other_rows(job, found, expected)


def _rows_in(path: Path) -> int:
    """Count the rows of a Parquet file by its footer."""
    rows: int = import_pyarrow().parquet.read_metadata(path).num_rows
    return rows


def _other_rows(job: FileJob, found: int, expected: int) -> DataError:
    return DataError(
        f"{job.source.name}: {found:,} rows came out of the {expected:,} that it has; run it again"
    )
