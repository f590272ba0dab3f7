"""Batches scored by several processes: nothing is lost, nothing changes places."""

import numpy as np
import pytest

from sentiment import workers
from sentiment.errors import DataError, SentimentError
from sentiment.model.file import load_model
from sentiment.model.model import Model
from sentiment.workers import Scorer, default_workers
from tests.model.encoders import pieces_model
from tests.model.small import small_model


@pytest.fixture(scope="module")
def model(trained) -> Model:
    return load_model(trained)


def batches(count: int) -> list[list[str]]:
    return [[f"good {n}", "bad " * (n % 5), ""] for n in range(count)]


def never() -> bool:
    return False


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_batch_comes_back_in_order_with_the_same_probabilities(model, count):
    with Scorer(model, count) as scorer:
        for size in (0, 1, 2, 3, 40, 1):
            scored = list(scorer.scored(batches(size), list, never))
            assert [batch for batch, _ in scored] == batches(size)
            for batch, scores in scored:
                probabilities, coverage = model.scores(batch)
                assert np.array_equal(scores.probabilities, probabilities, equal_nan=True)
                assert np.array_equal(scores.coverage, coverage)


def test_what_was_read_before_an_error_is_given_before_it(model):
    def read():
        yield from batches(20)
        raise DataError("row 61 is damaged")

    given = []
    with Scorer(model, 2) as scorer:
        scored = scorer.scored(read(), list, never)
        with pytest.raises(DataError, match="row 61"):
            given.extend(batch for batch, _ in scored)
    assert given == batches(20)


def test_no_batch_is_withheld_while_the_next_is_waited_for(model):
    given = []

    def read():
        for number, batch in enumerate(batches(8)):
            assert len(given) == number, "the one before was not given out yet"
            yield batch

    with Scorer(model, 2) as scorer:
        for batch, _ in scorer.scored(read(), list, lambda: True):
            given.append(batch)
    assert len(given) == 8


def test_nobody_is_asked_to_help_where_the_next_batch_is_waited_for(model):
    with Scorer(model, 2) as scorer:
        assert len(list(scorer.scored(batches(20), list, lambda: True))) == 20
        assert scorer.pool is None
        list(scorer.scored(batches(20), list, never))
        assert scorer.pool is not None


def test_a_worker_that_was_killed_is_an_error(model):
    with Scorer(model, 2) as scorer:
        scored = scorer.scored(batches(200), list, never)
        for _ in range(20):
            next(scored)
        for worker in scorer.pool.workers:
            worker.process.kill()
        with pytest.raises(SentimentError, match="worker process died"):
            list(scored)


@pytest.mark.parametrize(("count", "helped"), [(workers._MANY, False), (1000, True)])
def test_many_texts_of_a_slow_model_have_helpers_at_once_and_few_have_none(count, helped):
    slow = pieces_model()
    texts = [f"the film was {'un' * (n % 3)}believable {'good ' * (n % 40)}" for n in range(count)]
    with Scorer(slow, 2) as scorer:
        ((batch, found),) = scorer.scored([texts], list, never)
        assert (batch, scorer.pool is not None) == (texts, helped)
    expected = slow.scores(texts)
    assert found.probabilities == pytest.approx(expected.probabilities, abs=1e-6)
    assert found.coverage.tolist() == expected.coverage.tolist()


def test_what_a_slow_model_scores_together_does_not_depend_on_the_batch():
    slow = pieces_model().on(small_model(), 0.5)
    texts = [f"a good film {n} " * (n % 9) for n in range(1000)]
    whole = slow.scores(texts)
    parts = [slow.scores(texts[first : first + 512]) for first in (0, 512)]
    assert np.array_equal(
        whole.probabilities, np.concatenate([each.probabilities for each in parts]), equal_nan=True
    )
    assert np.array_equal(slow.log_odds(texts[:256]), slow.log_odds(texts)[:256], equal_nan=True)


def test_some_processes_help_by_default():
    assert 1 <= default_workers() <= 6


def test_how_reviews_are_cut_into_batches_does_not_show(model):
    texts = [f"good {n} bad{n % 7} film" * (n % 9) for n in range(300)]
    texts[::7] = [f"очень хорошо {n} 很好 zxcv{n}" for n in range(len(texts[::7]))]
    whole = model.scores(texts)
    alone = [model.scores([text]) for text in texts]
    p_alone = np.concatenate([each.p_positive for each in alone])
    assert np.allclose(whole.p_positive, p_alone, rtol=0, atol=1e-14, equal_nan=True)
    assert whole.coverage.tolist() == [int(each.coverage[0]) for each in alone]
    assert whole.unknown.any()
