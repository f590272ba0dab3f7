"""Run the program as if folders listed their files in another order.

python shuffled.py SEED ARGUMENT…
"""

import os
import sys
from contextlib import contextmanager
from random import Random

seed = int(sys.argv.pop(1))
list_names, scan = os.listdir, os.scandir


def shuffled(found):
    """The same in an order that the seed chooses."""
    found = list(found)
    Random(seed).shuffle(found)
    return found


@contextmanager
def scan_shuffled(path="."):
    """As `os.scandir`, which is used in a with statement."""
    with scan(path) as entries:
        yield iter(shuffled(entries))


os.listdir = lambda path=".": shuffled(list_names(path))
os.scandir = scan_shuffled

from sentiment.__main__ import main  # noqa: E402

main()
