"""docs/notebook.ipynb shows what it would show if it were run now."""

import re

import pytest

from tools.notebook import NOTEBOOK, executed


def substance(output) -> tuple[str, ...]:
    """What an output says, without numbers, which differ in their last digits between machines."""
    if output["output_type"] == "stream":
        return (output["name"],)
    assert output["output_type"] != "error"
    shown = {kind: "".join(text) for kind, text in output["data"].items()}
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", " ", shown.get("text/html", "")))
    return (*sorted(shown), *sorted(set(words)))


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # those of Jupyter are not ours
def test_its_outputs_are_those_of_the_code(monkeypatch):
    pytest.importorskip("nbclient", reason="no nbclient here: the notebook is not run")
    pytest.importorskip("ipykernel", reason="no ipykernel here: the notebook is not run")
    import nbformat

    kept, now = nbformat.read(NOTEBOOK, as_version=4), executed()
    for before, after in zip(kept.cells, now.cells, strict=True):
        if before.cell_type == "code":
            shown, found = (list(map(substance, each.outputs)) for each in (before, after))
            assert shown == found, before.source
            assert shown or "import" in before.source


def test_it_is_small_and_names_no_place_of_the_machine_that_made_it():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < 50_000
    assert not re.search(r"/home/|/root/|/tmp/|/work/", text)
    assert '"output_type": "error"' not in text
    assert "sentiment mathjax_ignore" in text, "models and explanations are shown"
