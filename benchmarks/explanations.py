"""Whether explanations are faithful: words named important are those that the answer rests on.

`make bench-explanations` runs this. It trains on IMDb's training reviews less 1,000, and takes five
words out of each of those: those that `explain` names, those that move the probability most when
taken out one at a time (occlusion, which asks the model once a word), and five at random. It needs
the real data sets (../shared/datasets); the test split is not opened.
"""

import sys
import time
from collections.abc import Iterator

import numpy as np
from results import DATASETS, Table, require_datasets

from sentiment.model.explanation import Explanation, explain
from sentiment.model.model import Model
from sentiment.model.removal import smallest_removal, without
from sentiment.reviews.dataset import LabelledReviews, stratified_split
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train

HELD_OUT = 1_000
WORDS = 5
BARS = {"random": 5.0, "occlusion": 0.9}


def sides() -> tuple[LabelledReviews, LabelledReviews]:
    """The reviews to train on, and those to explain."""
    reviews = read_labelled([str(DATASETS / "imdb/train.parquet")], ReadOptions())
    rest, held_out = stratified_split(reviews.labels, HELD_OUT / len(reviews), 0, reviews.digest())
    return reviews.take(rest), reviews.take(held_out)


def occluded(model: Model, explanation: Explanation, sign: int) -> list[int]:
    """The words that move the probability most when taken out one at a time, best first."""
    texts = [without(explanation.text, [word]) for word in explanation.words]
    moved = sign * (explanation.p_positive - model.probabilities(texts)[:, 1])
    return np.argsort(-moved, kind="stable").tolist()


def sets_of(model: Model, texts: list[str]) -> Iterator[tuple[Explanation, dict[str, list[int]]]]:
    """Explain each review, and choose five of its words in each way."""
    random = np.random.default_rng(0)
    for text in texts:
        explanation = explain(model, text)
        sign = 1 if explanation.p_positive >= model.binary.threshold else -1
        yield (
            explanation,
            {
                "explain": explanation.strongest(sign)[:WORDS],
                "random": random.permutation(len(explanation.words))[:WORDS].tolist(),
                "occlusion": occluded(model, explanation, sign)[:WORDS],
            },
        )


def movements(model: Model, texts: list[str]) -> dict[str, list[float]]:
    """How far the probability moves without the five words that each way chooses."""
    moved: dict[str, list[float]] = {}
    for explanation, sets in sets_of(model, texts):
        shorter = [
            without(explanation.text, [explanation.words[number] for number in numbers])
            for numbers in sets.values()
        ]
        distances = np.abs(model.probabilities(shorter)[:, 1] - explanation.p_positive)
        for name, distance in zip(sets, np.nan_to_num(distances).tolist(), strict=True):
            moved.setdefault(name, []).append(distance)
    return moved


def main() -> None:
    """Measure, and say whether the bars are met."""
    require_datasets()
    table = Table("Explanations", "make bench-explanations", "1,000 reviews held out of training")
    training, held_out = sides()
    model = train(training, TrainingOptions())
    texts = list(held_out.texts)
    began = time.perf_counter()
    explanations = [explain(model, text) for text in texts]
    each = (time.perf_counter() - began) / len(texts)
    table.row("explain, a review", f"{1000 * each:.1f} ms")
    worst = max(
        abs(e.base + sum(word.contribution for word in e.words) - e.logit) for e in explanations
    )
    table.row("sum of contributions, furthest from the logit", f"{worst:.1e}")
    flips = [smallest_removal(model, explanation) for explanation in explanations]
    sizes = [len(flip.words) for flip in flips if flip is not None]
    table.row("answers that 10 words or fewer flip", f"{len(sizes) / len(texts):.1%}")
    table.row("words that it takes, median of these", f"{np.median(sizes):.0f}")
    means = {name: float(np.mean(moved)) for name, moved in movements(model, texts).items()}
    for name, mean in means.items():
        table.row(f"probability moved by five words, {name}", f"{mean:.4f}")
    met = True
    for name, bar in BARS.items():
        ratio = means["explain"] / means[name]
        met &= ratio >= bar
        table.row(f"explain beside {name} (bar {bar:g})", f"{ratio:.2f}")
    table.write()
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
