"""Packages that import a module when one of its names is first asked for."""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def exports(package: str, modules: Mapping[str, str]) -> None:
    """Give a package the `__getattr__` and `__dir__` of PEP 562: importing it costs nothing.

    They are set from here, so that whoever checks types still hears of a name that is not there.

    Args:
        package: its `__name__`.
        modules: each name it exports → the module below it that has that name.
    """
    module = sys.modules[package]

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    vars(module).update(__getattr__=get, __dir__=lambda: sorted({*vars(module), *modules}))
