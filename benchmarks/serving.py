"""How many requests the service answers, how soon, and in how much memory, beside its peers.

`make bench-serve` runs this, on a machine that does nothing else. Clients are processes of their
own on the same machine, and share its cores. Peers have the same endpoint, written plainly on
FastAPI, and the same uvicorn, httptools and uvloop under it; they take turns with ours.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import socket
from statistics import median
from urllib.request import urlopen

from load import load
from peers import peers_python, write_tokenized
from results import Table
from timing import memory_of, seconds

from sentiment.general import FAST_MODEL as MODEL
from sentiment.model.file import load_model, save_model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
PYTHON = Path(sys.executable)
SENTIMENT = PYTHON.with_name("sentiment")
CONNECTIONS = 64
BAR = 2_000  # requests a second, of single short texts
BATCH = 1_000
LINES = 100_000
RELOADS, DAMAGED = 20, 5


@dataclass(frozen=True)
class Plan:
    """How long each part takes.

    Attributes:
        seconds: of load, each turn.
        turns: how often.
        minutes: of load while memory is watched.
    """

    seconds: float
    turns: int
    minutes: float


@dataclass(frozen=True)
class Services:
    """What is loaded: ours, and peers.

    Attributes:
        ours: its port.
        pid: its process.
        peers: their ports, by name.
    """

    ours: int
    pid: int
    peers: dict[str, int]


@contextmanager
def running(folder: Path) -> Iterator[Services]:
    """Start ours and its peers; end them."""
    training = read_labelled([str(DATA / "train.csv")], ReadOptions())
    train_fasttext(training, folder)
    peers_python()  # FastAPI is there from here on
    commands: dict[str, Callable[[int], list[str | Path]]] = {
        "sentiment": lambda port: [SENTIMENT, "serve", "-q", "-m", MODEL, "--port", str(port)],
        "FastAPI, Keras": lambda port: [PYTHON, HERE / "served_keras.py", MODEL, str(port)],
        "FastAPI, fastText": lambda port: [
            peers_python(), HERE / "served_fasttext.py", folder / "fasttext.bin", str(port),
        ],
    }  # fmt: skip
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    processes, ports = [], {}
    try:
        for name, command in commands.items():
            ports[name] = free_port()
            processes.append(subprocess.Popen(command(ports[name]), env=quiet))
        for name, process in zip(ports, processes, strict=True):
            wait_for(name, ports[name], process)
        yield Services(ports.pop("sentiment"), processes[0].pid, ports)
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def train_fasttext(training: LabelledReviews, folder: Path) -> None:
    """Train fastText as `make bench-speed` does, on the reviews that come along."""
    write_tokenized(training, folder / "train.txt")
    code = (
        "import fasttext; fasttext.train_supervised(input='train.txt', wordNgrams=2, thread=2, "
        "verbose=0).save_model('fasttext.bin')"
    )
    subprocess.run([peers_python(), "-c", code], cwd=folder, check=True, stderr=subprocess.DEVNULL)


def free_port() -> int:
    """Find a port that nobody has."""
    with socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_for(name: str, port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a service answers."""
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"{name} ended with exit code {process.returncode}")
        try:
            post(port, {"text": "good"})
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"{name} does not answer")


def post(port: int, value: object) -> bytes:
    """Ask once, and read the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        body = json.dumps(value).encode()
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
    finally:
        connection.close()
    if response.status != 200:
        sys.exit(f"{response.status}: {answer[:200]!r}")
    return answer


def short_texts() -> list[str]:
    """Give the texts of data/test.csv that are short: 150 characters at the most."""
    test = read_labelled([str(DATA / "test.csv")], ReadOptions())
    return [text for text in test.texts if len(text) <= 150]


def single_texts(table: Table, services: Services, plan: Plan) -> None:
    """One short text a request, over 64 connections."""
    bodies = [json.dumps({"text": text}).encode() for text in short_texts()]
    ports = {"sentiment": services.ours, **services.peers}
    turns = [
        {name: load(port, bodies, CONNECTIONS, plan.seconds) for name, port in ports.items()}
        for _ in range(plan.turns)
    ]
    for name in ports:
        loads = [turn[name] for turn in turns]
        rates = [each.rate for each in loads]
        bar = f"bar {BAR:,}" if name == "sentiment" else ""
        table.row(
            f"one short text a request, {name}",
            f"{median(rates):,.0f} a second",
            f"{min(rates):,.0f}–{max(rates):,.0f}",
            f"half within {median(each.p50 for each in loads):.1f} ms, "
            f"99% within {median(each.p99 for each in loads):.1f} ms; "
            f"{sum(each.errors for each in loads)} errors",
            bar,
        )
    alone = load(services.ours, bodies, 1, plan.seconds)
    table.row(
        "the same over one connection, sentiment", f"{alone.rate:,.0f} a second", "",
        f"half within {alone.p50:.2f} ms, 99% within {alone.p99:.2f} ms", "",
    )  # fmt: skip


def batches(table: Table, services: Services, plan: Plan) -> None:
    """Texts by the thousand and as JSON lines, beside `predict` on a file."""
    texts = short_texts()
    many = [f"{n} {texts[n % len(texts)]}" for n in range(LINES)]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "texts.jsonl"
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in many))
        command = [
            SENTIMENT, "predict", "-m", MODEL, "-i", path, "-o", path.with_name("out.jsonl"),
            "--force", "--workers", "1",
        ]  # fmt: skip
        from_file = [LINES / seconds(command) for _ in range(plan.turns)]
        url = f"http://127.0.0.1:{services.ours}/predict"
        stream = [
            "curl", "-sS", "--fail", "-o", path.with_name("out.jsonl"), "-T", path,
            "-X", "POST", "-H", "Content-Type: application/x-ndjson", url,
        ]  # fmt: skip
        streamed = [LINES / seconds(stream) for _ in range(plan.turns)]
    table.row("texts a second: `predict` on a file, one process", *spread(from_file), "", "")
    table.row("texts a second: JSON lines, one stream", *spread(streamed), "", "")
    for label, port in (("sentiment", services.ours), *services.peers.items()):
        rates = [in_batches(port, many[: LINES // 5]) for _ in range(plan.turns)]
        table.row(f"texts a second: {BATCH:,} a request, {label}", *spread(rates), "", "")


def in_batches(port: int, texts: Sequence[str]) -> float:
    """Send texts by the thousand, one request after the other; give texts a second."""
    begin = time.perf_counter()
    for first in range(0, len(texts), BATCH):
        post(port, {"texts": texts[first : first + BATCH]})
    return len(texts) / (time.perf_counter() - begin)


def spread(rates: Sequence[float]) -> tuple[str, str]:
    """Write a median and a range."""
    return f"{median(rates):,.0f}", f"{min(rates):,.0f}–{max(rates):,.0f}"


def memory(table: Table, services: Services, plan: Plan) -> None:
    """Memory of the service under a load of single texts, batches and explanations for minutes."""
    texts = short_texts()
    bodies = [json.dumps({"text": text}).encode() for text in texts]
    bodies += [json.dumps({"texts": texts}).encode()]
    loading = threading.Thread(
        target=load, args=(services.ours, bodies, CONNECTIONS, 60 * plan.minutes)
    )
    loading.start()
    sizes = []
    while loading.is_alive():
        sizes.append(memory_of(services.pid))
        loading.join(timeout=plan.minutes)
    tenth = max(len(sizes) // 10, 1)
    table.row(
        f"memory over {plan.minutes:g} minutes of load",
        f"{max(sizes):.0f} MB at the most",
        "",
        f"{median(sizes[tenth : 2 * tenth] or sizes):.0f} MB in the second tenth of the time, "
        f"{median(sizes[-tenth:]):.0f} MB in the last",
        "",
    )


def reload(table: Table, plan: Plan) -> None:
    """Requests while models are loaded again, some of them from damaged files; see `Reloading`."""
    bodies = [json.dumps({"text": text}).encode() for text in short_texts()]
    with tempfile.TemporaryDirectory() as name, Reloading.started(Path(name)) as served:
        with ThreadPoolExecutor(1) as thread:
            loading = thread.submit(load, served.port, bodies, CONNECTIONS, plan.seconds)
            for number in range(RELOADS):
                time.sleep(plan.seconds / (2 * RELOADS))  # half of the time, if they take none
                served.again(number, damaged=number % (RELOADS // DAMAGED) == 0)
            in_time = not loading.done()
            done = loading.result()
        served.check()
    if not in_time:
        sys.exit("the load was over before the last reload: ask for more --seconds")
    table.row(
        f"{RELOADS} reloads by SIGHUP, {DAMAGED} of them of damaged files",
        f"{done.errors} requests failed",
        "",
        f"of {done.requests:,}; half within {done.p50:.1f} ms, 99% within {done.p99:.1f} ms; "
        f"{served.taken} models were taken, {served.refused} refused",
        "bar 0",
    )


@dataclass
class Reloading:
    """A service whose model file is replaced.

    Attributes:
        process: the service.
        port: of the service.
        path: of its model.
        taken: how many new models it has taken.
        refused: how many it has refused.
        threshold: of the last model that it has to have taken.
    """

    process: subprocess.Popen[str]
    port: int
    path: Path
    taken: int = 0
    refused: int = 0
    threshold: float = 0.5

    @classmethod
    @contextmanager
    def started(cls, folder: Path) -> "Iterator[Reloading]":
        """Start it, and end it."""
        path, port = folder / "model.safetensors", free_port()
        model = load_model(MODEL)
        two = model.restricted(model.labels.subset(["negative", "positive"]))
        for number in range(RELOADS):  # beforehand: it takes longer than to load one
            save_model(two.at(cls._threshold(number)), folder / f"{number}.safetensors")
        save_model(two, path)
        command = [PYTHON, "-m", "sentiment", "serve", "-m", path, "--port", str(port)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            served = cls(process, port, path)
            try:
                served.line()  # it answers
                yield served
            finally:
                process.terminate()

    @staticmethod
    def _threshold(number: int) -> float:
        return (number + 1) / 100

    def line(self) -> str:
        """Read the next line that the service says."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def again(self, number: int, *, damaged: bool) -> None:
        """Replace the file, send SIGHUP, and wait until the service says what came of it."""
        if damaged:
            self.path.write_bytes(self.path.read_bytes()[: -1 - number])
        else:
            self.threshold = self._threshold(number)
            self.path.with_name(f"{number}.safetensors").replace(self.path)
        self.process.send_signal(signal.SIGHUP)
        said = self.line()
        if ("stays as it was" if damaged else "was loaded again") not in said:
            sys.exit(f"{'damaged' if damaged else 'whole'}, but it said: {said}")
        self.taken += not damaged
        self.refused += damaged

    def check(self) -> None:
        """See that it answers with the last whole model."""
        with urlopen(f"http://127.0.0.1:{self.port}/info") as answer:
            now = json.load(answer)["threshold"]
        if now != self.threshold:
            sys.exit(f"its threshold is {now}, not {self.threshold}")


PARTS = {part.__name__: part for part in (single_texts, batches, memory)}
ALONE = {reload.__name__: reload}  # parts that start their own service, without peers


def main() -> None:
    """Run the parts asked for; all of them for as long as it takes write RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, *ALONE, []], help="default: all")
    parser.add_argument("--seconds", type=float, default=30, help="of load, each turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=10, help="while memory is watched")
    asked = parser.parse_args()
    plan = Plan(asked.seconds, asked.turns, asked.minutes)
    table = Table(
        "Serving",
        "make bench-serve",
        f"over loopback, {CONNECTIONS} connections, the median over turns of {plan.seconds:g} s",
        ("figure", "value", "range", "more", "bar"),
    )
    names = asked.parts or [*PARTS, *ALONE]
    if any(name in PARTS for name in names):
        with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as services:
            for name, part in PARTS.items():
                if name in names:
                    part(table, services, plan)
    for name, alone in ALONE.items():
        if name in names:
            alone(table, plan)
    if plan == Plan(30, 3, 10) and not asked.parts:
        table.write()


if __name__ == "__main__":
    main()
