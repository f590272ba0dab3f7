"""Build the bundled models: `make model` (three hours; needs the real datasets).

What takes long is kept in `.general/` by a hash of its recipe, and a run that was stopped goes on.
"""

import argparse
import sys
from pathlib import Path

from sentiment.general import LANGUAGE, bundled
from sentiment.model.file import save_model
from sentiment.model.model import Model
from tools.general.bundle import Workshop
from tools.general.card import FAST, GENERAL, recorded
from tools.general.measure import DATASETS, ROOT

OWN = ROOT / "data" / "train.csv"
KEPT = ROOT / ".general"


def main() -> None:
    """Build a model, and save it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", choices=["fast", "general", []], help="default: both")
    parser.add_argument("--folder", type=Path, default=KEPT, help="where slow steps are kept")
    asked = parser.parse_args()
    if not DATASETS.is_dir():
        sys.exit(f"{DATASETS}: the real datasets are missing")
    workshop = Workshop(DATASETS, OWN, asked.folder)
    for name in asked.models or ["fast", "general"]:
        _save(made(workshop, name), bundled()[name])


def made(workshop: Workshop, name: str) -> Model:
    """Return a bundled model with its record."""
    model, card = (workshop.fast(), FAST) if name == "fast" else (workshop.general(), GENERAL)
    return recorded(model, card, workshop.corpus, workshop.held_out, len(workshop.unlabeled))


def _save(model: Model, path: Path) -> None:
    save_model(model.for_languages((LANGUAGE,)), path)
    print(f"saved {path} ({path.stat().st_size / 1e6:.2f} MB)")


if __name__ == "__main__":
    main()
