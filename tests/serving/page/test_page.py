"""A review on the page: typed, answered, explained; nothing of it runs, and nothing leaves."""

import base64
import json
from contextlib import suppress
from pathlib import Path

import pytest

from sentiment.model import load_model
from sentiment.model.explanation import explain
from tests.browser import Browser

MIXED = "The pasta was cold and the waiter rude, but the cake was wonderful. 🍰 We loved the cake."
EVIL = [
    "<script>document.title = 'owned'</script> a wonderful, wonderful film",
    "</textarea></style><!-- <img src=https://example.org/x onerror=\"document.title='owned'\">",
    "\u202e desrever dna \u2066 awful \u2028 it was a terrible, terrible film",
    "'\"><svg onload=document.title='owned'> ]]> &lt;b&gt; great " + "x" * 2000,
]


def typed(page: Browser, text: str) -> None:
    """Write a review in the place of what is there, and wait for its answer."""
    page.run(
        "document.getElementById('review').focus(), document.getElementById('review').select()"
    )
    page.write(text)
    answered(page, text)


def answered(page: Browser, text: str) -> None:
    """Wait until the answer on the page is that to a text."""
    page.until(
        f"document.getElementById('review').value === {json.dumps(text)} && "
        "document.getElementById('answer').ariaBusy === 'false'"
    )


def text_of(page: Browser, selector: str) -> str:
    return page.run(f"document.querySelector({json.dumps(selector)}).textContent")


def marks(page: Browser) -> list[tuple[str, str]]:
    """The marked words, and for which side they are marked."""
    found = page.run(
        "[...document.querySelectorAll('#mirror span')].map(e => [e.textContent, e.className])"
    )
    return [tuple(each) for each in found]


def hold(page: Browser, path: str) -> None:
    """Hold what is asked of a path from now on."""
    page.call("Fetch.enable", patterns=[{"urlPattern": f"*{path}"}])


def held(page: Browser) -> dict:
    return page.wait_for("Fetch.requestPaused")


def fulfil(page: Browser, request: dict, answer: object, status: int = 200) -> None:
    page.call("Fetch.fulfillRequest", requestId=request["requestId"], responseCode=status,
              responseHeaders=[{"name": "Content-Type", "value": "application/json"}],
              body=base64.b64encode(json.dumps(answer).encode()).decode())  # fmt: skip


def made_up(text: str, p: float) -> dict:
    """An explanation that no model gave."""
    predicted = "positive" if p >= 0.5 else "negative"
    words = [{"text": text, "start": 0, "end": len(text), "contribution": 1.0}]
    return {"text": text, "predicted": predicted, "reason": None, "p_positive": p, "logit": 1.0,
            "base": 0.0, "words": words, "phrases": [], "without": None}  # fmt: skip


@pytest.fixture
def holding(page):
    yield page
    page.call("Fetch.disable")


def test_the_answer_moves_as_one_types(page, trained):
    model = load_model(trained)
    for text in (MIXED, "Dreadful, avoid", "I loved it"):
        typed(page, text)
        found = explain(model, text)
        page.until(f"document.getElementById('verdict').textContent === '{found.answer}'")
        assert text_of(page, "#chance").startswith(f"{found.p_positive:.1%}")
        left = page.run("document.getElementById('marker').style.left")
        assert float(left.rstrip("%")) == pytest.approx(100 * found.p_positive, abs=0.01)
        page.until(f"document.getElementById('spoken').textContent.startsWith('{found.answer}, ')")
    assert page.problems() == []


def test_words_are_marked_where_they_stand_and_listed(page, trained):
    typed(page, MIXED)
    page.until("document.querySelectorAll('#mirror span').length > 0")
    found = explain(load_model(trained), MIXED)
    sides = {(word.text, "for" if word.contribution > 0 else "against") for word in found.words}
    assert text_of(page, "#mirror").rstrip("\u200b") == MIXED
    assert set(marks(page)) <= sides
    assert ("wonderful", "for") in marks(page)
    rows = page.run(
        "[...document.querySelectorAll('#all-words tr')]"
        ".map(row => [...row.cells].map(cell => cell.textContent))"
    )
    sums = [(each.text, str(each.times), f"{each.contribution:+.2f}") for each in found.by_word()]
    assert [(word, times, number.replace("−", "-")) for word, times, number, _ in rows] == [
        (word, times, number) for word, times, number in sums
    ]


def test_the_marks_lie_behind_their_words(page):
    """The layer behind the field breaks lines where the field does."""
    typed(page, MIXED * 12)
    sizes = page.run("['mirror', 'review'].map(id => document.getElementById(id).scrollHeight)")
    assert sizes[0] == sizes[1]


def test_marks_move_with_their_words_before_there_is_an_answer(holding):
    typed(holding, "a wonderful film")
    holding.until("document.querySelectorAll('#mirror span').length > 0")
    hold(holding, "/explain")
    holding.run("document.getElementById('review').setSelectionRange(0, 0)")
    holding.write("Truly ")
    assert ("wonderful", "for") in marks(holding)
    assert text_of(holding, "#mirror").rstrip("\u200b") == "Truly a wonderful film"


def test_an_answer_that_comes_late_is_dropped(holding):
    hold(holding, "/explain")
    holding.run("document.getElementById('review').focus()")
    holding.write("first")
    first = held(holding)
    holding.write(" second")
    second = held(holding)
    assert json.loads(second["request"]["postData"]) == {"text": "first second"}
    fulfil(holding, second, made_up("first second", 0.9))
    holding.until("document.getElementById('verdict').textContent === 'positive'")
    with suppress(AssertionError):  # the page may have hung up on it
        fulfil(holding, first, made_up("first", 0.1))
    holding.run("new Promise(done => setTimeout(done, 200))")
    assert text_of(holding, "#verdict") == "positive"
    assert text_of(holding, "#chance").startswith("90.0%")


def test_phrases_and_words_show_their_places(page):
    typed(page, MIXED)
    page.until("document.querySelectorAll('#phrases button').length > 0")
    page.run("document.querySelector('#phrases button').focus()")
    lit = "[...document.querySelectorAll('#mirror .lit')].map(e => e.textContent).join('')"
    words = page.run("document.querySelector('#phrases bdi').textContent").split()
    assert page.run(lit).lower().startswith(words[0])
    page.run("document.activeElement.blur()")
    assert page.run(lit) == ""
    x, y = page.run(
        "(() => { const e = [...document.querySelectorAll('#mirror span')]"
        ".find(e => e.textContent === 'wonderful').getBoundingClientRect();"
        "return [e.x + e.width / 2, e.y + e.height / 2] })()"
    )
    page.point(x, y)
    assert text_of(page, "#here").startswith("wonderful +")


def test_what_would_change_the_answer_can_be_tried(page):
    typed(page, "The cake was wonderful")
    page.until("!document.getElementById('reasons').hidden")
    assert "it would be" in text_of(page, "#flip-line")
    said = text_of(page, "#flip-line strong")
    page.run("document.getElementById('flip-try').click()")
    page.until(f"document.getElementById('verdict').textContent === {json.dumps(said)}")
    assert page.run("document.getElementById('review').value") != "The cake was wonderful"
    page.until("!document.getElementById('flip-back').hidden")
    page.run("document.getElementById('flip-back').click()")
    answered(page, "The cake was wonderful")


def test_what_is_unknown_is_said_to_be(page):
    typed(page, "Превосходный ужин")
    page.until("document.getElementById('verdict').textContent === 'uncertain'")
    assert "knows none of these words" in text_of(page, "#why")
    assert text_of(page, "#chance") == "no probability of its own"
    page.until("document.getElementById('spoken').textContent.startsWith('uncertain')")
    page.run("document.getElementById('review').select()")
    page.press("Space")
    page.until("document.getElementById('verdict').textContent === 'nothing yet'")
    assert page.run("document.getElementById('reasons').hidden")


def test_without_the_service_it_says_so_and_tries_again(holding):
    hold(holding, "/explain")
    holding.run("document.getElementById('review').focus()")
    holding.write("I loved it")
    holding.call("Fetch.failRequest", requestId=held(holding)["requestId"],
                 errorReason="ConnectionRefused")  # fmt: skip
    holding.until("!document.getElementById('trouble').hidden")
    assert text_of(holding, "#trouble-line") == "The service cannot be reached."
    holding.call("Fetch.disable")
    holding.run("document.getElementById('again').click()")
    holding.until("document.getElementById('verdict').textContent === 'positive'")
    assert holding.run("document.getElementById('trouble').hidden")


def test_what_the_service_refuses_is_said_in_its_words(page):
    page.run("document.getElementById('review').value = 'x '.repeat(60000)")
    page.run("document.getElementById('review').dispatchEvent(new Event('input'))")
    page.until("!document.getElementById('trouble').hidden")
    assert "characters" in text_of(page, "#trouble-line")
    assert page.run("document.getElementById('again').hidden")


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
    page.run("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x'}))")
    page.run("document.body.setAttribute('onclick', 'document.title = 1')")
    page.run("document.body.setAttribute('style', 'color: red')")
    page.run("document.body.click()")
    page.run("fetch('http://127.0.0.1:9/').catch(() => 0)")
    problems = " ".join(page.problems())
    for part in ("img-src", "script-src", "style-src", "connect-src"):
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
    assert reached[:5] == ["Go to the review", "A whole file", "The model", "theme", "review"]
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


def test_the_model_is_named_and_its_figures_shown(page):
    assert text_of(page, "#model-name") == "model"
    facts = text_of(page, "#facts")
    assert "positive from 0.5 on" in facts
    assert "of the held-out reviews" in facts


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


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 360, 768])
def test_nothing_is_wider_than_the_screen(page, tmp_path, width, dark):
    page.screen(width, dark=dark)
    file = tmp_path / ("a" * 120 + ".csv")
    long = "w" * 300
    file.write_text(f"text,{long}\n{long},{long}\n<b>good</b>,1\n", encoding="utf-8")
    typed(page, f"{MIXED} {long}")
    page.choose("#choose", Path(file))
    page.until("document.querySelectorAll('#rows tr').length === 2")
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    page.run("document.getElementById('start').click()")
    page.until("!document.getElementById('downloads').hidden")
    assert page.run("document.documentElement.scrollWidth") == width
