"""What accompanies a training: progress, logs, checkpoints and memory."""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError, UsageError
from sentiment.files import locked, replacing
from sentiment.model.model import Model
from sentiment.model.network import Layer, Network
from sentiment.model.tensors import NotOursError, metadata, read_header
from sentiment.runtime import Memory, require
from sentiment.training.backend import load_keras
from sentiment.training.decide import Epoch, EpochSelection, Gain
from sentiment.training.options import Hyperparameters

Labels = NDArray[np.int8]


class Progress:
    """Hears how the training goes on; this one keeps it to itself.

    Attributes:
        gain: what a base that was asked on the side would add; None if not enough.
    """

    gain: Gain | None = None

    def chosen(
        self, recipe: Hyperparameters, training: Labels, held_out: Labels, cross_validated: bool
    ) -> None:
        """Hear what was chosen, the labels of the rows to fit and of those held out.

        In cross-validation, which is said, all are both.
        """

    def featurized(self, done: int, reviews: int) -> None:
        """Hear of how many of all reviews the n-grams are found, where that takes long."""

    def resumed(self, network: int, epoch: int) -> None:
        """Hear which network is gone on with, from 1, and how many of its epochs are done."""

    def unlabeled(self, number: int, rows: int) -> None:
        """Hear that a round of learning from unlabeled reviews begins, counted from 1."""

    def judged(self, better: bool, loss: float, before: float) -> None:
        """Hear whether that round lowered the validation loss; if not, it is forgotten."""

    def stacked(self, reviews: int, base: float, alone: float, together: float) -> None:
        """Hear the shares of reviews that base, new network and both have right at 0.5.

        They are those held out that the base was not made with.
        """

    def suggested(self, gain: Gain) -> None:
        """Hear what the base that was asked on the side would add."""
        self.gain = gain

    def kept(self, epochs: Sequence[Epoch], number: int) -> None:
        """Hear of all epochs of the first network, and the number of the one that was kept."""

    def refitting(self, rows: int, epochs: int) -> None:
        """Hear that all was chosen, and that all rows are now fitted, for so many epochs."""

    def misfit(self, undone: bool) -> None:
        """Hear that the last network does worse on what it learned than others held it out from.

        Args:
            undone: whether the network before it is the model instead.
        """

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Hear that a batch is done; epoch and step are counted from 1."""

    def diverged(self, loss: float, constant: float) -> None:
        """Hear that the loss of a fit came to more than that of one answer to all its reviews."""

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """Hear that an epoch is done, of `epochs` at the most."""


def prepare_logs(folder: Path, *, resuming: bool) -> None:
    """Make a folder for the logs of one training.

    Args:
        folder: where they are to stand.
        resuming: whether this training goes on with those that are there.

    Raises:
        MissingDependencyError: the package tensorboard is not installed.
        UsageError: others are there, or the folder cannot be made.
    """
    require("--log-dir needs tensorboard", "tensorboard")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot write logs there: {error.strerror}") from error
    if used and not resuming:
        raise UsageError(f"{folder} is not empty: give each training a folder of its own for logs")


def logging(folder: Path, fit: int) -> Any:
    """Write what each epoch comes to: `epoch_loss` and the like, of training and of held-out rows.

    Args:
        folder: of the training.
        fit: which of its networks this is, counted from 1; each has a folder below.
    """
    # Scalars alone: `sentiment info` shows the layers.
    return load_keras().callbacks.TensorBoard(str(folder / f"network-{fit}"), write_graph=False)


Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Fit:
    """Fitted networks and the way there.

    Attributes:
        networks: the weights of the chosen epoch; of the last where nothing was held out.
        epochs: what each epoch came to; none where nothing was held out.
        best_epoch: the one whose weights were kept, from 1.
    """

    networks: tuple[Network, ...]
    epochs: list[Epoch]
    best_epoch: int

    @property
    def network(self) -> Network:
        """The last network, which is the only one where no others were fitted beside it."""
        return self.networks[-1]


@dataclass(frozen=True)
class Underway:
    """A fit after some of its epochs.

    Attributes:
        epochs: how many are done.
        variables: what Keras's network and optimizer hold, in their order.
        judgement: what held-out reviews said so far; None where nothing is held out.
    """

    epochs: int
    variables: list[NDArray[Any]]
    judgement: EpochSelection | None


def parts_of(state: Fit | Underway) -> tuple[dict[str, Any], Tensors]:
    """Take a state apart: what JSON can hold, and tensors."""
    document: dict[str, Any]
    if isinstance(state, Fit):
        document = {"finished": {"epochs": _plain(state.epochs), "best_epoch": state.best_epoch}}
        return document | _sizes(state.networks), _layers(state.networks)
    tensors = {f"variables.{place}": each for place, each in enumerate(state.variables)}
    seen = state.judgement
    if seen is None:
        return {"underway": state.epochs, "judgement": None, "layers": []}, tensors
    judged = {"chosen_epoch": seen.chosen_epoch, "best_epoch": seen.best_epoch}
    document = {"underway": state.epochs, "judgement": judged | {"epochs": _plain(seen.epochs)}}
    return document | _sizes(seen.chosen), tensors | _layers(seen.chosen) | {"best": seen.best}


def state_of(document: dict[str, Any], tensors: Tensors) -> Fit | Underway:
    """Put a state together.

    Raises:
        ValueError, TypeError, KeyError: the parts are not those of a state.
    """
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("a number that is not finite")
    networks = tuple(
        Network(tuple(_layer(tensors, number, place) for place in range(layers)))
        for number, layers in enumerate(document["layers"])
    )
    if "finished" in document:
        return Fit(networks, **_with_epochs(document["finished"], list))
    count = sum(name.startswith("variables.") for name in tensors)
    variables = [tensors[f"variables.{place}"] for place in range(count)]
    judged = document["judgement"]
    if judged is not None:
        fields = _with_epochs(judged, tuple)
        judged = EpochSelection(chosen=networks, best=tensors["best"], **fields)
    return Underway(int(document["underway"]), variables, judged)


def _plain(epochs: Sequence[Epoch]) -> list[dict[str, float]]:
    return [asdict(epoch) for epoch in epochs]


def _with_epochs(fields: dict[str, Any], several: type) -> dict[str, Any]:
    return fields | {"epochs": several(Epoch(**each) for each in fields["epochs"])}


def _sizes(networks: Sequence[Network]) -> dict[str, list[int]]:
    return {"layers": [len(network.layers) for network in networks]}


def _layers(networks: Sequence[Network]) -> Tensors:
    tensors: Tensors = {}
    for number, network in enumerate(networks):
        for place, layer in enumerate(network.layers):
            tensors[f"kernels.{number}.{place}"] = layer.dense_kernel()
            tensors[f"biases.{number}.{place}"] = layer.bias
    return tensors


def _layer(tensors: Tensors, number: int, place: int) -> Layer:
    return Layer.exact(tensors[f"kernels.{number}.{place}"], tensors[f"biases.{number}.{place}"])


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
        """Name a folder, which is used once it is `opened`."""
        self.folder = folder
        self.resuming = resuming
        self._training: dict[str, Any] = {}

    @contextmanager
    def opened(self, *, anew: bool) -> Iterator[None]:
        """Make the folder, and keep others from it; it does not stay empty.

        Args:
            anew: what is there may go, once a training begins.

        Raises:
            UsageError: something is there, and is neither to be gone on with nor to go; another
                training uses the folder; or it cannot be made.
        """
        with ExitStack() as held:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                held.enter_context(locked(self.folder))
                there = _files(self.folder)
            except BlockingIOError as error:
                raise UsageError(
                    f"{self.folder}: another training writes its checkpoints there"
                ) from error
            except OSError as error:
                raise UsageError(
                    f"{self.folder}: cannot use this folder: {error.strerror}"
                ) from error
            if there and not self.resuming and not anew:
                raise UsageError(
                    f"{self.folder} holds the checkpoint of a training that did not end: --resume "
                    "goes on with it, --force begins anew"
                )
            try:
                yield
            finally:
                with suppress(OSError):
                    self.folder.rmdir()

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


@dataclass(frozen=True)
class Run:
    """How a training is run, which changes nothing about the model.

    Attributes:
        progress: told about choices, batches and epochs.
        checkpoint: where to write down how far it has come, and to go on from.
        log_dir: where to write curves for TensorBoard, which must be installed.
        memory: how much of it to use; what does not fit goes to temporary files.
        other_base: loads a model to ask whether few reviews would do better on top of it.
    """

    progress: Progress = field(default_factory=Progress)
    checkpoint: Checkpoint | None = None
    log_dir: Path | None = None
    memory: Memory = field(default_factory=Memory.half)
    other_base: Callable[[], Model | None] = lambda: None

    @contextmanager
    def opened(self, *, anew: bool) -> Iterator[None]:
        """Have the folders of logs and checkpoints to oneself; see `Checkpoint.opened`."""
        checkpoint = self.checkpoint
        if self.log_dir is not None:
            prepare_logs(self.log_dir, resuming=checkpoint is not None and checkpoint.resuming)
        with checkpoint.opened(anew=anew) if checkpoint else nullcontext():
            yield
