"""Reading and writing Parquet files, a record batch at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.reviews.batch import BATCH_CHARS, BATCH_ROWS, Batch, Source, row_error, unique_names
from sentiment.reviews.cells import cell, encode
from sentiment.reviews.compression import LentFile
from sentiment.reviews.foreign import foreign
from sentiment.reviews.streams import ByteStream
from sentiment.reviews.writers import Writer, instead, new_column_error
from sentiment.runtime import require
from sentiment.values import visible

GROUP_BYTES = 64 << 20
SHOWN_CHARS = 40  # of a value that does not fit


def import_pyarrow() -> Any:
    """Import pyarrow and its Parquet module, which takes longer than answering one text.

    Raises:
        MissingDependencyError: pyarrow is not installed.
    """
    require("Parquet needs pyarrow", "pyarrow.parquet", "pyarrow")
    import pyarrow
    import pyarrow.parquet

    return pyarrow


class ParquetSource(Source):
    """A Parquet file, by its stream, which is closed.

    Raises:
        DataError: The file is not Parquet, or damaged.
        MissingDependencyError: pyarrow is not installed.
    """

    format = "parquet"

    def __init__(self, stream: ByteStream) -> None:
        pyarrow = import_pyarrow()
        self.name = stream.name
        self._stream = stream
        self._damage = (pyarrow.ArrowException, OSError, ValueError)
        start = stream.peek()
        if not start.startswith(b"PAR1") and (what := foreign(start)):
            raise DataError(f"{self.name}: {what}")
        try:
            # Arrow reads a file faster by its path.
            self._file = pyarrow.parquet.ParquetFile(stream.path or stream.as_file())
        except self._damage as error:
            raise self._damaged(error) from error
        self.schema = self._file.schema_arrow
        super().__init__(stream.name, unique_names(self.schema.names))
        self.header = list(self.schema.names)
        self.nested = {
            name: _fields_of(field.type, name)
            for name, field in zip(self.columns, self.schema, strict=True)
            if pyarrow.types.is_nested(field.type)
        }
        self.row_count: int = self._file.metadata.num_rows
        self.class_names = _class_names(self.schema.metadata or {})

    def batches(self) -> Iterator[Batch]:
        """Yield the rows in batches; see `Source.batches`."""
        first = 1
        try:
            for arrow in self._file.iter_batches(batch_size=BATCH_ROWS):
                arrow.validate(full=True)
                for part in _parts_of(arrow):
                    yield Batch((), first, part, self.columns, self.name, self.format)
                    first += part.num_rows
        except self._damage as error:
            raise self._damaged(error) from error
        finally:
            self.close()

    def expected_rows(self) -> int:
        """Return the number of rows."""
        return self.row_count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._stream.close()

    def _damaged(self, error: Exception) -> DataError:
        reason = " ".join(str(error).split())
        return DataError(f"{self.name}: not a Parquet file, or damaged ({reason}); get it again")


def _fields_of(type: Any, name: str) -> list[str]:
    """Return the dotted names of the values of a struct that are neither structs nor lists."""
    from pyarrow import types

    if not types.is_struct(type):
        return [] if types.is_nested(type) else [name]
    return [each for field in type for each in _fields_of(field.type, f"{name}.{field.name}")]


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


def _parts_of(arrow: Any) -> Iterator[Any]:
    """Yield parts of about `BATCH_CHARS` of a record batch, without copying."""
    count = -(-arrow.nbytes // BATCH_CHARS)
    step = max(1, -(-arrow.num_rows // max(1, count)))
    for start in range(0, arrow.num_rows, step):
        yield arrow.slice(start, step)


class ParquetWriter(Writer):
    """Writes the columns of the input, a nullable string `predicted` and double probabilities.

    Rows from Parquet keep their Arrow schema. For other rows, the first batch determines the type
    of each column: boolean, integer, float, or else text. The stream need not be seekable.
    """

    needs_end = True

    def __init__(self, stream: BinaryIO, source: Source, added: Sequence[str]) -> None:
        super().__init__(stream)
        self._pyarrow = import_pyarrow()
        self._columns = source.columns
        self._added = added
        self._own = source.schema
        self._writer: Any = None
        self._waiting: list[Any] = []
        self._waiting_bytes = 0

    def write(
        self,
        batch: Batch,
        predicted: Sequence[str],
        probabilities: NDArray[np.floating],
        reasons: Sequence[str] = (),
    ) -> None:
        """Add a batch; full row groups are written."""
        pyarrow = self._pyarrow
        try:
            own = self._own_arrays(batch)
        except DataError:
            if (half := len(batch) // 2) == 0:
                raise
            # Write the rows before the one with the error, by bisection.
            self.write(batch.part(0, half), predicted[:half], probabilities[:half])
            self.write(batch.part(half, len(batch)), predicted[half:], probabilities[half:])
            return
        words = pyarrow.array([word or None for word in predicted], pyarrow.string())
        numbers = [
            pyarrow.array(np.ascontiguousarray(column, np.float64), from_pandas=True)
            for column in probabilities.T
        ]
        part = pyarrow.RecordBatch.from_arrays([*own, words, *numbers], schema=self._schema())
        self._waiting.append(part)
        self._waiting_bytes += part.nbytes
        if self._waiting_bytes >= GROUP_BYTES:
            self._write_group()

    def close(self) -> None:
        """Write the last row group and the footer, which readers need."""
        if self._own is None:
            self._own = self._schema_of(Batch([]))
        self._write_group()
        self._writer.close()
        super().close()

    def _write_group(self) -> None:
        if self._writer is None:
            sink = self._pyarrow.PythonFile(LentFile(self._stream), mode="w")
            self._writer = self._pyarrow.parquet.ParquetWriter(sink, self._schema())
        if self._waiting:
            table = self._pyarrow.Table.from_batches(self._waiting)
            self._writer.write_table(table, row_group_size=len(table))
        self._waiting, self._waiting_bytes = [], 0

    def _schema(self) -> Any:
        pyarrow = self._pyarrow
        name, *p_names = self._added
        schema = self._own.append(pyarrow.field(name, pyarrow.string()))
        for p_name in p_names:
            schema = schema.append(pyarrow.field(p_name, pyarrow.float64()))
        return schema

    def _own_arrays(self, batch: Batch) -> list[Any]:
        """Return the columns of the input as Arrow arrays."""
        if self._own is None:
            self._own = self._schema_of(batch.readable())
        if batch.arrow is not None and batch.arrow.schema.equals(self._own):
            return list(batch.arrow.columns)
        known = frozenset(self._columns)
        for number, row in enumerate(batch.rows):
            if not row.keys() <= known and number not in batch.bad:
                raise new_column_error(batch, number, known, "parquet")
        return [
            self._column(batch, name, field.type)
            for name, field in zip(self._columns, self._own, strict=True)
        ]

    def _column(self, batch: Batch, name: str, type: Any) -> Any:
        """Return a column as an array; values of bad rows that do not fit become null."""
        values = batch.column(name)
        if (array := self._array(values, type)) is not None:
            return array
        for number, value in enumerate(values):
            if self._array([value], type) is not None:
                continue
            if number not in batch.bad:
                what = (
                    f'{visible(cell(value))[:SHOWN_CHARS]} in the column "{name}" does not fit '
                    f"{type}, the type in the first rows; {instead('jsonl')}"
                )
                raise row_error(batch.name, batch.row_number(number), what)
            values[number] = None
        return self._array(values, type)

    def _schema_of(self, batch: Batch) -> Any:
        types = [self._type_of(batch.column(name)) for name in self._columns]
        names = [encode(name).decode() for name in self._columns]
        return self._pyarrow.schema(zip(names, types, strict=True))

    def _type_of(self, values: Sequence[Any]) -> Any:
        kinds = {type(value) for value in values if value is not None}
        if kinds == {bool}:
            return self._pyarrow.bool_()
        if kinds == {int}:
            return self._pyarrow.int64()
        if kinds and kinds <= {int, float}:
            return self._pyarrow.float64()
        return self._pyarrow.string()

    def _array(self, values: list[Any], type: Any) -> Any:
        """Return an array, or None if a value does not fit the type."""
        if type == self._pyarrow.string():
            values = [None if value is None else encode(cell(value)).decode() for value in values]
        try:
            return self._pyarrow.array(values, type)
        except (self._pyarrow.ArrowException, OverflowError, TypeError):
            return None
