"""What is asked of a worker, and how it answers: a row with a job in, a row with a result out."""

import pickle
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from sentiment import __version__
from sentiment.cluster.naming import Named
from sentiment.errors import SentimentError
from sentiment.model import Model

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
