"""Models of more than two classes: other classes asked for, decisions, explanations."""

from dataclasses import replace
from itertools import chain, permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentiment.errors import ModelError
from sentiment.features.ngrams import NGrams
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.model.component import Calibration, probabilities_of
from sentiment.model.decision import Decision, MultiDecision, even_decision
from sentiment.model.explanation import explain
from sentiment.model.file import (
    document_of,
    format_of,
    load_model,
    model_of,
    save_model,
    tensors_of,
)
from sentiment.model.model import Model, Scores, answers_of, reasons_of
from sentiment.model.phrases import strongest_phrases
from sentiment.model.removal import smallest_removal
from tests.model.small import WORDS, changed, small_model
from tests.model.test_file import FIXTURES
from tests.torture.forging import change_the_document, of_classes

NAMES = ("negative", "neutral", "positive", "mixed", "spam")
TEXTS = ["a good film", "not bad", " ".join(WORDS), "", "zxcv", "good good 映画"]
PLAIN = NGrams(2, 3, 1, 3, 4, (2, 3))


def of(*names: str, hidden: tuple[int, ...] = (16,)) -> Model:
    return small_model(hidden, PLAIN, LabelSet(names))


THREE, FIVE, TWO = of(*WITH_NEUTRAL.names), of(*NAMES), of(*SENTIMENT.names)
OTHER_TWO = of("spam", "mixed")
# Every number of classes on every other, and models on models.
STACKS = {
    "three": THREE,
    "five": FIVE,
    "two": TWO,
    "three on five": THREE.on(FIVE, 0.5),
    "five on three": FIVE.on(THREE, 0.5),
    "three on two": THREE.on(TWO, 2.0),
    "two on three": TWO.on(THREE, 0.5),
    "two on others": TWO.on(OTHER_TWO, 0.5),
    "three on two on five": THREE.on(TWO.on(FIVE, 0.3), 0.7),
    "two on three on two": TWO.on(THREE.on(TWO, 0.3), 0.7),
    "five on three on others": FIVE.on(THREE.on(OTHER_TWO, 0.3), 0.7),
}
every = pytest.mark.parametrize("model", STACKS.values(), ids=STACKS)


def same_probabilities(one: Model, other: Model) -> None:
    found, expected = one.probabilities(TEXTS), other.probabilities(TEXTS)
    assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


def renormalised(model: Model, labels: LabelSet) -> np.ndarray:
    some = model.probabilities(TEXTS)[:, model.labels.indices_of(labels.names)]
    return some / some.sum(axis=1, keepdims=True)


def subsets(model: Model) -> list[LabelSet]:
    """Some of a model's classes, in any order, at least two."""
    counts = range(2, min(len(model.labels), 3) + 1)
    return [LabelSet(some) for count in counts for some in permutations(model.labels.names, count)]


@every
def test_a_restricted_model_has_the_probabilities_of_the_classes_left(model):
    for labels in subsets(model):
        restricted = model.restricted(labels)
        found = restricted.probabilities(TEXTS)
        assert found == pytest.approx(renormalised(model, labels), abs=1e-9, nan_ok=True)
        assert restricted.decision == even_decision(len(labels))
        assert restricted.labels is labels or restricted is model


@pytest.mark.slow
@every
def test_restricting_twice_is_restricting_once(model):
    for labels in subsets(model):
        for fewer in permutations(labels.names, 2):
            twice = model.restricted(labels).restricted(LabelSet(fewer))
            same_probabilities(twice, model.restricted(LabelSet(fewer)))


@every
def test_what_is_restricted_or_calibrated_comes_back_from_its_file(model, tmp_path):
    for labels in [model.labels, *subsets(model)[::5]]:
        restricted = model.restricted(labels)
        outer = Calibration(1.5, (0.5, -0.25, 0.1, 0.3)[: len(labels) - 1])
        for made in (restricted, restricted.recalibrated(outer), changed(restricted)):
            save_model(made, tmp_path / "model")
            loaded = load_model(tmp_path / "model")
            same_probabilities(loaded, made)
            assert (loaded.labels, loaded.decision) == (made.labels, made.decision)
            assert document_of(loaded) == document_of(made)
            assert format_of(loaded) == format_of(made)
            save_model(loaded, tmp_path / "again")
            assert (tmp_path / "again").read_bytes() == (tmp_path / "model").read_bytes()


@every
def test_a_recalibrated_model_has_the_log_odds_of_the_sum_calibrated(model):
    for labels in [model.labels, *subsets(model)[::5]]:
        restricted = model.restricted(labels)
        outer = Calibration(1.5, (0.5, -0.25, 0.1, 0.3)[: len(labels) - 1])
        expected = outer.log_odds(restricted.log_odds(TEXTS))
        found = restricted.recalibrated(outer).log_odds(TEXTS)
        assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


@every
def test_components_add_up_in_the_classes_of_the_model(model):
    assert {(each.asked or each.labels).names for each in model.components} == {model.labels.names}
    total = np.zeros((len(TEXTS), len(model.labels) - 1))
    for component in reversed(model.components):
        total = component.log_odds(TEXTS)[0] + component.weight * total
    expected = probabilities_of(total)
    assert model.probabilities(TEXTS) == pytest.approx(expected, abs=1e-12, nan_ok=True)


@settings(max_examples=30)  # a model takes 20 ms
@given(st.permutations(NAMES), st.integers(2, 5), st.integers(0, 10**6))
def test_a_class_that_is_not_known_gets_the_mean_of_those_that_are(order, count, seed):
    random = np.random.default_rng(seed)
    known, asked = LabelSet(tuple(order[:count])), LabelSet(tuple(random.permutation(NAMES)))
    own = small_model((4,), PLAIN, known).own
    calibration = Calibration(0.7, tuple(random.normal(size=count - 1).tolist()))
    component = replace(own, calibration=calibration)
    logs = np.log(probabilities_of(component.log_odds(TEXTS[:3])[0]))
    found = probabilities_of(component.for_labels(asked).log_odds(TEXTS[:3])[0])
    for label, name in enumerate(asked.names):
        before = logs[:, known.names.index(name)] if name in known.names else logs.mean(axis=1)
        logs_found = np.log(found[:, label])
        shift = logs_found - before  # the same for all classes: the sum of all is 1
        assert shift == pytest.approx(np.log(found[:, 0]) - _first(logs, known, asked), abs=1e-9)


def _first(logs: np.ndarray, known: LabelSet, asked: LabelSet) -> np.ndarray:
    (place,) = known.indices_of(asked.names[:1])
    return logs[:, place] if place >= 0 else logs.mean(axis=1)


def test_the_same_classes_are_the_same_component_and_model():
    assert THREE.own.for_labels(WITH_NEUTRAL) is THREE.own
    assert THREE.restricted(LabelSet(WITH_NEUTRAL.names, ordered=True)) is THREE


P = np.array(
    [
        [0.5, 0.3, 0.2],
        [0.3, 0.4, 0.3],
        [0.1, 0.2, 0.7],
        [0.4, 0.2, 0.4],
        [0.0, 1.0, 0.0],
        [np.nan, np.nan, np.nan],
    ]
)
COVERAGE = np.array([0, 0, 1, 0, 0, 0], np.uint8)


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (MultiDecision(), ["negative", "neutral", "uncertain", "negative", "neutral", ""]),
        (
            MultiDecision((0.0, 0.0, -1.0)),
            ["positive", "positive", "uncertain", "positive", "neutral", ""],
        ),
        (
            MultiDecision((), (0.45, 0.5, 0.0)),
            ["negative", "uncertain", "uncertain", "uncertain", "neutral", ""],
        ),
        (  # the least is of the answer that the offsets choose
            MultiDecision((0.0, 0.0, -1.0), (1.5, 0.0, 0.25)),
            ["uncertain", "positive", "uncertain", "positive", "neutral", ""],
        ),
    ],
)
def test_offsets_choose_and_minima_abstain(decision, expected):
    scores = Scores(P, COVERAGE)
    answers = answers_of(decision, scores, WITH_NEUTRAL)
    assert answers == expected
    reasons = reasons_of(decision, answers, COVERAGE)
    assert reasons[2] == "few known words"
    kinds = {"uncertain": "not likely enough"}
    rest = [kinds.get(answer, "") for answer in answers]
    assert reasons[:2] + reasons[3:] == rest[:2] + rest[3:]


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.integers(0, 10**6))
def test_an_offset_for_all_classes_changes_no_answer(offsets, seed):
    p = np.random.default_rng(seed).dirichlet([1, 1, 1], 20)
    moved = tuple(offset + 1.5 for offset in offsets)
    chosen = MultiDecision(tuple(offsets)).choose(p)
    assert chosen.tolist() == MultiDecision(moved).choose(p).tolist()
    assert chosen.tolist() == (p / np.exp(offsets)).argmax(axis=1).tolist()


def test_known_probabilities_are_missing_where_too_little_is_known():
    scores = Scores(P, COVERAGE)
    assert np.isnan(scores.known[:, 0]).tolist() == [False, False, True, False, False, True]
    assert scores.take(np.array([2, 0])).coverage.tolist() == [1, 0]


def test_only_a_model_of_two_classes_has_a_threshold():
    assert TWO.at(0.3).decision == Decision(0.3)
    with pytest.raises(TypeError, match="a model of 3 classes has no threshold"):
        THREE.at(0.3)


@every
def test_explanations_add_up_toward_each_class(model):
    for text in TEXTS[:3] + TEXTS[4:]:
        p = model.probabilities([text])[0]
        for toward in (None, *range(len(p))):
            found = explain(model, text, toward)
            answer = 1 if model.labels.is_binary else model.decision.choose(p[None])[0]
            assert found.toward == (answer if toward is None else toward)
            assert found.over != found.toward
            assert p[found.over] == np.delete(p, found.toward).max()
            margin = np.log(p[found.toward] / p[found.over])
            assert found.logit == pytest.approx(margin, abs=1e-6)
            total = found.base + sum(word.contribution for word in found.words)
            assert total == pytest.approx(found.logit, abs=1e-4)
            removal = smallest_removal(model, found)
            if removal is not None:
                assert removal.answer in {*model.labels.names, "uncertain"} - {found.answer}


def test_the_strongest_phrases_of_two_classes_are_opposite_and_of_more_each_its_own():
    def spelled(model: Model) -> Model:
        keys = model.own.encoder.keys[:40].tolist()
        return changed(model, phrases={key: f"w{number}" for number, key in enumerate(keys)})

    toward, against = strongest_phrases(spelled(TWO), 5)
    assert strongest_phrases(spelled(TWO), 5, 0) == (
        [(name, -moved) for name, moved in against],
        [(name, -moved) for name, moved in toward],
    )
    model = spelled(THREE)
    each = [dict(chain(*strongest_phrases(model, 40, label))) for label in range(3)]
    assert each[0].keys() == each[1].keys() == each[2].keys()
    for name in each[0]:  # against the mean of the others: over all classes they cancel out
        assert sum(moves[name] for moves in each) == pytest.approx(0, abs=1e-9)


NAMED = {"names": ["negative", "neutral", "positive"], "ordered": False}
CALIBRATION = {"slope": 1.0}


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": NAMED | {"names": ["negative", "positive"]}},
        {"labels": NAMED | {"names": ["a", "b", "c", "d"]}},
        {"labels": NAMED | {"names": ["a", "b", "a"]}},
        {"labels": NAMED | {"names": ["a", "b", ""]}},
        {"labels": NAMED | {"names": ["a", "b", "uncertain"]}},
        {"labels": NAMED | {"names": ["a", "b", "c\n"]}},
        {"labels": NAMED | {"names": ["a", "b", 3]}},
        {"labels": NAMED | {"names": [str(number) for number in range(51)]}},
        {"labels": NAMED | {"names": "abc"}},
        {"labels": NAMED | {"names": {"a": 1, "b": 2, "c": 3}}},
        {"labels": NAMED | {"ordered": 0}},
        {"labels": ["a", "b", "c"]},
        {"labels": None},
        {"asked": NAMED | {"names": ["negative"]}},
        {"asked": NAMED | {"names": ["negative", "spam", "neutral"]}},
        {"asked": NAMED | {"names": ["ham", "spam", "eggs"]}},
        {"asked": SENTIMENT.names},
        {"asked": None},
        {"calibration": CALIBRATION | {"intercept": [0.1]} | {"slope": 0}},
        {"calibration": CALIBRATION | {"intercept": []}},
        {"calibration": CALIBRATION | {"intercept": [0.1, 0.2, 0.3]}},
        {"calibration": CALIBRATION | {"intercept": [0.1, "0.2"]}},
        {"calibration": CALIBRATION | {"intercept": {"0": 1, "1": 2}}},
        {"calibration": CALIBRATION | {"intercept": [0.1, 1e300]}},
        {"decision": {"threshold": 0.5, "band": None}},
        {"decision": {"offsets": [0.0], "minima": None}},
        {"decision": {"offsets": [0.0] * 4, "minima": None}},
        {"decision": {"offsets": [0.0, 0.0, 1e300], "minima": None}},
        {"decision": {"offsets": None, "minima": None}},
        {"decision": {"offsets": "abc", "minima": None}},
        {"decision": {"offsets": [], "minima": [0.1, 0.1]}},
        {"decision": {"offsets": [], "minima": []}},
        {"decision": {"offsets": [], "minima": 0}},
        {"decision": {"offsets": [], "minima": [0.1, 0.1, -0.1]}},
        {"decision": {"offsets": [], "minima": [0.1, 0.1, True]}},
        {"decision": {"offsets": []}},
    ],
)
def test_classes_that_do_not_fit_are_refused(changes):
    document, tensors = document_of(THREE), tensors_of(THREE)
    model_of(document, tensors)
    with pytest.raises((ValueError, TypeError, KeyError)):
        model_of(document | changes, tensors)


@pytest.mark.parametrize("changes", [
    {"asked": None}, {"asked": {"names": ["neutral", "positive"], "ordered": False}},
    {"labels": {"names": ["ham", "spam"], "ordered": False}},
])  # fmt: skip
def test_a_base_that_answers_with_other_classes_is_refused(changes):
    model = TWO.on(THREE, 1.0)
    document, tensors = document_of(model), tensors_of(model)
    base = document["base"]["model"] | changes
    if base["asked"] is None:
        del base["asked"]
    with pytest.raises((ValueError, KeyError)):
        model_of(document | {"base": {"weight": 1.0, "model": base}}, tensors)


@pytest.fixture(scope="module")
def good() -> bytes:
    return of_classes(FIXTURES)


@given(st.integers(0, 10**9))
def test_a_forged_description_is_refused_in_one_line_or_answers(good, tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / "forged-classes"
    path.write_bytes(change_the_document(good, Random(seed)))
    try:
        model = load_model(path)
    except ModelError as error:
        assert str(error).isprintable()  # noqa: PT017 (either outcome is right)
        return
    scores = model.scores(TEXTS)
    assert np.isnan(scores.probabilities).any(axis=1).tolist() == [text == "" for text in TEXTS]
    assert set(model.answers(scores)) <= {*model.labels.names, "uncertain", ""}
    about = model.record.provenance
    if about is not None and about.right is not None:
        assert list(about.right) == list(about.validation.counts)


def test_a_model_that_is_asked_as_it_is_has_no_asked_in_its_file():
    assert "asked" not in document_of(THREE)
    assert "labels" not in document_of(TWO)
    back = replace(THREE.own, asked=THREE.labels)
    assert "asked" not in document_of(replace(THREE, components=(back,)))
    assert format_of(TWO) == 1
    assert format_of(TWO.on(THREE, 1.0)) == 4
