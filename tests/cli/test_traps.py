"""What a shell user gets wrong without noticing is said: which model answers, what is read, how."""

import gzip
import json
import re
import shlex
import subprocess
import sys
from importlib import import_module

import pytest

from tests.conftest import TEST, TRAIN
from tests.reviews.books import book, sheet_of

pytestmark = pytest.mark.slow

QUICK = ["--epochs", "1", "--hidden", "", "--features", "2000"]
OF_SAMPLE = "(trained on the 1,600 sample reviews only; -m general answers better)"


@pytest.fixture
def here(tmp_path):
    """A folder with files of reviews."""
    (tmp_path / "reviews.csv").write_text("id,text\n1,lovely and good\n2,awful and bad\n3,\n")
    (tmp_path / "a.txt").write_text("good\n")
    (tmp_path / "b.txt").write_text("bad\nworse\n")
    (tmp_path / "notes").write_text("fine\n")
    (tmp_path / "notes.txt").write_text("last\n")
    (tmp_path / "ragged.csv").write_text("id,text\n1,good,bad\n")
    (tmp_path / "in" / "pos").mkdir(parents=True)
    (tmp_path / "in" / "neg").mkdir()
    (tmp_path / "in" / "pos" / "1.txt").write_text("a review in a folder")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "header.csv").write_text("id,text\n")
    return tmp_path


# Models


@pytest.fixture(scope="module")
def sampled(run, tmp_path_factory):
    """A folder in which `train` was called without anything, and what that said."""
    folder = tmp_path_factory.mktemp("sampled")
    return folder, run("train", "-q", *QUICK, cwd=folder)


def test_training_on_the_sample_says_that_it_did_and_what_answers_now(sampled):
    _, done = sampled
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("warning: no DATA was given: trained on the 1,600 sample reviews, ")
    for part in ("./model.safetensors now answers every command", "delete it", "-m general"):
        assert part in line


@pytest.mark.slow
def test_a_model_that_does_not_take_over_is_not_said_to(run, tmp_path):
    done = run("train", "-q", *QUICK, "--seed", "3", "-o", "mine.safetensors", cwd=tmp_path)
    assert "trained on the 1,600 sample reviews" in done.stderr
    assert "now answers" not in done.stderr
    assert OF_SAMPLE in run("predict", "-m", "mine.safetensors", "good", cwd=tmp_path).stderr


@pytest.mark.slow
def test_reviews_of_ones_own_in_the_place_of_the_sample_are_not_called_so(run, tmp_path):
    (tmp_path / "data").mkdir()
    rows = "".join(f"{'good' if n % 2 else 'bad'} thing {n},{n % 2}\n" for n in range(40))
    (tmp_path / "data" / "train.csv").write_text(f"text,label\n{rows}")
    done = run("train", *QUICK, cwd=tmp_path)
    assert "no DATA was given: trained on data/train.csv; ./model" in done.stderr
    assert "sample" not in done.stderr + run("predict", "good", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    "asked",
    [["predict", "good"], ["predict", "good", "-m", "model.safetensors"], ["info"],
     ["explain", "good"], ["probe", "--capability", "time"],
     ["predict", "-i", "model.csv", "-o", "-"]],
)  # fmt: skip
def test_a_model_of_the_sample_says_so_wherever_it_answers(run, sampled, asked):
    folder, _ = sampled
    (folder / "model.csv").write_text("text\ngood\n")
    done = run(*asked, cwd=folder)
    assert done.returncode == 0
    named = "model.safetensors" if "-m" in asked else "./model.safetensors"
    assert f"model: {named} {OF_SAMPLE}\n" in done.stderr
    assert run(*asked, "-q", cwd=folder).stderr == ""


def test_a_model_of_the_sample_says_so_beside_another(run, sampled):
    done = run("compare", "fast", "model.safetensors", TEST, cwd=sampled[0])
    assert done.stderr.count("model: ") == 1
    assert f"model: model.safetensors {OF_SAMPLE}\n" in done.stderr


@pytest.mark.slow
def test_a_model_of_the_sample_on_a_base_says_so_and_what_was_not_held_out(run, tmp_path):
    done = run("train", *QUICK, "--base", "fast", cwd=tmp_path)
    assert "no figures, since it knows all of them (" in done.stderr
    assert "the 1,600 sample reviews, " in done.stderr
    info = run("info", cwd=tmp_path)
    assert "model: ./model.safetensors (trained on the 1,600 sample reviews, on a base)\n" in (
        info.stderr
    )
    assert "cross-val." not in info.stdout


def test_what_a_base_knows_of_a_set_is_counted(run, tmp_path):
    """Some new rows among many known ones."""
    rows = TRAIN.read_text().splitlines()[:201]
    for n in range(20):
        label = "positive" if n % 2 else "negative"
        rows.append(f"new-{n},Row {n} of a new kind was {label}.,{label},new,none")
    (tmp_path / "partly.csv").write_text("\n".join(rows))
    asked = ["train", "partly.csv", "--base", "fast", "-o", "m", *QUICK]
    done = run(*asked, cwd=tmp_path)
    assert re.search(
        r"since it knows almost all of them \(\d+ of \d+ that could be checked\)", done.stderr
    ), done.stderr


@pytest.mark.slow
def test_no_model_of_ones_own_is_lost_to_the_sample(run, trained, tmp_path):
    mine = tmp_path / "model.safetensors"
    mine.write_bytes(trained.read_bytes())
    done = run("train", "-q", *QUICK, cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "--force replaces it, -o FILE keeps both" in done.stderr
    assert mine.read_bytes() == trained.read_bytes()
    for arguments in (["--force"], [], [TRAIN]):
        done = run("train", "-q", *QUICK, *arguments, cwd=tmp_path)
        assert done.returncode == 0
        assert "warning: replaced model.safetensors; -o FILE writes elsewhere\n" in done.stderr


def test_the_model_that_answers_is_named_unless_it_was_by_the_user(run, trained, tmp_path):
    general = run("predict", "good", cwd=tmp_path)
    assert general.stderr == "model: general, the bundled model\n"
    (tmp_path / "model.safetensors").write_bytes(trained.read_bytes())
    assert run("predict", "good", cwd=tmp_path).stderr == "model: ./model.safetensors\n"
    by_variable = run("info", cwd=tmp_path, env={"SENTIMENT_MODEL": str(trained)})
    assert by_variable.stderr == f"model: {trained}, from $SENTIMENT_MODEL\n"
    for options in (["-q"], ["-m", "general"], ["-m", "fast"]):
        assert run("predict", "good", *options, cwd=tmp_path).stderr == ""


# Files among the arguments


def texts(done) -> list[str]:
    assert done.returncode == 0, done.stderr
    return [line.split("\t")[2] for line in done.stdout.splitlines()]


def test_an_argument_that_names_a_file_is_read(run, trained, here):
    done = run("predict", "-m", trained, "reviews.csv", cwd=here)
    assert texts(done) == ["lovely and good", "awful and bad", ""]
    assert done.stdout == run("predict", "-m", trained, "-i", "reviews.csv", cwd=here).stdout
    assert "reading the file reviews.csv; to score the words themselves: " in done.stderr
    assert f"sentiment predict -m {trained} -- reviews.csv\n" in done.stderr
    done = run("explain", "-m", trained, "--json", "a.txt", cwd=here)
    assert json.loads(done.stdout)["text"] == "good"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["a.txt", "b.txt"], ["good", "bad", "worse"]),
        (["?.txt"], ["good", "bad", "worse"]),
        (["-i", "b.txt", "a.txt"], ["bad", "worse", "good"]),
        (["-i", "a.txt", "b.txt", "notes.txt"], ["good", "bad", "worse", "last"]),
        (["a.txt", "--input=b.txt", "notes.txt"], ["good", "bad", "worse", "last"]),
        (["-ib.txt", "a.txt", "-i", "b.txt"], ["bad", "worse", "good", "bad", "worse"]),
        (["great.*"], ["great.*"]),
        (["**great**.*"], ["**great**.*"]),
        (["5*.*"], ["5*.*"]),
        (["in/"], ["a review in a folder"]),
        (["./in"], ["a review in a folder"]),
        (["./notes"], ["fine"]),
        (["./no*s"], ["fine"]),
        (["in/pos/1.txt"], ["a review in a folder"]),
        (["-"], ["of stdin"]),
        (["notes"], ["notes"]),
        (["in"], ["in"]),
        (["good"], ["good"]),
        (["and/or"], ["and/or"]),
        (["and/or?"], ["and/or?"]),
        (["I wrote it all in reviews.csv"], ["I wrote it all in reviews.csv"]),
        (["--", "reviews.csv", "a.txt"], ["reviews.csv", "a.txt"]),
        (["--", "-m", "-"], ["-m", "-"]),
        (["notes", "--", "--"], ["notes", "--"]),
        (["good", "--", "reviews.csv"], ["good", "reviews.csv"]),
        (["a.txt.b", "4.txt good"], ["a.txt.b", "4.txt good"]),
    ],
    ids=" ".join,
)
def test_files_are_told_from_texts(run, trained, here, arguments, expected):
    done = run("predict", "-m", trained, *arguments, cwd=here, stdin="of stdin\n")
    assert texts(done) == expected


@pytest.mark.parametrize("name", ["my reviews.csv", "*.txt", "it's $HOME.csv", "notes", "-.csv"])
def test_a_command_that_is_advised_does_what_it_says(run, trained, here, name):
    """It is quoted for a shell, and asks the same model in the same way."""
    if "*" not in name:
        (here / name).write_text("text\ngood\n")
    given = ["predict", "--json", "-m", "my model", f"./{name}" if name[0] == "-" else name]
    (here / "my model").write_bytes(trained.read_bytes())
    asked = run(*given, cwd=here)
    command = shlex.split(asked.stderr.partition(": sentiment ")[2].splitlines()[0])
    assert command[:4] == given[:4]
    other = run(*command, cwd=here)
    read, as_text = (asked, other) if "reading the file" in asked.stderr else (other, asked)
    assert [json.loads(line)["text"] for line in as_text.stdout.splitlines()] == given[4:]
    assert json.loads(read.stdout.splitlines()[-1])["text"] != name
    assert (read.returncode, as_text.returncode) == (0, 0)


@pytest.mark.parametrize("command", ["predict", "explain"])
def test_texts_that_are_repaired_are_counted_where_they_are_arguments(run, trained, command):
    done = run(command, "-m", trained, "It doesn`t work", "fine", "I don&#039;t like it")
    assert done.stderr.startswith("repaired 2 texts: ")
    assert run(command, "-m", trained, "-q", "It doesn`t work").stderr == ""
    assert run(command, "-m", trained, "--no-repair", "It doesn`t work").stderr == ""


def test_a_row_that_cannot_be_read_can_be_left_out_as_its_message_says(run, here):
    done = run("predict", "ragged.csv", cwd=here)
    assert done.returncode == 3
    assert done.stderr.endswith("; --on-bad-row skip leaves such rows out\n")
    assert run("predict", "ragged.csv", "--on-bad-row", "skip", cwd=here).returncode == 0


@pytest.mark.parametrize("command", ["predict", "explain"])
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["a.txt", "good"], 2, "a.txt is a file, and 'good' a text: give files or texts"),
        (["a.txt", "--", "good"], 2, "arguments after -- are texts"),
        (["good", "-i", "a.txt"], 2, "either texts or -i files"),
        (["-i", "a.txt", "in"], 2, "put quotes around a pattern: -i '*.csv'"),
        (["nosuch.parquet", "hello"], 2, "no such file: nosuch.parquet, and 'hello' a text"),
        (["*.pq", "hello"], 2, "no such file: *.pq, and 'hello' a text"),
        (["reviws.csv"], 3, "no such file: reviws.csv (did you mean reviews.csv?)"),
        (["*.parquet"], 3, "no such file: *.parquet"),
        (["my-reviews.*"], 2, "no file matches 'my-reviews.*'"),
        (["none.[ct]sv"], 2, "no file matches 'none.[ct]sv'"),
        (["z*.c*"], 2, "no file matches 'z*.c*'"),
        (["reviews.csv "], 2, "did you mean 'reviews.csv'?"),
        (["-m", "reviews.csv", "good"], 4, "reviews.csv: a file of reviews, not a model"),
        (["sheet.xlsx"], 3, "sheet.xlsx"),
    ],
    ids=str,
)
def test_what_is_neither_is_said(run, trained, here, command, arguments, code, said):
    done = run(command, "-m", trained, *arguments, cwd=here)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr.splitlines()[-1]


# Rows, and answers


def test_a_column_of_labels_that_is_called_the_text_is_said_to_look_like_labels(run, here):
    (here / "l.csv").write_text("text,label\nA good one,1\nA bad one,0\nA fine one,1\n")
    done = run("predict", "l.csv", "-m", "fast", "--text-column", "label", cwd=here)
    assert (done.returncode, "it looks like the label" in done.stderr) == (3, True)
    (here / "l.csv").write_text("text,label\nA good one,pos\nA bad one,neg\nA fine one,pos\n")
    done = run("predict", "l.csv", "-m", "fast", "--text-column", "label", cwd=here)
    assert 'text from "label" (as asked; it looks like the label)' in done.stderr
    done = run("predict", "l.csv", "-m", "fast", "--text-column", "text", cwd=here)
    assert "looks like" not in done.stderr


@pytest.mark.parametrize("name", ["empty.csv", "header.csv"])
def test_no_rows_are_warned_of(run, trained, here, name):
    done = run("predict", "-m", trained, "-i", name, "-q", cwd=here)
    assert (done.returncode, done.stderr) == (0, f"warning: no rows in {name}\n")
    done = run("predict", "-m", trained, "-i", name, "a.txt", "-q", cwd=here)
    assert (len(texts(done)), done.stderr) == (1, f"warning: no rows in {name}\n")
    done = run("explain", "-m", trained, "-i", name, "-q", cwd=here)
    assert (done.returncode, done.stderr) == (0, f"warning: no rows in {name}\n")


def test_no_rows_fail_where_that_is_asked_for(run, trained, here):
    asked = ["predict", "-m", trained, "--fail-if-empty", "-q"]
    for options in (["-i", "empty.csv"], ["-i", "header.csv", "empty.csv"], []):
        done = run(*asked, *options, "-o", "out.csv", cwd=here)
        assert (done.returncode, done.stderr.startswith("error: no rows in ")) == (3, True)
        assert not (here / "out.csv").exists()
    assert run(*asked, "-i", "empty.csv", "a.txt", cwd=here).returncode == 0
    assert run(*asked, "good", cwd=here).returncode == 0


def test_what_was_answered_is_counted_where_answers_go_to_a_file(run, trained, here):
    done = run("predict", "-m", trained, "reviews.csv", "-o", "out.csv", cwd=here)
    last = done.stderr.splitlines()[-1]
    assert re.fullmatch(
        r"reviews\.csv: 3 rows in \d+\.\d s: 1 positive \(33%\), 1 negative \(33%\), "
        r"1 without text → out\.csv",
        last,
    )
    done = run("predict", "-m", trained, "a.txt", "b.txt", "-o", "out.txt", cwd=here)
    assert done.stderr.splitlines()[-1].startswith("a.txt and 1 more: 3 rows in ")
    for options in (["-o", "quiet.csv", "-q"], ["-o", "-"], []):
        done = run("predict", "-m", trained, "reviews.csv", *options, cwd=here)
        assert "3 rows" not in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "o.csv", "--json"],
        ["-o", "o.csv", "--format", "tsv"],
        ["-o", "o.parquet", "--format", "csv"],
        ["-o", "o.txt", "--format", "parquet"],
        ["-o", "o.html"],
        ["-o", "o.PDF"],
        ["-o", "o.docx", "--format", "text"],
        ["-o", "o.xlsx", "--format", "csv"],
        ["-o", "o.csv.gz", "--format", "tsv"],
        ["-o", "o.parquet.gz"],
        ["-o", "o.zip"],
        ["-o", "o.safetensors"],
        ["-o", "o.json", "--format", "csv"],
    ],
    ids=" ".join,
)
def test_a_name_that_promises_something_else_is_refused(run, here, options):
    done = run("predict", "reviews.csv", "-q", *options, cwd=here)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, line.startswith("error: o."), done.stdout) == (2, True, "")
    assert re.search("rename the file|name it|write o.csv", line)
    assert not list(here.glob("o.*"))


@pytest.mark.parametrize(
    ("options", "start"),
    [
        (["-o", "o.answers"], "positive\t"),
        (["-o", "o.out"], "positive\t"),
        (["-o", "o"], "positive\t"),
        (["-o", "o.log", "--json"], '{"id"'),
        (["-o", "o.json", "--json"], '{"id"'),
        (["-o", "o.txt", "--format", "csv"], "id,text"),
        (["-o", "o.txt", "--format", "fasttext"], "__label__"),
        (["-o", "o.csv", "--format", "csv"], "id,text"),
        (["-o", "o.tab", "--format", "tsv"], "id\ttext"),
    ],
    ids=str,
)
def test_a_name_that_promises_nothing_else_will_do(run, trained, here, options, start):
    done = run("predict", "-m", trained, "reviews.csv", *options, cwd=here)
    assert done.returncode == 0, done.stderr
    assert (here / options[1]).read_text().startswith(start)


# Training that diverges


@pytest.mark.slow
def test_a_training_that_diverges_is_said_once(run, tmp_path):
    done = run("train", TRAIN, "--learning-rate", "1e300", "-o", tmp_path / "m", "-q")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)  # no warning of numpy's
    done = run("train", TRAIN, "--learning-rate", "100", "-o", tmp_path / "m", "-q")
    assert done.returncode == 0
    said = [line for line in done.stderr.splitlines() if "--learning-rate" in line]
    assert len(said) == 1
    assert said[0].startswith("warning: training diverged")


# Names that are misspelt


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["predct"], "predict"),
        (["classify", "good"], "predict"),
        (["eval"], "evaluate"),
        (["datasets", "lsit"], "list"),
        (["datasets", "get", "imbd"], "imdb"),
        (["train", "--layers", "3"], "--hidden"),
        (["train", "--lr", "3"], "--learning-rate"),
        (["train", "--learning_rate=3"], "--learning-rate"),
        (["predict", "--output-file", "o.csv"], "--output"),
        (["predict", "--text", "a"], "--text-column"),
        (["predict", "good", "--format", "jsno"], "json"),
        (["train", "reviews.csv", "--optimize", "macrof1"], "macro-f1"),
        (["predict", "good", "-m", "genral"], "general"),
        (["info", "genral"], "general"),
        (["predict", "good", "-m", "shops.safetensor"], "shop.safetensors"),
        (["predict", "reviews.csv", "--text-column", "review_text"], '"text"'),
        (["evaluate", "labelled.csv", "--label-column", "Labels"], '"label"'),
        (["evaluate", "labelled.csv", "--slice", "lenght"], '"length"'),
        (["evaluate", "labelled.csv", "--fail-under", "acuracy=1"], "accuracy"),
        (["train", "imbd"], "imdb"),
        (["evaluate", "imdb:tset"], "test"),
        (["train", "labeled.csv"], "labelled.csv"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_what_was_meant_is_asked(run, trained, here, arguments, meant):
    (here / "labelled.csv").write_text("text,label\ngood,1\nbad,0\n")
    (here / "shop.safetensors").write_bytes(trained.read_bytes())
    done = run(*arguments, cwd=here)
    assert done.returncode in (2, 3, 4)
    assert f"(did you mean {meant}?)" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["quux"],
        ["train", "--quux", "x"],
        ["train", "--colour"],
        ["predict", "good", "-m", "nowhere"],
        ["predict", "good", "--format", "xml"],
        ["predict", "reviews.csv", "--text-column", "rating"],
        ["train", "c.csv"],
        ["evaluate", "in/other.csv"],
    ],
    ids=" ".join,
)
def test_nothing_is_asked_where_nothing_is_near(run, here, arguments):
    done = run(*arguments, cwd=here)
    assert done.returncode in (2, 3, 4)
    assert "did you mean" not in done.stderr.lower()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["I love it"], 'classify a text or a file: sentiment predict "I love it"'),
        (["I", "love", "it"], 'classify a text or a file: sentiment predict "I love it"'),
        (["It cost $5!"], "classify a text or a file: sentiment predict 'It cost $5!'"),
        (["reviews.csv"], 'classify a text or a file: sentiment predict "reviews.csv"'),
        (["predict", "good", "--threshold", "80%"], "'80%': write 0.8."),
        (["train", "reviews.csv", "--validation-share", "12.5 %"], "'12.5 %': write 0.125."),
        (["predict", "good", "--threshold", "high"], "'high' is not a number."),
        (
            ["evaluate", "tables", "-m", "fast"],
            "to read the files in it, name them: 'tables/*.csv' 'tables/*.jsonl'",
        ),
        (
            ["predict", "-i", "packed"],
            "to read the files in it, name them: 'packed/*.CSV.gz' -i 'packed/",
        ),
        (["evaluate", "sheets", "-m", "fast"], "name them: 'sheets/*.xlsx' 'sheets/*.csv'"),
        (["train", "old"], "found a.xls"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_to_do_instead_is_said_and_works(run, here, arguments, said):
    table = b"text,label\nI love it,1\nI hate it,0\n"
    for name, content in (
        ("tables/a.csv", table),
        ("tables/b.jsonl", b""),
        ("packed/a.CSV.gz", gzip.compress(table)),
        ("packed/b.jsonl", b""),
        ("sheets/a.xlsx", book(("text", "label"), ("I love it", 1), ("I hate it", 0))),
        ("sheets/b.csv", b""),
        ("old/a.xls", b""),
    ):
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_bytes(content)
    done = run(*arguments, cwd=here)
    assert done.returncode in (2, 3)
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert said in line
    if "name them: " in line:
        place = len(arguments) - 1 if "-i" in arguments else 1
        arguments[place : place + 1] = shlex.split(line.partition("name them: ")[2])
        followed = run(*arguments, cwd=here)
    elif "file: sentiment " in line:
        command = line.partition("file: sentiment ")[2].partition(". Try")[0]
        followed = run(*shlex.split(command), cwd=here)
    else:
        return
    assert followed.returncode == 0, followed.stderr


def test_what_is_measured_where_nothing_is_named_is_said(run, tmp_path):
    """A figure of the sample is none of one's own reviews, `-q` or not."""
    for command in (["evaluate", "-q"], ["report", "-q"]):
        done = run(*command, "-m", "fast", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        (line,) = done.stderr.splitlines()
        assert re.fullmatch(r"warning: no DATA was given: measuring on .*test\.csv", line)


def test_stdin_has_one_name(run, tmp_path):
    for what in ("", "text,label\nI love it,1\n"):
        done = run("evaluate", "-", "-m", "fast", "--positive", "1", stdin=what)
        assert "<stdin>: " in done.stderr
        done = run("train", "-", "-o", tmp_path / "m", "--positive", "1", stdin=what)
        assert (done.returncode, "-: " in done.stderr) == (3, False)
        assert done.stderr.splitlines()[-1].startswith("error: <stdin>: ")


# Examples


def examples(name: str) -> list[str]:
    help_text = import_module(f"sentiment.cli.{name}").command.help.partition("Examples:")[2]
    lines = [line.strip() for line in help_text.splitlines()]
    return [line for line in lines if line and not line.startswith("tail -f") and "ray" not in line]


@pytest.mark.parametrize("example", examples("predict") + examples("explain"))
def test_examples_work_when_pasted(here, example):
    (here / "reviews.txt").write_text("good\nbad\nfine\nworse\n")
    (here / "reviews.jsonl").write_text('{"text": "good"}\n')
    (here / "dump.csv").write_text("id,text\n1,good\n2,bad,worse\n")
    (here / "feedback.xlsx").write_bytes(book(sheets={"May": sheet_of(("text",), ("good",))}))
    # The small model is quicker, above all where it explains.
    program = (
        f'sentiment() {{ {sys.executable} -m sentiment "$@"; }}; '
        f"export SENTIMENT_MODEL=fast; text=reviews.csv; {example}"
    )
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", program], cwd=here, capture_output=True, text=True,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert bool(done.stdout) == ("-o" not in example)
