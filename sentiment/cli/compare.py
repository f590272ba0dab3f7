"""`sentiment compare`: two models, or predictions, on the same reviews with labels."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from sentiment.cli.comparison import Compared, as_json_facts, as_text
from sentiment.cli.console import console
from sentiment.cli.options import json_option, read_label_options, talk_options
from sentiment.cli.reading import read_reviews
from sentiment.cli.scoring import readable_rows, score_reviews, warn_of_overlap
from sentiment.errors import DataError
from sentiment.evaluation import NO_ANSWER, Side, compare
from sentiment.model import Model, load_model
from sentiment.reviews import LabelledReviews, Predictions, ReadOptions, read_predictions


@click.command(short_help="Tell which of two models is better, if either is.")
@click.argument("a", type=click.Path())
@click.argument("b", type=click.Path())
@click.argument("data", nargs=-1, required=True, type=click.Path(), metavar="DATA...")
@read_label_options
@json_option
@talk_options
def command(a: str, b: str, data: tuple[str, ...], reading: ReadOptions, as_json: bool) -> None:
    """Tell which of two models is better, if either is.

    A and B are models (.safetensors), or files of predictions: CSV, TSV, JSONL or Parquet with
    `predicted`, `p_positive` or both, a row for each row of DATA in the same order. DATA are files,
    globs or folders of reviews with labels, as for train. Each model answers by its own threshold.

    \b
    Examples:
      sentiment compare old.safetensors new.safetensors held_out.csv
      sentiment compare new.safetensors their_answers.csv held_out.csv --json
    """
    openings = [(path, _open(path)) for path in (a, b)]
    reviews = read_reviews(data, reading, "evaluation")
    said_a, said_b = (_side(path, content, reviews) for path, content in openings)
    rows = readable_rows(said_a.unreadable | said_b.unreadable)
    reviews = reviews.take(rows)
    side_a, side_b = (said.side.take(rows) for said in (said_a, said_b))
    found = compare(_with_all_chances(side_a), _with_all_chances(side_b), reviews.labels)
    console.clear_status()
    compared = Compared((a, b), (side_a, side_b), reviews, found)
    if as_json:
        click.echo(json.dumps(as_json_facts(compared) | {"data": list(data)}))
    else:
        click.echo(as_text(compared))


@dataclass(frozen=True)
class _Said:
    """What one of the two says of the reviews, and which of them no model can read."""

    side: Side
    unreadable: NDArray[np.bool_]


def _open(path: str) -> Model | Predictions:
    if Path(path).suffix.lower() == ".safetensors":
        return load_model(Path(path))
    return read_predictions(path)


def _side(path: str, content: Model | Predictions, reviews: LabelledReviews) -> _Said:
    """Get what a model or a file of predictions says of the reviews.

    Raises:
        DataError: A file of predictions has more or fewer rows than were read.
    """
    if isinstance(content, Predictions):
        if len(content) != reviews.rows_read:
            raise DataError(
                f"{path}: {len(content):,} predictions for {reviews.rows_read:,} rows; "
                "one is needed for each row, in the same order"
            )
        side = Side(content.answers, content.p_positive).take(reviews.places)
        return _Said(side, np.zeros(len(reviews), np.bool_))
    warn_of_overlap(content, reviews, f"{path}'s")
    p_positive = score_reviews(content, reviews)
    answers = (p_positive >= content.decision.threshold).astype(np.int64)
    unreadable = np.isnan(p_positive)
    return _Said(Side(np.where(unreadable, NO_ANSWER, answers), p_positive), unreadable)


def _with_all_chances(side: Side) -> Side:
    """Leave probabilities out where some are missing: their loss would be that of other reviews."""
    missing = side.p_positive is not None and bool(np.isnan(side.p_positive).any())
    return Side(side.answers) if missing else side
