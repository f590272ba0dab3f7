"""What no client can take: time, memory, places, connections."""

import asyncio
import json
import threading
import time
from pathlib import Path

import pytest

from sentiment.serving import app as application
from sentiment.serving.server import Limits
from tests.serving.conftest import (
    JSON,
    LINES,
    Stand,
    app_of,
    ask,
    body_of,
    chunk,
    head,
    in_process,
    read_until,
    serving,
    until,
)

BODY = b'{"text": "good"}'
NARROW = Limits(
    max_body=1000, max_texts=3, max_chars=20, max_file=5000, max_requests=4, timeout=0.5
)


class Echo(Stand):
    """A service that says how many characters each text has, and how many requests it answered."""

    answered = 0

    async def predict(self, texts):
        self.answered += 1
        await asyncio.sleep(0.8 if texts == ["slow"] else 0)
        return [{"chars": len(text)} for text in texts]

    async def explain(self, text, toward=None):
        await self.predict([text])
        return b"{}"


@pytest.fixture
def narrow():
    """A service with limits that are soon reached; places are given back in the end."""
    unforeseen = []
    app = app_of(Echo(), NARROW, report=unforeseen.append)
    yield app
    assert unforeseen == []
    meters = (app._slots, app._streams, app._explanations, app._bytes)
    assert [meter.taken for meter in meters] == [0, 0, 0, 0]


def refused(sent):
    """Return the status, the error, and the headers of an answer."""
    start, _ = sent
    return start["status"], json.loads(body_of(sent))["error"], dict(start["headers"])


def test_limits_are_as_they_are_set_and_said():
    with in_process(NARROW) as served:
        limits = {"max_body": 1000, "max_texts": 3, "max_chars": 20, "max_file": 5000}
        assert served.ask("GET", "/info").json["limits"] == limits
        schemas = served.ask("GET", "/openapi.json").json["components"]["schemas"]
        assert schemas["Text"]["maxLength"] == 20
        assert schemas["SeveralTexts"]["properties"]["texts"]["maxItems"] == 3
        assert served.post("/predict", {"texts": ["🙂" * 20] * 3}).status == 200
        assert served.post("/predict", {"texts": ["a"] * 4}).status == 422
        assert served.post("/explain", {"text": "a" * 21}).status == 422
        assert served.post("/predict", b" " * 984 + BODY).status == 200
        assert served.post("/predict", b" " * 985 + BODY).status == 413
        lines = served.post("/predict", b'"%s"\n"%s"\n' % (b"a" * 20, b"a" * 21), LINES).lines
        assert ["error" in line for line in lines] == [False, True]


def test_a_body_in_chunks_is_measured_as_it_comes(narrow):
    status, why, headers = refused(ask(narrow, b" " * 600, b" " * 600, 9.0))
    assert (status, why[:34]) == (413, "the body has more than 1,000 bytes")
    assert b"connection" not in headers, "what is on its way is let pass"


def test_after_a_body_that_is_refused_the_next_request_is_answered(live):
    with live.connect(head("/predict", None)) as opened:
        for _ in range(3):
            opened.sendall(chunk(b" " * 900_000))
        assert read_until(opened, b"}\n").startswith(b"HTTP/1.1 413 ")
        opened.sendall(chunk(b"what is on its way is let pass") + b"0\r\n\r\n")
        opened.sendall(head("/predict", len(BODY)) + BODY)
        assert b"positive" in read_until(opened, b"}\n")


SLOW = {
    "no body": ([9.0], JSON),
    "half a body": ([b'{"te', 9.0], JSON),
    "byte after byte": ([each for _ in range(20) for each in (b" ", 0.05)], JSON),
    "a stream without a line": ([b'{"te', 9.0], LINES),
}


@pytest.mark.parametrize("name", SLOW)
def test_who_is_slow_is_told_so(narrow, name):
    parts, kind = SLOW[name]
    status, why, headers = refused(ask(narrow, *parts, kind=kind))
    assert (status, why) == (408, "the request did not arrive within 0.5 seconds")
    assert headers[b"connection"] == b"close"


def test_a_slow_body_ends_the_connection():
    with serving("--timeout", "0.5") as running:
        got = running.raw(head("/predict", 100) + b'{"te')
        assert got.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        stalled = running.raw(head("/predict", None, LINES) + chunk(b'"good"\n'))
        assert stalled.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"positive" in stalled
        assert not stalled.endswith(b"0\r\n\r\n")
        assert running.post("/predict", {"text": "good"}).status == 200
        code, told = running.stop()
        assert (code, told.count("\n")) == (143, 1), "nothing is said of what clients do"


@pytest.mark.parametrize("rest", [[9.0], [each for _ in range(20) for each in (b" ", 0.05)]])
def test_a_stream_that_stalls_is_broken_off(narrow, rest):
    sent = ask(narrow, b'"good"\n', *rest, kind=LINES)
    assert sent[0]["status"] == 200
    assert body_of(sent) == b'{"text": "good", "chars": 4}\n'
    assert sent[-1]["more_body"], "no end"


def test_a_stream_that_goes_on_has_its_time_for_each_line(narrow):
    parts = [each for _ in range(7) for each in (b'"good"\n', 0.1)]
    sent = ask(narrow, *parts, b'"good"', kind=LINES)
    assert body_of(sent).count(b"\n") == 8
    assert not sent[-1].get("more_body")


def test_a_stream_that_nobody_reads_is_broken_off(narrow):
    sent = ask(narrow, *[b'"a"\n'] * 9, 9.0, kind=LINES, reads=lambda sent: 9.0 if sent else 0)
    assert len(sent) == 1, "the head, and nothing else"
    assert narrow._models.default.answered <= 2


@pytest.mark.parametrize("kind", [JSON, "text/plain"])
def test_who_does_not_read_an_answer_keeps_nothing_of_the_service(narrow, kind):
    kept = []

    def reads(_):
        kept.append((narrow._slots.taken, narrow._bytes.taken))
        return 0

    assert len(ask(narrow, BODY, kind=kind, reads=reads)) == 2
    assert kept == [(0, 0), (0, 0)]


@pytest.mark.parametrize("error", [OSError("reset"), RuntimeError("<TCPTransport closed=True>")])
def test_who_goes_away_before_the_answer_comes_is_no_error(narrow, error):
    def closed(_):
        raise error

    assert ask(narrow, BODY, reads=closed) == []
    assert ask(narrow, b'"a"\n', kind=LINES, reads=closed) == []


# What keeps a place, what finds none, and what has places of its own.
PLACES = {
    "requests": ("/predict", JSON, [b'{"text": "slow"}'], [BODY], "/predict", LINES),
    "explanations": ("/explain", JSON, [b'{"text": "slow"}'], [BODY], "/predict", JSON),
    "streams": ("/predict", LINES, [b'"a"\n', 0.8, b'"b"'], [b'"c"'], "/predict", JSON),
    "large requests": ("/predict", JSON, [b" " * 999, 0.8, b" "], [b" " * 99], "/predict", LINES),
}


@pytest.mark.parametrize("what", PLACES)
def test_those_there_is_no_place_for_come_again(what, monkeypatch):
    path, kind, slow, quick, other_path, other_kind = PLACES[what]
    monkeypatch.setattr(application, "_BODIES", 1)
    limits = Limits(max_body=1000, max_requests=1)
    app = app_of(Echo(), limits, report=print)
    thread = threading.Thread(target=ask, args=(app, *slow), kwargs={"path": path, "kind": kind})
    thread.start()
    time.sleep(0.2)
    status, why, headers = refused(ask(app, *quick, path=path, kind=kind))
    assert (status, why) == (503, f"too many {what} at once; try again in a second")
    assert headers[b"retry-after"] == b"1"
    assert ask(app, b"1", path=other_path, kind=other_kind)[0]["status"] in (200, 422)
    thread.join()
    assert ask(app, *quick, path=path, kind=kind)[0]["status"] in (200, 400)


@pytest.mark.parametrize(("length", "answered_early"), [(700, False), (1400, True)])
def test_lines_of_a_known_size_are_answered_when_all_are_there(narrow, length, answered_early):
    """Unless they are more than can be held."""
    sent = ask(
        narrow, b'"good"\n' * (length // 14), 0.1, b'"good"\n' * (length // 14), kind=LINES,
        headers=[(b"content-length", b"%d" % length)],
    )  # fmt: skip
    assert body_of(sent).count(b"chars") == length // 7
    parts = [message["body"] for message in sent[1:] if message["body"]]
    assert (len(parts) > 1) == answered_early


def test_where_there_are_too_many_connections_others_come_again():
    with serving("--max-connections", "4", "--max-requests", "100") as running:
        busy = [running.connect() for _ in range(4)]
        time.sleep(0.3)
        got = running.raw(head("/predict", len(BODY)) + BODY)
        assert got.startswith(b"HTTP/1.1 503 ")
        for opened in busy:
            opened.close()
        assert until(lambda: running.post("/predict", {"text": "good"}).status == 200)


def test_two_thousand_idle_connections_do_no_harm():
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2100 if hard == resource.RLIM_INFINITY else min(2100, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with serving() as running:
            idle = [running.connect() for _ in range(wanted - 100)]
            assert running.post("/predict", {"text": "good"}).status == 200
            for opened in idle:
                opened.close()
            assert running.post("/predict", {"text": "good"}).status == 200
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_a_stream_takes_no_memory_however_long_it_is():
    def memory(running):
        status = Path(f"/proc/{running.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    line = b'{"text": "the soup was cold and nobody cared"}\n'
    with serving() as running, running.connect(head("/predict", None, LINES)) as opened:

        def send(count):
            for _ in range(count):
                opened.sendall(chunk(line * 500))

        sizes = []
        for count in (20, 200):
            sender = threading.Thread(target=send, args=(count,))
            sender.start()
            read_until_count(opened, count * 500)
            sender.join()
            sizes.append(memory(running))
        assert sizes[1] - sizes[0] < 3_000


def read_until_count(opened, lines):
    """Read so many answers without keeping them."""
    seen = 0
    rest = b""
    while seen < lines:
        part = rest + opened.recv(1 << 16)
        seen += part.count(b"p_positive")
        rest = part[-9:] if b"p_positive" not in part[-9:] else b""


def test_a_long_request_does_not_keep_short_ones_waiting(served):
    texts = {"texts": ["word " * 390] * 500}
    done = []

    def ask_for_long():
        done.append(served.post("/predict", texts).status)

    threads = [threading.Thread(target=ask_for_long) for _ in range(3)]
    for thread in threads:
        thread.start()
    answered = 0
    while any(thread.is_alive() for thread in threads):
        assert served.post("/predict", {"text": "good"}).status == 200
        answered += 1
    assert done == [200, 200, 200]
    assert answered > 5, "they wait for the long requests"
