"""A file that is read on trial, in a process that has little memory, before it is read here.

A few bytes of Parquet can stand for gigabytes, and nothing but reading them tells. What reads them
is a library that trusts them more than strangers should be trusted: should it crash, it does there.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from typing import BinaryIO

from sentiment.errors import DataError, MissingDependencyError, SentimentError, UsageError
from sentiment.reviews.streams import TooLargeError
from sentiment.serving.files import NO_ANSWER, FileAnswers, FileRequest
from sentiment.serving.limits import Limits

_MEMORY = 768 << 20  # bytes; pyarrow itself takes some
_SECONDS = 120  # of computing
_START = """
import sys
sys.path[:] = sys.argv[3:]
from sentiment.serving.trial import main
main(*sys.argv[1:3])
"""
_ENVIRONMENT = {"ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
_KINDS = {
    kind.__name__: kind for kind in (DataError, MissingDependencyError, TooLargeError, UsageError)
}


class Trial:
    """A process that reads and writes a file, without answers."""

    def __init__(self, file: BinaryIO, request: FileRequest, limits: Limits) -> None:
        """Start it.

        Args:
            file: It has a descriptor; where it stands is not kept.
            request: What is to become of it.
            limits: How much of it there may be.
        """
        self._request = request
        file.seek(0)
        values = [json.dumps(asdict(value)) for value in (request, limits)]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *values, *sys.path],
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | _ENVIRONMENT,
        )

    def wait(self) -> None:
        """Wait for its end.

        Raises:
            SentimentError: The file cannot be read, or takes too much memory.
        """
        told, _ = self._process.communicate()
        if told:
            kind, why = json.loads(told)
            raise _KINDS.get(kind, DataError)(why)
        if self._process.returncode:
            raise _too_much(self._request)

    def end(self) -> None:
        """End it, if it has not ended."""
        self._process.kill()


def main(request: str, limits: str) -> None:
    """Read the file on stdin; write what is wrong with it on stdout, if anything is."""
    _limit()
    values = json.loads(request)
    asked = FileRequest(**{**values, "text_columns": tuple(values["text_columns"])})
    try:
        answers = FileAnswers(sys.stdin.buffer, asked, Limits(**json.loads(limits)))
        if answers.open().error is None:
            while (texts := answers.read()) is not None:
                answers.write([NO_ANSWER] * len(texts))
            answers.end()
    except (MemoryError, SentimentError) as error:
        starved = isinstance(error, MemoryError) or isinstance(error.__cause__, MemoryError)
        told = _too_much(asked) if starved else error
        sys.stdout.write(json.dumps([type(told).__name__, str(told)]))


def _limit() -> None:
    """Take no more memory and time than a file is worth, where the system can see to that."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _too_much(request: FileRequest) -> TooLargeError:
    return TooLargeError(
        f"{request.name}: damaged, or takes more memory to be read than a file may; cut it up"
    )
