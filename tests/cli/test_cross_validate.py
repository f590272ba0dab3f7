"""`sentiment cross-validate`, with a logistic regression in the network's place where that does."""

import csv
import json

import pytest

from sentiment.selection import fits

GOOD = ["lovely", "great", "fine", "superb", "warm", "kind"]
BAD = ["awful", "dull", "broken", "rude", "cold", "late"]


def rows(n=80):
    """Reviews with a word that mostly tells the label; of every ninth it tells the other one."""
    for number in range(n):
        words = GOOD if (number % 2) != (number % 9 == 0) else BAD
        yield {
            "id": number,
            "text": f"a {words[number % 6]} and {words[number // 6 % 6]} thing number {number}",
            "label": ("neg", "pos")[number % 2],
            "shop": f"shop {number % 10 // 2}",
            "day": f"2024-{number // 10 + 1:02}-01",
        }


def write(path, some):
    some = list(some)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, some[0])
        writer.writeheader()
        writer.writerows(some)
    return path


@pytest.fixture
def data(tmp_path):
    return write(tmp_path / "data.csv", rows())


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(fits, "trained", lambda *_: fits.tfidf)


def test_it_trains_as_train_does(run, data):
    options = ["--folds", "2", "--epochs", "1", "--hidden", "", "--features", "500"]
    done = run("cross-validate", data, *options)
    assert done.returncode == 0, done.stderr
    assert "training 2 models, each on 40 of 80 reviews" in done.stderr
    assert "accuracy" in done.stdout


@pytest.mark.usefixtures("quick")
def test_text_and_json_have_every_metric_with_its_interval(run, data):
    args = ["cross-validate", data, "--folds", "5", "--repeats", "2", "--slice", "shop"]
    flat = json.loads(run(*args, "--json").stdout)
    assert (flat["n"], flat["folds"], flat["repeats"]) == (80, 5, 2)
    assert flat["trained_on"] == [64] * 10
    low, high = flat["intervals"]["accuracy"]
    assert 0 <= low < flat["accuracy"] < high <= 1
    assert len(flat["slices"]["shop"]) == 5
    text = run(*args).stdout
    for words in (f"{flat['accuracy']:.1%}", f"{100 * low:.1f}–{high:.1%}", "by shop", "ROC AUC"):
        assert words in text
    assert "NaN" not in run(*args, "--json").stdout


@pytest.mark.usefixtures("quick")
def test_baselines_are_on_the_same_folds(run, data):
    done = run("cross-validate", data, "--folds", "4", "--baseline", "--json")
    flat = json.loads(done.stdout)
    assert flat["baselines"]["constant"]["accuracy"] == 0.5
    # The logistic regression is compared with itself here.
    assert flat["baselines"]["TF-IDF + logistic regression"]["macro_f1"] == flat["macro_f1"]
    assert flat["ahead"]["accuracy"] == 0
    text = run("cross-validate", data, "--folds", "4", "--baseline").stdout
    assert "TF-IDF + logistic regression   difference" in text


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "tsv"])
def test_every_row_is_written_in_order_with_its_columns(run, tmp_path, suffix):
    some = list(rows())
    some[3]["text"] = ""
    some[5]["label"] = ""
    data = write(tmp_path / "data.csv", some)
    out = tmp_path / f"answers.{suffix}"
    done = run("cross-validate", data, "--folds", "3", "--out-of-fold", out, "--json")
    assert done.returncode == 0, done.stderr
    flat = json.loads(done.stdout)
    text = out.read_text(encoding="utf-8")
    if suffix == "jsonl":
        written = [json.loads(line) for line in text.splitlines()]
    else:
        written = list(
            csv.DictReader(text.splitlines(), delimiter="," if suffix == "csv" else "\t")
        )
    assert [each["id"] for each in written] == [str(each["id"]) for each in some]
    assert not written[3]["predicted"]
    assert not written[5]["predicted"]
    names = {"neg": "negative", "pos": "positive"}
    answered = [each for each in written if each["predicted"]]
    right = [names[each["label"]] == each["predicted"] for each in answered]
    assert len(right) == flat["n"] == 78
    assert sum(right) / len(right) == pytest.approx(flat["accuracy"])


@pytest.mark.usefixtures("quick")
def test_out_of_fold_of_several_files(run, tmp_path):
    some = list(rows())
    write(tmp_path / "a.csv", some[:30])
    write(tmp_path / "b.csv", some[30:])
    out = tmp_path / "out.csv"
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert run("cross-validate", *paths, "--folds", "3", "--out-of-fold", out).returncode == 0
    written = list(csv.DictReader(out.read_text().splitlines()))
    assert [int(each["id"]) for each in written] == list(range(80))
    assert all(each["predicted"] for each in written)


@pytest.mark.usefixtures("quick")
def test_the_past_answers_what_comes_and_the_first_block_has_no_answer(run, data, tmp_path):
    out = tmp_path / "out.csv"
    done = run("cross-validate", data, "--time", "day", "--folds", "3", "--out-of-fold", out)
    assert "the first 20 reviews only train, and are not measured" in done.stderr
    assert "80 rows with out-of-fold answers, 20 of them without one" in done.stderr
    of_classes = [line.split() for line in done.stdout.splitlines()]
    assert [int(line[-1]) for line in of_classes if line[:1] in (["negative"], ["positive"])] == [
        30, 30,
    ]  # fmt: skip
    written = list(csv.DictReader(out.read_text().splitlines()))
    assert [bool(each["predicted"]) for each in written] == [False] * 20 + [True] * 60


@pytest.mark.usefixtures("quick")
def test_gates_end_with_their_code(run, tmp_path):
    wrong = ({**row, "label": "pos"} if row["shop"] == "shop 1" else row for row in rows())
    data = write(tmp_path / "data.csv", wrong)
    args = ["cross-validate", data, "--folds", "3", "--group", "shop"]
    assert run(*args, "--fail-under", "accuracy=0.1").returncode == 0
    done = run(*args, "--fail-under", "slice:shop=shop 1:accuracy=1")
    assert (done.returncode, "missed: shop=shop 1 accuracy is" in done.stderr) == (6, True)
    assert "accuracy" in done.stdout
    assert run(*args, "--fail-under", "accurcy=0.1").returncode == 2
    dated = ["cross-validate", data, "--time", "day", "--folds", "3"]
    done = run(*dated, "--fail-under", "slice:day=2024-01-01:accuracy=0.5")
    assert (done.returncode, "could not be computed" in done.stderr) == (6, True)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--folds", "50"], 3, "try --folds 40"),
        (["--group", "id", "--time", "day"], 2, "leave out one of them"),
        (["--time", "day", "--repeats", "2"], 2, "leave out --repeats"),
        (["--time", "text"], 3, '" in "text" is no time'),
        (["--group", "label"], 3, "too few for 10 folds: try --folds 2"),
        (["--group", "label", "--folds", "2"], 3, "needs 2: try another column"),
        (["--group", "nosuch"], 2, 'no column "nosuch" for --group;'),
        (["--time", "nosuch", "--slice", "day"], 2, 'no column "nosuch" for --time or a slice;'),
        (["--group", "shp"], 2, 'did you mean "shop"'),
        (["--folds", "1"], 2, "--folds"),
        (["--encoder", "x"], 2, "--encoder needs --architecture encoder"),
    ],
)
def test_bad_input_is_one_line_with_a_way_out(run, data, args, code, words):
    done = run("cross-validate", data, *args)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert words in done.stderr.splitlines()[-1]
    assert done.stderr.count("error: ") == 1


@pytest.mark.usefixtures("quick")
def test_nothing_is_overwritten_and_columns_are_not_taken_twice(run, data, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("mine")
    done = run("cross-validate", data, "--out-of-fold", out)
    assert (done.returncode, out.read_text()) == (2, "mine")
    done = run("cross-validate", data, "--out-of-fold", data, "--force")
    assert (done.returncode, "would overwrite an input" in done.stderr) == (2, True)
    other = write(tmp_path / "other.csv", [each | {"predicted": "x"} for each in rows()])
    done = run("cross-validate", other, "--out-of-fold", tmp_path / "new.csv")
    assert (done.returncode, 'adds a column "predicted"' in done.stderr) == (2, True)
    done = run("cross-validate", "-", "--out-of-fold", tmp_path / "new.csv", stdin="text,label\n")
    assert (done.returncode, "reads DATA twice" in done.stderr) == (2, True)
    assert not (tmp_path / "new.csv").exists()


@pytest.mark.usefixtures("quick")
def test_a_curve_says_what_more_labels_would_give(run, tmp_path):
    data = write(tmp_path / "data.csv", rows(240))
    args = ["cross-validate", data, "--folds", "4", "--curve"]
    done = run(*args)
    assert "training 20 models, each on 12 to 180 of 240 reviews" in done.stderr
    assert "trained on    accuracy" in done.stdout
    assert "expected accuracy (90% interval): 2 times as many" in done.stdout
    assert "one more point of accuracy" in done.stdout
    flat = json.loads(run(*args, "--json").stdout)["curve"]
    assert flat["trained_on"] == [12, 22, 44, 90, 180]
    assert [each["trained_on"] for each in flat["expected"]] == [360, 720]
    for each in flat["expected"]:
        assert each["interval"][0] <= each["value"] <= each["interval"][1]


@pytest.mark.usefixtures("quick")
def test_the_curve_is_drawn(run, tmp_path):
    pytest.importorskip("matplotlib")
    data = write(tmp_path / "data.csv", rows(120))
    args = ["cross-validate", data, "--folds", "3", "--curve", "--plot"]
    done = run(*args, tmp_path / "curve.svg")
    assert done.returncode == 0, done.stderr
    assert "reviews trained on" in (tmp_path / "curve.svg").read_text()
    assert run(*args, tmp_path / "curve.svg").returncode == 2
    assert "pictures are .png" in run(*args, tmp_path / "curve.txt").stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--plot", "curve.png"], "add --curve"),
        (["--curve", "--time", "day"], "leave out one"),
        (["--curve", "--folds", "2"], "too few reviews for --curve"),
    ],
)
def test_what_has_no_curve(run, tmp_path, args, words):
    data = write(tmp_path / "data.csv", rows(40))
    done = run("cross-validate", data, *args)
    assert done.returncode in (2, 3)
    assert words in done.stderr


@pytest.mark.usefixtures("quick")
def test_answers_that_cannot_be_written_lose_no_figure(run, data):
    done = run("cross-validate", data, "--folds", "2", "--out-of-fold", "/dev/full")
    assert (done.returncode, "No space left" in done.stderr) == (1, True)
    assert "macro F1" in done.stdout


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("days", [1, 2])
def test_too_few_moments_are_one_line_with_a_way_out(run, tmp_path, days):
    some = [each | {"day": f"2024-01-0{1 + number % days}"} for number, each in enumerate(rows())]
    done = run("cross-validate", write(tmp_path / "d.csv", some), "--time", "day", "--folds", "2")
    assert (done.returncode, "leave out --time" in done.stderr.splitlines()[-1]) == (3, True)
