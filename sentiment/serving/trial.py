"""A file processed on trial, as Parquet files are first, in a process with little memory.

A few bytes can expand to gigabytes, and a file that crashes the library kills only that process.
"""

import json
import math
import os
import subprocess
import sys
from dataclasses import asdict
from typing import BinaryIO

from sentiment.errors import DataError, MissingDependencyError, SentimentError, UsageError
from sentiment.labels import LabelSet
from sentiment.reviews.streams import TooLargeError
from sentiment.serving.files import Answered, FileAnswers, FileRequest
from sentiment.serving.server import Limits

_MEMORY = 768 << 20  # bytes, including pyarrow itself
_SECONDS = 120  # of CPU time
_START = """
import sys
sys.path[:] = sys.argv[4:]
from sentiment.serving.trial import try_file
try_file(*sys.argv[1:4])
"""
_ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
_KINDS = {
    kind.__name__: kind for kind in (DataError, MissingDependencyError, TooLargeError, UsageError)
}


class Trial:
    """A process that reads and writes a file without answering it."""

    def __init__(
        self, file: BinaryIO, request: FileRequest, limits: Limits, labels: LabelSet
    ) -> None:
        """Start the process; `file` has a descriptor, whose position changes."""
        self._request = request
        file.seek(0)
        values = [json.dumps(asdict(value)) for value in (request, limits, labels)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *values, *sys.path],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ENVIRONMENT,
        )

    def wait(self) -> None:
        """Wait for the process to end.

        Raises:
            SentimentError: the file cannot be read, or needs too much memory.
        """
        output, _ = self._process.communicate()
        if output:
            kind, why = json.loads(output)
            raise _KINDS.get(kind, DataError)(why)
        if self._process.returncode:
            raise _too_much(self._request)

    def end(self) -> None:
        """Kill the process if it still runs."""
        self._process.kill()


def try_file(request: str, limits: str, labels: str) -> None:
    """Process the file on stdin; write an error to stdout as JSON."""
    _limit_resources()
    values = json.loads(request)
    asked = FileRequest(**{**values, "text_columns": tuple(values["text_columns"])})
    classes = LabelSet(tuple(json.loads(labels)["names"]))
    nothing = Answered("", [math.nan] * len(classes.columns), "")
    try:
        answers = FileAnswers(sys.stdin.buffer, asked, Limits(**json.loads(limits)), classes)
        if answers.open().error is None:
            while (texts := answers.read()) is not None:
                answers.write([nothing] * len(texts))
            answers.end()
    except (MemoryError, SentimentError) as error:
        starved = isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError)
        failure = _too_much(asked) if starved else error
        sys.stdout.write(json.dumps([type(failure).__name__, str(failure)]))


def _limit_resources() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _too_much(request: FileRequest) -> TooLargeError:
    return TooLargeError(f"{request.name}: damaged, or needs too much memory to read; split it")
