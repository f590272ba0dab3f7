"""Whether languages in Latin letters are told apart, and English is not lost.

`make bench-languages` runs this, and writes its section of RESULTS.md. The short texts of
languages.csv were written for it, in two halves: the table of n-grams was developed by one, and the
figures are of the other, which `--half develop` leaves closed; FINDINGS.md says how often it was
opened. English is also that of the real data sets (../shared/datasets), where these are there:
parts that nothing was chosen by.
"""

import argparse
import csv
from collections.abc import Callable, Sequence
from timeit import repeat

from results import DATASETS, HERE, Table

from sentiment.features.language import LANGUAGES, foreign
from sentiment.general import FAST_MODEL
from sentiment.model.file import load_model

TEXTS = HERE / "languages.csv"
ENGLISH = "en"
REAL = {
    "Reddit comments, GoEmotions test": "goemotions/test.tsv",
    "sentences of film reviews, SST-2 test": "sst2/test.tsv",
    "sentences about products, UCI amazon": "uci/amazon_cells_labelled.txt",
    "sentences about restaurants, UCI yelp": "uci/yelp_labelled.txt",
}
_TIMED = 200  # texts of a size


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=["develop", "test"], default="test")
    half = parser.parse_args().half
    table = Table(
        "Languages",
        "make bench-languages",
        "the share of short texts that look to be in another language than English, and of these "
        "the share that is called by its name",
        ("texts", "how many", "another language", "by name"),
    )
    with TEXTS.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["half"] == half]
    for code, name in LANGUAGES.items():
        if code != ENGLISH and (texts := [row["text"] for row in rows if row["language"] == code]):
            add(table, name, texts, code)
    english = [row for row in rows if row["language"] == ENGLISH]
    for kind in dict.fromkeys(row["kind"] for row in english):
        add(table, f"English: {kind}", [row["text"] for row in english if row["kind"] == kind])
    add(table, "English, all of these", [row["text"] for row in english])
    if DATASETS.is_dir():
        for name, path in REAL.items():
            lines = (DATASETS / path).read_text(encoding="utf-8").split("\n")
            add(table, name, [line.partition("\t")[0] for line in lines if line])
    times(table, [row["text"] for row in rows if row["language"] != ENGLISH])
    if half == "test":
        table.write()


def add(table: Table, name: str, texts: Sequence[str], code: str = "") -> None:
    """Add how many texts are told apart."""
    codes = list(LANGUAGES)
    others = [codes[place] for place in foreign(texts, (ENGLISH,)).tolist() if place >= 0]
    named = f"{others.count(code) / max(len(others), 1):.1%}" if code else ""
    table.row(name, f"{len(texts):,}", f"{len(others) / len(texts):.1%}", named)


def times(table: Table, foreigners: Sequence[str]) -> None:
    """Add the time of a text, beside that of scoring it by the quicker bundled model."""
    with (HERE.parent / "data" / "train.csv").open(encoding="utf-8", newline="") as file:
        reviews = [row["text"] for row in csv.DictReader(file)]
    words = " ".join(reviews).split()
    long = [" ".join(words[first : first + 200]) for first in range(0, 200 * _TIMED, 200)]
    model = load_model(FAST_MODEL).for_languages(())
    for name, texts in (
        ("time: English reviews of data/train.csv", reviews[:_TIMED]),
        ("time: English texts of 200 words", long),
        ("time: short texts in other languages", foreigners[:_TIMED]),
    ):
        telling = best(lambda texts=texts: foreign(texts, (ENGLISH,)))
        scoring = best(lambda texts=texts: model.scores(texts))
        each = f"{1e6 * telling / len(texts):.0f} µs"
        table.row(name, f"{len(texts):,}", each, f"{telling / scoring:.1%} of scoring by `fast`")


def best(function: Callable[[], object]) -> float:
    """Return the least of several times, in seconds."""
    return min(repeat(function, number=1, repeat=25))


if __name__ == "__main__":
    main()
