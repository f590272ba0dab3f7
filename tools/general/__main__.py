"""Make the model that ships with the program: `make model` (minutes; needs the real data sets).

`make model-card` makes only its card and what it remembers of its sources anew: every answer stays.
"""

import argparse
import sys
from pathlib import Path

from sentiment.general import MODEL
from sentiment.model.file import load_model, save_model, tensors_of
from sentiment.model.model import Model
from tools.general import build
from tools.general.sources import read_sources

ROOT = Path(__file__).resolve().parents[2]
DATASETS = ROOT.parent / "shared" / "datasets"
OWN = ROOT / "data" / "train.csv"


def main() -> None:
    """Build or renew, and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", action="append", default=[], metavar="SOURCE")
    parser.add_argument("-o", "--output", type=Path, default=MODEL)
    parser.add_argument("--renew", action="store_true", help="keep the weights and answers it has")
    asked = parser.parse_args()
    if not DATASETS.is_dir():
        sys.exit(f"{DATASETS}: the real data sets are not here")
    if asked.renew:
        model = renewed(load_model(MODEL), asked.without)
    else:
        model = build.build(DATASETS, OWN, asked.without)
    save_model(model, asked.output)
    print(f"saved {asked.output} ({asked.output.stat().st_size / 1e6:.2f} MB)")


def renewed(old: Model, without: list[str]) -> Model:
    """Make memory and card anew; see that nothing else is another."""
    new = build.renewed(old, read_sources(DATASETS, OWN, without), DATASETS)
    before, after = (tensors_of(model) for model in (old, new))
    kept = [name for name in after if not name.startswith("training.")]
    assert all(before[name].tobytes() == after[name].tobytes() for name in kept)
    same = (old.own.calibration, old.decision, old.own.min_coverage)
    assert same == (new.own.calibration, new.decision, new.own.min_coverage)
    hashes = new.record.training_hashes.whole.size
    print(f"{len(kept)} tensors as they were; remembered: {hashes:,} hashes")
    assert new.record.provenance is not None
    for title, text in new.record.provenance.card.items():
        print(f"{title}: {text}")
    return new


if __name__ == "__main__":
    main()
