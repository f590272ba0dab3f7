"""The models that `make bench-general` measures, and what they answer."""

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray
from results import HERE

from sentiment.evaluation.metrics import Evaluation
from sentiment.evaluation.reliability import calibration_error
from sentiment.general import find_bundled
from sentiment.model.file import load_model
from sentiment.model.model import Model, Scores
from sentiment.workers import Scorer, default_workers

OWN = HERE.parent / "data"
# What takes long to make. Git ignores it.
KEPT = HERE / ".models"

_NAMES = ("general", "fast")
_OLD = "0.1.0"
# The last commit with the model that version 0.1.0 calls `general`.
_OLD_FILE = "83061f203ee23ca96c6793563e968fd2f4c2191d:sentiment/general.safetensors"
_BATCH = 256


@cache
def models() -> dict[str, Model]:
    """Return the bundled models and that of version 0.1.0, by name."""
    paths = {name: find_bundled(Path(name)) for name in _NAMES} | {_OLD: _old_model()}
    return {name: load_model(path) for name, path in paths.items() if path is not None}


def bundled() -> dict[str, Model]:
    """Return the bundled models by name."""
    return {name: model for name, model in models().items() if name != _OLD}


def _old_model() -> Path:
    """Return the path of the model of version 0.1.0, written from the history if need be."""
    path = KEPT / f"general-{_OLD}.safetensors"
    if not path.exists():
        KEPT.mkdir(exist_ok=True)
        shown = subprocess.run(
            ["git", "show", _OLD_FILE], cwd=HERE, check=True, capture_output=True
        )
        path.write_bytes(shown.stdout)
    return path


def scored(model: Model, texts: Sequence[str]) -> Scores:
    """Return the scores of texts, computed in worker processes if there are many."""
    batches = [texts[first : first + _BATCH] for first in range(0, len(texts), _BATCH)]
    with Scorer(model, default_workers()) as scorer:
        parts = [scores for _, scores in scorer.scored(batches, list, lambda: False)]
    return Scores(*map(np.concatenate, zip(*parts, strict=True)))


def probabilities(model: Model, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the probability of each class, all alike for a text without a token: [n, K]."""
    found = scored(model, texts).probabilities
    return np.where(np.isnan(found), 1 / found.shape[1], found)


def ece_of(found: Evaluation) -> str:
    """Write the ECE, and in brackets that of perfect calibration: the mean of draws of labels."""
    claimed, _ = found.claims
    random = np.random.default_rng(0)
    draws = (calibration_error(claimed, random.random(claimed.size) < claimed) for _ in range(100))
    return f"{found.figures['ece']:.3f} ({mean(draws):.3f})"
