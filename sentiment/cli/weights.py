"""What `info --weights` shows: the kernels of a model, and what feeds its hidden units."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.features.vectorizer import Vectorizer
from sentiment.model.component import Component
from sentiment.model.kinds import KINDS
from sentiment.model.model import Model
from sentiment.model.network import DenseNetwork
from sentiment.model.phrases import unnested
from sentiment.reviews.cells import printable

# N-grams shown of each hidden unit, either way, of so many looked at, and characters of each.
_SHOWN, _TRIED, _WORD = 4, 64, 16


def weights_of(model: Model) -> list[dict[str, Any]]:
    """Return the weights of each component as JSON values: the model's own, then its bases'.

    Each has `kernels`, see `_kernels`, and `units`, see `_units`, an empty list if it does not read
    n-grams that it keeps as text.
    """
    return [
        {"kernels": [*_kernels(component)], "units": [*_units(component)]}
        for component in model.components
    ]


def _kernels(component: Component) -> Iterator[dict[str, Any]]:
    """Yield of each matrix name and shape, how it is stored, and which weights are in it.

    Names are those of docs/format.md, and `scale` is multiplied in.
    """
    tensors = KINDS[component.encoder.kind]().tensors(component.encoder, component.network)
    for name, tensor in tensors.items():
        if tensor.ndim < 2 or not tensor.size:
            continue
        weights = tensor
        if (scale := tensors.get(f"{name.rpartition('.')[0]}.scale")) is not None:
            # A table has one for each row, a layer for each column.
            weights = tensor * (scale[:, None] if name.endswith(".rows") else scale)
        yield {
            "name": name,
            "shape": list(tensor.shape),
            "dtype": str(tensor.dtype),
            "smallest": float(weights.min()),
            "largest": float(weights.max()),
            "mean_size": float(np.abs(weights).mean()),
        }


def _units(component: Component) -> Iterator[dict[str, Any]]:
    """Yield what each hidden unit of the first layer is fed by, and where it goes.

    The number of an n-gram is what it adds to the unit's sum in a text of nothing else: the n-gram
    with the largest weight of all counts in full, others in proportion. A weight of the output is
    toward the class named, from the first one.
    """
    network, encoder = component.network, component.encoder
    if not isinstance(network, DenseNetwork) or not isinstance(encoder, Vectorizer):
        return
    if not network.hidden or not component.phrases:
        return
    texts = [*component.phrases.values()]
    known, rows = encoder.single_rows([*component.phrases])
    names = [texts[number] for number in known.tolist()]
    first, behind, *deeper = network.layers
    moves = first.dense_kernel()[rows.indices] * rows.data[:, None]
    targets: Sequence[str] = component.labels.names[1:]
    if deeper:
        targets = [f"unit {number}" for number in range(1, behind.bias.size + 1)]
    for unit, (column, outgoing) in enumerate(zip(moves.T, behind.dense_kernel(), strict=True)):
        order = np.argsort(column, kind="stable")
        strongest = int(np.abs(outgoing).argmax())
        yield {
            "unit": unit + 1,
            "to": targets[strongest],
            "weight": float(outgoing[strongest]),
            "raised_by": _named(names, column, order[::-1], 1),
            "lowered_by": _named(names, column, order, -1),
        }


def _named(
    names: Sequence[str], column: NDArray[np.float32], order: NDArray[np.int64], sign: int
) -> list[tuple[str, float]]:
    """Return the first n-grams that move a sum in this direction, none within another."""
    moves: dict[str, float] = {}  # several features may be spelled alike
    for place in order[:_TRIED].tolist():
        if sign * column[place] > 0:
            moves.setdefault(names[place], float(column[place]))
    return [(name, moves[name]) for name in unnested(moves, _SHOWN)]


def weights_as_text(components: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield lines that show what `weights_of` returns."""
    for number, component in enumerate(components):
        if number:
            yield ""
            yield f"base {number}"
        kernels = component["kernels"]
        wide = max(len(each["name"]) for each in kernels) + 2
        titles = f"{'smallest':>10}{'largest':>10}{'mean size':>11}"
        yield f"{'weights':<{wide}}{'shape':>16}  {'stored':<8}{titles}"
        for each in kernels:
            shape = " × ".join(f"{size:,}" for size in each["shape"])
            yield (
                f"{each['name']:<{wide}}{shape:>16}  {each['dtype']:<8}{each['smallest']:>+10.4f}"
                f"{each['largest']:>+10.4f}{each['mean_size']:>11.4f}"
            )
        if component["units"]:
            yield ""
            yield from _units_as_text(component["units"])
    yield from notation(
        name
        for component in components
        for unit in component["units"]
        for name, _ in [*unit["raised_by"], *unit["lowered_by"]]
    )


def _units_as_text(units: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "each unit of hidden 1: its largest weight in the next layer, and what moves its sum most"
    wide = max(len(printable(each["to"])) for each in units)
    for each in units:
        for title, moves in (("raised", each["raised_by"]), ("lowered", each["lowered_by"])):
            where = f"{each['unit']:>4}  {each['weight']:>+7.3f} {printable(each['to']):<{wide}}"
            start = where if title == "raised" else " " * len(where)
            words = "  ".join(f"{move:+.3f} {_cut(printable(name))}" for name, move in moves)
            yield f"{start}  {title:<7} {words or '–'}".rstrip()


def _cut(name: str) -> str:
    return f"{name:<{_WORD}}" if len(name) <= _WORD else f"{name[: _WORD - 1]}…"


# How n-grams are written, and what that means; see `name_features`.
_NOTATION = (
    (re.compile("not … "), "not … good", "the word after a negation"),
    (re.compile("… "), "… good", "the word near the end of a review"),
    (re.compile(".*[^ ]-$"), "excel-", "a word that begins so"),
    (re.compile("‹"), "‹goo›", "these characters, in a word or across words"),
    (re.compile("(.* )?[0-9]+of10( |$)"), "8of10", "a rating, on a scale of ten"),
)


def notation(names: Iterable[str]) -> Iterator[str]:
    """Yield lines that explain how n-grams are written, of what occurs in these alone."""
    every = [*names]
    marks = [
        f"“{example}” {meaning}"
        for pattern, example, meaning in _NOTATION
        if any(pattern.match(name) for name in every)
    ]
    if marks:
        yield ""
        yield from wrap("; ".join(marks), 100)
