"""`SentimentClassifier`: the training as a scikit-learn estimator."""

import json
import pickle
import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sentiment import SentimentClassifier, load
from sentiment.errors import DataError
from sentiment.model.network import DenseNetwork
from tests.conftest import TEST, TRAIN

QUICK = {"hidden": (), "epochs": 3, "refit": False, "learning_rate": 0.02}


@pytest.fixture(scope="module")
def reviews() -> pd.DataFrame:
    return pd.read_csv(TRAIN).iloc[:300]


@pytest.fixture(scope="module")
def fitted(reviews) -> SentimentClassifier:
    return SentimentClassifier(**QUICK).fit(reviews["text"], reviews["label"])


@pytest.mark.slow
def test_it_gives_the_file_that_the_command_line_gives(run, reviews, tmp_path):
    reviews.to_csv(tmp_path / "some.csv", index=False)
    done = run("train", tmp_path / "some.csv", "-o", tmp_path / "m", "--epochs", "4", "--seed", "5",
               "--features", "9000", "--hidden", "8,4", "--dropout", "0.1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    classifier = SentimentClassifier(
        epochs=np.int64(4), seed=5, features=9000, hidden=[8, 4], dropout=0.1
    )
    texts, labels = [*reviews["text"], " "], [*reviews["label"], "positive"]  # one is blank
    classifier.fit(texts, labels).save(tmp_path / "mine")
    assert (tmp_path / "mine").read_bytes() == (tmp_path / "m").read_bytes()
    assert load(tmp_path / "mine").model.own.encoder == classifier.model_.own.encoder


@pytest.mark.slow
def test_fitted_on_a_fold_of_real_reviews_too(run, datasets, tmp_path):
    lines = (datasets / "uci" / "yelp_labelled.txt").read_text(encoding="utf-8").split("\n")
    rows = [line.rsplit("\t", 1) for line in lines if line.strip()]
    texts, labels = (
        np.array([text for text, _ in rows], object),
        np.array([int(y) for _, y in rows]),
    )
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    kept, rest = next(folds.split(texts, labels))
    (tmp_path / "fold.tsv").write_text(
        "".join(f"{texts[row]}\t{labels[row]}\n" for row in kept), encoding="utf-8"
    )
    done = run("train", tmp_path / "fold.tsv", "-o", tmp_path / "m")
    assert done.returncode == 0, done.stderr
    classifier = SentimentClassifier().fit(texts[kept], labels[kept])
    classifier.save(tmp_path / "mine")
    assert (tmp_path / "mine").read_bytes() == (tmp_path / "m").read_bytes()
    assert classifier.score(texts[rest], labels[rest]) > 0.7


def test_probabilities_decisions_and_answers_agree(fitted, reviews):
    texts = [*reviews["text"], "", "asdf qwer"]
    p, answers = fitted.predict_proba(texts), fitted.predict(texts)
    assert fitted.classes_.tolist() == ["negative", "positive"]
    assert p.sum(axis=1) == pytest.approx(1)
    of_the_last = fitted.decision_function(texts) > 0
    assert (fitted.classes_[of_the_last.astype(int)] == answers).all()
    assert ((p[:, 1] >= fitted.model_.decision.threshold) == of_the_last).all()
    assert np.array_equal(p[-2], p[-1]), "blank, or nothing known: as of an empty review"
    assert fitted.score(reviews["text"], reviews["label"]) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("negative", "positive", "asked"),
    [(0, 1, None), (-1.0, 1.0, None), ("happy", "sad", None), ("sad", "happy", "happy"),
     ("bad", "Good", None), (False, True, None), ("negative", "happy", None),
     ("other", "good", None), ("neutral", "good", None)],
)  # fmt: skip
def test_labels_may_be_of_any_two_kinds(negative, positive, asked, fitted, reviews, tmp_path):
    is_positive = (reviews["label"] == "positive").to_numpy()
    labels = np.where(is_positive, np.array(positive), np.array(negative))
    labels = labels.astype(object) if isinstance(positive, str) else labels
    mine = SentimentClassifier(**QUICK, positive=asked).fit(reviews["text"], labels)
    assert mine.positive_ == positive
    assert mine.classes_.tolist() == sorted([negative, positive])
    texts = reviews["text"][:40]
    expected = np.where(fitted.predict(texts) == "positive", np.array(positive), np.array(negative))
    assert mine.predict(texts).tolist() == expected.tolist()
    column = mine.classes_.tolist().index(positive)
    assert (mine.predict_proba(texts)[:, column] == fitted.predict_proba(texts)[:, 1]).all()
    signs = mine.decision_function(texts) > 0
    assert (mine.classes_[signs.astype(int)] == mine.predict(texts)).all()
    mine.save(tmp_path / "m")
    assert load(tmp_path / "m").predict(texts).tolist() == fitted.predict(texts).tolist()


@pytest.mark.slow
def test_it_works_within_scikit_learn(reviews):
    texts, labels = reviews["text"].to_numpy(object), reviews["label"].to_numpy(object)
    pipeline = make_pipeline(
        FunctionTransformer(lambda many: [text.strip() for text in many]),
        SentimentClassifier(**QUICK),
    )
    assert cross_val_score(pipeline, texts, labels, cv=2).mean() > 0.5
    search = GridSearchCV(
        SentimentClassifier(**QUICK), {"features": [50, 20_000]}, cv=2, scoring="roc_auc"
    ).fit(texts, labels)
    assert search.best_params_ == {"features": 20_000}
    assert search.predict(texts[:2]).shape == (2,)


def test_it_is_cloned_with_its_parameters_and_pickled_with_what_it_learned(fitted):
    other = clone(fitted)
    assert other.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        other.predict(["fine"])
    texts = ["a fine thing", "a terrible thing", ""]
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(texts), fitted.predict_proba(texts))


def test_fitting_leaves_the_random_numbers_of_others_alone(reviews):
    some = reviews[:60]
    random.seed(7)
    np.random.seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist()
    SentimentClassifier(**QUICK | {"hidden": (4,), "dropout": 0.5}).fit(some["text"], some["label"])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


@pytest.mark.slow
def test_fits_at_the_same_time_are_those_of_one_after_the_other(reviews):
    some = reviews[:60]

    def fitted(seed: int) -> DenseNetwork:
        mine = SentimentClassifier(**QUICK | {"hidden": (4,), "dropout": 0.5}, seed=seed)
        return mine.fit(some["text"], some["label"]).model_.own.network

    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(fitted, range(3)))
    assert together == [fitted(seed) for seed in range(3)]


def test_a_fit_that_fails_leaves_the_one_before(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    with pytest.raises(DataError):
        again.fit(["a", "b"], [0, 1])
    assert again.predict(["Dreadful, avoid."]).tolist() == fitted.predict(["Dreadful, avoid."])
    assert (again.classes_.tolist(), again.positive_) == (["negative", "positive"], "positive")


@pytest.mark.slow
@pytest.mark.parametrize("base", ["fast", "loaded"])
def test_it_stands_on_a_base(base):
    some = pd.read_csv(TEST).iloc[:60]  # which it was not made with
    given = load("fast") if base == "loaded" else base
    mine = clone(SentimentClassifier(**QUICK | {"refit": True}, base=given))
    mine.fit(some["text"], some["label"])
    assert mine.model_.own.weight > 0
    assert mine.predict(["Dreadful, avoid."]).tolist() == ["negative"]


@pytest.mark.parametrize(
    ("texts", "labels", "error", "words"),
    [
        ("one text", ["a", "b"], TypeError, "put it into a list"),
        (["a"] * 153, [*range(51)] * 3, ValueError, "51 kinds of labels, and 50 is the maximum"),
        (["a", "b", "c"], ["x", "y", ""], ValueError, "'' cannot be the name of a class"),
        (["a", "b", "c"], ["x", "y", "z"], DataError, "too few different reviews"),
        (["a", "b"], ["x", "x"], ValueError, "two classes .* found one class"),
        ([], [], ValueError, "two classes .* found none"),
        (["a", "b"], ["x"], ValueError, "inconsistent numbers of samples"),
        (["a", None], ["x", "y"], ValueError, "text 1 is missing"),
        (["a", "b"], [0.0, np.nan], ValueError, "NaN"),
        (["a", "b"], ["x", None], ValueError, "label 1 is missing"),
        (["a", "b"], np.array(["x", np.nan], object), ValueError, "label 1 is missing"),
        (["a", "b"], pd.Series(["x", pd.NA], dtype="string"), ValueError, "label 1 is missing"),
        (["a", "b"], None, ValueError, "labels are needed"),
        (["a", "b"], np.array(["1", 1], object), ValueError, r"different types \(int, str\)"),
    ],
)
def test_what_cannot_be_learned_from_is_a_clear_error(texts, labels, error, words):
    with pytest.raises(error, match=words):
        SentimentClassifier().fit(texts, labels)


@pytest.mark.parametrize(
    "wrong",
    [{"hidden": (0,)}, {"dropout": 1.0}, {"epochs": 0}, {"patience": 0}, {"batch_size": 0},
     {"learning_rate": float("nan")}, {"features": 0}, {"validation_share": 0.0},
     {"optimize": "f2"}, {"seed": -1}, {"repair": "no"},
     {"positive": "no such label"}, {"hidden": "64,32"}, {"hidden": (16.5,)},
     {"hidden": (1,) * 17}, {"epochs": 2.7},
     {"epochs": "4"}, {"features": None}, {"refit": "no"}, {"seed": None}, {"dropout": "0.1"},
     {"batch_size": [1, 2]}, {"optimize": ["accuracy"]}, {"activation": "swish"}],
)  # fmt: skip
def test_a_parameter_out_of_its_range_is_named(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"^{name}="):
        SentimentClassifier(**wrong).fit(["a", "b"], ["x", "y"])


@pytest.mark.slow
def test_it_repairs_texts_unless_it_is_told_not_to(reviews):
    some = reviews[:60]
    texts = ["I don't like it", "I don&#039;t like it"]
    for repair in (True, False):
        mine = SentimentClassifier(**QUICK, repair=repair).fit(some["text"], some["label"])
        plain, damaged = mine.predict_proba(texts)[:, 1].tolist()
        assert (plain == damaged) == repair == mine.model_.repairs


def test_a_base_that_is_no_model_is_a_clear_error(fitted):
    with pytest.raises(TypeError, match=r"base is a SentimentClassifier: .* what `load` returned"):
        SentimentClassifier(base=fitted).fit(["a", "b"], ["x", "y"])


WORDS_OF = {"bad": "dull", "good": "lovely", "ok": "table", "odd": "blue"}


@pytest.mark.parametrize(
    "kinds", [["bad", "good", "ok"], [3, 1, 2], [0.0, 2.0, -1.0, 9.0], ["x y", "é", "A", "a"]]
)
def test_any_number_of_classes_of_any_kind(kinds, run, tmp_path):
    words = [*WORDS_OF.values()][: len(kinds)]
    texts = [f"{word} thing {number}" for number in range(30) for word in words]
    classifier = SentimentClassifier(**QUICK).fit(texts, kinds * 30)
    assert classifier.classes_.tolist() == sorted(kinds)
    assert classifier.predict([f"a {word} thing" for word in words]).tolist() == kinds
    p = classifier.predict_proba(texts)
    assert p.sum(axis=1) == pytest.approx(1)
    scores = classifier.decision_function(texts)
    assert scores.shape == p.shape
    answers = classifier.predict(texts)
    assert (classifier.classes_[scores.argmax(axis=1)] == answers).all()
    classifier.save(tmp_path / "m.safetensors")
    loaded = load(tmp_path / "m.safetensors")
    assert loaded.predict_proba(texts).max(axis=1) == pytest.approx(p.max(axis=1))
    assert ".0" not in "".join(loaded.classes_)
    rows = [f"{text},{label}\n" for text, label in zip(texts, kinds * 30, strict=True)]
    (tmp_path / "rows.csv").write_text("text,label\n" + "".join(rows))
    done = run("evaluate", tmp_path / "rows.csv", "-m", tmp_path / "m.safetensors", "--json")
    if "A" in kinds:
        assert (done.returncode, '"A" and "a" are classes' in done.stderr) == (3, True)
    else:
        assert json.loads(done.stdout)["accuracy"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["good", "bad"], list),
        (["1", "1.0"], list),
        (["Good", "good"], np.array),
        ([1, 0], list),
        ([True, False], np.array),
        (["b", "a"], lambda labels: pd.Series(labels, index=range(40, 0, -1))),
        (["low", "high"], pd.Categorical),
        ([1, 0], lambda labels: pd.Series(pd.Categorical(labels))),
    ],
)
def test_labels_are_kept_apart_and_given_back_in_cross_validation(labels, kind):
    texts = [f"{word} thing {number}" for number in range(20) for word in ("lovely", "dull")]
    fit = SentimentClassifier(**QUICK)
    scores = cross_val_score(fit, texts, kind([*labels] * 20), cv=2, error_score="raise")
    assert scores.tolist() == [1, 1]
    assert fit.fit(texts, kind([*labels] * 20)).classes_.tolist() == sorted(labels)


@pytest.mark.slow
def test_weights_of_whole_numbers_are_about_like_repeated_texts(reviews):
    weights = np.arange(len(reviews)) % 3
    texts, labels = reviews["text"].to_numpy(object), reviews["label"].to_numpy(object)
    rows = np.repeat(np.arange(len(reviews)), weights)
    fit = SentimentClassifier(**QUICK).fit
    weighted = fit(texts, labels, sample_weight=weights).predict_proba(texts)
    repeated = fit(texts[rows], labels[rows]).predict_proba(texts)
    plain = fit(texts, labels).predict_proba(texts)
    off = [np.abs(each - repeated).mean() for each in (weighted, plain)]
    assert off[0] < 0.5 * off[1]
    ones = fit(texts, labels, sample_weight=[1.0] * len(texts)).predict_proba(texts)
    assert np.array_equal(ones, plain)
    without = fit(texts[weights > 0], labels[weights > 0]).predict_proba(texts)
    of_zeros = fit(texts, labels, sample_weight=np.minimum(weights, 1)).predict_proba(texts)
    assert np.array_equal(of_zeros, without)


@pytest.mark.parametrize("weights", [[1], [[1, 1]], [1, -1], [1, np.nan], [0, 0], [1, np.inf]])
def test_weights_that_are_none_are_an_error(weights):
    with pytest.raises(ValueError, match="weight"):
        SentimentClassifier().fit(["a", "b"], ["x", "y"], sample_weight=weights)
