import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features.naming import name_features
from sentiment.features.ngrams import NGrams, batches, occurrences
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
    characters=st.sampled_from([(0, 0), (1, 1), (2, 4)]),
)


def slow_features(text: str, ngrams: NGrams) -> set[str]:
    """What `name_features` calls each feature of a review, found with Python loops."""
    normalized = normalize(text) + "\n"
    starts, ends = token_spans(code_points(normalized))
    tokens = [normalized[s:e] for s, e in zip(starts, ends, strict=True)]
    found = set()
    for order in range(1, ngrams.words + 1):
        for first in range(len(tokens) - order + 1):
            span = " ".join(tokens[first : first + order])
            found.add(span)
            if order <= ngrams.tail_words and first >= len(tokens) - ngrams.tail:
                found.add(f"… {span}")
    if ngrams.stem:
        found |= {token[: ngrams.stem] + "-" * (len(token) > ngrams.stem) for token in tokens}
    found |= {f"not … {token}" for token in slow_negated(tokens, ngrams.negation)}
    squeezed = " ".join(["", *normalized.split(), ""]) if normalized.split() else " "
    shortest, longest = ngrams.characters
    for order in range(shortest, longest + 1):
        if order:
            found |= {f"‹{squeezed[i : i + order]}›" for i in range(len(squeezed) - order + 1)}
    return found


def slow_negated(tokens: list[str], reach: int) -> list[str]:
    """The tokens that stand under a negation."""
    found, left = [], 0
    for token in tokens:
        if token == "not":
            left = reach
        elif token in ".,;:!?()":
            left = 0
        elif left:
            found.append(token)
            left -= 1
    return found


def spelled(name: str) -> str:
    """Compare what features are made of: `a.` and `a .` are the same tokens, `a` and `a-` stems."""
    return name if name.startswith("‹") else name.replace(" ", "").rstrip("-")


@given(TEXTS, KINDS)
def test_occurrences_are_the_features_that_python_loops_find(texts, ngrams):
    found = occurrences(texts, ngrams)
    for row, text in enumerate(texts):
        keys = found.keys[found.rows == row]
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
    names = name_features([text, "x"], ngrams, occurrences([text], ngrams).keys).values()
    assert {name[6:] for name in names if name.startswith("not … ")} == expected


def test_a_negation_does_not_reach_into_the_next_review():
    ngrams = NGrams(words=1, tail=0, stem=0)
    assert occurrences(["not", "good"], ngrams).keys.size == 2


@given(TEXTS, KINDS)
def test_a_review_has_the_same_features_in_any_company(texts, ngrams):
    together = occurrences(texts, ngrams)
    for row, text in enumerate(texts):
        alone = occurrences([text], ngrams)
        assert together.keys[together.rows == row].tolist() == alone.keys.tolist()


def test_a_review_longer_than_a_piece_has_the_features_of_its_whole(monkeypatch):
    text = " ".join(f"w{n % 50} w{n % 7}" for n in range(300))
    ngrams = NGrams(words=3, tail=20, stem=2, negation=3)
    whole = occurrences(["x", text, "y z"], ngrams)
    monkeypatch.setattr("sentiment.features.tokens.PIECE_SIZE", 200)
    monkeypatch.setattr("sentiment.features.ngrams._PAIRS_AT_ONCE", 100)
    cut = occurrences(["x", text, "y z"], ngrams)
    assert cut.keys.tolist() == whole.keys.tolist()
    assert cut.rows.tolist() == whole.rows.tolist()


@given(st.lists(st.integers(0, 9), max_size=30))
def test_batches_hold_every_review_once_and_are_bounded(lengths):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sentiment.features.ngrams._BATCH_CHARACTERS", 10)
        patch.setattr("sentiment.features.ngrams.ROWS_PER_BATCH", 4)
        texts = ["x" * length for length in lengths]
        cut = [texts[rows] for rows in batches(texts)]
    assert [text for batch in cut for text in batch] == texts
    assert all(0 < len(batch) <= 4 for batch in cut)
    assert all(sum(map(len, batch)) <= 10 or len(batch) == 1 for batch in cut)


def test_pairs_are_sorted_by_key_then_row():
    found = occurrences(["good film", "film good", "good"], NGrams(words=1, tail=0, stem=0))
    pairs = list(zip(found.keys.tolist(), found.rows.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert len(pairs) == 5


@pytest.mark.parametrize("texts", [[], [""], ["", " \n"]])
def test_no_words_have_no_features(texts):
    assert occurrences(texts, NGrams()).keys.size == 0


def test_features_of_the_end_differ_from_the_same_words_elsewhere():
    ngrams = NGrams(words=1, tail=1, stem=0)
    end = set(occurrences(["a b"], ngrams).keys.tolist())
    start = set(occurrences(["b a"], ngrams).keys.tolist())
    assert len(end) == len(start) == 3
    assert len(end & start) == 2
