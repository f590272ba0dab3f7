"""With little memory, texts, n-grams and rows come from files; the model is the same."""

from dataclasses import replace

import numpy as np
import pytest

from sentiment.errors import SentimentError
from sentiment.features.vectorizer import EncodedDataset, Vectorizer
from sentiment.model.file import save_model
from sentiment.reviews.dataset import LabelledReviews
from sentiment.reviews.labelled import read_labelled, read_texts
from sentiment.reviews.streams import ReadOptions
from sentiment.runtime import Memory
from sentiment.storage import ArrayFile, TextStore
from sentiment.training.ngrams import choose, index
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Progress, Run
from sentiment.training.train import train
from tests.conftest import TRAIN

pytestmark = pytest.mark.slow

FAST = TrainingOptions(epochs=2)
LITTLE = Memory(120_000)  # of 200 reviews, a dozen shards


class Counting(Progress):
    """Remembers how the featurizing went."""

    def __init__(self):
        self.steps = []

    def featurized(self, done, reviews):
        self.steps.append((done, reviews))


@pytest.fixture(scope="module")
def reviews() -> LabelledReviews:
    return read_labelled([str(TRAIN)], ReadOptions())


def in_file(rows: slice) -> LabelledReviews:
    there = read_labelled([str(TRAIN)], ReadOptions(), max_chars=1000)
    assert isinstance(there.texts, TextStore)
    return there.take(np.arange(600)[rows])


def bytes_of(model, tmp_path) -> bytes:
    save_model(model, tmp_path / "m.safetensors")
    return (tmp_path / "m.safetensors").read_bytes()


def test_a_training_with_little_memory_gives_the_same_bytes(reviews, tmp_path):
    heard = Counting()
    run = Run(progress=heard, memory=LITTLE)
    model = train(in_file(slice(200)), FAST, run=run)
    assert len(heard.steps) > 3
    assert heard.steps[-1] == (200, 200)
    assert bytes_of(model, tmp_path) == bytes_of(
        train(reviews.take(np.arange(200)), FAST), tmp_path
    )


def test_so_it_does_beside_reviews_without_labels_and_others_held_out(reviews, tmp_path):
    options = replace(FAST, features=4000)
    parts = slice(0, 120), slice(120, 160), slice(160, 260)
    little = train(
        in_file(parts[0]), options, in_file(parts[1]), in_file(parts[2]).texts,
        run=Run(memory=LITTLE),
    )  # fmt: skip
    much = train(
        reviews.take(np.arange(120)), options, reviews.take(np.arange(120, 160)),
        reviews.texts[160:260],
    )  # fmt: skip
    assert little.record.provenance.unlabeled in (0, 100)
    assert bytes_of(little, tmp_path) == bytes_of(much, tmp_path)


def test_reviews_without_labels_are_read_into_a_file(reviews):
    there = read_texts([str(TRAIN)], ReadOptions(), max_chars=1000)
    assert isinstance(there, TextStore)
    assert list(there) == reviews.texts


def test_n_grams_and_rows_are_in_files_then():
    texts = in_file(slice(200)).texts
    incidence = index(texts, choose(["good"], np.array([0, 1]), FAST), Run(memory=LITTLE))
    assert len(incidence.shards) > 3
    vectorizer = Vectorizer.fit(incidence, np.arange(len(incidence)) % 2)
    assert all(isinstance(shard.columns, np.memmap) for shard in incidence.shards)
    assert isinstance(EncodedDataset.of(incidence, vectorizer).columns, np.memmap)


def test_a_full_disk_is_said_with_the_way_out():
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    file = ArrayFile()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(SentimentError, match=r"no space for temporary files .* TMPDIR"):
            file.append(np.zeros(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
