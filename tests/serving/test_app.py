"""The application by itself: what nobody foresaw, and that places are given back."""

import asyncio
import json
import threading

import pytest

from sentiment.serving.app import App
from sentiment.serving.asked import read_json
from sentiment.serving.hosts import Hosts
from sentiment.serving.limits import Limits
from sentiment.serving.lines import LineCutter, answer_lines

BODY = b'{"text": "good"}'


class Broken:
    """A service that fails in a way that nobody foresaw."""

    def __init__(self):
        self.info = {"name": "broken"}

    async def predict(self, texts):
        raise ZeroDivisionError("nobody foresaw it")


def ask(app, *messages, path="/predict"):
    """Ask over ASGI; give the messages that were sent."""
    coming, sent = list(messages), []
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": path,
             "headers": headers, "client": None}  # fmt: skip

    async def receive():
        return coming.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def whole(body):
    return {"type": "http.request", "body": body, "more_body": False}


@pytest.fixture
def app():
    told, logged = [], []
    limits = Limits(max_requests=1)
    made = App(Broken(), Hosts(loopback=True), limits, report=told.append, log=logged.append)
    made.told, made.logged = told, logged
    return made


def test_what_nobody_foresaw_is_500_and_told_and_the_next_is_answered(app):
    for _ in range(3):
        start, body = ask(app, whole(BODY))
        assert start["status"] == 500
        assert json.loads(body["body"]) == {"error": "something unexpected went wrong here"}
    assert [str(error) for error in app.told] == ["nobody foresaw it"] * 3
    assert app.logged[0].startswith("? POST /predict 500 ")
    assert app._places.taken == app._bytes.taken == 0


def test_who_goes_away_is_not_answered_and_gives_the_place_back(app):
    part = {"type": "http.request", "body": BODY, "more_body": True}
    assert ask(app, part, {"type": "http.disconnect"}) == []
    assert app.told == []
    assert app._places.taken == app._bytes.taken == 0
    assert " gone " in app.logged[0]


def test_lines_are_cut_alike_however_they_come():
    data = b'a\n\n"long line"\r\n \nb' + b"c" * 20 + b"\nd"
    expected = [b"a", b'"long line"\r', None, b"d"]
    for size in range(1, len(data)):
        cutter = LineCutter(longest=12)
        got = []
        for begin in range(0, len(data), size):
            got += cutter.feed(data[begin : begin + size])
        assert [*got, *cutter.end()] == expected


class Slow:
    """A service that answers so many requests, and no more."""

    def __init__(self, most):
        self.info = {"name": "slow"}
        self.left = most

    async def predict(self, texts):
        self.left -= 1
        if self.left < 0:
            await asyncio.Event().wait()
        return [{}] * len(texts)


@pytest.mark.parametrize(
    ("kind", "body", "statuses"),
    [("application/json", BODY, [503]), ("application/x-ndjson", b'"a"\n' * 300, [200])],
)
def test_what_takes_too_long_when_it_stops_is_ended_without_a_word(kind, body, statuses):
    service = Slow(most=statuses.count(200))
    told, sent = [], []
    app = App(service, Hosts(loopback=True), Limits(), report=told.append)
    headers = [(b"host", b"localhost"), (b"content-type", kind.encode())]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/predict",
             "headers": headers, "client": None}  # fmt: skip

    async def receive():
        return whole(body)

    async def send(message):
        sent.append(message)

    async def stopped():
        task = asyncio.create_task(app(scope, receive, send))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    asyncio.run(stopped())
    assert [each["status"] for each in sent if "status" in each] == statuses
    assert told == []
    if statuses == [503]:
        assert json.loads(sent[1]["body"]) == {"error": "the service has been stopped"}
    else:
        assert len(sent) == 2, "what was answered, and no end"


@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_a_long_body_is_read_while_others_are_answered(app, path, monkeypatch):
    read = track_reading(monkeypatch, "sentiment.serving.app")
    ask(app, whole(BODY), path=path)
    ask(app, whole(b"[" + b"{}," * 100_000 + b"{}]"), path=path)
    assert read == [True, False]


def test_a_long_line_is_read_while_others_are_answered(monkeypatch):
    read = track_reading(monkeypatch, "sentiment.serving.lines")

    async def chunks():
        yield b'"short"\n'
        yield b'{"text": "long", "more": [' + b"{}," * 100_000 + b"{}]}\n"

    async def answered():
        return [part async for part in answer_lines(chunks(), Slow(most=2), Limits())]

    assert len(asyncio.run(answered())) == 2
    assert read == [True, False]


def track_reading(monkeypatch, module):
    """Tell of each piece of JSON whether it was read where all requests are answered."""
    found = []

    def read(body):
        found.append(threading.current_thread() is threading.main_thread())
        return read_json(body)

    monkeypatch.setattr(f"{module}.read_json", read)
    return found


def test_no_chunk_of_lines_takes_all_the_time():
    """Others have their turn between a few hundred lines, be they as short as can be."""
    asked = []

    class Counting:
        async def predict(self, texts):
            asked.append(len(texts))
            return [{}] * len(texts)

    async def chunk():
        yield b"1\n" * 10_000

    async def answered():
        return [part async for part in answer_lines(chunk(), Counting(), Limits())]

    parts = asyncio.run(answered())
    assert max(asked) <= 256
    assert len(parts) == len(asked)
    assert b"".join(parts).count(b"\n") == sum(asked) == 10_000
