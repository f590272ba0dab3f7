"""A file on its way here: a body → a temporary file without a name, gone with its request."""

import tempfile
from asyncio import get_running_loop
from concurrent.futures import Executor
from typing import BinaryIO, cast

from sentiment.serving.exchange import HttpError, Request
from sentiment.serving.meter import Meter
from sentiment.storage import folder

_AT_ONCE = 1 << 20  # bytes that are written at once


async def receive(request: Request, most: int, held: Meter, thread: Executor) -> BinaryIO:
    """Receive the file that a request sends; whoever has it closes it.

    It is read when all of it is there: browsers and proxies listen to no answer before.

    Args:
        request: its body is the file.
        most: as many bytes may it have.
        held: counts the bytes of all files.
        thread: writes it.

    Raises:
        HttpError: it is too large, does not arrive in time, or there is no room.
        GoneError: the client went away.
    """
    run = get_running_loop().run_in_executor
    waiting = bytearray()
    try:
        file = cast(BinaryIO, tempfile.TemporaryFile(dir=folder()))  # noqa: SIM115
        try:
            async for piece in request.pieces(most):
                request.take(held, len(piece))
                waiting += piece
                if len(waiting) >= _AT_ONCE:
                    await run(thread, file.write, bytes(waiting))
                    waiting.clear()
            await run(thread, file.write, bytes(waiting))
            await run(thread, file.flush)
        except BaseException:
            thread.submit(file.close)  # after what is being written
            raise
    except OSError as error:
        why = f"there is no room here for the file ({error.strerror or error})"
        raise HttpError(503, f"{why}; come again later", {"Retry-After": "60"}) from error
    return file
