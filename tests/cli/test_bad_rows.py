"""`predict --on-bad-row`, as users run it."""

import csv
import json

import pytest

BAD = b"id,text\n1,fine\n2\n3,caf\xe9\n4,good\n"


@pytest.fixture
def bad_csv(tmp_path):
    (tmp_path / "in.csv").write_bytes(BAD)
    return tmp_path


def test_rows_that_are_left_out_are_counted_and_listed(run, trained, bad_csv):
    done = run(
        "predict", "-m", trained, "-i", "in.csv", "-o", "out.csv", "--on-bad-row", "skip",
        "--rejects", "bad.csv", cwd=bad_csv,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
    assert "2 rows that cannot be read left out; the first: in.csv, row 2 (line 3): " in done.stderr
    with (bad_csv / "out.csv").open(newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == ["1", "4"]
    with (bad_csv / "bad.csv").open(newline="") as file:
        header, *rejects = csv.reader(file)
    assert header == ["file", "row", "reason", "raw"]
    assert [(file, row, raw) for file, row, _, raw in rejects] == [
        ("in.csv", "2", "2"),
        ("in.csv", "3", "3,caf\\xe9"),
    ]


def test_a_row_that_is_kept_has_no_answer_and_its_words_are_not_explained(run, trained, bad_csv):
    done = run(
        "predict", "-m", trained, "-i", "in.csv", "--json", "--explain", "--on-bad-row", "keep",
        cwd=bad_csv,
    )  # fmt: skip
    assert done.returncode == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["predicted"] is None for row in rows] == [False, True, True, False]
    assert (rows[2]["text"], rows[2]["raw"], rows[2]["words"]) == ("caf\ufffd", "3,caf\\xe9", [])
    assert "error" not in rows[0]


@pytest.mark.parametrize("streamed", [True, False])
def test_rejects_of_a_run_that_fails_appear_if_answers_do(run, trained, bad_csv, streamed):
    (bad_csv / "z.csv").write_text("other,text\n1,fine\n")
    done = run(
        "predict", "-m", trained, "-i", "in.csv", "-i", "z.csv", "--format", "csv",
        "--on-bad-row", "skip", "--rejects", "bad.jsonl",
        *([] if streamed else ["-o", "out.csv"]), cwd=bad_csv,
    )  # fmt: skip
    assert done.returncode == 3
    assert "2 rows" in done.stderr
    names = sorted(path.name for path in bad_csv.iterdir())
    assert names == ["bad.jsonl"] * streamed + ["in.csv", "z.csv"]


def test_rejects_of_a_run_that_never_began_are_those_from_before(run, trained, bad_csv):
    (bad_csv / "bad.csv").write_text("before")
    done = run(
        "predict", "-m", "none", "-i", "in.csv", "--on-bad-row", "skip", "--rejects", "bad.csv",
        "--force", cwd=bad_csv,
    )  # fmt: skip
    assert done.returncode == 4
    assert (bad_csv / "bad.csv").read_text() == "before"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rejects", "bad.csv"], "--on-bad-row skip"),
        (["--rejects", "bad.csv", "--on-bad-row", "keep"], "--on-bad-row skip"),
        (["--rejects", "bad.parquet", "--on-bad-row", "skip"], ".csv, .tsv or .jsonl"),
        (["--rejects", "a.csv", "-o", "a.csv", "--on-bad-row", "skip"], "choose another path"),
        (["--rejects", "in.csv", "--on-bad-row", "skip"], "would overwrite an input"),
        (["--on-bad-row", "guess"], "--on-bad-row"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(run, trained, bad_csv, arguments, message):
    done = run("predict", "-m", trained, "-i", "in.csv", *arguments, cwd=bad_csv)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert (bad_csv / "in.csv").read_bytes() == BAD


# Two rows that cannot be read, before and after those that can.
LABELLED_BAD = (
    b"text,label\ninto,three,fields\n"
    + b"".join(b"Lovely stay %d,pos\nAwful food %d,neg\n" % (n, n) for n in range(30))
    + b"caf\xe9,pos\nLovely end,neg\n"
)


@pytest.fixture
def labelled_bad(tmp_path):
    (tmp_path / "in.csv").write_bytes(LABELLED_BAD)
    return tmp_path


LEARN = ("train", "in.csv", "-o", "m.safetensors", "--epochs", "1", "--hidden", "")


@pytest.mark.slow
def test_one_bad_row_stops_a_training_with_advice_that_works(run, labelled_bad):
    done = run(*LEARN, cwd=labelled_bad)
    assert done.returncode == 3
    assert "in.csv, row 1 (line 2): 3 fields where 2 are expected" in done.stderr
    assert "; --on-bad-row skip leaves such rows out" in done.stderr
    assert [path.name for path in labelled_bad.iterdir()] == ["in.csv"]
    done = run(*LEARN, "--on-bad-row", "skip", "--rejects", "bad.csv", cwd=labelled_bad)
    assert done.returncode == 0, done.stderr
    assert "2 rows that cannot be read left out; the first: in.csv, row 1 (line 2)" in done.stderr
    assert "training on 61 reviews" in done.stderr
    with (labelled_bad / "bad.csv").open(newline="") as file:
        assert [row[1] for row in csv.reader(file)] == ["row", "1", "62"]


def test_mistakes_have_their_rows_in_the_file_though_bad_ones_are_left_out(
    run, trained, labelled_bad
):
    done = run(
        "evaluate", "in.csv", "-m", trained, "--on-bad-row", "skip", "--rejects", "bad.jsonl",
        "--errors", "wrong.jsonl", cwd=labelled_bad,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rejects = (labelled_bad / "bad.jsonl").read_text().splitlines()
    assert [json.loads(line)["row"] for line in rejects] == [1, 62]
    wrong = [json.loads(line) for line in (labelled_bad / "wrong.jsonl").read_text().splitlines()]
    assert {row["text"]: row["row"] for row in wrong}["Lovely end"] == 63


@pytest.mark.parametrize("command", [LEARN, ("evaluate", "in.csv")])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rejects", "bad.csv"], "add --on-bad-row skip"),
        (["--rejects", "in.csv", "--on-bad-row", "skip"], "would overwrite an input"),
        (["--rejects", "bad.parquet", "--on-bad-row", "skip"], ".csv, .tsv or .jsonl"),
        (["--on-bad-row", "keep"], "'keep' is not one of"),
    ],
)
def test_rejects_are_refused_before_reviews_are_read(
    run, labelled_bad, command, arguments, message
):
    done = run(*command, *arguments, cwd=labelled_bad)
    assert done.returncode == 2
    assert message in done.stderr
