"""The file of `cross-validate --out-of-fold`: each row with its out-of-fold answer."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from sentiment.cli.answering import Output, Target
from sentiment.cli.console import console
from sentiment.cli.options import PARTS
from sentiment.datasets.cache import resolve
from sentiment.errors import DataError, UsageError
from sentiment.labels import LabelSet
from sentiment.reviews.cells import count_of
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.separate_labels import open_labelled, paired_files
from sentiment.reviews.streams import ReadOptions
from sentiment.reviews.writers import added_names
from sentiment.selection.crossing import OutOfFold


def check_out_of_fold(
    path: Path, data: Sequence[str], reading: ReadOptions, labels: LabelSet
) -> None:
    """Check before any training that the columns of the answers have no column's name.

    Raises:
        UsageError: one has.
    """
    format = _target(path).format
    if format in ("text", "fasttext"):
        return
    added = added_names(format, "", labels, explained=False, kept=False)
    for where, each in paired_files(resolve(data, PARTS["training"]), reading):
        with closing(open_labelled(where, each).source) as source:
            if taken := [
                name for name in added.values() if name in {*source.columns, *source.header}
            ]:
                raise UsageError(
                    f'--out-of-fold adds a column "{taken[0]}", and {source.name} has one already: '
                    "rename it there, or leave out --out-of-fold"
                )


def write_out_of_fold(
    path: Path,
    data: Sequence[str],
    reading: ReadOptions,
    reviews: LabelledReviews,
    result: OutOfFold,
    repeats: int = 1,
) -> None:
    """Write each row of the files, in order, with the answer of a model not trained on it.

    Rows that were dropped, such as those without a label, have empty answers.

    Args:
        path: of the file to write.
        data: the files.
        reading: how they were read.
        reviews: what was read.
        result: the answers of the first of the repeats.
        repeats: how many there were.

    Raises:
        DataError: the files have changed since they were read.
    """
    shown = [label for _, label in reviews.label_set.columns]
    words = np.full(reviews.rows_read, "", object)
    probabilities = np.full((reviews.rows_read, len(shown)), np.nan)
    words[reviews.places] = result.answered.words
    probabilities[reviews.places] = result.answered.probabilities[:, shown]
    target, done = _target(path), 0
    with target.open() as stream:
        output = Output(stream, target, reviews.label_set)
        for where, each in paired_files(resolve(data, PARTS["training"]), reading):
            opened = open_labelled(where, each)
            with closing(opened.source):
                writer = output.writer(opened.source, opened.columns)
                for batch in opened.batches:
                    end = done + len(batch)
                    if end > reviews.rows_read:
                        raise _changed(data)
                    writer.write(batch, words[done:end].tolist(), probabilities[done:end])
                    done = end
        if done < reviews.rows_read:
            raise _changed(data)
        output.close()
    of = " of the first repeat" if repeats > 1 else ""
    note = f"saved {path}: {count_of(done, 'row')} with out-of-fold answers{of}"
    if without := done - result.rows.size:
        note += f", {without:,} of them without one"
    console.note(note)


def _changed(data: Sequence[str]) -> DataError:
    return DataError(f"{data[0]}: its rows changed while it was read; run it again")


def _target(path: Path) -> Target:
    return Target(path, None, "", explain=False)
