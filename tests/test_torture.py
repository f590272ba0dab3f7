"""A small share of what `make torture` tries."""

import importlib

import pytest

# Which parts there are, and how much of each is quick enough for every run of the tests.
SHARES = {
    "concurrency": 0.02,
    "crash": 0.02,
    "degenerate": 0.01,
    "determinism": 0.025,
    "models": 0.01,
    "outputs": 0.01,
    "resume": 0.01,
    "rows": 0.008,
    "signals": 0.02,
    "text": 0.0005,
}


@pytest.mark.slow
@pytest.mark.parametrize(("part", "share"), SHARES.items())
def test_a_share_of_the_torture_breaks_nothing(part, share):
    for outcome in importlib.import_module(f"tests.torture.{part}").run(share):
        assert outcome.cases, outcome.what
        assert outcome.failures == [], outcome.what
