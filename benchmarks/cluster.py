"""Scoring on a cluster: whether every row comes out once, also of a node that dies, and how fast.

`make bench-cluster` runs this. The cluster is two nodes of one core each, with raylets of their
own, on this machine: what is measured is the program and Ray, not a network. It needs Ray
(`pip install 'ray[data]'`), Linux, and a machine that does nothing else. Commands take turns; a
ratio is the median over the turns.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from results import Table
from timing import Command, alternate, seconds

from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
SENTIMENT = Path(sys.executable).with_name("sentiment")
ROWS, FILES, TURNS = 1_000_000, 16, 3
QUARTER = "month=0/*.parquet"
STORE_BYTES = 512 << 20


@dataclass(frozen=True)
class Place:
    """Where reviews are, and the commands that score them.

    Attributes:
        folder: of all of it.
        rows: how many reviews there are.
        files: in how many files.
    """

    folder: Path
    rows: int
    files: int

    @property
    def reviews(self) -> Path:
        """The files to score, some of them in folders of their own."""
        return self.folder / "reviews"

    @property
    def scored(self) -> Path:
        """What the cluster writes."""
        return self.folder / "scored"

    def on_ray(self, *options: str, source: str = "**/*.parquet") -> Command:
        """Score with Ray, each file by itself."""
        return [
            SENTIMENT, "predict", "-m", "fast", "-i", self.reviews / source, "-o", self.scored,
            "--force", "--engine", "ray", *options,
        ]  # fmt: skip

    def plainly(self, *options: str, source: str = "**/*.parquet") -> Command:
        """Score without, into one file."""
        return [
            SENTIMENT, "predict", "-m", "fast", "-i", self.reviews / source,
            "-o", self.folder / "plain.parquet", "--force", *options,
        ]  # fmt: skip


@contextmanager
def two_nodes() -> Iterator[tuple[Any, Any]]:
    """Start a head and a node of one core each; give the cluster and the node."""
    from ray.cluster_utils import Cluster

    each = {"num_cpus": 1, "object_store_memory": STORE_BYTES}
    cluster = Cluster(initialize_head=True, head_node_args=each)
    try:
        yield cluster, cluster.add_node(**each)
    finally:
        cluster.shutdown()


def write_reviews(place: Place, seed: int = 0) -> None:
    """Write reviews of words drawn at random: half of them up to 15 words long, few over 100."""
    random = np.random.default_rng(seed)
    training = read_labelled([str(DATA / "train.csv")], ReadOptions())
    words = np.array(sorted({word for text in training.texts for word in text.split()}))
    bounds = np.linspace(0, place.rows, place.files + 1).astype(int)
    for number, (first, end) in enumerate(pairwise(bounds)):
        lengths = np.clip(random.lognormal(np.log(15), 0.8, end - first), 1, 200).astype(int)
        drawn = random.choice(words, lengths.sum())
        texts = [" ".join(part) for part in np.split(drawn, np.cumsum(lengths)[:-1])]
        labels = random.integers(0, 2, end - first)
        path = place.reviews / f"month={number % 4}" / f"part-{number:02}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = {"id": np.arange(first, end), "text": texts, "label": labels}
        pq.write_table(pa.table(columns), path)


def misplaced_rows(place: Place) -> tuple[int, int]:
    """Count rows that are not where they were, and files that should not be there.

    The files have to have the names of those read, and each the ids of that file, in order: then
    every row is there exactly once.
    """
    sources = {path.relative_to(place.reviews) for path in place.reviews.rglob("*.parquet")}
    found = {path.relative_to(place.scored) for path in place.scored.rglob("*") if path.is_file()}
    wrong = 0
    for name in sources & found:
        ids = pq.read_table(place.reviews / name, columns=["id"])["id"].to_numpy()
        scored = pq.read_table(place.scored / name)
        same = scored.num_rows == ids.size and np.array_equal(scored["id"].to_numpy(), ids)
        answered = scored["p_positive"].null_count == scored["predicted"].null_count == 0
        wrong += 0 if same and answered else ids.size
    wrong += sum(pq.read_metadata(place.reviews / name).num_rows for name in sources - found)
    return wrong, len(found - sources)


def differing_answers(place: Place) -> int:
    """Count the reviews whose answer on the cluster is not that of plain `predict`."""
    columns = ["id", "predicted", "p_positive"]
    plain = pq.read_table(place.folder / "plain.parquet", columns=columns).sort_by("id")
    paths = sorted(place.scored.rglob("*.parquet"))
    scored = pa.concat_tables(pq.read_table(path, columns=columns) for path in paths).sort_by("id")
    same = np.ones(plain.num_rows, bool)
    for name in columns:
        same &= plain[name].to_numpy() == scored[name].to_numpy()
    return int(np.count_nonzero(~same))


def every_row(table: Table, place: Place, address: str) -> None:
    """Score on two nodes; look for each row, and for the answer that it has without a cluster."""
    shutil.rmtree(place.scored, ignore_errors=True)
    taken = seconds(place.on_ray("--address", address))
    wrong, more = misplaced_rows(place)
    table.row(
        "rows not exactly once in the file of the same name, two nodes", f"{wrong}", "",
        f"of {place.rows:,} in {place.files} files; {more} files too many; {taken:.0f} s", "bar 0",
    )  # fmt: skip
    seconds(place.plainly())
    table.row("answers other than those of plain `predict`", f"{differing_answers(place)}", "", "",
              "bar 0")  # fmt: skip


def same_figures(table: Table, place: Place, address: str) -> None:
    """Measure a quarter of the reviews, with labels at random, on the cluster and without."""
    command = ["evaluate", place.reviews / QUARTER, "-m", "fast", "--slice", "length", "--json"]
    plain, ours = (
        subprocess.run([SENTIMENT, *command, *more], check=True, capture_output=True).stdout
        for more in ([], ["--engine", "ray", "--address", address])
    )
    table.row(
        "bytes of `evaluate --json` that are not those of plain `evaluate`",
        f"{sum(a != b for a, b in zip_longest(plain, ours))}", "", f"of {len(plain):,}", "bar 0",
    )  # fmt: skip


def dying_node(table: Table, place: Place, cluster: Any, node: Any) -> None:
    """Kill a node's raylet when half of the files are done: its files go to the other node."""
    shutil.rmtree(place.scored, ignore_errors=True)
    begin = time.perf_counter()
    command = place.on_ray("--address", cluster.address)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        begun: list[Path] = []
        # A node of one core writes a file at a time: of two files, one is that node's.
        while len(begun) < 2 or len(list(place.scored.rglob("part-*"))) < place.files // 2:
            if process.poll() is not None:
                sys.exit(f"it ended before a node was killed: {process.communicate()[1].decode()}")
            time.sleep(0.001)
            begun = list(place.scored.rglob(".*.partial"))
        cluster.remove_node(node, allow_graceful=False)
        stdout, stderr = process.communicate()
    taken = time.perf_counter() - begin
    wrong, more = misplaced_rows(place)
    said = f"{len(stdout)} bytes on stdout, {len(stderr.splitlines())} lines on stderr"
    table.row(
        "the same, one of two nodes killed at half of the files", f"{wrong}", "",
        f"exit code {process.returncode}; {len(begun)} files were being written; {more} files too "
        f"many; {said}; {taken:.0f} s", "bar 0",
    )  # fmt: skip


def speed(table: Table, place: Place, address: str, turns: int) -> None:
    """Set it beside plain `predict`, two nodes beside one, and the start beside the work."""
    join = ("--address", address)
    one_node = place.on_ray(*join, "--workers", "1")
    pairs = {
        "two nodes / plain `predict`, two processes": (
            place.on_ray(*join), place.plainly("--workers", "2"),
        ),
        "one node / plain `predict`, one process": (one_node, place.plainly("--workers", "1")),
        "one node / two nodes (speed-up)": (one_node, place.on_ray(*join)),
    }  # fmt: skip
    for name, (ours, theirs) in pairs.items():
        found = alternate(ours, theirs, turns)
        table.row(
            f"time: {name}", f"{found.ratio:.2f}",
            f"{min(found.ratios):.2f}–{max(found.ratios):.2f}",
            f"{median(found.ours):.1f} and {median(found.theirs):.1f} s", "",
        )  # fmt: skip
    few = "month=0/part-00.parquet"
    rows = pq.read_metadata(place.reviews / few).num_rows
    for name, options in (("joining a cluster", ["--address", address]), ("starting Ray", [])):
        found = alternate(place.on_ray(*options, source=few), place.plainly(source=few), turns)
        more = [a - b for a, b in zip(found.ours, found.theirs, strict=True)]
        table.row(
            f"seconds more than plain `predict`, one file of {rows:,}: {name}",
            f"{median(more):.1f}", f"{min(more):.1f}–{max(more):.1f}", "", "",
        )  # fmt: skip


def main() -> None:
    """Run all of it; at full size it writes RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--turns", type=int, default=TURNS)
    asked = parser.parse_args()
    table = Table(
        "Scoring on a cluster",
        "make bench-cluster",
        f"{asked.rows:,} reviews in {asked.files} Parquet files, two nodes of one core on one "
        f"machine, the median over {asked.turns} turns",
        ("figure", "value", "range", "more", "bar"),
    )
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name), asked.rows, asked.files)
        write_reviews(place)
        with two_nodes() as (cluster, node):
            every_row(table, place, cluster.address)
            same_figures(table, place, cluster.address)
            speed(table, place, cluster.address, asked.turns)
            dying_node(table, place, cluster, node)
    if (asked.rows, asked.files, asked.turns) == (ROWS, FILES, TURNS):
        table.write()


if __name__ == "__main__":
    main()
