"""A Python process of our own that computes for this one.

Not `multiprocessing`: its `spawn` runs the caller's main module again, and its `fork` copies locks
that threads hold. Ours ends by itself when this process does, however that ends.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any, BinaryIO, NoReturn

from sentiment.errors import SentimentError

# The child looks for modules where this process does, and not in the current folder.
_START = "import sys; sys.path[:] = sys.argv[1:]; from sentiment.worker import serve; serve()"

# One core each; and memory that numpy frees is used again, not given back and zeroed anew (glibc).
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
}

# Beyond this many processes, reading and writing is what takes the time.
_USEFUL = 6

_WITHOUT_OTHERS = "run it again, with --workers 1 if memory is short"


def default_workers() -> int:
    """How many processes to work with: one a core that this process may use, within reason."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, _USEFUL)


class Worker:
    """A process that calls one function, again and again.

    Use it in a `with` block: on leaving it the process ends.
    """

    def __init__(self, function: Callable[..., Any], way_out: str = "run it again") -> None:
        """Start the process.

        Args:
            function: what it calls; it goes there by pickle, with all that it is bound to.
            way_out: what to try should the process die; mostly that is for want of memory.
        """
        with _interrupts_held():
            self.process = subprocess.Popen(
                [sys.executable, "-c", _START, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | _ENVIRONMENT,
            )
        self._requests: Any = self.process.stdin
        self._answers: Any = self.process.stdout
        self._started = False
        self._function = function
        self._way_out = way_out

    def call(self, *arguments: Any) -> Any:
        """Call the function there, and wait for what it returns or raises.

        Raises:
            SentimentError: the process died.
        """
        try:
            if not self._started:
                _send(self._requests, self._function)
                self._started = True
            _send(self._requests, arguments)
            returned, result = _receive(self._answers)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=1)
            self.process.kill()  # what answers with nonsense may live on
            code = self.process.wait()
            raise SentimentError(
                f"a worker process died ({_cause(code)}); {self._way_out}"
            ) from error
        if not returned:
            raise result
        return result

    def close(self) -> None:
        """End the process, busy or not."""
        self.process.kill()
        self.process.wait()
        with suppress(OSError):  # what it was not told yet
            self._requests.close()
        self._answers.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Pool:
    """Several processes that call the same function.

    Attributes:
        size: how many.
        workers: the processes.
    """

    def __init__(
        self, function: Callable[..., Any], size: int, way_out: str = _WITHOUT_OTHERS
    ) -> None:
        """Start the processes; they are of use as soon as each has imported what it needs."""
        self.size = size
        self.workers = [Worker(function, way_out) for _ in range(size)]
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self.workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(size)

    def submit(self, *arguments: Any) -> "Future[Any]":
        """Call the function in whichever process is free first."""
        return self._threads.submit(self._call, arguments)

    def close(self) -> None:
        """End the processes; what they have not done is not done."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self.workers:
            worker.close()

    def _call(self, arguments: tuple[Any, ...]) -> Any:
        worker = self._idle.get()
        try:
            return worker.call(*arguments)
        finally:
            self._idle.put(worker)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold SIGINT back; a process that is started meanwhile never gets it.

    An interrupt is our business: the worker would show where it was, even in its own start.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def serve() -> NoReturn:
    """Be the process at the other end: calls come from stdin, results go to stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be held back (Windows)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed gets between the answers
    calls: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_read_calls, args=(calls,), daemon=True).start()
    function = calls.get()
    while True:
        arguments = calls.get()
        try:
            answer = (True, function(*arguments))
        except Exception as error:
            answer = (False, error)
        _send(answers, answer)


def _read_calls(calls: SimpleQueue[Any]) -> NoReturn:
    """Read ahead, to see at once when the parent has gone; then there is nobody to compute for."""
    while True:
        try:
            calls.put(_receive(sys.stdin.buffer))
        except Exception:
            os._exit(0)


def _send(stream: BinaryIO, message: Any) -> None:
    """Write a message; what arrays hold goes behind it as it is, without a copy."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    contents = [buffer.raw() for buffer in buffers]
    pickle.dump((head, [content.nbytes for content in contents]), stream)
    for content in contents:
        stream.write(content)
    stream.flush()


def _receive(stream: BinaryIO) -> Any:
    """Read a message.

    Raises:
        EOFError: nobody writes any more.
    """
    head, sizes = pickle.load(stream)
    contents = [bytearray(size) for size in sizes]
    for content in contents:
        if stream.readinto(content) < len(content):  # type: ignore[attr-defined]
            raise EOFError
    return pickle.loads(head, buffers=contents)


def _cause(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
