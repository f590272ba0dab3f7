"""What is remembered of the sets that were fetched, also after they were removed."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sentiment.files import replacing

_FILE = "fetched.json"


@dataclass(frozen=True)
class Record:
    """What was seen when a set was last fetched.

    Attributes:
        rows: the hash of its rows, hexadecimal.
        reviews: each part → its reviews.
        downloads: each file → its SHA-256, hexadecimal.
    """

    rows: str
    reviews: dict[str, int]
    downloads: dict[str, str]


def read_records(folder: Path) -> dict[str, Record]:
    """Give the record of each set that was ever fetched into a folder.

    A file that is missing or damaged is one that remembers nothing.
    """
    try:
        records = json.loads((folder / _FILE).read_bytes())
        return {name: Record(**record) for name, record in records.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def remember(folder: Path, name: str, record: Record) -> None:
    """Write down what was seen of a set."""
    records = read_records(folder) | {name: record}
    facts = {name: asdict(each) for name, each in records.items()}
    with replacing(folder / _FILE) as file:
        file.write(json.dumps(facts, indent=1).encode())
