"""The page of a summary as people use it, in a headless Chromium."""

from pathlib import Path

import pytest

from sentiment.summary.page import write_page
from tests.browser import Browser
from tests.summary.made_up import THREE, Maker

EVIL = (
    "<script>document.title = 'owned'</script>"
    "</style></script><!-- <img src=https://example.org/x.png onerror=\"document.title='owned'\">"
    "\u202e desrever \x1b[31mred '\"><svg onload=document.title='owned'> &lt;b&gt; " + "x" * 2000
)


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("summary") / "summary.html"
    write_page(Maker(THREE).summary(), path)
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "summary.html"
    write_page(Maker(THREE, word=lambda word: word + EVIL).summary(), path)
    return path


def names(browser: Browser, selector: str) -> list[str]:
    """The names of the elements that are shown, in order."""
    return browser.run(
        f"[...document.querySelectorAll('{selector}')].filter(e => e.offsetParent)"
        ".map(e => e.querySelector('bdi').textContent)"
    )


def tab_to(browser: Browser, selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(80):
        if browser.run(f"document.activeElement.matches('{selector}')"):
            return
        browser.press("Tab")
    raise AssertionError(f"{selector} is not reached by keyboard")


def test_themes_are_searched_sorted_and_opened_by_keyboard(browser, page):
    browser.screen(1200)
    browser.open(page)
    tab_to(browser, "#themes input")
    browser.write("SOUP cold")
    assert names(browser, ".theme") == ["cold food"]
    assert browser.run("document.querySelector('#themes output').textContent") == "1 of 9 shown"
    assert browser.run("document.querySelector('#groups output').textContent") == ""
    tab_to(browser, ".theme summary")
    browser.press("Enter")
    assert browser.run("document.querySelector('.theme details[open] mark').textContent") == (
        "The soup came cold, and so did the second one."
    )


def test_themes_are_sorted(browser, page):
    browser.open(page)
    first = "#themes .column:first-child .theme"
    given = names(browser, first)
    assert given[0] == "long wait"

    def sort(by: str) -> list[str]:
        browser.run(
            "{const order = document.getElementById('theme-order');"
            f"order.value = '{by}'; order.dispatchEvent(new Event('change'))}}"
        )
        return names(browser, first)

    assert sort("name") == sorted(given)
    assert sort("rise")[-1] in ("cold food", "too loud")  # these fall
    assert sort("reviews") == given
    sort("name")
    assert sort("order") == given


def test_groups_are_searched_and_sorted_by_keyboard(browser, page):
    browser.open(page)
    rows = "#groups tbody tr"
    assert names(browser, rows)[0] == "Station"
    tab_to(browser, "#groups [data-by=name] button")
    browser.press("Enter")
    assert names(browser, rows) == sorted(names(browser, rows))
    tab_to(browser, "#groups [data-by=reviews] button")
    browser.press("Enter")
    assert names(browser, rows)[0] == "Harbor"
    browser.press("Enter")
    assert names(browser, rows)[0] == "Closed"
    assert browser.run("document.querySelector('[data-by=reviews]').ariaSort") == "ascending"
    tab_to(browser, "#groups [data-by=share-0] button")
    browser.press("Enter")
    assert names(browser, rows)[-1] == "Closed"  # without a share
    browser.press("Enter")
    assert names(browser, rows)[-1] == "Closed"
    browser.run("document.querySelector('#groups input').focus()")
    browser.write("differs")
    assert names(browser, rows) == []
    browser.run("document.querySelector('#groups input').select()")
    browser.write("than the rest")
    assert sorted(names(browser, rows)) == ["Harbor", "Station"]


def test_without_javascript_everything_can_be_read(browser, page):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page)
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert len(names(browser, ".theme")) == 9
    assert len(names(browser, "#groups tbody tr")) == 8
    assert not browser.run(
        "[...document.querySelectorAll('input, select, button')].some(e => e.offsetParent)"
    )


def test_hostile_texts_are_text_and_nothing_leaves_the_page(browser, hostile):
    browser.screen(1200)
    browser.open(hostile)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    shown = browser.run("document.body.innerText")
    assert "<script>document.title = 'owned'</script></style></script><!-- <img src=" in shown
    assert "\\u202e desrever \\x1b[31mred '\"><svg onload" in shown
    assert browser.run("document.title").endswith("x" * 20 + "…: summary")
    assert browser.run("document.querySelectorAll('script, style, img').length") == 2
    assert browser.problems() == []
    assert browser.requests() == [hostile.as_uri()]


@pytest.mark.parametrize("width", [320, 390, 1200])
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_wider_than_the_screen(browser, hostile, width, dark):
    browser.screen(width, dark=dark)
    browser.open(hostile)
    browser.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.run("document.documentElement.scrollWidth") == width
