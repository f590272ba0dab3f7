"""Training on more reviews than memory holds: `make bench-large` (an hour; needs 40 GB of disk).

Four million reviews, 3 GB, are made of the sentences of the training reviews of IMDb, with ever new
words among them (`growth.py`). What they take is held against a hundred thousand of the same kind,
and against fastText; the test reviews are those of IMDb.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from growth import write_grown
from peers import peers_python, tokenized, write_tokenized
from results import DATASETS, Table, require_datasets
from timing import Memory, memory

from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions

PYTHON = sys.executable
IMDB = DATASETS / "imdb" / "train.parquet"
TEST = DATASETS / "imdb" / "test.parquet"
FILES = 8
FEW = 100_000
# Every fourth sentence of both reviews: some 750 bytes each.
PART = 4
BOUND = ("--memory", "1GB")


class Place:
    """The folder with all that is made."""

    def __init__(self, folder: Path, count: int) -> None:
        """Name the files of some millions of reviews and of fewer."""
        self.folder = folder
        self.many = [folder / f"reviews-{number}.jsonl" for number in range(FILES)]
        self.few = folder / "few.jsonl"
        self.count = count

    def prepare(self) -> None:
        """Write the reviews."""
        for seed, path in enumerate(self.many):
            write_grown(IMDB, path, self.count // FILES, seed, PART)
        write_grown(IMDB, self.few, FEW, FILES, PART)

    def rows(self) -> Iterator[dict[str, str | int]]:
        """Read them one after the other."""
        for path in self.many:
            with path.open(encoding="utf-8") as file:
                yield from map(json.loads, file)

    def train(self, name: str, *arguments: str | Path) -> "Taken":
        """Train a model, and watch."""
        return watched(
            [PYTHON, "-m", "sentiment", "train", "-q", *arguments, "-o", self.folder / name]
        )

    def accuracy(self, name: str) -> float:
        """Evaluate a model on the test reviews."""
        done = subprocess.run(
            [PYTHON, "-m", "sentiment", "evaluate", TEST, "-m", self.folder / name, "--json"],
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        return float(json.loads(done.stdout)["accuracy"])


class Taken:
    """What a command took: seconds, and memory."""

    def __init__(self, seconds: float, most: Memory) -> None:
        """Keep both."""
        self.seconds = seconds
        self.most = most


def watched(command: list[str | Path]) -> Taken:
    """Run a command, and take its time and its memory at once."""
    begin = time.perf_counter()
    most = memory(command, pause=0.2)
    return Taken(time.perf_counter() - begin, most)


def start(place: Place) -> Taken:
    """Train on next to nothing: what TensorFlow takes to start, and to train at all."""
    tiny = place.folder / "tiny.jsonl"
    with place.few.open(encoding="utf-8") as file:
        tiny.write_text("".join(next(file) for _ in range(100)), encoding="utf-8")
    return place.train("tiny.safetensors", tiny)


def ours(table: Table, place: Place) -> None:
    """Train on few and on many with little memory, and on what memory holds."""
    begun = start(place)
    table.row("TensorFlow's start: training on 100 reviews", f"{begun.seconds:.0f} s",
              f"{begun.most.tree:,.0f} MB", "")  # fmt: skip
    few = place.train("few.safetensors", place.few, *BOUND)
    table.row(f"training on {FEW:,}, --memory 1GB", f"{few.seconds:.0f} s",
              f"{few.most.tree - begun.most.tree:,.0f} MB above that",
              f"{place.accuracy('few.safetensors'):.2%}")  # fmt: skip
    held = place.train("held.safetensors", place.few)
    same = (place.folder / "few.safetensors").read_bytes() == (
        place.folder / "held.safetensors"
    ).read_bytes()
    table.row(f"training on {FEW:,} in memory", f"{held.seconds:.0f} s",
              f"{held.most.tree - begun.most.tree:,.0f} MB above that",
              "the same bytes" if same else "OTHER BYTES")  # fmt: skip
    many = place.train("many.safetensors", *place.many, *BOUND)
    table.row(f"training on {place.count:,}, --memory 1GB", f"{many.seconds:.0f} s",
              f"{many.most.tree - begun.most.tree:,.0f} MB above that",
              f"{place.accuracy('many.safetensors'):.2%}")  # fmt: skip
    size = sum(path.stat().st_size for path in place.many) / 1e6
    table.row("temporary files of that", "", f"{many.most.nameless:,.0f} MB for {size:,.0f} MB", "")
    added = place.train(
        "added.safetensors", place.few, *BOUND, "--base", place.folder / "many.safetensors"
    )
    table.row(f"training on {FEW:,}, --base of the {place.count:,}", f"{added.seconds:.0f} s",
              f"{added.most.tree - begun.most.tree:,.0f} MB above that",
              f"{place.accuracy('added.safetensors'):.2%}")  # fmt: skip
    ratio = many.seconds / place.count / (few.seconds / FEW)
    table.row(f"time of a review among {place.count:,} / among {FEW:,}", f"{ratio:.2f}", "", "")


def incremental(table: Table, place: Place) -> None:
    """Train on new reviews alone, on the base of a model of the old ones; and on all together."""
    import pandas as pd

    reviews = pd.read_parquet(IMDB).sample(frac=1, random_state=0)
    old, new = place.folder / "old.parquet", place.folder / "new.parquet"
    reviews[:20_000].to_parquet(old)
    reviews[20_000:].to_parquet(new)
    trainings: dict[str, tuple[str, list[str | Path]]] = {
        "old.safetensors": ("20,000 old reviews of IMDb", [old]),
        "both.safetensors": (
            "5,000 new ones, --base of the old", [new, "--base", place.folder / "old.safetensors"]
        ),
        "new.safetensors": ("5,000 new ones alone", [new]),
        "all.safetensors": ("all 25,000 anew", [old, new]),
    }  # fmt: skip
    for name, (what, arguments) in trainings.items():
        taken = place.train(name, *arguments)
        table.row(what, f"{taken.seconds:.0f} s", "", f"{place.accuracy(name):.2%}")


def fasttext(table: Table, place: Place) -> None:
    """FastText on the same reviews, words and pairs of words, otherwise as it comes."""
    path, test = place.folder / "many.txt", place.folder / "test.txt"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(tokenized(str(row["text"]), row["label"]) for row in place.rows())
    write_tokenized(read_labelled([str(TEST)], ReadOptions()), test)
    script = (
        "import fasttext, pathlib; "
        f"m = fasttext.train_supervised({str(path)!r}, wordNgrams=2, thread=2, verbose=0); "
        f"pathlib.Path({str(place.folder / 'said')!r}).write_text(str(m.test({str(test)!r})[1]))"
    )
    taken = watched([peers_python(), "-c", script])
    right = float((place.folder / "said").read_text())
    table.row(f"fastText, 2-grams, on {place.count:,}", f"{taken.seconds:.0f} s",
              f"{taken.most.tree:,.0f} MB in all", f"{right:.2%}")  # fmt: skip


def main() -> None:
    """Make the reviews, train on them, and write RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, default=4_000_000, help="how many to make")
    count = parser.parse_args().reviews
    require_datasets()
    table = Table(
        "More than memory holds", "make bench-large",
        "time and memory of training, and accuracy on the test reviews of IMDb",
        ("what", "time", "memory", "accuracy"),
    )  # fmt: skip
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        place = Place(Path(folder), count)
        place.prepare()
        incremental(table, place)
        ours(table, place)
        fasttext(table, place)
    table.write()


if __name__ == "__main__":
    main()
