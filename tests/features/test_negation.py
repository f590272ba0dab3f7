from sentiment.features.negation import holds_negation
from sentiment.features.tokens import PIECE_SIZE


def test_reviews_with_a_negation_are_found_among_many_and_in_long_ones():
    texts = ["it is fine", "", "I don’t know", "knotted"] * 600
    texts.append("fine " * PIECE_SIZE + "never")
    assert holds_negation(texts).tolist() == [False, False, True, False] * 600 + [True]
