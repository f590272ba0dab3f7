"""What cannot be answered: a status, and one clear line."""

import json
import socket
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.serving.server import Limits, host_names
from tests.serving.conftest import (
    JSON,
    LINES,
    ask,
    body_of,
    everything,
    head,
    in_process,
    read_until,
    serving,
)

BODIES = {
    "nothing": (b"", 400, "not JSON (Expecting value at character 1)"),
    "no JSON": (b"text=good", 400, "not JSON (Expecting value at character 1)"),
    "half of it": (b'{"text": "go', 400, "not JSON"),
    "more than one": (b'{"text": "a"} {"text": "b"}', 400, "not JSON (Extra data"),
    "no UTF-8": (b'{"text": "caf\xe9"}', 400, "not UTF-8 (byte 14)"),
    "UTF-16": ('{"text": "a"}'.encode("utf-16"), 400, "not UTF-8 (byte 1)"),
    "NaN": (b'{"text": NaN}', 400, "NaN is not JSON; write null"),
    "infinity": (b'{"text": -Infinity}', 400, "-Infinity is not JSON; write null"),
    "too large a number": (b'{"text": 1e999}', 400, "1e999 is too large a number"),
    "many digits": (b'{"text": ' + b"9" * 9999 + b"}", 400, "a number of 9,999 digits"),
    "depth": (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "nested too deeply"),
    "objects in depth": (b'{"text": ' * 100_000 + b"}" * 100_000, 400, "nested too deeply"),
    "a key twice": (b'{"text": "a", "text": "b"}', 400, 'the key "text" occurs twice'),
    "NUL": (b"\x00", 400, "not JSON"),
    "a line break in a string": (b'{"text": "a\nb"}', 400, "not JSON (Invalid control"),
    "a list": (b'["good"]', 422, 'the body is a list; {"text": …}'),
    "a string": (b'"good"', 422, 'the body is a string; {"text": …}'),
    "null": (b"null", 422, 'the body is null; {"text": …}'),
    "true": (b"true", 422, 'the body is true; {"text": …}'),
    "another key": (b'{"txt": "good"}', 422, '{"text": …}'),
    "one key more": (b'{"text": "good", "a": 1}', 422, '{"text": …}'),
    "a number": (b'{"text": 1}', 422, '"text" is a number; a string is expected'),
    "a list in its place": (b'{"text": ["a"]}', 422, '"text" is a list; a string is expected'),
    "half a character": (b'{"text": "a\\ud800"}', 422, '"text" has a lone surrogate (character 2)'),
    "too long": (b'{"text": "' + b"a" * 100_001 + b'"}', 422, '"text" has 100,001 characters'),
    "too large": (b'{"text": "' + b"a" * 2_000_000 + b'"}', 413, "the body has more than 2,000"),
}
TEXTS = {
    "both": (b'{"text": "a", "texts": []}', 422, '{"text": …} or {"texts": …} is expected'),
    "no list": (b'{"texts": "a"}', 422, '"texts" is a string; a list of strings is expected'),
    "one that is none": (b'{"texts": ["a", null]}', 422, '"texts", number 2, is null; a string'),
    "half a character": (b'{"texts": ["\\udfff"]}', 422, '"texts", number 1, has a lone'),
    "too many": (
        json.dumps({"texts": [""] * 1001}).encode(),
        422,
        "1,001 texts; the limit is",
    ),
}


def check(answer, status, why):
    assert answer.status == status
    assert set(answer.json) == {"error"}
    assert answer.json["error"].startswith(why)
    assert "\n" not in answer.json["error"]


@pytest.mark.parametrize("path", ["/predict", "/explain"])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_not_as_asked(served, path, name):
    body, status, why = BODIES[name]
    check(served.post(path, body), status, why)


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_not_as_asked(served, name):
    body, status, why = TEXTS[name]
    check(served.post("/predict", body), status, why)


def test_an_explanation_toward_a_class_that_is_not_there(served):
    check(served.post("/explain", {"text": "good", "toward": "sad"}), 422, '"toward": no class sad')
    check(served.post("/explain", {"text": "good", "toward": 1}), 422, '"toward" is a number')
    check(served.post("/explain", {"toward": "negative"}), 422, '{"text": …} or {"text": …, "tow')


def test_a_byte_order_mark_is_no_mistake(served):
    assert served.post("/predict", b'\xef\xbb\xbf{"text": "good"}').status == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/predict", None),
        ("/predict", "text/plain"),
        ("/predict", "application/x-www-form-urlencoded"),
        ("/predict", "application/json; charset=latin-1"),
        ("/predict", "application/json, text/plain"),
        ("/explain", LINES),
    ],
)
def test_another_content_type_is_415(served, path, kind):
    headers = {"Content-Type": kind} if kind else {}
    answer = served.ask("POST", path, b'{"text": "good"}', headers)
    assert answer.status == 415
    assert answer.json["error"]


def test_content_types_that_mean_the_same(served):
    for kind in ("Application/JSON", 'application/json; charset="UTF-8"', "application/json;a=b"):
        assert served.post("/predict", {"text": "good"}, kind).status == 200


def asking(asked: bytes) -> bytes:
    """Make the head of a request ask whether its body may be sent."""
    return asked.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")


def test_who_may_not_send_a_body_is_let_go(live):
    """Or what comes next would be taken for that body."""
    got = live.raw(asking(head("/predict", 1000, "text/plain")))
    assert got.startswith(b"HTTP/1.1 415 ")
    assert b"\r\nconnection: close\r\n" in got


def test_who_may_send_a_body_is_told_so(live):
    body = b'{"text": "good"}'
    with live.connect(asking(head("/predict", len(body)))) as opened:
        assert read_until(opened, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        opened.sendall(body)
        assert b"positive" in everything(opened)


def test_another_protocol_is_400_and_the_end(live):
    """Its server takes what follows for that protocol, as the header has it."""
    upgrade = b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length"
    got = live.raw(head("/predict", 2).replace(b"Content-Length", upgrade) + b"{}")
    assert got.startswith(b"HTTP/1.1 400 ")
    assert b"leave out the Upgrade header" in got


def test_a_compressed_body_is_415(served):
    headers = {"Content-Type": JSON, "Content-Encoding": "gzip"}
    check(served.ask("POST", "/predict", b"\x1f\x8b", headers), 415, "compressed bodies")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_another_method_is_405(served, method):
    for path, allowed in (("/predict", "POST"), ("/explain", "POST"), ("/", "GET, HEAD")):
        answer = served.ask(method, path)
        check(answer, 405, f"{path} accepts only {allowed}")
        assert answer.headers["allow"] == allowed
    assert served.ask("GET", "/predict").status == 405
    assert served.ask("POST", "/health").status == 405


@pytest.mark.parametrize(
    "path", ["/nowhere", "/predict/", "//predict", "/\0", "/a\r\nb", "/é", "", "*"]
)
def test_another_path_is_404(served, path):
    sent = ask(served.client.app, b"", method="GET", path=path)
    assert sent[0]["status"] == 404
    assert json.loads(body_of(sent))["error"].startswith("not found")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8000", "[::1]:1"])
def test_names_of_this_machine_are_let_in(served, host):
    assert served.ask("GET", "/health", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.0.1:8000"]
)
def test_another_name_is_421_on_loopback(served, host):
    for method, path in (("GET", "/health"), ("GET", "/"), ("POST", "/predict"), ("GET", "/no")):
        check(served.ask(method, path, headers={"Host": host}), 421, "this host name")


@pytest.mark.parametrize("hosts", [b"", b"Host:\r\n", b"Host: a b\r\n", b"Host: localhost\r\n" * 2])
def test_a_name_that_is_none_is_400(live, hosts):
    got = live.raw(b"GET /health HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
    assert b" 400 Bad Request\r\n" in got


# Whether only this machine reaches it, what is allowed, and who is let in.
NAMED = [
    (True, ["Reviews.example:443"], ["reviews.example", "reviews.EXAMPLE.:8000", "localhost"]),
    (False, [], ["any.example", "localhost"]),
    (False, ["a.example"], ["a.example"]),
]


@pytest.mark.parametrize(("loopback", "allowed", "let_in"), NAMED)
def test_other_names_are_let_in_where_they_are_allowed(loopback, allowed, let_in):
    with in_process(Limits(), host_names(loopback, allowed)) as served:
        for host in let_in:
            assert served.ask("GET", "/health", headers={"Host": host}).status == 200
        status = 421 if allowed else 200
        assert served.ask("GET", "/health", headers={"Host": "other.example"}).status == status


@pytest.mark.skipif(sys.platform != "linux", reason="has 127.0.0.1 alone")
def test_another_address_of_this_machine_is_let_in_where_it_listens():
    with serving("--host", "127.0.0.2") as served:
        asked = b"GET /health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
        for host, status in ((b"127.0.0.2:80", b"200"), (b"localhost", b"200"), (b"a.b", b"421")):
            with socket.create_connection(("127.0.0.2", served.port), timeout=20) as opened:
                opened.sendall(asked % host)
                assert everything(opened).startswith(b"HTTP/1.1 " + status)


def test_where_anybody_may_come_names_count_only_if_some_are_allowed():
    asked = b"GET /health HTTP/1.1\r\nHost: any.example\r\nConnection: close\r\n\r\n"
    with serving("--host", "0.0.0.0") as running:
        assert running.raw(asked).startswith(b"HTTP/1.1 200 ")
    with serving("--host", "0.0.0.0", "--allow-host", "a.example") as running:
        assert running.raw(asked).startswith(b"HTTP/1.1 421 ")


RAW = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no HTTP": b"hello\r\n\r\n",
    "no number": b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: ten\r\n\r\n",
    "less than nothing": b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\n{}",
    "length and chunks": b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bytes in a path": b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT": b"CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no chunk": head("/predict", None) + b"xyz\r\n",
}


@pytest.mark.parametrize("name", RAW)
def test_what_is_no_http_is_400_and_the_end(live, name):
    """Of the server's, which knows no JSON."""
    assert live.raw(RAW[name]).startswith(b"HTTP/1.1 400 Bad Request\r\n")


@settings(max_examples=150)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=20),
            lambda some: st.lists(some) | st.dictionaries(st.sampled_from(["text", "texts"]), some),
        ).map(lambda value: json.dumps(value).encode()),
    ),
    st.sampled_from(["/predict", "/explain"]),
    st.sampled_from([JSON, LINES]),
)
def test_whatever_comes_is_answered_or_refused(served, body, path, kind):
    answer = served.post(path, body, kind)
    assert answer.status in {200, 400, 415, 422}
    if answer.status != 200:
        assert answer.json["error"]
    else:
        assert answer.lines is not None


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_whatever_bytes_come_do_no_harm(live, data):
    with live.connect(data) as opened:
        opened.shutdown(1)
        got = everything(opened)
    assert got == b"" or got.split()[1][:1] in {b"2", b"4"}
