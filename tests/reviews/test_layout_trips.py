"""Labelled reviews in every layout come back: the texts as they are, each with its label."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.torture.row_layouts import LAYOUTS, check


def check_some(layout, examples):
    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(layout())
    def one(drawn):
        with tempfile.TemporaryDirectory() as folder:
            check(drawn, Path(folder))

    one()


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_labelled_reviews_come_back(layout):
    check_some(layout, 6)


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_many_more_labelled_reviews_come_back(layout):
    check_some(layout, 150)
