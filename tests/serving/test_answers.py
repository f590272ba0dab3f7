"""What is answered, and that it is what the command line answers."""

import hashlib
import json
import re
from pathlib import Path

import pytest

import sentiment
from sentiment.general import FAST_MODEL
from tests.serving.conftest import LINES, ask, chunk, head, read_until, serving

COLUMNS = ("p_positive", "p_negative", "p_neutral")
TEXTS = ["I loved it", "Dreadful, avoid", "", "  ", "qwxz zzkw", "café 🙂 \u202e\x1b[31m", "a\nb"]


def test_one_text_is_answered_as_predict_does(served, run):
    done = run("predict", "-m", "fast", "--json", *TEXTS, binary=True)
    for text, line in zip(TEXTS, done.stdout.splitlines(), strict=True):
        assert served.post("/predict", {"text": text}).json == json.loads(line)


def test_several_texts_are_answered_in_order(served, run):
    done = run("predict", "-m", "fast", "--json", *TEXTS, binary=True)
    assert served.post("/predict", {"texts": TEXTS}).json == {
        "predictions": [json.loads(line) for line in done.stdout.splitlines()]
    }
    assert served.post("/predict", {"texts": []}).json == {"predictions": []}
    assert "reason" in served.post("/predict", {"text": "qwxz zzkw"}).json


def test_many_texts_are_answered_in_order(served):
    words = ["good", "awful", "", "great service", "never again"]
    texts = [f"{words[n % 5]} {'x' * (n % 97)}" for n in range(1000)]
    alone = [served.post("/predict", {"text": text}).json for text in texts[:50]]
    together = served.post("/predict", {"texts": texts}).json["predictions"]
    assert [each["text"] for each in together] == texts
    for one, other in zip(alone, together, strict=False):
        assert one["predicted"] == other["predicted"]
        assert one["p_positive"] == pytest.approx(other["p_positive"], abs=2e-6)


@pytest.mark.parametrize("sign", ["`", "´", "&#039;", "â€™", "\\u2019"])
def test_damaged_texts_are_read_as_they_were_meant_and_come_back_as_they_are(served, sign):
    plain, damaged = (f"It doesn{each}t work" for each in ("'", sign))
    answer = served.post("/predict", {"text": damaged}).json
    assert answer == served.post("/predict", {"text": plain}).json | {"text": damaged}
    words = served.post("/explain", {"text": damaged}).json["words"]
    assert [word["text"] for word in words] == damaged.split()


def test_an_explanation_is_what_explain_gives(served, run):
    for text in TEXTS[:5]:
        done = run("explain", "-m", "fast", "--json", text)
        assert served.post("/explain", {"text": text}).json == json.loads(done.stdout or "null")
        done = run("explain", "-m", "fast", "--toward", "negative", "--json", text)
        asked = {"text": text, "toward": "negative"}
        assert served.post("/explain", asked).json == json.loads(done.stdout or "null")


def test_json_lines_come_back_one_for_one_in_order(served):
    rows = [{"id": n, "text": f"word{n} is {'good' if n % 3 else 'bad'}"} for n in range(5000)]
    body = "".join(json.dumps(row) + "\n" for row in rows).encode()
    answer = served.post("/predict", body, LINES)
    assert answer.headers["content-type"] == LINES
    assert [(line["id"], line["text"]) for line in answer.lines] == [
        (row["id"], row["text"]) for row in rows
    ]
    assert all(set(line) == {"id", "text", "predicted", *COLUMNS} for line in answer.lines)


def test_lines_that_cannot_be_read_have_their_place(served):
    bad = {
        b"nope": "not JSON (Expecting value at character 1)",
        b"\xff": "not UTF-8 (byte 1)",
        b"[]": "an object is expected on each line, not a list",
        b"{}": 'the line has no "text"',
        b'{"text": 1}': '"text" is a number; a string is expected',
        b'{"text": "\\ud800"}': '"text" has a lone surrogate (character 1), which is not text',
        b'{"text": "a", "text": "b"}': 'the key "text" occurs twice; keep one',
        b'{"text": "a", "predicted": 1}': 'the line already has "predicted"',
        b'{"text": "a", "n": NaN}': "NaN is not JSON; write null",
        b'{"text": "a", "n": ' + b"[" * 200_000 + b"]" * 200_000 + b"}": "nested too deeply",
        b'{"text": "' + b"a" * 100_001 + b'"}': '"text" has 100,001 characters; the limit is',
        b'"' + b"a" * 3_000_000 + b'"': "the line has more than 2,000,000 bytes",
    }
    body = b'"good"\n' + b"".join(line + b'\n\n"good"\r\n' for line in bad)
    lines = served.post("/predict", body, LINES).lines
    assert len(lines) == 2 * len(bad) + 1
    for line in lines[::2]:
        assert (line["text"], line["predicted"]) == ("good", "positive")
    for line, why in zip(lines[1::2], bad.values(), strict=True):
        nothing = dict.fromkeys(("predicted", *COLUMNS))
        assert line == {**nothing, "error": line["error"]}
        assert line["error"].startswith(why)


def test_a_line_is_answered_before_the_next_is_sent(live):
    with live.connect(head("/predict", None, LINES)) as opened:
        for number in range(3):
            opened.sendall(chunk(b'{"id": %d, "te' % number))
            opened.sendall(chunk(b'xt": "good"}\n'))
            assert b'"id": %d' % number in read_until(opened, b'"p_positive"')
        opened.sendall(chunk(b'"the last line ends without a line break"') + b"0\r\n\r\n")
        assert b"the last line" in read_until(opened, b"\r\n0\r\n\r\n")


def test_lines_are_answered_without_chunks_where_http_knows_none(live):
    lines = b'"I loved it"\n{}\n'
    asked = head("/predict", len(lines), LINES).replace(b"HTTP/1.1", b"HTTP/1.0")
    top, body = live.raw(asked + lines).split(b"\r\n\r\n", 1)
    assert b"transfer-encoding" not in top
    assert f"content-length: {len(body)}".encode() in top.split(b"\r\n")
    answers = [json.loads(line)["predicted"] for line in body.splitlines()]
    assert answers == ["positive", None]
    too_large = head("/predict", 2_000_001, LINES).replace(b"1.1", b"1.0")
    assert live.raw(too_large).startswith(b"HTTP/1.1 413 ")


def test_another_language_is_named(served):
    answer = served.post("/predict", {"text": "La comida estaba muy buena y el sitio bonito"}).json
    assert (answer["predicted"], answer["reason"]) == ("uncertain", "looks Spanish")
    assert served.ask("GET", "/info").json["languages"] == ["en"]


def test_your_own_words_count_as_in_predict_and_explain(run, tmp_path):
    words = tmp_path / "words.csv"
    words.write_text("sick,+\nlong queue,-3\n")
    texts = ["a sick film", "a long queue", "qwxz sick", "a film"]
    options = ("-m", "fast", "--words", words, "--json", *texts)
    answers, explained = (
        [json.loads(line) for line in run(command, *options).stdout.splitlines()]
        for command in ("predict", "explain")
    )
    with serving("--words", str(words)) as running:
        assert running.post("/predict", {"texts": texts}).json == {"predictions": answers}
        for text, expected in zip(texts, explained, strict=True):
            assert running.post("/explain", {"text": text}).json == expected
        assert running.ask("GET", "/info").json["own_words"] == ["sick +2.00", "long queue -3.00"]


def test_an_empty_stream_is_answered_with_nothing(served):
    answer = served.post("/predict", b"\n \n", LINES)
    assert (answer.status, answer.body) == (200, b"")


def test_a_connection_is_used_again_and_may_be_filled_at_once(live):
    body = b'{"text": "good"}'
    with live.connect() as opened:
        for _ in range(3):
            opened.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert read_until(opened, b"}\n").endswith(b'\r\n\r\n{"status": "ok"}\n')
        opened.sendall(3 * (head("/predict", len(body)) + body))
        read_until(opened, b'"p_positive"', times=3)


def test_health_info_and_the_document(served):
    assert served.ask("GET", "/health").json == {"status": "ok"}
    info = served.ask("GET", "/info").json
    assert info["name"] == FAST_MODEL.stem
    assert info["labels"] == ["negative", "neutral", "positive"]
    assert {"offsets", "minima"} <= info.keys()
    assert not {"threshold", "band"} & info.keys()
    assert "limits" in info["card"]
    assert info["limits"] == {
        "max_body": 2_000_000, "max_texts": 1000, "max_chars": 100_000, "max_file": 200_000_000
    }  # fmt: skip
    assert str(Path(sentiment.__file__).parent) not in json.dumps(info)
    document = served.ask("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"] == sentiment.__version__


def test_head_has_the_head_alone(served):
    for path in ("/", "/health", "/info", "/openapi.json"):
        answer = served.ask("HEAD", path)
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["content-length"] == str(len(served.ask("GET", path).body))


POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'"
)


def test_the_page_and_its_files(served):
    page = served.ask("GET", "/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    folder = Path(sentiment.__file__).parent / "serving" / "page"
    names = {path.name for path in folder.iterdir()}
    assert {"page.css", "page.js"} <= names
    assert set(re.findall(r"static/([\w.-]+)", page.body.decode())) <= names
    for name in names:
        answer = served.ask("GET", f"/static/{name}")
        assert answer.body == (folder / name).read_bytes()
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-cache"
    script = served.ask("GET", "/static/page.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    same = {"If-None-Match": script.headers["etag"]}
    assert served.ask("GET", "/static/page.js", headers=same)[::2] == (304, b"")


@pytest.mark.parametrize("path", ["/static/", "/static/../app.py", "/static//etc/passwd"])
def test_nothing_but_the_page_is_sent(served, path):
    sent = ask(served.client.app, b"", method="GET", path=path)
    assert sent[0]["status"] == 404


@pytest.mark.parametrize("path", ["/", "/docs", "/health", "/info", "/nowhere", "/predict"])
def test_what_every_answer_has(served, path):
    headers = served.ask("GET", path, headers={"Origin": "http://evil.example"}).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path in ("/", "/docs") else "no-store")
    assert headers["x-model"] == hashlib.sha256(FAST_MODEL.read_bytes()).hexdigest()[:12]
    assert headers["x-request-id"]
    assert "server" not in headers
    assert not [name for name in headers if name.startswith("access-control")]
