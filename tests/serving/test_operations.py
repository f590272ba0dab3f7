"""What those who run the service ask it, and what it writes for them."""

import hashlib
import json
import signal
import subprocess
import sys
from types import MappingProxyType

import pytest

import sentiment
from sentiment.errors import UsageError
from sentiment.general import FAST_MODEL
from sentiment.serving.logs import Log, Outcome, Proxies
from sentiment.serving.server import Limits
from tests.serving.conftest import Stand, app_of, ask, body_of, serving

HASH = hashlib.sha256(FAST_MODEL.read_bytes()).hexdigest()


def test_the_version_has_the_hash_of_the_model(served):
    expected = {"version": sentiment.__version__, "models": {"fast": HASH}}
    assert served.ask("GET", "/version").json == expected
    assert served.ask("GET", "/info").json["hash"] == HASH


def test_it_is_ready_until_it_stops(served):
    assert served.ask("GET", "/ready").json == {"status": "ready"}
    app = app_of(Stand(), Limits(), report=print)
    app.operations.stop()
    sent = ask(app, b"", method="GET", path="/ready")
    assert sent[0]["status"] == 503
    assert "stopping" in json.loads(body_of(sent))["error"]
    assert ask(app, b"", method="GET", path="/health")[0]["status"] == 200


STOPPED = """
from sentiment.serving.server import Limits, listen, run
say = lambda word: lambda: print(word, flush=True)
with listen("127.0.0.1", 0) as listening:
    run(None, listening, Limits(), print, say("started"), say("stopping"), say("reload"))
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_what_stops_it(how):
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout.readline() == "started\n"
        process.send_signal(how)
        assert process.communicate(timeout=20)[0] == "stopping\n"


@pytest.mark.parametrize("given", [b"abc-1", b"5f/9:A_b.c+d=@", b"x" * 128])
def test_the_id_of_a_request_comes_back(given):
    assert id_of([(b"x-request-id", given)]) == given


@pytest.mark.parametrize(
    "given", [b"", b"two words", b"x" * 129, b"a\xff", b'"', b"\x1b[31m", b"a,b"]
)
def test_what_is_no_id_is_replaced(given):
    own = id_of([(b"x-request-id", given)])
    assert own
    assert own != given
    assert id_of([]) != id_of([])


APP = app_of(Stand(), Limits(), report=print)


def id_of(headers):
    start = ask(APP, b"", method="GET", path="/health", headers=headers)[0]
    (found,) = [value for name, value in start["headers"] if name == b"x-request-id"]
    return found


@pytest.mark.parametrize(
    ("believed", "peer", "forwarded", "client"),
    [
        ([], "10.0.0.7", ["203.0.113.5"], "10.0.0.7"),
        (["10.0.0.7"], "10.0.0.7", ["203.0.113.5"], "203.0.113.5"),
        (["10.0.0.7"], "10.0.0.8", ["203.0.113.5"], "10.0.0.8"),
        (["10.0.0.0/8"], "10.0.0.8", ["6.6.6.6, 203.0.113.5, 10.1.1.1"], "203.0.113.5"),
        (["10.0.0.0/8"], "10.0.0.8", ["6.6.6.6", "203.0.113.5"], "203.0.113.5"),
        (["10.0.0.0/8"], "10.0.0.8", ["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        (["10.0.0.0/8"], "10.0.0.8", [], "10.0.0.8"),
        (["10.0.0.0/8"], "10.0.0.8", ["<script>, 10.1.1.1"], "10.1.1.1"),
        (["10.0.0.0/8"], "10.0.0.8", ["<script>"], "10.0.0.8"),
        (["10.0.0.0/8"], "10.0.0.8", ["fe80::1%<script>"], "fe80::1"),
        (["10.0.0.0/8"], "10.0.0.8", ["203.0.113.5:4711"], "203.0.113.5"),
        (["10.0.0.0/8"], "::ffff:10.0.0.8", ["[2001:db8::1]:80"], "2001:db8::1"),
        (["10.0.0.0/8"], "10.0.0.8", [",".join(["10.0.0.9"] * 5000)], "10.0.0.9"),
        (["2001:db8::/32"], "2001:db8::7", ["2001:0db8:0::7, 8.8.8.8"], "8.8.8.8"),
        (["unix"], None, ["203.0.113.5"], "203.0.113.5"),
        (["10.0.0.0/8"], None, ["203.0.113.5"], "unix"),
        (["unix"], "10.0.0.8", ["203.0.113.5"], "10.0.0.8"),
    ],
)
def test_the_client_is_the_last_that_no_believed_proxy_names(believed, peer, forwarded, client):
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    scope = {"client": peer and (peer, 4711), "headers": headers}
    assert Proxies(believed).client_of(scope) == client


@pytest.mark.parametrize("named", ["", "proxy", "10.0.0.300", "10.0.0.0/33", "10.0.0.1/8", "Unix"])
def test_a_proxy_is_an_address_or_a_network(named):
    with pytest.raises(UsageError, match="--forwarded-for"):
        Proxies([named])


def test_lines_of_json_have_the_same_facts():
    with serving("-v", "--log-format", "json", "--forwarded-for", "127.0.0.0/8") as served:
        headers = {"X-Forwarded-For": "203.0.113.5", "X-Request-ID": "mine"}
        served.ask("GET", "/health?text=secret", headers=headers)
        served.ask("GET", "/%1b%5b2J%0d%0afake%e2%80%ae")
        told = served.stop()[1]
    started, health, other = (json.loads(line) for line in told.splitlines() if line[0] == "{")
    assert started["message"] == "started"
    assert started["version"] == sentiment.__version__
    assert started["models"] == {"fast": HASH}
    assert started["address"] == f"http://127.0.0.1:{served.port}"
    assert health.pop("ms") >= 0
    assert started["time"] <= health.pop("time") <= other["time"]
    assert health == {
        "level": "info", "message": "request", "request_id": "mine", "client": "203.0.113.5",
        "method": "GET", "path": "/health", "status": 200, "complete": True, "model": HASH[:12],
    }  # fmt: skip
    assert other["path"] == "/\x1b[2J\r\nfake\u202e"
    assert "secret" not in told
    assert told.isascii()


def test_a_line_is_never_longer_than_it_is_useful():
    lines = []
    Log(lines.append).request(Outcome("1", "::1", "GET", "/" + "a" * 10_000, 404, True, "", 0.0))
    Log(lines.append, as_json=True).line("error", "b" * 10_000)
    assert max(map(len, lines)) < 1_200
    assert json.loads(lines[1])["level"] == "error"


def test_several_models_are_named_with_their_hashes(capfd):
    from sentiment.cli.console import console
    from sentiment.cli.serve_log import ServiceLog

    class Other(Stand):
        info = MappingProxyType({"name": "other", "hash": "f" * 64})

    console.reset()
    ServiceLog("text").started([Stand(), Other()], "http://[::1]:1")
    about = f"sentiment {sentiment.__version__}, models 0123456789ab, ffffffffffff"
    line = f"stand, other answer at http://[::1]:1 ({about}; Ctrl-C stops it)\n"
    assert capfd.readouterr().err == line


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_nobody_foresaw_is_a_line_with_the_request(form, capfd):
    from sentiment.cli.console import console
    from sentiment.cli.serve_log import ServiceLog

    class Broken(Stand):
        async def predict(self, texts):
            raise ZeroDivisionError("nobody foresaw it")

    console.reset()
    app = app_of(Broken(), Limits(), report=ServiceLog(form).report)
    ask(app, b'{"text": "good"}', headers=[(b"x-request-id", b"mine")])
    written = capfd.readouterr().err
    expected = "unexpected ZeroDivisionError: nobody foresaw it; request mine (--debug shows where)"
    assert written.count("\n") == 1
    if form == "json":
        line = json.loads(written)
        assert (line["level"], line["message"]) == ("error", expected)
    else:
        assert written.endswith(f"Z error: {expected}\n")
