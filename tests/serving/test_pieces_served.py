"""The service with a model of pieces of words."""

from pathlib import Path

import pytest

from sentiment.cli.serve import model_info
from sentiment.model.file import save_model
from sentiment.serving.server import Limits
from sentiment.serving.service import Service
from tests.model.encoders import pieces_model
from tests.serving.conftest import in_process, serving

TEXTS = ["I loved it", "a bad film", "", "qwxz zzkw", "good 👍"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_products_have_no_threads_that_compete_with_connections(tmp_path, monkeypatch):
    save_model(pieces_model(), tmp_path / "m.safetensors")
    threads = []
    for environment in ({}, {"OPENBLAS_NUM_THREADS": "1"}):
        monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
        with serving(model=tmp_path / "m.safetensors", environment=environment) as running:
            running.post("/predict", {"texts": TEXTS * 100})
            threads.append(len([*Path(f"/proc/{running.process.pid}/task").iterdir()]))
            running.stop()
    assert threads[0] == threads[1]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    model = pieces_model()
    save_model(model, path)
    with in_process(Limits(), service=Service(model, model_info(path, model))) as running:
        yield running


def test_texts_are_answered_and_explained(served):
    together = served.post("/predict", {"texts": TEXTS}).json["predictions"]
    expected = pieces_model().probabilities(TEXTS)[:, 1]
    for text, answer, p in zip(TEXTS, together, expected, strict=True):
        assert served.post("/predict", {"text": text}).json["predicted"] == answer["predicted"]
        if answer["p_positive"] is not None:
            assert answer["p_positive"] == pytest.approx(p, abs=1e-5)
    explained = served.post("/explain", {"text": "unbelievably good!"}).json
    assert [word["text"] for word in explained["words"]] == ["unbelievably", "good", "!"]


def test_the_page_is_told_what_the_model_reads(served):
    facts = served.ask("GET", "/info").json
    assert facts["vectorizer"]["unit"] == "pieces of words"
    assert facts["network"].startswith("a transformer of 2 blocks")
