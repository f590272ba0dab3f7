"""The page as a guest: nothing of a review runs or leaves, and everybody gets around in it."""

import pytest

from tests.serving.page.conftest import MIXED, answered, text_of, typed

EVIL = [
    "<script>document.title = 'owned'</script> a wonderful, wonderful film",
    "</textarea></style><!-- <img src=https://example.org/x onerror=\"document.title='owned'\">",
    "\u202e desrever dna \u2066 awful \u2028 it was a terrible, terrible film",
    "'\"><svg onload=document.title='owned'> ]]> &lt;b&gt; great " + "x" * 2000,
]


@pytest.mark.parametrize("evil", EVIL)
def test_hostile_reviews_are_text(page, address, evil):
    typed(page, evil)
    page.until("!document.getElementById('reasons').hidden")
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert text_of(page, "#mirror").rstrip("\u200b") == evil
    listed = page.run("document.getElementById('reasons').textContent")
    assert not set("\u202a\u202e\u2066\u2028") & set(listed)
    assert page.run("document.title") == "sentiment"
    assert page.run("document.querySelectorAll('script').length") == 2
    assert page.run("document.querySelectorAll('img, svg, style').length") == 1
    assert page.run("document.documentElement.scrollWidth") == 1200
    assert page.problems() == []
    assert all(asked.startswith(address) for asked in page.requests())


def test_the_policy_stops_what_is_not_the_pages_own(page):
    for attempt in (
        "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x'}))",
        "document.body.setAttribute('onclick', 'document.title = 1'); document.body.click()",
        "document.body.innerHTML = '<b>text never becomes markup</b>'",
        "document.body.setAttribute('style', 'color: red')",
        "fetch('http://127.0.0.1:9/').catch(() => 0)",
        "import('http://127.0.0.1:9/x.js').catch(() => 0)",
    ):
        page.run(f"(() => {{ try {{ {attempt} }} catch {{}} }})()")
    problems = " ".join(page.problems())
    for part in (
        "img-src",
        "script-src",
        "style-src",
        "connect-src",
        "TrustedScript",
        "TrustedHTML",
    ):
        assert part in problems
    assert page.run("document.title") == "sentiment"


def test_everything_is_reached_by_keyboard_and_seen_to_be(page):
    where = "document.activeElement.id || document.activeElement.textContent.trim()"
    seen = (
        "[document.activeElement, document.activeElement.closest('form'),"
        " document.querySelector('#choose ~ p .button')].some(each => each &&"
        " (getComputedStyle(each).outlineStyle !== 'none' || each.matches('#card:focus-within')))"
    )
    reached = []
    page.press("Tab")
    while (here := page.run(where)) and page.run("document.activeElement !== document.body"):
        reached.append(here)
        assert page.run(seen), here
        if here == "review":
            page.write("The cake was wonderful")
            answered(page, "The cake was wonderful")
        page.press("Tab")
    assert reached[:5] == ["Go to the review", "Score a file", "The model", "theme", "review"]
    assert {"a good book", "flip-try", "All words as a table", "choose", "model"} <= set(reached)
    page.run("document.querySelector('#reasons summary').focus()")
    page.press("Enter")
    assert page.run("document.getElementById('all').open")


def test_an_example_is_put_in_by_keyboard(page):
    page.run("document.querySelector('.example').focus()")
    page.press("Enter")
    page.until("document.getElementById('answer').ariaBusy === 'false'")
    assert "The plot" in page.run("document.getElementById('review').value")
    assert page.run("document.activeElement.className") == "example"


def test_the_theme_follows_the_system_until_it_is_switched(page, address):
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.run(paper)
    page.screen(1200, dark=True)
    dark = page.run(paper)
    assert light != dark
    page.until("document.getElementById('theme').textContent === 'Light'")
    page.run("document.getElementById('theme').focus()")
    page.press("Enter")
    assert page.run(paper) == light
    page.open(address)
    assert text_of(page, "#theme") == "Dark"
    assert page.run(paper) == light
    page.run("document.getElementById('theme').click()")
    assert page.run(paper) == dark
    assert page.run("localStorage.length") == 0


def test_marks_are_seen_where_the_system_forces_its_colors(page):
    typed(page, MIXED)
    page.until("document.querySelectorAll('#mirror .for').length > 0")
    page.call("Emulation.setEmulatedMedia", features=[{"name": "forced-colors", "value": "active"}])
    plates = "['mirror', 'review'].map(id => getComputedStyle(document.getElementById(id)))"
    assert page.run(f"{plates}.every(each => each.forcedColorAdjust === 'none')")
    line = "getComputedStyle(document.querySelector('#mirror .for')).textDecorationColor"
    assert page.run(line).startswith("rgb")
    assert "0, 0, 0" not in page.run(line)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 360, 768])
def test_nothing_is_wider_than_the_screen(page, tmp_path, width, dark):
    page.screen(width, dark=dark)
    file = tmp_path / ("a" * 120 + ".csv")
    long = "w" * 300
    file.write_text(f"text,{long}\n{long},{long}\n<b>good</b>,1\n", encoding="utf-8")
    typed(page, f"{MIXED} {long}")
    page.choose("#choose", file)
    page.until("document.querySelectorAll('#rows tr').length === 2")
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.run("document.getElementById('start').click()")
    page.until("!document.getElementById('downloads').hidden")
    assert page.run("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 390, 1200])
def test_the_page_of_the_api_is_no_wider_and_asks_for_nothing_else(browser, address, width, dark):
    browser.screen(width, dark=dark)
    browser.open(f"{address}docs")
    assert browser.run("document.documentElement.scrollWidth") == width
    paper = browser.run("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 27)" if dark else "rgb(250, 248, 244)")
    assert browser.run("document.querySelectorAll('.operation').length") > 10
    browser.run("document.querySelector('a[href=\"#schema-Answer\"]').click()")
    assert browser.run("document.querySelector(':target').textContent") == "Answer"
    assert browser.problems() == []
    assert all(asked.startswith(address) for asked in browser.requests())
