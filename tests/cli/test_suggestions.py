"""Whatever is named on the command line: a misspelt name gets the one that was meant."""

import pytest

ROWS = "text,overall rating,store,date\n" + "".join(
    f"a fine thing {n},{1 + 4 * (n % 2)},a,2024-01-0{1 + n % 9}\n" for n in range(4)
)
FILE = "reviews.csv"


@pytest.fixture
def folder(tmp_path, trained):
    (tmp_path / FILE).write_text(ROWS)
    (tmp_path / "model.safetensors").write_bytes(trained.read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["trian", FILE], "train"),
        (["datasets", "lst"], "list"),
        (["help", "trian"], "train"),
        (["predict", "--treshold", "0.5", "x"], "--threshold"),
        (["predict", "--format", "jsno", "x"], "json"),
        (["predict", "--input-format", "parqet", "-i", FILE], "parquet"),
        (["train", FILE, "--architecture", "ngrm"], "ngrams"),
        (["train", FILE, "--activation", "rlu"], "relu"),
        (["predict", "-m", "genral", "x"], "general"),
        (["predict", "-m", "modle", "x"], "model.safetensors"),
        (["train", FILE, "--base", "genral"], "general"),
        (["train", FILE, "--architecture", "encoder", "--encoder", "genral"], "general"),
        (["compare", "genral", "fast", FILE], "general"),
        (["predict", "-i", "reviws.csv"], FILE),
        (["predict", "--words", "reviws.csv", "x"], FILE),
        (["train", "imbd"], "imdb"),
        (["train", "uci:yepl"], "yelp"),
        (["datasets", "get", "imbd"], "imdb"),
        (["predict", "-i", FILE, "--text-column", "txt"], '"text"'),
        (["train", FILE, "--label-column", "rting"], '"overall rating"'),
        (["train", FILE, "--weight-column", "overal rating"], '"overall rating"'),
        (["summarize", FILE, "--by", "stor"], '"store"'),
        (["summarize", FILE, "--over", "dat"], '"date"'),
        (["summarize", FILE, "--over", "date", "--timezone", "Europ/Berlin"], "Europe/Berlin"),
        (["evaluate", FILE, "--slice", "negaton"], '"negation"'),
        (["cross-validate", FILE, "--group", "stroe"], '"store"'),
        (["evaluate", FILE, "--fail-under", "acuracy=0.9"], "accuracy"),
        (["evaluate", FILE, "--fail-under", "slice:stor=a:accuracy=0.9"], '"store"'),
        (["probe", "--fail-under", "negatoin=0.5"], "negation"),
        (["probe", "--capability", "negatoin"], "negation"),
        (["check", FILE, "--fail-over", "leeks=0"], "leaks"),
        (["drift", FILE, FILE, "--fail-over", "alrm=0"], "alarm"),
        (["calibrate", FILE, "-o", "x", "--goal", "precison=0.9"], "precision"),
        (["predict", "--classes", "negatve,positive", "x"], "negative"),
        (["explain", "--toward", "positve", "x"], "positive"),
        (["train", FILE, "--label-column", "store", "--classes", "q1,b"], None),
        (["report", FILE, "--plot", "shop-roq.png"], "roc"),
        (["predict", "-i", FILE, "--encoding", "utf9"], "utf-8"),
        (["predict", "--languages", "english", "x"], "en"),
        (["export", "--to", "onx"], "onnx"),
    ],
)  # fmt: skip
def test_a_misspelt_name_gets_the_one_that_was_meant(run, folder, arguments, meant):
    done = run(*arguments, cwd=folder)
    assert done.returncode in (2, 3, 4)
    if meant is None:  # nothing is like it
        assert "did you mean" not in done.stderr
    else:
        last = done.stderr.splitlines()[-1]
        assert f"did you mean {meant}" in last


def test_a_misspelt_class_of_the_labels_gets_the_label(run, folder):
    rows = "".join(f"text {n},{('bug', 'wish')[n % 2]}\n" for n in range(8))
    (folder / "tickets.csv").write_text("text,label\n" + rows)
    done = run("train", "tickets.csv", "--classes", "bug,whish", "-o", "m", cwd=folder)
    assert (done.returncode, "is never whish (did you mean wish?)" in done.stderr) == (3, True)


def test_a_missing_column_says_which_options_name_it(run, folder):
    done = run("cross-validate", FILE, "--group", "stroe", cwd=folder)
    assert 'no column "stroe" for --group (did you mean "store"?)' in done.stderr
