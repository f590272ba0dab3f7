"""Write docs/how-it-works.md and its pictures: `python -m tools.how_it_works [MODEL]`.

MODEL is the demo model, if it is there already; without, it is trained from data/train.csv, which
takes some seconds.
"""

import sys
from pathlib import Path

from sentiment.files import replacing
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from sentiment.training.options import TrainingOptions
from sentiment.training.train import train
from tools.how_it_works.page import documents

ROOT = Path(__file__).parent.parent.parent
REVIEWS = ROOT / "data" / "train.csv"


def demo_model() -> Model:
    """Train the model of `make demo`."""
    return train(read_labelled([str(REVIEWS)], ReadOptions()), TrainingOptions())


def main() -> None:
    """Write the page and its pictures."""
    model = load_model(Path(sys.argv[1])) if len(sys.argv) > 1 else demo_model()
    for name, content in documents(model).items():
        with replacing(ROOT / "docs" / name) as file:
            file.write(content)
        print(f"wrote docs/{name}")


if __name__ == "__main__":
    main()
