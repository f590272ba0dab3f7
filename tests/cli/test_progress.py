"""How far a long run is, shown on a terminal; and what `fast` would take."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sentiment import general
from sentiment.cli import progress
from sentiment.cli.console import Console, console
from sentiment.cli.progress import Meter, duration, time_left
from sentiment.cli.reading import score_all
from sentiment.cli.training import shown_progress
from sentiment.model.model import Scores
from sentiment.reviews.cells import progress_bar
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.opening import open_reviews
from sentiment.reviews.streams import ReadOptions
from tests.conftest import ROOT, TEST

SLOW = ROOT / "tests" / "fixtures" / "format-1.safetensors"


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Stub:
    """A model that takes a time for each text."""

    reads_pieces = False

    def __init__(self, clock: Clock, rate: float) -> None:
        self.clock, self.rate, self.texts = clock, rate, 0

    def scores(self, texts):
        self.texts += len(texts)
        self.clock.now += len(texts) / self.rate
        return Scores(np.full((len(texts), 2), 0.5), np.zeros(len(texts), np.uint8))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def shown(monkeypatch):
    """What is printed on a terminal: the states, and the lines that stay."""
    console.reset()
    printed = []
    monkeypatch.setattr(Console, "shows_status", property(lambda self: not self.quiet))
    monkeypatch.setattr(console, "_write", printed.append)
    return printed


def states(shown):
    return [each.removeprefix("\r\x1b[2K") for each in shown if each.startswith("\r\x1b[2K")]


def lines(shown):
    return [each for each in shown if each.endswith("\n")]


def answer(meter, stub, batches, of, size=1000):
    for _ in range(batches):
        texts = [f"text {number}" for number in range(size)]
        stub.scores(texts)
        meter.add(size, of, texts)


def test_rows_rate_and_time_left_are_shown_and_erased(clock, shown):
    with Meter(clock=clock) as meter:
        answer(meter, Stub(clock, 500), 3, of=6000)
    half = f"[{'━' * 12:<24}] 3,000 rows, 500 a second, 6 s left"
    assert states(shown)[2:] == [half, ""]
    assert lines(shown) == []


def test_a_quick_run_shows_nothing(clock, shown):
    with Meter(SLOW, clock=clock) as meter:
        answer(meter, Stub(clock, 20_000), 30, of=30_000)
    assert shown == []


@pytest.mark.parametrize("why", ["no terminal", "quiet", "answers"])
def test_nothing_is_shown_where_nobody_looks(clock, shown, monkeypatch, why):
    monkeypatch.setattr(general, "MODEL", SLOW)
    if why == "no terminal":
        monkeypatch.setattr(Console, "shows_status", False)
    monkeypatch.setattr(console, "quiet", why == "quiet")
    with Meter(SLOW, shown=why != "answers", clock=clock) as meter:
        answer(meter, Stub(clock, 10), 3, of=60_000)
    assert shown == []


def test_without_a_known_size_there_is_no_time_left(clock, shown):
    with Meter(clock=clock) as meter:
        answer(meter, Stub(clock, 4), 1, of=None, size=10)
    assert states(shown)[0] == "10 rows, 4.0 a second"


def test_files_to_come_count_by_their_size(clock, shown, tmp_path):
    paths = [tmp_path / name for name in ("a.txt", "b.txt")]
    for path, size in zip(paths, (100, 300), strict=True):
        path.write_bytes(b"x" * size)
    with Meter(None, paths, clock=clock) as meter:
        stub = Stub(clock, 500)
        meter.begin()
        answer(meter, stub, 1, of=1000)  # and about 3,000 in the second
        meter.begin()
        answer(meter, stub, 1, of=4000)
    assert [line.rpartition(", ")[2] for line in states(shown)[:2]] == ["6 s left", "6 s left"]
    with Meter(None, ["-", paths[0]], clock=clock) as meter:
        meter.begin()
        answer(meter, stub, 1, of=1000)
    assert states(shown)[-2] == "1,000 rows, 500 a second"


@pytest.fixture
def fast(clock, monkeypatch):
    """The default model is slow, and `fast` answers 5,000 texts a second."""
    stub = Stub(clock, 5000)
    monkeypatch.setattr(general, "MODEL", SLOW)
    monkeypatch.setattr(general, "FAST_MODEL", SLOW.with_stem("format-2"))
    monkeypatch.setattr(progress, "load_model", lambda _: stub)
    return stub


def test_what_fast_would_take_is_said_once(clock, shown, fast):
    with Meter(SLOW, clock=clock) as meter:
        answer(meter, Stub(clock, 300), 5, of=30_000)
    assert lines(shown) == ["-m fast answers these in about 6 s, and is less often right\n"]
    assert fast.texts <= 300


@pytest.mark.parametrize("why", ["short", "unknown", "another model", "the same", "missing"])
def test_fast_is_not_mentioned_where_it_is_of_no_use(clock, shown, fast, monkeypatch, why):
    if why == "the same":
        monkeypatch.setattr(general, "FAST_MODEL", SLOW)
    if why == "missing":
        monkeypatch.setattr(general, "FAST_MODEL", SLOW.with_stem("none"))
    of = {"short": 5_000, "unknown": None}.get(why, 30_000)
    model = SLOW.with_stem("format-3") if why == "another model" else SLOW
    with Meter(model, clock=clock) as meter:
        answer(meter, Stub(clock, 300), 4, of=of)
    assert (len(states(shown)), lines(shown), fast.texts) == (5, [], 0)


def test_fast_is_not_mentioned_if_it_is_hardly_quicker(clock, shown, fast):
    fast.rate = 400
    with Meter(SLOW, clock=clock) as meter:
        answer(meter, Stub(clock, 300), 4, of=30_000)
    assert lines(shown) == []


def test_labelled_reviews_are_scored_with_a_sign_too(clock, shown, monkeypatch):
    reviews = read_labelled([str(TEST)], ReadOptions())
    monkeypatch.setattr("sentiment.cli.scoring.Meter", lambda path: Meter(path, clock=clock))
    scores = score_all(Stub(clock, 100), reviews)
    assert len(scores.coverage) == len(reviews)
    assert states(shown)[1] == f"[{'━' * 24}] 400 rows, 100 a second"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (29.4, "29 s"), (89, "89 s"), (240, "4 min"), (9000, "2.5 h")],
)
def test_times_have_one_unit(seconds, said):
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "done", "rest", "said"),
    [
        (10, 100, 290, ", 29 s left"),
        (60, 1, 150, ", 2.5 h left"),
        (10, 0, 100, ""),
        (10, 100, 0, ""),
        (10, 100, -1, ""),
    ],
)
def test_the_time_left_is_that_of_the_rest(seconds, done, rest, said):
    assert time_left(seconds, done, rest) == said


def test_a_training_says_how_long_it_still_takes_in_the_same_words(clock, shown, monkeypatch):
    monkeypatch.setattr("sentiment.cli.training.time.monotonic", clock)
    training = shown_progress()
    for done in (0, 10_000, 90_000):
        clock.now = done / 100
        training.featurized(done, 100_000)
    for step in (1, 11):
        clock.now += 0 if step == 1 else 100
        training.step(3, step, 71)
    assert states(shown) == [
        "featurizing: 0 of 100,000 reviews …",
        "featurizing: 10,000 of 100,000 reviews, 15 min left …",
        "featurizing: 90,000 of 100,000 reviews, 2 min left …",
        f"epoch 3 {progress_bar(1, 71)} 1/71",
        f"epoch 3 {progress_bar(11, 71)} 11/71, 10 min left",
    ]
    assert time_left(59, 1, 1, least=60) == ""


@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl", "a.ft"])
def test_the_number_of_rows_is_known_about_from_the_size(tmp_path, name):
    line = {
        "a.txt": "a text of number {}\n",
        "a.csv": '"a text\nof number {}",1\n',
        "a.jsonl": '{{"text": "é text of number {}"}}\n',
        "a.ft": "__label__positive a text of number {}\n",
    }[name]
    header = "text,label\n" if name == "a.csv" else ""
    content = header + "".join(line.format(number) for number in range(20_000))
    (tmp_path / name).write_text(content, encoding="utf-8")
    opened = open_reviews(tmp_path / name, ReadOptions(), need_label=False)
    known = [opened.source.expected_rows() for _ in opened.batches]
    assert known[-1] == 20_000
    assert min(known) > 10_000
    assert all(abs(rows - 20_000) < 1_000 for rows in known[len(known) // 3 :])
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content.encode()))
    opened = open_reviews(tmp_path / f"{name}.gz", ReadOptions(), need_label=False)
    assert {opened.source.expected_rows() for _ in opened.batches} == {None}


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_on_a_terminal_the_output_is_the_same(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("".join(f"I loved it, truly {n}\n" for n in range(3000)), encoding="utf-8")
    code = (
        "import sentiment.cli.progress as p; p._PATIENCE = 0\n"
        "import sys; from sentiment.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = ["predict", "-m", str(SLOW), "-i", str(path), "--workers", "1"]
    outputs = []
    for terminal in (True, False):
        ours, theirs = os.openpty()
        with (tmp_path / "out").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=theirs if terminal else subprocess.DEVNULL,
                env=os.environ | {"TERM": "xterm", "NO_COLOR": "1"},
            )
            assert process.wait(timeout=120) == 0
        os.close(theirs)
        if terminal:
            seen = os.read(ours, 1 << 16).decode()
        os.close(ours)
        outputs.append(Path(tmp_path / "out").read_bytes())
    assert re.search(r"\[━+ *\] 1,024 rows, [\d,]+ a second, \d+ s left", seen)
    assert seen.endswith("\r\x1b[2K")
    assert outputs[0] == outputs[1]
