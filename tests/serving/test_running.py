"""How it starts, what it says, and how it ends."""

import ast
import gc
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import sentiment
from sentiment.errors import UsageError
from sentiment.serving.server import listen
from tests.conftest import ROOT
from tests.serving.conftest import LINES, chunk, everything, head, read_until, serving

SMALL = ROOT / "tests" / "fixtures" / "format-1.safetensors"


def test_it_says_where_it_listens_and_with_which_model():
    with serving(model=SMALL) as served:
        short = hashlib.sha256(SMALL.read_bytes()).hexdigest()[:12]
        about = f"sentiment {sentiment.__version__}, model {short}; Ctrl-C stops it"
        line = f"format-1 answers at http://127.0.0.1:{served.port} ({about})\n"
        assert served.told == line
        assert served.stop() == (143, line)


def test_quietly_it_says_nothing(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sentiment", "serve", "-q", "-m", "fast"]
    with subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.PIPE) as process:
        for _ in range(200):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        process.terminate()
        assert process.communicate(timeout=20)[1] == b""
        assert process.returncode == 143


def test_ipv6(run):
    with serving("--host", "::1") as served:
        assert f"http://[::1]:{served.port} " in served.told
        with socket.create_connection(("::1", served.port)) as opened:
            opened.sendall(b"GET /health HTTP/1.1\r\nHost: [::1]:1\r\nConnection: close\r\n\r\n")
            assert everything(opened).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_log_only_if_it_is_asked_for_and_without_control_characters():
    with serving("-v") as served:
        served.post("/predict", {"text": "secretly good"})
        served.ask("GET", "/%1b%5b2J%0d%0afake%e2%80%ae")
        told = served.stop()[1]
    line = r"^20[\d-]+T[\d:.]+Z 127\.0\.0\.1 POST /predict 200 [\d.]+ ms [\da-f]+-1$"
    assert re.search(line, told, re.M)
    assert r"127.0.0.1 GET /\x1b[2J\r\nfake\u202e 404 " in told
    assert "secretly" not in told
    assert "\x1b" not in told
    assert "\u202e" not in told


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [(signal.SIGTERM, 143, ""), (signal.SIGINT, 130, "error: interrupted\n")],
)
def test_what_was_accepted_is_finished_and_nothing_else_accepted(how, code, said):
    texts = ["word " * 390] * 1000
    with serving() as served:
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(served.post("/predict", {"texts": texts}))
        )
        stream = served.connect(head("/predict", None, LINES) + chunk(b'"good"\n'))
        idle = served.connect()
        read_until(stream, b"p_positive")
        asking.start()
        time.sleep(0.15)
        served.process.send_signal(how)
        assert everything(idle) == b""
        with pytest.raises(ConnectionRefusedError):
            served.connect()
        stream.sendall(chunk(b'{"id": 7, "text": "bad"}\n') + b"0\r\n\r\n")
        assert b'"id": 7' in read_until(stream, b"\r\n0\r\n\r\n")
        asking.join()
        assert answers[0].status == 200
        assert len(answers[0].json["predictions"]) == 1000
        stream.close()
        idle.close()
        assert served.wait() == (code, served.told)
        assert served.told.endswith(f"Ctrl-C stops it)\n{said}")


def test_a_second_interrupt_does_not_wait():
    with serving() as served, served.connect(head("/predict", 100)) as opened:
        time.sleep(0.2)
        served.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        began = time.monotonic()
        assert served.stop(signal.SIGINT)[0] == 130
        assert time.monotonic() - began < 5
        assert everything(opened) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such background")
def test_interrupts_that_are_ignored_stay_so():
    def ignore():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    with serving(preexec_fn=ignore) as served:
        assert served.ask("GET", "/health").status == 200
        served.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert served.ask("GET", "/health").status == 200
        assert served.stop()[0] == 143


def test_a_port_that_is_taken_is_one_line(run):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("serve", "-m", "fast", "--port", port)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: cannot listen at 127.0.0.1, port {port}: Address already in use; "
        "--host and --port name another\n"
    )


def test_what_cannot_listen_is_closed():
    with pytest.raises(UsageError):
        listen("192.0.2.1", 0)
    gc.collect()  # an open socket would be warned of, and warnings are errors


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "", "a" * 300, "a\x1bb"])
def test_an_address_that_is_not_here_is_one_line(run, host):
    done = run("serve", "-m", "fast", "--port", "0", f"--host={host}")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: cannot listen at ")
    assert "\x1b" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may do it")
def test_a_port_without_the_right_to_it_is_one_line(run):
    done = run("serve", "-m", "fast", "--port", "1")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (["--port", "65536"], 2, "65536"),
        (["--timeout", "nan"], 2, "nan"),
        (["--max-body", "0"], 2, "0"),
        (["--allow-host", "http://a.example/"], 2, "not a host name"),
        (["--allow-host", "*.a.example"], 2, "not a host name"),
        (["--allow-host", "ä.example"], 2, "not a host name"),
        (["-m", "nowhere.safetensors"], 4, "nowhere.safetensors"),
        (["--threshold", "2"], 2, "2"),
        (["--forwarded-for", "proxy.example"], 2, "name an address such as"),
        (["--forwarded-for", "10.0.0.1/8"], 2, "do you mean 10.0.0.0/8?"),
    ],
)
def test_what_is_called_wrongly_is_one_line(run, options, code, why):
    done = run("serve", "-m", "fast", "--port", "0", *options)
    assert done.returncode == code
    assert done.stderr.count("\n") == 1
    assert why in done.stderr


def test_without_uvicorn_the_command_that_installs_it(start, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['uvicorn'] = None")
    done = start("serve", "-m", "fast", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 5
    assert done.stderr == (
        "error: serving needs starlette, uvicorn and httptools, which are not installed: "
        "pip install starlette uvicorn httptools uvloop\n"
    )


def test_a_threshold_is_that_of_every_answer():
    with serving("--classes", "negative,positive", "--threshold", "1") as served:
        info = served.ask("GET", "/info").json
        assert info["labels"] == ["negative", "positive"]
        assert (info["threshold"], info["band"]) == (1, None)
        assert served.post("/predict", {"text": "good"}).json["predicted"] == "negative"
        assert served.post("/explain", {"text": "good"}).json["predicted"] == "negative"


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads /proc")
def test_nothing_heavy_is_in_the_process():
    with serving() as served:
        served.post("/explain", {"text": "good"})
        maps = Path(f"/proc/{served.process.pid}/maps").read_text()
    assert "numpy" in maps
    for heavy in ("tensorflow", "scipy", "pandas", "pyarrow", "sklearn"):
        assert f"/{heavy}/" not in maps


def test_the_model_is_read_once(tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(SMALL.read_bytes())
    with serving(model=path) as served:
        before = served.post("/predict", {"text": "a fine day"}).json
        path.unlink()
        assert served.post("/predict", {"text": "a fine day"}).json == before
        assert json.dumps(served.ask("GET", "/info").json["name"]) == '"mine"'


def test_uvicorn_is_used_by_its_public_names_alone():
    used = set()
    for path in (ROOT / "sentiment").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "uvicorn":
                used |= {f"{node.module}.{alias.name}" for alias in node.names}
            if isinstance(node, ast.Import):
                used |= {each.name for each in node.names if each.name.startswith("uvicorn")}
    assert used == {f"uvicorn.{name}" for name in ("Config", "Server")}
