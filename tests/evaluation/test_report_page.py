"""The page as markup: a stranger's text stays text, whatever it holds."""

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentiment.errors import DataError
from sentiment.evaluation.beside import Against, Beside, Change
from sentiment.evaluation.comparison import System
from sentiment.evaluation.metrics import metrics_for, of_two
from sentiment.evaluation.mistakes import explain_mistakes
from sentiment.evaluation.report.content import Cuts, Report
from sentiment.evaluation.report.page import page_of
from sentiment.evaluation.report.pictures import PICTURES, matrix, picture_of
from sentiment.evaluation.report.sieve import Sieve
from sentiment.evaluation.slices import slices_of
from sentiment.labels import CLASSES, SENTIMENT, LabelSet
from sentiment.model.decision import Decision, MultiDecision, even_decision
from sentiment.pages.plotting import plot
from sentiment.reviews.dataset import LabelledReviews
from tests.markup import ANY, Page, squeezed
from tests.model.small import changed, small_model

MODEL = small_model()
LABELS = np.array([0, 1, 0, 1], np.int8)
P_POSITIVE = np.array([0.1, 0.9, 0.6, 0.4])
PLAIN = ["a good film", "bad", "good .", "not good, a film"]


def report_of(texts: list[str], name: str = "name", **changes) -> Report:
    """Everything a stranger can write holds the name, every review is a mistake."""
    reviews = LabelledReviews(texts, LABELS)
    mistakes = explain_mistakes(MODEL, reviews, np.arange(len(texts)))
    report = Report(
        model=changed(MODEL, phrases={int(key): name for key in MODEL.own.encoder.keys[:4]}),
        probabilities=of_two(P_POSITIVE),
        labels=LABELS,
        slices={name: slices_of([name, "b", "b", name], LABELS, (P_POSITIVE > 0.5).astype(int))},
        mistakes=[replace(mistake, file=name) for mistake in mistakes],
        model_name=name,
        data_name=name,
        about=[(name, name)],
        warnings=[name],
        mistake_slices=[[name]] * len(texts),
        no_baseline=name,
        date=name,
        origin=name,
    )
    beside = Beside.of(name, name, System(1 - report.evaluation.answers), report.evaluation)
    differing = [Change(text, name, 1, name, name, name) for text in texts]
    report = replace(report, baseline=beside, against=Against(beside, 1, differing))
    return replace(report, **changes)


PLAIN_REPORT = report_of(PLAIN)
PLAIN_PAGE = Page(page_of(PLAIN_REPORT))


@settings(max_examples=15)
@given(st.lists(ANY, min_size=4, max_size=4), ANY)
@example(["\x1f\u0301a", "b", "c", "d"], "n")
def test_any_text_stays_text(texts, name):
    page = Page(page_of(report_of(texts, name)))
    assert not page.others
    known = {(tag, key) for tag, attributes in PLAIN_PAGE.tags for key in attributes}
    found = {(tag, key) for tag, attributes in page.tags for key in attributes}
    assert found <= known | {("mark", "class")}
    assert not any(key.startswith("on") or key in ("src", "style") for _, key in found)
    assert page.raw == PLAIN_PAGE.raw
    shown = "".join(page.texts)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert squeezed(f"{name} on {name}") in squeezed(shown)
    for text, review in zip(texts, page.reviews, strict=True):
        broken = re.sub(r"<br\s{0,9}/?>", "\n", text, flags=re.IGNORECASE)
        assert squeezed(review) == squeezed(broken)


def test_mistakes_are_numbered_by_what_they_can_be_filtered_by():
    report = report_of(PLAIN, mistake_slices=[["x"], ["y"], ["x"], [""]])
    sieve = Sieve.of(report)
    labels = {value: number for number, value, _ in sieve.choices["label"]}
    values = {value: (number, count) for number, value, count in sieve.choices["name"]}
    assert {value: count for value, (_, count) in values.items()} == {"x": 2, "y": 1, "": 1}
    for mistake, numbers, value in zip(report.mistakes, sieve.numbers, "xyx", strict=False):
        assert numbers == [labels[mistake.labelled], values[value][0]]
    one = Sieve.of(report_of(PLAIN, mistake_slices=[["x"]] * 4))
    assert "name" not in one.choices  # a single choice filters nothing


def test_what_the_figures_mean_stands_on_top():
    page = page_of(PLAIN_REPORT).decode()
    first = PLAIN_REPORT.in_words[0]
    assert page.index(first) < page.index('id="figures"')
    assert first.startswith("Of 100 reviews like these, it answers about 50 correctly")


def test_every_metric_is_on_the_page():
    shown = {" ".join(text.split()) for text in PLAIN_PAGE.texts}
    headings = {
        metric.heading or metric.title
        for metric in metrics_for(SENTIMENT).all
        if metric.name != "accuracy"
    }
    assert headings <= shown


def test_the_policy_lets_this_style_and_this_script_in_and_nothing_else():
    (policy,) = (
        attributes["content"]
        for tag, attributes in PLAIN_PAGE.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    for tag in ("style", "script"):
        (content,) = PLAIN_PAGE.raw[tag]
        digest = b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    links = [attributes.get("href", "#") for _, attributes in PLAIN_PAGE.tags]
    assert all(link.startswith("#") for link in links)


def test_every_link_and_every_label_leads_somewhere():
    known = {attributes["id"] for _, attributes in PLAIN_PAGE.tags if "id" in attributes}
    named = [
        name
        for _, attributes in PLAIN_PAGE.tags
        for key in ("for", "aria-labelledby", "aria-describedby")
        for name in attributes.get(key, "").split()
    ]
    links = [attributes["href"][1:] for _, attributes in PLAIN_PAGE.tags if "href" in attributes]
    assert named
    assert {*named, *links} <= known
    ids = [attributes["id"] for _, attributes in PLAIN_PAGE.tags if "id" in attributes]
    assert len(ids) == len(known)


@pytest.mark.parametrize("words", ["good film " * 2000, "x" * 20_000])
def test_a_long_review_is_cut_and_says_so(words):
    page = page_of(report_of([*PLAIN[:3], words])).decode()
    assert "… and 14,000 more characters, not in this page" in page


def test_with_one_label_the_page_says_what_it_leaves_out():
    report = report_of(PLAIN, labels=np.ones(4, np.int8), slices={})
    page = page_of(report).decode()
    assert "All reviews have the same label" in page
    assert 'id="roc"' not in page
    with pytest.raises(DataError, match="no picture roc: all reviews have the same label"):
        picture_of("roc", report)


def test_there_is_something_to_read_beside_every_chart():
    report = report_of(PLAIN, model=changed(MODEL, history=({"number": 1, "loss": 0.5},)))
    for name in PICTURES:
        picture = picture_of(name, report)
        assert picture.title
        if name != "confusion":
            assert picture.summary.endswith(".")
            assert picture.x.label
            assert picture.y.label


@settings(max_examples=50)
@given(
    st.lists(
        st.integers(0, 2000).map(lambda n: n / 2000) | st.floats(0, 1), min_size=4, max_size=4
    ),
    st.floats(0, 1),
)
def test_cuts_count_what_is_below_each_place_and_on_it(p_positive, threshold):
    model = replace(MODEL, decision=Decision(threshold))
    cuts = Cuts.of(replace(PLAIN_REPORT, model=model, probabilities=of_two(np.array(p_positive))))
    assert threshold in cuts.places
    for label, cells in enumerate(cuts.cells.values()):
        ours = np.array(p_positive)[label == LABELS]
        sums = list(accumulate(cells))
        assert sums[0::2][:-1] == [int(np.sum(ours < place)) for place in cuts.places]
        assert sums[1::2] == [int(np.sum(ours <= place)) for place in cuts.places]


def named_report(texts: list[str], names: list[str], **changes) -> Report:
    """A report on classes with these names; each review is labelled with the next class."""
    label_set, classes = LabelSet(tuple(names)), len(names)
    labels = np.arange(len(texts)) % classes
    p = np.full((len(texts), classes), 0.5 / classes)
    p[np.arange(len(texts)), (labels + 1) % classes] += 0.5
    decision = even_decision(classes)
    mistakes = [
        replace(mistake, labelled=names[0]) for mistake in PLAIN_REPORT.mistakes[: len(texts)]
    ]
    model = replace(MODEL, labels=label_set, decision=decision)
    slices = {"a": slices_of(["x"] * len(texts), labels, decision.choose(p), label_set)}
    report = replace(
        PLAIN_REPORT, model=model, probabilities=p, labels=labels, slices=slices, mistakes=mistakes
    )
    vars(report)["words"] = [(name, [("a phrase", 0.5)]) for name in names]
    return replace(report, **changes) if changes else report


# *positive* and *negative* have colors of their own.
NAMES = st.lists(
    ANY.filter(lambda name: name.strip() and name not in CLASSES),
    min_size=2, max_size=4, unique=True,
)  # fmt: skip


@settings(max_examples=10)
@given(NAMES)
@example(["unseen", "skip", "a b", '"><script>'])
def test_any_name_of_a_class_stays_text(names):
    page = Page(page_of(named_report(PLAIN, names)))
    plain = Page(page_of(named_report(PLAIN, list("abcd")[: len(names)])))
    known = {(tag, key) for tag, attributes in plain.tags for key in attributes}
    assert {(tag, key) for tag, attributes in page.tags for key in attributes} <= known
    assert page.raw == plain.raw
    hidden = [attributes.get("class") for _, attributes in page.tags]
    assert hidden == [attributes.get("class") for _, attributes in plain.tags]
    shown = squeezed("".join(page.texts))
    assert all(squeezed(name) in shown for name in names)


def test_the_page_of_many_classes_has_a_heat_map_and_a_curve_for_each_and_no_slider():
    names = ["1", "2", "3", "4"]
    page = Page(page_of(named_report(PLAIN * 30, names)))
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {"confusion", "roc", "precision_recall", "reliability", "scores", "answers"} <= ids
    assert not {"threshold", "cut", "margin"} & ids
    cells = [each["class"] for tag, each in page.tags if tag == "rect" and "fill-opacity" in each]
    assert cells == [
        "right" if row == column else "wrong" for row in range(4) for column in range(4)
    ]
    lines = [attributes["class"] for tag, attributes in page.tags if tag == "path"]
    assert all(lines.count(f"line-{number}") == 3 for number in range(4))


@pytest.mark.parametrize(
    "classes", [2, *(pytest.param(n, marks=pytest.mark.slow) for n in (3, 12))]
)
def test_every_picture_of_any_classes_can_be_drawn(classes, tmp_path):
    report = named_report(PLAIN * 30, [f"class {number}" for number in range(classes)])
    for name in set(PICTURES) - {"training"}:
        with (tmp_path / f"{name}.png").open("wb") as file:
            plot(picture_of(name, report), file, "png")
    summary = picture_of("roc", report).summary
    assert ("8 most frequent of 12 classes" in summary) == (classes == 12)


def test_reviews_left_unanswered_have_a_column_of_their_own():
    report = named_report(PLAIN * 3, ["a", "b", "c"])
    decision = MultiDecision((), (0.5, 2.0, 0.5))
    report = replace(report, model=replace(report.model, decision=decision))
    table = matrix(report)
    assert table.columns == ("a", "b", "c", "not answered")
    assert table.counts.tolist() == [[0, 0, 0, 4], [0, 0, 4, 0], [4, 0, 0, 0]]
