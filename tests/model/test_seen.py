"""What a model remembers of its reviews, and what that says of others."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.digests import digests_of, passages_of
from sentiment.model import provenance
from sentiment.model.file import load_model, save_model
from sentiment.model.provenance import Overlap, TrainingHashes
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

TEXTS = st.lists(st.text(max_size=40), max_size=12)
# A sentence of its own in each, so that no two share their longest.
BODIES = [f"The kettle of shop {n} boiled dry within the first {n} weeks. Sad!" for n in range(400)]


@pytest.fixture
def small_memory(monkeypatch) -> int:
    """Of 400 texts only some fifty are remembered."""
    monkeypatch.setattr(provenance, "SEEN_LIMIT", 50)
    return 50


@given(TEXTS, TEXTS)
def test_overlap_counts_the_texts_that_were_remembered(remembered, others):
    memory = TrainingHashes(passages=None).adding(remembered)
    overlap = memory.overlap(memory.digests(others))
    same = {" ".join(text.split()) for text in remembered}
    assert overlap.found == sum(" ".join(text.split()) in same for text in others)
    assert overlap.checked == overlap.reviews == len(others)


@given(TEXTS, TEXTS)
def test_a_text_that_was_remembered_is_known(remembered, others):
    memory = TrainingHashes().adding(others).adding(remembered)
    assert memory.known(memory.digests(remembered)).all()


@given(st.text("abc é", max_size=30), st.text(max_size=20))
def test_it_does_not_matter_whether_a_title_is_read_too(words, title):
    body = f"So {words} is what we were told at the desk"
    assert passages_of([body])[0] == passages_of([f"{title}\n{body}"])[0]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Broken.\nIt came in pieces, in a torn box.", "It came in pieces, in a torn box.", True),
        ("It came in pieces, in a torn box!", "it came in pieces in a torn box", True),
        ("題名\n箱が破れていました！二度と買わないと思います", "二度と買わないと思います", True),
        ("Great. Thanks.", "Awful. Thanks.", False),
        ("Great", "Great!", True),
        ("", " ", True),
        ("🙂 🙂", "🙂 🙁", False),
        ("It came in pieces, in a torn box.", "It came in pieces, in a good box.", False),
    ],
)  # fmt: skip
def test_texts_are_found_by_their_longest_sentence(one, other, same):
    assert (passages_of([one])[0] == passages_of([other])[0]) == same


@given(st.text(max_size=30))
def test_white_space_does_not_count(text):
    spaced = f" {text}\t\n".replace(" ", " \u2003")
    assert digests_of([text]).tolist() == digests_of([spaced]).tolist()


def test_of_texts_beyond_the_memory_only_some_can_be_checked(small_memory):
    memory = TrainingHashes().adding(BODIES)
    digests = memory.digests(BODIES)
    overlap = memory.overlap(digests)
    assert overlap.found == overlap.checked == small_memory
    assert overlap.is_known_set
    assert not memory.new(digests).any()
    assert memory.checkable(digests).sum() == small_memory


def test_what_cannot_be_checked_is_as_likely_known_as_what_can(small_memory):
    memory = TrainingHashes().adding(BODIES[:200])  # one in four can be checked
    digests = memory.digests(BODIES[100:300])
    new, known = memory.new(digests), np.arange(200) < 100
    assert not new[known].any()
    assert 10 < new.sum() < 45, "none but those that could have been known"
    assert not memory.is_known_set(digests)
    assert memory.is_known_set(memory.digests(BODIES[5:205]))


def test_where_hardly_any_is_known_all_others_are_new(small_memory):
    memory = TrainingHashes().adding(BODIES[:200])
    digests = memory.digests(BODIES[195:])
    assert memory.new(digests).sum() >= 200
    assert not memory.is_known_set(digests)


def test_few_that_are_added_to_many_are_all_known(small_memory):
    """As on a base, or by calibration: most hashes are above all that is checked by."""
    memory = TrainingHashes().adding(BODIES[:200]).adding(BODIES[200:220]).adding(BODIES[220:240])
    assert memory.overlap(memory.digests(BODIES[200:240])) == Overlap(40, 40, 0, 40)
    digests = memory.digests(BODIES)  # six of ten are known
    sure = memory.checkable(digests)
    assert sure.sum() < 120, "a sample is checked by, as ever"
    assert set(memory.new(digests).nonzero()[0]) == set(sure[240:].nonzero()[0] + 240)
    others = memory.digests(BODIES[239:])  # hardly any is known
    assert memory.new(others).tolist() == [False] + 160 * [True]


def test_one_that_is_known_by_chance_makes_no_set_known(small_memory):
    memory = TrainingHashes().adding([*BODIES[:200], "Thank you"])
    digests = memory.digests(["Thank you", *BODIES[200:230]])
    memory = TrainingHashes(memory.whole, np.union1d(memory.passages[1:], digests[:1]))
    known, checkable = memory.known(digests), memory.checkable(digests)
    assert (known.sum(), checkable.sum() > 1) == (1, True)
    assert memory.new(digests).tolist() == [False] + 30 * [True]
    assert not memory.is_known_set(digests)
    assert memory.is_known_set(digests[:1])


def test_of_nothing_nothing_is_known():
    assert TrainingHashes().overlap(TrainingHashes().digests(BODIES)) == Overlap(0, 400, 400, 400)
    assert not TrainingHashes().is_known_set(digests_of([]))


def test_a_file_of_an_older_program_finds_whole_texts(tmp_path):
    old = load_model(ROOT / "tests/fixtures/format-1.safetensors")
    assert old.record.training_hashes.passages is None
    more = old.record.training_hashes.adding(["A title\nIt came in pieces, in a torn box."])
    assert more.passages is None, "half of what it was made with would be taken for all"
    assert more.known(more.digests(["A title It came in pieces, in a torn box."])).all()
    save_model(old, tmp_path / "again")
    assert load_model(tmp_path / "again").record.training_hashes.passages is None


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Reviews with titles, all of one shop."""
    path = tmp_path_factory.mktemp("shop") / "shop.jsonl"
    words = (("Love it", "warm, quick and lovely"), ("Hate it", "cold, slow and dreadful"))
    rows = [
        {
            "title": f"{words[n % 2][0]} {n}",
            "body": f"Order {n} was {words[n % 2][1]} all the way. Yes.",
            "stars": "pos" if n % 2 == 0 else "neg",
        }
        for n in range(120)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("trained", "evaluated"),
    [
        (("title", "body"), ("body",)),
        pytest.param(("body",), ("title", "body"), marks=pytest.mark.slow),
    ],
)
def test_evaluate_finds_reviews_read_by_other_columns(run, shop, tmp_path, trained, evaluated):
    by = ["--label-column", "stars"]
    for name, columns in (("trained", trained), ("evaluated", evaluated)):
        flags = [flag for column in columns for flag in ("--text-column", column)]
        if name == "trained":
            done = run("train", shop, *flags, *by, "-o", tmp_path / "m", "--epochs", "1")
        else:
            done = run("evaluate", shop, *flags, *by, "-m", tmp_path / "m")
        assert done.returncode == 0, done.stderr
    assert "120 of 120 reviews were used to make the model" in done.stderr
    assert "the figures say nothing about new reviews" in done.stderr


def test_compare_says_once_that_both_have_seen_the_reviews(run, shop, tmp_path):
    made = [tmp_path / "a", tmp_path / "b"]
    run("train", shop, "--label-column", "stars", "--text-column", "body", "-o", made[0],
        "--epochs", "1")  # fmt: skip
    made[1].write_bytes(made[0].read_bytes())
    done = run("compare", *made, shop, "--label-column", "stars", "--text-column", "body")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("warning") == 1
    assert (
        f"120 of 120 reviews were used to make {made[0]}, 120 of 120 reviews to make {made[1]}, "
        "or share their longest sentence with one that was; the figures say nothing about new "
        "reviews"
    ) in done.stderr


def test_hashes_that_are_known_already_need_not_be_computed_again():
    known = TrainingHashes().adding(BODIES, digests_of(BODIES))
    computed = TrainingHashes().adding(BODIES)
    assert np.array_equal(known.whole, computed.whole)
    assert np.array_equal(known.passages, computed.passages)
