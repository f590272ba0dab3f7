"""Labels that are the other way round, or of something else, are warned of."""

import csv
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from sentiment import general
from sentiment.cli.console import console
from sentiment.cli.reading import warn_of_orientation
from sentiment.evaluation.mistakes import orientation_of
from sentiment.labels import WITH_NEUTRAL
from sentiment.model.file import load_model
from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from tests.conftest import TEST, TRAIN

pytestmark = pytest.mark.slow

TURNED, UNRELATED = "look swapped", "seem unrelated to sentiment"


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    """A hundred reviews of each label, written for this project."""
    with TEST.open(encoding="utf-8", newline="") as file:
        rows = [(row["label"], row["text"]) for row in csv.DictReader(file)]
    return {label: [text for of, text in rows if of == label][:100] for label in dict(rows)}


@pytest.fixture
def write(texts, tmp_path):
    """Write a file of reviews with other words for their labels."""

    def to(name: str, negative: object, positive: object, more: str = "", count: int = 100) -> Path:
        rows = [
            (text, label)
            for label, of in ((negative, "negative"), (positive, "positive"))
            for text in texts[of][:count]
        ]
        path = tmp_path / name
        if name.endswith(".jsonl"):
            lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
        elif name.endswith(".txt"):
            lines = [f"__label__{label} {text}" for text, label in rows]
        else:
            lines = ["text\tlabel", *(f"{text}\t{label}" for text, label in rows)]
        path.write_text("\n".join(lines) + "\n" + more, encoding="utf-8")
        return path

    return to


@pytest.mark.parametrize(
    ("name", "negative", "positive", "more"),
    [
        ("a.tsv", 1, 0, ""),
        pytest.param("a.tsv", 2, 1, "", marks=pytest.mark.slow),
        pytest.param("a.tsv", 1, -1, "", marks=pytest.mark.slow),
        pytest.param("a.tsv", 4, 0, "", marks=pytest.mark.slow),
        ("a.tsv", "2.0", "0.0", "It is a box\t1.0\n"),
        ("a.tsv", 5, 1, "It is a box\t3\n"),  # ranks
        ("a.tsv", 10, 1.5, "It is a box\t5\nI love it\t2\nI hate it\t8\n"),
        ("a.tsv", "Yes", "No", ""),
        pytest.param("a.tsv", "Y", "N", "", marks=pytest.mark.slow),
        pytest.param("a.tsv", "LABEL_1", "LABEL_0", "", marks=pytest.mark.slow),
        ("a.tsv", "8,3", "2,1", "It is a box\t5,5\n"),
        pytest.param("a.tsv", 0.7, -0.7, "It is a box\t0.01\n", marks=pytest.mark.slow),
        ("a.jsonl", True, False, ""),
        pytest.param("a.txt", 2, 1, "", marks=pytest.mark.slow),
    ],
)
def test_what_the_warning_says_can_be_followed(run, write, trained, name, negative, positive, more):
    check_followed(run, write(name, negative, positive, more), trained)


@pytest.mark.parametrize(("negative", "positive"), [(1, 0), ("Yes", "No")])
def test_it_can_be_followed_with_a_model_of_three_classes(run, write, negative, positive):
    check_followed(run, write("a.tsv", negative, positive), "fast")


def check_followed(run, path: Path, model: object) -> None:
    """Evaluate with the options that the warning names."""
    done = run("evaluate", path, "-m", model)
    assert done.returncode == 0, done.stderr
    (warning,) = [line for line in done.stderr.splitlines() if TURNED in line]
    assert warning.startswith(f'warning: {path}: the labels in "label" look swapped')
    turn, keep = re.search(r"; try (.+); if they are correct, confirm with (.+)", warning).groups()
    followed = run("evaluate", path, "-m", model, "--json", *shlex.split(turn))
    assert followed.returncode == 0, followed.stderr
    assert TURNED not in followed.stderr
    assert json.loads(followed.stdout)["accuracy"] > 0.6
    kept = run("evaluate", path, "-m", model, "--json", *shlex.split(keep))
    assert TURNED not in kept.stderr
    assert json.loads(kept.stdout)["accuracy"] < 0.4


def test_train_warns_before_it_trains_and_other_models_than_the_bundled_one_do_too(
    run, write, trained, tmp_path
):
    path = write("a.tsv", 1, 0)
    done = run("train", path, "-o", tmp_path / "m", "--epochs", "1", "--features", "2000")
    assert done.returncode == 0
    assert done.stderr.index(TURNED) < done.stderr.index("training on")
    assert TURNED in run("evaluate", path, "-m", trained).stderr
    assert TURNED in run("report", path, "-m", trained, "-o", tmp_path / "page.html").stderr
    assert TURNED in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_options_are_not_named_where_other_files_would_obey_them_too(run, write):
    words, numbers = write("w.tsv", "negative", "positive"), write("n.tsv", 1, 0)
    done = run("evaluate", words, numbers, "-m", "fast")
    (warning,) = [line for line in done.stderr.splitlines() if TURNED in line]
    assert str(numbers) in warning
    assert warning.endswith("swap them in that file")


@pytest.mark.parametrize(
    ("negative", "positive", "more", "count"),
    [
        (0, 1, "", 100),
        ("positive", "negative", "", 100),  # who says so, means it
        ("good", "bad", "", 100),
        (1, 5, "It is a box\t3\n", 100),  # stars
        (2, 9, "It is a box\t5.5\n", 100),
        (1, 0, "", 19),
    ],
)
def test_nothing_is_said_where_labels_fit_or_say_what_they_mean(
    run, write, negative, positive, more, count
):
    done = run("evaluate", write("a.tsv", negative, positive, more, count), "-m", "fast")
    assert done.returncode == 0, done.stderr
    assert "the labels in" not in done.stderr


def reading(path: Path) -> list[str]:
    """The warnings that reading a file brings."""
    console.warnings.clear()
    warn_of_orientation(read_labelled([str(path)], ReadOptions()))
    return console.warnings


def test_labels_of_something_else_are_said_to_be_that(tmp_path):
    """Every other text of either kind is labelled 1."""
    with TRAIN.open(encoding="utf-8", newline="") as file:
        rows = sorted((row["label"], row["text"]) for row in csv.DictReader(file))
    lines = [f"{text}\t{number % 2}" for number, (_, text) in enumerate(rows)]
    (tmp_path / "a.tsv").write_text("\n".join(["text\tlabel", *lines]), encoding="utf-8")
    (warning,) = reading(tmp_path / "a.tsv")
    assert UNRELATED in warning
    assert int(re.search(r"on (\d+) reviews", warning)[1]) <= 300
    assert warning.endswith("if they are correct, confirm with --positive 1 --negative 0")
    few = "\n".join(["text\tlabel", *lines[::16]])  # chance might be all there is to it
    (tmp_path / "few.tsv").write_text(few, encoding="utf-8")
    assert reading(tmp_path / "few.tsv") == []


def test_numbers_of_three_classes_are_judged_by_the_outer_ones(tmp_path):
    with TRAIN.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], 2 * (row["label"] == "negative")) for row in csv.DictReader(file)]
    lines = [f"{text}\t{label}" for text, label in [*rows, *[("It is a box", 1)] * 50]]
    (tmp_path / "a.tsv").write_text("\n".join(["text\tlabel", *lines]), encoding="utf-8")
    (warning,) = reading(tmp_path / "a.tsv")
    assert "labelled 2 read more negative than those labelled 0" in warning
    assert warning.endswith("swap them in that file")  # options would make two classes


def test_a_model_with_neutral_judges_by_the_two_others(texts):
    model = load_model(general.FAST_MODEL)
    assert model.labels == WITH_NEUTRAL
    chosen = [text for label in ("negative", "positive") for text in texts[label]]
    labels = np.repeat([0, 1], 100)
    found = [orientation_of(model, chosen, each).verdict for each in (labels, 1 - labels)]
    assert found == ["fits", "turned"]


def test_texts_that_it_cannot_read_are_not_judged_by(tmp_path):
    kinds = (
        ["La comida estaba deliciosa y el servicio excelente", "Ótimo produto, recomendo a todos",
         "Sehr gutes Produkt, ich würde es wieder kaufen", "素晴らしい映画でした"],
        ["El hotel era muy sucio y el personal grosero", "O quarto estava sujo e frio",
         "Das Zimmer war schmutzig und das Personal unfreundlich", "Ужасный фильм"],
    )  # fmt: skip
    for one, other in ((1, 0), (0, 1)):
        rows = [
            f"{number} {texts[number % 4]}\t{label}"
            for label, texts in zip((one, other), kinds, strict=True)
            for number in range(200)
        ]
        (tmp_path / "a.tsv").write_text("\n".join(["text\tlabel", *rows]), encoding="utf-8")
        assert reading(tmp_path / "a.tsv") == []


def test_a_copy_without_the_bundled_model_does_without(write, tmp_path, monkeypatch):
    path = write("a.tsv", 1, 0)
    assert len(reading(path)) == 1
    monkeypatch.setattr(general, "FAST_MODEL", tmp_path / "none.safetensors")
    assert reading(path) == []


def test_labels_turned_round_have_the_rest_of_the_area():
    reviews = read_labelled([str(TEST)], ReadOptions())
    model = load_model(general.FAST_MODEL)
    one, other = (
        orientation_of(model, reviews.texts, labels)
        for labels in (reviews.labels, 1 - reviews.labels)
    )
    assert one.auc + other.auc == pytest.approx(1)
    assert (one.verdict, other.verdict) == ("fits", "turned")
    assert orientation_of(model, reviews.texts, np.ones(len(reviews), np.int8)) is None


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("sst2/test.tsv", {}),
        ("imdb/test.parquet", {}),
        ("uci/yelp_labelled.txt", {"format": "tsv"}),
        ("uci/amazon_cells_labelled.txt", {"format": "tsv"}),
        ("uci/imdb_labelled.txt", {"format": "tsv"}),
        ("airline/Tweets.csv", {"text_columns": ("text",)}),
        ("multidomain/reviews.csv", {"label_column": "stars"}),
        ("clothing/Womens Clothing E-Commerce Reviews.csv", {"label_column": "Recommended IND"}),
    ],
)
def test_public_sets_fit_and_are_found_out_where_they_are_turned(datasets, path, options):
    reviews = read_labelled([str(datasets / path)], ReadOptions(**options))
    model = load_model(general.FAST_MODEL)
    for labels, verdict in ((reviews.labels, "fits"), (1 - reviews.labels, "turned")):
        found = orientation_of(model, reviews.texts, labels)
        assert (found.verdict, found.read <= 300) == (verdict, True)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_labels_drawn_by_lot_hardly_go_with_sentiment(datasets, seed):
    reviews = read_labelled(
        [str(datasets / "airline/Tweets.csv")], ReadOptions(text_columns=("text",))
    )
    model, generator = load_model(general.FAST_MODEL), np.random.default_rng(seed)
    some = reviews.take(generator.choice(len(reviews), 1_600, replace=False))
    found = orientation_of(model, some.texts, generator.integers(0, 2, 1_600))
    assert found.verdict == "unrelated"
