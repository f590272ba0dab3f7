"""What takes long is done aside, in a thread: whoever asks for little does not wait for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

# Bytes of JSON that are read or written in a few milliseconds, be they as intricate as can be.
_LITTLE = 100_000

# One, for each that computes takes its share of the time from the loop that answers.
_thread = ThreadPoolExecutor(1)


async def aside(size: int, function: Callable[[], T]) -> T:
    """Call a function, in a thread if it has much to do.

    Args:
        size: bytes of what it reads or writes.
        function: is called once.
    """
    if size <= _LITTLE:
        return function()
    return await asyncio.get_running_loop().run_in_executor(_thread, function)
