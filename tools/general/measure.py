"""Held-out figures of a model, by which choices are made: `python -m tools.general.measure MODEL`.

No test split is read: the rows are what `corpus.held_out` keeps back of each source, half A of the
airline tweets, and the probe. The treebank is left out: its file holds train and development
sentences, and of a phrase that is held back, others that contain it are not.
"""

import argparse
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.evaluation.metrics import Evaluation
from sentiment.labels import SENTIMENT, WITH_NEUTRAL
from sentiment.model.decision import even_decision
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.probing import CAPABILITIES, probe
from tools.general.corpus import Example, held_out, read_corpus
from tools.general.sources import half_of

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT.parent / "shared" / "datasets"

# Rows of a set, at most.
_MOST = 1500


def development(datasets: Path, own: Path) -> Iterator[tuple[str, list[Example]]]:
    """Yield names and texts of the sets that choices are made by."""
    for name, examples in read_corpus(datasets, own).items():
        if name != "trees":
            yield name, [each for each in examples if held_out(each.text)]
    yield "airline, half A", list(_tweets(datasets / "airline/Tweets.csv"))


def _tweets(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for row in csv.DictReader(file):
            if half_of(row["text"]) == "A":
                side = WITH_NEUTRAL.names.index(row["airline_sentiment"])
                target = np.eye(3)[side].tolist()
                yield Example(row["text"], tuple(target), "airline")


def figures(model: Model, examples: Sequence[Example]) -> dict[str, float]:
    """Return accuracy, macro F1 and ECE for three classes, and for two without neutral texts."""
    some = examples[:: max(1, len(examples) // _MOST)]
    labels = np.array([each.target for each in some]).argmax(axis=1)
    found: dict[str, float] = {}
    if len(model.labels) == 3 and np.unique(labels).size == 3:
        three = _evaluate(model, some, labels)
        found |= {"accuracy 3": three["accuracy"], "F1 3": three["macro_f1"], "ECE 3": three["ece"]}
    rows = np.flatnonzero(labels != 1)
    if np.unique(labels[rows]).size == 2:
        two = _evaluate(
            model.restricted(SENTIMENT), [some[row] for row in rows.tolist()], labels[rows] // 2
        )
        found |= {"accuracy 2": two["accuracy"], "F1 2": two["macro_f1"], "ECE 2": two["ece"]}
        found["AUC 2"] = two["roc_auc"]
    return found


def _evaluate(
    model: Model, examples: Sequence[Example], labels: NDArray[np.int64]
) -> dict[str, Any]:
    p = model.probabilities([each.text for each in examples])
    p[np.isnan(p).any(axis=1)] = 1 / p.shape[1]
    decision = even_decision(p.shape[1])
    return Evaluation(p, labels, decision, model.labels).figures


def main() -> None:
    """Print the figures of a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    report(load_model(parser.parse_args().model))


def report(model: Model) -> None:
    """Print the figures of a model, a line a set and a line a capability of the probe."""
    for name, examples in development(DATASETS, ROOT / "data/train.csv"):
        print(f"{name:16}", *(f"{k} {v:.3f} " for k, v in figures(model, examples).items()))
    for result in probe(model, CAPABILITIES.values()):
        print(f"{result.name:32} {result.rate:.3f}")


if __name__ == "__main__":
    main()
