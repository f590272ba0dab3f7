"""The page's own modules, asked directly: places of words, and what is said of a query."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = st.text(st.sampled_from("ab 🍰é."), max_size=12)


@pytest.fixture(scope="module")
def ask(browser, address):
    """Call a function of JavaScript with a JSON value."""
    browser.open(address)
    browser.run("(async () => { window.words = await import('./static/words.js') })()")
    return lambda function, value: browser.run(f"({function})({json.dumps(value)})")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("name it with text_column=…; there", "name it with “Text in column”; there"),
        ("for instance encoding=cp1252", "for instance “Encoding: cp1252”"),
        ("a=b stays, and so does format", "a=b stays, and so does format"),
    ],
)
def test_what_a_query_names_is_called_as_the_page_calls_it(ask, said, expected):
    assert ask("line => words.inWords(line)", said) == expected


@settings(max_examples=60)
@given(WORDS, st.data())
def test_places_of_characters_are_found_in_units(ask, text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    found = ask(
        "({ text, start, end }) => text.slice(...[start, end].map(words.unitsOf(text)))",
        {"text": text, "start": start, "end": end},
    )
    assert found == text[start:end]


@settings(max_examples=120)
@given(WORDS, WORDS, WORDS, WORDS)
def test_marks_stay_on_their_words_whatever_is_edited(ask, head, cut_out, put_in, tail):
    found = ask(
        """({ before, after }) => {
          const marks = [...before.matchAll(/[\\p{L}\\p{N}]+/gu)]
            .map(each => ({ start: each.index, end: each.index + each[0].length, text: each[0] }));
          const whole = mark => words.pieces(after, [mark]).map(piece => piece.text).join("");
          return words.moved(marks, before, after)
            .map(mark => [mark.text, after.slice(mark.start, mark.end), whole(mark) === after]);
        }""",
        {"before": head + cut_out + tail, "after": head + put_in + tail},
    )
    for marked, stands, complete in found:
        assert marked == stands
        assert complete
