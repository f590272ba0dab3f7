"""What a model can do, capability by capability: behaviour checks written for this project.

`CAPABILITIES` holds the checks, `probe` asks a model, `together` adds up.
"""

from sentiment.probing.capabilities import CAPABILITIES
from sentiment.probing.checks import Answered, Capability, Check, Moved, Unmoved
from sentiment.probing.probe import OVERALL, Outcome, Result, probe, together

__all__ = [
    "CAPABILITIES",
    "OVERALL",
    "Answered",
    "Capability",
    "Check",
    "Moved",
    "Outcome",
    "Result",
    "Unmoved",
    "probe",
    "together",
]
