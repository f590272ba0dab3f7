"""`sentiment summarize`, as users run it."""

import csv
import io
import json
import random
from datetime import date, timedelta

import pytest

GOOD = ["a great film, loved it", "lovely and kind, excellent", "wonderful, perfect, great fun"]
BAD = ["a terrible film, hated it", "awful and rude, horrible", "boring, worst, a dull mess"]
FILLERS = [f"{one} {two}" for one in ("table", "river", "window") for two in ("one", "six")]
FAST = ("-m", "fast", "--classes", "negative,positive")


def review(dice, positive):
    words = dice.sample(FILLERS, 3)
    return f"{words[0]} {dice.choice(GOOD if positive else BAD)} {words[1]} {words[2]}"


def write(path, rows=600, seed=0, header="store,when,review,label"):
    """Reviews of three stores over half a year; those of the south get worse."""
    dice, lines = random.Random(seed), [header]
    for _ in range(rows):
        store = dice.choice(["north", "south", "west"])
        day = dice.randrange(180)
        share = 0.5 + 0.3 * (store == "north") - 0.4 * (store == "south" and day > 90)
        positive = dice.random() < share
        when = date(2024, 1, 1) + timedelta(day)
        lines.append(f'{store},{when},"{review(dice, positive)}",{int(positive)}')
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def reviews(tmp_path):
    return write(tmp_path / "reviews.csv")


def summary(run, *args, **kwargs):
    done = run("summarize", *args, "--json", "-q", **kwargs)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def cells(found):
    return {(tuple(each["group"]), each["period"]): each for each in found["cells"]}


def test_shares_of_all_of_groups_and_of_periods_add_up(run, reviews):
    found = summary(run, reviews, *FAST, "--by", "store", "--over", "when",
                    "--label-column", "label", "--count-repeats")  # fmt: skip
    assert found["rows"] == found["reviews"] == 600
    assert found["unit"] == "week"
    assert found["periods"][0] == "2024-01-01"
    every = cells(found)
    stores = [("north",), ("south",), ("west",)]
    assert sum(every[store, None]["reviews"] for store in stores) == 600
    assert sum(every[(), day]["reviews"] for day in found["periods"]) == 600
    with reviews.open(encoding="utf-8") as file:
        labels = [row["label"] for row in csv.DictReader(file)]
    negative, positive = every[(), None]["shares"]
    assert positive["labelled"] == pytest.approx(labels.count("1") / 600)
    assert negative["value"] + positive["value"] == pytest.approx(1)
    assert positive["low"] < positive["labelled"] < positive["high"]


def test_groups_that_differ_and_what_moved_are_named(run, reviews):
    found = summary(run, reviews, *FAST, "--by", "store", "--over", "when", "--count-repeats")
    differing = {tuple(each["group"]): each for each in found["differences"]}
    assert differing["north",]["share"] < differing["north",]["other"]
    assert differing["south",]["share"] > differing["south",]["other"]
    moved = {tuple(each["group"]): each for each in found["moves"]}
    assert moved["south",]["share"] > moved["south",]["other"] + 0.2
    assert ("west",) not in moved
    done = run("summarize", reviews, *FAST, "--by", "store", "--over", "when", "--count-repeats")
    south = next(line for line in done.stdout.splitlines() if line.startswith("south"))
    assert "%*" in south
    assert "* differs from the rest beyond chance" in done.stdout
    assert "\x1b" not in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


def test_a_trained_model_corrects_shares_and_a_bundled_one_says_it_does_not(run, reviews, trained):
    corrected = summary(run, reviews, "-m", trained)
    assert corrected["corrected"]
    assert "corrected for the errors" in corrected["notes"][0]
    plain = summary(run, reviews, *FAST)
    assert not plain["corrected"]
    assert "how often this model errs on such reviews is not known" in plain["notes"][0]
    assert all(each["value"] == each["counted"] for each in plain["cells"][0]["shares"])


def test_a_file_with_answers_needs_no_model(run, reviews, tmp_path):
    run("predict", reviews, "-m", "fast", "-o", tmp_path / "scored.csv", "-q")
    answered = summary(run, "scored.csv", "--by", "store", cwd=tmp_path)
    anew = summary(run, reviews, "-m", "fast", "--by", "store")
    assert answered["model"] == ""
    for one, other in zip(answered["cells"], anew["cells"], strict=True):
        assert one["reviews"] == other["reviews"]
        assert [share["counted"] for share in one["shares"]] == pytest.approx(
            [share["counted"] for share in other["shares"]]
        )
    again = summary(run, "scored.csv", "-m", "fast", cwd=tmp_path)
    assert again["model"] == "fast"


def test_answers_of_other_classes_than_sentiment(run, tmp_path):
    rows = [f"{'cold' if n % 3 else 'warm'},0.{n % 9},0.1,0.1,text number {n}" for n in range(90)]
    head = "predicted,p_cold,p_mild,p_warm,text"
    (tmp_path / "a.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    found = summary(run, "a.csv", cwd=tmp_path)
    assert found["classes"] == ["cold", "mild", "warm"]
    assert [each["counted"] for each in found["cells"][0]["shares"]] == [60 / 90, 0, 30 / 90]
    (tmp_path / "b.csv").write_text("predicted,text\nwarm,so it is\n", encoding="utf-8")
    done = run("summarize", "b.csv", cwd=tmp_path)
    assert done.returncode == 3
    assert "name a model with -m" in done.stderr


@pytest.mark.slow
def test_the_same_bytes_for_any_number_of_workers(run, tmp_path):
    path = write(tmp_path / "many.csv", 9000)
    args = ("summarize", path, *FAST, "--by", "store", "--over", "when", "--json", "-q")
    one, three = (run(*args, "--workers", str(number)) for number in (1, 3))
    assert one.returncode == 0, one.stderr
    assert one.stdout == three.stdout


def test_what_is_left_out_is_counted(run, tmp_path):
    long = "The screen broke after two days and nobody at the shop wanted to hear of it at all."
    texts = [*[f"a great film number {n}" for n in range(40)], "", "  ", "qwxz vbnm", long, long,
             long.upper()]  # fmt: skip
    path = tmp_path / "texts.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "text"], *([n, text] for n, text in enumerate(texts))])
    found = summary(run, path, *FAST)
    out = found["left_out"]
    assert (out["empty"], out["uncertain"], out["repeated"]) == (2, 1, 2)
    assert out["texts"] == [{"text": long, "times": 3}]
    assert found["reviews"] + out["empty"] + out["uncertain"] + out["repeated"] == found["rows"]
    assert summary(run, path, *FAST, "--count-repeats")["left_out"]["repeated"] == 0


def test_csv_is_tidy(run, reviews, tmp_path):
    done = run("summarize", reviews, *FAST, "--by", "store", "--over", "when", "--unit",
               "month", "--csv", tmp_path / "out.csv", "-o", tmp_path / "page.txt")  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [*csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8")))]
    assert rows[0].keys() >= {"store", "period", "class", "value", "low", "high", "counted",
                              "labelled", "reviews", "uncertain"}  # fmt: skip
    assert len(rows) == 2 * (1 + 6) * (1 + 3)
    assert {row["period"] for row in rows if not row["store"]} == {
        "",
        *(f"2024-0{month}-01" for month in range(1, 7)),
    }
    assert "by month" in (tmp_path / "page.txt").read_text(encoding="utf-8")
    again = run("summarize", reviews, *FAST, "--csv", tmp_path / "out.csv")
    assert again.returncode == 2
    assert "--force" in again.stderr


def test_columns_are_crossed(run, reviews):
    found = summary(run, reviews, *FAST, "--by", "store", "--by", "label")
    groups = {tuple(each["group"]) for each in found["cells"] if each["group"]}
    assert groups == {(store, label) for store in ("north", "south", "west") for label in "01"}


def test_a_group_of_one_row_has_no_shares(run, tmp_path):
    path = write(tmp_path / "r.csv", 100)
    with path.open("a", encoding="utf-8") as file:
        file.write('moon,2024-02-02,"a great film, loved it",1\n')
    found = summary(run, path, *FAST, "--by", "store", "--min", "5")
    moon = cells(found)[("moon",), None]
    assert moon["reviews"] == 1
    assert moon["shares"] == []
    assert any("fewer than 5 reviews" in note for note in found["notes"])


def test_a_column_with_very_many_values_is_a_said_fallback(run, tmp_path, monkeypatch):
    monkeypatch.setattr("sentiment.summary.tally.MOST_GROUPS", 50)
    monkeypatch.setattr("sentiment.summary.build.MOST_GROUPS", 50)
    lines = [f'{n},"a great film, loved it, number {n}"' for n in range(300)]
    (tmp_path / "r.csv").write_text("\n".join(["id,text", *lines]), encoding="utf-8")
    found = summary(run, "r.csv", *FAST, "--by", "id", "--count-repeats", cwd=tmp_path)
    assert cells(found)[("(others)",), None]["reviews"] == 250
    assert any("more than 50 groups" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("args", "content", "code", "message"),
    [
        (["--over", "when"], "when,text\nsoon,a great film\nlater,a bad film\n", 3,
         "2 values cannot be read, the first: r.csv, row 1: 'soon'"),
        (["--over", "when"], "when,text\n,a great film\n", 3, "it is empty"),
        (["--over", "day"], "when,text\n2024-01-01,a great film\n", 2,
         'no column "day" for --by, --over'),
        (["--by", "stor"], "store,text\nnorth,a great film\n", 2, '(did you mean "store"?)'),
        (["--by", "a", "--by", "a"], "a,text\n1,a great film\n", 2, "--by a is given twice"),
        (["--unit", "week"], "a,text\n1,a great film\n", 2, "name their column with --over"),
        (["--timezone", "Mars"], "a,text\n1,a great film\n", 2, "--over"),
        (["--over", "a", "--timezone", "Mars"], "a,text\n1,a great film\n", 2, "no such time zone"),
        ([], "a,text\n", 3, "no rows to summarize"),
        ([], "text,b\n ,1\n,2\n", 3, "nothing to summarize"),
        (["--label-column", "a"], "a,text\nred,a great film\nblue,a bad film\n", 3, '"a"'),
        (["--over", "when", "--unit", "day"],
         "when,text\n2014-01-01,a great film\n2024-01-01,a bad film\n", 3,
         "more than 1,000 periods"),
        (["--aspects", "film", "--no-themes"], "text\na great film\n", 2, "leaves out aspects"),
        (["--csv", "shares.xlsx"], "text\na great film\n", 2, "name it shares.csv"),
        (["--csv", "shares.json"], "text\na great film\n", 2, "name it shares.csv"),
        (["--html", "page.csv"], "text\na great film\n", 2, "name it page.html"),
        (["--csv", "-", "--json"], "text\na great film\n", 2, "two results"),
        (["--csv", "-", "--html", "-"], "text\na great film\n", 2, "twice"),
        (["--rejects", "bad.csv"], "text\na great film\n", 2, "--on-bad-row skip"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(run, tmp_path, args, content, code, message):
    (tmp_path / "r.csv").write_text(content, encoding="utf-8")
    done = run("summarize", "r.csv", *FAST, "-q", *args, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("options", "first", "advice", "ways"),
    [
        (["--timezone", "Mars"], "2023-01-01", "name one such as Europe/Berlin or UTC",
         [["--timezone", "Europe/Berlin"], ["--timezone", "UTC"]]),
        (["--unit", "day"], "2014-01-01", "choose a longer --unit",
         [["--unit", "week"], ["--unit", "month"]]),
    ],
)  # fmt: skip
def test_what_is_advised_about_dates_works(run, tmp_path, options, first, advice, ways):
    rows = f"when,text\n{first},a great film\n2024-01-01,a bad film\n"
    (tmp_path / "r.csv").write_text(rows, encoding="utf-8")
    done = run("summarize", "r.csv", *FAST, "--over", "when", *options, cwd=tmp_path)
    assert done.returncode in (2, 3)
    assert advice in done.stderr
    for way in ways:
        done = run("summarize", "r.csv", *FAST, "--over", "when", *way, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


def test_some_dates_that_cannot_be_read_are_said_and_in_no_period(run, reviews):
    with reviews.open("a", encoding="utf-8") as file:
        file.write('north,someday,"a great film, loved it",1\nnorth,,"a dull mess",0\n')
    found = summary(run, reviews, *FAST, "--over", "when", "--count-repeats")
    assert found["reviews"] == 602
    assert any("row 601: 'someday'" in note for note in found["notes"])
    assert any("1 review without a date" in note for note in found["notes"])


def test_hostile_names_are_inert(run, tmp_path):
    name = "\x1b[31mred\u202e"
    lines = [f'"{name}","a great film, number {n}"' for n in range(40)]
    (tmp_path / "r.csv").write_text("\n".join(["s,text", *lines]), encoding="utf-8")
    done = run("summarize", "r.csv", *FAST, "--by", "s", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "\u202e" not in done.stdout


def test_lines_on_standard_input(run):
    done = run("summarize", *FAST, stdin="a great film\na dull mess\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("<stdin>: 2 reviews") or done.stdout.startswith("-: 2 reviews")


def test_rows_that_cannot_be_read(run, tmp_path):
    lines = ["a,text", *[f'{n},"a great film {n}"' for n in range(40)], "1,2,3,4"]
    (tmp_path / "r.csv").write_text("\n".join(lines), encoding="utf-8")
    stopped = run("summarize", "r.csv", *FAST, cwd=tmp_path)
    assert stopped.returncode == 3
    found = summary(run, "r.csv", *FAST, "--on-bad-row", "skip", cwd=tmp_path)
    assert found["left_out"]["unreadable"] == 1
    assert found["rows"] == 41


@pytest.mark.parametrize("word", ["analyze", "analyse", "topics", "summarise", "sumarize"])
def test_what_others_call_it_is_suggested(run, word):
    done = run(word, "reviews.csv")
    assert done.returncode == 2
    assert "did you mean summarize?" in done.stderr


def test_a_wide_and_a_narrow_terminal(run, reviews, monkeypatch):
    for width in (60, 100):
        monkeypatch.setenv("COLUMNS", str(width))
        done = run("summarize", reviews, *FAST, "--by", "store", "--over", "when")
        widest = max(map(len, done.stdout.splitlines()))
        assert width - 25 < widest <= width


def shown(run, path, *args, **kwargs):
    done = run("summarize", path, *args, "-q", **kwargs)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_lines_are_for_a_reader_in_a_hurry(run, reviews):
    found = shown(run, reviews, *FAST, "--by", "store", "--label-column", "label")
    above, _, below = found.partition(" share ")
    assert "counted" not in below.split("note: ")[0]  # it would be the same as the share
    words = " ".join(above.split())
    assert " are answered negative and " in words
    assert "; labelled so: " in words
    assert "More negative than the rest beyond chance: south, west (most in south, " in words


def test_all_aspects_that_are_asked_for_are_shown(run, reviews):
    words = "table,river,window,film,fun,mess,worst,zebra"
    lines = shown(run, reviews, *FAST, "--aspects", words).splitlines()
    names = [line.split()[0] for line in lines if line.startswith("  ")]
    assert set(words.split(",")) <= set(names)
    zebra = next(line for line in lines if line.startswith("  zebra"))
    assert zebra.split()[1:] == ["0", "–"]


def test_neutral_comes_last(run, tmp_path):
    rows = [f'{kind},the {noun} was {word} number {n}' for n in range(60)
            for kind, noun, word in (("negative", "soup", "cold"), ("neutral", "door", "blue"),
                                     ("positive", "bread", "fresh"))]  # fmt: skip
    text = "predicted,p_positive,p_negative,p_neutral,text\n"
    text += "".join(f"{row.split(',')[0]},0.3,0.3,0.4,{row.split(',')[1]}\n" for row in rows)
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    lines = shown(run, "a.csv", cwd=tmp_path).splitlines()
    titles = [line.split()[2] for line in lines if line.startswith("typical of ")]
    assert titles == ["negative", "positive", "neutral"]


def test_wide_characters_keep_columns_in_line(run, tmp_path):
    names = {"東京": "good", "Köln": "bad", "Rome": "good"}
    text = "city,text\n" + "".join(
        f"{city},a {word} stay {n}\n" for n in range(40) for city, word in names.items()
    )
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    lines = shown(run, "a.csv", *FAST, "--by", "city", "--no-themes", cwd=tmp_path).splitlines()
    ends = {
        sum(1 + (c in "東京") for c in line[: line.index(" 40 ") + 3])
        for line in lines
        if line.split()[:1] and line.split()[0] in names
    }
    assert len(ends) == 1
