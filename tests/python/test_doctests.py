"""The examples in docstrings, README.md and docs/python.md do what they say."""

import doctest
import re
from importlib import import_module

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("name", ["api", "estimator", "export.inputs", "frames", "learning"])
def test_examples_in_docstrings(name):
    done = doctest.testmod(import_module(f"sentiment.{name}"), report=True)
    assert done.attempted
    assert not done.failed


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_examples_in_pages(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page, None, 0)
    assert examples.examples
    assert not doctest.DocTestRunner().run(examples).failed
    assert (tmp_path / "bread.safetensors").is_file() == ("bread" in text)
