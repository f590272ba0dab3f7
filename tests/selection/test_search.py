"""The search for options: on the same folds, never worse than the default, resumed."""

import numpy as np
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.evaluation.metrics import metrics_for
from sentiment.labels import SENTIMENT
from sentiment.reviews.dataset import LabelledReviews
from sentiment.selection.crossing import Answered
from sentiment.selection.folds import stratified
from sentiment.selection.tuning import Search, options_of
from sentiment.training.options import OF_NGRAMS, TrainingOptions

pytest.importorskip("optuna", reason="no Optuna here: pip install '.[tune]'")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # of Optuna's parts that are experimental
]

N = 200
ACCURACY = next(each for each in metrics_for(SENTIMENT).all if each.name == "accuracy")
REVIEWS = LabelledReviews([f"text {row}" for row in range(N)], (np.arange(N) % 2).astype(np.int16))
FOLDS = stratified(REVIEWS, 4, 1, 0)[0]


def right_of(share):
    """What answers a share of the texts correctly, the same ones each time."""

    def makes(options):
        def fit(training, texts):
            rows = np.array([int(text.split()[1]) for text in texts])
            known = (rows * 37 % N) < share(options) * N
            labels = np.where(known, rows % 2, 1 - rows % 2)
            return Answered(np.eye(2)[labels], labels, [""] * len(texts))

        return fit

    return makes


def search(path, share=lambda options: 0.7, options=None, reviews=REVIEWS, folds=FOLDS):
    chosen = options or TrainingOptions()
    return Search(path, reviews, folds, chosen, ACCURACY, right_of(share))


def nothing(*_):
    pass


def by_smoothing(options):
    return 0.7 if options.smoothing is None else 0.6 + 0.2 * (options.smoothing > 3)


def test_the_default_is_the_first_trial_and_wins_ties(tmp_path):
    found = search(tmp_path / "s.db")
    found.run(6, None, nothing)
    outcome = found.outcome()
    assert outcome.default.values == {}
    assert outcome.best is outcome.chosen is outcome.default
    assert outcome.default.score == pytest.approx(0.7)
    assert (outcome.finished + outcome.stopped, outcome.importance) == (6, ())


def test_a_better_trial_is_chosen(tmp_path):
    found = search(tmp_path / "s.db", by_smoothing)
    found.run(16, None, nothing)
    outcome = found.outcome()
    assert outcome.chosen is outcome.best is not outcome.default
    assert outcome.gain == pytest.approx(0.1)
    assert outcome.chosen.values["smoothing"] > 3
    assert outcome.stopped > 0


def test_a_gain_within_two_standard_errors_is_chance(tmp_path):
    def lucky(options):
        return 0.7 if options.smoothing is None else 0.705

    found = search(tmp_path / "s.db", lucky)
    found.run(4, None, nothing)
    outcome = found.outcome()
    assert 0 < outcome.gain <= 2 * outcome.error
    assert outcome.chosen is outcome.default


def test_options_that_were_given_are_not_searched(tmp_path):
    seen = []

    def watch(options):
        seen.append(options)
        return 0.7

    given = TrainingOptions(hidden=(8,), epochs=2, dropout=0.25)
    search(tmp_path / "s.db", watch, given).run(12, None, nothing)
    assert {(each.hidden, each.epochs, each.dropout) for each in seen} == {((8,), 2, 0.25)}
    assert len({each.learning_rate for each in seen}) > 4
    assert all(each.refit for each in seen)  # as `train` does


def test_a_cnn_is_not_searched_for_what_n_grams_have(tmp_path):
    seen = []

    def watch(options):
        seen.append(options)
        return 0.7

    search(tmp_path / "s.db", watch, TrainingOptions(architecture="cnn")).run(8, None, nothing)
    assert all(getattr(each, name) is None for each in seen for name in OF_NGRAMS)
    assert len(set(seen)) == 8  # no trial is another once more


def test_an_interrupted_search_goes_on_as_if_it_had_not_been(tmp_path):
    def asked(path, *stops):
        """Return the options of each trial of a search that is interrupted before some folds."""
        tried = []
        for stop in (*stops, None):
            left = stop

            def told(number, fold):
                nonlocal left
                if left is not None:
                    left -= 1
                    if left < 0:
                        raise KeyboardInterrupt

            found = search(path, lambda options: tried.append(options) or by_smoothing(options))
            if stop is None:
                found.run(12, None, told)
            else:
                with pytest.raises(KeyboardInterrupt):
                    found.run(12, None, told)
        return found.outcome(), tried

    whole, _ = asked(tmp_path / "a.db")
    parts, _ = asked(tmp_path / "b.db", 2, 9, 0, 5)
    assert parts.finished == whole.finished
    assert parts.chosen.values == whole.chosen.values
    assert parts.best.score == whole.best.score
    assert parts.importance == whole.importance


def test_a_study_of_others_is_not_resumed(tmp_path):
    path = tmp_path / "s.db"
    search(path).run(1, None, nothing)
    assert search(path).done == 1
    with pytest.raises(UsageError, match="a study of other reviews, folds or options"):
        search(path, options=TrainingOptions(seed=1))
    with pytest.raises(UsageError, match="a study of other reviews"):
        search(path, folds=stratified(REVIEWS, 4, 1, 1)[0])
    (tmp_path / "not.db").write_text("a shopping list")
    with pytest.raises(DataError, match="no study of sentiment tune"):
        search(tmp_path / "not.db")
    assert (tmp_path / "not.db").read_text() == "a shopping list"


def test_the_default_is_tried_even_without_time(tmp_path):
    found = search(tmp_path / "s.db")
    found.run(None, 1e-9, nothing)
    assert found.done == 1
    assert found.outcome().chosen.values == {}


def test_a_training_that_diverges_is_left(tmp_path):
    def fragile(options):
        if options.learning_rate is not None:
            raise UsageError("diverged")
        return 0.7

    found = search(tmp_path / "s.db", fragile)
    found.run(12, None, nothing)
    assert found.outcome().stopped >= 1


def test_values_become_options():
    chosen = options_of({"hidden": "32,16", "char_ngrams": 0}, TrainingOptions(seed=3))
    assert (chosen.hidden, chosen.char_ngrams, chosen.seed) == ((32, 16), 0, 3)
