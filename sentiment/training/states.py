"""How far a fit has come, and what a checkpoint holds of that: JSON values, and arrays by name."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.model import Layer, Network
from sentiment.training.judge import Judgement
from sentiment.training.progress import Epoch

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Fit:
    """A fitted network and the way there.

    Attributes:
        network: the weights of the chosen epoch; of the last where nothing was held out.
        epochs: what each epoch came to; none where nothing was held out.
        best_epoch: the one whose weights were kept, from 1.
    """

    network: Network
    epochs: list[Epoch]
    best_epoch: int


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
    judgement: Judgement | None


def parts_of(state: Fit | Underway) -> tuple[dict[str, Any], Tensors]:
    """Take a state apart."""
    if isinstance(state, Fit):
        document = {"epochs": _plain(state.epochs), "best_epoch": state.best_epoch}
        return {"finished": document}, _layers(state.network)
    tensors = {f"variables.{place}": each for place, each in enumerate(state.variables)}
    seen = state.judgement
    if seen is None:
        return {"underway": state.epochs, "judgement": None}, tensors
    document = {
        "epochs": _plain(seen.epochs),
        "chosen_epoch": seen.chosen_epoch,
        "best_epoch": seen.best_epoch,
    }
    tensors |= _layers(seen.chosen) | {"best": seen.best}
    return {"underway": state.epochs, "judgement": document}, tensors


def state_of(document: dict[str, Any], tensors: Tensors) -> Fit | Underway:
    """Put a state together.

    Raises:
        ValueError, TypeError, KeyError: the parts are not those of a state.
    """
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        raise ValueError("a number that is not finite")
    if "finished" in document:
        fields = document["finished"]
        return Fit(_network(tensors), _epochs(fields["epochs"]), int(fields["best_epoch"]))
    count = sum(name.startswith("variables.") for name in tensors)
    variables = [tensors[f"variables.{place}"] for place in range(count)]
    seen = document["judgement"]
    judgement = seen and Judgement(
        tuple(_epochs(seen["epochs"])),
        int(seen["chosen_epoch"]),
        _network(tensors),
        int(seen["best_epoch"]),
        tensors["best"],
    )
    return Underway(int(document["underway"]), variables, judgement)


def _plain(epochs: Any) -> list[dict[str, float]]:
    return [asdict(epoch) for epoch in epochs]


def _epochs(fields: Any) -> list[Epoch]:
    return [Epoch(**each) for each in fields]


def _layers(network: Network) -> Tensors:
    tensors: Tensors = {}
    for place, layer in enumerate(network.layers):
        tensors |= {f"kernels.{place}": layer.dense_kernel(), f"biases.{place}": layer.bias}
    return tensors


def _network(tensors: Tensors) -> Network:
    count = sum(name.startswith("kernels.") for name in tensors)
    return Network(
        tuple(
            Layer.exact(tensors[f"kernels.{place}"], tensors[f"biases.{place}"])
            for place in range(count)
        )
    )
