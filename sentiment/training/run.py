"""How a training is run: progress, logs, checkpoints and memory."""

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
from sentiment.model.network import DenseNetwork, Layer
from sentiment.model.tensors import NotOursError, metadata, read_header
from sentiment.runtime import Memory, require
from sentiment.training.backend import load_keras
from sentiment.training.decide import Epoch, EpochSelection, FittedNetwork
from sentiment.training.options import Hyperparameters
from sentiment.training.stacking import Gain

Labels = NDArray[np.integer]


class Progress:
    """Is told how a training progresses; this one ignores it.

    Attributes:
        gain: what a base that was tried would add; None if not enough.
    """

    gain: Gain | None = None

    def chosen(
        self,
        recipe: Hyperparameters,
        training: dict[str, int],
        held_out: int,
        cross_validated: bool,
    ) -> None:
        """All choices are made; the number of rows to fit, by class, and to hold out.

        In cross-validation both are those of all rows.
        """

    def beside(self, recipe: Hyperparameters) -> None:
        """The choices for the n-grams beside an encoder are made."""

    def featurized(self, done: int, reviews: int) -> None:
        """The features of `done` of all reviews are found, if that takes long."""

    def embedded(self, found: int, words: int, name: str) -> None:
        """So many of the words of a vocabulary have a vector in the file of this name."""

    def resumed(self, network: int, epoch: int) -> None:
        """The training is resumed with this network, from 1, after so many epochs."""

    def unlabeled(self, number: int, rows: int) -> None:
        """A round of pseudo-labels begins, counted from 1."""

    def judged(self, better: bool, loss: float, before: float) -> None:
        """That round lowered the validation loss, or is discarded."""

    def stacked(self, reviews: int, base: float, alone: float, together: float) -> None:
        """The accuracies of base, new network and both, on held-out reviews new to the base."""

    def joined(self, reviews: int, encoder: float, ngrams: float, together: float) -> None:
        """The accuracies of the encoder, the n-grams beside it and both, on held-out reviews."""

    def suggested(self, gain: Gain) -> None:
        """A base that was tried would help."""
        self.gain = gain

    def kept(self, epochs: Sequence[Epoch], number: int) -> None:
        """The first fit is done: its epochs, and the number of the one selected."""

    def refitting(self, rows: int, epochs: int) -> None:
        """All rows are now fitted, for so many epochs."""

    def misfit(self, undone: bool) -> None:
        """The refitted network does not suit calibration and threshold.

        Args:
            undone: whether the network before it is used instead.
        """

    def step(self, epoch: int, step: int, steps: int) -> None:
        """A batch is done; epoch and step are counted from 1."""

    def diverged(self, loss: float, constant: float) -> None:
        """The highest loss of a fit was more than that of one answer to all its reviews."""

    def epoch(self, epoch: Epoch, epochs: int) -> None:
        """An epoch is done, of at most `epochs`."""


def prepare_logs(folder: Path, *, resuming: bool) -> None:
    """Create the folder for the logs of a training.

    Args:
        folder: which is empty, unless `resuming`.
        resuming: whether this training continues earlier logs.

    Raises:
        MissingDependencyError: the package tensorboard is not installed.
        UsageError: the folder is not empty, or cannot be created.
    """
    require("--log-dir needs tensorboard", "tensorboard")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot write logs there: {error.strerror}") from error
    if used and not resuming:
        raise UsageError(f"{folder} is not empty: use a new folder for the logs of each training")


def logging(folder: Path, fit: int) -> Any:
    """Return the callback that logs `epoch_loss` and the like of a fit, counted from 1."""
    # Scalars only: `sentiment info` shows the layers.
    return load_keras().callbacks.TensorBoard(str(folder / f"network-{fit}"), write_graph=False)


Tensors = dict[str, NDArray[Any]]
MakesNetwork = Callable[[tuple[Layer, ...]], FittedNetwork]


@dataclass(frozen=True)
class Fit:
    """Fitted networks.

    Attributes:
        networks: with the weights of the selected epoch; of the last if nothing was held out.
        epochs: their figures; none if nothing was held out.
        best_epoch: the selected one, from 1.
    """

    networks: tuple[FittedNetwork, ...]
    epochs: list[Epoch]
    best_epoch: int

    @property
    def network(self) -> FittedNetwork:
        """The last network, which is the only one if none were fitted beside it."""
        return self.networks[-1]


@dataclass(frozen=True)
class Underway:
    """A fit after some of its epochs.

    Attributes:
        epochs: how many are done.
        variables: of Keras's network and optimizer, in their order.
        selection: of the epoch so far; None if nothing is held out.
    """

    epochs: int
    variables: list[NDArray[Any]]
    selection: EpochSelection | None


def parts_of(state: Fit | Underway) -> tuple[dict[str, Any], Tensors]:
    """Return a state as JSON values and tensors."""
    if isinstance(state, Fit):
        finished = {"epochs": [*map(asdict, state.epochs)], "best_epoch": state.best_epoch}
        return {"finished": finished} | _sizes(state.networks), _layers(state.networks)
    tensors = {f"variables.{place}": each for place, each in enumerate(state.variables)}
    selection = state.selection
    if selection is None:
        return {"underway": state.epochs, "judgement": None, "layers": []}, tensors
    judgement = {
        "chosen_epoch": selection.chosen_epoch,
        "best_epoch": selection.best_epoch,
        "epochs": [*map(asdict, selection.epochs)],
    }
    document = {"underway": state.epochs, "judgement": judgement} | _sizes(selection.chosen)
    return document, tensors | _layers(selection.chosen) | {"best": selection.best}


def state_of(document: dict[str, Any], tensors: Tensors, network: MakesNetwork) -> Fit | Underway:
    """Return the state that `parts_of` made JSON values and tensors of.

    Args:
        document: the JSON values.
        tensors: the tensors.
        network: layers → a network.

    Raises:
        ValueError, TypeError, KeyError: they are not.
    """
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("a number is not finite")
    networks = tuple(
        network(tuple(_layer(tensors, number, place) for place in range(layers)))
        for number, layers in enumerate(document["layers"])
    )
    finished = document.get("finished")
    figures = finished or document["judgement"]
    epochs = [Epoch(**each) for each in figures["epochs"]] if figures else []
    if finished:
        return Fit(networks, epochs, finished["best_epoch"])
    count = sum(name.startswith("variables.") for name in tensors)
    variables = [tensors[f"variables.{place}"] for place in range(count)]
    selection = figures and EpochSelection(
        tuple(epochs), figures["chosen_epoch"], networks, figures["best_epoch"], tensors["best"]
    )
    return Underway(int(document["underway"]), variables, selection)


def _sizes(networks: Sequence[FittedNetwork]) -> dict[str, Any]:
    return {"layers": [len(network.layers) for network in networks]}


def _layers(networks: Sequence[FittedNetwork]) -> Tensors:
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
    """The checkpoint of a training: a folder with a file for each fit.

    Attributes:
        folder: which `opened` creates.
        resuming: whether to resume what is there.
    """

    def __init__(self, folder: Path, resuming: bool) -> None:
        self.folder = folder
        self.resuming = resuming
        self._training: dict[str, Any] = {}

    @contextmanager
    def opened(self, *, overwrite: bool) -> Iterator[None]:
        """Create and lock the folder; remove it if it is empty in the end.

        Args:
            overwrite: whether an existing checkpoint may be deleted.

        Raises:
            UsageError: it holds a checkpoint that is neither to be resumed nor deleted; another
                training uses it; or it cannot be created.
        """
        with ExitStack() as stack:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locked(self.folder))
                existing = _files(self.folder)
            except BlockingIOError as error:
                raise UsageError(
                    f"{self.folder}: another training uses this checkpoint folder"
                ) from error
            except OSError as error:
                raise UsageError(
                    f"{self.folder}: cannot use this folder: {error.strerror}"
                ) from error
            if existing and not self.resuming and not overwrite:
                raise UsageError(
                    f"{self.folder} holds the checkpoint of an unfinished training: --resume "
                    "continues it, --force starts over"
                )
            try:
                yield
            finally:
                with suppress(OSError):
                    self.folder.rmdir()

    def begin(self, data: str, choices: Mapping[str, Any]) -> tuple[int, int]:
        """Set what is trained; delete an existing checkpoint, or check that it is of the same.

        Args:
            data: a hash of all data.
            choices: options and versions that make another network of the same data.

        Returns:
            The fit to resume, from 1, and how many of its epochs are done; (1, 0) if there is none.

        Raises:
            DataError: the checkpoint is of other data, or damaged.
            UsageError: it is of other options or versions.
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

    def load(self, fit: int, network: MakesNetwork = DenseNetwork) -> Fit | Underway | None:
        """Return the state of a fit, None if there is none.

        Args:
            fit: its number.
            network: layers → a network.

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
            return state_of(document, tensors, network)
        except (NotOursError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise self.damaged(fit, str(error)) from error

    def save(self, fit: int, state: Fit | Underway) -> None:
        """Write the state of a fit.

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
        """Return the error of a damaged file."""
        return DataError(
            f"{self._file(fit)}: damaged checkpoint ({reason}); --force instead of --resume "
            "starts over"
        )

    def remove(self) -> None:
        """Delete the files."""
        for path in _files(self.folder):
            path.unlink()

    def _file(self, fit: int) -> Path:
        return self.folder / f"fit-{fit}.checkpoint"

    def _check(self, data: str, choices: Mapping[str, Any]) -> None:
        ours = self._training["choices"]
        others = [name for name in ours if choices.get(name) != ours[name]]
        way_out = "use the same, or --force instead of --resume to start over"
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
    """Read and check a file.

    Raises:
        ValueError, NotOursError: it is damaged.
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
    """How a training is run; nothing here changes the model.

    Attributes:
        progress: is told how it progresses.
        checkpoint: to save to, and to resume.
        log_dir: for TensorBoard, which must be installed.
        memory: how much to use; what does not fit goes to temporary files.
        other_base: loads a model to try as a base for few reviews.
    """

    progress: Progress = field(default_factory=Progress)
    checkpoint: Checkpoint | None = None
    log_dir: Path | None = None
    memory: Memory = field(default_factory=Memory.half)
    other_base: Callable[[], Model | None] = lambda: None

    @contextmanager
    def opened(self, *, overwrite: bool) -> Iterator[None]:
        """Create the folders of logs and checkpoint; see `Checkpoint.opened`."""
        checkpoint = self.checkpoint
        if self.log_dir is not None:
            prepare_logs(self.log_dir, resuming=checkpoint is not None and checkpoint.resuming)
        with checkpoint.opened(overwrite=overwrite) if checkpoint else nullcontext():
            yield
