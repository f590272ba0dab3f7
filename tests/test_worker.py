"""A process that computes for this one."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sentiment.errors import DataError, SentimentError
from sentiment.workers import Worker


def double(numbers: np.ndarray, name: str = "") -> tuple[np.ndarray, str]:
    sys.stdout.write("printed in between")
    sys.stdout.flush()
    return numbers * 2, name * 2


def fail(_: int) -> None:
    raise DataError("no such row")


def die(code: int) -> None:
    os.kill(os.getpid(), code)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_calls_go_there_and_results_come_back(size, capfd):
    numbers = np.arange(size)
    with Worker(double) as worker:
        for name in ("a", "é" * 100_000):
            doubled, twice = worker.call(numbers, name)
            assert np.array_equal(doubled, numbers * 2)
            assert twice == name * 2
    assert "printed in between" in capfd.readouterr().err


def test_an_error_there_is_raised_here():
    with Worker(fail) as worker:
        for _ in range(2):
            with pytest.raises(DataError, match="no such row"):
                worker.call(1)


def test_a_worker_that_dies_is_an_error_not_a_hang():
    with Worker(die) as worker, pytest.raises(SentimentError, match="killed by signal 9"):
        worker.call(signal.SIGKILL)


def test_what_to_do_about_a_dead_worker_is_said_by_who_started_it():
    with Worker(die, "eat less") as worker, pytest.raises(SentimentError, match="; eat less"):
        worker.call(signal.SIGKILL)


def answer_nonsense(answers: int) -> None:
    os.write(answers, b"nonsense\n" * 10)
    time.sleep(60)


def test_a_worker_that_answers_nonsense_is_an_error_not_a_hang():
    with Worker(answer_nonsense) as worker, pytest.raises(SentimentError, match="died"):
        worker.call(answers_of(worker))


def answers_of(worker: Worker) -> int:
    """Find the descriptor that a worker answers on: besides stdout, the pipe that we read."""
    ours = os.fstat(worker.process.stdout.fileno()).st_ino
    for _ in range(200):
        for link in Path(f"/proc/{worker.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if int(link.name) > 2 and link.stat().st_ino == ours:
                    return int(link.name)
        time.sleep(0.05)
    return pytest.skip("no /proc on this system")


def test_an_interrupt_does_not_reach_a_worker_even_while_it_starts(capfd):
    with Worker(double) as worker:
        for _ in range(50):
            worker.process.send_signal(signal.SIGINT)
            time.sleep(0.002)
        assert worker.call(np.arange(2), "a")[1] == "aa"
    assert "Traceback" not in capfd.readouterr().err


def test_leaving_ends_a_worker_that_is_busy():
    with Worker(sleep) as worker:
        pass
    assert worker.process.poll() is not None


def test_a_worker_does_not_outlive_its_parent():
    code = (
        "import os, threading, time\n"
        "from sentiment.workers import Worker\n"
        "worker = Worker(time.sleep)\n"
        "threading.Thread(target=worker.call, args=(60,)).start()\n"
        "time.sleep(1)\n"
        "print(worker.process.pid, flush=True)\n"
        "os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid = int(done.stdout)
    for _ in range(100):
        if not is_running(pid):
            return
        time.sleep(0.05)
    pytest.fail("the worker still runs")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
