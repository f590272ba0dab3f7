"""A socket of the file system to listen on, for a proxy on this machine."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sentiment.errors import UsageError
from sentiment.files import locked

_BACKLOG = 2048
_OTHERS = 0o117  # what the mask takes: execution, and everything from users outside the group


@contextmanager
def listening_at(path: Path) -> Iterator[socket.socket]:
    """Listen at a path, and delete it at the end; its owner and group may connect.

    A socket that a killed process left there is replaced, anything else is not.

    Raises:
        UsageError: the path is taken, or the socket cannot be made.
    """
    if not hasattr(socket, "AF_UNIX"):  # Windows
        raise UsageError("--uds needs a system with Unix sockets; use --host and --port")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with locked(path.parent):  # against another process that starts at the same time
            _clear(path)
            mask = os.umask(_OTHERS)
            try:
                listening.bind(str(path))
            finally:
                os.umask(mask)
            listening.listen(_BACKLOG)
        ours = path.stat()
    except (OSError, ValueError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"--uds {path}: cannot listen there: {why}; name another path") from error
    except BaseException:
        listening.close()
        raise
    try:
        yield listening
    finally:
        listening.close()
        with suppress(OSError):  # it is gone, or the folder is
            if os.path.samestat(path.lstat(), ours):
                path.unlink()


def _clear(path: Path) -> None:
    """Delete a socket that nobody listens on.

    Raises:
        UsageError: there is something else.
    """
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise UsageError(f"--uds {path}: a file, not a socket; name another path, or delete it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.settimeout(1)
        try:
            other.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):  # left by a process that was killed
            path.unlink(missing_ok=True)
            return
        except TimeoutError:  # it is busy
            pass
    raise UsageError(f"--uds {path}: another process listens there; name another path")
