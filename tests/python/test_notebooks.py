"""What a notebook shows of models and explanations, and what it shows while it waits."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sentiment import SentimentClassifier, load, train
from sentiment.api import LoadedModel
from sentiment.labels import LabelSet
from sentiment.progress import ProgressLine
from sentiment.values import visible
from tests.model.small import changed, small_model

HOSTILE = [
    "<script>alert(1)</script> good",
    '"><img src=x onerror=alert(1)> bad',
    "good <style>* {display: none}</style> &lt;b&gt;",
    "good $\\href{javascript:alert(1)}{x}$",
    "good \u202e dab \u2066 \x00\x1b[31m \ud800",
]


class Page(HTMLParser):
    """The elements of some HTML, what they say, and whether they are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.open, self.text = set(), set(), [], ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def shown(thing) -> Page:
    html = thing._repr_html_()
    html.encode()  # a notebook is UTF-8
    page = Page(html)
    assert page.tags <= {"div", "b", "span", "table", "tr", "th", "td", "bdi"}
    assert page.attributes <= {"class", "style", "dir", "scope"}
    assert "mathjax_ignore" in html, "or Jupyter sets what is between dollar signs"
    return page


@pytest.fixture(scope="module")
def two() -> LoadedModel:
    return LoadedModel(small_model())


def test_an_explanation_shows_answer_text_words_and_their_sum(two):
    found = two.explain("good film, not bad")
    page = shown(found)
    assert page.text.startswith(found.answer)
    assert "good film, not bad" in page.text
    for word in found.by_word():
        assert f"{word.text}{word.contribution:+.3f}" in page.text
    numbers = re.search(r"positive over negative (\S+) = baseline (\S+), words (\S+)$", page.text)
    whole, base, words = map(float, numbers.groups())
    assert whole == pytest.approx(base + words, abs=2e-3)


def test_the_words_that_count_most_are_marked_most(two):
    found = two.explain("good film, not bad")
    marks = re.findall(
        r'<span style="background:rgba\(([\d,]+),([\d.]+)\)[^"]*">([^<]+)', found._repr_html_()
    )
    strength = {text: float(each) for _, each, text in marks}
    by_size = sorted(found.words, key=lambda word: -abs(word.contribution))
    strengths = [strength.get(word.text, 0.0) for word in by_size]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] > 0
    blue = {word.text for word in found.words if word.contribution > 0}
    assert {text for color, _, text in marks if color == "11,98,168"} <= blue


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_shown_and_does_nothing(text, two):
    assert (
        visible(text).encode("utf-8", "backslashreplace").decode() in shown(two.explain(text)).text
    )


@given(st.text())
def test_any_text_is_inert(text):
    shown(LoadedModel(small_model()).explain(text))


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_text_without_words_has_no_answer(text, two):
    assert shown(two.explain(text)).text == "no answer: this text has no words"


def test_an_uncertain_answer_says_why():
    assert "uncertain no known words" in shown(load("fast").explain("asdf")).text


def test_of_more_classes_the_two_compared_are_named():
    labels = LabelSet(("<i>bug</i>", "wish", "question"))
    model = LoadedModel(small_model(labels=labels))
    page = shown(model.explain("good film", toward="wish"))
    assert "log-odds of wish over " in page.text
    assert "<i>bug</i>" in page.text


def test_a_model_shows_its_name_classes_figures_and_threshold(trained):
    loaded = load(trained)
    about = loaded.model.record.provenance
    page = shown(loaded)
    assert page.text.startswith("sentiment model")
    assert f"accuracy{about.accuracy:.1%} on {about.validation.total:,} " in page.text
    assert f"decisionthreshold {loaded.model.decision.threshold:.3g}" in page.text
    for name, count in about.training.counts.items():
        recall = about.right[name] / about.validation.counts[name]
        assert f"{name}{count:,}{about.validation.counts[name]:,}{recall:.1%}" in page.text
    assert loaded.model._repr_html_() == loaded._repr_html_()


def test_the_name_and_the_note_of_a_model_are_inert():
    fast = load("fast").model
    about = replace(fast.record.provenance, name="<b>mine", note="<script>")
    page = shown(changed(fast, provenance=about))
    assert page.text.startswith("<b>mine")
    assert page.text.count("<script>") == 1


def test_models_that_say_nothing_of_their_training_are_shown_too(two):
    assert "negative, positive" in shown(two).text
    many = small_model(labels=LabelSet(tuple(f"class {n}" for n in range(5))))
    assert "class 4" in shown(changed(many, languages=("en",))).text


def test_bundled_models_are_shown():
    page = shown(load("general"))
    assert "base1 more" in page.text
    assert "neutral" in page.text
    assert not np.isnan(float(re.search(r"accuracy([\d.]+)%", page.text)[1]))


def written(capsys) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("\r")
    assert err.endswith("\n")
    assert err.count("\n") == 1, "one line that replaces itself"
    return [shown.rstrip() for shown in err.split("\r")[1:]]


TEXTS = [f"{word} item {n}" for word in ("good", "bad") for n in range(60)]
LABELS = ["yes"] * 60 + ["no"] * 60


@pytest.fixture(scope="module")
def silent() -> SentimentClassifier:
    return SentimentClassifier(epochs=2, hidden=(), refit=False).fit(TEXTS, LABELS)


def test_a_training_shows_epochs_in_one_line_and_gives_the_same_model(silent, capsys):
    loud = clone(silent).set_params(verbose=1).fit(TEXTS, LABELS)
    lines = written(capsys)
    assert any(re.match(r"epoch 1 \[━+ *\] \d+/\d+$", line) for line in lines)
    loss, accuracy = loud.history_["loss"][-1], loud.history_["validation_accuracy"][-1]
    assert lines[-1].startswith(f"epoch 2 of 2  loss {loss:.4f}, ")
    assert lines[-1].endswith(f"accuracy {accuracy:.1%}")
    assert np.array_equal(loud.predict_proba(TEXTS), silent.predict_proba(TEXTS))


def test_train_shows_it_too_and_ends_the_line_when_it_fails(monkeypatch, capsys):
    frame = pd.DataFrame({"text": TEXTS, "label": LABELS})
    train(frame, epochs=1, hidden=(), refit=False)
    assert capsys.readouterr() == ("", "")
    train(frame, epochs=1, hidden=(), refit=False, verbose=1)
    assert written(capsys)[-1].startswith("epoch 1 of 1  loss ")
    monkeypatch.setattr("sentiment.training.train._record", None)
    with pytest.raises(TypeError):
        train(frame, epochs=1, hidden=(), refit=False, verbose=1)
    written(capsys)


def test_a_shorter_line_covers_a_longer_one(capsys):
    with ProgressLine(1) as line:
        line.show("longer")
        line.show("left out: too soon")
        line.show("short", always=True)
    assert capsys.readouterr().err == "\rlonger\rshort \n"


def test_attributes_are_there_after_the_fit_and_not_before(silent):
    fresh = clone(silent)
    for name in ("threshold_", "history_", "classes_", "model_"):
        assert hasattr(silent, name) > hasattr(fresh, name)
    with pytest.raises(NotFittedError):
        fresh.get_feature_names_out()
    assert silent.threshold_ == silent.model_.decision.threshold
    table = pd.DataFrame(silent.history_)
    assert table["number"].tolist() == [1, 2]
    assert list(table) == ["number", "loss", "validation_loss", "validation_accuracy"]
    assert (table.dtypes == [np.int64, *[np.float64] * 3]).all()


def test_more_labels_have_no_threshold():
    three = SentimentClassifier(epochs=1, hidden=(), refit=False)
    three.fit([*TEXTS, *(f"dull item {n}" for n in range(60))], [*LABELS, *["so so"] * 60])
    assert three.threshold_ is None
    assert three.history_["loss"].shape == (1,)


def test_features_have_different_names_which_are_texts_where_the_model_keeps_them(silent):
    names = silent.get_feature_names_out()
    own = silent.model_.own
    assert (names.shape, names.dtype) == ((own.encoder.size,), object)
    assert len(set(names)) == names.size
    assert {"good", "bad"} <= set(names)
    # A text is the name of the feature that a review of it has.
    (place,) = np.flatnonzero(names == "good")
    assert place in own.encoder.transform(["good"]).indices


def test_words_and_pieces_have_names_too():
    cnn = SentimentClassifier(architecture="cnn", epochs=1, refit=False).fit(TEXTS, LABELS)
    names = cnn.get_feature_names_out()
    assert names.size == cnn.model_.own.encoder.size == len(set(names))
    assert {"good", "bad", "item"} <= set(names)
    general = load("general").model.own
    pieces = general.encoder.feature_names(general.phrases)
    assert len(pieces) == general.encoder.size
    assert "good" in pieces
