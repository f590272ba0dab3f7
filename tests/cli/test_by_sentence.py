"""`predict --sentences`: a row for each sentence; `explain` of mixed reviews."""

import csv
import json
from pathlib import Path

import pytest

from tests.commands import Run

REVIEWS = (
    'id,Review,note\n7,"Lovely room. Awful food...\n\nI left!",a\n8,,b\n9,"It was wonderful",c\n'
)


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text(REVIEWS)
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_each_sentence_has_a_row_with_its_review_and_its_place(run: Run, trained, reviews) -> None:
    done = run("predict", "-m", trained, "--sentences", "-i", reviews, "--format", "csv")
    rows = rows_of(done.stdout)
    assert list(rows[0])[:6] == ["id", "note", "review", "sentence", "text", "predicted"]
    assert [
        (row["id"], row["note"], row["review"], row["sentence"], row["text"]) for row in rows
    ] == [
        ("7", "a", "1", "1", "Lovely room."),
        ("7", "a", "1", "2", "Awful food..."),
        ("7", "a", "1", "3", "I left!"),
        ("8", "b", "2", "1", ""),
        ("9", "c", "3", "1", "It was wonderful"),
    ]
    assert [bool(row["predicted"]) for row in rows] == [True, True, True, False, True]


def test_the_answer_to_a_sentence_is_that_to_the_sentence_alone(run: Run, trained, reviews) -> None:
    done = run("predict", "-m", trained, "--sentences", "-i", reviews, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    alone = run("predict", "-m", trained, "--json", "--", *[row["text"] for row in rows])
    answers = [json.loads(line) for line in alone.stdout.splitlines()]
    for name in ("predicted", "p_positive"):
        assert [row[name] for row in rows] == [answer[name] for answer in answers]


def test_lines_have_both_numbers_before_the_text(run: Run, trained) -> None:
    done = run("predict", "-m", trained, "--sentences", stdin="Good one. Bad\\one\n\nThird\n")
    fields = [line.split("\t") for line in done.stdout.splitlines()]
    assert [each[2:] for each in fields] == [
        ["1", "1", "Good one."], ["1", "2", r"Bad\\one"], ["2", "1", ""], ["3", "1", "Third"],
    ]  # fmt: skip


def test_texts_as_arguments_have_sentences(run: Run, trained) -> None:
    done = run("predict", "-m", trained, "--sentences", "Good. Bad.", "Fine.")
    assert [line.split("\t")[2:4] for line in done.stdout.splitlines()] == [
        ["1", "1"], ["1", "2"], ["2", "1"],
    ]  # fmt: skip


@pytest.mark.parametrize("format", ["tsv", "json", "fasttext", "parquet", "xlsx"])
def test_all_formats_have_the_same_sentences(run: Run, trained, reviews, tmp_path, format) -> None:
    pytest.importorskip({"parquet": "pyarrow", "xlsx": "openpyxl"}.get(format, "csv"))
    target = tmp_path / f"out.{'txt' if format == 'fasttext' else format}"
    done = run(
        "predict", "-m", trained, "--sentences", "-i", reviews, "-o", target, "--format", format
    )
    assert done.returncode == 0, done.stderr
    if format == "fasttext":
        assert len(target.read_text().splitlines()) == 5
        return
    again = run("predict", "-m", trained, "-i", target, "--json", "--prefix", "m_")
    rows = [json.loads(line) for line in again.stdout.splitlines()]
    assert [str(row["sentence"]) for row in rows] == ["1", "2", "3", "1", "1"]
    assert rows[1]["text"] == "Awful food..."


def test_parquet_keeps_the_types_of_other_columns(run: Run, trained, tmp_path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"n": pyarrow.array([3], pyarrow.int8()), "text": ["Good. Bad."]})
    parquet.write_table(table, tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    assert not run(
        "predict", "-m", trained, "--sentences", "-i", tmp_path / "in.parquet", "-o", out
    ).returncode
    schema = parquet.read_schema(out)
    assert schema.field("n").type == pyarrow.int8()
    assert schema.field("review").type == schema.field("sentence").type == pyarrow.int64()


def test_a_column_of_the_same_name_is_an_error_whose_advice_works(
    run: Run, trained, tmp_path
) -> None:
    path = tmp_path / "in.csv"
    path.write_text("text,sentence\nGood. Bad.,12 years\n")
    done = run(
        "predict",
        "-m",
        trained,
        "--sentences",
        "-i",
        path,
        "--text-column",
        "text",
        "--format",
        "csv",
    )
    assert done.returncode == 2
    assert 'has a column "sentence" already; --prefix model_' in done.stderr
    done = run("predict", "-m", trained, "--sentences", "-i", path, "--text-column", "text",
               "--format", "csv", "--prefix", "model_")  # fmt: skip
    assert [row["model_text"] for row in rows_of(done.stdout)] == ["Good.", "Bad."]
    assert [row["sentence"] for row in rows_of(done.stdout)] == ["12 years"] * 2


def test_a_json_row_with_such_a_key_is_named(run: Run, trained, tmp_path) -> None:
    path = tmp_path / "in.jsonl"
    rows = [{"text": "Good."}] * 1100 + [{"text": "Bad.", "sentence": 3}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = run("predict", "-m", trained, "--sentences", "-i", path, "--json")
    assert done.returncode == 3
    assert "row 1101" in done.stderr


def test_a_row_that_cannot_be_read_keeps_its_place(run: Run, trained, tmp_path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"text": "Good. Bad."}\n{oh\n{"text": "Fine."}\n')
    done = run(
        "predict", "-m", trained, "--sentences", "-i", path, "--json", "--on-bad-row", "keep"
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["review"] for row in rows] == [1, 1, 2, 3]
    assert rows[2]["predicted"] is None
    assert rows[2]["raw"] == "{oh"


def test_a_cluster_answers_whole_reviews(run: Run, tmp_path) -> None:
    done = run("predict", "--sentences", "-i", "in.parquet", "--engine", "ray", "-o", tmp_path)
    assert done.returncode == 2
    assert "leave out --sentences" in done.stderr


def test_a_sentence_that_reads_like_a_missing_value_is_one(run: Run, trained, tmp_path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("text,n\nAny faults? None,1\nN/A,2\n")
    done = run(
        "predict",
        "-m",
        trained,
        "--sentences",
        "-i",
        path,
        "--text-column",
        "text",
        "--format",
        "csv",
    )
    assert [row["text"] for row in rows_of(done.stdout)] == ["Any faults?", "None", ""]
    assert [bool(row["predicted"]) for row in rows_of(done.stdout)] == [True, True, False]


MIXED = "The room was wonderful and lovely. The staff were rude, an awful lot."


@pytest.mark.parametrize("model", ["general", "fast"])
def test_a_mixed_review_is_explained_sentence_by_sentence(run: Run, model: str) -> None:
    done = run("explain", "-m", model, MIXED)
    *_, first, second = done.stdout.splitlines()
    assert first.split(maxsplit=2)[0::2] == ["positive", "The room was wonderful and lovely."]
    assert second.split(maxsplit=2)[0::2] == ["negative", "The staff were rude, an awful lot."]
    predicted = run("predict", "-m", model, "--sentences", MIXED)
    assert [line.split("\t")[:2] for line in predicted.stdout.splitlines()] == [
        line.split()[:2] for line in (first, second)
    ]


def test_json_has_the_sentences_of_mixed_reviews_alone(run: Run) -> None:
    done = run("explain", "-m", "fast", "--json", MIXED, "I love it. It is great.", "Awful.", "")
    mixed, *others = map(json.loads, done.stdout.splitlines())
    for each in mixed["sentences"]:
        assert each["text"] == MIXED[each["start"] : each["end"]]
    assert [each["predicted"] for each in mixed["sentences"]] == ["positive", "negative"]
    assert all("sentences" not in each for each in others)


def test_sentences_cannot_take_over_a_terminal(run: Run) -> None:
    done = run("explain", "-m", "fast", f"{MIXED} \x1b[31mred.\n\u202eturned.")
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
