"""Labels flipped on purpose, and texts of two kinds: how well `check` and `drift` find them.

`make bench-checks` runs this; `make bench-checks PARTS=flipped` runs a part. It needs the real data
sets (../shared/datasets); it prints each figure as it comes and writes them into sections of
RESULTS.md. What the methods do was chosen on half A of multi-domain and of airline, with other
labels flipped.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
from accuracy import read
from few import stars
from numpy.typing import NDArray
from peers import cleanlab_ranking
from results import DATASETS, Table, parts_asked

from sentiment.checks.drift import LEVEL, Sample, drift
from sentiment.checks.out_of_fold import folds_for, out_of_fold
from sentiment.checks.sketched import drift_from
from sentiment.checks.wrong_labels import joined, ranking
from sentiment.general import FAST, NAME, bundled
from sentiment.labels import SENTIMENT
from sentiment.model.component import log_odds_of, probabilities_of
from sentiment.model.file import load_model
from sentiment.model.sketch import HeldOutScores, TextSketch
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train

SEEDS = range(5)
SHARE = 0.05
SPLITS, SPLITS_WITH_CLASSIFIER, TRAININGS = 2_000, 200, 200
ROWS = 500  # of each side

Floats = NDArray[np.float64]


def _sets() -> Iterator[tuple[str, LabelledReviews]]:
    """Yield the sets whose labels are flipped; the model of the program saw multi-domain alone."""
    yield "airline tweets", read("airline/Tweets.csv", classes=SENTIMENT.names)
    path = str(DATASETS / "multidomain/reviews.csv")
    titled = ReadOptions(text_columns=("title", "text"), label_column="stars")
    yield "multi-domain, titles and texts", read_labelled([path], titled)
    yield "multi-domain, texts alone", stars("multidomain/reviews.csv", "text", "stars")


def _opinion(reviews: LabelledReviews) -> Floats | None:
    """Return the log-odds of the bundled model; None if it saw the reviews."""
    model = load_model(bundled()[NAME])
    hashes = model.record.training_hashes
    digests = hashes.digests(reviews.texts)
    if hashes.is_known_set(digests):
        return None
    found = np.full((len(reviews), 1), np.nan)
    new = np.flatnonzero(hashes.new(digests))
    asked = model.restricted(reviews.label_set)
    for some in np.array_split(new, max(new.size // 512, 1)):
        texts = [reviews.texts[row] for row in some.tolist()]
        found[some] = log_odds_of(asked.scores(texts).probabilities)
    return found


def flipped() -> None:
    """Flip labels, and count how many of as many first-ranked reviews are those."""
    table = Table(
        "Labels flipped at random", "make bench-checks PARTS=flipped",
        f"the share of flipped labels among as many first-ranked reviews, {SHARE:.0%} of the "
        "labels flipped at random, 5 seeds; cleanlab's ranking by its default score, on the same "
        "probabilities; with the bundled model's opinion where it has not seen the set",
        ("set", "check", "cleanlab", "without the opinion"),
    )  # fmt: skip
    for name, reviews in _sets():
        opinion = _opinion(reviews)
        rows = []
        for seed in SEEDS:
            changed, which = _flip(reviews, seed)
            own = out_of_fold(changed, seed, folds_for(len(changed)))
            log_odds = joined(own, opinion, changed.labels)
            ours = ranking(log_odds, changed.labels)
            theirs = cleanlab_ranking(probabilities_of(log_odds), changed.labels)
            alone = ranking(joined(own, None, changed.labels), changed.labels)
            rows.append([_found(order, which) for order in (ours, theirs, alone)])
            table.note(f"  {name}, seed {seed}: " + ", ".join(f"{each:.3f}" for each in rows[-1]))
        means, lows, highs = np.mean(rows, axis=0), np.min(rows, axis=0), np.max(rows, axis=0)
        cells = [
            f"{mean:.3f} ({low:.3f}–{high:.3f})"
            for mean, low, high in zip(means, lows, highs, strict=True)
        ]
        table.row(name, *cells)
    table.write()


def _flip(reviews: LabelledReviews, seed: int) -> tuple[LabelledReviews, NDArray[np.bool_]]:
    """Return the reviews with some labels flipped, and which, bool [n]."""
    count = len(reviews)
    which = np.zeros(count, np.bool_)
    which[np.random.default_rng(seed).permutation(count)[: round(SHARE * count)]] = True
    labels = np.where(which, 1 - reviews.labels, reviews.labels).astype(np.int16)
    return replace(reviews, labels=labels), which


def _found(order: NDArray[np.int64], which: NDArray[np.bool_]) -> float:
    return float(which[order[: which.sum()]].mean())


def _kinds() -> dict[str, Sample]:
    """Return texts of different kinds, each with the scores of the quick bundled model."""
    model = load_model(bundled()[FAST])
    products = stars("multidomain/reviews.csv", "text", "stars", "domain")
    domains = np.array(products.columns["domain"])
    kinds = {name: products.take(np.flatnonzero(domains == name)) for name in sorted(set(domains))}
    kinds["airline"] = read("airline/Tweets.csv", classes=SENTIMENT.names)
    kinds["SST-2"] = read("sst2/train.tsv")
    return {
        name: Sample(list(each.texts), model.scores(list(each.texts)).probabilities)
        for name, each in kinds.items()
    }


def _part(sample: Sample, rows: NDArray[np.int64]) -> Sample:
    assert sample.probabilities is not None
    return Sample([sample.texts[row] for row in rows.tolist()], sample.probabilities[rows])


def drifted() -> None:
    """Compare random halves of one kind, and texts of two kinds."""
    table = Table(
        "Drift", "make bench-checks PARTS=drift",
        f"the share of comparisons with an alarm at the {LEVEL:.0%} limit, {ROWS} texts on either "
        "side: random halves of one kind (airline tweets, sentences of SST-2 and each domain of "
        "multi-domain, in turn), and every two kinds",
        ("comparison", "comparisons", "alarms"),
    )  # fmt: skip
    kinds = _kinds()
    names = ("negative", "neutral", "positive")
    for title, count, classifier in (
        ("halves of one kind", SPLITS, False),
        ("halves of one kind, with the classifier", SPLITS_WITH_CLASSIFIER, True),
    ):
        alarms = 0
        for seed in range(count):
            halves = _halves(list(kinds.values())[seed % len(kinds)], seed)
            alarms += bool(drift(*halves, names, seed, classifier=classifier).differing)
            if (seed + 1) % (count // 10) == 0:
                table.note(f"  {title}: {alarms} alarms in {seed + 1}")
        table.row(title, f"{count:,}", f"{alarms / count:.1%}")
    found = [
        bool(drift(_first(kinds[one]), _first(kinds[other]), names).differing)
        for one, other in combinations(kinds, 2)
    ]
    table.row("two kinds", f"{len(found)}", f"{np.mean(found):.1%}")
    _sketched(table, kinds, names)
    table.write()


def _sketched(table: Table, kinds: dict[str, Sample], names: tuple[str, ...]) -> None:
    """Compare with sketches: of texts with the same scores, and those that trainings leave."""
    alarms = 0
    for seed in range(SPLITS):
        old, new = _halves(list(kinds.values())[seed % len(kinds)], seed)
        alarms += bool(drift_from(_sketch(old), new, names, (), seed).differing)
    table.row("halves of one kind, one as a sketch", f"{SPLITS:,}", f"{alarms / SPLITS:.1%}")
    found = [
        bool(drift_from(_sketch(_first(kinds[one])), _first(kinds[other]), names).differing)
        for one, other in combinations(kinds, 2)
    ]
    table.row("two kinds, one as a sketch", f"{len(found)}", f"{np.mean(found):.1%}")
    sets = [
        read("airline/Tweets.csv", classes=SENTIMENT.names),
        stars("multidomain/reviews.csv", "text", "stars"),
    ]
    alarms = 0
    for seed in range(TRAININGS):
        reviews = sets[seed % len(sets)]
        rows = np.random.default_rng([seed, 7]).permutation(len(reviews))[: 2 * ROWS]
        model = train(reviews.take(rows[:ROWS]), TrainingOptions(seed=seed))
        texts = [reviews.texts[row] for row in rows[ROWS:].tolist()]
        new = Sample(texts, model.scores(texts).probabilities)
        sketch = model.record.sketch
        assert sketch is not None
        alarms += bool(drift_from(sketch, new, model.labels.names, (), seed).differing)
        if (seed + 1) % 10 == 0:
            table.note(f"  models trained on a half: {alarms} alarms in {seed + 1}")
    table.row("a trained model, the other half", f"{TRAININGS}", f"{alarms / TRAININGS:.1%}")


def _sketch(sample: Sample) -> TextSketch:
    assert sample.probabilities is not None
    known = ~np.isnan(sample.probabilities).any(axis=1)
    probabilities = sample.probabilities[known]
    return TextSketch.of(
        list(sample.texts), HeldOutScores.of(probabilities, probabilities.argmax(axis=1))
    )


def _halves(sample: Sample, seed: int) -> tuple[Sample, Sample]:
    rows = np.random.default_rng([seed, 1]).permutation(len(sample.texts))[: 2 * ROWS]
    return _part(sample, rows[:ROWS]), _part(sample, rows[ROWS:])


def _first(sample: Sample) -> Sample:
    return _part(sample, np.random.default_rng(0).permutation(len(sample.texts))[:ROWS])


PARTS = {"flipped": flipped, "drift": drifted}

if __name__ == "__main__":
    chosen, _ = parts_asked(__doc__, PARTS)
    for part in chosen:
        PARTS[part]()
