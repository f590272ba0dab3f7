"""`report` through the real command line."""

import hashlib
import json
import os
import re

import pytest

from tests.conftest import ROOT, TEST

TWO = ROOT / "tests" / "fixtures" / "format-4.safetensors"


@pytest.mark.slow
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
    assert page.count("<article") == 50
    assert str(TEST.parent) not in page  # where files are is nobody's business
    assert len(page) < 300_000


def test_simple_answers_stand_beside_unless_there_are_too_few_reviews(run, trained, tmp_path):
    few, page = tmp_path / "few.csv", tmp_path / "page.html"
    few.write_text("text,label\ngood,1\nbad,0\n")
    for data, options, there, why in (
        (TEST, (), True, False),
        (TEST, ("--no-baseline",), False, False),
        (few, (), False, True),
    ):
        done = run("report", data, "-m", trained, "-o", page, "--force", *options)
        assert done.returncode == 0, done.stderr
        shown = page.read_text(encoding="utf-8")
        assert ("<bdi>TF-IDF + logistic regression</bdi>" in shown) == there
        assert ("There is no baseline" in shown) == why
        assert "<bdi>always negative</bdi>" in shown


@pytest.mark.slow
def test_against_says_what_compare_says(run, trained, tmp_path):
    page, old = tmp_path / "page.html", tmp_path / "old.csv"
    answered = ("predict", "-i", TEST, "-m", "fast", "--classes", "negative,positive", "-o", old)
    assert run(*answered).returncode == 0
    found = json.loads(run("compare", old, trained, TEST, "--json").stdout)
    done = run("report", TEST, "-m", trained, "--against", old, "-o", page, "--no-baseline")
    assert done.returncode == 0, done.stderr
    shown = page.read_text(encoding="utf-8")
    low, high = (f"{100 * end:+.1f}".replace("-", "−") for end in found["accuracy"]["interval"])
    change = f"{100 * found['accuracy']['difference']:+.1f}".replace("-", "−")
    assert f"{change} ({low} to {high})" in shown
    assert f'<td class="wrong">{found["only_a_right"]}</td>' in shown
    assert f'<td class="right">{found["only_b_right"]}</td>' in shown
    assert "old.csv gets" in shown
    differing = found["only_a_right"] + found["only_b_right"]
    assert f"{differing} reviews are answered differently" in shown
    assert str(tmp_path) not in shown


@pytest.mark.parametrize(
    ("old", "code", "said"),
    [
        ("none.safetensors", 4, "none.safetensors: no such model"),
        ("short.csv", 3, "short.csv: 1 predictions for"),
        ("page.html", 2, "page.html"),
    ],
)
def test_an_old_model_that_cannot_be_read_leaves_the_page_as_it_was(
    run, trained, tmp_path, old, code, said
):
    (tmp_path / "short.csv").write_text("predicted\npositive\n")
    page = tmp_path / "page.html"
    page.write_text("as it was")
    done = run("report", TEST, "-m", trained, "--against", old, "-o", page, "--force", cwd=tmp_path)
    assert (done.returncode, page.read_text()) == (code, "as it was")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_says_which_model_and_when(run, trained, tmp_path):
    page = tmp_path / "page.html"
    assert run("report", TEST, "-m", trained, "-o", page, "--no-baseline").returncode == 0
    shown = page.read_text(encoding="utf-8")
    digest = hashlib.sha256(trained.read_bytes()).hexdigest()[:12]
    assert f"<bdi>model.safetensors, SHA-256 {digest}, trained on " in shown
    assert re.search(r'<p class="origin">\d{1,2} [A-Z][a-z]+ 20\d\d · ', shown)


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
        ("proc.png", "proc.png (did you mean roc?): the name must end with one of "),
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


@pytest.mark.slow
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


def test_predictions_keep_to_their_rows_when_reviews_are_dropped(run, tmp_path):
    reviews, old, page = (tmp_path / name for name in ("r.csv", "old.csv", "page.html"))
    reviews.write_text("text,label\ngood film,1\n\u200b,0\n,1\nbad film,0\na good film,1\n")
    old.write_text("predicted\npositive\npositive\npositive\nnegative\nnegative\n")
    done = run("report", reviews, "-m", TWO, "--against", old, "-o", page)
    assert done.returncode == 0, done.stderr
    shown = page.read_text(encoding="utf-8")
    found = json.loads(run("compare", old, TWO, reviews, "--json").stdout)
    assert (found["n"], found["accuracy"]["a"]) == (3, pytest.approx(2 / 3))
    assert "<td>66.7%</td>" in shown.split("<bdi>old.csv</bdi>")[1]
