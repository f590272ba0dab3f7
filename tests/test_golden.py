"""What the fixture models answer, command by command: no change of the code changes it unseen.

`python -m tests.test_golden` writes golden.json anew; CHANGELOG then says what changed and why.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests import commands
from tests.conftest import ROOT

FILE = Path(__file__).with_name("golden.json")
FIXTURES = ROOT / "tests" / "fixtures"
MODELS = {
    f"format-{version}": FIXTURES / f"format-{version}.safetensors"
    for version in ("1", "2", "3", "4", "4-classes")
}
FORMATS = ("text", "csv", "tsv", "jsonl", "parquet", "fasttext")
REVIEWS = '''\
id,review,label
1,"A good film, and not a dull minute in it.",positive
2,"Not good. It doesn't work, and nobody answers.",negative
3,"bad, bad, ""bad""",negative
4,,positive
5,"It was good until they sold it.
Now it is a bad film.",negative
6,isn`t it good? 4/5 ★★★★☆,positive
7,no comment,positive
8,qwxz vbnm,negative
9,good film,positive
10,"a good film, not bad",positive
'''


def answers() -> dict[str, Any]:
    """Return all that golden.json holds, numbers rounded to what processors agree on."""
    with tempfile.TemporaryDirectory() as folder:
        reviews = Path(folder) / "reviews.csv"
        reviews.write_text(REVIEWS, encoding="utf-8")
        found = {name: _of_model(name, reviews) for name in MODELS}
        pair = MODELS["format-3"], MODELS["format-4"]
        compared = json.loads(_run("compare", *pair, reviews, "--json"))
        found["compare"] = _rounded(
            {name: value for name, value in compared.items() if name not in ("a", "b", "data")}
        )
    return found


def _of_model(name: str, reviews: Path) -> dict[str, Any]:
    model = MODELS[name]
    found = {f"predict {form}": _predicted(model, reviews, form) for form in FORMATS}
    data = ("-m", model, "--json")
    measured = json.loads(_run("evaluate", reviews, *data))
    found["evaluate"] = _rounded(
        measured | {"model": f"{name}.safetensors", "data": [reviews.name]}
    )
    text = "Not a good film, but I loved the music."
    found["explain"] = _rounded(json.loads(_run("explain", text, *data)))
    found["info"] = _rounded(json.loads(_run("info", model, "--json")) | {"model": model.name})
    return found


def _predicted(model: Path, reviews: Path, form: str) -> Any:
    out = reviews.with_name(f"{model.stem}.{form}")
    _run("predict", "-m", model, "-i", reviews, "-o", out, "--format", form)
    if form == "parquet":
        import pyarrow.parquet as pq

        return _rounded(pq.read_table(out).to_pylist())
    return out.read_text(encoding="utf-8")


def _run(*args: str | Path) -> str:
    done = commands.run(*args, "-q")
    assert done.returncode == 0, done.stderr
    return done.stdout


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return json.loads(json.dumps(answers()))


@pytest.mark.parametrize("name", [*MODELS, "compare"])
def test_answers_are_as_they_were(found, name):
    expected = json.loads(FILE.read_text(encoding="utf-8"))
    assert found.keys() == expected.keys()
    assert found[name] == expected[name]


if __name__ == "__main__":
    FILE.write_text(json.dumps(answers(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
