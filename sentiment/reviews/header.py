"""Does the first row of a delimited file name the columns, or is it a row like the others?"""

from collections.abc import Sequence

from sentiment.reviews.names import is_known_name
from sentiment.reviews.values import MISSING_WORDS, is_label_word, is_number

FEW_COLUMNS = 3
MANY_WORDS = 6
SHOWN_COLUMNS = 5


def reads_as_header(row: Sequence[str], asked: Sequence[str] = ()) -> bool | None:
    """Tell whether a first row is a header, as far as the row itself can tell.

    Args:
        row: Its cells.
        asked: The names of columns that the user gave.

    Returns:
        True for a row with a name that the user gave, or with a well-known one and nothing that
        looks like data; False for data; None where it depends on the rows below.
    """
    cells = [cell.strip().casefold() for cell in row]
    if {cell for cell in cells if not is_number(cell)} & {name.casefold() for name in asked}:
        return True
    if not any(cells) or any(map(is_number, cells)):
        return False
    could_be_label = len(cells) <= FEW_COLUMNS and any(map(is_label_word, cells))
    if any(map(is_known_name, row)) and not could_be_label:
        return True
    names = list(filter(None, cells))
    if len(cells) == 1 or len(set(names)) < len(names) or any(map(_is_sentence, names)):
        return False
    return None


def names_other_values(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether a row names a column: all values below are numbers or labels, and it is not."""
    for number, cell in enumerate(row):
        values = [other[number].strip() for other in below if number < len(other)]
        values = [value for value in values if value]
        if (
            not values
            or not any(map(str.isalpha, cell))
            or cell.strip().casefold() in MISSING_WORDS
        ):
            continue
        if all(map(is_number, values)):
            return True
        if all(map(is_label_word, values)) and not is_label_word(cell):
            return True
    return False


def describe_columns(count: int) -> str:
    """Say that there is no header, and what the columns are called instead."""
    if count == 1:
        return "no header: the column is called 1"
    numbers = ", ".join(map(str, range(1, count + 1)))
    return f"no header: columns are called {numbers if count <= SHOWN_COLUMNS else f'1 to {count}'}"


def _is_sentence(cell: str) -> bool:
    return len(cell.split()) >= MANY_WORDS or cell.endswith((".", "!", "?", "…"))
