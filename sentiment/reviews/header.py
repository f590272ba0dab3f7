"""Does the first row of a delimited file name the columns, or is it a row like the others?"""

from collections.abc import Sequence

from sentiment.reviews.names import is_id_name, is_known_name, is_text_name
from sentiment.reviews.values import MISSING_WORDS, is_label_word, is_number

FEW_COLUMNS = 3
MANY_WORDS = 6
SHOWN_COLUMNS = 5
NUMBER_WORDS = frozenset(
    {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
)


def reads_as_header(row: Sequence[str], asked: Sequence[str] = ()) -> bool | None:
    """Tell whether a first row is a header, as far as the row itself can tell.

    Args:
        row: Its cells.
        asked: The names of columns that the user gave.

    Returns:
        True for a row with a name that the user gave, or with a well-known one and nothing that
        looks like data, such as a sentence; False for data; None where it depends on the rows
        below.
    """
    cells = [cell.strip().casefold() for cell in row]
    if _names_one(cells, asked):
        return True
    if not any(cells) or any(map(is_number, cells)):
        return False
    names = list(filter(None, cells))
    has_sentence = any(map(_is_sentence, names))
    could_be_label = len(cells) <= FEW_COLUMNS and any(map(is_label_word, cells))
    if len(cells) == 1:  # texts, under a name of texts or none
        return is_text_name(row[0])
    if any(map(is_known_name, row)) and not could_be_label:
        return None if has_sentence else True
    return False if has_sentence or len(set(names)) < len(names) else None


def is_plain_header(row: Sequence[str], asked: Sequence[str]) -> bool:
    """Tell whether a header is clearly one, so that nothing need be said: two names are known."""
    cells = [cell.strip().casefold() for cell in row]
    known = sum(is_known_name(name) or is_id_name(name) for name in row)
    return _names_one(cells, asked) or (known > 1 and not any(map(_is_sentence, cells)))


def names_other_values(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Tell whether a row names a column: all values below are numbers or labels, and it is not."""
    for number, cell in enumerate(row):
        values = [other[number].strip() for other in below if number < len(other)]
        values = [value for value in values if value]
        if (
            not values
            or not any(map(str.isalpha, cell))
            or cell.strip().casefold() in MISSING_WORDS | NUMBER_WORDS
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


def _names_one(cells: Sequence[str], asked: Sequence[str]) -> bool:
    """Tell whether a cell is a name that the user gave."""
    return not {name.casefold() for name in asked}.isdisjoint(
        cell for cell in cells if not is_number(cell)
    )


def _is_sentence(cell: str) -> bool:
    return len(cell.split()) >= MANY_WORDS or cell.endswith((".", "!", "?", "…"))
