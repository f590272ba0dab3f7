import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.hashing import SubstringHasher, among, combine, mix, salt
from sentiment.features.tokens import code_points

WORD = 2**64


def slow_mix(value: int) -> int:
    value ^= value >> 30
    value = value * 0xBF58476D1CE4E5B9 % WORD
    value ^= value >> 27
    value = value * 0x94D049BB133111EB % WORD
    return value ^ value >> 31


def slow_hash(text: str) -> int:
    return slow_mix(
        sum((ord(c) + 1) * pow(0x9E3779B97F4A7C15, i, WORD) for i, c in enumerate(text)) % WORD
    )


@given(st.text(max_size=50), st.data())
def test_a_substring_hashes_as_the_polynomial_says_wherever_it_stands(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    hashes = SubstringHasher(code_points(text)).hash(np.array([start]), np.array([end]))
    assert hashes.tolist() == [slow_hash(text[start:end])]


def test_hashes_are_frozen_because_model_files_hold_them():
    codes = code_points("good")
    good = SubstringHasher(codes).hash(np.array([0]), np.array([4]))
    assert good.tolist() == [slow_hash("good")]
    assert int(good[0]) == FROZEN["good"]
    assert int(combine(good, good)[0]) == FROZEN["good good"]
    assert int(salt("tail")[0]) == FROZEN["tail"]


def test_order_matters_in_a_combination():
    left, right = mix(np.array([1], np.uint64)), mix(np.array([2], np.uint64))
    assert combine(left, right) != combine(right, left)


def test_different_words_have_different_hashes():
    text = " ".join(map(str, range(300_000)))
    codes = code_points(text)
    spaces = np.flatnonzero(codes == ord(" "))
    hashes = SubstringHasher(codes).hash(np.append(0, spaces + 1), np.append(spaces, codes.size))
    assert np.unique(hashes).size == 300_000


FROZEN = {
    "good": 892906926050492219,
    "good good": 131159857929413015,
    "tail": 4932617028069097043,
}


@given(st.lists(st.integers(2**63, 2**64 - 1)), st.lists(st.integers(0, 2**64 - 1)))
def test_large_hashes_are_found_among_others(some, others):
    # Close together, too: numpy makes a table of them then.
    for rest in (others, some[:1], [number - 1 for number in some[:2]]):
        found = among(np.array(some, np.uint64), np.array(rest, np.uint64))
        assert found.tolist() == [number in rest for number in some]
