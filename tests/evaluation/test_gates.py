import numpy as np
import pytest

from sentiment.errors import GoalError, UsageError
from sentiment.evaluation.gates import (
    Gate,
    check_gates,
    check_metrics,
    check_slices,
    read_gate,
    read_maximum,
    read_rate,
)
from sentiment.evaluation.slices import slices_of
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("accuracy=0.9", Gate("accuracy", 0.9)),
        ("mcc=-0.5", Gate("mcc", -0.5)),
        ("slice:domain=hotel:macro_f1=0.8", Gate("macro_f1", 0.8, "domain", "hotel")),
        ("slice:url=http://a=b:mcc=0", Gate("mcc", 0, "url", "http://a=b")),
        ("slice:shop=:accuracy=1", Gate("accuracy", 1, "shop", "")),
    ],
)
def test_a_gate_is_read(text, gate):
    assert read_gate(text) == gate


@pytest.mark.parametrize(
    "text",
    ["accuracy", "accuracy=", "accuracy=nan", "accuracy=90", "log_loss=0.1", "slice:a=b=1",
     "slice:a:accuracy=1", "slice:a=b:roc_auc=1", "slice:=b:accuracy=1", ""],
)  # fmt: skip
def test_a_gate_that_is_written_wrongly_is_an_error(text):
    with pytest.raises(UsageError, match="--fail-under"):
        check_metrics([read_gate(text)], SENTIMENT)


@pytest.mark.parametrize(
    ("text", "label_set"),
    [
        ("recall_neutral=0.5", WITH_NEUTRAL),
        ("quadratic_kappa=0.5", LabelSet(("1", "4", "5"), ordered=True)),
        ("slice:shop=a:weighted_f1=0.5", WITH_NEUTRAL),
        ("roc_auc_4=0.9", LabelSet(("1", "4", "5"))),
    ],
)
def test_metrics_of_a_gate_are_those_of_the_classes(text, label_set):
    check_metrics([read_gate(text)], label_set)
    with pytest.raises(UsageError, match=f"--fail-under {text}: no metric"):
        check_metrics([read_gate(text)], SENTIMENT)


def test_gates_that_are_missed_are_named_with_their_values():
    slices = {"shop": slices_of(["x", "x", "y", "y"], np.array([0, 1, 1, 1]), np.ones(4, int))}
    gates = [
        Gate("accuracy", 0.75),
        Gate("mcc", 0.9),
        Gate("accuracy", 0.5, "shop", "x"),
        Gate("accuracy", 0.6, "shop", "x"),
        Gate("macro_f1", 0.6, "shop", "y"),
    ]
    with pytest.raises(GoalError) as caught:
        check_gates(gates, {"accuracy": 0.75, "mcc": 0.5}, slices)
    assert str(caught.value) == (
        "missed: mcc is 0.5 (minimum 0.9); shop=x accuracy is 0.5 (minimum 0.6); "
        "shop=y macro_f1 could not be computed (minimum 0.6)"
    )


def test_a_largest_value_is_read_and_held():
    gates = [read_maximum(text, ["leaks", "empty"], "leaks=0") for text in ("leaks=2", "empty=.1")]
    assert gates == [Gate("leaks", 2, is_maximum=True), Gate("empty", 0.1, is_maximum=True)]
    check_gates(gates, {"leaks": 2, "empty": 0})
    with pytest.raises(GoalError) as caught:
        check_gates(gates, {"leaks": 12, "empty": None})
    assert str(caught.value) == (
        "missed: leaks is 12 (maximum 2); empty could not be computed (maximum 0.1)"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("leaks", "write NAME=NUMBER, for instance leaks=0"),
        ("leaks=x", "write NAME=NUMBER"),
        ("leaks=inf", "write NAME=NUMBER"),
        ("leks=0", "no figure leks .did you mean leaks"),
        ("qqqq=0", "the figures are leaks, empty"),
    ],
)
def test_a_largest_value_that_is_written_wrongly_is_an_error(text, said):
    with pytest.raises(UsageError, match=f"--fail-over {text}: .*{said}"):
        read_maximum(text, ["leaks", "empty"], "leaks=0")


def test_a_slice_that_nobody_is_in_is_an_error_that_lists_some():
    gates = [Gate("accuracy", 0.9, "id", "x")]
    with pytest.raises(UsageError, match=r'no review has id "x"; .*"10".* and 2 more'):
        check_slices(gates, {"id": [str(number) for number in range(12)]})


@pytest.mark.parametrize(
    ("text", "gate"),
    [("time=0.6", Gate("time", 0.6)), ("0.8", Gate("all", 0.8)), ("all=1", Gate("all", 1))],
)
def test_a_gate_on_a_rate_is_read(text, gate):
    assert read_rate(text, ["time"], "all") == gate


@pytest.mark.parametrize(
    ("text", "said"),
    [("time", "CAPABILITY=RATE"), ("time=", "CAPABILITY=RATE"), ("time=60", "CAPABILITY=RATE"),
     ("-0.5", "CAPABILITY=RATE"), ("time=nan", "CAPABILITY=RATE"), ("=0.5", "CAPABILITY=RATE"),
     ("", "CAPABILITY=RATE"), ("tme=0.5", "one of time, all"), ("a=time=0.5", "one of time, all")],
)  # fmt: skip
def test_a_gate_on_a_rate_that_is_written_wrongly_is_an_error(text, said):
    with pytest.raises(UsageError, match="--fail-under") as caught:
        read_rate(text, ["time"], "all")
    assert said in str(caught.value)
