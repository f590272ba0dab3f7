import pytest

from sentiment.reviews.rules import is_number, key_of


@pytest.mark.parametrize("text", ["1", "+1.", "-.5", " 12.50 ", "0" * 5000])
def test_plain_decimals_are_numbers(text):
    assert is_number(text)


@pytest.mark.parametrize("text", ["", ".", "1.2.3", "1e5", "--1", "1 2", "١"])
def test_nothing_else_is(text):
    assert not is_number(text)


def test_a_long_run_of_digits_before_a_letter_is_soon_no_number():
    text = "1" * 1_000_000 + "x"  # 20,000 of them took seconds
    assert not is_number(text)
    assert key_of(text) == text
