"""The page of `report` as people use it, in a headless Chromium."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sentiment.evaluation.metrics import of_two
from sentiment.evaluation.report.content import Report
from sentiment.evaluation.report.page import page_of
from sentiment.model.decision import Decision
from sentiment.model.file import load_model
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from tests.answers import answers_to
from tests.browser import Browser
from tests.conftest import TEST

pytestmark = pytest.mark.slow

# Between the stops of the sliders, and not the same to both sides.
OWN = Decision(0.43219, (0.38761, 0.6))
EVIL = [
    "<script>document.title = 'owned'</script> a wonderful, wonderful film",
    "</style></script><!-- <img src=https://example.org/x.png onerror=\"document.title='owned'\">",
    "\u202e desrever dna \x1b[31mred, it was awful \x9b2J",
    "'\"><svg onload=document.title='owned'> ]]> &lt;b&gt; " + "x" * 2000,
]


@pytest.fixture(scope="module")
def scored(trained) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels of reviews; every other one lies just where a slider can stop."""
    reviews = read_labelled([str(TEST)], ReadOptions())
    p_positive = load_model(trained).probabilities(reviews.texts)[:, 1]
    p_positive[::2] = np.round(p_positive[::2], 1)
    return p_positive, reviews.labels


@pytest.fixture(scope="module")
def page(trained, scored, tmp_path_factory) -> Path:
    """A report on them, of a model that leaves some unanswered."""
    model = replace(load_model(trained), decision=OWN)
    p_positive, labels = scored
    report = Report(model, of_two(p_positive), labels, {}, [], model_name="model", data_name="data")
    page = tmp_path_factory.mktemp("report") / "report.html"
    page.write_bytes(page_of(report))
    return page


@pytest.fixture(scope="module")
def hostile(run, trained, tmp_path_factory) -> Path:
    """A report on hostile reviews with either label, so that of any two one is a mistake."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [{"text": text, "label": label, "<i>": text} for text in EVIL for label in (0, 1)]
    (folder / "<b>.jsonl").write_text("\n".join(map(json.dumps, rows)))
    page = folder / "report.html"
    done = run("report", folder / "<b>.jsonl", "-m", trained, "-o", page, "--slice", "<i>")
    assert done.returncode == 0, done.stderr
    return page


def figures(browser: Browser) -> dict[str, str]:
    """What stands beside the slider now."""
    return browser.run(
        "Object.fromEntries([...document.querySelectorAll('[data-figure], [data-count]')]"
        ".map(e => [e.dataset.figure ?? e.dataset.count, e.textContent]))"
    )


def expected(p_positive: np.ndarray, labels: np.ndarray, decision: Decision) -> dict[str, str]:
    """What Python finds."""
    answers = np.array(answers_to(p_positive, decision), dtype=object)
    names = ("negative", "positive")
    truth = np.array(names, dtype=object)[labels]
    answered = answers != "uncertain"
    right = answers == truth

    def share(of: np.ndarray, among: np.ndarray) -> str:
        return f"{np.mean(of[among]):.1%}" if among.any() else "–"

    found = {"accuracy": share(right, answered), "coverage": f"{np.mean(answered):.1%}"}
    for name in names:
        found[f"recall-{name}"] = share(right, truth == name)
        found[f"precision-{name}"] = share(right, answers == name)
        for answer in ("negative", "uncertain", "positive"):
            found[f"{name}-{answer}"] = f"{np.sum((truth == name) & (answers == answer)):,}"
    return found


def set_to(browser: Browser, name: str, value: float) -> None:
    browser.run(
        f"{{const input = document.getElementById('{name}'); input.value = {value};"
        "input.dispatchEvent(new Event('input'))}"
    )


def test_the_page_begins_with_what_python_found(browser, page, scored):
    assert f'<td data-figure="recall-negative">{expected(*scored, OWN)["recall-negative"]}<' in (
        page.read_text(encoding="utf-8")
    )
    browser.open(page)
    assert figures(browser) == expected(*scored, OWN)


def test_the_slider_recomputes_what_python_would(browser, page, scored):
    browser.open(page)
    set_to(browser, "margin", 0)
    for threshold in (0, 0.25, 0.437, 0.5, 0.61, 0.999, 1):
        set_to(browser, "cut-number", threshold)
        assert figures(browser) == expected(*scored, Decision(threshold)), threshold
    for threshold, margin in ((0.5, 0.1), (0.3, 0.05), (0.9, 0.2), (0.5, 0.5), (0.02, 0.333)):
        set_to(browser, "cut", threshold)
        set_to(browser, "margin-number", margin)
        band = round(threshold - margin, 3), round(threshold + margin, 3)
        assert figures(browser) == expected(*scored, Decision(threshold, band)), (threshold, band)
    assert "coverage=" in browser.run("document.getElementById('how').textContent")
    before = figures(browser)
    set_to(browser, "cut-number", "''")  # nothing typed yet
    assert figures(browser) == before
    browser.run("document.getElementById('reset').click()")
    assert figures(browser) == expected(*scored, OWN)


def test_the_slider_works_by_keyboard(browser, page, scored):
    browser.open(page)
    set_to(browser, "margin", 0)
    before = float(browser.run("document.getElementById('cut-number').value"))
    browser.run("document.getElementById('cut').focus()")
    for _ in range(5):
        browser.press("ArrowRight")
    after = float(browser.run("document.getElementById('cut-number').value"))
    assert 0.04 <= after - before <= 0.06
    assert figures(browser) == expected(*scored, Decision(after))
    line = "document.querySelector('#scores .cut line')"
    moved = browser.run(f"+{line}.getAttribute('x1')")
    browser.press("ArrowLeft")
    assert browser.run(f"+{line}.getAttribute('x1')") < moved


def test_the_theme_is_switched_by_keyboard(browser, page):
    browser.screen(1200)
    browser.open(page)
    paper = "getComputedStyle(document.body).backgroundColor"
    light = browser.run(paper)
    browser.run("document.getElementById('theme').focus()")
    browser.press("Enter")
    assert browser.run(paper) != light
    browser.press("Enter")
    assert browser.run(paper) == light
    browser.screen(1200, dark=True)
    assert browser.run("document.getElementById('theme').textContent") == "Dark"


def test_hostile_reviews_are_text_and_nothing_leaves_the_page(browser, hostile):
    browser.open(hostile)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    shown = browser.run("document.body.innerText")
    for part in (
        "<script>document.title = 'owned'</script>",
        "</style></script><!-- <img src=",
        "\\u202e desrever dna \\x1b[31mred",
        "\\x9b2J",
        "'\"><svg onload",
        "&lt;b&gt;",
    ):
        assert part in shown
    assert browser.run("document.title") == "model.safetensors on <b>.jsonl"
    assert browser.run("document.querySelectorAll('script, style, img').length") == 2
    assert browser.run("document.querySelectorAll('i').length") == 0
    assert browser.problems() == []
    assert browser.requests() == [hostile.as_uri()]


def test_the_policy_stops_what_would_leave_the_page(browser, page):
    browser.open(page)
    browser.run("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x'}))")
    browser.run("document.body.setAttribute('onclick', 'document.title = 1')")
    browser.run("document.body.click()")
    problems = " ".join(browser.problems())
    assert "img-src" in problems
    assert "script-src" in problems
    assert browser.run("document.title") != "1"


def test_mistakes_are_searched_filtered_and_sorted(browser, run, trained, tmp_path):
    page = tmp_path / "page.html"
    done = run("report", TEST, "-m", trained, "-o", page, "--slice", "domain", "--no-baseline")
    assert done.returncode == 0, done.stderr
    browser.open(page)
    shown = "[...document.querySelectorAll('#list > article')].filter(e => !e.hidden)"
    rows = f"{shown}.map(e => +e.dataset.row)"
    before = browser.run(rows)
    assert len(before) == 50

    def choose(field: str, value: str) -> None:
        browser.run(f"{{const field = document.getElementById('{field}'); field.value = '{value}';"
                    "field.dispatchEvent(new Event('input'));"
                    "field.dispatchEvent(new Event('change'))}")  # fmt: skip

    choose("order", "row")
    assert browser.run(rows) == sorted(before)
    choose("order", "number")
    assert browser.run(rows) == before
    choose("search", "  THE ")
    texts = browser.run(f"{shown}.map(e => e.textContent.toLowerCase())")
    assert 0 < len(texts) <= 50
    assert all("the" in text for text in texts)
    choose("search", "zzqx")
    assert browser.run(rows) == []
    assert browser.run("document.getElementById('sifted').textContent") == "0 of 50 shown"
    choose("search", "")
    value = browser.run("document.getElementById('sift-1').options[1].value")
    choose("sift-1", value)
    named = browser.run(f"{shown}.map(e => e.querySelector('h3 b').textContent)")
    count = browser.run("document.getElementById('sift-1').options[1].textContent")
    assert [count] == list({f"{name} ({len(named)})" for name in named})
    assert browser.problems() == []


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_is_wider_than_the_screen(browser, hostile, width):
    browser.screen(width)
    browser.open(hostile)
    assert browser.run("document.documentElement.scrollWidth") == width
