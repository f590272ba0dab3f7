"""What goes on around a training, and changes nothing about the model."""

from dataclasses import dataclass, field
from pathlib import Path

from sentiment.memory import Memory
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
    """

    progress: Progress = field(default_factory=Progress)
    checkpoint: Checkpoint | None = None
    log_dir: Path | None = None
    memory: Memory = field(default_factory=Memory.half)
