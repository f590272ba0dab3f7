"""`--engine ray`: what `predict` and `evaluate` do on a cluster."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from sentiment.cli.console import console
from sentiment.cli.engines import Engine
from sentiment.cli.layout import written
from sentiment.cli.paths import places_of
from sentiment.cli.reading import announce
from sentiment.cli.scoring import readable, warn_of_overlap, warn_of_unknown
from sentiment.cli.tally import Tally
from sentiment.cluster import (
    FileJob,
    ScoredFile,
    ScoredTable,
    TableJob,
    check_job,
    check_written,
    merge,
    running,
    score_file,
    score_table,
)
from sentiment.cluster.naming import Named
from sentiment.errors import SentimentError
from sentiment.model import Model, Scores
from sentiment.reviews import LabelledReviews, ReadOptions
from sentiment.reviews.cells import count_of
from sentiment.reviews.tables import name_of

R = TypeVar("R")


def answer_files(
    engine: Engine,
    model: Model,
    jobs: Sequence[FileJob],
    output: Path,
    workers: int | None,
) -> Tally:
    """Answer every row of every file, each file by itself.

    Args:
        engine: where to find the cluster.
        model: gives the answers.
        jobs: what is read and written; at least one.
        output: the folder of all that is written.
        workers: files at a time; None for one a core.

    Returns:
        What was answered.

    Raises:
        SentimentError, OSError: a file cannot be read or written as asked, or the cluster failed.
    """
    check_job(jobs[0])  # a wrong option is told before a cluster is started
    tally = Tally()
    done: dict[int, ScoredFile] = {}
    with written(output, [job.target for job in jobs]), running(engine.address) as cluster:
        for place, scored in _counted(cluster.each(score_file, model, jobs, workers), len(jobs)):
            check_written(jobs[place], scored)
            done[place] = scored
        _check_all(done, jobs)
    _announce(jobs, [done[place] for place in range(len(jobs))])
    for place, job in enumerate(jobs):
        tally.begin(job.source.name)
        tally.add(done[place].answers)
    return tally


def scored_where_they_are(
    engine: Engine,
    model: Model,
    names: Sequence[str],
    reading: ReadOptions,
    sliced: Sequence[str],
) -> tuple[LabelledReviews, Scores]:
    """Score reviews with labels, each file by itself, and say of all what one process would say.

    Args:
        engine: where to find the cluster.
        model: what is measured.
        names: files, globs, folders or names of sets.
        reading: how to read them.
        sliced: which slices are needed.

    Returns:
        The n reviews that can be read, without their texts, and their scores, [n].

    Raises:
        SentimentError: they cannot be read as asked, none is left, or the cluster failed.
    """
    jobs = [
        TableJob(Named.of(Path(place)), reading, tuple(sliced))
        for place in places_of(names, "evaluation")
    ]
    done: dict[int, ScoredTable] = {}
    with running(engine.address) as cluster:
        done.update(_counted(cluster.each(score_table, model, jobs), len(jobs)))
        _check_all(done, jobs)
    found = merge([done[place] for place in range(len(jobs))], reading, sliced)
    announce(found.reviews)
    warn_of_overlap({"the model": model.seen.overlap(found.digests)})
    warn_of_unknown(found.scores)
    return readable(found.reviews, found.scores)


def _counted(results: Iterable[R], total: int) -> Iterable[R]:
    """Show how many files are done."""
    console.status(f"starting Ray for {count_of(total, 'file')} …")
    for count, result in enumerate(results, 1):
        yield result
        console.status(f"scored {count:,} of {count_of(total, 'file')} …")
    console.clear_status()


def _check_all(done: dict[int, R], jobs: Sequence[object]) -> None:
    """Make sure that each job was done.

    Raises:
        SentimentError: one was not.
    """
    if missing := len(jobs) - len(done):
        raise SentimentError(f"Ray lost {count_of(missing, 'file')}; run it again")


def _announce(jobs: Sequence[FileJob], done: Sequence[ScoredFile]) -> None:
    """Say where the texts were, once for all files of the same kind."""
    for kind in dict.fromkeys(scored.how for scored in done):
        alike = (job.source for job, each in zip(jobs, done, strict=True) if each.how == kind)
        console.note(f"{name_of(alike)}: {kind}")
