"""What the service can be asked, for programs: OpenAPI."""

import json
from pathlib import Path
from typing import Any

from sentiment import __version__
from sentiment.serving.limits import Limits

_DOCUMENT = Path(__file__).parent / "openapi.json"


def document(limits: Limits) -> dict[str, Any]:
    """Give the document, with the limits that hold here."""
    made: dict[str, Any] = json.loads(_DOCUMENT.read_text(encoding="utf-8"))
    made["info"]["version"] = __version__
    return made
