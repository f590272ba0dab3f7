"""Answers in the order of a key, of which all or the first are written.

Rows wait in a temporary file. Memory holds two numbers of each, or of a few times N if only the
first N are wanted, so that many millions of rows can be sorted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import UsageError, hint
from sentiment.labels import NO_ANSWER, LabelSet
from sentiment.reviews.batch import BATCH_ROWS, BadRow, Batch, Row, Source
from sentiment.reviews.columns import Columns
from sentiment.storage import ObjectFile

CONFIDENCE, UNCERTAIN_FIRST = "confidence", "uncertain"

Floats = NDArray[np.floating]


class Answered(NamedTuple):
    """Rows with their answers.

    Attributes:
        batch: n rows.
        predicted: names of classes, `uncertain` or "", [n].
        probabilities: those of each class, NaN where there is no answer, float64 [n, K].
        reasons: why rows are uncertain, "" for others, [n].
    """

    batch: Batch
    predicted: Sequence[str]
    probabilities: Floats
    reasons: Sequence[str]

    def with_answer(self) -> "Answered":
        """Return the rows that have an answer, and those that could not be read."""
        bad = self.batch.bad
        kept = [n for n, word in enumerate(self.predicted) if word != NO_ANSWER or n in bad]
        if len(kept) == len(self.predicted):
            return self
        return Answered(
            self.batch.take(kept),
            [self.predicted[place] for place in kept],
            self.probabilities[kept],
            [self.reasons[place] for place in kept],
        )


@dataclass(frozen=True)
class Order:
    """An order of answers, and how many of the first are wanted.

    Attributes:
        labels: the classes of the answers.
        key: `confidence`, the most certain first; `uncertain`, the least certain first; or a class,
            by its probability, the highest first.
        top: how many; None for all.

    Raises:
        UsageError: the key is none of these.
    """

    labels: LabelSet
    key: str = CONFIDENCE
    top: int | None = None

    def __post_init__(self) -> None:
        known = (CONFIDENCE, UNCERTAIN_FIRST, *self.labels.names)
        if self.key not in known:
            near = hint(self.key, known) or f"; there are {', '.join(known)}"
            raise UsageError(f"--sort {self.key}: no such key{near}")

    def keys(self, predicted: Sequence[str], probabilities: Floats) -> Floats:
        """Return the number that each row is sorted by, the highest first: float64 [n].

        The confidence of an answer is its probability. An answer `uncertain` is less certain than
        all others. Rows without an answer have −∞.
        """
        if self.key not in (CONFIDENCE, UNCERTAIN_FIRST):
            keys = probabilities[:, self.labels.label_of(self.key)].astype(np.float64)
        else:
            labels = np.array(self.labels.indices_of(predicted), np.int64)
            own = probabilities[np.arange(len(labels)), labels]
            keys = np.where(labels < 0, probabilities.max(axis=1, initial=0) - 1, own)
            keys = -keys if self.key == UNCERTAIN_FIRST else keys
        keys[[word == NO_ANSWER for word in predicted]] = -np.inf
        return keys


class _Kept(NamedTuple):
    """A row as it waits in the file."""

    origin: int
    row: Row
    number: int
    bad: BadRow | None
    predicted: str
    probabilities: tuple[float, ...]
    reason: str


class _Origin(NamedTuple):
    """Where rows come from."""

    source: Source
    columns: Columns
    name: str
    format: str


@dataclass(frozen=True)
class _Numbered(Batch):
    """Rows in another order than in their source."""

    numbers: Sequence[int] = ()

    def row_number(self, place: int) -> int:
        """Return the 1-based number in the source of the row at an index."""
        return self.numbers[place]

    def part(self, start: int, end: int) -> Batch:
        """Return the rows from index `start` to before `end`."""
        part = super().part(start, end)
        return _Numbered(
            part.given,
            name=part.name,
            format=part.format,
            bad=part.bad,
            numbers=self.numbers[start:end],
        )


class Ranking:
    """Collects rows with their answers, and returns them in an order."""

    def __init__(self, order: Order) -> None:
        """Begin without rows.

        Raises:
            SentimentError: there is no space for a temporary file.
        """
        self._order = order
        self._file = ObjectFile()
        self._origins: list[_Origin] = []
        self._keys: list[Floats] = [np.zeros(0)]
        self._places = [np.zeros(0, np.int64)]
        self._size = 0
        self._least: float | None = None  # a row must be above it to be among the first

    def add(self, source: Source, columns: Columns, answered: Answered) -> None:
        """Add rows of a source.

        Raises:
            SentimentError: there is no space for them.
        """
        batch, predicted, probabilities, reasons = answered
        origin = _Origin(source, columns, batch.name, batch.format)
        if not self._origins or self._origins[-1] != origin:
            self._origins.append(origin)
        keys = self._order.keys(predicted, probabilities)
        above = np.full(keys.size, True) if self._least is None else keys > self._least
        candidates = np.flatnonzero(above).tolist()
        rows = batch.rows if candidates else ()
        kept = [
            _Kept(
                len(self._origins) - 1,
                rows[place],
                batch.row_number(place),
                batch.bad.get(place),
                predicted[place],
                tuple(probabilities[place].tolist()),
                reasons[place],
            )
            for place in candidates
        ]
        self._places.append(np.array(self._file.extend(map(tuple, kept)), np.int64))
        self._keys.append(keys[candidates])
        self._size += len(kept)
        if self._order.top and self._size > 2 * self._order.top + BATCH_ROWS:
            self._forget(self._order.top)

    def _forget(self, top: int) -> None:
        """Keep the first rows only, in the order of their arrival."""
        keys, places = np.concatenate(self._keys), np.concatenate(self._places)
        first = np.sort(np.argsort(-keys, kind="stable")[:top])
        self._keys, self._places, self._size = [keys[first]], [places[first]], top
        self._least = float(keys[first].min())

    def batches(self) -> Iterator[tuple[Source, Columns, Answered]]:
        """Yield the rows in their order, in batches of rows that follow each other in a source."""
        keys, places = np.concatenate(self._keys), np.concatenate(self._places)
        order = np.argsort(-keys, kind="stable")[: self._order.top]
        kept = map(_Kept._make, self._file.read(map(int, places[order])))
        for number, together in groupby(kept, key=lambda row: row.origin):
            origin = self._origins[number]
            while rows := list(islice(together, BATCH_ROWS)):
                yield origin.source, origin.columns, _batch_of(rows, origin)


def _batch_of(rows: Sequence[_Kept], origin: _Origin) -> Answered:
    batch = _Numbered(
        [each.row for each in rows],
        name=origin.name,
        format=origin.format,
        bad={place: each.bad for place, each in enumerate(rows) if each.bad is not None},
        numbers=[each.number for each in rows],
    )
    return Answered(
        batch,
        [each.predicted for each in rows],
        np.array([each.probabilities for each in rows]),
        [each.reason for each in rows],
    )
