"""Train a sentiment classifier on your own reviews; ask it from the shell, or from Python.

`load` opens a trained model, `SentimentClassifier` is the training as a scikit-learn estimator.
"""

from typing import TYPE_CHECKING

from sentiment.lazy import exports

if TYPE_CHECKING:
    from sentiment.estimator import SentimentClassifier
    from sentiment.loaded import LoadedModel, load

__version__ = "0.1.0"

__all__ = ["LoadedModel", "SentimentClassifier", "__version__", "load"]

exports(
    __name__,
    {"LoadedModel": "loaded", "SentimentClassifier": "estimator", "load": "loaded"},
)
