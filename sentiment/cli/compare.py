"""`sentiment compare`: two models, or predictions, on the same reviews with labels."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from sentiment.cli.comparison import Compared, as_json_facts, as_text
from sentiment.cli.console import console
from sentiment.cli.models import find_model, say_of_sample
from sentiment.cli.options import json_option, read_label_options, talk_options
from sentiment.cli.paths import NAME
from sentiment.cli.reading import read_reviews
from sentiment.cli.scoring import overlap_of, readable_rows, score_reviews, warn_of_overlap
from sentiment.errors import DataError
from sentiment.evaluation import Side, answers_by, compare
from sentiment.model import Model, is_model_file, load_model
from sentiment.model.decision import UNCERTAIN
from sentiment.reviews import LabelledReviews, Predictions, ReadOptions, read_predictions
from sentiment.reviews.predictions import NO_ANSWER


@click.command(short_help="Tell which of two models is better, if either is.")
@click.argument("a", type=NAME)
@click.argument("b", type=NAME)
@click.argument("data", nargs=-1, required=True, type=NAME, metavar="DATA...")
@read_label_options
@json_option
@talk_options
def command(a: str, b: str, data: tuple[str, ...], reading: ReadOptions, as_json: bool) -> None:
    """Tell which of two models is better, if either is.

    A and B are models, or files of predictions: CSV, TSV, JSONL or Parquet with `predicted`,
    `p_positive` or both, a row for each row of DATA in the same order. DATA are files, globs or
    folders of reviews with labels, as for train. Each model answers by its own threshold. What
    is left uncertain counts, too: for a model by its threshold, in a file by `p_positive`, from
    0.5 on as positive.

    \b
    Examples:
      sentiment compare old.safetensors new.safetensors held_out.csv
      sentiment compare new.safetensors their_answers.csv held_out.csv --json
    """
    openings = [(path, _open(path)) for path in (a, b)]
    reviews = read_reviews(data, reading, "evaluation")
    models = {path: content for path, content in openings if isinstance(content, Model)}
    warn_of_overlap({path: overlap_of(model, reviews) for path, model in models.items()})
    said_a, said_b = (_side(path, content, reviews) for path, content in openings)
    rows = readable_rows(said_a.unreadable | said_b.unreadable)
    reviews = reviews.take(rows)
    side_a, side_b = (said.side.take(rows) for said in (said_a, said_b))
    found = compare(_with_all_chances(side_a), _with_all_chances(side_b), reviews.labels)
    console.clear_status()
    uncertain = (said_a.count_uncertain(rows), said_b.count_uncertain(rows))
    compared = Compared((a, b), (side_a, side_b), reviews, found, uncertain)
    if as_json:
        click.echo(json.dumps(as_json_facts(compared) | {"data": list(data)}))
    else:
        click.echo(as_text(compared))


@dataclass(frozen=True)
class _Said:
    """What one of the two says of the reviews, which it is unsure of, and which it cannot read."""

    side: Side
    uncertain: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]

    def count_uncertain(self, rows: NDArray[np.int64]) -> int:
        return int(np.count_nonzero(self.uncertain[rows]))


def _open(path: str) -> Model | Predictions:
    try:
        model = find_model(Path(path), or_reviews=True)
        if model.suffix.lower() == ".safetensors" or is_model_file(model):
            loaded = load_model(model)
            say_of_sample(path, loaded)
            return loaded
        return read_predictions(path)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error


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
        return _said_in_file(Side(content.answers, content.p_positive).take(reviews.places))
    scores = score_reviews(content, reviews, path)
    p_positive = scores.p_positive
    answers = answers_by(p_positive, content.decision.threshold)
    uncertain = np.array(content.decision.answers(*scores)) == UNCERTAIN
    unreadable = np.isnan(p_positive)
    return _Said(Side(np.where(unreadable, NO_ANSWER, answers), p_positive), uncertain, unreadable)


def _said_in_file(side: Side) -> _Said:
    """Let a probability speak where there is no answer, as a model's does within its band."""
    none = np.zeros(side.answers.size, np.bool_)
    if side.p_positive is None:
        return _Said(side, none, none)
    uncertain = (side.answers == NO_ANSWER) & ~np.isnan(side.p_positive)
    answers = np.where(uncertain, answers_by(side.p_positive, 0.5), side.answers)
    return _Said(Side(answers, side.p_positive), uncertain, none)


def _with_all_chances(side: Side) -> Side:
    """Leave probabilities out where some are missing: their loss would be that of other reviews."""
    missing = side.p_positive is not None and bool(np.isnan(side.p_positive).any())
    return Side(side.answers) if missing else side
