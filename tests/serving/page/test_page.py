"""A review on the page: typed, answered, explained."""

import base64
import json
from contextlib import suppress

import pytest

from sentiment.model.explanation import explain
from sentiment.model.file import load_model
from tests.browser import Browser
from tests.conftest import ROOT
from tests.serving.conftest import serving
from tests.serving.page.conftest import MIXED, answered, text_of, typed


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


MODEL = "document.getElementById('model-name').textContent"


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
    page.run("document.getElementById('flip-try').click()")
    page.run("document.getElementById('review').focus(), document.execCommand('undo')")
    answered(page, "The cake was wonderful")


def test_what_changes_nothing_is_said_to_have_been_tried(page):
    line = "document.getElementById('flip-line').textContent"
    typed(page, "wonderful " * 15)
    page.until("!document.getElementById('reasons').hidden")
    said = "It stays positive even without the 10 words that favor positive most."
    page.until(f"{line} === {json.dumps(said)}")
    typed(page, "Wonderful")
    page.until(f"{line} === 'It stays positive until no word is left.'")


def test_what_is_unknown_is_said_to_be(page):
    typed(page, "Превосходный ужин")
    page.until("document.getElementById('verdict').textContent === 'uncertain'")
    assert "knows none of these words" in text_of(page, "#why")
    assert text_of(page, "#chance") == "not enough known words"
    page.until("document.getElementById('spoken').textContent.startsWith('uncertain')")
    page.run("document.getElementById('review').select()")
    page.press("Space")
    page.until("document.getElementById('verdict').textContent === 'nothing yet'")
    assert page.run("document.getElementById('reasons').hidden")


def test_what_gives_no_opinion_is_said_to(page):
    typed(page, "No comment.")
    page.until("document.getElementById('verdict').textContent === 'uncertain'")
    assert text_of(page, "#why").startswith("The text gives no opinion.")
    assert text_of(page, "#chance") == "no opinion"


def test_another_language_is_named(holding):
    hold(holding, "/explain")
    holding.run("document.getElementById('review').focus()")
    holding.write("Muy bueno")
    read = {"predicted": "uncertain", "reason": "looks Spanish"}
    fulfil(holding, held(holding), made_up("Muy bueno", 0.5) | read)
    holding.until("document.getElementById('verdict').textContent === 'uncertain'")
    assert text_of(holding, "#chance") == "another language"
    said = "The text looks Spanish, which this model does not answer."
    assert text_of(holding, "#why").startswith(said)


def test_where_the_model_would_rather_not_say_is_shown(holding, address):
    hold(holding, "/info")
    holding.call("Page.navigate", url=address)
    fulfil(
        holding, held(holding), {"name": "shy", "card": {}, "threshold": 0.5, "band": [0.3, 0.7]}
    )
    holding.until("document.getElementById('model-name').textContent === 'shy'")
    assert holding.run("document.getElementById('band').style.width") == "40%"
    assert "uncertain in between" in text_of(holding, "#facts")
    hold(holding, "/explain")
    holding.run("document.getElementById('review').focus()")
    holding.write("so so")
    shy = {"predicted": "uncertain", "reason": "between 0.3 and 0.7"}
    fulfil(holding, held(holding), made_up("so so", 0.6) | shy)
    holding.until("document.getElementById('verdict').textContent === 'uncertain'")
    assert "is between 0.3 and 0.7, where this model abstains" in text_of(holding, "#why")


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


def test_the_model_is_asked_for_until_it_answers(holding, address):
    hold(holding, "/info")
    holding.call("Page.navigate", url=address)
    holding.call("Fetch.failRequest", requestId=held(holding)["requestId"],
                 errorReason="ConnectionRefused")  # fmt: skip
    holding.until(f"{MODEL} === 'The service cannot be reached.'")
    holding.call("Fetch.disable")
    holding.until(f"{MODEL} === 'model'")


def test_the_model_is_named_and_its_figures_shown(page):
    assert text_of(page, "#model-name") == "model"
    facts = text_of(page, "#facts")
    assert "threshold 0.5" in facts
    assert "validation accuracy" in facts


def test_of_three_classes_each_has_a_bar_and_the_reasons_compare_two(browser):
    path = ROOT / "tests" / "fixtures" / "format-4-classes.safetensors"
    model, text = load_model(path), "a good film, not bad at all"
    with serving(model=str(path)) as served:
        browser.open(f"http://127.0.0.1:{served.port}/")
        browser.until(f"{MODEL} === 'format-4-classes'")
        typed(browser, text)
        rows = browser.run(
            "[...document.querySelectorAll('#classes tr')].map(row => row.innerText.split('\\t'))"
        )
        found = explain(model, text)
        names = [*model.labels.names]
        assert [row[0] for row in rows] == names
        assert browser.run("document.getElementById('scale').hidden")
        assert text_of(browser, "#verdict") == found.answer
        pair = names[found.toward], names[found.over]
        assert (text_of(browser, "#toward"), text_of(browser, "#over")) == pair
        assert f"Log-odds of {pair[0]} over {pair[1]}" in text_of(browser, "#sum")
        assert "the most likely of negative, neutral, positive" in text_of(browser, "#facts")
        assert browser.problems() == []


def test_another_model_is_chosen(browser, trained):
    """Its classes, its answer to the same text, and to the rows of a file."""
    with serving("-m", "fast", model=f"mine={trained}") as served:
        browser.screen(1200)
        browser.open(f"http://127.0.0.1:{served.port}/")
        browser.until("!document.getElementById('models').hidden")
        assert browser.run("document.getElementById('choose-model').value") == "mine"
        typed(browser, "I loved it")
        assert browser.run("document.getElementById('classes-part').hidden")
        choose = (
            "(name => { const e = document.getElementById('choose-model'); e.value = name; "
            "e.dispatchEvent(new Event('change')); })"
        )
        browser.run(f"{choose}('fast')")
        browser.until(f"{MODEL} === 'fast' && document.querySelector('#classes .chosen') !== null")
        assert text_of(browser, "#verdict") == "positive"
        shown = browser.run("[...document.querySelectorAll('#classes th')].map(e => e.textContent)")
        assert sorted(shown) == ["negative", "neutral", "positive"]
        browser.run(f"{choose}('mine')")
        browser.until(f"{MODEL} === 'mine' && document.getElementById('classes-part').hidden")
        answered(browser, "I loved it")
