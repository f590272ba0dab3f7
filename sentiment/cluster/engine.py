"""Scoring on Ray: a cluster, and the calls that its tasks make."""

import logging
import os
import pickle
import re
import secrets
import signal
import socket
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sentiment import __version__
from sentiment.cluster.files import Job
from sentiment.errors import SentimentError, UsageError
from sentiment.model.model import Model
from sentiment.runtime import redirected, require

# How often a job may lose its worker. A job that keeps losing it is the cause, and Ray Data would
# retry it forever.
RETRIES = 5


@dataclass(frozen=True)
class Failure:
    """An error returned as a result; if it were raised, Ray would wrap it and log a traceback."""

    error: SentimentError | OSError
    host: str

    def error_at(self, host: str) -> SentimentError | OSError:
        """Return the error; its message names the machine unless that is `host`."""
        if host == self.host:
            return self.error
        where = f"(on {self.host}; is the folder shared with it?)"
        if isinstance(self.error, OSError):
            reason = f"{self.error.strerror or self.error} {where}"
            return OSError(self.error.errno, reason, self.error.filename)
        return type(self.error)(f"{self.error} {where}")


@dataclass(frozen=True)
class Call:
    """The function that a task applies to a row.

    Attributes:
        function: called with the model and the row's job.
        model: a reference to the model.
        version: of the calling program.
    """

    function: Callable[[Model, Any], Any]
    model: Any
    version: str = __version__

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Run the job of a row; return its result, or a `Failure`, pickled."""
        result: Any
        try:
            if self.version != __version__:
                raise SentimentError(
                    f"sentiment is {self.version} here and {__version__} in the cluster; install "
                    "the same version there"
                )
            job = pickle.loads(row["job"])
            if (died := attempts_before()) > RETRIES:
                raise SentimentError(
                    f"{job.source.name}: {died} workers died while scoring it, usually for lack of "
                    "memory; split the file into smaller ones"
                )
            result = self.function(fetched(self.model), job)
        except (SentimentError, OSError) as error:
            result = Failure(error, socket.gethostname())
        return {"place": row["place"], "result": pickle.dumps(result, protocol=5)}


@cache  # a process works for one run of the program, which has one model
def fetched(reference: Any) -> Model:
    """Return the model, built once per process; its arrays are in the machine's shared store."""
    import ray

    model: Model = ray.get(reference)
    return model


def attempts_before() -> int:
    """Return how many workers the current job has lost.

    The only use of a private name of Ray, which has no public one for this, and whose own limit on
    retries (`max_retries`) neither counts workers killed for lack of memory nor names the file.
    """
    from ray._private.worker import global_worker

    count = getattr(global_worker.core_worker, "get_current_task_attempt_number", None)
    return int(count()) if count else 0


J = TypeVar("J", bound=Job)
R = TypeVar("R")

# Shared memory for a model and scores. Ray's default is a third of the memory.
_STORE_BYTES = 512 << 20
# Ray would report usage statistics.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
# How long to wait for a cluster; Ray itself would wait for minutes.
_SECONDS = 10.0
# What `require` checks before Ray is used; Ray Data needs all of these.
RAY = ("--engine ray needs Ray", "ray fsspec pandas", "'ray[data]'")


@contextmanager
def running(address: str | None) -> Iterator["Cluster"]:
    """Start Ray on this machine, or join a cluster; stop or leave it in the end.

    Meanwhile stdout is discarded: Ray prints there, among other things, about lost workers. Its
    deprecation warnings are silenced, too.

    Args:
        address: of a cluster, such as `10.0.0.1:6379`, or `auto`; None to start one here.

    Raises:
        MissingDependencyError: Ray is not installed.
        UsageError: no cluster answers there, or its version differs.
    """
    require(*RAY)
    os.environ.update(_QUIET)
    if address is None and "RAY_AUTH_MODE" not in os.environ:
        # A token for this cluster only: Ray would leave one in the home folder.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    import ray

    terminate = signal.getsignal(signal.SIGTERM)
    # For Ray's sockets: on macOS, the path of the default folder is too long.
    short = "/tmp" if sys.platform == "darwin" else None
    with (
        tempfile.TemporaryDirectory(None, "ray-", short, ignore_cleanup_errors=True) as folder,
        Path(os.devnull).open("wb") as nowhere,
        redirected(1, nowhere.fileno()),
        warnings.catch_warnings(action="ignore"),
    ):
        try:
            with redirected(2, nowhere.fileno()):  # native code prints until it has opened its log
                _start(ray, address, folder)
            signal.signal(signal.SIGTERM, terminate)  # Ray has replaced it
            yield Cluster(ray, joined=address is not None)
        finally:
            ray.shutdown()


class Cluster:
    """A cluster that runs jobs."""

    def __init__(self, ray: Any, *, joined: bool) -> None:
        """Wrap the module `ray`; `joined` means that the cluster was not started here."""
        from ray import data

        _silence(logging.getLogger("ray.data"))
        self._ray = ray
        self._data = data
        self._joined = joined

    def each(
        self,
        function: Callable[[Model, J], R],
        model: Model,
        jobs: Sequence[J],
        at_once: int | None = None,
    ) -> Iterator[tuple[int, R]]:
        """Call a function for each job; yield its index and result as they are completed.

        Args:
            function: importable by its name in every process.
            model: its first argument.
            jobs: its second argument; a job may run twice if a worker is lost.
            at_once: how many at a time; None for one per core.

        Raises:
            SentimentError, OSError: what the function raised, with the name of another machine
                added; or a job kept losing its worker.
        """
        context = self._data.DataContext.get_current()
        context.enable_progress_bars = False
        call = Call(function, self._ray.put(model))
        rows = [{"place": place, "job": pickle.dumps(job)} for place, job in enumerate(jobs)]
        done = self._data.from_items(rows, override_num_blocks=len(rows)).map(
            call, num_cpus=1, concurrency=at_once
        )
        with _in_one_line(self._ray, self._joined):
            for row in done.iter_rows():
                result = pickle.loads(row["result"])
                if isinstance(result, Failure):
                    raise result.error_at(socket.gethostname())
                yield row["place"], result


def _start(ray: Any, address: str | None, folder: str) -> None:
    """Start or join a cluster.

    Raises:
        UsageError: no cluster answers there, or its version differs.
        SentimentError: Ray cannot be started here.
    """
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is None:
        try:
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=_STORE_BYTES,
                _temp_dir=folder,
                **quiet,
            )
        except Exception as error:  # any kind: a port, a folder, memory, a process that died
            raise SentimentError(f"Ray cannot be started here: {_first_line(error)}") from error
        return
    try:
        _knock(address)
        ray.init(address=address, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"--address {address}: {' '.join(str(error).split())}") from error


def _knock(address: str) -> None:
    """Check that `host:port` accepts connections; other addresses are left to Ray.

    Raises:
        OSError: it does not.
        ValueError: the port is not a number.
    """
    host, colon, port = address.rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS).close()


@contextmanager
def _in_one_line(ray: Any, joined: bool) -> Iterator[None]:
    """Raise errors of Ray as a one-line SentimentError."""
    try:
        yield
    except ray.exceptions.RayError as error:
        if joined and "ModuleNotFoundError: No module named 'sentiment" in str(error):
            raise SentimentError(
                "sentiment is missing or older on a machine of the cluster; install the same "
                "version on all of them"
            ) from error
        what = type(error).__name__.removeprefix("RayTaskError(").removesuffix(")")
        raise SentimentError(f"Ray failed ({what}: {_first_line(error)}); run it again") from error


def _first_line(error: Exception) -> str:
    """Return the first non-blank line of a message."""
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _silence(logger: logging.Logger) -> None:
    """Remove the stream handlers of a logger; files stay."""
    for handler in list(logger.handlers):
        if isinstance(handler, logging.StreamHandler):
            logger.removeHandler(handler)
