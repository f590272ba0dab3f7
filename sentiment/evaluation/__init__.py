"""Labelled reviews and their scores → figures: how good a model is.

`metrics` measures probabilities and answers against labels; `overlap` finds reviews that the model
was trained on.
"""

from sentiment.evaluation.metrics import ClassMetrics, Metrics, measure
from sentiment.evaluation.overlap import Overlap, find_overlap

__all__ = ["ClassMetrics", "Metrics", "Overlap", "find_overlap", "measure"]
