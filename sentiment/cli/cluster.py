"""`sentiment predict --engine ray`: folders of files, scored on a cluster."""

import os
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import has_magic
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeVar

from sentiment.cli.answering import Tally, check_prefix, readable, warn_of_overlap, warn_of_unknown
from sentiment.cli.console import console
from sentiment.cli.options import STDOUT, resolve_inputs
from sentiment.cli.predict import Engine
from sentiment.cli.reading import announce
from sentiment.cluster.engine import running
from sentiment.cluster.files import (
    FileJob,
    Named,
    ScoredFile,
    ScoredTable,
    TableJob,
    check_job,
    check_written,
    merge,
    score_file,
    score_table,
)
from sentiment.errors import SentimentError, UsageError
from sentiment.files import clear_abandoned
from sentiment.model.model import Model, Scores
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import LabelledReviews, name_of
from sentiment.reviews.formats import ReadOptions, input_format_of
from sentiment.reviews.opening import expand

# How long to wait for workers to end that were told to, so that what they wrote can be deleted.
_PATIENCE = 10.0


@dataclass(frozen=True)
class Layout:
    """Which file goes where.

    Attributes:
        folder: of all that is written.
        targets: each file that is read → the file that is written below the folder.
    """

    folder: Path
    targets: dict[Path, Path]

    @classmethod
    def of(cls, names: Sequence[str], folder: Path | None, *, named: bool) -> "Layout":
        """Lay files out: as they stand below a glob's folder, so they do below the one written.

        `in/*.parquet`, `in` and files by name go into the folder itself; of `in/*/*.parquet`, each
        goes into a folder of its own folder's name.

        Args:
            names: files and globs.
            folder: what is to be written.
            named: the user said that all are Parquet, whatever they are called.

        Raises:
            DataError: a file is not there.
            UsageError: an input is none, two of them have one target, or no folder is named.
        """
        if folder is None or folder == STDOUT:
            raise UsageError("--engine ray writes a folder, a file for each input: name it with -o")
        sources: dict[Path, Path] = {}  # by target
        for source, below in _found(names, named):
            target = folder / below
            if sources.get(target) == source:
                raise UsageError(f"{source} is given twice")
            if target in sources:
                raise UsageError(
                    f"{sources[target]} and {source} would both be written to {target}: name them "
                    "by a glob with the folders above, as in -i 'in/*/*.parquet'"
                )
            sources[target] = source
        return cls(folder, {source: target for target, source in sources.items()})

    def check(self, model: Path, *, force: bool) -> None:
        """Stop before work is done that could not be kept, or that would cost what it was done on.

        Args:
            model: is read, too.
            force: whether there may be files.

        Raises:
            UsageError: the folder is none, has files and `--force` was not given, or cannot be
                written; or a target is a file that is read.
        """
        folder = self.folder
        try:
            if folder.exists() and not folder.is_dir():
                raise UsageError(f"{folder}: a file, not a folder")
            if folder.is_dir() and any(folder.iterdir()) and not force:
                raise UsageError(f"{folder} has files; --force writes among and over them")
            place = folder if folder.is_dir() else folder.resolve().parent
            if not place.is_dir():
                raise UsageError(f"{folder.parent}: no such folder")
            with TemporaryFile(dir=place):
                pass
            self._check_targets([*self.targets, model])
        except OSError as error:
            raise UsageError(f"{folder}: cannot write there: {error.strerror}") from error

    def jobs(self, reading: ReadOptions, prefix: str) -> list[FileJob]:
        """Say what is to be done: a job a file, in order."""
        check_prefix(prefix)
        return [
            FileJob(Named.of(source), target.absolute(), reading, prefix)
            for source, target in self.targets.items()
        ]

    def _check_targets(self, read: Sequence[Path]) -> None:
        """Make sure that no target is a file that is read, by whatever name, or is no file."""
        places = {(at.st_dev, at.st_ino) for at in map(os.stat, read)}
        for target in self.targets.values():
            try:
                there = target.stat()
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(there.st_mode):
                raise UsageError(f"{target}: a folder, not a file")
            if (there.st_dev, there.st_ino) in places:
                raise UsageError(f"{target} is one of the files that are read: name another folder")


def _found(names: Sequence[str], named: bool) -> Iterator[tuple[Path, Path]]:
    """Find the files that are named, and where each stands below the fixed part of its name.

    Raises:
        DataError: one is not there.
        UsageError: one is no Parquet file.
    """
    for name in names:
        fixed = _fixed_part(name)
        for source in expand([name]):
            if source == "-" or source.is_dir():
                what = "stdin" if source == "-" else f"the folder {source}"
                raise UsageError(f"--engine ray reads Parquet, not {what}: -i 'FOLDER/*.parquet'")
            if not named and input_format_of(source) != "parquet":
                raise UsageError(
                    f"--engine ray reads Parquet, and {source} is not called so; if it is, add "
                    "--input-format parquet"
                )
            yield source, Path(source.name) if fixed is None else source.relative_to(fixed)


@contextmanager
def written(output: Path, targets: Sequence[Path]) -> Iterator[None]:
    """Make the folders; if the block raises, delete what was begun there.

    Args:
        output: the folder of all.
        targets: the files that workers write.
    """
    made = []
    for folder in dict.fromkeys([output, *(target.parent for target in targets)]):
        if not folder.is_dir():
            folder.mkdir(parents=True)
            made.append(folder)
    try:
        yield
    except BaseException:
        end = time.monotonic() + _PATIENCE
        while not clear_abandoned(targets) and time.monotonic() < end:
            time.sleep(0.1)
        for folder in reversed(made):
            with suppress(OSError):  # something whole is in it
                folder.rmdir()
        raise


def _fixed_part(name: str) -> Path | None:
    """Give the folder of a glob that has no wildcard in its name; None for a name without any."""
    if not has_magic(name) or Path(name).exists():
        return None
    parts = Path(name).parts
    fixed = next(place for place, part in enumerate(parts) if has_magic(part))
    return Path(*parts[:fixed])


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
        for place in resolve_inputs(names, "evaluation")
    ]
    done: dict[int, ScoredTable] = {}
    with running(engine.address) as cluster:
        done.update(_counted(cluster.each(score_table, model, jobs), len(jobs)))
        _check_all(done, jobs)
    found = merge([done[place] for place in range(len(jobs))], reading, sliced)
    announce(found.reviews)
    warn_of_overlap({"the model": model.record.training_hashes.overlap(found.digests)})
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
