"""Options as callers from Python give them: checked, since nobody did so before."""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from numbers import Real
from typing import Any, NamedTuple, get_args

from sentiment.training.options import Objective, TrainingOptions


class _Kind(NamedTuple):
    """What an option may be.

    Attributes:
        convert: to the type that a model file has; raises TypeError or ValueError.
        fits: whether it is in its range.
        words: the same for people.
    """

    convert: Callable[[Any], Any]
    fits: Callable[[Any], bool]
    words: str


def options_of(values: Mapping[str, Any]) -> TrainingOptions:
    """Make options of values, such as numpy's numbers, a list of units, or 4.0 for 4.

    Args:
        values: each option by its name; None where `TrainingOptions` has it by default.

    Raises:
        ValueError: one of them is not what it may be; the message begins with its name.
    """
    checked = {name: _checked(name, value) for name, value in values.items()}
    return TrainingOptions(**checked)


def _checked(name: str, value: Any) -> Any:
    kind, may_be_none = _KINDS[name], getattr(TrainingOptions, name) is None
    if value is None and may_be_none:
        return None
    try:
        converted = kind.convert(value)
        fits = kind.fits(converted)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(f"{name}={value!r}: give {kind.words}{', or None' * may_be_none}")
    return converted


def _number(value: Any) -> float:
    if not isinstance(value, Real):
        raise TypeError
    return float(value)


def _whole(value: Any) -> int:
    number = int(_number(value))
    if number != value:
        raise ValueError
    return number


def _units(value: Any) -> tuple[int, ...]:
    return tuple(map(_whole, value if isinstance(value, Iterable) else [value]))


def _one_of(*choices: Any) -> Callable[[Any], Any]:
    """Take one of some values, as it is among them."""
    return lambda value: choices[choices.index(value)]


_COUNT = _Kind(_whole, lambda n: n >= 1, "a whole number from 1 on")
_KINDS = {
    "hidden": _Kind(
        _units,
        lambda units: len(units) <= 16 and all(1 <= each <= 4096 for each in units),
        "whole numbers from 1 to 4096, 16 of them at the most",
    ),
    "dropout": _Kind(_number, lambda x: 0 <= x < 1, "a number from 0 to below 1"),
    "epochs": _COUNT,
    "patience": _COUNT,
    "batch_size": _COUNT,
    "learning_rate": _Kind(_number, lambda x: 0 < x < inf, "a number above 0"),
    "refit": _Kind(_one_of(True, False), lambda _: True, "True or False"),
    "features": _COUNT,
    "repair": _Kind(_one_of(True, False), lambda _: True, "True or False"),
    "validation_share": _Kind(_number, lambda x: 0 < x < 1, "a number between 0 and 1"),
    "optimize": _Kind(
        _one_of(*get_args(Objective)), lambda _: True, f"one of {', '.join(get_args(Objective))}"
    ),
    "seed": _Kind(_whole, lambda n: 0 <= n < 2**32, "a whole number from 0 to 4294967295"),
}
