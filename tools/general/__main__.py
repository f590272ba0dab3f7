"""Build the bundled model: `make model` (takes minutes; needs the real datasets).

`make model-card` updates only its card and its hashes of training reviews; all answers stay.
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
    """Build or update the model, and save it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without", action="append", default=[], metavar="SOURCE")
    parser.add_argument("-o", "--output", type=Path, default=MODEL)
    parser.add_argument("--renew", action="store_true", help="keep the weights and answers")
    asked = parser.parse_args()
    if not DATASETS.is_dir():
        sys.exit(f"{DATASETS}: the real datasets are missing")
    if asked.renew:
        model = renewed(load_model(MODEL), asked.without)
    else:
        model = build.build(DATASETS, OWN, asked.without)
    save_model(model, asked.output)
    print(f"saved {asked.output} ({asked.output.stat().st_size / 1e6:.2f} MB)")


def renewed(old: Model, without: list[str]) -> Model:
    """Update the hashes and the card; check that nothing else changes."""
    new = build.renewed(old, read_sources(DATASETS, OWN, without), DATASETS)
    before, after = (tensors_of(model) for model in (old, new))
    kept = [name for name in after if not name.startswith("training.")]
    assert all(before[name].tobytes() == after[name].tobytes() for name in kept)
    same = (old.own.calibration, old.decision, old.own.least_known)
    assert same == (new.own.calibration, new.decision, new.own.least_known)
    print(
        f"{len(kept)} tensors unchanged; {new.record.seen.whole.size:,} hashes of training reviews"
    )
    assert new.record.provenance is not None
    for title, text in new.record.provenance.card.items():
        print(f"{title}: {text}")
    return new


if __name__ == "__main__":
    main()
