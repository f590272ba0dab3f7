"""scikit-learn's own checks of estimators, on rows of numbers written down as words.

For estimators of texts scikit-learn has next to none; what these find holds for both.
"""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests.python.of_numbers import ClassifierOfNumbers

pytestmark = pytest.mark.slow

# These cannot pass, and do not.
EXPECTED_TO_FAIL = {
    "check_sample_weight_equivalence_on_dense_data": "is fitted batch by batch, in random order",
    "check_classifiers_classes": "gives too few different rows to hold one of each label out",
}
QUICK = ClassifierOfNumbers(hidden=(), epochs=2, features=500, refit=False)
GOOD = {"epochs": 15, "learning_rate": 0.05}


def name_of(check) -> str:
    return check.func.__name__


@parametrize_with_checks([QUICK], expected_failed_checks=lambda _: EXPECTED_TO_FAIL)
def test_scikit_learn_finds_nothing_wrong(estimator, check):
    if name_of(check) == "check_classifiers_train":  # which asks for accuracy, too
        estimator = estimator.set_params(**GOOD)
    check(estimator)
