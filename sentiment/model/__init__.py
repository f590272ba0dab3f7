"""A trained model without Keras: forward pass, calibration, decision, and its file.

`model` holds the parts together, `network` is the forward pass in numpy, `calibration` turns
logits into probabilities, `decision` turns probabilities into answers, `file` reads and writes
`.safetensors`. `explanation`, `removal` and `influence` say what answers rest on; they are imported
where they are asked for, since prediction starts without them.
"""

from sentiment.model.calibration import Calibration
from sentiment.model.decision import Decision, Scores
from sentiment.model.file import is_model_file, load_model, save_model
from sentiment.model.model import DEEPEST, LEAST_KNOWN, Base, Model
from sentiment.model.network import Layer, Network
from sentiment.model.provenance import Provenance, Right, Rows
from sentiment.model.seen import Overlap, Seen

__all__ = [
    "DEEPEST",
    "LEAST_KNOWN",
    "Base",
    "Calibration",
    "Decision",
    "Layer",
    "Model",
    "Network",
    "Overlap",
    "Provenance",
    "Right",
    "Rows",
    "Scores",
    "Seen",
    "is_model_file",
    "load_model",
    "save_model",
]
