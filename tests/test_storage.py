import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.digests import digests_of
from sentiment.storage import (
    GrowingTexts,
    ObjectFile,
    TextStore,
    concatenate,
    sizes_of,
    take,
)

# Half of a surrogate pair is no character, but JSON can name one.
TEXT = st.text(alphabet=st.characters() | st.sampled_from("\ud800\udfff\0\n"), max_size=6)
TEXTS = st.lists(TEXT, max_size=12)


def stored(texts: list[str], at_once: int = 3) -> TextStore:
    growing = GrowingTexts(max_chars=-1)
    for first in range(0, max(len(texts), 1), at_once):
        growing.extend(texts[first : first + at_once])
    done = growing.done()
    assert isinstance(done, TextStore)
    return done


@given(TEXTS, st.slices(12))
def test_texts_in_a_file_are_those_that_went_there(texts, part):
    there = stored(texts)
    assert list(there) == texts
    assert there[part] == texts[part]
    assert [there[row] for row in range(-len(texts), len(texts))] == texts + texts
    assert digests_of(there).tolist() == digests_of(texts).tolist()
    assert sizes_of(there).sum() == sum(len(t.encode("utf-8", "surrogatepass")) for t in texts)


@given(TEXTS, st.lists(st.integers(0, 11), max_size=20))
def test_some_of_them_are_taken_in_any_order(texts, rows):
    chosen = np.array([row for row in rows if row < len(texts)], np.int64)
    expected = [texts[row] for row in chosen.tolist()]
    assert list(take(stored(texts), chosen)) == list(take(texts, chosen)) == expected


@given(TEXTS, TEXTS, TEXTS, st.slices(36))
def test_joined_texts_stand_one_behind_the_other(first, second, third, part):
    every = first + second + third
    for these in (concatenate(first, stored(second), third), concatenate(first, second, third)):
        assert list(these) == every
        assert these[part] == every[part]
        assert [these[row] for row in range(len(these))] == every
        assert sizes_of(these).size == len(every)


def test_few_texts_stay_in_memory():
    growing = GrowingTexts(max_chars=10)
    growing.extend(["12345", "12345"])
    assert growing.done() == ["12345", "12345"]
    growing.extend(["6"])
    assert list(growing.done()) == ["12345", "12345", "6"]
    assert isinstance(growing.done(), TextStore)


def test_there_is_nothing_past_the_end():
    with pytest.raises(IndexError):
        stored(["a"])[1]


@given(st.lists(st.tuples(TEXT, st.floats(allow_nan=False), st.none() | st.binary()), max_size=9),
       st.randoms(use_true_random=False))  # fmt: skip
def test_objects_in_a_file_are_read_in_any_order(values, random):
    file = ObjectFile()
    places = file.extend(values[:4]) + file.extend([]) + file.extend(values[4:])
    order = random.sample(range(len(values)), len(values))
    assert list(file.read(places[place] for place in order)) == [values[place] for place in order]
    assert list(file.read(places)) == values  # and again
