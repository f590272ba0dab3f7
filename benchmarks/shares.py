"""Shares of many reviews: whether the true share is in the interval, and how far counting is off.

`make bench-shares` runs this (half an hour). It needs the real data sets (../shared/datasets); it
prints each figure as it comes and writes them into their section of RESULTS.md. Models are trained
on half A, by the first byte of a hash of the text, with five seeds; 2,000 samples each of 200 to
2,000 rows of half B have other shares of negative reviews, from 10% to 90%. Half B is opened here
and nowhere else: every choice was made on half A. `--try` splits half A instead, to choose by.
"""

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from few import in_half_a
from numpy.typing import NDArray
from results import DATASETS, Table, require_datasets

from sentiment.evaluation.shares import ShareModel, Shares, counted_shares
from sentiment.general import MODEL
from sentiment.labels import SENTIMENT
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train

SEEDS, SAMPLES = 5, 2_000
SMALLEST, LARGEST = 200, 2_000
FEWEST, MOST = 0.1, 0.9  # the share of negative reviews
_TRIED = 0.75  # of half A, to train on, with --try

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


def airline(*classes: str) -> LabelledReviews:
    """Read airline tweets, of some classes or of all three."""
    options = ReadOptions(
        text_columns=("text",), label_column="airline_sentiment", classes=tuple(classes)
    )
    return read_labelled([str(DATASETS / "airline/Tweets.csv")], options)


def multidomain() -> LabelledReviews:
    """Read reviews of products, 1 and 2 stars negative, 4 and 5 positive."""
    options = ReadOptions(text_columns=("title", "text"), label_column="stars")
    return read_labelled([str(DATASETS / "multidomain/reviews.csv")], options)


SETS: dict[str, Callable[[], LabelledReviews]] = {
    "airline, 2 classes": lambda: airline(*SENTIMENT.names),
    "airline, 3 classes": airline,
    "multi-domain": multidomain,
}


class Found(NamedTuple):
    """What samples came to, a row a sample.

    Attributes:
        inside: whether each true share is in its interval, [n, K].
        error: of the estimates, [n, K].
        counted: error of plain counting, [n, K].
        width: of the intervals, [n, K].
    """

    inside: NDArray[np.bool_]
    error: Floats
    counted: Floats
    width: Floats


def samples(labels: NDArray[np.integer], seed: int) -> list[Numbers]:
    """Draw rows without replacement, with a share of negative ones from 10% to 90%.

    Other classes keep their proportions. A sample is smaller where there are too few of a kind.
    """
    random = np.random.default_rng(seed)
    negative, others = np.flatnonzero(labels == 0), np.flatnonzero(labels != 0)
    drawn = []
    for _ in range(SAMPLES):
        share = random.uniform(FEWEST, MOST)
        most = min(negative.size / share, others.size / (1 - share))
        size = int(min(random.integers(SMALLEST, LARGEST + 1), most))
        ones = round(size * share)
        chosen = (random.permutation(negative)[:ones], random.permutation(others)[: size - ones])
        drawn.append(np.concatenate(chosen))
    return drawn


def measured(model: Model, tested: LabelledReviews, seed: int) -> Found:
    """Estimate the shares of samples of reviews."""
    scores = model.scores(list(tested.texts))
    known = np.flatnonzero(~scores.unknown)
    p, labels = scores.probabilities[known], tested.labels[known]
    answers = model.decision.always_answering().choose(p)
    classes = len(model.labels)
    drawn = samples(labels, seed)
    true, counts = (_counts(each, drawn, classes) for each in (labels, answers))
    cells = model.record.cells
    if cells is None:
        found = counted_shares(counts)
    else:
        found = ShareModel.of(cells).estimate(_counts(cells.index(p), drawn, cells.size))
    return _compared(found, _shares(true), _shares(counts))


def _counts(values: NDArray[np.integer], drawn: Sequence[Numbers], size: int) -> Numbers:
    return np.array([np.bincount(values[rows], minlength=size) for rows in drawn])


def _shares(counts: Numbers) -> Floats:
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _compared(found: Shares, true: Floats, counted: Floats) -> Found:
    inside = (found.low <= true) & (true <= found.high)
    return Found(inside, np.abs(found.value - true), np.abs(counted - true), found.high - found.low)


def halves(reviews: LabelledReviews, seed: int, *, trying: bool) -> tuple[LabelledReviews, ...]:
    """Return what is trained on, and what is sampled from."""
    in_a = in_half_a(list(reviews.texts))
    if not trying:
        return reviews.take(np.flatnonzero(in_a)), reviews.take(np.flatnonzero(~in_a))
    half = reviews.take(np.flatnonzero(in_a))
    # Equal texts stay on one side.
    mixed = (half.digest() ^ np.uint64(seed + 1)) * np.uint64(0x9E3779B97F4A7C15)
    first = (mixed >> np.uint64(40)).astype(np.float64) / (1 << 24) < _TRIED
    return half.take(np.flatnonzero(first)), half.take(np.flatnonzero(~first))


def row(table: Table, name: str, found: Sequence[Found]) -> None:
    """Write the figures of some models, one for each seed."""
    coverage = [float(each.inside.mean()) for each in found]
    error, counted, width = (
        float(np.mean([getattr(each, field) for each in found]))
        for field in ("error", "counted", "width")
    )
    table.row(
        name,
        f"{100 * np.mean(coverage):.1f} ({', '.join(f'{100 * each:.1f}' for each in coverage)})",
        f"{100 * error:.2f}",
        f"{100 * counted:.2f}",
        f"{error / counted:.2f}",
        f"{100 * width:.1f}",
    )


def main() -> None:
    """Measure all sets, and write the section."""
    require_datasets()
    trying = "--try" in sys.argv[1:]
    table = Table(
        "Shares of many reviews",
        "make bench-shares",
        f"{SAMPLES:,} samples of {SMALLEST} to {LARGEST:,} rows of half B with 10% to 90% negative "
        f"ones, by models trained on half A with {SEEDS} seeds. In %: how often the true share is "
        "in the 95% interval (of each seed), the mean absolute error of the share and of counting "
        "answers, their ratio, and the mean width of the interval",
        ("set", "true share inside", "error", "error of counting", "ratio", "width"),
    )
    for name, read in SETS.items():
        reviews, found = read(), []
        for seed in range(SEEDS):
            training, tested = halves(reviews, seed, trying=trying)
            model = train(training, TrainingOptions(seed=seed))
            found.append(measured(model, tested, seed))
        row(table, name, found)
    general = load_model(MODEL)
    for name, classes in (("2", SENTIMENT.names), ("3", ())):
        reviews = airline(*classes)
        _, tested = halves(reviews, 0, trying=trying)
        model = general.restricted(reviews.label_set)
        row(table, f"airline, {name} classes, by `general`, which knows no errors of its own",
            [measured(model, tested, 0)])  # fmt: skip
    if not trying:
        table.write()


if __name__ == "__main__":
    main()
