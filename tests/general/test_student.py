import numpy as np
import pytest

from tools.general import student
from tools.general.student import Expert, School

GOOD = ["a lovely warm room", "lovely food, kind people", "what a kind and lovely day"]
BAD = ["a filthy cold room", "cold food, rude people", "what a rude and filthy day"]


@pytest.fixture
def school(monkeypatch) -> School:
    """Two sources with labels, and texts without any."""
    monkeypatch.setattr(student, "EXPERTS", (Expert(("imdb",), 2, 0.05), Expert(("own",), 2, 0.05)))
    monkeypatch.setattr(student, "FOLDS", 2)
    monkeypatch.setattr(student, "EPOCHS", 20)
    monkeypatch.setattr(student, "LEARNING_RATE", 0.05)  # all texts fit one batch
    texts = {name: [f"{text}." for text in 6 * (GOOD + BAD)] for name in ("imdb", "own")}
    labels = {name: np.tile([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], 6) for name in texts}
    return School(
        texts | {"unlabeled": GOOD + BAD},
        labels | {"unlabeled": np.full(6, np.nan)},
        seed=0,
    )


@pytest.mark.slow
def test_the_student_learns_what_the_labels_say(school):
    vectorizer, network = school.teach()
    assert network.hidden == student.HIDDEN
    assert network.layers[0].kernel.dtype == np.int8
    logits = network.logits(vectorizer.transform([*GOOD, *BAD]))
    assert (logits[:, 0] > 0).tolist() == [True] * 3 + [False] * 3


@pytest.mark.slow
def test_the_student_learns_without_a_source(school, monkeypatch):
    monkeypatch.setattr(student, "EXPERTS", (Expert(("sst2",), 2, 0.05), Expert(("own",), 2, 0.05)))
    vectorizer, network = school.teach()
    logits = network.logits(vectorizer.transform([*GOOD, *BAD]))
    assert (logits[:, 0] > 0).tolist() == [True] * 3 + [False] * 3


@pytest.mark.slow
def test_an_expert_is_asked_of_its_own_texts_before_it_has_learned_them(school, monkeypatch):
    shown = []
    fit = School.fit
    monkeypatch.setattr(
        School, "fit", lambda self, rows, *how: shown.append(set(rows)) or fit(self, rows, *how)
    )
    monkeypatch.setattr(student, "EPOCHS", 1)
    opinion = school.opinion(Expert(("own",), 2, 0.05))
    own = set(school.rows["own"])
    assert shown[0] == own  # what is said of others
    assert shown[1] | shown[2] == own
    assert shown[1] & shown[2] == set()  # two folds: each is what the other one is asked of
    assert opinion.shape == school.labels.shape


def test_of_two_classes_the_rarer_one_is_shown_twice(school):
    rows = np.array([0, 1, 2, 3])  # three positive, one negative
    assert sorted(school.balanced(rows)) == [0, 1, 2, 3, 3]
