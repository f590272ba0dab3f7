"""Rows in, answers out: scoring, writing, and rows that cannot be read."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from sentiment.cli.by_sentence import by_sentence
from sentiment.cli.console import console
from sentiment.cli.progress import Meter
from sentiment.cli.ranking import Answered, Order, Ranking
from sentiment.cli.reading import Repairs
from sentiment.cli.scoring import MeteredScorer
from sentiment.cli.tally import Tally
from sentiment.errors import DataError, UsageError
from sentiment.labels import LabelSet
from sentiment.model.model import Model
from sentiment.reviews.batch import BadRow, BadRows, Policy, RowsSource, Source
from sentiment.reviews.cells import csv_cell, encode, to_json, tsv_cell
from sentiment.reviews.columns import Columns
from sentiment.reviews.compression import writing
from sentiment.reviews.opening import Opened
from sentiment.reviews.streams import COMPRESSED_FORMATS, JSON_FORMATS, output_format_of
from sentiment.reviews.texts import texts_to_score, texts_to_show
from sentiment.reviews.writers import Explainer, Writer, instead, writer_for
from sentiment.workers import default_workers

_REJECTED = ("file", "row", "reason", "raw")


def check_rejects(path: Path, policy: str) -> None:
    """Check `--rejects` before the work starts.

    Raises:
        UsageError: no row is skipped, or the format of the file is not supported.
    """
    if policy != "skip":
        raise UsageError("--rejects lists skipped rows: add --on-bad-row skip")
    if output_format_of(path) in ("json", *COMPRESSED_FORMATS, "fasttext"):
        raise UsageError(f"--rejects {path}: name it .csv, .tsv or .jsonl")


@contextmanager
def handling(policy: Policy, path: Path | None, *, streamed: bool = False) -> Iterator[BadRows]:
    """Handle rows that cannot be read, and warn of them at the end.

    Args:
        policy: stop, skip or keep.
        path: where to list skipped rows; the file appears complete or not at all.
        streamed: whether answers go out at once; then skipped rows are listed even if the run
            fails later.
    """
    bad_rows = BadRows(policy, advice="; --on-bad-row skip leaves such rows out")
    try:
        if path is None:
            yield bad_rows
        else:
            early: BaseException | None = None
            with writing(path) as stream:
                bad_rows.report = _Rejects(stream, output_format_of(path)).write
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
    """A list of skipped rows, as CSV, TSV or JSON lines."""

    def __init__(self, stream: BinaryIO, format: str) -> None:
        self._stream = stream
        self._format = format
        if format != "jsonl":
            self._write_cells(_REJECTED)

    def write(self, file: str, number: int, bad: BadRow) -> None:
        if self._format == "jsonl":
            record = dict(zip(_REJECTED, (file, number, bad.reason, bad.raw), strict=True))
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
        path: a file, which appears complete or not at all; None for stdout.
        named_format: the format; None for that of the file's name, else text.
        prefix: put before the names of added columns.
        explain: whether to add the contributions of words.
        kept: whether rows that cannot be read keep their places.
        by_sentence: whether each sentence has a row.
        skip_empty: whether rows without text are left out.
        order: the order of the rows; None for that of the input.
        style: returns what to print for an answer, in lines for people.

    Raises:
        UsageError: the choices contradict each other.
    """

    path: Path | None
    named_format: str | None
    prefix: str
    explain: bool
    kept: bool = False
    by_sentence: bool = False
    skip_empty: bool = False
    order: Order | None = None
    style: Callable[[str], str] = str

    def __post_init__(self) -> None:
        check_prefix(self.prefix)
        format = self.format
        if self.explain and format not in JSON_FORMATS:
            raise UsageError(
                f"--explain writes JSON, not {format}: add --json; "
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
        """Open the file or stdout for writing."""
        if self.path is None:
            yield sys.stdout.buffer
        else:
            with writing(self.path) as file:
                yield file


def check_prefix(prefix: str) -> None:
    """Raise UsageError if a prefix of column names has control characters."""
    if re.search(r"[\x00-\x1f\x7f-\x9f]", prefix):
        raise UsageError(f"--prefix {prefix!r}: a name has no control characters")


def answer_rows(
    model: Model,
    inputs: Iterable[Opened],
    target: Target,
    workers: int | None,
    meter: Meter,
    tally: Tally | None = None,
    *,
    fail_if_empty: bool = False,
) -> Tally:
    """Answer every row of every input, in order, and write each batch at once if it can be.

    Args:
        model: answers the rows.
        inputs: the rows.
        target: where the answers go.
        workers: the number of processes that score; None for a good default.
        meter: shows the progress.
        tally: counts the answers, also of a run that fails; None for one of its own.
        fail_if_empty: whether it is an error if there are no rows.

    Raises:
        SentimentError: an input cannot be read, or the answers cannot be written as asked.
    """
    repairs = Repairs(wanted=model.repairs)
    tally = tally or Tally()
    explainer = _explainer(model) if target.explain else None
    # Explaining is slow and happens in this process: more workers would wait for it. Sorted rows
    # are explained at the end, and only those that are written.
    workers = 1 if explainer and not target.order else workers or default_workers()
    # Texts are repaired once, where they are counted.
    scoring = model.with_repair(False) if repairs.wanted else model
    with target.open() as stream, MeteredScorer(scoring, workers, meter) as scorer:
        output = Output(stream, target, model.labels, explainer)
        try:
            for opened in inputs:
                with closing(opened.source):
                    each = replace(opened, batches=tally.reading(opened.batches))
                    each = by_sentence(each, target.prefix) if target.by_sentence else each
                    tally.begin(each.source.name)
                    meter.begin()
                    if each.columns.text:  # an empty file has no columns
                        _answer_input(model, each, scorer, output, repairs, tally)
            console.clear_status()
            output.write_waiting()
        except DataError:
            output.break_off()
            raise
        except (KeyboardInterrupt, SystemExit):
            with suppress(Exception):  # the stream may be closed, or a write unfinished
                output.break_off()
            raise
        finally:
            tally.left_out = tally.total - output.written
        if fail_if_empty:
            tally.fail_if_empty()
        output.close()
    repairs.report()
    return tally


def _answer_input(
    model: Model,
    each: Opened,
    scorer: MeteredScorer,
    output: "Output",
    repairs: Repairs,
    tally: Tally,
) -> None:
    output.writer(each.source, each.columns)  # an input of other columns is an error at once
    is_split = output.target.by_sentence
    # A sentence is never a word for a missing value: *Any faults? None*.
    texts_of = texts_to_show if is_split else texts_to_score
    batches = scorer.scored(
        each.batches,
        lambda batch: repairs.count(texts_of(batch, each.columns)),
        each.source.would_block,
        _unknown if is_split else each.source.expected_rows,
    )
    for batch, scores in batches:
        answers = model.answers(scores)
        reasons = model.reasons(answers, scores)
        output.put(each, Answered(batch, answers, scores.probabilities, reasons))
        tally.add(answers)
        output.stream.flush()  # not before they are counted, which a summary is read for


def _unknown() -> None:
    """Return how many sentences there will be."""


def _explainer(model: Model) -> Explainer:
    """Return a function from a text to its words with their contributions."""
    from sentiment.model.explanation import explain  # slow to import; most runs do not need it

    def words(text: str) -> list[list[str | float]]:
        return [[word.text, round(word.contribution, 6)] for word in explain(model, text).words]

    return words


@dataclass
class Output:
    """Where records go, and how; the first input decides the columns.

    Attributes:
        stream: what is written to.
        target: where that is, and how.
        labels: the classes of the answers.
        explainer: see `writer_for`.
        first: the first input.
        written: the number of rows written.
    """

    stream: BinaryIO
    target: Target
    labels: LabelSet
    explainer: Explainer | None = None
    first: Source | None = None
    written: int = 0
    _writer: Writer | None = None
    _ranking: Ranking | None = None

    def put(self, opened: Opened, answered: Answered) -> None:
        """Write rows of an input at once; or at the end, if they are to be in another order.

        Raises:
            SentimentError: they cannot be written as asked, or cannot wait.
        """
        if self.target.skip_empty:
            answered = answered.with_answer()
            if not len(answered.batch):  # from which no types of columns can be found
                return
        if self.target.order is None:
            self._write(opened.source, opened.columns, answered)
            return
        self._ranking = self._ranking or Ranking(self.target.order)
        self._ranking.add(opened.source, opened.columns, answered)

    def write_waiting(self) -> None:
        """Write the rows that wait to be sorted."""
        for source, columns, answered in self._ranking.batches() if self._ranking else ():
            self._write(source, columns, answered)

    def _write(self, source: Source, columns: Columns, answered: Answered) -> None:
        writer = self.writer(source, columns)
        probabilities = answered.probabilities[:, [label for _, label in self.labels.columns]]
        writer.write(answered.batch, answered.predicted, probabilities, answered.reasons)
        self.written += len(answered.batch)

    def writer(self, source: Source, columns: Columns) -> Writer:
        """Return the writer, made for the first source.

        Raises:
            DataError: another source has other columns, in a format that needs the same.
        """
        if self._writer is None or self.first is None:
            self.first = source
            self._writer = writer_for(
                self.target.format,
                self.stream,
                source,
                columns,
                labels=self.labels,
                prefix=self.target.prefix,
                explainer=self.explainer,
                kept=self.target.kept,
                to_file=self.target.path is not None,
                style=self.target.style,
            )
            if self._writer.note:
                console.note(f"{self.target.path}: {self._writer.note}")
        elif self.target.format in ("csv", "tsv", *COMPRESSED_FORMATS) and (
            set(source.columns) != set(self.first.columns)  # in any order
        ):
            raise DataError(
                f"{source.name} has other columns than {self.first.name}; "
                f"score them one by one, or {instead('jsonl')}"
            )
        self._writer.columns = columns
        return self._writer

    def break_off(self) -> None:
        """Make what was written readable, such as Parquet, which needs its footer."""
        if self._writer and self._writer.needs_end:
            self._writer.close()

    def close(self) -> None:
        """Finish the file; if all inputs are empty, as a table without rows."""
        nothing = RowsSource([], [], "no rows")
        (self._writer or self.writer(nothing, Columns((), None, ""))).close()
