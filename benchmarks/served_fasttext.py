"""A peer to serve beside ours: FastAPI and fastText, written plainly.

Runs in the peers' environment.
"""

import re
import sys

import fasttext
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

TOKEN = re.compile(r"\w+|[^\w\s]")  # as `peers.write_tokenized` writes what it was trained on

app = FastAPI()
model = fasttext.load_model(sys.argv[1])


class Asked(BaseModel):
    """One text, or several."""

    text: str | None = None
    texts: list[str] = []


def answers(texts: list[str]) -> list[dict]:
    """Answer some texts."""
    lines = [" ".join(TOKEN.findall(text.lower())) for text in texts]
    found = zip(*model.predict(lines, k=2), strict=True)
    scores = [dict(zip(labels, map(float, shares), strict=True)) for labels, shares in found]
    positive = [each.get("__label__1", 0.0) for each in scores]
    return [
        {"predicted": "positive" if p >= 0.5 else "negative", "p_positive": p} for p in positive
    ]


@app.post("/predict")
def predict(asked: Asked) -> dict:
    """Answer, in a thread of FastAPI's."""
    if asked.text is not None:
        return answers([asked.text])[0]
    return {"predictions": answers(asked.texts)}


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
