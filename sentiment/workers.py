"""Worker processes, and scoring in several of them."""

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
from sentiment.runtime import ONE_THREAD

# The child has the module path of this process, without the current folder.
_START = "import sys; sys.path[:] = sys.argv[1:]; from sentiment.workers import serve; serve()"

# One core each; glibc reuses memory that numpy frees, which saves zeroing it again.
_ENVIRONMENT = ONE_THREAD | {
    "MALLOC_MMAP_THRESHOLD_": str(1 << 25),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 28),
}

# With more processes, reading and writing would be the bottleneck.
_USEFUL = 6

_ADVICE = "run it again, with --workers 1 if memory is short"


def default_workers() -> int:
    """Return the number of processes to use: one per available core, up to `_USEFUL`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, _USEFUL)


class Worker:
    """A process that calls one function repeatedly.

    Use it in a `with` block; leaving the block ends the process.
    """

    def __init__(self, function: Callable[..., Any], way_out: str = "run it again") -> None:
        """Start the process.

        Args:
            function: what it calls; it is pickled, with everything it is bound to.
            way_out: what to try if the process dies, usually for lack of memory.
        """
        with _interrupts_blocked():
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
        """Call the function in the process, and return or raise what it does.

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
            self.process.kill()  # it may be alive if its answer was garbage
            code = self.process.wait()
            raise SentimentError(
                f"a worker process died ({_cause(code)}); {self._way_out}"
            ) from error
        if not returned:
            raise result
        return result

    def close(self) -> None:
        """End the process, even if it is busy."""
        self.process.kill()
        self.process.wait()
        with suppress(OSError):  # unsent data
            self._requests.close()
        self._answers.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Pool:
    """Several processes that call the same function.

    Attributes:
        size: the number of processes.
        workers: the processes.
    """

    def __init__(self, function: Callable[..., Any], size: int, way_out: str = _ADVICE) -> None:
        """Start the processes without waiting until they have imported what they need."""
        self.size = size
        self.workers = [Worker(function, way_out) for _ in range(size)]
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self.workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(size)

    def submit(self, *arguments: Any) -> "Future[Any]":
        """Call the function in the first free process."""
        return self._threads.submit(self._call, arguments)

    def close(self) -> None:
        """End the processes; pending calls are dropped."""
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
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT, so that a process started meanwhile never receives it.

    This process handles interrupts; a worker would print a traceback.
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
    """Run as the worker process: read calls from stdin, write results to stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be blocked (Windows)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # printed text must not mix with the results
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
    """Read ahead, and exit as soon as the parent has gone."""
    while True:
        try:
            calls.put(_receive(sys.stdin.buffer))
        except Exception:
            os._exit(0)


def _send(stream: BinaryIO, message: Any) -> None:
    """Write a message, followed by the contents of its arrays, without copying them."""
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
        EOFError: the stream has ended.
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

# Start the worker processes after this many consecutive batches were ready in advance.
_IN_A_ROW = 2

# A model that reads pieces of words takes milliseconds a text: a batch of so many starts the worker
# processes at once, for it takes longer than their start.
_MANY = 512


def workers_for(model: Model, asked: int | None) -> int:
    """Return the number of processes that score texts in memory: those asked for, if any are.

    Else one per core for a model that reads pieces of words, and 1 for n-grams, which take
    microseconds a text.
    """
    return asked or (default_workers() if model.reads_pieces else 1)


class Scorer:
    """Scores batches in order: the first ones in this process, later ones in workers.

    Use it in a `with` block; leaving the block ends the workers.

    Attributes:
        pool: the workers; None until they are needed.
    """

    def __init__(self, model: Model, workers: int) -> None:
        """Prepare to score with a model in up to `workers` processes; 1 starts none."""
        self._model = model
        self._workers = workers
        self._in_a_row = 0
        self.pool: Pool | None = None

    def scored(
        self,
        batches: Iterable[T],
        texts_of: Callable[[T], Sequence[str]],
        would_block: Callable[[], bool],
    ) -> Iterator[Scored[T]]:
        """Yield each batch with its scores.

        Args:
            batches: read when needed, a few in advance.
            texts_of: returns the texts of a batch; called once for each.
            would_block: returns whether the next batch is still to be produced; then finished
                ones are yielded without waiting for it.

        Raises:
            SentimentError: from `batches` or `texts_of`, after all earlier batches were yielded; or
                a process died.
        """
        reader = ((batch, texts_of(batch)) for batch in batches)
        for batch, texts in reader:
            if self._workers > 1 and self._model.reads_pieces and len(texts) > _MANY:
                yield from self._pipelined(chain([(batch, texts)], reader), would_block)
                return
            yield batch, self._model.scores(texts)
            self._in_a_row = 0 if would_block() else self._in_a_row + 1
            if self._workers > 1 and self._in_a_row >= _IN_A_ROW:
                yield from self._pipelined(reader, would_block)

    def _pipelined(
        self,
        batches: Iterator[tuple[T, Sequence[str]]],
        would_block: Callable[[], bool],
    ) -> Iterator[Scored[T]]:
        """Score up to two batches per worker ahead of the one yielded."""
        pending: deque[tuple[T, list[Future[Scores]]]] = deque()
        failure: SentimentError | None = None
        while True:
            try:
                found = next(batches, None)
            except SentimentError as error:
                failure = error
                break
            if found is None:
                break
            batch, texts = found
            pool = self._others()
            pending.append((batch, [*map(pool.submit, self._model.portions(texts))]))
            while pending and (
                len(pending) > 2 * pool.size or _are_done(pending[0][1]) or would_block()
            ):
                yield _result(*pending.popleft())
        while pending:
            yield _result(*pending.popleft())
        if failure is not None:
            raise failure

    def _others(self) -> Pool:
        """Return the workers, started when they are first needed."""
        if self.pool is None:
            self.pool = Pool(self._model.scores, self._workers)
        return self.pool

    def __enter__(self) -> "Scorer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.close()


def _are_done(parts: Iterable["Future[Scores]"]) -> bool:
    return all(part.done() for part in parts)


def _result(batch: T, parts: Iterable["Future[Scores]"]) -> Scored[T]:
    return batch, Scores.joined(part.result() for part in parts)
