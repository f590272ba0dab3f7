"""Writing a file so that a killed run leaves the old one whole."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_KEPT = 40  # characters of a name, of four bytes at the most
_DESCRIPTORS = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside the target; once written, sync it and rename it to the target.

    Nothing changes at the target if the block raises, or if the process is killed. What is not a
    file (a device, a named pipe, `/dev/stdout`) is written to directly.

    Raises:
        OSError: the file cannot be written; it names the target.
    """
    if is_stream(path):
        with _open_stream(path) as stream:
            yield stream
        return
    target = path.resolve()  # a link keeps pointing where it points
    # A name may be as long as the file system allows; the temporary one is not longer.
    temporary = target.with_name(f".{target.name[:_KEPT]}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as file:
            if target.exists():  # who may read it stays as it was
                temporary.chmod(target.stat().st_mode & 0o777)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            error.filename = str(path)
        raise


def is_stream(path: Path) -> bool:
    """Whether a path is something to write to, not something to replace."""
    return _descriptor(path) is not None or (path.exists() and not path.is_file())


def _descriptor(path: Path) -> int | None:
    """The number of the open descriptor that a path such as `/dev/fd/3` stands for."""
    numbered = re.fullmatch(r"(?:/dev|/proc/self)/fd/(\d{1,6})", str(path))
    return int(numbered[1]) if numbered else _DESCRIPTORS.get(str(path))


def _open_stream(path: Path) -> BinaryIO:
    descriptor = _descriptor(path)
    # Opened by name, a file behind /dev/stdout would be cut to nothing first.
    return path.open("wb") if descriptor is None else os.fdopen(os.dup(descriptor), "wb")
