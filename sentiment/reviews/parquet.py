"""Parquet files, read a record batch at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO, overload

from sentiment.errors import DataError
from sentiment.reviews.batch import BATCH_CHARS, BATCH_ROWS, Batch, Row, unique_names
from sentiment.reviews.streams import ByteStream, foreign
from sentiment.runtime import require


class ArrowRows(Sequence[Row]):
    """The rows of a record batch, converted on first access.

    Args:
        batch: A `pyarrow.RecordBatch` with unique column names.
        name: The name of the source, for messages.
    """

    def __init__(self, batch: Any, name: str) -> None:
        self._batch = batch
        self._name = name
        self._rows: list[Row] | None = None

    def column(self, name: str) -> list[Any]:
        """Return the values of one column without converting the rows; None if missing."""
        if name not in self._batch.schema.names:
            return [None] * len(self)
        return self._python(self._batch.column(name))

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self._made()[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._made())

    def _made(self) -> list[Row]:
        if self._rows is None:
            self._rows = self._python(self._batch)
        return self._rows

    def _python(self, arrow: Any) -> list[Any]:
        try:
            values: list[Any] = arrow.to_pylist()
        except (ValueError, OverflowError) as error:  # such as a date after the year 9999
            raise DataError(f"{self._name}: a value that Python cannot hold ({error})") from error
        return values


class ParquetSource:
    """A Parquet file; standard input, which is not seekable, is read into memory.

    Attributes:
        class_names: The names of the numbers 0, 1, … of a column, if its metadata have them.

    Args:
        stream: The bytes; it is closed, and a file reopened by its path.
        path: The file or its path; None for standard input.

    Raises:
        DataError: The file is not Parquet, or damaged.
        MissingDependencyError: pyarrow is not installed.
    """

    format = "parquet"
    has_header = True

    def __init__(self, stream: ByteStream, path: str | BinaryIO | None) -> None:
        pyarrow = import_pyarrow()
        self.name = stream.name
        self._damage = (pyarrow.ArrowException, OSError, ValueError)
        try:
            start = stream.read()
            if not start.startswith(b"PAR1") and (what := foreign(start)):
                raise DataError(f"{self.name}: {what}")
            place = path or BytesIO(start + stream.read_all())
            self._file = pyarrow.parquet.ParquetFile(place)
        except self._damage as error:
            raise self._damaged(error) from error
        finally:
            stream.close()
        self.schema = self._file.schema_arrow
        self.header = list(self.schema.names)
        self.columns = unique_names(self.header)
        self.row_count: int = self._file.metadata.num_rows
        self.notes: list[str] = []
        self.class_names = _class_names(self.schema.metadata or {})

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches; see `Source.batches`."""
        first = 1
        try:
            for arrow in self._file.iter_batches(batch_size=BATCH_ROWS):
                arrow.validate(full=True)
                for part in parts_of(arrow):
                    rows = ArrowRows(part.rename_columns(self.columns), self.name)
                    yield Batch(rows, first, part, self.name, self.format)
                    first += len(rows)
        except self._damage as error:
            raise self._damaged(error) from error
        finally:
            self.close()

    def would_block(self) -> bool:
        """Return False: files are never waited for."""
        return False

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _damaged(self, error: Exception) -> DataError:
        reason = " ".join(str(error).split())
        return DataError(f"{self.name}: not a Parquet file, or damaged ({reason}); get it again")


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, list[str]]:
    """Return the class names that Hugging Face's `datasets` writes (ClassLabel)."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        return {
            column: list(map(str, feature["names"]))
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def parts_of(arrow: Any) -> Iterator[Any]:
    """Yield parts of about `BATCH_CHARS` of a record batch, without copying."""
    count = -(-arrow.nbytes // BATCH_CHARS)
    step = max(1, -(-arrow.num_rows // max(1, count)))
    for start in range(0, arrow.num_rows, step):
        yield arrow.slice(start, step)


def import_pyarrow() -> Any:
    """Import pyarrow and its Parquet module, which takes longer than answering one text.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    require("Parquet needs pyarrow", "pyarrow.parquet", "pyarrow")
    import pyarrow
    import pyarrow.parquet

    return pyarrow
