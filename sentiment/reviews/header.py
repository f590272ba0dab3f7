"""Does the first row of a delimited file name the columns, or is it a row like the others?"""

import re
from collections.abc import Sequence

from sentiment.reviews.names import is_known_name
from sentiment.reviews.values import is_label_word, is_number

FEW_COLUMNS = 3
MANY_WORDS = 6


def looks_like_header(row: Sequence[str]) -> bool:
    """Tell whether a first row is a header.

    A row with a well-known column name is one. Otherwise it is data if it is empty, has a
    number in it, a label word among few columns, a cell that reads like a sentence, or is a
    single cell that is more than one word.
    """
    cells = [cell.strip() for cell in row]
    if not any(cells):
        return False
    if any(map(is_known_name, cells)):
        return True
    if len(cells) == 1 and not re.fullmatch(r"\w+", cells[0]):
        return False
    return not any(_looks_like_data(cell, few=len(cells) <= FEW_COLUMNS) for cell in cells)


def _looks_like_data(cell: str, *, few: bool) -> bool:
    if is_number(cell) or (few and is_label_word(cell)):
        return True
    return len(cell.split()) >= MANY_WORDS or cell.endswith((".", "!", "?", "…"))
