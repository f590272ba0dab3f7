"""Labelled reviews → a trained model, by Keras; the only package that imports it.

`train` is the way through; `recipe` makes the choices that depend on the data, `fitting` builds
and fits the `keras.Sequential`, `decide` chooses the threshold, `backend` imports Keras quietly.
Nothing of Keras leaves this package: what comes out is a `sentiment.model.Model`.
"""

from sentiment.training.judge import Epoch
from sentiment.training.options import Recipe, TrainingOptions, cross_validates
from sentiment.training.progress import Progress
from sentiment.training.run import Run
from sentiment.training.train import train

__all__ = ["Epoch", "Progress", "Recipe", "Run", "TrainingOptions", "cross_validates", "train"]
