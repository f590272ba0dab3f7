"""Work in other processes, such as scoring."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import chain
from queue import SimpleQueue
from typing import Any, BinaryIO, NoReturn, TypeVar

from sentiment.errors import SentimentError
from sentiment.model.model import Model, Scores

# The child looks for modules where this process does, and not in the current folder.
_START = "import sys; sys.path[:] = sys.argv[1:]; from sentiment.workers import serve; serve()"

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


T = TypeVar("T")
Scored = tuple[T, Scores]

# Batches in a row that were there before they were asked for: then others are asked to help.
_IN_A_ROW = 2


class Scorer:
    """Scores batches in order, the first ones itself, more of them by other processes.

    Use it in a `with` block: on leaving it the processes end.

    Attributes:
        pool: the other processes, once there was need of them.
    """

    def __init__(self, model: Model, workers: int) -> None:
        """Take the model, and how many processes may help; with one, none does."""
        self._model = model
        self._workers = workers
        self._in_a_row = 0
        self.pool: Pool | None = None

    def scored(
        self,
        batches: Iterable[T],
        texts_of: Callable[[T], Sequence[str]],
        waits: Callable[[], bool],
    ) -> Iterator[Scored[T]]:
        """Give each batch with its scores.

        Args:
            batches: read as they are needed, a few ahead.
            texts_of: gives the texts of a batch.
            waits: whether the next batch has yet to be produced; then none is withheld for it.

        Raises:
            SentimentError: `batches` or `texts_of` raised it, and all before it were given; or a
                process died.
        """
        reader = iter(batches)
        for batch in reader:
            yield batch, self._model.scores(texts_of(batch))
            self._in_a_row = 0 if waits() else self._in_a_row + 1
            if self._workers > 1 and self._in_a_row >= _IN_A_ROW:
                break
        first = next(reader, None)
        if first is not None:
            yield from _pipelined(self._others(), chain([first], reader), texts_of, waits)

    def _others(self) -> "Pool":
        if self.pool is None:
            self.pool = Pool(self._model.scores, self._workers)
        return self.pool

    def __enter__(self) -> "Scorer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.close()


def _pipelined(
    pool: "Pool",
    batches: Iterator[T],
    texts_of: Callable[[T], Sequence[str]],
    waits: Callable[[], bool],
) -> Iterator[Scored[T]]:
    """Score two batches a worker ahead of the one that is given out."""
    pending: deque[tuple[T, Any]] = deque()
    failure: SentimentError | None = None
    while True:
        try:
            batch = next(batches, None)
            if batch is None:
                break
            texts = texts_of(batch)
        except SentimentError as error:
            failure = error
            break
        pending.append((batch, pool.submit(texts)))
        while pending and (len(pending) > 2 * pool.size or pending[0][1].done() or waits()):
            done, future = pending.popleft()
            yield done, future.result()
    for done, future in pending:
        yield done, future.result()
    if failure is not None:
        raise failure
