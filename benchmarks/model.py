"""Make the model that ships with the program: `make model` (minutes; needs the real data sets).

`make model-card` makes only its card and what it remembers of its sources anew: every answer stays.
"""

import argparse
from pathlib import Path

from results import DATASETS, HERE, require_datasets

from sentiment.general import build
from sentiment.general.sources import read_sources
from sentiment.model import Model, load_model, save_model
from sentiment.model.document import tensors_of

OWN = HERE.parent / "data" / "train.csv"
TARGET = HERE.parent / "sentiment" / "general" / "general.safetensors"


def main() -> None:
    """Build or renew, and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", action="append", default=[], metavar="SOURCE")
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    parser.add_argument("--renew", type=Path, metavar="MODEL", help="keep its weights and answers")
    asked = parser.parse_args()
    require_datasets()
    if asked.renew is None:
        model = build.build(DATASETS, OWN, asked.without)
    else:
        model = renewed(load_model(asked.renew), asked.without)
    save_model(model, asked.output)
    print(f"saved {asked.output} ({asked.output.stat().st_size / 1e6:.2f} MB)")


def renewed(old: Model, without: list[str]) -> Model:
    """Make memory and card anew; see that nothing else is another."""
    new = build.renewed(old, read_sources(DATASETS, OWN, without), DATASETS)
    before, after = (tensors_of(model) for model in (old, new))
    kept = [name for name in after if not name.startswith("training.")]
    assert all(before[name].tobytes() == after[name].tobytes() for name in kept)
    same = (old.calibration, old.decision, old.least_known)
    assert same == (new.calibration, new.decision, new.least_known)
    print(f"{len(kept)} tensors as they were; remembered: {new.seen.whole.size:,} hashes")
    assert new.provenance is not None
    for title, text in new.provenance.card.items():
        print(f"{title}: {text}")
    return new


if __name__ == "__main__":
    main()
