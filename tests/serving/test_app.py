"""The application by itself: what nobody foresaw, and that places are given back."""

import asyncio
import json
import threading

import pytest

from sentiment.labels import SENTIMENT
from sentiment.serving import requests
from sentiment.serving.requests import LineCutter, answer_lines, read_json
from sentiment.serving.server import Limits
from tests.serving.conftest import LINES, Stand, app_of, ask, body_of

BODY = b'{"text": "good"}'


class Broken(Stand):
    """A service that fails in a way that nobody foresaw."""

    async def predict(self, texts):
        raise ZeroDivisionError("nobody foresaw it")


@pytest.fixture
def app():
    told, logged = [], []
    made = app_of(Broken(), Limits(max_requests=1), report=told.append, log=logged.append)
    made.told, made.logged = told, logged
    return made


def test_what_nobody_foresaw_is_500_and_told_and_the_next_is_answered(app):
    for _ in range(3):
        start, body = ask(app, BODY)
        assert start["status"] == 500
        assert (b"x-content-type-options", b"nosniff") in start["headers"]
        assert json.loads(body["body"]) == {"error": "an unexpected error occurred in the service"}
    assert [str(error) for error in app.told] == ["nobody foresaw it"] * 3
    ids = [f"request {logged.request_id}" for logged in app.logged]
    assert [each for error in app.told for each in error.__notes__] == ids
    assert app.logged[0].text.startswith("unix POST /predict 500 ")
    assert app._slots.taken == app._bytes.taken == 0


def test_who_goes_away_is_not_answered_and_gives_the_place_back(app):
    assert ask(app, BODY, None) == []
    assert app.told == []
    assert app._slots.taken == app._bytes.taken == 0
    assert " disconnected " in app.logged[0].text


def test_lines_are_cut_alike_however_they_come():
    data = b'a\n\n"long line"\r\n \nb' + b"c" * 20 + b"\nd"
    expected = [b"a", b'"long line"\r', None, b"d"]
    for size in range(1, len(data)):
        cutter = LineCutter(longest=12)
        got = []
        for begin in range(0, len(data), size):
            got += cutter.feed(data[begin : begin + size])
        assert [*got, *cutter.feed(b"\n")] == expected


class Slow(Stand):
    """A service that answers so many requests, and no more."""

    def __init__(self, most):
        self.left = most

    async def predict(self, texts):
        self.left -= 1
        if self.left < 0:
            asyncio.current_task().cancel()  # as the server does once it has waited long enough
            await asyncio.sleep(0)
        return [{}] * len(texts)


@pytest.mark.parametrize(
    ("kind", "body", "statuses"),
    [("application/json", BODY, [503]), (LINES, b'"a"\n' * 300, [200])],
)
def test_what_takes_too_long_when_it_stops_is_ended_without_a_word(kind, body, statuses):
    told = []
    app = app_of(Slow(most=statuses.count(200)), Limits(), report=told.append)
    sent = ask(app, body, kind=kind)
    assert [each["status"] for each in sent if "status" in each] == statuses
    assert told == []
    if statuses == [503]:
        assert json.loads(body_of(sent)) == {"error": "the service has been stopped"}
    else:
        assert len(sent) == 2, "what was answered, and no end"


@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_a_long_body_is_read_while_others_are_answered(app, path, monkeypatch):
    read = track_reading(monkeypatch)
    ask(app, BODY, path=path)
    ask(app, b"[" + b"{}," * 100_000 + b"{}]", path=path)
    assert read == [True, False]


def test_a_long_line_is_read_while_others_are_answered(monkeypatch):
    read = track_reading(monkeypatch)

    async def chunks():
        yield b'"short"\n'
        yield b'{"text": "long", "more": [' + b"{}," * 100_000 + b"{}]}\n"

    async def answered():
        return [part async for part in answer_lines(chunks(), Slow(most=2), Limits())]

    assert len(asyncio.run(answered())) == 2
    assert read == [True, False]


def track_reading(monkeypatch):
    """Tell of each piece of JSON whether it was read where all requests are answered."""
    found = []

    def read(body):
        found.append(threading.current_thread() is threading.main_thread())
        return read_json(body)

    monkeypatch.setattr(requests, "read_json", read)
    return found


def test_no_chunk_of_lines_takes_all_the_time():
    """Others have their turn between a few hundred lines, be they as short as can be."""
    asked = []

    class Counting:
        labels = SENTIMENT

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
