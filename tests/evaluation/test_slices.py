import numpy as np
import pytest

from sentiment.evaluation.slices import slice_values, slices_of
from sentiment.reviews.dataset import LabelledReviews


def reviews(*texts, **columns):
    return LabelledReviews(list(texts), np.zeros(len(texts), np.int8), columns=columns)


def test_slices_by_length_count_words():
    texts = ["word " * count for count in (1, 10, 11, 50, 51, 200, 201)]
    assert slice_values("length", reviews(*texts)) == [
        "up to 10", "up to 10", "11-50", "11-50", "51-200", "51-200", "over 200",
    ]  # fmt: skip


def test_slices_by_negation_use_the_list_of_the_features():
    found = slice_values("negation", reviews("Not bad", "nothing like it", "a knot", "ISN’T it"))
    assert found == ["yes", "yes", "no", "yes"]


def test_a_column_is_taken_as_it_was_kept():
    assert slice_values("shop", reviews("a", "b", shop=["x", "y"])) == ["x", "y"]


def test_the_weakest_slice_comes_first_and_what_is_too_small_last():
    values = ["fine"] * 100 + ["weak"] * 100 + ["few"] * 3 + ["\ud800"]
    labels = np.resize([0, 1], 204)
    answers = labels.copy()
    answers[100:130] ^= 1
    answers[200:] ^= 1
    slices = slices_of(values, labels, answers)
    assert [(each.value, each.n, each.too_small) for each in slices] == [
        ("weak", 100, False), ("fine", 100, False), ("few", 3, True), ("\ud800", 1, True),
    ]  # fmt: skip
    assert slices[0].accuracy == slices[0].figures["accuracy"] == pytest.approx(0.7)
    low, high = slices[0].intervals["accuracy"]
    assert 0.58 < low < 0.7 < high < 0.8


def test_a_class_that_is_not_there_has_no_figures():
    (only,) = slices_of(["x"] * 40, np.ones(40, np.int8), np.resize([0, 1, 1, 1], 40))
    facts = only.as_json()
    assert (facts["accuracy"], facts["recall_positive"]) == (0.75, 0.75)
    assert facts["macro_f1"] is facts["mcc"] is facts["recall_negative"] is None
    assert facts["intervals"]["macro_f1"] is facts["intervals"]["precision_negative"] is None


def test_what_is_too_small_is_known_by_its_size_alone():
    """Of as many reviews, an accuracy near 50% has the widest interval: it would be hidden."""
    values = [name for name in ("good", "weak", "good few", "weak few") for _ in range(40)]
    values = values[:-1][: 2 * 40 + 39] + values[3 * 40 : -1]
    labels = np.ones(len(values), np.int8)
    answers = np.array([not name.startswith("weak") or row % 2 for row, name in enumerate(values)])
    slices = slices_of(values, labels, answers.astype(int))
    assert [(each.value, each.n, each.too_small) for each in slices] == [
        ("weak", 40, False), ("good", 40, False), ("weak few", 39, True), ("good few", 39, True),
    ]  # fmt: skip
    low, high = slices[0].intervals["accuracy"]
    assert 0.28 < high - low < 0.3
