"""The program: `sentiment`, or `python -m sentiment`."""

import sys
from typing import NoReturn

INTERRUPTED = 130


def main() -> NoReturn:
    """Run the command line; an interrupt while it is still being imported is no traceback."""
    try:
        from sentiment.cli import run
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
