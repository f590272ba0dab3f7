"""`report` through the real command line."""

import os
import re

import pytest

from tests.conftest import TEST


def test_the_page_holds_what_evaluate_says_and_is_always_the_same(run, trained, tmp_path):
    one, other = tmp_path / "one.html", tmp_path / "other.html"
    for page in (one, other):
        done = run("report", TEST, "-m", trained, "-o", page, "--slice", "domain")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert done.stderr.endswith(f"saved {page}\n")
    assert one.read_bytes() == other.read_bytes()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["one.html", "other.html"]
    page = one.read_text(encoding="utf-8")
    figures = run("evaluate", TEST, "-m", trained, "--slice", "domain").stdout
    for name in ("macro F1", "MCC", "ROC AUC", "PR AUC", "log loss", "Brier"):
        value, interval = re.search(rf"{name} +(\S+) +(\S+)", figures).groups()
        assert f'<dd class="value">{value}</dd>\n      <dd class="ends">{interval}</dd>' in page
    for title in ("By <bdi>domain", "By <bdi>length", "By <bdi>negation", "model.safetensors, "):
        assert title in page
    assert page.count("<article") == 20
    assert str(TEST.parent) not in page  # where files are is nobody's business
    assert len(page) < 300_000


def test_without_a_name_it_is_report_html_and_is_not_overwritten(run, trained, tmp_path):
    done = run("report", TEST, "-m", trained, "--threshold", "0.123", cwd=tmp_path)
    assert done.returncode == 0
    assert 'data-threshold="0.123"' in (tmp_path / "report.html").read_text(encoding="utf-8")
    done = run("report", TEST, "-m", trained, cwd=tmp_path)
    assert done.returncode == 2
    assert "report.html exists; --force overwrites it" in done.stderr


def test_warnings_stand_in_the_page_without_folders(run, trained, tmp_path):
    reviews = "text,label\ngood,1\n\u200b,0\nbad,0\n,1\n"
    (tmp_path / "a.csv").write_text(reviews, encoding="utf-8")
    page = tmp_path / "page.html"
    assert run("report", tmp_path / "a.csv", "-m", trained, "-o", page).returncode == 0
    shown = page.read_text(encoding="utf-8")
    assert "1 review has nothing to read; dropped" in shown
    assert "<bdi>a.csv: 1 row has no text; dropped</bdi>" in shown


PICTURES = ("confusion.png", "shop-ROC.png", "precision-recall.png", "reliability.svg",
            "x_scores.pdf", "training.png")  # fmt: skip


@pytest.mark.slow
def test_pictures_by_their_names_and_no_page(run, trained, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib, which is not installed")
    asked = [part for name in PICTURES for part in ("--plot", name)]
    done = run("report", TEST, "-m", trained, *asked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {each.name for each in tmp_path.iterdir()} == set(PICTURES)
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    for name in PICTURES:
        content = (tmp_path / name).read_bytes()
        assert content.startswith(starts[name[-3:]])
        assert len(content) > 4000
    again = run("report", TEST, "-m", trained, *asked, "--force", cwd=tmp_path)
    assert again.returncode == 0
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("curve.png", "curve.png: the name must end with one of confusion, roc, "),
        ("roc.gif", "roc.gif: pictures are .png, .pdf, .svg"),
        ("proc.png", "proc.png: the name must end with one of "),
    ],
)
def test_a_picture_that_there_is_not(run, tmp_path, name, says):
    done = run("report", TEST, "--plot", name, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert says in done.stderr


def test_a_picture_of_nothing_leaves_no_file(run, trained, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib, which is not installed")
    (tmp_path / "a.csv").write_text("text,label\ngood,1\nbad,1\n")
    done = run(
        "report", "a.csv", "-m", trained, "--plot", "scores.png", "--plot", "roc.png",
        "--positive", "1", "--negative", "0", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 3
    assert "no picture roc: all reviews have the same label" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def test_without_matplotlib_the_command_that_installs_it(start, trained, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['matplotlib'] = None")
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {"PYTHONPATH": os.pathsep.join(paths)}
    done = start("report", TEST, "-m", trained, "--plot", "roc.png", cwd=tmp_path, env=environment)
    assert (done.returncode, done.stderr) == (
        5,
        "error: pictures need matplotlib, which is not installed: pip install matplotlib\n",
    )
    page = start("report", TEST, "-m", trained, cwd=tmp_path, env=environment)
    assert page.returncode == 0, page.stderr
