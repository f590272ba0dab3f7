"""`predict --summary FILE`: what a run did, as JSON for those who operate it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sentiment import __version__
from sentiment.cli.tally import Tally
from sentiment.errors import GoalError, system_error
from sentiment.files import is_stream, replacing
from sentiment.labels import NO_ANSWER, UNCERTAIN
from sentiment.model.file import hash_of_file
from sentiment.model.model import Model


def described(path: Path, model: Model) -> dict[str, Any]:
    """Return what tells one model from another, as JSON values."""
    about = model.record.provenance
    name = about.name if about is not None else ""
    return {
        "file": str(path),
        "name": name or None,
        "hash": hash_of_file(path),
    }


@contextmanager
def summarized(
    target: Path, path: Path, model: Model, output: Path, tally: Tally
) -> Iterator[None]:
    """Write a summary of what the block did, also if it raises.

    A file is written before, too, and says that the run has not ended: that of an earlier run would
    pass for this one if the process was killed.

    Args:
        target: where to write it; the file appears whole.
        path: the model file.
        model: what answers.
        output: where the answers go.
        tally: counts rows and answers.

    Raises:
        OSError: it cannot be written, and nothing else went wrong.
    """
    of_model = described(path, model)
    started = datetime.now(UTC).isoformat(timespec="seconds")

    def write(error: str | None, *, complete: bool) -> None:
        values = {
            "complete": complete,
            "error": error,
            "version": __version__,
            "model": of_model,
            "inputs": [{"name": name, "rows": rows} for name, rows in tally.rows.items()],
            "output": None if is_stream(output) else str(output),
            "rows": tally.total,
            # A file appears whole or not at all.
            "written": tally.written if complete or is_stream(output) else 0,
            "answers": {name: tally.answers[name] for name in model.labels.names},
            "uncertain": tally.answers[UNCERTAIN],
            "empty": tally.answers[NO_ANSWER],
            "rejects": tally.rejects,
            "started": started,
            "seconds": round(tally.seconds, 3),
        }
        with replacing(target) as file:
            file.write(f"{json.dumps(values, indent=2)}\n".encode())

    if not is_stream(target):
        write("not ended: the run is going on, or was killed", complete=False)
    try:
        yield
    except BaseException as error:
        with suppress(OSError):  # what went wrong first is what to say
            write(_in_words(error), complete=isinstance(error, GoalError))
        raise
    write(None, complete=True)


def _in_words(error: BaseException) -> str:
    """Return what went wrong, as the message of the command says it."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    if isinstance(error, SystemExit):
        return "terminated"
    if isinstance(error, BrokenPipeError):
        return "the reader of the answers went away"
    if isinstance(error, OSError):
        return system_error(error)
    return str(error)
