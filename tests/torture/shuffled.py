"""Run the program as if folders listed their files in another order.

python shuffled.py SEED ARGUMENT…
"""

import os
import sys
from random import Random

seed = int(sys.argv.pop(1))
list_names, scan = os.listdir, os.scandir


def shuffled(found):
    """The same in an order that the seed chooses."""
    found = list(found)
    Random(seed).shuffle(found)
    return found


class Shuffled:
    """As what `os.scandir` gives: an iterator, which is used in a with statement, or closed."""

    def __init__(self, path="."):
        with scan(path) as entries:
            self._entries = iter(shuffled(entries))

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._entries)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Nothing is open any more."""


os.listdir = lambda path=".": shuffled(list_names(path))
os.scandir = Shuffled

from sentiment.__main__ import main  # noqa: E402

main()
