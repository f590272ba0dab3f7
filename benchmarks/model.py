"""Make the model that ships with the program: `make model` (minutes; needs the real data sets)."""

import argparse
from pathlib import Path

from results import DATASETS, HERE, require_datasets

from sentiment.general import build
from sentiment.model import save_model

TARGET = HERE.parent / "sentiment" / "general" / "general.safetensors"


def main() -> None:
    """Build, and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", action="append", default=[], metavar="SOURCE")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    asked = parser.parse_args()
    require_datasets()
    own = HERE.parent / "data" / "train.csv"
    model = build.build(DATASETS, own, asked.without)
    save_model(model, asked.output)
    print(f"saved {asked.output} ({asked.output.stat().st_size / 1e6:.2f} MB)")


if __name__ == "__main__":
    main()
