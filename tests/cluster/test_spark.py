"""The example of docs/cluster.md, run by Spark."""

import math
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment import load
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.skipif(find_spec("pyspark") is None, reason="PySpark is not installed"),
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
]
TEXTS = ["I loved it", "Dreadful, avoid.", "", None, "asdf qwer"] * 40


def test_the_documented_example_gives_the_answers_of_predict(tmp_path):
    page = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(from pyspark.*?)```", page, re.DOTALL)
    (tmp_path / "reviews").mkdir()
    for number in range(3):
        ids = range(number * len(TEXTS), (number + 1) * len(TEXTS))
        table = pa.table({"id": ids, "text": TEXTS})
        pq.write_table(table, tmp_path / "reviews" / f"{number}.parquet")
    settings = {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    scored = pq.read_table(tmp_path / "scored").sort_by("id")
    assert scored["id"].to_pylist() == list(range(3 * len(TEXTS)))
    model, texts = load("fast"), [text or "" for text in TEXTS]
    answers = [word or None for word in model.predict(texts)]
    assert scored["predicted"].to_pylist() == 3 * answers
    assert len(model.classes_) == 3
    for name, found in zip(model.classes_, model.predict_proba(texts).T, strict=True):
        expected = [None if math.isnan(p) else p for p in found.tolist()]
        assert scored[f"p_{name}"].to_pylist() == 3 * expected
