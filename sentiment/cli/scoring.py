"""Many texts scored by a model: in several processes where that is worth it, with progress."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from sentiment.cli.progress import Meter
from sentiment.model.model import Model, Scores
from sentiment.reviews.batch import BATCH_ROWS
from sentiment.workers import Scored, Scorer, workers_for

T = TypeVar("T")


class MeteredScorer:
    """Scores batches in order, and shows how far that is.

    Use it in a `with` block; leaving the block ends the processes, and erases what is shown.
    """

    def __init__(self, model: Model, workers: int, meter: Meter) -> None:
        """Prepare to score with a model in up to `workers` processes; `meter` counts the rows."""
        self._scorer = Scorer(model, workers)
        self._meter = meter

    def scored(
        self,
        batches: Iterable[T],
        texts_of: Callable[[T], Sequence[str]],
        would_block: Callable[[], bool] = lambda: False,
        expected: Callable[[], int | None] = lambda: None,
    ) -> Iterator[Scored[T]]:
        """Yield each batch with its scores, and count its rows once the caller is done with it.

        Args:
            batches: see `Scorer.scored`.
            texts_of: see there.
            would_block: see there.
            expected: returns how many rows the input has, about; None if unknown.

        Raises:
            SentimentError: as there.
        """
        pairs = ((batch, texts_of(batch)) for batch in batches)
        for (batch, texts), scores in self._scorer.scored(pairs, itemgetter(1), would_block):
            yield batch, scores
            self._meter.add(len(texts), expected(), texts)

    def __enter__(self) -> "MeteredScorer":
        self._meter.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._scorer.__exit__(*error)
        self._meter.__exit__(*error)


def score_texts(
    model: Model, texts: Sequence[str], path: Path | None = None, workers: int | None = None
) -> Scores:
    """Return the scores of texts, [n], which may be in a file.

    Args:
        model: the model.
        texts: n texts.
        path: the file of the model if `fast` may be mentioned, see `Meter`.
        workers: the number of processes; None for a good default.
    """
    firsts = range(0, len(texts), BATCH_ROWS) or [0]
    batches = (texts[first : first + BATCH_ROWS] for first in firsts)
    with MeteredScorer(model, workers_for(model, workers), Meter(path)) as scorer:
        scored = scorer.scored(batches, lambda batch: batch, expected=lambda: len(texts))
        return Scores.joined(scores for _, scores in scored)


def score_in_memory(model: Model, texts: Sequence[str], workers: int | None = None) -> Scores:
    """Return the scores of texts in memory, [n]; n-grams score all of them at once."""
    if not model.reads_pieces:
        return model.scores(texts)
    return score_texts(model, texts, workers=workers)
