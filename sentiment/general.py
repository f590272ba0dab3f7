"""The bundled model, used by default."""

from pathlib import Path

from sentiment.errors import ModelError

# Some copies of the package lack it.
MODEL = Path(__file__).parent / "general.safetensors"
NAME = "general"
LANGUAGE = "en"  # of its training data


def find_bundled(named: Path) -> Path | None:
    """Return the path of the bundled model if `general` names it and no file has that name.

    Raises:
        ModelError: this copy of the package lacks the model.
    """
    if str(named) != NAME or named.exists():
        return None
    if not MODEL.is_file():
        raise ModelError(
            f"{named}: this copy of sentiment has no bundled model; "
            "train one with `sentiment train reviews.csv`"
        )
    return MODEL
