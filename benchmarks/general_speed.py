"""How fast, and in how much memory, the bundled models answer: a part of `make bench-general`.

It needs Linux and a machine that does nothing else. What is compared takes turns; a ratio is the
median over the turns.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
from accuracy import read
from bundled import bundled
from load import load
from numpy.typing import NDArray
from results import Table
from serving import free_port, short_texts, wait_for
from speed import PYTHON, SENTIMENT, TEXT, printed
from timing import Command, Pairs, alternate

from sentiment.errors import UsageError
from sentiment.export import inputs_of, onnx_file, onnx_inputs
from sentiment.model.component import Rows
from sentiment.model.explanation import explain
from sentiment.model.model import Model
from sentiment.workers import Pool

PROCESSES, TEXTS = 2, 4_000
# Texts of a batch of onnxruntime, and of a call of one of our processes.
BATCH, PART = 32, 256
CONNECTIONS, SECONDS = 16, 20.0
TURNS = 5
# Of the largest process below one that is small itself: what starts a process counts as its memory.
_PEAK = (
    "import resource, subprocess, sys; "
    "subprocess.run(sys.argv[1:], check=True, capture_output=True); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6)"
)

Call = Callable[[], object]


def speed() -> None:
    """Time and memory of answers, explanations and the service."""
    table = Table(
        "How fast the bundled models answer", "make bench-general PARTS=speed",
        "ours to what is named, the median over turns",
        ("figure", "ratio", "range", "what was measured"),
    )  # fmt: skip
    for figure in (_cold, _memory, _explained, _served, _throughput):
        figure(table)
    table.write()


def _seconds(call: Call) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _in_turn(ours: Call, theirs: Call, turns: int = TURNS) -> Pairs:
    """Time two calls by turns, each after a first one that does not count."""
    ours(), theirs()
    times = [(_seconds(ours), _seconds(theirs)) for _ in range(turns)]
    return Pairs([a for a, _ in times], [b for _, b in times])


def _row(table: Table, name: str, ratios: Sequence[float], measured: str) -> None:
    table.row(name, f"{median(ratios):.2f}", f"{min(ratios):.2f}–{max(ratios):.2f}", measured)


def _cold(table: Table) -> None:
    """Add one answer from a process that has just started."""
    bare = [PYTHON, "-c", "import numpy, click"]
    for name in bundled():
        pairs = alternate([SENTIMENT, "predict", "-m", name, TEXT], bare, 31)
        table.ratio(f"one answer, {name} / importing numpy and click", pairs)


def _memory(table: Table) -> None:
    """Add the most memory of one process that answers a text, and many."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.txt"
        path.write_text("\n".join(_sentences()), encoding="utf-8")
        for name in bundled():
            predict: Command = [SENTIMENT, "predict", "-m", name]
            many = [*predict, "-i", path, "-o", path.with_name("out.txt"), "--workers", "1"]
            for what, command in (("one text", [*predict, TEXT]), (f"{TEXTS:,} sentences", many)):
                peak = printed([PYTHON, "-c", _PEAK, *command])
                path.with_name("out.txt").unlink(missing_ok=True)
                table.row(f"memory of one process, {what}, {name}", "", "", f"{peak:.0f} MB")


def _sentences() -> list[str]:
    """Return sentences of SST-2's training split, as many as are measured with."""
    return list(read("sst2/train.tsv").texts[:TEXTS])


def _explained(table: Table) -> None:
    """Add an explanation, to one answer to the same text."""
    reviews = [text.split() for text in read("imdb/train.parquet").texts[:500]]
    for name, model in bundled().items():
        for words in (30, 300):
            texts = [" ".join(each[:words]) for each in reviews if len(each) >= words][:TURNS]
            pairs = [
                _in_turn(partial(explain, model, text), partial(model.scores, [text]))
                for text in texts
            ]
            ours, theirs = (
                1000 * median(second for each in pairs for second in side(each))
                for side in (lambda each: each.ours, lambda each: each.theirs)
            )
            ratios = [each.ratio for each in pairs]
            measured = f"{ours:.1f} and {theirs:.1f} ms, {len(texts)} texts"
            _row(table, f"explaining {words} words, {name} / one answer", ratios, measured)


def _served(table: Table) -> None:
    """Add the service under load of single texts, to the same model alone in this process."""
    texts = short_texts()
    bodies = [json.dumps({"text": text}).encode() for text in texts]
    for name, model in bundled().items():
        alone = partial(_answer, model, _by_length(texts))
        port = free_port()
        serve = [SENTIMENT, "serve", "-q", "-m", name, "--port", str(port)]
        with subprocess.Popen(serve) as process:
            try:
                wait_for("sentiment", port, process)
                rates = [
                    (
                        load(port, bodies, CONNECTIONS, SECONDS).rate,
                        len(texts) / _seconds(alone),
                    )
                    for _ in range(TURNS)
                ]
            finally:
                process.terminate()
        _rates(table, f"service, {CONNECTIONS} connections, {name} / the model in batches", rates)


def _answer(model: Model, batches: Sequence[Sequence[str]]) -> None:
    for batch in batches:
        model.scores(batch)


def _rates(table: Table, name: str, rates: Sequence[tuple[float, float]]) -> None:
    """Add a row of texts a second, ours and theirs."""
    measured = "{:,.0f} and {:,.0f} texts a second".format(*np.median(rates, axis=0))
    _row(table, name, [ours / theirs for ours, theirs in rates], measured)


def _by_length(texts: Sequence[str]) -> list[list[str]]:
    """Return batches of texts of about the same length."""
    ordered = sorted(texts, key=len)
    return [ordered[first : first + BATCH] for first in range(0, len(ordered), BATCH)]


def _throughput(table: Table) -> None:
    """Add answers of two processes, to onnxruntime with as many threads on the same network."""
    texts = _sentences()
    parts = [texts[first : first + PART] for first in range(0, len(texts), PART)]
    for name, model in bundled().items():
        title = f"{len(texts):,} short texts, {PROCESSES} processes, {name} / onnxruntime"
        try:
            theirs = _onnx(model, _by_length(texts))
        except UsageError as error:
            table.row(title, "", "", f"skipped: {error}")
            continue
        inputs = [inputs_of(model, part) for part in parts]
        for what, function, given in (
            ("from texts", model.scores, parts),
            ("from its inputs", partial(_forward, model), inputs),
        ):
            pool = Pool(function, PROCESSES)
            try:
                pairs = _in_turn(partial(_all, pool, given), theirs)
            finally:
                pool.close()
            taken = np.array([pairs.ours, pairs.theirs])
            _rates(table, f"{title}, {what}", (len(texts) / taken).T.tolist())


def _all(pool: Pool, parts: Sequence[object]) -> None:
    """Call the function of a pool with each part."""
    for future in [pool.submit(part) for part in parts]:
        future.result()


def _forward(model: Model, inputs: dict[str, Rows]) -> NDArray[np.float64]:
    """Return the log-odds of texts that are encoded already, as an exported network does."""
    each = zip(model.components, inputs.values(), strict=True)
    log_odds = [component.log_odds_of(rows) for component, rows in each]
    return model.add_up(log_odds, lambda own, base, weight: own + weight * base)


def _onnx(model: Model, batches: Sequence[Sequence[str]]) -> Call:
    """Return a call of onnxruntime on the network with batches of encoded texts.

    Raises:
        UsageError: the network cannot be exported.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = PROCESSES
    session = onnxruntime.InferenceSession(onnx_file(model), options)
    feeds = [onnx_inputs(inputs_of(model, batch)) for batch in batches]
    return lambda: [session.run(None, feed) for feed in feeds]
