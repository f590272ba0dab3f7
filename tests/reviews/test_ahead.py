from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.reviews.batch import Ahead


def numbers(count, error=None):
    yield from range(count)
    if error:
        raise error


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=8), st.integers(0, 12))
def test_whoever_looks_ahead_loses_nothing(steps, count):
    items = Ahead(numbers(count))
    given_out = []
    for looks, most in steps:
        if looks:
            start = len(given_out)
            assert list(islice(items.ahead(), most)) == list(range(start, min(start + most, count)))
        else:
            given_out += islice(items, most)
    assert [*given_out, *items] == list(range(count))


def test_it_reads_no_further_than_is_asked_and_while_it_may():
    items = numbers(5)
    ahead = Ahead(items)
    assert next(ahead.ahead()) == 0
    assert list(ahead.ahead(ready=lambda: False)) == [0]
    assert next(items) == 1


def test_an_error_comes_in_its_place_and_stays():
    ahead = Ahead(numbers(2, DataError("damaged")))
    assert list(ahead.ahead()) == [0, 1]
    assert [next(ahead), next(ahead)] == [0, 1]
    for _ in range(2):
        with pytest.raises(DataError, match="damaged"):
            next(ahead)
        with pytest.raises(DataError, match="damaged"):
            next(ahead.ahead())
