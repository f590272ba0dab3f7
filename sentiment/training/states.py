"""How far a fit has come, and what a checkpoint holds of that: JSON values, and arrays by name."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.model import Layer, Network
from sentiment.training.judge import Epoch, Judgement

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
    judgement: Judgement | None


def parts_of(state: Fit | Underway) -> tuple[dict[str, Any], Tensors]:
    """Take a state apart."""
    if isinstance(state, Fit):
        document = {"epochs": _plain(state.epochs), "best_epoch": state.best_epoch}
        return {"finished": document}, _layers(state.networks)
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
        return Fit(_networks(tensors), _epochs(fields["epochs"]), int(fields["best_epoch"]))
    count = sum(name.startswith("variables.") for name in tensors)
    variables = [tensors[f"variables.{place}"] for place in range(count)]
    seen = document["judgement"]
    judgement = seen and Judgement(
        tuple(_epochs(seen["epochs"])),
        int(seen["chosen_epoch"]),
        _networks(tensors),
        int(seen["best_epoch"]),
        tensors["best"],
    )
    return Underway(int(document["underway"]), variables, judgement)


def _plain(epochs: Any) -> list[dict[str, float]]:
    return [asdict(epoch) for epoch in epochs]


def _epochs(fields: Any) -> list[Epoch]:
    return [Epoch(**each) for each in fields]


def _layers(networks: tuple[Network, ...]) -> Tensors:
    tensors: Tensors = {}
    for number, network in enumerate(networks):
        for place, layer in enumerate(network.layers):
            tensors[f"kernels.{number}.{place}"] = layer.dense_kernel()
            tensors[f"biases.{number}.{place}"] = layer.bias
    return tensors


def _networks(tensors: Tensors) -> tuple[Network, ...]:
    networks: list[Network] = []
    while f"kernels.{len(networks)}.0" in tensors:
        number = len(networks)
        layers = sum(name.startswith(f"kernels.{number}.") for name in tensors)
        networks.append(
            Network(
                tuple(
                    Layer.exact(
                        tensors[f"kernels.{number}.{place}"], tensors[f"biases.{number}.{place}"]
                    )
                    for place in range(layers)
                )
            )
        )
    if not networks:
        raise ValueError("there is no network")
    return tuple(networks)
