"""How fast the program is and how much memory it takes, beside its peers, on the same work.

`make bench-speed` runs this. It needs the real data sets (../shared/datasets), Linux, and a machine
that does nothing else. Commands take turns; a ratio is the median over the turns.
"""

import compileall
import csv
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from growth import write_grown
from peers import peers_python, write_tokenized
from results import DATASETS, Table, parts_asked
from timing import Command, alternate, memory, seconds

from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions

HERE = Path(__file__).resolve().parent
PYTHON = Path(sys.executable)
SENTIMENT = PYTHON.with_name("sentiment")
TEXT = "The battery died after a week, twice, and nobody answered."
IMDB = DATASETS / "imdb/train.parquet"
# As the program does, without what it does not need.
IMPORT_KERAS = """
from sentiment.runtime import stop
from sentiment.training.backend import load_keras
stop.listen()
load_keras()
"""


@dataclass(frozen=True)
class Place:
    """A folder with everything that the commands below read and write."""

    folder: Path

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def ours(self, *arguments: str | Path) -> Command:
        """A command of ours."""
        return [SENTIMENT, *arguments]

    def train(self, data: Path = IMDB) -> Command:
        """Train a model with defaults."""
        return self.ours("train", data, "-o", self / "model.safetensors", "--force")

    def fasttext_train(self) -> Command:
        """Train fastText on tokenized input that is ready on disk, and save its model."""
        return self._fasttext(
            f"fasttext.train_supervised(input={str(self / 'train.txt')!r}, wordNgrams=2, thread=2,"
            f" verbose=0).save_model({str(self / 'fasttext.bin')!r})"
        )

    def fasttext_answer(self) -> Command:
        """Load fastText's model and ask it once."""
        return self._fasttext(
            f"print(fasttext.load_model({str(self / 'fasttext.bin')!r}).predict({TEXT!r}))"
        )

    def sklearn(self, *arguments: str | Path) -> Command:
        """TF-IDF of 1- and 2-grams with logistic regression, in a process of its own."""
        return [PYTHON, HERE / "sklearn_peer.py", *arguments, self / "sklearn.joblib"]

    def _fasttext(self, code: str) -> Command:
        return [peers_python(), "-c", f"import fasttext; {code}"]


def prepare(place: Place) -> None:
    """Compile what pip would, write what the peers read, and let each train once."""
    compileall.compile_dir(HERE.parent / "sentiment", quiet=1)  # the peers' packages are
    training = read_labelled([str(IMDB)], ReadOptions())
    test = read_labelled([str(DATASETS / "imdb/test.parquet")], ReadOptions())
    write_tokenized(training, place / "train.txt")
    write_tokenized(test, place / "test.txt")
    write_csv(test, place / "test.csv")
    for command in (place.train(), place.fasttext_train(), place.sklearn("train", IMDB)):
        seconds(command)


def write_csv(reviews: LabelledReviews, path: Path) -> None:
    """Write reviews with a number each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows(enumerate(reviews.texts))


def training(table: Table, place: Place) -> None:
    """From the start of the process to the model on disk."""
    pairs = alternate(place.train(), place.fasttext_train(), 5)
    table.ratio("training on IMDb / fastText", pairs)
    pairs = alternate(place.train(), place.sklearn("train", IMDB), 3)
    table.ratio("training on IMDb / scikit-learn", pairs)


def cold(table: Table, place: Place) -> None:
    """One answer from a process that has just started."""
    answer = place.ours("predict", "-m", place / "model.safetensors", TEXT)
    bare = [PYTHON, "-c", "import numpy, click"]
    table.ratio("one answer / importing numpy and click", alternate(answer, bare, 31))
    table.ratio("one answer / fastText", alternate(answer, place.fasttext_answer(), 7))
    theirs = place.sklearn("answer", TEXT)
    table.ratio("one answer / scikit-learn", alternate(answer, theirs, 7))


def throughput(table: Table, place: Place) -> None:
    """IMDb test, CSV in and CSV out, against peers whose model is loaded already."""
    ours = place.ours(
        "predict", "-m", place / "model.safetensors", "-i", place / "test.csv",
        "-o", place / "out.csv", "--force",
    )  # fmt: skip
    peers = {
        "fastText, model loaded, tokenized lines": [
            peers_python(), HERE / "fasttext_peer.py", place / "fasttext.bin", place / "test.txt",
        ],
        "VADER, loaded": [peers_python(), HERE / "vader_peer.py", place / "test.csv"],
        "the same network in Keras, loaded, features ready": [
            PYTHON, HERE / "keras_peer.py", place / "model.safetensors", place / "test.csv",
        ],
    }  # fmt: skip
    for name, command in peers.items():
        ratios, rates = [], []
        for _ in range(5 if "fastText" in name else 2):
            our_rate = 25_000 / seconds(ours)
            rate = printed(command)
            ratios.append(our_rate / rate)
            rates.append((our_rate, rate))
        table.row(
            f"reviews a second / {name}",
            f"{median(ratios):.2f}",
            f"{min(ratios):.2f}–{max(ratios):.2f}",
            "{:,.0f} and {:,.0f} a second".format(*np.median(rates, axis=0)),
        )


def printed(command: Command) -> float:
    """Run a command and read the number that it prints last."""
    import subprocess

    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return float(done.stdout.split()[-1])


def sizes(table: Table, place: Place) -> None:
    """Model files."""
    ours, theirs = (
        (place / name).stat().st_size / 1e6 for name in ("model.safetensors", "fasttext.bin")
    )
    table.row(
        "model file / fastText", f"{ours / theirs:.4f}", "", f"{ours:.1f} and {theirs:.0f} MB"
    )


def training_memory(table: Table, place: Place) -> None:
    """The most memory while training, all processes together."""
    ours = [memory(place.train()).tree for _ in range(3)]
    theirs = [memory(place.fasttext_train()).tree for _ in range(3)]
    keras = memory([PYTHON, "-c", IMPORT_KERAS]).tree
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    above = [(a - keras) / b for a, b in zip(ours, theirs, strict=True)]
    table.row(
        "memory of training / fastText",
        f"{median(ratios):.2f}",
        f"{min(ratios):.2f}–{max(ratios):.2f}",
        f"{median(ours):,.0f} and {median(theirs):,.0f} MB",
    )
    table.row(
        "memory above importing Keras / fastText",
        f"{median(above):.2f}",
        f"{min(above):.2f}–{max(above):.2f}",
        f"importing takes {keras:,.0f} MB",
    )


def prediction_growth(table: Table, place: Place) -> None:
    """Time and memory of `predict` from a thousand lines to a million."""
    sentences = read_labelled([str(DATASETS / "sst2/train.tsv")], ReadOptions()).texts
    for count in (1_000, 10_000, 100_000, 1_000_000):
        lines = (sentences * (count // len(sentences) + 1))[:count]
        path = place / f"{count}.txt"
        path.write_text("".join(f"{n} {line}\n" for n, line in enumerate(lines)), encoding="utf-8")
        command = place.ours(
            "predict", "-m", place / "model.safetensors", "-i", path, "-o", place / "out.txt",
            "--force",
        )  # fmt: skip
        taken = min(seconds(command) for _ in range(3 if count < 1_000_000 else 1))
        most = memory(command).process
        table.row(
            f"predict, {count:,} lines",
            "",
            "",
            f"{count / taken:,.0f} a second; {most:.0f} MB in the largest process",
        )


def training_growth(table: Table, place: Place) -> None:
    """What one more review costs, as their number grows and the vocabulary with it."""
    times = {}
    for count in (25_000, 50_000, 100_000, 200_000):
        path = place / f"{count}.jsonl"
        write_grown(IMDB, path, count)
        times[count] = min(seconds(place.train(path)) for _ in range(2 if count < 100_000 else 1))
        table.row(f"training on {count:,} reviews", "", "", f"{times[count]:.1f} s")
    early = (times[50_000] - times[25_000]) / 25_000  # in part hidden behind Keras's import
    middle = (times[100_000] - times[50_000]) / 50_000
    late = (times[200_000] - times[100_000]) / 100_000
    table.row("time of one more review, 100k→200k / 25k→50k", f"{late / early:.2f}", "", "")
    table.row("time of one more review, 100k→200k / 50k→100k", f"{late / middle:.2f}", "", "")


PARTS: dict[str, Callable[[Table, Place], None]] = {
    part.__name__: part
    for part in (
        training, cold, throughput, sizes, training_memory, prediction_growth, training_growth,
    )
}  # fmt: skip


def main() -> None:
    """Run the parts asked for."""
    chosen, every = parts_asked(__doc__, PARTS)
    table = Table(
        "Speed", "make bench-speed", "ours to theirs, the median over turns",
        ("figure", "ratio", "range", "what was measured"),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        prepare(place)
        for name, part in PARTS.items():
            if name in chosen:
                part(table, place)
    table.write(every=every)


if __name__ == "__main__":
    main()
