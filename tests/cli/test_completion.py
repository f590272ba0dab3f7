"""What shells complete: commands, models, files, data sets, columns, choices."""

import pytest

HEADER = "text,overall rating,store\na fine thing,5,b\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "reviews.csv").write_text(HEADER)
    (tmp_path / "rows.jsonl").write_text('{"review": {"body": "good", "title": "x"}, "stars": 5}\n')
    (tmp_path / "broken.parquet").write_text("no Parquet")
    (tmp_path / "mine.safetensors").write_text("")
    parts = tmp_path / "cache" / "datasets" / "uci"
    parts.mkdir(parents=True)
    for part in ("amazon", "imdb", "yelp"):
        (parts / f"{part}.csv").write_text("sentence,label\nfine,positive\n")
    return tmp_path


def completed(run, folder, *words, shell="zsh"):
    """What a shell offers for the last of some words."""
    env = {
        "_SENTIMENT_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "\n".join(("sentiment", *words)),
        "COMP_CWORD": str(len(words)),
        "SENTIMENT_CACHE": str(folder / "cache"),
    }
    done = run(env=env, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    if shell == "bash":
        return [line.partition(",")[2] for line in done.stdout.splitlines() if line]
    return done.stdout.splitlines()[1::3]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ev"], ["evaluate"]),
        (["help", "tr"], ["train"]),
        (["help", "datasets", ""], ["get", "list"]),
        (["help", "train", ""], []),
        (["predict", "-m", ""], ["general", "fast", "mine.safetensors"]),
        (["predict", "-m", "mi"], ["mine.safetensors"]),
        (["predict", "--input-format", "js"], ["json", "jsonl"]),
        (["train", "reviews.csv", "--label-column", ""], ["text", "overall rating", "store"]),
        (["train", "reviews.csv", "--label-column", "st"], ["store"]),
        (["train", "rows.jsonl", "--text-column", "r"], ["review.body", "review.title"]),
        (["train", "broken.parquet", "--text-column", ""], []),
        (["train", "missing.csv", "--text-column", ""], []),
        (["summarize", "-i", "reviews.csv", "--by", "s"], ["store"]),
        (["evaluate", "reviews.csv", "--slice", "l"], ["length"]),
        (["train", "uci", "--text-column", ""], ["sentence", "label"]),
        (["train", "uc"], ["uci"]),
        (["train", "uci:y"], ["uci:yelp"]),
        (["datasets", "get", "im"], ["imdb"]),
    ],
)
def test_what_is_completed(run, folder, words, expected):
    assert completed(run, folder, *words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train", "reviews.csv", "--label-column", "ov"], ["'overall rating'"]),
        (["train", "reviews.csv", "--label-column", "=", "ov"], ["'overall rating'"]),
        (["train", "uci", ":", "y"], ["yelp"]),
        (["train", "uci", ":"], ["amazon", "imdb", "yelp"]),
    ],
)
def test_bash_parts_words_and_needs_quotes(run, folder, words, expected):
    assert completed(run, folder, *words, shell="bash") == expected


def test_files_are_left_to_the_shell_where_no_data_set_fits(run, folder):
    assert completed(run, folder, "train", "rev") == ["rev"]
    assert completed(run, folder, "predict", "rev") == ["rev"]
    (folder / "ucix.csv").write_text(HEADER)
    assert completed(run, folder, "train", "uc") == ["uci", "ucix.csv"]
