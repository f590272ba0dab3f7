"""What the service can be asked, for programs: OpenAPI."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sentiment import __version__
from sentiment.serving.limits import Limits

_DOCUMENT = Path(__file__).parent / "openapi.json"


def document(limits: Limits, names: Iterable[str]) -> dict[str, Any]:
    """Give the document, with what holds here.

    Args:
        limits: how long and how many texts may be.
        names: of the files that the page is made of.
    """
    made: dict[str, Any] = json.loads(_DOCUMENT.read_text(encoding="utf-8"))
    made["info"]["version"] = __version__
    schemas = made["components"]["schemas"]
    schemas["Text"]["maxLength"] = limits.max_chars
    schemas["SeveralTexts"]["properties"]["texts"]["maxItems"] = limits.max_texts
    (name,) = made["paths"]["/static/{name}"]["get"]["parameters"]
    name["schema"]["enum"] = list(names)
    return made
