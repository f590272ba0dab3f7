"""`sentiment summarize --html` and `--plot`, as users run them."""

import pytest

from tests.cli.test_summarize import FAST, write
from tests.markup import Page


@pytest.fixture
def reviews(tmp_path):
    return write(tmp_path / "reviews.csv", rows=240)


def test_a_page_and_pictures_are_written_beside_what_is_printed(run, reviews, tmp_path):
    done = run("summarize", reviews, *FAST, "--by", "store", "--over", "when", "--unit", "month",
               "--html", "summary.html", "--plot", "trend.png", "--plot", "by-groups.svg",
               "--count-repeats", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "240\nreviews" in done.stdout.replace(" ", "\n")
    assert "saved summary.html" in done.stderr
    assert "saved trend.png: Share of each answer by month" in done.stderr
    assert "saved by-groups.svg: By store, with 95% intervals" in done.stderr
    page = Page((tmp_path / "summary.html").read_bytes())
    shown = " ".join(" ".join(page.texts).split())
    assert "Of 240 reviews," in shown
    assert "cover chance alone" in shown  # the bundled model does not know its errors
    assert all(store in shown for store in ("north", "south", "west"))
    assert (tmp_path / "trend.png").read_bytes().startswith(b"\x89PNG")
    assert b"south" in (tmp_path / "by-groups.svg").read_bytes()


def test_the_same_reviews_give_the_same_page(run, reviews, tmp_path):
    for name in ("a.html", "b.html"):
        done = run("summarize", reviews, *FAST, "--by", "store", "--html", name, "-q", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--plot", "trend.png"], "trend needs dates: give --over COLUMN, or another name"),
        (["--plot", "groups.png"], "groups needs groups: give --by COLUMN, or another name"),
        (["--plot", "trend.jpg"], "pictures are .png, .pdf, .svg"),
        (["--html", "reviews.csv"], "reviews.csv"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_read(
    run, reviews, tmp_path, options, words
):
    before = reviews.read_bytes()
    done = run("summarize", "reviews.csv", *FAST, *options, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stdout == ""
    assert [each.name for each in tmp_path.iterdir()] == ["reviews.csv"]
    assert reviews.read_bytes() == before


def test_a_picture_without_a_wanted_name_shows_what_there_is(run, reviews, tmp_path):
    done = run("summarize", reviews, *FAST, "--count-repeats", "--plot", "picture.svg",
               cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "saved picture.svg: 240 reviews, with 95% intervals" in done.stderr


def test_too_few_reviews_for_a_picture_leave_no_file(run, reviews, tmp_path):
    done = run("summarize", reviews, *FAST, "--by", "store", "--min", "1000", "--html", "a.html",
               "--plot", "groups.png", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 3
    assert "no group has enough reviews for shares; lower --min" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["reviews.csv"]


def test_an_existing_page_is_kept_without_force(run, reviews, tmp_path):
    page = tmp_path / "summary.html"
    page.write_text("mine")
    done = run("summarize", reviews, *FAST, "--html", page)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert page.read_text() == "mine"
    assert run("summarize", reviews, *FAST, "--html", page, "--force").returncode == 0
    assert page.read_text() != "mine"


def test_hostile_columns_and_reviews_stay_text(run, tmp_path):
    evil = "</style><script>alert(1)</script>"
    rows = "".join(f'"{evil} a terrible film, hated it {n}","{evil}{n % 2}"\n' for n in range(100))
    (tmp_path / "r.csv").write_text(f'text,"<b>{evil}"\n{rows}')
    done = run("summarize", "r.csv", *FAST, "--by", f"<b>{evil}", "--html", "s.html",
               "--plot", "groups.svg", "--count-repeats", cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = Page((tmp_path / "s.html").read_bytes())
    assert [tag for tag, _ in page.tags if tag in ("script", "style")] == ["style", "script"]
    assert all("alert" not in raw for raw in page.raw["script"])
    assert f"{evil}0" in "".join(page.texts)
    assert b"<script" not in (tmp_path / "groups.svg").read_bytes()
