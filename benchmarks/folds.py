"""Whether cross-validation is honest, in intervals and curves, and what `tune` comes to.

`make bench-folds` runs this (PARTS="coverage curve" some of it); it prints each figure as it comes
and writes them into its section of RESULTS.md. It needs ../shared/datasets. `curve` takes test rows
from training files. `tune` needs Optuna, is tested on half B of airline and multi-domain, half of
UCI and the test split of SST-2, which nothing is chosen by, and takes forty minutes.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from accuracy import read
from few import in_half_a, stars
from numpy.typing import NDArray
from peers import fasttext_tuned_answers
from results import Table, write_parts

from sentiment.evaluation import confusion
from sentiment.evaluation.metrics import Evaluation, metrics_for
from sentiment.labels import SENTIMENT
from sentiment.model.decision import confusion_matrix, even_decision
from sentiment.reviews.dataset import LabelledReviews, stratified_split
from sentiment.selection import fits
from sentiment.selection.crossing import (
    Answered,
    Fit,
    answer_out_of_fold,
    cross_validate,
    estimates,
)
from sentiment.selection.curve import LearningCurve, subsets
from sentiment.selection.folds import stratified
from sentiment.selection.tuning import Search, options_of
from sentiment.training.options import TrainingOptions, objective_for
from sentiment.training.run import Run

SIMULATED = 1_000
METRICS = ("accuracy", "macro_f1", "roc_auc", "log_loss")
FRESH = 20_000  # simulated reviews that tell the truth
CURVE_FOLDS = 5
TIMES = 4
TUNE_FOLDS, TUNE_SECONDS = 5, 300


class Simulated:
    """Reviews of which a logistic regression is the truth: each text is the number of its row."""

    def __init__(self, share: float, features: int, random: np.random.Generator) -> None:
        """Make the truth.

        Args:
            share: about the share of positive reviews.
            features: how many; the first five matter.
            random: draws the reviews.
        """
        self._random = random
        self._weights = np.where(np.arange(features) < 5, 0.8, 0.0)
        self._offset = 1.4 * np.log(share / (1 - share))
        self.features = np.empty((0, features))

    def draw(self, n: int) -> LabelledReviews:
        """Draw reviews; their features replace those of earlier ones."""
        self.features = self._random.standard_normal((n, self._weights.size))
        p = 1 / (1 + np.exp(-(self.features @ self._weights + self._offset)))
        labels = (self._random.random(n) < p).astype(np.int16)
        return LabelledReviews([str(row) for row in range(n)], labels)

    def rows(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the features of texts, with a constant."""
        some = self.features[[int(text) for text in texts]]
        return np.hstack([np.ones((len(some), 1)), some])

    def fit(self, training: LabelledReviews, texts: Sequence[str]) -> Answered:
        """Fit a logistic regression by Newton's method, with a little L2."""
        return answers(self.rows(texts) @ self.weights(training))

    def weights(self, training: LabelledReviews) -> NDArray[np.float64]:
        """Return the weights of a logistic regression, the constant first."""
        rows, labels = self.rows(training.texts), training.labels
        penalty = np.diag([1e-6, *[1.0] * (rows.shape[1] - 1)])
        weights = np.zeros(rows.shape[1])
        for _ in range(8):
            p = 1 / (1 + np.exp(-rows @ weights))
            slope = rows.T @ (labels - p) - penalty @ weights
            weights += np.linalg.solve((rows.T * (p * (1 - p))) @ rows + penalty, slope)
        return weights


def answers(log_odds: NDArray[np.float64]) -> Answered:
    """Return the answers that log-odds give."""
    p = 1 / (1 + np.exp(-log_odds))
    labels = (p >= 0.5).astype(np.int64)
    words = np.array(SENTIMENT.names, object)[labels].tolist()
    return Answered(np.stack([1 - p, p], axis=1), labels, words)


def coverage(table: Table) -> None:
    """Each row: how often the intervals of a metric hold what models of such data come to."""
    for n, features, share, folds, repeats in (
        (300, 10, 0.5, 10, 1),
        (300, 10, 0.5, 10, 3),
        (300, 10, 0.3, 10, 3),
        (1_000, 20, 0.5, 5, 1),
    ):
        random = np.random.default_rng(0)
        source = Simulated(share, features, random)
        found = []
        truth = []
        for seed in range(SIMULATED):
            reviews = source.draw(n)
            plan = stratified(reviews, folds, repeats, seed)
            results = cross_validate(reviews, plan, source.fit, lambda *_: None)
            each = estimates(results, reviews)
            found.append([each[name].interval for name in METRICS])
            weights = source.weights(reviews.take(plan[0][0].training))
            fresh = source.draw(FRESH)
            truth.append(metrics_of(answers(source.rows(fresh.texts) @ weights), fresh))
        low, high = np.moveaxis(np.array(found, np.float64), -1, 0)
        expected = np.mean(truth, axis=0)
        held = ((low <= expected) & (expected <= high)).mean(axis=0)
        table.row(
            f"coverage of 95% intervals in %, {n} reviews, {features} features, {share:.0%} "
            f"positive, {folds} folds × {repeats}",
            ", ".join(f"{name} {100 * each:.1f}" for name, each in zip(METRICS, held, strict=True)),
        )


def metrics_of(answered: Answered, reviews: LabelledReviews) -> list[float | None]:
    """Return the metrics of answers."""
    decision = even_decision(2)
    figures = Evaluation(answered.probabilities, reviews.labels, decision).figures
    return [figures[name] for name in METRICS]


def curve_sets() -> Iterator[tuple[str, LabelledReviews, LabelledReviews, Sequence[int]]]:
    """Yield the name of a set, its reviews to train on and to test on, and numbers of labels."""
    airline = read("airline/Tweets.csv")
    airline = airline.take(np.flatnonzero(in_half_a(list(airline.texts))))
    imdb = read("imdb/train.parquet")
    imdb = imdb.take(np.sort(np.random.default_rng(0).permutation(len(imdb))[:10_000]))
    for name, reviews, sizes in (
        ("SST-2", read("sst2/train.tsv"), (150, 300, 600, 1_250)),
        ("airline, half A, 3 classes", airline, (200, 400, 800, 1_250)),
        ("IMDb, 10,000", imdb, (250, 500, 1_000, 2_000)),
    ):
        share = 1 - 1.02 * TIMES * sizes[-1] / len(reviews)
        training, test = stratified_split(reviews.labels, share, 0, reviews.digest())
        shuffled = np.random.default_rng(1).permutation(training)
        yield name, reviews.take(shuffled), reviews.take(test), sizes


def foretold(reviews: LabelledReviews, fit: Fit, size: float) -> tuple[float, tuple[float, float]]:
    """Return the accuracy that the curve of reviews foretells for another number of them."""
    (folds,) = stratified(reviews, CURVE_FOLDS, 1, 0)
    every = [*subsets(reviews, folds, 0).values(), folds]
    results = [answer_out_of_fold(reviews, each, fit, lambda _: None) for each in every]
    return LearningCurve.of(results, reviews, "accuracy").at(size)


def curve(table: Table) -> None:
    """Each row: the accuracy at four times the labels, foretold and measured."""
    fit = fits.trained(TrainingOptions(optimize="accuracy"), Run())
    inside = total = 0
    for name, reviews, test, sizes in curve_sets():
        for size in sizes:
            value, (low, high) = foretold(reviews.take(np.arange(size)), fit, TIMES * size)
            answered = fit(reviews.take(np.arange(TIMES * size)), test.texts)
            measured = float(np.mean(answered.labels == test.labels))
            inside += low <= measured <= high
            total += 1
            table.row(
                f"{name}: accuracy at {TIMES * size:,} labels, foretold from {size:,}",
                f"{100 * value:.1f} ({100 * low:.1f}–{100 * high:.1f}), measured "
                f"{100 * measured:.1f} on {len(test):,}",
            )
    table.row("measured inside the 90% interval", f"{inside} of {total}")


def tune_sets() -> Iterator[tuple[str, LabelledReviews, LabelledReviews]]:
    """Yield the name of a set, its reviews to tune and train on, and those to test on."""
    for name, reviews in (
        ("airline, 3 classes", read("airline/Tweets.csv")),
        ("multi-domain", stars("multidomain/reviews.csv", "text", "stars")),
    ):
        half = in_half_a(list(reviews.texts))
        yield name, reviews.take(np.flatnonzero(half)), reviews.take(np.flatnonzero(~half))
    uci = read(*(f"uci/{name}_labelled.txt" for name in ("amazon_cells", "imdb", "yelp")))
    training, test = stratified_split(uci.labels, 0.5, 0, uci.digest())
    yield "UCI", uci.take(training), uci.take(test)
    yield "SST-2", read("sst2/train.tsv"), read("sst2/test.tsv")


def tuned(training: LabelledReviews) -> TrainingOptions:
    """Return what `sentiment tune` finds in five minutes."""
    objective = objective_for(training.labels, TrainingOptions())
    wanted = "accuracy" if objective == "accuracy" else "macro_f1"
    metric = next(each for each in metrics_for(training.label_set).all if each.name == wanted)
    (folds,) = stratified(training, TUNE_FOLDS, 1, 0)
    default = TrainingOptions()
    with TemporaryDirectory() as folder:
        place = Path(folder) / "study.db"
        makes = partial(fits.trained, run=Run())
        search = Search(place, training, folds, default, metric, makes)
        search.run(None, TUNE_SECONDS, lambda *_: None)
        outcome = search.outcome()
    print(f"  {outcome.finished} trials, {outcome.stopped} stopped, {outcome.chosen.values}")
    return options_of(outcome.chosen.values, default)


def tune(table: Table) -> None:
    """Each row: macro F1 of `tune`, of `train`, and of fastText's autotune, on the same rows."""
    ahead = []
    for name, training, test in tune_sets():
        answered = [fits.trained(each, Run())(training, test.texts).labels
                    for each in (tuned(training), TrainingOptions())]  # fmt: skip
        answered.append(fasttext_tuned_answers([(training, test)], TUNE_SECONDS)[0])
        ours, default, peer = (macro_f1(each, test) for each in answered)
        ahead.append((ours - default, ours - peer))
        table.row(
            f"{name}: macro F1 of tune, train, fastText autotune, 5 minutes",
            f"{100 * ours:.1f}, {100 * default:.1f}, {100 * peer:.1f}",
        )
    (mean_default, mean_peer), worst = np.mean(ahead, axis=0), np.min(ahead, axis=0)[0]
    table.row(
        "tune ahead of train in mean, in the worst set; ahead of fastText in mean",
        f"{100 * mean_default:+.1f}, {100 * worst:+.1f}; {100 * mean_peer:+.1f}",
    )


def macro_f1(answered: NDArray[np.int64], test: LabelledReviews) -> float:
    """Return the macro F1 of answers."""
    counts = confusion_matrix(test.labels, answered, len(test.label_set))
    return float(confusion.macro_f1(counts.astype(np.float64)))


PARTS = {part.__name__: part for part in (coverage, curve, tune)}


def main() -> None:
    """Run it, and write RESULTS.md."""
    table = Table(
        "Choosing a model",
        "make bench-folds",
        f"the coverage of the intervals of cross-validation over {SIMULATED:,} simulated sets, "
        "with a logistic regression in the network's place; accuracy foretold by `--curve` for "
        f"{TIMES} times the labels, and measured; macro F1 in % after five minutes of `tune`",
    )
    write_parts(__doc__, PARTS, table)


if __name__ == "__main__":
    main()
