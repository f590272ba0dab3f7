"""`--words FILE`: your own words, through the command line."""

import json
import math

import pytest

from tests.conftest import ROOT, TEST

TWO = ROOT / "tests" / "fixtures" / "format-4.safetensors"
THREE = ROOT / "tests" / "fixtures" / "format-4-classes.safetensors"
KEPT = ROOT / "tests" / "fixtures" / "format-5.safetensors"
WORDS = """\
# my own
word,weight

sick,+
long queue,-
"refund, please",-1.5
“quoted”,1
\u2212bad\u2212 , \u22120.5
"""


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "words.csv"
    path.write_text(WORDS, encoding="utf-8")
    return path


def logit(run, text: str, *options) -> float:
    done = run("explain", "--json", "-q", *options, "--", text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["logit"]


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("a sick film", 2),
        ("Sick! The LONG queue … a good film", 0),
        ("a long queue, a long queue", -2),
        ("a good film, refund, please", -1.5),
        ("a good \u2212bad\u2212 film", -0.5),
        ("a “quoted” good film", 1),
        ("a good film", 0),
    ],
)
def test_what_each_adds(run, words, text, added):
    plain = logit(run, text, "-m", TWO)
    assert logit(run, text, "-m", TWO, "--words", words) - plain == pytest.approx(added)


def test_explain_shows_them_and_they_add_up(run, words):
    done = run("explain", "-m", TWO, "--words", words, "a sick film and a long queue")
    shown = done.stdout
    assert "your words (contained in the words above)" in shown
    assert "+2.000" in shown
    assert "long queue" in shown.split("your words")[1]
    plain = run("explain", "-m", TWO, "a sick film and a long queue").stdout
    assert "your words" not in plain


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ": no words; write word,+ or word,- or word,1.5, one a line"),
        ("# only\nword,weight\n", ": no words; write"),
        ("sick,+\n\nsick,-\n", ", row 3: 'sick' has another weight than in row 1; keep one"),
        ("don't,+\nDON’T,1\n", ", row 2: 'DON’T' has another weight than in row 1"),
        ("sick,much\n", ", row 1: 'much' is no weight; write +, - or a number up to 100"),
        ("sick,nan\n", ", row 1: 'nan' is no weight"),
        ("sick,inf\n", ", row 1: 'inf' is no weight"),
        ("sick,1e9\n", ", row 1: '1e9' is no weight"),
        ("good,1\n ,+\n", ", row 2: '' has no word"),
        ("sick\n", ", row 1: not a word and its weight"),
        ("refund, now please,-,1\n", ", row 1: not a word and its weight"),
        ('"sick,+\n', ", row 1: not a word and its weight"),
        ("sick,bug,1\n", ", row 1: no class bug; the model's classes are negative, positive"),
        (b"caf\xe9,+\n", ": not UTF-8; save it as UTF-8"),
        (None, ": No such file or directory"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_one_clear_line(run, tmp_path, content, said):
    path = tmp_path / "w.csv"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    done = run("predict", "-m", TWO, "--words", path, "a good film")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{path}{said}" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_same_row_twice_is_no_contradiction(run, tmp_path):
    path = tmp_path / "w.csv"
    path.write_text("\ufeffsick,+\nSICK,2\n")
    assert logit(run, "sick film", "-m", TWO, "--words", path) == pytest.approx(
        logit(run, "sick film", "-m", TWO) + 2
    )


def test_words_of_a_class(run, tmp_path):
    path, text = tmp_path / "w.csv", "a good film"
    path.write_text("phrase,class,weight\nfilm,neutral,3\n")
    answer = ("predict", "-q", "-m", THREE, "--json", text)
    plain, other = (json.loads(run(*answer, *more).stdout) for more in ((), ("--words", path)))
    before, after = (math.log(each["p_neutral"] / each["p_positive"]) for each in (plain, other))
    assert after - before == pytest.approx(3, abs=0.01)  # probabilities are rounded


@pytest.mark.slow
def test_processes_and_the_service_give_the_answers_of_one(run, words, tmp_path):
    reviews = tmp_path / "reviews.csv"
    reviews.write_text("text\n" + "a sick film\nlong queue\ngood film\nqwxz\n" * 3000)
    outputs = []
    for workers in ("1", "2"):
        done = run("predict", "-i", reviews, "-m", TWO, "--words", words, "--workers", workers,
                   "--format", "csv")  # fmt: skip
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert outputs[0] != run("predict", "-i", reviews, "-m", TWO, "--format", "csv").stdout


def test_evaluate_measures_with_them(run, tmp_path):
    words, reviews = tmp_path / "w.csv", tmp_path / "r.csv"
    words.write_text("sick,+50\nbad,-50\n")
    reviews.write_text("text,label\nsick film,positive\nbad film,negative\n" * 20)
    done = run("evaluate", reviews, "-m", TWO, "--words", words, "--json")
    assert json.loads(done.stdout)["accuracy"] == 1


def test_an_output_never_overwrites_them(run, words):
    done = run("predict", "-m", TWO, "a.", "-o", words, "--words", words, "--force", "--format",
               "csv")  # fmt: skip
    assert done.returncode == 2
    assert words.read_text(encoding="utf-8") == WORDS


def test_train_keeps_them_and_info_shows_them(run, words, tmp_path):
    reviews, plain, kept = (tmp_path / name for name in ("r.csv", "a.safetensors", "b.safetensors"))
    reviews.write_text("text,label\n" + "".join(
        f"a good film {n},positive\na bad film {n},negative\n" for n in range(30)))  # fmt: skip
    for target, options in ((plain, ()), (kept, ("--words", words))):
        done = run("train", reviews, "-o", target, "--epochs", "1", *options)
        assert done.returncode == 0, done.stderr
    assert logit(run, "sick film", "-m", kept) == pytest.approx(
        logit(run, "sick film", "-m", plain) + 2
    )
    # Others take their place, and a model that stands on it has its own.
    other = tmp_path / "other.csv"
    other.write_text("film,1\n")
    assert logit(run, "sick film", "-m", kept, "--words", other) == pytest.approx(
        logit(run, "sick film", "-m", plain) + 1
    )
    assert "your words" in run("info", kept).stdout
    assert "sick +2.00" in run("info", kept).stdout
    assert "your words" not in run("info", plain).stdout
    broken = tmp_path / "broken.csv"
    broken.write_text("sick,+\nsick,-\n")
    done = run("train", reviews, "-o", kept, "--force", "--words", broken)
    assert done.returncode == 3
    assert "broken.csv, row 2" in done.stderr


def test_a_network_cannot_be_exported_with_them(run, tmp_path):
    for kind in ("onnx", "keras"):
        done = run("export", KEPT, "--to", kind, "-o", tmp_path / f"m.{kind}")
        assert done.returncode == 2
        assert "cannot hold the words that were kept with train --words" in done.stderr
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_a_report_against_the_same_model_shows_what_they_change(run, trained, tmp_path):
    words, page = tmp_path / "w.csv", tmp_path / "page.html"
    words.write_text("the,-50\n")
    done = run("report", TEST, "-m", trained, "--words", words, "--against", trained, "-o", page,
               "--no-baseline")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the model is worse by" in page.read_text(encoding="utf-8")


def test_rows_are_those_that_an_editor_counts(run, tmp_path):
    (tmp_path / "w.csv").write_text('"a\u2028b",+\nsick,?\n', encoding="utf-8")
    done = run("predict", "-m", "fast", "--words", "w.csv", "--", "sick", cwd=tmp_path)
    assert done.returncode == 3
    assert "row 2: '?' is no weight" in done.stderr
