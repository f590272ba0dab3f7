"""Texts of many requests, gathered."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.serving.service import _SHORT, QUICK, SLOW, Batcher

_TEXTS, _CHARACTERS = QUICK


def run(function, ask, size=QUICK):
    """Let some requests run at once; give their answers and the batches that were made."""
    batches = []

    def recorded(texts):
        batches.append(list(texts))
        return function(texts)

    async def all_at_once():
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(recorded, thread, size)
            asked = (batcher.answers(texts) for texts in ask)
            return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(all_at_once()), batches


def test_whoever_waits_is_in_the_next_batch():
    answers, batches = run(lambda texts: [text.upper() for text in texts], [["a"], ["b"], ["c"]])
    assert answers == [["A"], ["B"], ["C"]]
    assert batches == [["a"], ["b", "c"]]


@given(st.lists(st.lists(st.integers(0, 3000).map(lambda n: str(n) * (n % 7 + 1)), max_size=600)))
def test_each_gets_its_own_answers_in_order(ask):
    answers, batches = run(lambda texts: [text[::-1] for text in texts], ask)
    assert answers == [[text[::-1] for text in texts] for texts in ask]
    assert all(len(batch) < 3 * _TEXTS for batch in batches)


def test_short_requests_go_before_the_pieces_of_long_ones():
    long = [f"long {n}" for n in range(5 * _TEXTS)]
    _, batches = run(list, [long, *[[f"short {n}"] for n in range(10)]])
    assert all(f"short {n}" in batches[1] for n in range(10))
    assert len(batches) == 6


def test_long_requests_go_on_while_short_ones_come():
    _, batches = run(list, [["a" * _CHARACTERS] * 3, *[["b" * _SHORT]] * 12])
    long = [sum(len(text) == _CHARACTERS for text in batch) for batch in batches]
    assert long[:5] == [1, 0, 1, 0, 1]


def test_pieces_are_no_longer_than_others_can_wait():
    _, batches = run(list, [["a" * (_CHARACTERS // 3)] * 8 + ["b" * 3 * _CHARACTERS] + ["c"] * 2])
    assert max(len("".join(batch)) for batch in batches if len(batch) > 1) <= _CHARACTERS


def test_with_a_slow_model_nobody_waits_for_many_texts():
    many = [f"text {n}" for n in range(1000)]
    answers, batches = run(list, [many, ["a"], ["b" * (SLOW.characters // 2)] * 3], SLOW)
    assert answers[0] == many
    assert max(map(len, batches)) <= 2 * SLOW.texts
    assert max(len("".join(batch)) for batch in batches) <= 2 * SLOW.characters
    assert ["a"] == [text for text in batches[1] if len(text) == 1]


def test_an_error_goes_to_those_who_asked_and_the_next_are_answered():
    def function(texts):
        if "bad" in texts:
            raise ValueError("bad")
        return list(texts)

    answers, _ = run(function, [["a"], ["bad"], *[["b" * _CHARACTERS]] * 2])
    assert answers[0] == ["a"]
    assert isinstance(answers[1], ValueError)
    assert answers[-1] == ["b" * _CHARACTERS]


def test_a_request_that_is_given_up_harms_no_other():
    begun, go_on = threading.Event(), threading.Event()

    def function(texts):
        begun.set()
        assert go_on.wait(5)
        return list(texts)

    async def ask():
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(function, thread)
            given_up = asyncio.create_task(batcher.answers(["a"]))
            kept = asyncio.create_task(batcher.answers(["b"]))
            await asyncio.to_thread(begun.wait)
            given_up.cancel()
            await asyncio.sleep(0)
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            return await kept

    assert asyncio.run(ask()) == ["b"]
