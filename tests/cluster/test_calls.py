"""What a task does with its job, and how an error comes back, without Ray."""

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest

from sentiment import __version__
from sentiment.cluster import engine
from sentiment.cluster.files import Named
from sentiment.errors import DataError, SentimentError
from sentiment.runtime import redirected


@dataclass(frozen=True)
class Job:
    source: Named


def work(model, job):
    if job.source.name == "bad":
        raise DataError("bad: damaged")
    if job.source.name == "gone":
        raise FileNotFoundError(2, "No such file or directory", "gone")
    return model, job.source.name


@pytest.fixture
def ask(monkeypatch):
    """Do one job; `lost` workers had it before."""

    def call(name, *, version=__version__, lost=0):
        monkeypatch.setattr(engine, "fetched", lambda reference: f"model {reference}")
        monkeypatch.setattr(engine, "attempts_before", lambda: lost)
        job = pickle.dumps(Job(Named(Path("/in") / name, name)))
        given = engine.Call(work, 7, version)({"place": 3, "job": job})
        assert given["place"] == 3
        return pickle.loads(given["result"])

    return call


def test_a_job_is_done_with_the_model(ask):
    assert ask("good", lost=engine.RETRIES) == ("model 7", "good")


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [("bad", DataError, "bad: damaged"), ("gone", OSError, "No such file")],
)
def test_an_error_comes_back_as_it_was(ask, name, kind, said):
    failure = ask(name)
    error = failure.error_at(failure.host)
    assert type(error) is (FileNotFoundError if name == "gone" else kind)
    assert said in str(error)
    assert "is the folder shared" not in str(error)


@pytest.mark.parametrize("name", ["bad", "gone"])
def test_an_error_of_another_machine_says_which(ask, name):
    failure = ask(name)
    error = failure.error_at("another")
    assert f"on {failure.host}; is the folder shared with it?" in str(error)
    assert getattr(error, "filename", "gone") == "gone"


def test_another_version_is_refused(ask):
    error = ask("good", version="0.0.1").error
    assert (type(error), str(error)) == (
        SentimentError,
        f"sentiment is 0.0.1 here and {__version__} in the cluster; install the same version there",
    )


def test_a_job_that_kills_its_workers_is_given_up(ask):
    error = ask("good", lost=engine.RETRIES + 1).error
    assert str(error).startswith("good: 6 workers died while scoring it")


def test_what_is_written_to_stdout_meanwhile_is_not_heard(capfd):
    with Path(os.devnull).open("w") as nowhere, redirected(1, nowhere.fileno()):
        os.write(1, b"Ray says")
    os.write(1, b"we say")
    assert capfd.readouterr().out == "we say"
