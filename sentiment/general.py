"""The bundled models: `general`, used by default, and `fast`, of n-grams alone."""

from pathlib import Path

from sentiment.errors import ModelError

NAME, FAST = "general", "fast"
# Some copies of the package lack them.
MODEL, FAST_MODEL = (Path(__file__).with_name(f"{name}.safetensors") for name in (NAME, FAST))
LANGUAGE = "en"  # that they answer, as their files say


def bundled() -> dict[str, Path]:
    """Return the names of the bundled models, each with its path; the file may be missing."""
    return {NAME: MODEL, FAST: FAST_MODEL}


def find_bundled(named: Path) -> Path | None:
    """Return the path of the bundled model of that name, unless a file has the name.

    Raises:
        ModelError: this copy of the package lacks the model.
    """
    path = bundled().get(str(named))
    if path is None or named.exists():
        return None
    if not path.is_file():
        raise ModelError(
            f"{named}: this copy of sentiment lacks the bundled model of that name; "
            "train one with `sentiment train reviews.csv`"
        )
    return path
