"""Rows in, answers out: scoring, writing, and rows that cannot be read."""

import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sentiment.cli.console import console
from sentiment.cli.reading import Repairs
from sentiment.errors import DataError, UsageError
from sentiment.files import replacing
from sentiment.labels import CLASSES
from sentiment.model.model import NO_ANSWER, UNCERTAIN, Model, Scores
from sentiment.model.provenance import Overlap
from sentiment.reviews.batch import BadRow, BadRows, Batch, Policy, RowsSource, Source
from sentiment.reviews.cells import and_more, count_of, csv_cell, encode, to_json, tsv_cell
from sentiment.reviews.columns import Columns, texts_to_score
from sentiment.reviews.dataset import LabelledReviews, Opened
from sentiment.reviews.formats import output_format_of
from sentiment.reviews.writers import Explainer, Writer, writer_for
from sentiment.workers import Scorer, default_workers


class Tally:
    """Counts answers, input by input.

    Attributes:
        answers: how many there are of each; "" is that of a row without text.
        rows: those of each input, by its name.
    """

    def __init__(self) -> None:
        """Start the clock."""
        self.answers: Counter[str] = Counter()
        self.rows: dict[str, int] = {}
        self._name = ""
        self._started = time.monotonic()

    def begin(self, name: str) -> None:
        """Count for this input from now on."""
        self._name = name
        self.rows.setdefault(name, 0)

    def add(self, answers: Iterable[str] | Mapping[str, int]) -> None:
        """Count answers, or take what was counted elsewhere."""
        before = self.total
        self.answers.update(answers)
        self.rows[self._name] += self.total - before

    @property
    def total(self) -> int:
        """How many rows were answered."""
        return self.answers.total()

    def warn_if_empty(self) -> None:
        """Warn of inputs that no row came of."""
        if empty := [name for name, rows in self.rows.items() if not rows]:
            console.warn(f"no rows in {and_more(empty, 1)}")

    def fail_if_empty(self) -> None:
        """Make no rows at all an error.

        Raises:
            DataError: there are none.
        """
        if not self.total:
            raise DataError(f"no rows in {and_more(list(self.rows), 1)} (--fail-if-empty)")

    def report(self, target: Path) -> None:
        """Say how many rows there were, their answers, how long it took, and where they are."""
        seconds = time.monotonic() - self._started
        parts = [
            f"{self.answers[answer]:,} {answer} ({self.answers[answer] / self.total:.0%})"
            for answer in (*reversed(CLASSES), UNCERTAIN)
            if self.answers[answer]
        ]
        if self.answers[NO_ANSWER]:
            parts.append(f"{self.answers[NO_ANSWER]:,} without text")
        what = f": {', '.join(parts)}" if parts else ""
        rows = f"{count_of(self.total, 'row')} in {seconds:,.1f} s"
        console.note(f"{and_more(list(self.rows), 1)}: {rows}{what} → {target}")


def scored(model: Model, reviews: LabelledReviews) -> tuple[LabelledReviews, Scores]:
    """Score the reviews that can be read; warn of others, and of those that the model has seen.

    What is repaired in them is said.

    Returns:
        The n reviews that are left, and their scores, [n].

    Raises:
        DataError: None is left.
    """
    warn_of_overlap({"the model": overlap_of(model, reviews)})
    repairs = Repairs(wanted=model.repairs)
    repairs.counted(reviews.texts)
    repairs.say()
    return readable(reviews, score_reviews(model, reviews))


def score_reviews(model: Model, reviews: LabelledReviews, name: str = "the model") -> Scores:
    """Score all reviews, [n]; warn of those that the model knows too little of."""
    console.status(f"scoring {count_of(len(reviews), 'review')} …")
    scores = model.scores(reviews.texts)
    warn_of_unknown(scores, name)
    return scores


def warn_of_unknown(scores: Scores, name: str = "the model") -> None:
    """Warn of reviews that a model knows too little of, by the scores of all."""
    if unknown := int(np.count_nonzero(scores.unknown)):
        console.warn(
            f"{unknown:,} of {count_of(scores.coverage.size, 'review')} hold hardly a word that "
            f"{name} knows: predict answers uncertain"
        )


def readable(reviews: LabelledReviews, scores: Scores) -> tuple[LabelledReviews, Scores]:
    """Leave out the reviews that cannot be read; see `readable_rows`.

    Raises:
        DataError: None is left.
    """
    rows = readable_rows(np.isnan(scores.p_positive))
    return reviews.take(rows), scores.take(rows)


def readable_rows(unreadable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Leave out the reviews that no model can read, such as one of invisible characters.

    Raises:
        DataError: None is left.
    """
    dropped = int(np.count_nonzero(unreadable))
    if dropped == unreadable.size:
        raise DataError("no reviews left: there is nothing to read in any of them")
    if dropped:
        rows = "review has" if dropped == 1 else "reviews have"
        console.warn(f"{dropped:,} {rows} nothing to read; dropped")
    return np.flatnonzero(~unreadable)


def overlap_of(model: Model, reviews: LabelledReviews) -> Overlap:
    """Count the reviews that a model was made with."""
    seen = model.record.training_hashes
    return seen.overlap(seen.digests(reviews.texts))


def warn_of_overlap(overlaps: Mapping[str, Overlap]) -> None:
    """Warn once of reviews that models were made with: trained, chosen or calibrated on.

    Args:
        overlaps: of the reviews that they are measured on, by what to call each model.
    """
    made = {name: overlap for name, overlap in overlaps.items() if overlap.found}
    if not made:
        return
    counts = [
        f"{overlap.found:,} of {count_of(overlap.checked, 'review')}"
        f"{'' if overlap.checked == overlap.reviews else ' that could be checked'} "
        f"{'' if number else 'were used '}to make {name}"
        for number, (name, overlap) in enumerate(made.items())
    ]
    hopeless = any(overlap.is_known_set for overlap in made.values())
    console.warn(
        f"{', '.join(counts)}, or share their longest sentence with one that was; the figures "
        + ("say nothing of" if hopeless else "are better than they would be on")
        + " new reviews"
    )


_COLUMNS = ("file", "row", "reason", "raw")


def check_rejects(path: Path, policy: str) -> None:
    """Stop before work is done that could not be written.

    Args:
        path: the file of the rows that are left out.
        policy: what is done about rows that cannot be read.

    Raises:
        UsageError: no row is left out, or its format is another.
    """
    if policy != "skip":
        raise UsageError("--rejects takes the rows that are left out: add --on-bad-row skip")
    if output_format_of(path) in ("parquet", "fasttext"):
        raise UsageError(f"--rejects {path}: name it .csv, .tsv or .jsonl")


@contextmanager
def handling(policy: Policy, path: Path | None, *, streamed: bool = False) -> Iterator[BadRows]:
    """Give what is done about rows that cannot be read; say in the end how many there were.

    Args:
        policy: one of `POLICIES`.
        path: rows that are left out are listed here; it appears whole or not at all.
        streamed: answers go out as they come, so that rows left out of them so far are listed when
            the run ends early, too.
    """
    bad_rows = BadRows(policy, advice="; --on-bad-row skip leaves such rows out")
    try:
        if path is None:
            yield bad_rows
        else:
            early: BaseException | None = None
            with replacing(path) as stream:
                bad_rows.tell = _Rejects(stream, output_format_of(path)).write
                try:
                    yield bad_rows
                except BaseException as error:
                    if not (streamed and bad_rows.found):
                        raise
                    early = error
            if early:
                raise early
    finally:
        for summary in bad_rows.summaries():
            console.warn(summary)


class _Rejects:
    """A list of rows that were left out, as CSV, TSV or JSON lines."""

    def __init__(self, stream: BinaryIO, format: str) -> None:
        self._stream = stream
        self._format = format
        if format != "jsonl":
            self._write_cells(_COLUMNS)

    def write(self, file: str, number: int, bad: BadRow) -> None:
        if self._format == "jsonl":
            record = dict(zip(_COLUMNS, (file, number, bad.reason, bad.raw), strict=True))
            self._stream.write(encode(to_json(record) + "\n"))
        else:
            self._write_cells((file, str(number), bad.reason, bad.raw))

    def _write_cells(self, cells: tuple[str, ...]) -> None:
        quote, delimiter = (tsv_cell, "\t") if self._format == "tsv" else (csv_cell, ",")
        self._stream.write(encode(delimiter.join(map(quote, cells)) + "\n"))


@dataclass(frozen=True)
class Target:
    """Where answers go, and how.

    Attributes:
        path: a file that appears whole or not at all; None for stdout.
        named_format: None for that of the file's name, else text.
        prefix: put before the names of the columns that are added.
        explain: words are listed with what they contribute.
        kept: rows that cannot be read keep their places.
    """

    path: Path | None
    named_format: str | None
    prefix: str
    explain: bool
    kept: bool = False

    def __post_init__(self) -> None:
        """Check that the choices go together.

        Raises:
            UsageError: they do not.
        """
        check_prefix(self.prefix)
        format = self.format
        if self.explain and format != "jsonl":
            raise UsageError(
                f"--explain writes JSON lines, not {format}: add --json; "
                "for people there is `sentiment explain`"
            )

    @property
    def format(self) -> str:
        """One of `OUTPUT_FORMATS`."""
        if self.path is None:
            return self.named_format or "text"
        return output_format_of(self.path, self.named_format)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open it."""
        if self.path is None:
            yield sys.stdout.buffer
        else:
            with replacing(self.path) as file:
                yield file


def check_prefix(prefix: str) -> None:
    """Check what is put before the names of columns.

    Raises:
        UsageError: it has control characters.
    """
    if re.search(r"[\x00-\x1f\x7f-\x9f]", prefix):
        raise UsageError(f"--prefix {prefix!r}: a name has no control characters")


def answer_rows(
    model: Model,
    inputs: Iterable[Opened],
    target: Target,
    workers: int | None,
    *,
    fail_if_empty: bool = False,
) -> Tally:
    """Answer every row of every input, in order, each batch as soon as it is done.

    Args:
        model: gives the answers.
        inputs: what is read.
        target: where the answers go.
        workers: how many processes may score; None for as many as are of use.
        fail_if_empty: no row at all is an error.

    Returns:
        What was answered.

    Raises:
        SentimentError: a source cannot be read, or the answers cannot be written as asked.
    """
    repairs = Repairs(wanted=model.repairs)
    tally = Tally()
    explainer = _explainer(model) if target.explain else None
    # Where words are explained, this process is what others would wait for.
    workers = 1 if explainer else workers or default_workers()
    with target.open() as stream, Scorer(model, workers) as scorer:
        output = _Output(stream, target, explainer)
        try:
            for each in inputs:
                tally.begin(each.source.name)
                if not each.columns.text:
                    continue  # an empty file has no columns to agree with the others'
                writer = output.writer(each.source, each.columns)
                texts = _texts_of(each.columns, repairs)
                for batch, scores in scorer.scored(each.batches, texts, each.source.would_block):
                    answers = model.answers(scores)
                    reasons = model.decision.reasons(answers, scores.coverage)
                    writer.write(batch, answers, scores.p_positive, reasons)
                    tally.add(answers)
                    stream.flush()
        except DataError:
            output.break_off()
            raise
        if fail_if_empty:
            tally.fail_if_empty()
        output.close()
    repairs.say()
    return tally


def _texts_of(columns: Columns, repairs: Repairs) -> Callable[[Batch], Sequence[str]]:
    """Give what takes the texts of a batch, and counts those that are repaired."""
    return lambda batch: repairs.counted(texts_to_score(batch, columns=columns))


def _explainer(model: Model) -> Explainer:
    """Give what lists the words of a text with their contributions."""
    from sentiment.model.explanation import explain  # costs a start that most runs can do without

    def words(text: str) -> list[list[str | float]]:
        return [[word.text, round(word.contribution, 6)] for word in explain(model, text).words]

    return words


@dataclass
class _Output:
    """Where records go, and how; the first input decides which columns there are."""

    stream: BinaryIO
    target: Target
    explainer: Explainer | None = None
    first: Source | None = None
    _writer: Writer | None = None

    def writer(self, source: Source, columns: Columns) -> Writer:
        """Give the writer, made for the first source.

        Raises:
            DataError: a later source has other columns, and the format needs the same.
        """
        if self._writer is None or self.first is None:
            self.first = source
            self._writer = writer_for(
                self.target.format,
                self.stream,
                source,
                columns,
                prefix=self.target.prefix,
                explainer=self.explainer,
                kept=self.target.kept,
                to_file=self.target.path is not None,
            )
            if self._writer.note:
                console.note(f"{self.target.path}: {self._writer.note}")
        elif self.target.format in ("csv", "tsv", "parquet") and (
            set(source.columns) != set(self.first.columns)  # in whichever order
        ):
            raise DataError(
                f"{source.name} has other columns than {self.first.name}; "
                "score them one by one, or with --format jsonl"
            )
        self._writer.columns = columns
        return self._writer

    def break_off(self) -> None:
        """Make what is written so far readable: Parquet without its end is not."""
        if self._writer and self.target.format == "parquet":
            self._writer.close()

    def close(self) -> None:
        """Write what the format ends with; of inputs that are all empty, a table without rows."""
        nothing = RowsSource([], [], "no rows")
        (self._writer or self.writer(nothing, Columns((), None, ""))).close()
