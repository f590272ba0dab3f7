"""What the service counts, and shows at `/metrics` in the text format of Prometheus.

Requests and batches only add to plain numbers. They become metrics of `prometheus_client` when they
are asked for, so that no request waits for that package.
"""

import math
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from sentiment import __version__
from sentiment.model.model import Model
from sentiment.runtime import require

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_OTHER = "other"  # the path of a request for something that is not there
# Looking up the words of a text takes as long as answering it, and the answer waits.
_PAUSE = 0.1  # seconds between texts whose words are looked up
_CHARACTERS = 2_000  # of such a text


class Histogram:
    """Counts of values up to each of some bounds, and above the last.

    Attributes:
        bounds: ascending.
        counts: of values in each interval between bounds, which includes its upper end.
        sum: of all values.
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def __add__(self, other: "Histogram") -> "Histogram":
        """Return the counts of both, which have the same bounds."""
        both = Histogram(self.bounds)
        both.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        both.sum = self.sum + other.sum
        return both

    def buckets(self) -> list[tuple[str, float]]:
        """Return the number of values up to each bound, as `prometheus_client` takes them."""
        names = [*(f"{float(bound):g}" for bound in self.bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self.counts)), strict=True))


class RequestCounts:
    """Requests by path and outcome, with their durations; of one thread.

    The number of paths does not grow with what clients ask for.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        """Count requests for `paths`, of which `/static/{name}` stands for all that begin so."""
        self._paths = {path: path for path in paths}
        self._durations: dict[tuple[str, str | int], Histogram] = {}

    def add(self, path: str, outcome: str | int, seconds: float) -> None:
        """Count a request: its status, or why it has none."""
        key = self._paths.get(path) or self._pattern(path), outcome
        durations = self._durations.get(key)
        if durations is None:
            durations = self._durations[key] = Histogram(_SECONDS)
        durations.add(seconds)

    def _pattern(self, path: str) -> str:
        folder = f"{path[: path.find('/', 1) + 1]}{{name}}"
        return folder if folder in self._paths else _OTHER

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics."""
        from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily

        requests = CounterMetricFamily(
            "sentiment_requests", "Requests by path and status.", labels=("path", "status")
        )
        seconds = HistogramMetricFamily(
            "sentiment_request_seconds",
            "Seconds from a request to the end of its response.",
            labels=("path",),
        )
        of_paths: dict[str, Histogram] = {}
        # A copy: requests may add to it.
        for (path, outcome), durations in sorted(self._durations.copy().items(), key=str):
            requests.add_metric((path, str(outcome)), sum(durations.counts))
            of_paths[path] = of_paths.get(path, Histogram(_SECONDS)) + durations
        for path, durations in of_paths.items():
            seconds.add_metric((path,), durations.buckets(), durations.sum)
        yield requests
        yield seconds


class ModelCounts:
    """What a model is asked and answers, through all its versions; of any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._batches = Histogram(_TEXTS)
        self._unknown, self._measured = 0.0, 0
        self._next = 0.0

    def add(
        self,
        texts: Sequence[str],
        answers: Sequence[str],
        reasons: Sequence[str],
        unknown: Callable[[str], float],
    ) -> None:
        """Count a batch.

        Args:
            texts: of the batch, [n].
            answers: to each, empty for a text without words.
            reasons: why each is uncertain, empty for other answers.
            unknown: a text → the share of unknown words, NaN without words. It is asked of the
                beginning of one text of a batch, and not of each batch if they come fast.
        """
        share, now = math.nan, time.monotonic()
        if now >= self._next and texts:
            self._next = now + _PAUSE
            share = unknown(texts[sum(self._batches.counts) % len(texts)][:_CHARACTERS])
        with self._lock:
            self._answers.update(answers)
            self._reasons.update(reasons)
            self._batches.add(len(texts))
            if not math.isnan(share):
                self._unknown += share
                self._measured += 1

    def snapshot(self) -> "Snapshot":
        """Return a copy of the numbers."""
        with self._lock:
            batches = self._batches + Histogram(_TEXTS)
            reasons = {name: count for name, count in self._reasons.items() if name}
            shares = (self._measured, self._unknown)
            return Snapshot(dict(self._answers), reasons, batches, shares)


def unknown_words(model: Model, text: str) -> float:
    """Return the share of words in a text that no n-gram or list of a model knows.

    Returns:
        From 0 to 1; NaN for a text without words. Pieces of words, which know all, do not count.
    """
    judging = [each.encoder for each in model.components if each.encoder.judges]
    known = [encoder.coverage([text])[0] for encoder in judging]
    return 1 - float(np.fmax.reduce(known, initial=np.nan))


class Snapshot(NamedTuple):
    """The numbers of a model at one time.

    Attributes:
        answers: the number of each.
        reasons: why answers were uncertain, and how often.
        batches: of texts.
        unknown: the number of texts whose words were looked up, and the sum of their shares of
            unknown words.
    """

    answers: dict[str, int]
    reasons: dict[str, int]
    batches: Histogram
    unknown: tuple[int, float]


class Counted(Protocol):
    """A model whose answers are counted: its name and hash in `info`, and its counts."""

    info: Mapping[str, Any]
    counts: ModelCounts


class Metrics:
    """All that the service counts.

    Attributes:
        requests: their counts.
    """

    def __init__(self, paths: Iterable[str], models: Callable[[], Iterable[Counted]]) -> None:
        """Count requests for `paths`; `models` returns those that answer now."""
        self.requests = RequestCounts(paths)
        self._models = models

    def page(self) -> bytes:
        """Return what `/metrics` answers, of `METRICS_TYPE`.

        Raises:
            MissingDependencyError: prometheus_client is not installed.
        """
        require("metrics need prometheus-client", "prometheus_client", "prometheus-client")
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> "Iterator[Metric]":
        """Yield the metrics, as a collector of `prometheus_client`."""
        from prometheus_client.metrics_core import GaugeMetricFamily

        build = GaugeMetricFamily("sentiment_info", "The program.", labels=("version",))
        build.add_metric((__version__,), 1)
        yield build
        yield from self.requests.collect()
        yield from _of_models(self._models())


def _of_models(models: Iterable[Counted]) -> "Iterator[Metric]":
    """Yield the metrics of models."""
    from prometheus_client.metrics_core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        SummaryMetricFamily,
    )

    loaded = GaugeMetricFamily(
        "sentiment_model_info", "The models that answer.", labels=("model", "hash")
    )
    answers = CounterMetricFamily(
        "sentiment_answers", "Answers by class; (none): no words.", labels=("model", "answer")
    )
    reasons = CounterMetricFamily(
        "sentiment_uncertain_answers", "Uncertain answers by reason.", labels=("model", "reason")
    )
    batches = HistogramMetricFamily(
        "sentiment_batch_texts", "Texts that are scored at once.", labels=("model",)
    )
    words = SummaryMetricFamily(
        "sentiment_unknown_words",
        "Share of unknown words in a text, of a sample of texts.",
        labels=("model",),
    )
    for model in models:
        name, now = model.info["name"], model.counts.snapshot()
        loaded.add_metric((name, model.info["hash"]), 1)
        for answer, count in sorted(now.answers.items()):
            answers.add_metric((name, answer or "(none)"), count)
        for reason, count in sorted(now.reasons.items()):
            reasons.add_metric((name, reason), count)
        batches.add_metric((name,), now.batches.buckets(), now.batches.sum)
        words.add_metric((name,), *now.unknown)
    yield from (loaded, answers, reasons, batches, words)
