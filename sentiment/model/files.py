"""Writing a file so that a killed run leaves the old one whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target; once written, sync it and rename it to the target.

    Nothing changes at the target if the block raises, or if the process is killed.

    Raises:
        OSError: the file cannot be written.
    """
    target = path.resolve()  # a link keeps pointing where it points
    if target.exists() and not target.is_file():
        with target.open("wb") as device:  # /dev/stdout, /dev/null or a named pipe
            yield device
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
