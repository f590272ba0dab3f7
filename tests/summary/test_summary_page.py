"""The page of a summary as markup: what it says, and that a stranger's text stays text."""

import hashlib
import re
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import example, given, settings

from sentiment.summary.page import SHOWN_GROUPS, page_of, quoted, spark, write_page
from sentiment.summary.result import Cell, Quote, Share
from tests.markup import ANY, Page, squeezed
from tests.summary.made_up import THREE, Maker

FIVE = ("one", "two", "three", "four", "five")
RICH = Page(page_of(Maker(THREE, labelled=True).summary()))


def words_of(page: Page) -> str:
    return " ".join(" ".join(page.texts).split())


@settings(max_examples=10)
@given(ANY)
@example("</style><script>alert(1)</script><!--")
@example("x" * 10_000)
def test_any_text_stays_text(text):
    page = Page(page_of(Maker(THREE, labelled=True, word=lambda word: f"{word}{text}").summary()))
    assert not page.others
    known = {(tag, key) for tag, attributes in RICH.tags for key in attributes}
    found = {(tag, key) for tag, attributes in page.tags for key in attributes}
    assert found <= known
    assert not any(key.startswith("on") or key in ("src", "style") for _, key in found)
    assert page.raw == RICH.raw
    shown = "".join(page.texts)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    if len(text) < 1_000:
        assert squeezed(f"We waited an hour for a table we had booked.{text} We will see.") in (
            "".join(map(squeezed, page.reviews))
        )


def test_the_policy_lets_this_style_and_this_script_in_and_nothing_else():
    (policy,) = (
        attributes["content"]
        for tag, attributes in RICH.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    for tag in ("style", "script"):
        (content,) = RICH.raw[tag]
        digest = b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    links = [attributes.get("href", "#") for _, attributes in RICH.tags]
    assert all(link.startswith("#") for link in links)


@pytest.mark.parametrize(
    "maker",
    [
        Maker(),
        Maker(THREE),
        Maker(FIVE, labelled=True),
        Maker(tuple("abcdefghijkl")),
        Maker(periods=0),
        Maker(sites=0),
        Maker(themes=False, corrected=False),
        Maker(periods=1, sites=1),
        Maker(periods=0, sites=0, themes=False),
    ],
    ids=lambda maker: f"{len(maker.classes)}-{maker.periods}-{maker.sites}-{maker.themes}",
)
def test_every_link_leads_somewhere_and_every_picture_has_words(maker):
    page = Page(page_of(maker.summary()))
    known = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(known) == len(set(known))
    for _, attributes in page.tags:
        for key in ("href", "aria-labelledby", "aria-describedby", "for"):
            assert (attributes.get(key) or "#").removeprefix("#") in {*known, ""}
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes.get("aria-hidden") or attributes.get("aria-label")


def test_shares_stand_with_intervals_counts_and_labels():
    shown = words_of(RICH)
    share = Maker(THREE, labelled=True).summary().total.shares[0]
    assert share.labelled is not None
    assert f"{share.value:.1%} 95% interval {100 * share.low:.1f}–{share.high:.1%}" in shown
    assert f"answers counted, {share.counted:.1%} ; labelled: {share.labelled:.1%}" in (
        shown.replace("%;", "% ;")
    )


@pytest.mark.parametrize("title", ["/home/ann/r.csv", "C:\\ann\\r.csv", "ann/r.csv/", "r.csv"])
def test_the_page_does_not_tell_folders(title):
    shown = words_of(Page(page_of(replace(Maker().summary(), title=title))))
    assert "r.csv" in shown
    assert "ann" not in shown


def test_every_note_is_shown():
    shown = words_of(RICH)
    assert all(note in shown for note in Maker(THREE).summary().notes)


def test_groups_that_differ_are_marked_and_the_most_negative_is_first():
    page = page_of(Maker().summary()).decode()
    rows = re.findall(r'<tr class="(\w*)" data-reviews.*?<bdi>(.*?)</bdi>', page, re.DOTALL)
    assert rows[0] == ("differs", "Station")
    assert ("differs", "Harbor") in rows
    assert rows[-1] == ("small", "Closed")
    assert "less negative than the rest (29.0%)" in page


def test_of_many_groups_the_largest_are_shown_and_those_that_differ():
    many = Maker(periods=0, sites=SHOWN_GROUPS + 100).summary()
    last = many.groups[-2].group
    many = replace(many, differences=(replace(many.differences[0], group=last),))
    page = page_of(many).decode()
    assert page.count("<tr class") - page.count('class="more"') == SHOWN_GROUPS + 1
    assert last[0] in page
    assert "100 smaller groups are not in this page" in page


def test_without_enough_reviews_there_are_no_shares_but_a_page():
    summary = Maker(periods=3, sites=0).summary()
    few = tuple(replace(cell, shares=()) for cell in summary.cells)
    shown = words_of(Page(page_of(replace(summary, cells=few, moves=()))))
    assert "too few for shares" in shown
    assert "Trend" not in shown


def test_a_quote_stands_in_its_review():
    review = "It came late. The box was torn! Never again."
    shown = quoted(Quote("The box was torn!", review, "a.csv:2", 0))
    assert (shown.before, shown.sentence, shown.after) == (
        "It came late. ", "The box was torn!", " Never again.",
    )  # fmt: skip
    assert shown.left_out == 0


@pytest.mark.parametrize("begin", [0, 3_000, 5_990, 9_000])
def test_a_long_review_is_shown_around_its_sentence(begin):
    sentence = "The box was torn!"
    review = "a" * begin + sentence + "b" * (12_000 - begin)
    shown = quoted(Quote(sentence, review, "a.csv:2", 0))
    assert shown.sentence == sentence
    assert shown.before.endswith("a" * min(begin, 10))
    kept = shown.before.removeprefix("… ") + shown.sentence + shown.after
    assert kept in review
    assert len(kept) + shown.left_out == len(review)


def test_a_sentence_of_ten_thousand_characters_is_shortened():
    text = "so " * 3_333 + "bad"
    shown = quoted(Quote(text, text, "a.csv:2", 0))
    assert len(shown.short) < 500
    assert shown.short.endswith("…")
    assert text.startswith(shown.before + shown.sentence + shown.after)
    assert shown.left_out == len(text) - 6_000


def test_a_sentence_that_was_changed_on_the_way_is_not_marked():
    shown = quoted(Quote("The box is torn.", "The  box is torn.", "a.csv:2", 0))
    assert shown.before + shown.sentence + shown.after == "The  box is torn."
    assert shown.sentence == ""


def test_a_spark_has_gaps_and_needs_two_points():
    assert spark([]) == spark([0.1]) == spark([None, 0.2, None]) == ""
    assert spark([0.0, 0.0]).count("L") == 1
    path = spark([0.1, 0.2, None, 0.3, 0.4])
    assert (path.count("M"), path.count("L")) == (2, 2)


def test_the_page_is_written_whole(tmp_path):
    path = tmp_path / "summary.html"
    summary = Maker().summary()
    write_page(summary, path)
    assert path.read_bytes() == page_of(summary)
    assert [each.name for each in tmp_path.iterdir()] == ["summary.html"]


def test_the_first_words_are_for_a_reader_in_a_hurry():
    summary = Maker().summary()
    shown = words_of(Page(page_of(summary)))
    assert "Of 8,412 reviews, 27.0% are negative" in shown
    assert "The share of negative reviews rose from 23.0%" in shown
    assert "More negative than the rest beyond chance: Station (46.0% against 26.0%" in shown
    move = replace(summary.moves[-1], group=("Station",))
    shown = words_of(Page(page_of(replace(summary, moves=(move,)))))
    assert "The share of negative reviews in Station rose from 23.0%" in shown
    one = replace(summary, reviews=1, cells=(Cell((), None, 1, 0, ()),), periods=(), moves=())
    assert "1 review: too few for shares." in words_of(Page(page_of(one)))


def test_a_share_of_zero_and_one_is_drawn():
    summary = Maker(periods=2, sites=2).summary()
    none, all_ = Share(0.0, 0.0, 0.0, 0.0), Share(1.0, 1.0, 1.0, 1.0)
    cells = tuple(replace(cell, shares=(none, all_)) for cell in summary.cells)
    page = Page(page_of(replace(summary, cells=cells)))
    assert not any(re.search(r"\b(nan|inf)\b", str(tag)) for tag in page.tags)
