"""Who may ask: tokens, pages of other sites, and Unix sockets."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from sentiment.cli.serve import model_info
from sentiment.errors import UsageError
from sentiment.model.file import load_model
from sentiment.serving.access import Access, Cors, Tokens, origin_of
from sentiment.serving.app import App
from sentiment.serving.models import Models
from sentiment.serving.server import LOOPBACK, Limits
from sentiment.serving.service import Service
from sentiment.serving.unix_socket import listening_at
from tests.conftest import ROOT
from tests.serving.conftest import JSON, Served, serving

SMALL = ROOT / "tests" / "fixtures" / "format-1.safetensors"
SITE = "https://www.example.com"
ON_UNIX = pytest.mark.skipif(sys.platform == "win32", reason="there are none on Windows")


@contextmanager
def asking(tokens=None, origins=()):
    told = []
    model = load_model(SMALL)
    models = Models({"small": Service(model, model_info(SMALL, model))})
    app = App(models, Access(LOOPBACK, tokens), Limits(), report=told.append)
    with TestClient(Cors(app, origins) if origins else app, base_url="http://localhost") as client:
        yield Served(client)
    assert told == []


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A service that asks for one of two tokens, and lets pages of one site ask."""
    path = tmp_path_factory.mktemp("tokens") / "tokens"
    path.write_text("# ours\nfirst-token\n\n  c2Vjb25k== \r\n")
    with asking(Tokens(path), [SITE]) as served:
        yield served


def bearing(token, scheme="Bearer"):
    return {"Authorization": f"{scheme} {token}", "Content-Type": JSON}


@pytest.mark.parametrize("token", ["first-token", "c2Vjb25k=="])
def test_each_token_of_the_file_is_let_in(guarded, token):
    for scheme in ("Bearer", "bearer"):
        answer = guarded.ask("POST", "/predict", b'{"text": "good"}', bearing(token, scheme))
        assert answer.status == 200
        assert "www-authenticate" not in answer.headers


PATHS = ["/", "/static/page.css", "/predict", "/info", "/openapi.json", "/nowhere", "/health/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_nothing_else_is_let_in(guarded, method, path):
    answer = guarded.ask(method, path)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json["error"].startswith("a token is needed")
    wrong = [bearing(""), bearing("first-toke"), bearing("# ours"), bearing("FIRST-TOKEN")]
    wrong += [bearing("first-token", scheme) for scheme in ("Basic", "Token")]
    for headers in wrong:
        answer = guarded.ask(method, path, headers=headers)
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_of_two_tokens_none_counts(guarded):
    headers = [("Authorization", "Bearer first-token"), ("Authorization", "Bearer c2Vjb25k==")]
    assert guarded.client.get("/info", headers=headers).status_code == 401


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=20))
def test_no_other_header_is_let_in(guarded, value):
    headers = {"Authorization": value.encode("latin-1")}
    assert guarded.client.get("/info", headers=headers).status_code == 401


def test_health_is_open_to_all(guarded):
    assert guarded.ask("GET", "/health").status == 200
    assert guarded.ask("HEAD", "/health").status == 200


def test_the_document_tells_of_the_token(guarded, served):
    made = guarded.ask("GET", "/openapi.json", headers=bearing("first-token")).json
    assert made["paths"]["/predict"]["post"]["security"] == [{"token": []}]
    assert "security" not in made["paths"]["/health"]["get"]
    assert "NoToken" in made["components"]["responses"]
    assert "securitySchemes" not in served.ask("GET", "/openapi.json").json["components"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it has no token; write a token on each line, such as `openssl rand -hex 32`"),
        (b"\n# nothing\n \n", "it has no token;"),
        (b"good\n\ntwo words\n", ", line 3: a token has only letters"),
        ("caf\u00e9".encode(), ", line 1: a token has only letters"),
        (b"=\n", ", line 1: a token"),
        (b"a" * 2_000_000, "more than 1,048,576 bytes"),
        (None, "No such file or directory"),
    ],
)
def test_a_file_without_tokens_is_refused_in_a_line(run, tmp_path, data, why):
    path = tmp_path / "tokens"
    if data is not None:
        path.write_bytes(data)
    done = run("serve", "-m", "fast", "--port", "0", "--token-file", path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"error: --token-file {path}")
    assert why in done.stderr
    assert "two words" not in done.stderr, "what may be a secret is not printed"


def test_tokens_are_read_again_and_stay_if_there_are_none(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("first")
    tokens = Tokens(path)
    with asking(tokens) as served:
        path.write_text("")
        with pytest.raises(UsageError, match="no token"):
            tokens.read()
        assert served.ask("GET", "/info", headers=bearing("first")).status == 200
        path.write_text("\ufeffsecond")
        assert tokens.read() == 1
        assert served.ask("GET", "/info", headers=bearing("first")).status == 401
        assert served.ask("GET", "/info", headers=bearing("second")).status == 200


def preflight(served, origin):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return served.ask("OPTIONS", "/predict", headers=headers)


def test_a_page_of_an_allowed_site_asks_without_a_token_whether_it_may(guarded):
    answer = preflight(guarded, SITE)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == SITE
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert {"Authorization", "Content-Type"} <= {
        *answer.headers["access-control-allow-headers"].split(", ")
    }
    assert "access-control-allow-credentials" not in answer.headers


OTHERS = ["https://example.com", "http://www.example.com", f"{SITE}.evil.example", "null", "*", ""]


@pytest.mark.parametrize("origin", OTHERS)
def test_a_page_of_another_site_may_not(guarded, origin):
    answer = preflight(guarded, origin)
    assert answer.status == 403
    assert "--cors ORIGIN" in answer.json["error"]
    answer = guarded.ask("GET", "/info", headers=bearing("first-token") | {"Origin": origin})
    assert answer.status == 200, "the browser does not show it to the page"
    for each in (answer, preflight(guarded, origin)):
        assert not [name for name in each.headers if name.startswith("access-control")]
        assert each.headers["vary"] == "Origin"


def test_an_allowed_page_can_read_answers_and_refusals(guarded):
    for headers, status in ((bearing("first-token"), 200), (bearing("wrong"), 401)):
        answer = guarded.ask("GET", "/info", headers=headers | {"Origin": SITE})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, SITE)
        assert answer.headers["vary"] == "Origin"
        assert "Retry-After" in answer.headers["access-control-expose-headers"]


def test_all_pages_may_ask_without_cookies():
    with asking(origins=["*"]) as served:
        for answer in (preflight(served, "null"), served.ask("GET", "/", None, {"Origin": SITE})):
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers


def test_without_the_option_no_page_may(served):
    assert preflight(served, SITE).status == 405
    answer = served.ask("GET", "/info", headers={"Origin": SITE})
    assert "access-control-allow-origin" not in answer.headers


def test_origins_are_written_as_browsers_send_them():
    assert origin_of("HTTPS://www.Example.com:443/") == SITE
    assert origin_of("http://localhost:3000") == "http://localhost:3000"
    assert origin_of("http://[::1]:80") == "http://[::1]"
    assert origin_of("*") == "*"


@pytest.mark.parametrize("named", ["example.com", f"{SITE}/page", "https://*.example.com", "null"])
def test_what_is_no_origin_is_refused(run, named):
    done = run("serve", "-m", "fast", "--port", "0", "--cors", named)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: --cors {named}: not an origin; write scheme, host and perhaps a port, such as "
        "https://www.example.com, or * for all\n"
    )


@contextmanager
def serving_at(path, *options):
    command = [sys.executable, "-m", "sentiment", "serve", "-m", str(SMALL), "--uds", str(path)]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert f" answers at unix:{path} (" in process.stderr.readline()
            with httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path))) as client:
                yield process, client
        finally:
            process.kill()


@ON_UNIX
def test_a_socket_of_the_file_system_replaces_a_stale_one_and_is_deleted_at_the_end(run, tmp_path):
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as left:  # as by a process that was killed
        left.bind(str(path))
    with serving_at(path) as (process, client):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        for host in ("localhost", "any.example"):
            answer = client.post(f"http://{host}/predict", json={"text": "good"})
            assert answer.status_code == 200
        other = run("serve", "-m", "fast", "--uds", path)
        assert other.returncode == 2
        assert other.stderr == (
            f"error: --uds {path}: another process listens there; name another path\n"
        )
        process.terminate()
        assert process.wait(20) == 143
    assert not os.path.lexists(path)


@ON_UNIX
def test_what_another_has_put_there_is_not_deleted(tmp_path):
    path = tmp_path / "s.sock"
    with listening_at(path):
        path.unlink()
        path.write_text("another's")
    assert path.read_text() == "another's"
    with pytest.raises(UsageError, match="a file, not a socket"), listening_at(path):
        pass


@ON_UNIX
@pytest.mark.parametrize(
    ("path", "more", "why"),
    [
        ("nowhere/s.sock", [], "cannot listen there: No such file or directory"),
        ("a" * 120, [], "cannot listen there: AF_UNIX path too long"),
        ("s.sock", ["--port", "0"], "leave out --host and --port"),
        ("s.sock", ["--host", "::1"], "leave out --host and --port"),
    ],
)
def test_where_it_cannot_listen_is_one_line(run, path, more, why):
    done = run("serve", "-m", "fast", "--uds", path, *more)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert why in done.stderr


@pytest.mark.skipif(not Path("/dev/ptmx").exists(), reason="there are no terminals")
@pytest.mark.parametrize("nohup", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_it_ends_with_its_terminal_unless_it_shall_not(nohup):
    """SIGHUP means both: read again, and the terminal is gone."""
    import fcntl
    import termios

    ours, its = os.openpty()

    def prepare():
        os.setsid()
        fcntl.ioctl(its, termios.TIOCSCTTY, 0)
        if nohup:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with serving(model=SMALL, preexec_fn=prepare, pass_fds=[its]) as served:
        os.close(its)
        served.process.send_signal(signal.SIGHUP)
        assert "was loaded again" in served.process.stderr.readline()
        os.close(ours)
        if nohup:
            time.sleep(0.3)
            assert served.ask("GET", "/health").status == 200
        else:
            assert served.wait()[0] == 143
