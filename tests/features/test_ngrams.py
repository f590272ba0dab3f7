import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.matrix import distinct, extract_ngrams
from sentiment.features.ngrams import NGrams
from sentiment.features.places import name_features
from sentiment.features.tokens import code_points, normalize, token_spans

WORDS = st.lists(st.sampled_from(["not", "abc", "ab", "é.", "a'b", ",", "\n", "b"]), max_size=9)
TEXTS = st.lists(WORDS.map(" ".join) | st.text(alphabet="abc é.!'\n", max_size=20), max_size=5)
KINDS = st.builds(
    NGrams,
    words=st.integers(1, 4),
    tail=st.integers(0, 4),
    tail_words=st.integers(1, 3),
    stem=st.integers(0, 2),
    negation=st.integers(0, 2),
    reversal=st.integers(0, 3),
    characters=st.sampled_from([(0, 0), (1, 1), (2, 4)]),
    repair=st.just(False),  # a''b is a'b
)


def pairs_of(texts: list[str], ngrams: NGrams) -> list[tuple[int, int]]:
    """All pairs of review and feature, sorted."""
    return sorted(
        (found.first_row + row, key)
        for found in extract_ngrams(texts, ngrams)
        for row, key in zip(found.rows.tolist(), found.keys.tolist(), strict=True)
    )


def keys_of(text: str, ngrams: NGrams) -> list[int]:
    """The features of one review, sorted."""
    return [key for _, key in pairs_of([text], ngrams)]


def slow_features(text: str, ngrams: NGrams) -> set[str]:
    """What `name_features` calls each feature of a review, found with Python loops."""
    normalized = normalize(text) + "\n"
    starts, ends = token_spans(code_points(normalized))
    tokens = [normalized[s:e] for s, e in zip(starts, ends, strict=True)]
    found = set()
    negated = slow_negated(tokens, ngrams.negation, ngrams.reversal)
    itself = [not (ngrams.reversal and number in negated) for number in range(len(tokens))]
    for order in range(1, ngrams.words + 1):
        for first in range(len(tokens) - order + 1):
            if order == 1 and not itself[first]:
                continue
            span = " ".join(tokens[first : first + order])
            found.add(span)
            if order <= ngrams.tail_words and first >= len(tokens) - ngrams.tail:
                found.add(f"… {span}")
    if ngrams.stem:
        found |= {
            token[: ngrams.stem] + "-" * (len(token) > ngrams.stem)
            for token, plain in zip(tokens, itself, strict=True)
            if plain
        }
    found |= {f"not … {tokens[number]}" for number in negated}
    squeezed = " ".join(["", *normalized.split(), ""]) if normalized.split() else " "
    shortest, longest = ngrams.characters
    for order in range(shortest, longest + 1):
        if order:
            found |= {f"‹{squeezed[i : i + order]}›" for i in range(len(squeezed) - order + 1)}
    return found


def slow_negated(tokens: list[str], reach: int, reversal: int) -> set[int]:
    """The numbers of the tokens that stand under a negation, or before one that stands alone."""
    if not reach:
        return set()
    found, left = set(), 0
    for number, token in enumerate(tokens):
        if token == "not":
            left = reach
        elif token in ".,;:!?()":
            left = 0
        elif left:
            found.add(number)
            left -= 1
    followed = [*tokens[1:], "."]
    alone = {
        number
        for number, token in enumerate(tokens)
        if token == "not" and followed[number] in ".,;:!?"
    }
    before = {number - back for number in alone for back in range(1, reversal + 1)}
    # The nearest negation that stands alone is what counts, and is not itself under another.
    return found | {number for number in before - alone if number >= 0}


def spelled(name: str) -> str:
    """Compare what features are made of: `a.` and `a .` are the same tokens, `a` and `a-` stems."""
    return name if name.startswith("‹") else name.replace(" ", "").rstrip("-")


@given(TEXTS, KINDS)
def test_occurrences_are_the_features_that_python_loops_find(texts, ngrams):
    pairs = pairs_of(texts, ngrams)
    for row, text in enumerate(texts):
        keys = np.array([key for where, key in pairs if where == row], np.uint64)
        names = name_features([text], ngrams, keys)
        assert len(names) == keys.size == np.unique(keys).size
        assert set(map(spelled, names.values())) == set(map(spelled, slow_features(text, ngrams)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not a good film", {"a", "good", "film"}),
        ("not good, fine", {"good"}),
        ("didn't like it but fun", {"like", "it"}),
        ("no no fun", {"fun"}),
        ("it was fun", set()),
        ("not one two three four five six seven", {"one", "two", "three", "four", "five", "six"}),
    ],
)
def test_a_negation_reaches_to_the_next_stop_or_six_words(text, expected):
    ngrams = NGrams(words=1, tail=0, stem=0)
    names = name_features([text, "x"], ngrams, np.array(keys_of(text, ngrams), np.uint64)).values()
    assert {name[6:] for name in names if name.startswith("not … ")} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I hoped it would be good, but it wasn't.", {"good"}),
        ("good? no, not at all. fine", {"good"}),
        ("it used to be good", {"good"}),
        ("it could have been good", {"good"}),
        ("far from good", {"good"}),
        ("it was good until they sold it, bad luck", {"good"}),
        ("back when it was good", {"good"}),
        ("good, he said. nothing of the kind", {"good"}),
        ("bad? not this one here", {"bad"}),
        ("good, but not the ending", set()),
        ("good. it is not bad", {"bad"}),
        ("have been good", set()),
    ],
)
def test_words_that_are_taken_back_are_not_themselves(text, expected):
    ngrams = NGrams(words=1, tail=0, stem=0, reversal=12)
    names = name_features([text], ngrams, np.array(keys_of(text, ngrams), np.uint64)).values()
    assert {name[6:] for name in names if name.startswith("not … ")} & {"good", "bad"} == expected
    assert expected.isdisjoint(names)


def test_a_negation_does_not_reach_into_the_next_review():
    ngrams = NGrams(words=1, tail=0, stem=0)
    assert len(pairs_of(["not", "good"], ngrams)) == 2


@given(TEXTS, KINDS)
def test_a_review_has_the_same_features_in_any_company(texts, ngrams):
    together = pairs_of(texts, ngrams)
    alone = [(row, key) for row, text in enumerate(texts) for key in keys_of(text, ngrams)]
    assert together == alone


def test_a_review_longer_than_a_piece_has_the_features_of_its_whole(monkeypatch):
    text = " ".join(f"w{n % 50} w{n % 7}" for n in range(300))
    ngrams = NGrams(words=3, tail=20, stem=2, negation=3)
    whole = pairs_of(["x", text, "y z"], ngrams)
    monkeypatch.setattr("sentiment.features.tokens.PIECE_SIZE", 200)
    monkeypatch.setattr("sentiment.features.matrix._TAGS_AT_ONCE", 100)
    assert pairs_of(["x", text, "y z"], ngrams) == whole


@given(st.lists(st.integers(0, 30) | st.integers(0, 2**64 - 1), max_size=2000))
def test_distinct_keeps_each_once_where_it_stands_last(numbers):
    expected = list(dict.fromkeys(numbers[::-1]))[::-1]
    assert distinct(np.array(numbers, np.uint64)).tolist() == expected


def test_distinct_ends_where_all_that_differ_share_their_slots():
    slots_of_multiples = np.arange(3000, dtype=np.uint64) << np.uint64(50)
    assert np.array_equal(distinct(slots_of_multiples), slots_of_multiples)


def test_every_review_is_there_even_without_features():
    found = list(extract_ngrams(["good film", "", "good"], NGrams(words=1, tail=0, stem=0)))
    assert [(part.first_row, part.reviews) for part in found] == [(0, 3)]
    assert sorted(found[0].rows.tolist()) == [0, 0, 2]


@pytest.mark.parametrize("texts", [[], [""], ["", " \n"]])
def test_no_words_have_no_features(texts):
    assert pairs_of(texts, NGrams()) == []


def test_features_of_the_end_differ_from_the_same_words_elsewhere():
    ngrams = NGrams(words=1, tail=1, stem=0)
    end = set(keys_of("a b", ngrams))
    start = set(keys_of("b a", ngrams))
    assert len(end) == len(start) == 3
    assert len(end & start) == 2


def test_names_of_very_long_words_are_cut():
    ngrams = NGrams(2, 2, 1, 0, 0, (0, 0))
    keys = np.array(keys_of("very " + "long" * 10_000, ngrams), np.uint64)
    names = name_features(["very " + "long" * 10_000], ngrams, keys)
    assert len(names) == keys.size
    assert max(map(len, names.values())) <= 102
    assert f"very {'long' * 23}lo…" in names.values()
