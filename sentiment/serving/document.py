"""The OpenAPI document: `openapi.json`, with the limits, classes and models of this service."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sentiment import __version__
from sentiment.labels import SENTIMENT, UNCERTAIN, LabelSet
from sentiment.serving.access import OPEN
from sentiment.serving.server import Limits

_FOLDER = Path(__file__).parent
_PAGE = _FOLDER / "page"


@lru_cache(16)
def document_of(
    limits: Limits, labels: LabelSet, models: Sequence[str], *, secured: bool
) -> dict[str, Any]:
    """Return the OpenAPI document for one of the models, the same object each time.

    Args:
        limits: in effect.
        labels: the classes of the model.
        models: the names of all of them.
        secured: whether tokens are needed.
    """
    made = _document(limits, labels)
    made["components"]["parameters"]["Model"]["schema"]["enum"] = [*models]
    if secured:
        made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        answer = {**made["components"]["responses"]["Malformed"], "description": "No valid token."}
        made["components"]["responses"]["NoToken"] = answer
        for path, operations in made["paths"].items():
            for operation in operations.values() if path not in OPEN else ():
                operation["security"] = [{"token": []}]
                operation["responses"]["401"] = {"$ref": "#/components/responses/NoToken"}
    return made


def _document(limits: Limits, labels: LabelSet) -> dict[str, Any]:
    """Return the OpenAPI document with the limits in effect, and the classes of the model."""
    made: dict[str, Any] = json.loads((_FOLDER / "openapi.json").read_text(encoding="utf-8"))
    made["info"]["version"] = __version__
    schemas = made["components"]["schemas"]
    schemas["Text"]["maxLength"] = limits.max_chars
    schemas["SeveralTexts"]["properties"]["texts"]["maxItems"] = limits.max_texts
    schemas["ToExplain"]["properties"]["toward"]["enum"] = [*labels.names]
    schemas["Answer"]["enum"] = [*reversed(labels.names), UNCERTAIN, None]
    _name_headers(made)
    _name_classes(made, labels)
    columns = [name for name, _ in labels.columns]
    for schema in map(schemas.__getitem__, ("Prediction", "Explanation", "Without", "Sentence")):
        schema["properties"] = _replaced(schema["properties"], columns)
        schema["required"] = [*_replaced(dict.fromkeys(schema["required"]), columns)]
    if not labels.is_binary:
        pair = {name: {"enum": list(labels.names)} for name in ("toward", "over")}
        schemas["Explanation"]["properties"] |= pair
        schemas["Explanation"]["required"] += pair
        schemas["Explanation"]["description"] = (
            "base + the contributions of all words = logit, the log-odds of the class `toward` "
            "over the class `over`."
        )
        info = schemas["Info"]
        numbers = {"type": ["array", "null"], "items": {"type": "number"}}
        info["properties"] = _replaced(info["properties"], ["offsets"], "threshold", numbers)
        info["properties"] = _replaced(info["properties"], ["minima"], "band", numbers)
        other = {"threshold": "offsets", "band": "minima"}
        info["required"] = [other.get(name, name) for name in info["required"]]
    (name,) = made["paths"]["/static/{name}"]["get"]["parameters"]
    name["schema"]["enum"] = sorted({path.name for path in _PAGE.iterdir()} - {"index.html"})
    return made


def _name_headers(made: dict[str, Any]) -> None:
    """Put the headers that every response has into the description of each."""
    of_all = {
        name: {"$ref": f"#/components/headers/{key}"}
        for name, key in (("X-Model", "Model"), ("X-Request-ID", "RequestId"))
    }
    operations = [each for methods in made["paths"].values() for each in methods.values()]
    for responses in (made["components"], *operations):
        for response in responses["responses"].values():
            if "$ref" not in response:
                response["headers"] = response.get("headers", {}) | of_all


def _name_classes(made: dict[str, Any], labels: LabelSet) -> None:
    """Put the classes of the model into the descriptions that name *negative* and *positive*."""
    if labels == SENTIMENT:
        return
    schemas = made["components"]["schemas"]
    columns = [f"`{name}`" for name in ("predicted", *(name for name, _ in labels.columns))]
    added = made["paths"]["/files"]["post"]
    added["description"] = added["description"].replace(
        "`predicted` and `p_positive`", " and ".join([", ".join(columns[:-1]), columns[-1]])
    )
    names = " or ".join([", ".join(labels.names[:-1]), labels.names[-1]])
    made["info"]["summary"] = f"Classifies reviews as {names}, and explains why."
    of = f"that the text is {labels.names[1]}" if labels.is_binary else "of a class"
    schemas["Probability"]["description"] = (
        f"The calibrated probability {of}; null for a text without words."
    )
    side = labels.names[1] if labels.is_binary else "the class `toward`"
    schemas["Word"]["properties"]["contribution"]["description"] = (
        f"What it adds to the log-odds; above 0 it favors {side}."
    )
    schemas["Info"]["properties"]["threshold"]["description"] = (
        f"The threshold: the lowest probability that is answered {side}."
    )


def _replaced(
    fields: dict[str, Any], names: Sequence[str], old: str = "p_positive", value: Any = None
) -> dict[str, Any]:
    """Return fields with some in place of an old one, of the same value unless one is given."""
    found: dict[str, Any] = {}
    for name, each in fields.items():
        found |= dict.fromkeys(names, value or each) if name == old else {name: each}
    return found
