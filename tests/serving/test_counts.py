"""The numbers at `/metrics`: true, few whatever is asked, and in the format of Prometheus."""

import math
import sys
from collections import Counter

import pytest

from sentiment.general import FAST_MODEL
from sentiment.model.file import load_model
from sentiment.serving.metrics import Histogram, ModelCounts, RequestCounts, unknown_words
from sentiment.serving.server import Limits
from tests.serving.conftest import LINES, in_process

parser = pytest.importorskip(
    "prometheus_client.parser", reason="prometheus-client is not installed"
)


@pytest.fixture
def asked():
    """A service that counts from nothing, and a function that reads its numbers."""
    with in_process(Limits()) as running:

        def numbers():
            answer = running.ask("GET", "/metrics")
            assert answer.status == 200
            assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            families = parser.text_string_to_metric_families(answer.body.decode())
            return {
                (sample.name, *sample.labels.values()): sample.value
                for family in families
                for sample in family.samples
                if sample.name.startswith(("sentiment_", "process_"))
            }

        yield running, numbers


def test_requests_are_counted_by_path_and_status(asked):
    served, numbers = asked
    for _ in range(3):
        served.ask("GET", "/health")
    served.ask("GET", "/predict")
    for n in range(50):
        served.ask("GET", f"/nowhere/{n}")
        served.ask("GET", f"/static/{n}")
    served.ask("GET", "/static/page.js")
    found = numbers()
    requests = {key[1:]: value for key, value in found.items() if "requests_total" in key[0]}
    assert requests == {
        ("/health", "200"): 3, ("/predict", "405"): 1, ("other", "404"): 50,
        ("/static/{name}", "404"): 50, ("/static/{name}", "200"): 1,
    }  # fmt: skip
    assert found["sentiment_request_seconds_count", "/static/{name}"] == 51
    assert found["sentiment_request_seconds_bucket", "+Inf", "other"] == 50
    assert 0 < found["sentiment_request_seconds_sum", "other"] < 50
    assert numbers()["sentiment_requests_total", "/metrics", "200"] == 1


def test_answers_are_counted_however_they_were_asked_for(asked):
    served, numbers = asked
    texts = ["I loved it", "Dreadful, avoid", "qwxz zzkw", ""]
    answers = served.post("/predict", {"texts": texts}).json["predictions"]
    answers += served.post("/predict", b'"I loved it"\n{"id": 1}\n', LINES).lines
    answers.append(served.post("/predict", {"text": "so so"}).json)
    kind = {"Content-Type": "application/octet-stream"}
    served.ask("POST", "/files?name=a.txt", b"I loved it\nI loved it\n", kind)
    served.post("/explain", {"text": "I loved it"})
    expected = Counter(each["predicted"] or "(none)" for each in answers)
    expected["positive"] += 2
    found = numbers()
    counted = {key[1]: value for key, value in found.items() if key[0] == "sentiment_answers_total"}
    assert counted == expected
    reasons = Counter(each["reason"] for each in answers if "reason" in each)
    counted = {key[2]: value for key, value in found.items() if "sentiment_uncertain" in key[0]}
    assert counted == reasons
    assert found["sentiment_batch_texts_count", "fast"] == 4
    assert found["sentiment_batch_texts_sum", "fast"] == 9
    assert found["sentiment_batch_texts_bucket", "2", "fast"] == 3
    assert found["process_resident_memory_bytes",] > 1e6


def test_the_share_of_unknown_words_is_that_of_the_texts():
    model = load_model(FAST_MODEL)
    assert unknown_words(model, "I loved this book") == 0
    assert unknown_words(model, "qwxz zzkw vvq") == 1
    assert 0 < unknown_words(model, "loved qwxz zzkw") < 1
    assert math.isnan(unknown_words(model, " "))


def test_words_of_few_texts_are_looked_up_when_they_come_fast(monkeypatch):
    now, looked = [100.0], []
    monkeypatch.setattr("sentiment.serving.metrics.time.monotonic", lambda: now[0])
    counts = ModelCounts()

    def share(text):
        looked.append(text)
        return {"half": 0.5, "": math.nan}.get(text, 1.0)

    for text in ("half", "not seen", "not seen"):
        counts.add([text], ["positive"], [""], share)
    for text in ("none", "", "long " * 10_000):
        now[0] += 1
        counts.add([text], ["positive"], [""], share)
    assert looked == ["half", "none", "", "long " * 400]
    assert counts.snapshot().unknown == (3, 2.5)
    assert counts.snapshot().answers == {"positive": 6}
    assert counts.snapshot().reasons == {}


def test_buckets_are_cumulative_and_include_their_bounds():
    values = Histogram((1, 2, 4))
    for value in (0, 1, 1.5, 4, 5):
        values.add(value)
    assert values.buckets() == [("1", 2), ("2", 3), ("4", 4), ("+Inf", 5)]
    assert values.sum == 11.5
    assert (values + values).buckets()[-1] == ("+Inf", 10)


def test_who_leaves_is_counted_apart():
    counts = RequestCounts(["/predict"])
    for outcome in (200, "aborted", "disconnected", "disconnected"):
        counts.add("/predict", outcome, 0.1)
    requests, seconds = counts.collect()
    assert {sample.labels["status"]: sample.value for sample in requests.samples} == {
        "200": 1, "aborted": 1, "disconnected": 2,
    }  # fmt: skip
    assert {sample.labels["path"] for sample in seconds.samples} == {"/predict"}


def test_without_the_package_a_line_says_how_to_install_it(served, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    answer = served.ask("GET", "/metrics")
    assert answer.status == 501
    assert answer.json["error"].endswith("not installed: pip install prometheus-client")
