"""The examples in docstrings and in README.md do what they say."""

import doctest
import re
from importlib import import_module

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("name", ["api", "estimator", "export", "cluster.frames"])
def test_examples_in_docstrings(name):
    done = doctest.testmod(import_module(f"sentiment.{name}"), report=True)
    assert done.attempted
    assert not done.failed


def test_examples_in_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README.md", None, 0)
    assert len(examples.examples) > 5
    assert not doctest.DocTestRunner().run(examples).failed
    assert (tmp_path / "bread.safetensors").is_file()
