"""Pictures of a summary: which one a name asks for, and what is on it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.pages.charts import Band, Line, draw
from sentiment.summary.pictures import (
    groups,
    kind_of,
    picture_of,
    shares,
    trend,
    write_picture,
)
from tests.summary.made_up import THREE, Maker


@pytest.mark.parametrize(
    ("name", "dated", "grouped", "kind"),
    [
        ("trend.png", True, True, "trend"),
        ("shop-groups.svg", True, True, "groups"),
        ("Shares.PDF", True, True, "shares"),
        ("picture.png", True, True, "trend"),
        ("picture.png", False, True, "groups"),
        ("picture.png", False, False, "shares"),
    ],
)
def test_the_name_says_what_is_drawn(name, dated, grouped, kind):
    assert kind_of(Path(name), dated=dated, grouped=grouped) == kind


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trend.png", "trend needs dates: give --over COLUMN"),
        ("a-groups.svg", "groups needs groups: give --by COLUMN"),
        ("trend.jpg", "pictures are .png, .pdf, .svg"),
        ("trend", "pictures are .png, .pdf, .svg"),
    ],
)
def test_what_cannot_be_drawn_is_said(name, words):
    with pytest.raises(UsageError, match=words):
        kind_of(Path(name), dated=False, grouped=False)


def test_a_trend_has_a_line_and_a_band_for_each_class_with_gaps():
    picture = trend(Maker(THREE).summary())
    lines = [layer for layer in picture.layers if isinstance(layer, Line)]
    bands = [layer for layer in picture.layers if isinstance(layer, Band)]
    assert [line.name for line in lines if line.name] == list(THREE)
    assert len(lines) == len(bands) == 2 * len(THREE)  # month 5 has no reviews
    assert lines[0].x.tolist() == [0, 1, 2, 3, 4]
    for line, band in zip(lines, bands, strict=True):
        assert np.all((band.low <= line.y) & (line.y <= band.high))
    assert "1 of 14 periods has too few reviews" in picture.summary
    assert picture.x.tick_texts()[0] == "2023-01"
    assert len(draw(picture).shapes) == len(lines) + len(bands) + 13 * len(THREE)


def test_groups_are_sorted_and_those_that_differ_are_marked():
    picture = groups(Maker().summary())
    assert picture.rows[0] == "Station *"
    assert "Harbor *" in picture.rows
    assert "Closed" not in picture.rows
    assert np.all(np.diff(picture.series[0].x) <= 0)
    assert len(picture.series) == 1
    assert len(groups(Maker(THREE).summary()).series) == len(THREE)


def test_shares_have_the_counts_beside_them_where_these_were_corrected():
    assert [each.name for each in shares(Maker().summary()).series][-1] == "answers counted"
    assert len(shares(Maker(corrected=False).summary()).series) == 2


@pytest.mark.parametrize("word", [r"$\frac{", "_hidden", "漢字 🍜", "\u202e\x00\ud800", "x" * 500])
def test_any_name_is_drawn(tmp_path, word, recwarn):
    path = tmp_path / "groups.svg"
    summary = Maker(periods=0, sites=2, word=lambda text: word + text).summary()
    write_picture(picture_of(summary, path), path)
    assert path.read_bytes().startswith(b"<?xml")
    assert not recwarn.list


@pytest.mark.parametrize(
    ("maker", "title"),
    [
        (Maker(), "Share of each answer by month"),
        (Maker(THREE, periods=0), "By site"),
        (Maker(THREE, periods=0, sites=0), "8,412 reviews"),
    ],
)
def test_the_same_summary_gives_the_same_picture(tmp_path, maker, title):
    for path in (tmp_path / "a.svg", tmp_path / "b.svg"):
        picture = picture_of(maker.summary(), path)
        assert picture.title.startswith(title)
        write_picture(picture, path)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_a_picture_is_a_png(tmp_path):
    path = tmp_path / "trend.png"
    write_picture(picture_of(Maker().summary(), path), path)
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trend.png", "no month has enough reviews"),
        ("groups.png", "no group has enough reviews"),
        ("shares.png", "there are not enough reviews"),
    ],
)
def test_without_enough_reviews_there_is_no_picture(name, words):
    summary = Maker().summary()
    few = replace(summary, cells=tuple(replace(cell, shares=()) for cell in summary.cells))
    with pytest.raises(DataError, match=f"{words} for shares; lower --min"):
        picture_of(few, Path(name))
