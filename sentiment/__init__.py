"""Classify reviews as positive or negative; train a classifier on your own reviews.

`load` reads a trained model, `annotate` adds answers to a pandas DataFrame, `train` and `evaluate`
take DataFrames or files, and `SentimentClassifier` is the training as a scikit-learn estimator.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sentiment.api import LoadedModel, load
    from sentiment.estimator import SentimentClassifier
    from sentiment.frames import annotate
    from sentiment.learning import evaluate, train

__version__ = "0.1.0"

__all__ = [
    "LoadedModel",
    "SentimentClassifier",
    "__version__",
    "annotate",
    "evaluate",
    "load",
    "train",
]

# A name is imported at its first use: `import sentiment` and the command line stay light.
_MODULES = {
    "LoadedModel": "api",
    "SentimentClassifier": "estimator",
    "annotate": "frames",
    "evaluate": "learning",
    "load": "api",
    "train": "learning",
}

if not TYPE_CHECKING:  # so that type checkers still report names that do not exist

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULES})
