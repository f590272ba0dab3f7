"""What goes on around a training, and changes nothing about the model."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sentiment.memory import Memory
from sentiment.model import Model
from sentiment.training.checkpoint import Checkpoint
from sentiment.training.progress import Progress


@dataclass(frozen=True)
class Run:
    """How a training is run.

    Attributes:
        progress: told about choices, batches and epochs.
        checkpoint: where to write down how far it has come, and to go on from.
        log_dir: where to write curves for TensorBoard, which must be installed.
        memory: how much of it to use; what does not fit goes to temporary files.
        other_base: loads a model to ask whether few reviews would do better on top of it.
    """

    progress: Progress = field(default_factory=Progress)
    checkpoint: Checkpoint | None = None
    log_dir: Path | None = None
    memory: Memory = field(default_factory=Memory.half)
    other_base: Callable[[], Model | None] = lambda: None
