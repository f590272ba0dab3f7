"""The program: `sentiment`, or `python -m sentiment`."""

import gc
import os
import sys
from typing import NoReturn

from sentiment.runtime import stop


def main() -> NoReturn:
    """Run the command line; an interrupt while it is still being imported is no traceback."""
    try:
        stop.listen()
        gc.set_threshold(50_000)  # imports make objects that stay: look for no garbage among them
        # numpy's products are small; threads for larger ones take longer to start than an answer
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        from sentiment.cli import run
    except BaseException:
        if stop.code is None:
            raise
        sys.exit(stop.code)
    run()


if __name__ == "__main__":
    main()
