"""The model that ships with the package: asked where no other is named."""

from pathlib import Path

# A copy of the package may come without it.
MODEL = Path(__file__).parent / "general.safetensors"
