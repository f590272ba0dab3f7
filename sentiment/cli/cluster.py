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

from sentiment.cli import options
from sentiment.cli.answering import check_prefix
from sentiment.cli.console import console
from sentiment.cli.predict_options import Engine
from sentiment.cli.reading import announce, readable, warn_of_overlap, warn_of_unknown
from sentiment.cli.tally import Tally
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
from sentiment.reviews.cells import and_more, count_of
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.opening import expand
from sentiment.reviews.streams import ReadOptions, input_format_of

# Seconds to wait for stopped workers to end before their temporary files are deleted.
_PATIENCE = 10.0


@dataclass(frozen=True)
class Layout:
    """Where the answers to each file go.

    Attributes:
        folder: the output folder.
        targets: input file → output file in that folder.
    """

    folder: Path
    targets: dict[Path, Path]

    @classmethod
    def of(cls, names: Sequence[str], folder: Path | None, *, is_parquet: bool) -> "Layout":
        """Choose an output file for each input.

        `in/*.parquet`, `in` and files by name go into the folder itself; `in/*/*.parquet` keeps the
        folders below `in`.

        Args:
            names: files and globs.
            folder: the output folder.
            is_parquet: whether all files are Parquet, whatever their names.

        Raises:
            DataError: a file does not exist.
            UsageError: an input is not a Parquet file, two have the same output, or there is no
                output folder.
        """
        if folder is None or folder == options.STDOUT:
            raise UsageError("--engine ray writes a folder, one file per input: name it with -o")
        sources: dict[Path, Path] = {}  # by target
        for source, below in _find(names, is_parquet):
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
        """Check before the work starts that its results can be written, and overwrite no input.

        Args:
            model: the model file, an input, too.
            force: whether the folder may have files.

        Raises:
            UsageError: the folder is a file, has files without `--force`, or cannot be written; or
                an output is an input.
        """
        folder = self.folder
        try:
            if folder.exists() and not folder.is_dir():
                raise UsageError(f"{folder}: a file, not a folder")
            if folder.is_dir() and any(folder.iterdir()) and not force:
                raise UsageError(f"{folder} has files; --force keeps and overwrites them")
            place = folder if folder.is_dir() else folder.resolve().parent
            if not place.is_dir():
                raise UsageError(f"{folder.parent}: no such folder")
            with TemporaryFile(dir=place):
                pass
            self._check_targets([*self.targets, model])
        except OSError as error:
            raise UsageError(f"{folder}: cannot write there: {error.strerror}") from error

    def jobs(self, reading: ReadOptions, prefix: str) -> list[FileJob]:
        """Return a job for each file, in order."""
        check_prefix(prefix)
        return [
            FileJob(Named.of(source), reading, target.absolute(), prefix)
            for source, target in self.targets.items()
        ]

    def _check_targets(self, read: Sequence[Path]) -> None:
        """Check that no target is an input, under any name, or a folder."""
        places = {(at.st_dev, at.st_ino) for at in map(os.stat, read)}
        for target in self.targets.values():
            try:
                there = target.stat()
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(there.st_mode):
                raise UsageError(f"{target}: a folder, not a file")
            if (there.st_dev, there.st_ino) in places:
                raise UsageError(f"{target}: would overwrite an input; choose another folder")


def _find(names: Sequence[str], is_parquet: bool) -> Iterator[tuple[Path, Path]]:
    """Yield each file, and its path below the part of its name without wildcards."""
    for name in names:
        fixed = _fixed_part(name)
        for source in expand([name]):
            if source == "-" or source.is_dir():
                what = "stdin" if source == "-" else f"the folder {source}"
                raise UsageError(f"--engine ray reads Parquet, not {what}: -i 'FOLDER/*.parquet'")
            if not is_parquet and input_format_of(source) != "parquet":
                raise UsageError(
                    f"--engine ray reads Parquet, and {source} has another suffix; if it is, add "
                    "--input-format parquet"
                )
            yield source, Path(source.name) if fixed is None else source.relative_to(fixed)


@contextmanager
def written(output: Path, targets: Sequence[Path]) -> Iterator[None]:
    """Make the folders of the output files; if the block raises, delete unfinished files."""
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
            with suppress(OSError):  # it has complete files
                folder.rmdir()
        raise


def _fixed_part(name: str) -> Path | None:
    """Return a folder itself, and the folders before the first wildcard of a glob; else None."""
    if Path(name).is_dir():
        return Path(name)
    if not has_magic(name) or Path(name).exists():
        return None
    parts = Path(name).parts
    first = next(place for place, part in enumerate(parts) if has_magic(part))
    return Path(*parts[:first])


R = TypeVar("R")


def answer_files(
    engine: Engine,
    model: Model,
    jobs: Sequence[FileJob],
    output: Path,
    workers: int | None,
) -> Tally:
    """Answer every row of every file, each file separately.

    Args:
        engine: the cluster.
        model: answers the rows.
        jobs: the files to read and write; at least one.
        output: the output folder.
        workers: files at a time; None for one per core.

    Raises:
        SentimentError, OSError: a file cannot be read or written as asked, or the cluster failed.
    """
    check_job(model.labels, jobs[0])  # report a wrong option before a cluster starts
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


def score_files(
    engine: Engine,
    model: Model,
    names: Sequence[str],
    reading: ReadOptions,
    sliced: Sequence[str],
    workers: int | None,
) -> tuple[LabelledReviews, Scores]:
    """Score labelled reviews, each file separately; notes and warnings are those of one process.

    Args:
        engine: the cluster.
        model: scores the reviews.
        names: files, globs, folders or public data sets.
        reading: how to read them.
        sliced: the slices that are needed.
        workers: files at a time; None for one per core.

    Returns:
        The n readable reviews, without their texts, and their scores, [n].

    Raises:
        SentimentError: they cannot be read as asked, none is left, or the cluster failed.
    """
    jobs = [
        TableJob(Named.of(Path(place)), reading, tuple(sliced))
        for place in options.resolve_inputs(names, "evaluation")
    ]
    done: dict[int, ScoredTable] = {}
    with running(engine.address) as cluster:
        done.update(_counted(cluster.each(score_table, model, jobs, workers), len(jobs)))
        _check_all(done, jobs)
    found = merge([done[place] for place in range(len(jobs))], reading, sliced)
    announce(found.reviews)
    warn_of_overlap({"the model": model.record.training_hashes.overlap(found.digests)})
    warn_of_unknown(found.scores)
    return readable(found.reviews, found.scores)


def _counted(results: Iterable[R], total: int) -> Iterable[R]:
    """Show progress."""
    console.status(f"starting Ray for {count_of(total, 'file')} …")
    for count, result in enumerate(results, 1):
        yield result
        console.status(f"scored {count:,} of {count_of(total, 'file')} …")
    console.clear_status()


def _check_all(done: dict[int, R], jobs: Sequence[object]) -> None:
    """Raise SentimentError if a job was not done."""
    if missing := len(jobs) - len(done):
        raise SentimentError(f"Ray lost {count_of(missing, 'file')}; run it again")


def _announce(jobs: Sequence[FileJob], done: Sequence[ScoredFile]) -> None:
    """Print which column had the texts, once for all files of the same kind."""
    for kind in dict.fromkeys(scored.how for scored in done):
        alike = [job.source.name for job, each in zip(jobs, done, strict=True) if each.how == kind]
        console.note(f"{and_more(alike, 1)}: {kind}")
