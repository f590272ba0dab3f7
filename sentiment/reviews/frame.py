"""pandas DataFrames as sources of reviews; pandas itself is not imported."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sentiment.reviews.batch import BATCH_ROWS, Batch, Source, unique_names

if TYPE_CHECKING:
    from pandas import DataFrame

FRAME = "<DataFrame>"  # its name in messages


class FrameSource(Source):
    """The rows of a DataFrame; names of columns are texts, and the index is left out."""

    format = "jsonl"

    def __init__(self, frame: "DataFrame") -> None:
        super().__init__(FRAME, unique_names(list(map(str, frame.columns))))
        self._frame = frame

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches of at most `BATCH_ROWS`."""
        for start in range(0, len(self._frame), BATCH_ROWS):
            part = self._frame.iloc[start : start + BATCH_ROWS].set_axis(self.columns, axis=1)
            yield Batch(part.to_dict("records"), start + 1, name=self.name, format=self.format)

    def expected_rows(self) -> int:
        """Return the number of rows."""
        return len(self._frame)
