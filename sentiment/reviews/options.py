"""What the user said about reading."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentiment.reviews.bad_rows import BadRows


@dataclass(frozen=True)
class ReadOptions:
    """What the command-line options say about reading.

    Attributes:
        format: The input format; None decides by suffix and content.
        encoding: The encoding of text formats.
        header: Whether delimited files have a header; None decides by their first rows.
        text_columns: The columns of text; none to have them found.
        label_column: The column of labels; None to have it found.
        positive: Values that mean positive.
        negative: Values that mean negative.
        strict: Neutral and missing labels are errors.
        keep: Columns that are wanted beside texts and labels.
        slices: Names that could have been meant by `keep`, and need no column.
        not_columns: Names of slices that need no column; a column of such a name is an error.
        bad_rows: What is done about rows that cannot be read; None stops at the first.
    """

    format: str | None = None
    encoding: str = "utf-8"
    header: bool | None = None
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    strict: bool = False
    keep: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    not_columns: tuple[str, ...] = ()
    bad_rows: "BadRows | None" = None
