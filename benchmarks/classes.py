"""More than two classes: `train` with its defaults beside scikit-learn and fastText.

`make bench-classes` runs this (half an hour, half of it fastText's tuning). It needs the real data
sets (../shared/datasets); it prints each figure as it comes and writes them into their section of
RESULTS.md. Airline tweets and the stars of multi-domain are cross-validated over half B, by the
first byte of a hash of the text; SST-5 and GoEmotions have published test sets. Both are opened
here and nowhere else: every choice was made on half A and on training rows.
"""

import re
from collections import Counter
from collections.abc import Callable

import numpy as np
from few import in_half_a
from numpy.typing import NDArray
from peers import fasttext_tuned_answers, tfidf_answers
from results import DATASETS, Table, parts_asked

from sentiment.evaluation.metrics import Evaluation
from sentiment.labels import LabelSet
from sentiment.model.decision import MultiDecision
from sentiment.reviews.dataset import LabelledReviews, stratified_folds
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train

FOLDS, TUNING = 5, 120
EMOTIONS, NEUTRAL = 10, "27"
_LEAF = re.compile(r"\(\d ([^()\s]+)\)")
_NAMES = ("accuracy", "macro_f1", "quadratic_kappa", "mean_absolute_error", "ece")

Answers = NDArray[np.int64]
Folds = list[tuple[LabelledReviews, LabelledReviews]]
PEERS: dict[str, Callable[[Folds], list[Answers]]] = {
    "TF-IDF (1, 2) + logistic regression": lambda folds: [tfidf_answers(*f, None) for f in folds],
    "the same, balanced": lambda folds: [tfidf_answers(*f, "balanced") for f in folds],
    "fastText, autotuned 2 minutes (dim 100)": lambda folds: fasttext_tuned_answers(folds, TUNING),
}


def compared(key: str) -> None:
    """Measure ours and the peers on a set, and write its section."""
    name, (reviews, splits) = SETS[key][0], SETS[key][1]()
    table = Table(
        name,
        f"make bench-classes PARTS={key}",
        f"{SETS[key][2]}. Accuracy and macro F1 in %; kappa is quadratic, MAE in classes",
        ("program", "accuracy", "macro F1", "kappa", "MAE", "ECE"),
    )
    table.note(name)
    probabilities, answers = [], []
    for training, test in splits:
        model = train(reviews.take(training), TrainingOptions())
        scores = model.scores(reviews.take(test).texts)
        even = np.full(len(reviews.label_set), 1 / len(reviews.label_set))
        probabilities.append(np.where(np.isnan(scores.probabilities), even, scores.probabilities))
        answers.append(model.decision.choose(probabilities[-1]))
    rows = np.concatenate([test for _, test in splits])
    tested = reviews.take(rows)
    _row(table, "this program", tested, np.concatenate(answers), np.concatenate(probabilities))
    folds = [(reviews.take(training), reviews.take(test)) for training, test in splits]
    for peer, answer in PEERS.items():
        _row(table, peer, tested, np.concatenate(answer(folds)), None)
    table.write()


def _row(
    table: Table,
    name: str,
    tested: LabelledReviews,
    answers: Answers,
    probabilities: NDArray[np.float64] | None,
) -> None:
    """Write the figures of answers; those of probabilities are ours alone."""
    certain = np.eye(len(tested.label_set))[answers]
    found = Evaluation(certain, tested.labels, MultiDecision(), tested.label_set).figures
    if probabilities is not None:
        ours = Evaluation(probabilities, tested.labels, MultiDecision(), tested.label_set).figures
        found |= {"ece": ours["ece"]}
    else:
        found |= {"ece": None}
    cells = []
    for key in _NAMES:
        value = found.get(key)
        share = key in ("accuracy", "macro_f1")
        cells.append("" if value is None else f"{100 * value:.1f}" if share else f"{value:.3f}")
    table.row(name, *cells)


Split = tuple[NDArray[np.int64], NDArray[np.int64]]


Reviews = tuple[LabelledReviews, list[Split]]


def _airline() -> Reviews:
    options = ReadOptions(text_columns=("text",), label_column="airline_sentiment")
    return _folds(read_labelled([str(DATASETS / "airline/Tweets.csv")], options))


def _multidomain() -> Reviews:
    options = ReadOptions(text_columns=("title", "text"), label_column="stars", classes=("stars",))
    return _folds(read_labelled([str(DATASETS / "multidomain/reviews.csv")], options))


def _sst5() -> Reviews:
    return _published(_trees("train", 8544), _trees("test"))


def _goemotions() -> Reviews:
    kept = _most_frequent("train")
    return _published(_emotions("train", kept), _emotions("test", kept))


_TEST, _HALF = "the published test set", "5 folds over half B"
SETS: dict[str, tuple[str, Callable[[], Reviews], str]] = {
    "sst5": ("SST-5, 5 ordered classes", _sst5, _TEST),
    "goemotions": ("GoEmotions, the 10 most frequent emotions", _goemotions, _TEST),
    "airline": ("Airline tweets, 3 classes", _airline, _HALF),
    "multidomain": ("Multi-domain stars, 4 ordered classes", _multidomain, _HALF),
}


def _folds(reviews: LabelledReviews) -> tuple[LabelledReviews, list[Split]]:
    """Return half B, and its folds; equal texts are in one fold."""
    half = reviews.take(np.flatnonzero(~in_half_a(list(reviews.texts))))
    every = np.arange(len(half))
    parts = stratified_folds(half.labels, FOLDS, 0, half.digest())
    return half, [(np.setdiff1d(every, part), part) for part in parts]


def _published(
    training: LabelledReviews, test: LabelledReviews
) -> tuple[LabelledReviews, list[Split]]:
    joined = LabelledReviews(
        [*training.texts, *test.texts],
        np.concatenate((training.labels, test.labels)),
        label_set=training.label_set,
    )
    return joined, [tuple(np.split(np.arange(len(joined)), [len(training)]))]  # type: ignore[list-item]


def _trees(part: str, count: int | None = None) -> LabelledReviews:
    """Return the sentences of the treebank with the labels of their roots, from 0 to 4."""
    lines = (DATASETS / f"sst-trees/{part}.txt").read_text(encoding="utf-8").splitlines()[:count]
    texts = [" ".join(_LEAF.findall(line)) for line in lines]
    labels = np.array([int(line[1]) for line in lines], np.int16)
    return LabelledReviews(texts, labels, label_set=LabelSet(tuple("12345"), ordered=True))


def _single(part: str) -> list[list[str]]:
    """Return text and label of the comments of one emotion, none of them neutral."""
    lines = (DATASETS / f"goemotions/{part}.tsv").read_text(encoding="utf-8").split("\n")[1:]
    rows = [line.rstrip("\r").split("\t")[:2] for line in lines if line]
    return [row for row in rows if "," not in row[1] and row[1] != NEUTRAL]


def _most_frequent(part: str) -> list[str]:
    return sorted(
        label for label, _ in Counter(row[1] for row in _single(part)).most_common(EMOTIONS)
    )


def _emotions(part: str, kept: list[str]) -> LabelledReviews:
    rows = [row for row in _single(part) if row[1] in kept]
    labels = np.array([kept.index(label) for _, label in rows], np.int16)
    return LabelledReviews([text for text, _ in rows], labels, label_set=LabelSet(tuple(kept)))


def main() -> None:
    """Measure the sets that the command line names, or all."""
    for key in parts_asked(__doc__, SETS)[0]:
        compared(key)


if __name__ == "__main__":
    main()
