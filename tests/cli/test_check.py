"""`sentiment check` through the command line."""

import csv
import json

import pytest

from tests.checks.helpers import flipped, made

QUICK = ("-m", "none")


@pytest.fixture(scope="module")
def reviews(tmp_path_factory):
    """Reviews with five flipped labels, a contradiction, a repeat, and texts that say nothing."""
    path = tmp_path_factory.mktemp("reviews") / "reviews.csv"
    texts, labels = made(100)
    labels, rows = flipped(labels, 5)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "stars", "user"])
        for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
            name = "pos" if label else "neg"
            writer.writerow([text, name, 5 if label else 1, f"user {number}"])
        writer.writerow(["Same thing here!", "pos", 5, "a"])
        writer.writerow(["same thing here", "neg", 1, "b"])
        writer.writerow([texts[0], "pos" if labels[0] else "neg", 5 if labels[0] else 1, "c"])
        writer.writerow(["...", "neg", 1, "d"])
        writer.writerow(["", "neg", 1, "e"])
    return path, {row + 1 for row in rows}


def test_everything_is_found_with_its_row(run, reviews):
    path, wrong = reviews
    done = run("check", path, "--json", *QUICK)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    rows = {}
    for each in facts["rows"]:
        rows.setdefault(each["kind"], []).append(each["row"])
    assert len(set(rows["wrong_label"][:5]) & wrong) >= 4
    assert rows["contradiction"] == [101, 102]
    assert rows["repeat"] == [103]
    assert rows["empty"] == [104]
    assert facts["dropped"] == [{"file": str(path), "row": 105}]
    assert facts["n"] == sum(facts["classes"].values()) == 104
    assert [leak["name"] for leak in facts["leaks"] if leak["kind"] == "column"] == ["stars"]
    assert facts["figures"]["repeats"] == pytest.approx(1 / 104)


def test_text_names_kinds_rows_and_leaks(run, reviews):
    path, _ = reviews
    out = run("check", path, *QUICK).stdout
    for words in (
        "104 reviews: ",
        'leak: the column "stars" alone tells 100.0% of the labels',
        "left out in reading, without a text or a label in use: row 105",
        "labels in doubt",
        "row 102 says the same and is negative",
        "row 103  ",
        "says nothing",
    ):
        assert words in out


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "json"])
def test_fix_writes_all_rows_to_look_at(run, reviews, tmp_path, suffix):
    path, _ = reviews
    out = tmp_path / f"out.{suffix}"
    done = run("check", path, "--fix", out, "--json", *QUICK)
    expected = json.loads(done.stdout)["rows"]
    if suffix == "csv":
        with out.open(newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        text = out.read_text(encoding="utf-8")
        rows = json.loads(text) if suffix == "json" else list(map(json.loads, text.splitlines()))
    assert [(row["problem"], int(row["row"])) for row in rows] == [
        (each["kind"], each["row"]) for each in expected
    ]
    assert [row["predicted"] or None for row in rows] == [each["suggested"] for each in expected]


@pytest.mark.slow
def test_limits_end_with_code_6_after_the_result(run, reviews):
    path, _ = reviews
    done = run("check", path, "--fail-over", "leaks=0", "--fail-over", "repeats=0.5", *QUICK)
    assert done.returncode == 6
    assert "missed: leaks is " in done.stderr.splitlines()[-1]
    assert "104 reviews" in done.stdout
    assert run("check", path, "--fail-over", "leaks=99", *QUICK).returncode == 0


def test_texts_that_stand_in_the_test_reviews(run, reviews, tmp_path):
    path, _ = reviews
    (tmp_path / "test.csv").write_text("text,label\nnew here,pos\nSAME thing here,neg\n")
    test = tmp_path / "test.csv"
    facts = json.loads(run("check", path, "--test", test, "--json", *QUICK).stdout)
    found = [each for each in facts["rows"] if each["kind"] == "in_test"]
    assert [each["row"] for each in found] == [101, 102]
    assert {each["why"] for each in found} == {f"as row 2 of {test}"}


@pytest.mark.slow
def test_another_models_opinion_is_weighed_in_unless_it_has_seen_the_reviews(run, reviews, trained):
    path, _ = reviews
    done = run("check", path, "-m", trained)
    assert done.returncode == 0, done.stderr
    assert "has seen these reviews" not in done.stderr
    assert "; the model: " in done.stdout
    assert "; the model: " not in run("check", path, *QUICK).stdout


def test_reviews_from_stdin_and_hostile_texts(run):
    texts = [f"\x1b[31mred {word}\u202e {n}," for n, word in enumerate(["good", "bad"] * 10)]
    lines = "".join(f'"{text}",{"pos" if "good" in text else "neg"}\n' for text in texts)
    done = run("check", "-", *QUICK, stdin=f"text,label\n{lines}")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("good,pos\nfine,pos\n", "needs both classes"),
        ("", "no rows"),
    ],
)
def test_too_little_to_check_is_one_line(run, tmp_path, rows, said):
    (tmp_path / "few.csv").write_text(f"text,label\n{rows}")
    done = run("check", tmp_path / "few.csv", "--fix", tmp_path / "out.csv", *QUICK)
    assert done.returncode == 3
    assert said in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_class_of_one_review_is_checked_for_all_else(run, tmp_path):
    (tmp_path / "few.csv").write_text("text,label\ngood,pos\nbad,neg\nbad too,neg\nbad,neg\n")
    done = run("check", tmp_path / "few.csv", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "the labels of 1 review were not checked: too few others of a class" in done.stderr
    assert "row 4  " in done.stdout


def test_two_reviews_are_too_few_for_their_labels_but_not_for_the_rest(run, tmp_path):
    (tmp_path / "two.csv").write_text("text,label\ngood,pos\nGood!,neg\n")
    done = run("check", tmp_path / "two.csv", *QUICK)
    assert done.returncode == 0, done.stderr
    assert "the labels of 2 reviews were not checked" in done.stderr
    assert "texts that stand under different labels: 2" in done.stdout


def test_rows_of_several_files_have_their_names(run, reviews, tmp_path):
    path, _ = reviews
    (tmp_path / "more.csv").write_text("text,label\nsame thing HERE,pos\n,neg\n")
    out = run("check", path, tmp_path / "more.csv", *QUICK).stdout
    assert f"{path} row 105, {tmp_path / 'more.csv'} row 2" in out
    assert f"{tmp_path / 'more.csv'} row 1  positive" in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--fail-over", "repeat=1"], "there is no figure repeat (did you mean repeats?)"),
        (["--fail-over", "repeats"], "write NAME=NUMBER, for instance wrong_labels=0.05"),
        (["--fail-over", "repeats=nan"], "write NAME=NUMBER"),
        (["--fix", "out.txt"], "name it .csv"),
        (["--fix", "DATA"], "would overwrite an input"),
        (["-m", "missing.safetensors"], "no such model"),
        (["--fix", "table.weird"], "--fix table.weird: name it .csv"),
        (["--fix", "/dev/full"], "--fix /dev/full: name it .csv"),
    ],
)
def test_bad_options_are_one_line(run, reviews, tmp_path, args, said):
    path, _ = reviews
    args = [str(path) if arg == "DATA" else arg for arg in args]
    before = path.read_bytes()
    done = run("check", path, *args, cwd=tmp_path)
    assert done.returncode in (2, 4)
    assert said in done.stderr.splitlines()[-1]
    assert done.stdout == ""
    assert path.read_bytes() == before
    assert not list(tmp_path.iterdir())
