import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, hypergeom

from sentiment.evaluation.intervals import lower_bound, min_good, min_sample, share_holds

SHARES = st.sampled_from([0.3, 0.5, 0.8, 0.9, 0.95, 0.99])


@given(st.integers(1, 150), SHARES, st.sampled_from([0.1, 0.05]))
def test_however_many_are_bad_it_is_said_and_fails_no_more_often_than_the_risk(n, least, risk):
    good = np.arange(n + 1)
    said = share_holds(good, n, least, risk)
    bad_in_all = np.arange(2 * n + 1)[:, None]
    bad_next = bad_in_all - (n - good)
    fails = n - bad_next < least * n - 1e-9
    chances = hypergeom.pmf(n - good, 2 * n, bad_in_all, n)
    assert ((chances * (said & fails)).sum(axis=1) <= risk + 1e-12).all()


@given(st.integers(1, 400), SHARES)
def test_it_is_stricter_than_a_bound_of_the_true_share(n, least):
    """Clopper and Pearson's: the true share is lower with a chance of 0.1 at the most."""
    good = np.arange(1, n + 1)
    exact = beta.ppf(0.1, good, n - good + 1)
    assert (exact[share_holds(good, n, least, 0.1)] >= least).all()


@given(st.integers(1, 300), st.data())
def test_the_bound_is_the_largest_share_that_holds(n, data):
    good = data.draw(st.integers(0, n))
    bound = lower_bound(good, n, 0.1)
    assert 0 <= bound <= good / n
    if bound:
        assert share_holds(good, n, bound, 0.1)
    if bound < (n - 1) / n:
        assert not share_holds(good, n, bound + 1 / n, 0.1)


@given(st.integers(0, 300), SHARES)
def test_the_fewest_are_enough_and_one_less_is_not(n, least):
    found = min_good(n, least, 0.1)
    if found is None:
        assert not share_holds(n, n, least, 0.1)
        return
    assert share_holds(found, n, least, 0.1)
    assert found == 0 or not share_holds(found - 1, n, least, 0.1)


@pytest.mark.parametrize("risk", [0.1, 0.05, 0.002])
@pytest.mark.parametrize("least", [0.05, 0.3, 0.5, 0.8, 0.9, 0.95, 0.99])
def test_the_shortest_run_is_the_first_that_holds_if_all_are_good(least, risk):
    n = np.arange(1, 1000)
    assert min_sample(least, risk) == n[np.argmax(share_holds(n, n, least, risk))]
