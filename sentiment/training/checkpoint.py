"""What a training has come to, in a folder, so that one that was killed goes on from there.

A file for each fit, replaced after each of its epochs and once more when it is done: a safetensors
file, one JSON document in its header, and behind it the CRC-32 of all that. As with models nothing
in it is code. What is not there (features, what reviews are answered) is found again from the data.
"""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from sentiment.errors import DataError, UsageError
from sentiment.files import locked, replacing
from sentiment.model.tensors import NotOursError, metadata, read_header
from sentiment.training.states import Fit, Tensors, Underway, parts_of, state_of

_KEY = "sentiment"
_NAME = re.compile(r"fit-([1-9]\d{0,3})\.checkpoint")
_SEAL = 8  # hexadecimal digits


class Checkpoint:
    """The folder of one training.

    Attributes:
        folder: where the files stand.
        resuming: whether to go on from what is there.
    """

    def __init__(self, folder: Path, resuming: bool) -> None:
        """Take a folder that no other process uses; see `opened`."""
        self.folder = folder
        self.resuming = resuming
        self._training: dict[str, Any] = {}

    def begin(self, data: str, choices: Mapping[str, Any]) -> tuple[int, int]:
        """Take down what is trained; what is there has to be of the same, or goes.

        Args:
            data: a hash of all that is learned from.
            choices: what makes another network of the same data: options, versions.

        Returns:
            The fit to go on with, from 1, and how many of its epochs are done; (1, 0) if nothing
            is there.

        Raises:
            DataError: what is there was made of other data, or is damaged.
            UsageError: it was made by other options or versions.
        """
        self._training = {"data": data, "choices": json.loads(json.dumps(choices))}
        if not self.resuming:
            self.remove()
        fit, epochs = 1, 0
        while isinstance(state := self.load(fit), Fit):
            fit += 1
        if state is not None:
            epochs = state.epochs
        return fit, epochs

    def load(self, fit: int) -> Fit | Underway | None:
        """Give the state of a fit, None if there is none.

        Raises:
            DataError, UsageError: as in `begin`.
        """
        path = self._file(fit)
        if not path.exists():
            return None
        try:
            document, tensors = _read(path)
            training = document["training"]
            self._check(training["data"], training["choices"])
            return state_of(document, tensors)
        except (NotOursError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise self.damaged(fit, str(error)) from error

    def save(self, fit: int, state: Fit | Underway) -> None:
        """Put the state of a fit in the place of what is there.

        Raises:
            OSError: it cannot be written.
        """
        from safetensors.numpy import save

        document, tensors = parts_of(state)
        text = json.dumps({"training": self._training, **document}, allow_nan=False)
        data = save(tensors, metadata={_KEY: text})
        with replacing(self._file(fit)) as file:
            file.write(data)
            file.write(_seal(data))

    def damaged(self, fit: int, reason: str) -> DataError:
        """Give the error of a file that is not as it was written."""
        return DataError(
            f"{self._file(fit)}: damaged checkpoint ({reason}); --force in place of --resume "
            "begins anew"
        )

    def remove(self) -> None:
        """Delete what is there, once nobody needs it."""
        for path in _files(self.folder):
            path.unlink()

    def _file(self, fit: int) -> Path:
        return self.folder / f"fit-{fit}.checkpoint"

    def _check(self, data: str, choices: Mapping[str, Any]) -> None:
        ours = self._training["choices"]
        others = [name for name in ours if choices.get(name) != ours[name]]
        way_out = "give the same, or --force in place of --resume to begin anew"
        if others:
            raise UsageError(
                f"{self.folder}: the checkpoint is of a training with another "
                f"{' and '.join(others)}; {way_out}"
            )
        if data != self._training["data"]:
            raise DataError(
                f"{self.folder}: the checkpoint is of a training on other reviews; {way_out}"
            )


@contextmanager
def opened(folder: Path, *, resuming: bool, anew: bool) -> Iterator[Checkpoint]:
    """Make a folder for checkpoints, and keep others from it; it does not stay empty.

    Args:
        folder: where they are to stand.
        resuming: go on from what is there.
        anew: what is there may go, once a training begins.

    Raises:
        UsageError: something is there, and neither was asked for; another training uses the
            folder; or it cannot be made.
    """
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(folder))
            there = _files(folder)
        except BlockingIOError as error:
            raise UsageError(f"{folder}: another training writes its checkpoints there") from error
        except OSError as error:
            raise UsageError(f"{folder}: cannot use this folder: {error.strerror}") from error
        if there and not resuming and not anew:
            raise UsageError(
                f"{folder} holds the checkpoint of a training that did not end: --resume goes "
                "on with it, --force begins anew"
            )
        try:
            yield Checkpoint(folder, resuming)
        finally:
            with suppress(OSError):
                folder.rmdir()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]


def _read(path: Path) -> tuple[dict[str, Any], Tensors]:
    """Read a file.

    Raises:
        ValueError, NotOursError: it is not as it was written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    sealed = path.read_bytes()
    data, seal = sealed[:-_SEAL], sealed[-_SEAL:]
    if _seal(data) != seal:
        raise ValueError("the checksum does not match")
    header, _ = read_header(data)
    try:
        return json.loads(metadata(header)[_KEY]), load(data)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _seal(data: bytes) -> bytes:
    return b"%08x" % zlib.crc32(data)
