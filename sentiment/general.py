"""The model that ships with the package: asked where no other is named."""

from pathlib import Path

from sentiment.errors import ModelError

# A copy of the package may come without it.
MODEL = Path(__file__).parent / "general.safetensors"
NAME = "general"
LANGUAGE = "en"  # of all that it is made from


def find_bundled(named: Path) -> Path | None:
    """Say where the bundled model is, if `general` names it: nothing here is called so.

    Raises:
        ModelError: it is meant, and this copy of the package comes without.
    """
    if str(named) != NAME or named.exists():
        return None
    if not MODEL.is_file():
        raise ModelError(
            f"{named}: this copy of the program comes without a model; "
            "`sentiment train reviews.csv` makes one"
        )
    return MODEL
