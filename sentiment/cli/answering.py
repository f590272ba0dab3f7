"""What `sentiment predict` does with files and pipes: rows in, the same rows with answers out."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sentiment.cli.repairs import Repairs
from sentiment.cli.tally import Tally
from sentiment.errors import DataError, UsageError
from sentiment.files import replacing
from sentiment.model import Model
from sentiment.reviews import (
    Batch,
    Columns,
    Explainer,
    Opened,
    RowsSource,
    Source,
    Writer,
    output_format_of,
    texts_to_score,
    writer_for,
)
from sentiment.scoring import Scorer
from sentiment.worker import default_workers


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
                for batch, scores in scorer.scored(each.batches, texts, each.source.waits):
                    answers = model.decision.answers(*scores)
                    reasons = model.decision.reasons(answers, scores.evidence)
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
            )
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
