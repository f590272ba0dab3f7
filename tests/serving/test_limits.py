"""What no client can take: time, memory, places, connections."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.serving.conftest import (
    LINES,
    Served,
    chunk,
    everything,
    head,
    read_until,
    serving,
    until,
)

BODY = b'{"text": "good"}'


def error(got: bytes) -> str:
    return json.loads(got.split(b"\r\n\r\n", 1)[1])["error"]


@pytest.fixture(scope="module")
def narrow():
    """A service with limits that are soon reached."""
    options = "--max-body 1000 --max-texts 3 --max-chars 20 --max-requests 4 --max-connections 40"
    with serving(*options.split(), "--max-file", "5000", "--timeout", "1") as running:
        yield running
        assert running.ask("GET", "/health").status == 200
        assert running.stop()[0] == 143


def answers(served: Served) -> bool:
    return served.post("/predict", {"text": "good"}).status == 200


def breaks(opened: socket.socket, data: bytes, times: int, pause: float = 0) -> bool:
    """Send something again and again; tell whether the other end has had enough."""
    try:
        for _ in range(times):
            opened.sendall(data)
            time.sleep(pause)
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


def test_limits_are_as_they_are_set_and_said(narrow):
    limits = {"max_body": 1000, "max_texts": 3, "max_chars": 20, "max_file": 5000}
    assert narrow.ask("GET", "/info").json["limits"] == limits
    schemas = narrow.ask("GET", "/openapi.json").json["components"]["schemas"]
    assert schemas["Text"]["maxLength"] == 20
    assert schemas["SeveralTexts"]["properties"]["texts"]["maxItems"] == 3
    assert narrow.post("/predict", {"texts": ["🙂" * 20] * 3}).status == 200
    assert narrow.post("/predict", {"texts": ["a"] * 4}).status == 422
    assert narrow.post("/explain", {"text": "a" * 21}).status == 422
    assert narrow.post("/predict", b" " * 984 + BODY).status == 200
    assert narrow.post("/predict", b" " * 985 + BODY).status == 413
    lines = narrow.post("/predict", b'"%s"\n"%s"\n' % (b"a" * 20, b"a" * 21), LINES).lines
    assert ["error" in line for line in lines] == [False, True]


def test_a_body_in_chunks_is_measured_as_it_comes(narrow):
    with narrow.connect(head("/predict", None)) as opened:
        opened.sendall(chunk(b" " * 600))
        opened.sendall(chunk(b" " * 600))
        assert read_until(opened, b"}\n").startswith(b"HTTP/1.1 413 ")
        opened.sendall(chunk(b"what is on its way is let pass") + b"0\r\n\r\n")
        opened.sendall(head("/predict", len(BODY)) + BODY)
        assert b"positive" in read_until(opened, b"}\n")


def test_a_refused_body_without_an_end_is_cut_off(narrow):
    with narrow.connect(head("/predict", 1 << 40)) as opened:
        assert read_until(opened, b"}\n").startswith(b"HTTP/1.1 413 ")
        assert breaks(opened, b" " * 10_000, times=1000, pause=0.001)


HEADS = {
    "many headers": b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 20_000,
    "a long header": b"GET /health HTTP/1.1\r\nA: " + b"b" * 100_000,
    "a long path": b"GET /" + b"a" * 100_000,
    "many trailers": head("/predict", None) + b"0\r\n" + b"A: b\r\n" * 20_000,
    "a long chunk extension": head("/predict", None) + b"1;" + b"a" * 100_000,
}


@pytest.mark.parametrize("name", HEADS)
def test_a_head_that_does_not_end_is_431(narrow, name):
    with narrow.connect(HEADS[name]) as opened:
        assert everything(opened).startswith(b"HTTP/1.1 431 ")


def test_small_chunks_are_no_large_head(served):
    body = b"".join(chunk(bytes([byte])) for byte in b'{"text": "' + b"a" * 20_000 + b'"}')
    with served.connect(head("/predict", None) + body + b"0\r\n\r\n") as opened:
        assert read_until(opened, b"}\n").startswith(b"HTTP/1.1 200 ")


SLOW = {
    "half a head": b"GET /health HTTP/1.1\r\nHo",
    "a head without a body": head("/predict", 100),
    "half a body": head("/predict", 100) + b'{"te',
    "a stream without a line": head("/predict", None, LINES) + chunk(b'{"te'),
}


@pytest.mark.parametrize("name", SLOW)
def test_who_is_slow_is_told_so(narrow, name):
    began = time.monotonic()
    with narrow.connect(SLOW[name]) as opened:
        got = everything(opened)
    assert 0.9 < time.monotonic() - began < 8
    assert got.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert error(got) == "the request did not arrive within 1 seconds"


def test_byte_after_byte_is_slow_too(narrow):
    with narrow.connect(head("/predict", 1000)) as opened:
        assert breaks(opened, b" ", times=60, pause=0.1)
    with narrow.connect(head("/predict", None, LINES) + chunk(b'"good"\n')) as opened:
        assert breaks(opened, chunk(b" "), times=60, pause=0.1)
    assert answers(narrow)


def test_who_says_nothing_is_let_go(narrow):
    with narrow.connect() as opened:
        assert everything(opened) == b""


def test_a_stream_that_stalls_is_broken_off(narrow):
    with narrow.connect(head("/predict", None, LINES) + chunk(b'"good"\n')) as opened:
        got = everything(opened)
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"positive" in got
    assert not got.endswith(b"0\r\n\r\n")


def test_streams_beyond_those_there_are_places_for_come_again(narrow):
    with narrow.connect(head("/predict", None, LINES) + chunk(b'"good"\n')) as opened:
        read_until(opened, b"p_positive")
        answer = narrow.post("/predict", b'"good"\n', LINES)
        assert answer.status == 503
        assert answer.headers["retry-after"] == "1"
        assert answer.json == {"error": "too many streams at once; come again in a second"}
        assert answers(narrow), "single texts have places of their own"
        opened.sendall(b"0\r\n\r\n")
        read_until(opened, b"0\r\n\r\n")
    assert narrow.post("/predict", b'"good"\n', LINES).status == 200


def test_requests_beyond_those_there_are_places_for_come_again():
    text = json.dumps({"text": "not good, but " * 7000}).encode()
    statuses = []
    with serving("--max-requests", "2") as served:

        def ask():
            answer = served.post("/explain", text)
            statuses.append(answer.status)
            if answer.status == 503:
                assert answer.headers["retry-after"] == "1"
                assert answer.json["error"].startswith("too many explanations at once; ")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
            assert answers(served), "those who predict have places of their own"
        for thread in threads:
            thread.join()
        assert set(statuses) == {200, 503}


def test_bodies_that_are_held_at_once_have_a_limit_too(narrow):
    slow = [narrow.connect(head("/predict", 1000) + b" " * 999) for _ in range(32)]
    time.sleep(0.2)
    answer = narrow.post("/predict", b" " * 900 + BODY)
    assert answer.status == 503
    assert answer.json == {"error": "too many large requests at once; come again in a second"}
    for opened in slow:
        opened.close()
    assert until(lambda: narrow.post("/predict", b" " * 900 + BODY).status == 200)


def test_lines_of_a_known_size_are_answered_when_all_are_there(narrow):
    lines = b'"good"\n' * 100
    with narrow.connect(head("/predict", len(lines), LINES) + lines[:-7]) as opened:
        opened.settimeout(0.3)
        with pytest.raises(TimeoutError):
            opened.recv(1)
        opened.settimeout(10)
        opened.sendall(lines[-7:])
        assert read_until(opened, b"0\r\n\r\n").count(b"positive") == 200
    with narrow.connect(head("/predict", 2 * len(lines), LINES) + lines) as opened:
        read_until(opened, b"p_positive")  # more than can be held is answered as it comes
        opened.sendall(lines)
        read_until(opened, b"0\r\n\r\n")


def test_those_who_have_been_idle_longest_make_room(narrow):
    idle = [narrow.connect() for _ in range(100)]
    assert answers(narrow)
    idle[0].settimeout(5)
    assert everything(idle[0]) == b""
    for opened in idle:
        opened.close()


def test_where_all_connections_are_busy_others_come_again():
    with serving("--max-connections", "4", "--max-requests", "100") as served:
        busy = [served.connect(head("/predict", 100)) for _ in range(4)]
        time.sleep(0.3)
        with served.connect() as opened:
            got = everything(opened)
        assert got.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in got
        assert error(got) == "too many connections at once; come again in a second"
        for opened in busy:
            opened.close()
        assert until(lambda: answers(served))


def test_requests_that_run_far_ahead_of_their_answers_are_cut_off(served):
    body = b'{"text": "good"}'
    with served.connect(1000 * (head("/predict", len(body)) + body)) as opened:
        assert everything(opened).count(b"HTTP/1.1 200 ") < 1000
    assert answers(served)


def test_two_thousand_idle_connections_do_no_harm():
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2100 if hard == resource.RLIM_INFINITY else min(2100, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with serving() as served:
            idle = [served.connect() for _ in range(wanted - 100)]
            began = time.monotonic()
            assert answers(served)
            assert time.monotonic() - began < 2
            for opened in idle:
                opened.close()
            assert answers(served)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_answers_that_nobody_reads_are_not_kept():
    texts = json.dumps({"texts": ["word " * 390] * 1000}).encode()
    with serving("--timeout", "1") as served, served.connect() as opened:
        assert breaks(opened, head("/predict", len(texts)) + texts, times=20)
        assert answers(served)


def test_a_stream_that_nobody_reads_is_broken_off():
    with serving("--timeout", "1") as served, served.connect() as opened:
        opened.sendall(head("/predict", None, LINES))
        opened.settimeout(3)
        line = chunk(b'"' + b"word " * 10_000 + b'"\n')
        assert breaks(opened, line, times=3000)
        assert answers(served)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_a_stream_takes_no_memory_however_long_it_is():
    def memory(served):
        status = Path(f"/proc/{served.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    line = b'{"text": "the soup was cold and nobody cared"}\n'
    with serving() as served, served.connect(head("/predict", None, LINES)) as opened:

        def send(count):
            for _ in range(count):
                opened.sendall(chunk(line * 500))

        def read(count):
            read_until_count(opened, count)

        sizes = []
        for count in (20, 200):
            sender = threading.Thread(target=send, args=(count,))
            sender.start()
            read(count * 500)
            sender.join()
            sizes.append(memory(served))
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
    texts = {"texts": ["word " * 390] * 1000}
    done = []

    def ask():
        done.append(served.post("/predict", texts).status)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    times = []
    until(lambda: served.ask("GET", "/health").status == 200)
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        assert answers(served)
        times.append(time.monotonic() - began)
    assert done == [200, 200, 200]
    assert len(times) > 5
    assert sorted(times)[len(times) // 2] < 0.5
