"""Rows in, answers out: scoring, writing, and rows that cannot be read."""

import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sentiment.cli.by_sentence import by_sentence
from sentiment.cli.console import console
from sentiment.cli.progress import Meter
from sentiment.cli.reading import Repairs
from sentiment.cli.scoring import MeteredScorer
from sentiment.errors import DataError, UsageError
from sentiment.labels import NO_ANSWER, UNCERTAIN, LabelSet
from sentiment.model.model import Model
from sentiment.reviews.batch import BadRow, BadRows, Policy, RowsSource, Source
from sentiment.reviews.cells import (
    and_more,
    count_of,
    count_of_class,
    csv_cell,
    encode,
    to_json,
    tsv_cell,
)
from sentiment.reviews.columns import Columns
from sentiment.reviews.compression import writing
from sentiment.reviews.opening import Opened
from sentiment.reviews.streams import COMPRESSED_FORMATS, JSON_FORMATS, output_format_of
from sentiment.reviews.texts import texts_to_score, texts_to_show
from sentiment.reviews.writers import Explainer, Writer, instead, writer_for
from sentiment.workers import default_workers

_REJECTED = ("file", "row", "reason", "raw")


class Tally:
    """Counts answers, input by input.

    Attributes:
        answers: the number of each answer; "" is that of a row without text.
        rows: the number of rows of each input, by name.
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
        """Count answers, or add counts made elsewhere."""
        before = self.total
        self.answers.update(answers)
        self.rows[self._name] += self.total - before

    @property
    def total(self) -> int:
        """The number of rows."""
        return self.answers.total()

    def warn_if_empty(self) -> None:
        """Warn of inputs without rows."""
        if empty := [name for name, rows in self.rows.items() if not rows]:
            console.warn(f"no rows in {and_more(empty, 1)}")

    def fail_if_empty(self) -> None:
        """Raise DataError if there are no rows at all."""
        if not self.total:
            raise DataError(f"no rows in {and_more(list(self.rows), 1)} (--fail-if-empty)")

    def report(self, target: Path, classes: Sequence[str]) -> None:
        """Print the number of rows and of each answer, the time it took, and the output."""
        seconds = time.monotonic() - self._started
        parts = [
            f"{count_of_class(self.answers[answer], answer)} "
            f"({self.answers[answer] / self.total:.0%})"
            for answer in (*reversed(classes), UNCERTAIN)
            if self.answers[answer]
        ]
        if self.answers[NO_ANSWER]:
            parts.append(f"{self.answers[NO_ANSWER]:,} without text")
        what = f": {', '.join(parts)}" if parts else ""
        rows = f"{count_of(self.total, 'row')} in {seconds:,.1f} s"
        console.note(f"{and_more(list(self.rows), 1)}: {rows}{what} → {target}")


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

    Raises:
        UsageError: the choices contradict each other.
    """

    path: Path | None
    named_format: str | None
    prefix: str
    explain: bool
    kept: bool = False
    by_sentence: bool = False

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
    *,
    fail_if_empty: bool = False,
) -> Tally:
    """Answer every row of every input, in order, and write each batch at once.

    Args:
        model: answers the rows.
        inputs: the rows.
        target: where the answers go.
        workers: the number of processes that score; None for a good default.
        meter: shows the progress.
        fail_if_empty: whether it is an error if there are no rows.

    Raises:
        SentimentError: an input cannot be read, or the answers cannot be written as asked.
    """
    repairs = Repairs(wanted=model.repairs)
    tally = Tally()
    explainer = _explainer(model) if target.explain else None
    # Explaining is slow and happens in this process: more workers would wait for it.
    workers = 1 if explainer else workers or default_workers()
    # Texts are repaired once, where they are counted.
    scoring = model.with_repair(False) if repairs.wanted else model
    with target.open() as stream, MeteredScorer(scoring, workers, meter) as scorer:
        output = _Output(stream, target, model.labels, explainer)
        try:
            for opened in inputs:
                with closing(opened.source):
                    each = by_sentence(opened, target.prefix) if target.by_sentence else opened
                    tally.begin(each.source.name)
                    meter.begin()
                    if each.columns.text:  # an empty file has no columns
                        _answer_input(model, each, scorer, output, repairs, tally)
        except DataError:
            output.break_off()
            raise
        except (KeyboardInterrupt, SystemExit):
            with suppress(Exception):  # the stream may be closed, or a write unfinished
                output.break_off()
            raise
        if fail_if_empty:
            tally.fail_if_empty()
        output.close()
    repairs.report()
    return tally


def _answer_input(
    model: Model,
    each: Opened,
    scorer: MeteredScorer,
    output: "_Output",
    repairs: Repairs,
    tally: Tally,
) -> None:
    writer = output.writer(each.source, each.columns)
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
        writer.write(batch, answers, scores.of_columns(model.labels), reasons)
        tally.add(answers)
        output.stream.flush()


def _unknown() -> None:
    """Return how many sentences there will be."""


def _explainer(model: Model) -> Explainer:
    """Return a function from a text to its words with their contributions."""
    from sentiment.model.explanation import explain  # slow to import; most runs do not need it

    def words(text: str) -> list[list[str | float]]:
        return [[word.text, round(word.contribution, 6)] for word in explain(model, text).words]

    return words


@dataclass
class _Output:
    """Where records go, and how; the first input decides the columns."""

    stream: BinaryIO
    target: Target
    labels: LabelSet
    explainer: Explainer | None = None
    first: Source | None = None
    _writer: Writer | None = None

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
