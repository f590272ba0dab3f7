"""The program: `sentiment`, or `python -m sentiment`."""

import gc
import sys
from typing import NoReturn

from sentiment.errors import INTERRUPTED


def main() -> NoReturn:
    """Run the command line; an interrupt while it is still being imported is no traceback."""
    gc.set_threshold(50_000)  # imports make objects that stay: do not look for garbage among them
    try:
        from sentiment.cli import run
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
