"""What a type checker makes of a program that uses this package."""

import subprocess
import sys

import pytest

GOOD = """
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment import LoadedModel, SentimentClassifier, load

model: LoadedModel = load(Path("m.safetensors"))
p: NDArray[np.float64] = model.predict_proba(["fine"])
first: str = model.explain("fine").words[0].text
classifier = SentimentClassifier(hidden=(8, 4), base=model).fit(np.array(["a"]), ["x"])
classifier.save("mine.safetensors")
"""
WRONG = """
from sentiment import load, lod

load(3)
"""


@pytest.mark.slow
def test_strict_checks_pass_and_mistakes_are_found(tmp_path):
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "good.py", "wrong.py"],
        check=False, cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    errors = [line.split(" error: ") for line in done.stdout.splitlines() if " error: " in line]
    assert [place for place, _ in errors] == ["wrong.py:2:", "wrong.py:4:"], done.stdout
    assert 'no attribute "lod"' in errors[0][1]
