"""Curves of a training for TensorBoard, by Keras's own callback."""

from pathlib import Path
from typing import Any

from sentiment.errors import MissingDependencyError, UsageError
from sentiment.training.backend import load_keras


def prepare_logs(folder: Path, *, resuming: bool) -> None:
    """Make a folder for the logs of one training.

    Args:
        folder: where they are to stand.
        resuming: whether this training goes on with those that are there.

    Raises:
        MissingDependencyError: the package tensorboard is not installed.
        UsageError: others are there, or the folder cannot be made.
    """
    from importlib.util import find_spec

    if find_spec("tensorboard") is None:
        raise MissingDependencyError(
            "--log-dir needs tensorboard, which is not installed: pip install tensorboard"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot write logs there: {error.strerror}") from error
    if used and not resuming:
        raise UsageError(f"{folder} is not empty: give each training a folder of its own for logs")


def logging(folder: Path, fit: int) -> Any:
    """Write what each epoch comes to: `epoch_loss` and the like, of training and of held-out rows.

    Args:
        folder: of the training.
        fit: which of its networks this is, counted from 1; each has a folder below.
    """
    # Scalars alone: `sentiment info` shows the layers.
    return load_keras().callbacks.TensorBoard(str(folder / f"network-{fit}"), write_graph=False)
