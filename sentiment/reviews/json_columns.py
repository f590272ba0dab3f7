"""Columns that come one after the other, kept in a file until their rows can be given out."""

import json
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from sentiment.errors import DataError
from sentiment.reviews.batch import BATCH_CHARS, BATCH_ROWS
from sentiment.reviews.cells import and_more
from sentiment.storage import folder

_IN_MEMORY = 1 << 23  # bytes; more are in a temporary file
_SHOWN = 5  # columns
_LENIENT = "surrogatepass"  # what is not UTF-8 is marked by surrogates, see `damaged_byte`


@dataclass
class _Column:
    file: IO[bytes]
    at: int  # in the file, of the next value to read
    count: int = 0
    keys: int = 0  # a hash of the keys in their order; 0 without keys

    def read(self, count: int) -> list[str]:
        """Return the next values, at most `count`."""
        self.file.seek(self.at)
        values = [self.file.readline().decode("utf-8", _LENIENT) for _ in range(count)]
        self.at = self.file.tell()
        return values


class ColumnStore:
    """The values of columns as JSON, to be read row by row once all are there.

    Args:
        name: The source, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._columns: dict[str, _Column] = {}
        self._values = _temporary_file()
        self._keys = _temporary_file()  # of the first column
        self._last = _Column(self._values, 0)
        self._is_numbered = True  # whether the keys are "0", "1", …

    def begin(self, name: str) -> None:
        """Begin the next column.

        Raises:
            DataError: There is one of that name.
        """
        if name in self._columns:
            raise DataError(f'{self._name}: the key "{name}" occurs twice; keep one')
        self._last = self._columns[name] = _Column(self._values, self._values.tell())

    def add(self, value: str, key: str | None = None) -> None:
        """Add a value to the last column, under the key of its row."""
        self._values.write(_line(value))
        if key is not None:
            self._last.keys = hash((self._last.keys, key))
            if len(self._columns) == 1:
                self._keys.write(_line(json.dumps(key)))
                self._is_numbered = self._is_numbered and key == str(self._last.count)
        self._last.count += 1

    @property
    def index(self) -> str | None:
        """The name of the column of keys; None if these only number the rows."""
        if self._is_numbered:
            return None
        return next(name for name in ("index", "key", "") if name not in self._columns)

    def rows(self) -> Iterator[list[str]]:
        """Yield the rows as JSON objects, in batches.

        Raises:
            DataError: The columns differ in their number of values, or in their keys.
        """
        self._check()
        columns = self._columns
        if self.index is not None:
            columns = {self.index: _Column(self._keys, 0), **columns}
        starts = [f"{json.dumps(name)}: " for name in columns]
        count, size = self._last.count, self._values.tell()
        step = min(max(1, BATCH_CHARS * count // max(size, 1)), BATCH_ROWS)
        for first in range(0, count, step):
            values = [column.read(min(step, count - first)) for column in columns.values()]
            yield [
                f"{{{', '.join(map(str.__add__, starts, row))}}}"
                for row in zip(*values, strict=True)
            ]

    def close(self) -> None:
        """Delete the values."""
        self._values.close()
        self._keys.close()

    def _check(self) -> None:
        lengths = {name: column.count for name, column in self._columns.items()}
        usual = Counter(lengths.values()).most_common(1)[0][0] if lengths else 0
        if odd := [name for name, length in lengths.items() if length != usual]:
            shown = and_more(odd, _SHOWN, lambda name: f'"{name}" has {lengths[name]:,}')
            what = ", ".join(f".[{json.dumps(name)}]" for name in odd)
            raise DataError(
                f"{self._name}: columns of {usual:,} values, but {shown}; leave out what is no "
                f"column: jq {shlex.quote(f'del({what})')} FILE > reviews.json"
            )
        if len({column.keys for column in self._columns.values() if column.keys}) > 1:
            raise DataError(
                f"{self._name}: columns whose values have different keys; write a list of objects, "
                "one for each row"
            )


def _temporary_file() -> Any:
    import tempfile  # a slow import, and rarely needed

    return tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=folder())


def _line(value: str) -> bytes:
    """Return a value on one line; line ends are no part of strings of JSON."""
    return f"{value.translate(_LINE_ENDS)}\n".encode("utf-8", _LENIENT)


_LINE_ENDS = str.maketrans("\r\n", "  ")
