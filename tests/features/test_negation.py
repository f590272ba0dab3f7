from sentiment.features.ngrams import holds_negation, negations
from sentiment.features.tokens import PIECE_SIZE, pieces


def test_reviews_with_a_negation_are_found_among_many_and_in_long_ones():
    texts = ["it is fine", "", "I don’t know", "knotted"] * 600
    texts.append("fine " * PIECE_SIZE + "never")
    assert holds_negation(texts).tolist() == [False, False, True, False] * 600 + [True]


def test_a_pair_of_words_negates_within_one_review_only():
    (piece,) = pieces(["it used", "to be good", "it used to be good"])
    flags = negations(piece.hashes(), piece.token_rows(), 6, 12).flags
    assert flags.tolist() == [False] * 5 + [False] * 3 + [True, True]
