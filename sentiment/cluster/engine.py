"""Scoring on Ray: tasks, and the calls they run."""

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
from typing import Any, Protocol, TypeVar

from sentiment import __version__
from sentiment.cluster.files import Named
from sentiment.errors import SentimentError, UsageError
from sentiment.model.model import Model
from sentiment.runtime import redirected, require

# How often a job may lose its worker: one that does so again and again is what kills it, and Ray
# Data would start it for ever.
RETRIES = 5


class Job(Protocol):
    """What is done with one file; it goes to a worker by pickle.

    Attributes:
        source: the file.
    """

    @property
    def source(self) -> Named: ...  # noqa: D102


@dataclass(frozen=True)
class Failure:
    """An error on its way back; raised over there, Ray would wrap it and log its traceback."""

    error: SentimentError | OSError
    host: str

    def error_at(self, host: str) -> SentimentError | OSError:
        """Give the error; it says where it happened if that is not this machine."""
        if host == self.host:
            return self.error
        where = f"(on {self.host}; is the folder shared with it?)"
        if isinstance(self.error, OSError):
            reason = f"{self.error.strerror or self.error} {where}"
            return OSError(self.error.errno, reason, self.error.filename)
        return type(self.error)(f"{self.error} {where}")


@dataclass(frozen=True)
class Call:
    """What a task does with a row.

    Attributes:
        function: called with the model and the row's job.
        model: a reference to the model.
        version: of the program that asks.
    """

    function: Callable[[Model, Any], Any]
    model: Any
    version: str = __version__

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Do a job; its result, or a `Failure`, comes back as bytes."""
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
                    f"{job.source.name}: {died} workers died of it, mostly that is for want of "
                    "memory; cut the file into smaller ones"
                )
            result = self.function(fetched(self.model), job)
        except (SentimentError, OSError) as error:
            result = Failure(error, socket.gethostname())
        return {"place": row["place"], "result": pickle.dumps(result, protocol=5)}


@cache  # a process works for one run of the program, and so with one model
def fetched(reference: Any) -> Model:
    """Make the model, once in a process; its arrays are those of the machine's store."""
    import ray

    model: Model = ray.get(reference)
    return model


def attempts_before() -> int:
    """Count the workers that were lost with the job that this one has now."""
    from ray._private.worker import global_worker  # nothing public tells

    count = getattr(global_worker.core_worker, "get_current_task_attempt_number", None)
    return int(count()) if count else 0


def rows_of(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """Write a row for each job: its place, and itself."""
    return [{"place": place, "job": pickle.dumps(job)} for place, job in enumerate(jobs)]


J = TypeVar("J", bound=Job)
R = TypeVar("R")

# Memory for what goes between processes: a model, and scores. Ray would take a third of all.
_STORE_BYTES = 512 << 20
# Ray would tell its makers of its use.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
# How long to wait for a cluster; Ray itself takes minutes to find that there is none.
_SECONDS = 10.0
# What `require` is asked for before anything is done by Ray; Ray Data needs all of these.
RAY = ("--engine ray needs Ray", "ray fsspec pandas", "'ray[data]'")


@contextmanager
def running(address: str | None) -> Iterator["Cluster"]:
    """Start Ray on this machine, or join a cluster; stop or leave it in the end.

    Meanwhile stdout goes nowhere: Ray tells there, among other things, of workers that were lost.
    Its warnings of what will change in it are not for those who run the program, either.

    Args:
        address: of a cluster, such as `10.0.0.1:6379`, or `auto`; None to start one here.

    Raises:
        MissingDependencyError: Ray is not installed.
        UsageError: no cluster answers there, or one of another version.
    """
    require(*RAY)
    os.environ.update(_QUIET)
    if address is None and "RAY_AUTH_MODE" not in os.environ:
        # A cluster of one's own, by a token of its own: Ray would leave one in the home folder.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    import ray

    terminate = signal.getsignal(signal.SIGTERM)
    temporary = tempfile.TemporaryDirectory(
        prefix="ray-", dir=_short_folder(), ignore_cleanup_errors=True
    )
    with (
        temporary as folder,
        Path(os.devnull).open("wb") as nowhere,
        redirected(1, nowhere.fileno()),
        warnings.catch_warnings(action="ignore"),
    ):
        try:
            with redirected(2, nowhere.fileno()):  # native code, until it has found its own log
                _start(ray, address, folder)
            signal.signal(signal.SIGTERM, terminate)  # Ray has put its own there
            yield Cluster(ray, joined=address is not None)
        finally:
            ray.shutdown()


class Cluster:
    """A cluster that takes jobs."""

    def __init__(self, ray: Any, *, joined: bool) -> None:
        """Take the module of Ray, and whether others use the cluster, too."""
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
        """Call a function for each job; give its place and what came of it, the first done first.

        Args:
            function: found by its name in every process.
            model: its first argument.
            jobs: what to call it with; a job may be done twice, where a worker is lost.
            at_once: how many at a time; None for one a core.

        Raises:
            SentimentError, OSError: what the function raised, the name of another machine added;
                or a job was lost again and again.
        """
        context = self._data.DataContext.get_current()
        context.enable_progress_bars = False
        call = Call(function, self._ray.put(model))
        rows = rows_of(jobs)
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
        UsageError: no cluster answers there, or one of another version.
        SentimentError: none can be started here.
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
        except Exception as error:  # of any kind: a port, a folder, memory, a process that died
            raise SentimentError(f"Ray cannot be started here: {_first_line(error)}") from error
        return
    try:
        _knock(address)
        ray.init(address=address, **quiet)
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"--address {address}: {' '.join(str(error).split())}") from error


def _knock(address: str) -> None:
    """See whether anybody listens at `host:port`; other words are Ray's own.

    Raises:
        OSError: nobody does.
        ValueError: the port is none.
    """
    host, colon, port = address.rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), _SECONDS).close()


@contextmanager
def _in_one_line(ray: Any, joined: bool) -> Iterator[None]:
    """Say what became of Ray itself, or of a job that was lost, as an error of ours."""
    try:
        yield
    except ray.exceptions.RayError as error:
        if joined and "ModuleNotFoundError: No module named 'sentiment" in str(error):
            raise SentimentError(
                "sentiment is missing or older on a machine of the cluster; install the same "
                "version on all of them"
            ) from error
        what = type(error).__name__.removeprefix("RayTaskError(").removesuffix(")")
        raise SentimentError(f"Ray gave up ({what}: {_first_line(error)}); run it again") from error


def _first_line(error: Exception) -> str:
    """Give the first line of a message that says something."""
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _silence(logger: logging.Logger) -> None:
    """Leave a logger its files alone."""
    for handler in list(logger.handlers):
        if isinstance(handler, logging.StreamHandler):
            logger.removeHandler(handler)


def _short_folder() -> str | None:
    """Where Ray's sockets are: macOS has a folder for temporary files whose name is too long."""
    return "/tmp" if sys.platform == "darwin" and Path("/tmp").is_dir() else None
