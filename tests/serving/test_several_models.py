"""Which model answers: requests name one, and files that change are loaded again."""

import asyncio
import json
import shutil
import signal
import sys
import threading
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from sentiment.cli.serve import model_info
from sentiment.errors import ModelError
from sentiment.general import FAST_MODEL
from sentiment.labels import LabelSet
from sentiment.model.file import load_model, save_model
from sentiment.serving.access import Access
from sentiment.serving.app import App
from sentiment.serving.models import Models, Reloader, Source
from sentiment.serving.server import Limits
from sentiment.serving.service import Service
from tests.conftest import ROOT
from tests.serving.conftest import LINES, Served, Stand, serving, until

SMALL = ROOT / "tests" / "fixtures" / "format-1.safetensors"
TEXT = {"text": "a fine day"}


@contextmanager
def asking(models):
    told = []
    app = App(models, Access(), Limits(), report=told.append)
    with TestClient(app, base_url="http://localhost") as client:
        yield Served(client)
    assert told == []


def small(threshold=0.5, name="small"):
    model = load_model(SMALL).at(threshold)
    return Service(model, model_info(SMALL, model, name))


@pytest.fixture(scope="module")
def three():
    model = load_model(FAST_MODEL)
    return Service(model, model_info(FAST_MODEL, model, "three"))


@pytest.fixture(scope="module")
def several(three):
    with asking(Models({"small": small(), "three": three})) as served:
        yield served


def test_a_request_names_its_model_and_the_first_is_the_default(several):
    first = several.post("/predict", TEXT).json
    assert "p_neutral" not in first
    assert several.post("/predict?model=small", TEXT).json == first
    assert several.post("/predict?model=", TEXT).json == first
    assert "p_neutral" in several.post("/predict?model=three", TEXT).json
    assert "p_neutral" in several.post("/predict?model=three", b'"fine"\n', LINES).lines[0]
    assert "toward" in several.post("/explain?model=three", TEXT).json
    csv = several.post("/files?model=three", b"text\na fine day\n", "application/octet-stream")
    assert csv.body.startswith(b"text,predicted,p_positive,p_negative,p_neutral\n")


def test_each_answer_tells_which_model_it_is_from(several):
    hashes = several.ask("GET", "/version").json["models"]
    assert [*hashes] == ["small", "three"]
    assert hashes["small"] != hashes["three"]
    for query, name in (("", "small"), ("?model=three", "three"), ("?model=nowhere", "small")):
        headers = several.post(f"/predict{query}", TEXT).headers
        assert headers["x-model"] == hashes[name][:12]


def test_a_new_version_goes_on_with_the_counts():
    models = Models({"small": small()})
    with asking(models) as served:
        served.post("/predict", TEXT)
        models.put("small", small(0.75))
        served.post("/predict", TEXT)
    counted = models.default.counts.snapshot()
    assert sum(counted.answers.values()) == counted.batches.sum == 2


def test_each_is_described(several):
    for name, labels in (("small", 2), ("three", 3)):
        info = several.ask("GET", f"/info?model={name}").json
        assert (info["name"], len(info["labels"])) == (name, labels)
        assert info["models"] == ["small", "three"]
        made = several.ask("GET", f"/openapi.json?model={name}").json["components"]
        assert made["parameters"]["Model"]["schema"]["enum"] == ["small", "three"]
        assert len(made["schemas"]["Answer"]["enum"]) == labels + 2  # uncertain, and none


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ("model=smal", 404, 'no model "smal" (did you mean small?); there is small, three'),
        ("model=..%2Fsmall.safetensors", 404, 'no model "../small.safetensors" (did you'),
        ("model=%1b", 404, r'no model "\x1b"; there is small, three'),
        ("model=small&model=three", 422, '"model" is given twice'),
        ("modle=three", 422, 'no parameter "modle"; there is model'),
        ("model", 400, "the query is not name=value&…"),
        ("model=%ff", 400, "the query is not in UTF-8"),
    ],
)
def test_another_name_is_refused(several, query, status, why):
    for path in ("/predict", "/explain"):
        answer = several.post(f"{path}?{query}", TEXT)
        assert (answer.status, answer.json["error"][: len(why)]) == (status, why)
    assert several.ask("GET", f"/info?{query}").status == status


def test_only_what_is_configured_is_opened(several, tmp_path):
    path = tmp_path / "other.safetensors"
    shutil.copy(SMALL, path)
    assert several.post(f"/predict?model={path}", TEXT).status == 404


class Slow(Stand):
    """A service that answers when it may."""

    def __init__(self, name, labels=("negative", "positive")):
        self.labels = LabelSet(labels)
        self.name, self.may = name, asyncio.Event()

    def check(self):
        pass

    async def predict(self, texts):
        await self.may.wait()
        return [{"predicted": self.name}] * len(texts)


def reloading(sources, poll=None, also=None):
    """Return a reloader, and the lines that it tells and warns."""
    told, warned = [], []
    return Reloader(sources, told.append, warned.append, also), told, warned


async def so_far(condition):
    while not condition():
        await asyncio.sleep(0.005)


def test_a_request_keeps_the_model_that_it_began_with():
    async def ask():
        old, new = Slow("old"), Slow("new")
        models = Models({"a": old})
        reloader, told, _ = reloading([Source("a", (SMALL,), lambda: new)])
        reloader.start(models)
        first = asyncio.create_task(models.default.predict(["x"]))
        await asyncio.sleep(0)
        reloader.ask()
        await so_far(lambda: told)
        assert models.default is new
        new.may.set()
        assert await models.default.predict(["x"]) == [{"predicted": "new"}]
        old.may.set()
        assert await first == [{"predicted": "old"}]

    asyncio.run(asyncio.wait_for(ask(), 10))


def broken():
    raise ModelError("m.safetensors: damaged model")


def unforeseen():
    raise ZeroDivisionError("nobody foresaw it")


class Mute(Slow):
    def check(self):
        raise ModelError("m.safetensors: cannot answer")


@pytest.mark.parametrize(
    ("load", "why"),
    [
        (broken, "m.safetensors: damaged model"),
        (unforeseen, "unexpected ZeroDivisionError: nobody foresaw it"),
        (lambda: Mute("mute"), "m.safetensors: cannot answer"),
        (lambda: Slow("new", ("bad", "good")), "the new model answers bad, good, the old one"),
    ],
)
def test_what_cannot_be_taken_is_said_once_and_the_old_one_stays(load, why):
    async def ask():
        old = Slow("old")
        models = Models({"a": old, "b": Slow("b")})
        another = Slow("another")
        sources = [Source("a", (SMALL,), load), Source("b", (SMALL,), lambda: another)]
        reloader, told, warned = reloading(sources)
        reloader.start(models)
        reloader.ask()
        await so_far(lambda: told)
        (line,) = warned
        assert line.startswith(f"a stays as it was: {why}")
        assert models.default is old
        assert models.asked({"query_string": b"model=b"}) is another

    asyncio.run(asyncio.wait_for(ask(), 10))


def test_files_are_watched_and_only_what_has_settled_is_read(tmp_path):
    """Each look sees the file grow, until it is whole."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"old")
    loaded = []

    def load():
        loaded.append(path.read_bytes())
        return Slow("new")

    reloader, told, warned = reloading([Source("a", (path,), load)])
    assert reloader.settled() == []
    for part in (b"n", b"ne"):
        path.write_bytes(part)
        assert reloader.settled() == []
    path.write_bytes(b"new!")
    assert reloader.settled() == []
    assert [source.name for source in reloader.settled()] == ["a"]

    async def watch():
        reloader.start(Models({"a": Slow("old")}), poll=0.01)
        await so_far(lambda: told)
        await asyncio.sleep(0.1)

    asyncio.run(asyncio.wait_for(watch(), 10))
    assert loaded == [b"new!"], "once, and not again while it stays as it is"
    assert warned == []


def test_a_name_for_two_models_is_refused(run, tmp_path):
    done = run("serve", "-m", "a=fast", "-m", "a=general", "--port", "0")
    assert done.returncode == 2
    assert done.stderr == (
        "error: -m a=general: another model is called a, too; name one, as in -m a2=general\n"
    )
    done = run("serve", "-m", "fast", "-m", "b=nowhere.safetensors", "--port", "0")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert "nowhere.safetensors: no such model" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
def test_a_signal_loads_changed_models_and_tokens_and_refuses_damaged_ones(tmp_path):
    """A file with = in its name is a file; what is damaged is said in a line."""
    path, tokens = tmp_path / "rate=1.safetensors", tmp_path / "tokens"
    model = load_model(SMALL)
    save_model(model.at(0.25), path)
    tokens.write_text("first")
    with serving("-m", f"other={SMALL}", "--token-file", str(tokens), model=path) as served:
        assert served.told.startswith("rate=1, other answer at http://")

        def info(token, name="rate=1"):
            headers = {"Authorization": f"Bearer {token}"}
            return served.ask("GET", f"/info?model={name}", headers=headers)

        assert info("first").json["threshold"] == 0.25
        save_model(model.at(0.75), path)
        tokens.write_text("second")
        assert info("first").json["threshold"] == 0.25, "nobody has said so"
        served.process.send_signal(signal.SIGHUP)
        lines = [served.process.stderr.readline() for _ in range(3)]
        assert info("first").status == 401
        assert info("second").json["threshold"] == 0.75
        path.write_bytes(path.read_bytes()[:-9])
        tokens.write_text("")
        served.process.send_signal(signal.SIGHUP)
        lines += [served.process.stderr.readline() for _ in range(3)]
        assert info("second").json["threshold"] == 0.75
        assert info("second", "other").status == 200
        assert served.stop()[0] == 143
    lines = [line.partition(" ")[2] for line in lines]  # without the time
    other = f"other was loaded again from {SMALL}\n"
    assert lines[:3] == [
        "the tokens were read again\n",
        f"rate=1 was loaded again from {path}\n",
        other,
    ]
    assert lines[3].startswith(f"warning: the tokens stay as they were: --token-file {tokens}: it")
    assert lines[4].startswith(f"warning: rate=1 stays as it was: {path}: damaged model")
    assert lines[5] == other


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
def test_no_request_fails_while_models_are_loaded_again(tmp_path):
    """Twenty times, five of them damaged, in two processes that watch the same file."""
    path = tmp_path / "m.safetensors"
    model = load_model(SMALL)
    save_model(model.at(0.01), path)
    with serving(model=path) as served, serving("--watch", model=path) as other:
        statuses, seen, stopped = [], set(), threading.Event()

        def ask(which):
            while not stopped.is_set():
                answer = which.post("/predict", TEXT)
                statuses.append(answer.status)
                seen.add(json.dumps(answer.json))

        clients = [threading.Thread(target=ask, args=[which]) for which in (served, other) * 4]
        for client in clients:
            client.start()
        refused = taken = 0
        for number in range(1, 21):
            if number % 4 == 1:
                path.write_bytes(path.read_bytes()[:-number])
            else:
                save_model(model.at(number / 100), path)
            served.process.send_signal(signal.SIGHUP)
            line = served.process.stderr.readline()
            refused += "stays as it was" in line
            taken += "was loaded again" in line
        until(lambda: other.ask("GET", "/info").json["threshold"] == 0.2)
        stopped.set()
        for client in clients:
            client.join()
    assert (taken, refused) == (15, 5)
    assert set(statuses) == {200}
    assert len(statuses) > 50
