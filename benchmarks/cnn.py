"""The convolutional network: its accuracy, alone and with n-grams, its time, and its forward pass.

`make bench-cnn` runs this (PARTS="imdb sst2 time forward" some). It needs the real data sets
(../shared/datasets); it prints each figure as it comes and writes them into its section of
RESULTS.md. Test splits are opened here and nowhere else: every choice was made on training rows.
"""

import re
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from peers import peers_python, write_tokenized
from results import DATASETS, Table, write_parts
from timing import alternate

from sentiment.evaluation.metrics import Evaluation
from sentiment.export import inputs_of, keras_file, keras_inputs
from sentiment.model.model import Model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train

SEEDS = (0, 1, 2)
# Reviews of the forward pass, a batch, and turns.
REVIEWS, BATCH, TURNS = 2_048, 256, 7


def read(name: str) -> LabelledReviews:
    """Read a data set as the command line does."""
    return read_labelled([str(DATASETS / name)], ReadOptions())


def accuracy(model: Model, test: LabelledReviews) -> float:
    """Measure what `evaluate` does."""
    found = Evaluation(model.probabilities(test.texts), test.labels, model.decision)
    return float(found.as_json()["accuracy"])


def imdb(table: Table) -> None:
    """IMDb, official split: the network alone, and n-grams on it."""
    training, test = read("imdb/train.parquet"), read("imdb/test.parquet")
    alone, both = [], []
    for seed in SEEDS:
        model = train(training, TrainingOptions(architecture="cnn", seed=seed))
        alone.append(accuracy(model, test))
        ngrams = train(training, TrainingOptions(seed=seed), base=model)
        both.append(accuracy(ngrams, test))
        table.note(f"  seed {seed}: cnn {alone[-1]:.2%}, n-grams on it {both[-1]:.2%}")
    table.add("IMDb test, cnn", alone)
    table.add("IMDb test, n-grams on a cnn base", both)


def sst2(table: Table) -> None:
    """SST-2 from its training sentences alone, and with the phrases of their trees."""
    test = read("sst2/test.tsv")
    options = [TrainingOptions(architecture="cnn", seed=seed) for seed in SEEDS]
    alone = [accuracy(train(read("sst2/train.tsv"), each), test) for each in options]
    table.add("SST-2 test, cnn, sentences", alone)
    trees = DATASETS / "sst-trees"
    phrases = phrases_of(trees / "train.txt", but=trees / "dev.txt")
    # Phrases of a sentence are alike: those held out have to be of other sentences.
    dev = read("sst2/dev.tsv")
    both = [accuracy(train(phrases, each, validation=dev), test) for each in options]
    table.add(f"SST-2 test, cnn, {len(phrases):,} phrases", both)


def phrases_of(path: Path, but: Path) -> LabelledReviews:
    """Read the different phrases of trees that are positive or negative, whole sentences too.

    They are written as the sentences of SST-2 are: in lower case, hyphens as spaces. Trees of
    another file are left out: the file of training trees has those of dev at its end.
    """
    labels: dict[str, int] = {}
    others = set(but.read_text(encoding="utf-8").splitlines())
    for line in path.read_text(encoding="utf-8").splitlines():
        for label, text in nodes(line) if line not in others else ():
            if label != 2:
                labels[text.lower().replace("-", " ")] = int(label > 2)
    return LabelledReviews([*labels], np.fromiter(labels.values(), np.int16))


def nodes(tree: str) -> list[tuple[int, str]]:
    """Return the label and the text of each node of a tree."""
    found, begun = [], []
    for place, character in enumerate(tree):
        if character == "(":
            begun.append(place)
        elif character == ")":
            part = tree[begun.pop() : place + 1]
            words = re.findall(r"([^()\s]+)\)", part)
            found.append(
                (int(part[1]), " ".join(words).replace("-LRB-", "(").replace("-RRB-", ")"))
            )
    return found


def wall_time(table: Table) -> None:
    """Training on IMDb, from the start of the process to the model on disk, beside fastText."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_tokenized(read("imdb/train.parquet"), place / "train.txt")
        ours = [sys.executable, "-m", "sentiment", "train", DATASETS / "imdb/train.parquet"]
        ours += ["--architecture", "cnn", "-o", place / "m.safetensors", "--force"]
        fasttext = (
            f"import fasttext; fasttext.train_supervised(input={str(place / 'train.txt')!r}, "
            f"wordNgrams=2, thread=2, verbose=0).save_model({str(place / 'f.bin')!r})"
        )
        pairs = alternate(ours, [peers_python(), "-c", fasttext], 3)
        spread = f"{min(pairs.ratios):.2f}–{max(pairs.ratios):.2f}"
        table.row("training of a cnn on IMDb / fastText", f"{pairs.ratio:.2f} ({spread})")


def forward(table: Table) -> None:
    """Reviews a second of numpy's forward pass, beside Keras's `predict` on the same batches."""
    import keras

    training = read("imdb/train.parquet").take(np.arange(4_000))
    model = train(training, TrainingOptions(architecture="cnn", epochs=1, refit=False))
    (rows,) = inputs_of(model, read("imdb/test.parquet").texts[:REVIEWS]).values()
    order = np.argsort(rows.lengths, kind="stable")
    batches = [rows.take(order[first : first + BATCH]) for first in range(0, REVIEWS, BATCH)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.keras"
        path.write_bytes(keras_file(model))
        network = keras.models.load_model(path)
    padded = [keras_inputs({"": batch}) for batch in batches]

    def of_keras() -> Any:
        return [network.predict(batch, batch_size=BATCH, verbose=0) for batch in padded]

    def of_numpy() -> Any:
        return [model.own.log_odds_of(batch) for batch in batches]

    difference = max(
        float(np.abs(a["log_odds"] - b).max()) for a, b in zip(of_keras(), of_numpy(), strict=True)
    )
    ratios, speeds = [], []
    for _ in range(TURNS):
        times = []
        for run in (of_numpy, of_keras):
            begin = time.perf_counter()
            run()
            times.append(time.perf_counter() - begin)
        ratios.append(times[1] / times[0])
        speeds.append([REVIEWS / each for each in times])
    ours, theirs = (median(each) for each in zip(*speeds, strict=True))
    table.row(
        "cnn: numpy's forward pass / Keras's predict, reviews a second",
        f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
    )
    table.note(
        f"  {ours:,.0f} and {theirs:,.0f} reviews a second, log-odds within {difference:.1e}"
    )


PARTS = {"imdb": imdb, "sst2": sst2, "time": wall_time, "forward": forward}


def main() -> None:
    """Run the parts asked for."""
    table = Table(
        "Convolutional network",
        "make bench-cnn",
        "accuracies in % are means and, in brackets, ranges over seeds; times are of commands that "
        "took turns",
    )
    write_parts(__doc__, PARTS, table)


if __name__ == "__main__":
    main()
