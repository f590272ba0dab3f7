"""Train a sentiment classifier on your own reviews; ask it from the shell, or from Python.

`load` opens a trained model, `SentimentClassifier` is the training as a scikit-learn estimator.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment.api import LoadedModel, load
    from sentiment.estimator import SentimentClassifier

__version__ = "0.1.0"

__all__ = ["LoadedModel", "SentimentClassifier", "__version__", "load"]

# A name is imported when it is first asked for: `import sentiment` and the command line stay light.
_MODULES = {"LoadedModel": "api", "SentimentClassifier": "estimator", "load": "api"}

if not TYPE_CHECKING:  # whoever checks types still hears of a name that is not there

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULES})
