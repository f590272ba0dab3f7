"""The reviews a command takes when none are named."""

from pathlib import Path

from sentiment.errors import DataError

_PACKAGE = Path(__file__).parent.parent


def bundled_reviews(name: str) -> str:
    """Find `data/NAME` here, else the file of that name that comes with the program.

    Raises:
        DataError: there is neither.
    """
    # An installed package holds its copy; in a checkout the folder stands beside the package.
    for folder in (Path("data"), _PACKAGE / "data", _PACKAGE.parent / "data"):
        if (folder / name).is_file():
            return str(folder / name)
    raise DataError(f"no data/{name} here; name a file of reviews")
