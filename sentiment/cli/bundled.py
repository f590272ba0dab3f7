"""The reviews a command takes when none are named: the sample, and models made of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from sentiment.cli.console import console
from sentiment.errors import DataError

if TYPE_CHECKING:
    from sentiment.model import Model

_PACKAGE = Path(__file__).parent.parent

# Of data/train.csv: how many reviews there are, and the smallest of their hashes, which a model
# remembers whatever it was calibrated on since (`sentiment.model.remembered`).
SAMPLE_SIZE = 1_600
SAMPLE_HASHES = (
    0x0005C0433701E505, 0x0007858E7BA12F65, 0x0012E9396028B4FF, 0x004FE48EF12ADC45,
    0x005459964319BF99, 0x00CF7A5795D23717, 0x00CFDB822DA4E953, 0x00FDB4F0C4C9A2C5,
)  # fmt: skip
OF_SAMPLE = f"trained on the {SAMPLE_SIZE:,} sample reviews only; -m general answers better"


def bundled_reviews(name: str) -> str:
    """Find `data/NAME` here, else the file of that name that comes with the program.

    Raises:
        DataError: there is neither.
    """
    # An installed package holds its copy; in a checkout the folder stands beside the package.
    for folder in (Path("data"), _PACKAGE / "data", _PACKAGE.parent / "data"):
        if (folder / name).is_file():
            return str(folder / name)
    raise DataError(f"no data/{name} here; name a file of reviews")


def test_reviews() -> tuple[str, ...]:
    """Find the reviews that are measured where none are named, and say so, `-q` or not.

    Raises:
        DataError: there are none.
    """
    path = bundled_reviews("test.csv")
    console.warn(f"no DATA was given: measuring on {path}")
    return (path,)


def is_of_sample(model: "Model") -> bool:
    """Tell whether a model was trained on the sample and nothing else, whatever its options."""
    about = model.provenance
    if about is None or model.base is not None or about.unlabeled:
        return False
    training = about.training.positive + about.training.negative
    held_out = about.validation.positive + about.validation.negative
    if SAMPLE_SIZE not in (training, training + held_out):
        return False
    return set(SAMPLE_HASHES) <= set(model.seen.whole[: 2 * SAMPLE_SIZE].tolist())
