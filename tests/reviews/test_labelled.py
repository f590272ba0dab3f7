import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.labels import SENTIMENT, WITH_NEUTRAL, LabelSet
from sentiment.reviews.dataset import LabelledReviews, require_classes
from sentiment.reviews.labelled import read_labelled, read_texts
from sentiment.reviews.streams import ReadOptions

from .helpers import save, stdin


def read(*paths, label_set=SENTIMENT, **options):
    options |= {"label_set": label_set}
    return read_labelled([str(path) for path in paths], ReadOptions(**options))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", "text,label\ngood,1\nbad,0\n"),
        ("a.csv", "good film,1\nbad book,0\n"),
        ("a.tsv", "label\ttext\npos\tgood\nneg\tbad\n"),
        ("a.jsonl", '{"text": "good", "stars": 10}\n{"text": "bad", "stars": 1}\n'),
        ("a.json", '[{"text": "good", "stars": 10}, {"text": "bad", "stars": 1}]'),
        ("a.json", '{"data": [{"r": {"text": "good", "is": 1}}, {"r": {"text": "bad", "is": 0}}]}'),
        ("a.json", '{"text": {"0": "good", "1": "bad"}, "label": {"0": 1, "1": 0}}'),
        ("a.ft", "__label__2 good\n__label__1 bad\n"),
        ("a.txt", "__label__2 good\n__label__1 bad\n"),
        ("a.txt", "good film\t1\nbad book\t0\n"),
        ("a.data", "good film\t1\nbad book\t0\n"),
    ],
)
def test_each_format_gives_texts_and_labels(tmp_path, name, data):
    reviews = read(save(tmp_path, name, data))
    assert [text.split()[0] for text in reviews.texts] == ["good", "bad"]
    assert reviews.labels.tolist() == [1, 0]
    assert np.int16 == reviews.labels.dtype


def test_a_folder_is_read(tmp_path):
    for label in ("pos", "neg"):
        (tmp_path / label).mkdir()
        save(tmp_path / label, "a.txt", label)
    assert read(tmp_path).labels.tolist() == [0, 1]


def test_standard_input_is_read():
    with stdin(b"__label__pos good\n__label__neg bad\n"):
        assert read_labelled(["-"], ReadOptions()).texts == ["good", "bad"]


def test_plain_lines_are_an_error_that_says_how_to_write_labels(tmp_path):
    with pytest.raises(DataError, match=r"a\.txt: labels are needed.*text<TAB>label"):
        read(save(tmp_path, "a.txt", "good\nbad\n"))


EMPTY = pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt", "a.jsonl", "a.ft"])


@EMPTY
def test_an_empty_file_has_no_rows(tmp_path, name):
    with pytest.raises(DataError, match=rf"{name}: no rows"):
        read(save(tmp_path, name, ""))


@EMPTY
def test_an_empty_file_among_others_is_skipped(tmp_path, name):
    empty = save(tmp_path, name, "")
    reviews = read(empty, save(tmp_path, "b.csv", "text,label\ngood,1\nbad,0\n"))
    assert (reviews.texts, reviews.warnings) == (["good", "bad"], [f"{empty}: no rows; skipped"])
    texts = read_texts([str(empty), str(tmp_path / "b.csv")], ReadOptions())
    assert texts == ["good", "bad"]


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        ("good,neutral\nbad,neutral\n", "2 neutral"),
        ('"",pos\n" ",neg\n', "2 without text"),
        ("good,\n,neutral\n,pos\n", "1 neutral, 1 without label, 1 without text"),
    ],
)
def test_no_reviews_left_is_an_error_with_the_counts(tmp_path, rows, counts):
    with pytest.raises(DataError, match=rf"a\.csv: no reviews left: {counts}$"):
        read(save(tmp_path, "a.csv", f"text,label\n{rows}"))


def test_notes_of_a_source_come_with_what_was_chosen(tmp_path):
    path = save(tmp_path, "a.txt", "good film\t1\nbad book\t0\n")
    expected = (
        f"{path}: read as TSV, by its content; no header: columns are called 1, 2; "
        'text from "1" (by content), label from "2" (by content)'
    )
    assert expected == read(path).notes[0]


def test_a_header_alone_has_no_rows(tmp_path):
    with pytest.raises(DataError, match=r"a\.csv: no rows"):
        read(save(tmp_path, "a.csv", "text,label\n"))


def test_shards_with_the_same_label_column_are_judged_together(tmp_path):
    first = save(tmp_path, "a.csv", "text,label\ngood,1\nfine,1\n")
    second = save(tmp_path, "b.csv", "label,text\n0,bad\n1,nice\n")
    reviews = read(first, second)
    assert reviews.texts == ["good", "fine", "bad", "nice"]
    assert reviews.labels.tolist() == [1, 1, 0, 1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("01", "12"),  # together 0, 1, 2
        (["-1", "1"], "01"),  # together -1, 0, 1
        ("01", "012"),
        ("12", "12345"),  # two classes, or the lower stars?
        ("01", "12345"),  # cannot be read together
        (["-1", "1"], "12"),
    ],
)
def test_files_that_contradict_each_other_are_an_error(tmp_path, first, second):
    paths = [
        save(tmp_path, name, "text,label\n" + "".join(f"good,{value}\n" for value in values))
        for name, values in (("a.csv", first), ("b.csv", second), ("c.csv", "1"))
    ]
    message = r'"label" contradict.*a\.csv: .*b\.csv: .*--positive VALUE and --negative VALUE'
    with pytest.raises(DataError, match=message):
        read(*paths[:2])
    with pytest.raises(DataError, match=r"contradict|cannot tell"):
        read(*paths)


def test_shards_of_one_scale_are_no_contradiction(tmp_path):
    paths = [
        save(tmp_path, f"{values}.csv", "text,stars\n" + "".join(f"x,{v}\n" for v in values))
        for values in ("12", "3", "45")
    ]
    assert read(*paths).labels.tolist() == [0, 0, 1, 1]


def test_files_with_other_labels_are_judged_by_themselves(tmp_path):
    first = save(tmp_path, "a.csv", "text,label\ngood,1\nbad,0\n")
    second = save(tmp_path, "b.csv", "text,sentiment\nbad,1\ngood,2\n")
    third = save(tmp_path, "c.csv", "text,label\nbad,neg\ngood,pos\n")
    assert read(first, second, third).labels.tolist() == [1, 0, 0, 1, 0, 1]


def test_what_was_chosen_is_noted(tmp_path):
    path = save(tmp_path, "a.csv", "text,label\ngood,1\nbad,0\n")
    assert [
        f'{path}: text from "text" (by name), label from "label" (by name)',
        'labels in "label": 0 negative, 1 positive',
    ] == read(path).notes


def test_each_reading_is_noted_with_its_file(tmp_path):
    first = save(tmp_path, "a.csv", "text,label\ngood,1\nbad,0\n")
    second = save(tmp_path, "b.csv", "text,stars\nbad,1\ngood,2\n")
    expected = [
        f'{first}: labels in "label": 0 negative, 1 positive',
        f'{second}: labels in "stars": 1 negative, 2 positive',
    ]
    assert expected == read(first, second).notes[-2:]


def test_no_files_give_no_reviews():
    assert read().texts == []


def test_rows_without_text_or_label_are_dropped_and_counted(tmp_path):
    path = save(tmp_path, "a.csv", 'text,label\ngood,1\n" ",1\nfine,\nbad,0\nso so,0\n')
    reviews = read(path)
    assert reviews.texts == ["good", "bad", "so so"]
    assert [
        f'{path}: "label" is empty in 1 row; dropped',
        f"{path}: 1 row has no text; dropped",
    ] == reviews.warnings


def test_strict_names_the_file_and_the_row(tmp_path):
    first = save(tmp_path, "a.csv", "text,label\ngood,pos\nbad,neg\n")
    second = save(tmp_path, "b.csv", "text,label\ngood,pos\nwell,neutral\n")
    with pytest.raises(DataError, match=r"b\.csv, row 2: neutral"):
        read(first, second, strict=True)


def test_options_reach_the_reader(tmp_path):
    path = save(tmp_path, "a.data", "kopf;urteil\nsch\u00f6n;ja\nb\u00f6se;nein\n".encode("cp1252"))
    options = {"format": "csv", "encoding": "cp1252", "text_columns": ("kopf",)}
    reviews = read(path, label_column="urteil", positive=("ja",), **options)
    assert (reviews.texts, reviews.labels.tolist()) == (["schön", "böse"], [1, 0])


def test_a_missing_column_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match='no column "x" for --text-column; there are "text"'):
        read(save(tmp_path, "a.csv", "text,label\ngood,1\n"), text_columns=("x",))


def test_texts_are_read_without_labels(tmp_path):
    first = save(tmp_path, "a.csv", 'text,stars\ngood,1\n"",1\n')
    second = save(tmp_path, "b.txt", "fine\nbad\n")
    assert read_texts([str(first), str(second)], ReadOptions()) == ["good", "fine", "bad"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [([1, 1], r"x: only positive reviews \(n=2\)"), ([0], "only negative"), ([], "no reviews")],
)
def test_one_class_is_not_enough(labels, message):
    reviews = LabelledReviews(["a"] * len(labels), np.array(labels, np.int16))
    with pytest.raises(DataError, match=message):
        require_classes(reviews, "x")


def test_both_classes_are_enough():
    require_classes(LabelledReviews(["a", "b"], np.array([0, 1], np.int16)), "x")


def test_rows_are_taken_in_order():
    reviews = LabelledReviews(["a", "b", "c"], np.array([0, 1, 1], np.int16), ["note"])
    taken = reviews.take([2, 0])
    assert (taken.texts, taken.labels.tolist(), taken.notes) == (["c", "a"], [1, 0], ["note"])


def test_digests_are_stable_and_ignore_white_space():
    reviews = LabelledReviews(["a b", " a\n b ", "ab", "\ud800"], np.zeros(4, np.int16))
    digests = reviews.digest()
    assert (np.uint64, 3) == (digests.dtype, len(set(digests.tolist())))
    assert 2952434739088078779 == digests[0] == digests[1]


class TestReadingLikeOtherReviews:
    def save(self, folder, name, values, column="stars"):
        rows = "".join(f"x,{value}\n" for value in values)
        return save(folder, name, f"text,{column}\n{rows}")

    def like(self, folder, training, validation, *, column="stars", **options):
        reviews = read(self.save(folder, "train.csv", training), **options)
        path = self.save(folder, "val.csv", validation, column)
        return read_labelled([str(path)], ReadOptions(**options), rules_from=reviews)

    @pytest.mark.parametrize(
        ("training", "validation", "labels"),
        [
            ("12345", "12", [0, 0]),
            ("1245", "53", [1]),  # the scale holds what training reviews do not have
            ("01", "1", [1]),
            ("12", "1", [0]),
            (["pos", "neg"], ["good", "neutral", "no"], [1, 0]),
            ("12345", ["2.5", "", "4.5"], [1]),
        ],
    )
    def test_their_rule_holds(self, tmp_path, training, validation, labels):
        reviews = self.like(tmp_path, training, validation)
        assert labels == reviews.labels.tolist()
        assert reviews.notes[-1].endswith("; as in the training reviews")

    def test_their_rule_holds_in_a_column_of_another_name(self, tmp_path):
        assert self.like(tmp_path, "12345", "12", column="label").labels.tolist() == [0, 0]

    @pytest.mark.parametrize(
        ("training", "validation", "unknown"),
        [("01", "012", "2"), ("12345", "1970", "0, 7, 9"), (["pos", "neg"], ["pos", "meh"], "meh")],
    )
    def test_values_unknown_to_it_are_named(self, tmp_path, training, validation, unknown):
        message = rf'val\.csv: "stars" has {unknown}, not among .*training .*--positive VALUE'
        with pytest.raises(DataError, match=message):
            self.like(tmp_path, training, validation)

    def test_labels_of_another_kind_are_read_alone(self, tmp_path):
        reviews = self.like(tmp_path, "12345", ["pos", "neg"])
        assert reviews.labels.tolist() == [1, 0]
        assert any("val.csv: labels of another kind than" in note for note in reviews.notes)

    def test_what_the_user_says_goes_first(self, tmp_path):
        reviews = self.like(tmp_path, "12345", "3456", negative=("5",))
        assert reviews.labels.tolist() == [1, 1, 0, 1]

    def test_the_rule_of_the_same_column_goes_first(self, tmp_path):
        first = self.save(tmp_path, "a.csv", "01", "label")
        training = read(first, self.save(tmp_path, "b.csv", "12"))
        path = self.save(tmp_path, "c.csv", "1")
        assert read_labelled([str(path)], ReadOptions(), rules_from=training).labels.tolist() == [0]
        path = self.save(tmp_path, "d.csv", "1", "score")
        with pytest.raises(DataError, match=r"d\.csv: .*several kinds of labels.*--positive VALUE"):
            read_labelled([str(path)], ReadOptions(), rules_from=training)

    def test_the_rules_stay_with_the_rows_and_out_of_sight(self, tmp_path):
        reviews = read(self.save(tmp_path, "a.csv", "12345")).take([0, 1])
        assert list(reviews.rules) == ["stars"]
        assert "Rule(" not in repr(reviews)


def save_labels(folder, name, values, column="label"):
    values = values.split() if isinstance(values, str) else values
    return save(folder, name, f"text,{column}\n" + "".join(f"x,{value}\n" for value in values))


def classes_in(folder, *files, classes="", **options):
    """Read files of labels, given by their values, as training does."""
    paths = [
        save_labels(folder, f"{'abc'[n]}.csv", *([file] if isinstance(file, str) else file))
        for n, file in enumerate(files)
    ]
    classes = tuple(classes.split(",")) if classes else ()
    return read(*paths, label_set=None, classes=classes, **options)


@pytest.mark.parametrize(
    ("files", "classes", "names", "labels"),
    [
        (["neg neutral pos", "pos neg"], "", "negative neutral positive", [0, 1, 2, 2, 0]),
        (["neg pos", "neutral"], "", "negative neutral positive", [0, 2, 1]),
        (["0 1 2", "2 0"], "", "negative neutral positive", [0, 1, 2, 2, 0]),
        (["neg pos", ("0 1", "stars")], "", "negative positive", [0, 1, 0, 1]),
        (["1 2 5", "4"], "stars", "1 2 4 5", [0, 1, 3, 2]),
        (["joy", "fear", "joy fear x"], "all", "fear joy x", [1, 0, 1, 0, 2]),
        (["joy x", ("fear joy x", "sentiment")], "all", "fear joy x", [1, 2, 0, 1, 2]),
        (["Joy fear", "joy anger"], "joy,fear,anger", "anger fear Joy", [2, 1, 2, 0]),
        (["0 1", "neg neutral pos"], "negative,positive", "negative positive", [0, 1, 0, 1]),
        (["0 1", "neg neutral pos"], "neg,neu,pos", "negative neutral positive", [0, 2, 0, 1, 2]),
        (["1 3 5", ("neutral neg", "tone")], "neg,neu,pos", "negative neutral positive",
         [0, 1, 2, 1, 0]),
    ],
)  # fmt: skip
def test_files_share_their_classes(tmp_path, files, classes, names, labels):
    reviews = classes_in(tmp_path, *files, classes=classes, label_column=None)
    assert (names, labels) == (" ".join(reviews.label_set.names), reviews.labels.tolist())


@pytest.mark.parametrize(
    ("files", "classes", "message"),
    [
        (["0 1", "neg neutral pos"], "",
         r"different classes \(\S*a\.csv: negative, positive; \S*b\.csv: negative, neutral, "
         r"positive\); .* --classes negative,positive$"),
        (["1 3 5", ("neutral neg pos", "tone")], "", "--classes negative,positive$"),
        (["joy fear x", "ham spam"], "all",
         r"\(\S*a\.csv: fear, joy, x; \S*b\.csv: ham, spam\); .* to keep with --classes$"),
        (["joy fear x", "joy fear spam"], "all", "--classes fear,joy$"),
        (["neg neutral pos"], "neg,pos,meh", r'a\.csv: "label" is never meh; it holds neg, neu'),
        (["neg pos", "pos"], "neg,neu,pos", "and 1 more: .* is never neutral; it holds neg, pos$"),
        (["joy fear"], "negative,positive", "never negative; it holds joy, fear$"),
    ],
)  # fmt: skip
def test_classes_that_do_not_fit_the_files_are_an_error(tmp_path, files, classes, message):
    with pytest.raises(DataError, match=message):
        classes_in(tmp_path, *files, classes=classes)


@pytest.mark.parametrize("names", [("neg", "neu", "pos"), ("negative", "neutral", "positive")])
def test_a_folder_may_hold_neutral_reviews(tmp_path, names):
    for label in names:
        (tmp_path / label).mkdir()
        save(tmp_path / label, "a.txt", label)
    reviews = read(tmp_path, label_set=None)
    assert (reviews.label_set, reviews.labels.tolist()) == (WITH_NEUTRAL, [0, 1, 2])
    assert read(tmp_path).labels.tolist() == [0, 1]


def test_any_folders_are_classes_where_these_are_asked_for(tmp_path):
    for label in ("joy", "fear", "empty"):
        (tmp_path / label).mkdir()
    save(tmp_path / "joy", "a.txt", "yes")
    save(tmp_path / "fear", "a.txt", "no")
    reviews = read(tmp_path, label_set=None, classes=("all",))
    assert (reviews.label_set.names, reviews.labels.tolist()) == (("fear", "joy"), [0, 1])
    with pytest.raises(DataError, match="a folder of reviews holds pos/ and neg/"):
        read(tmp_path)


def test_fasttext_labels_may_be_neutral(tmp_path):
    lines = "__label__neutral so\n__label__neg bad\n__label__pos good\n"
    assert read(save(tmp_path, "a.txt", lines), label_set=None).labels.tolist() == [1, 0, 2]


def test_the_names_of_class_labels_in_parquet_are_classes(tmp_path):
    names = {"label": {"names": ["sadness", "joy", "love"], "_type": "ClassLabel"}}
    metadata = {"huggingface": json.dumps({"info": {"features": names}})}
    table = pa.table({"text": ["a b", "c d", "e f", "g h"], "label": [1, 0, 2, -1]})
    pq.write_table(table.replace_schema_metadata(metadata), tmp_path / "a.parquet")
    reviews = read(tmp_path / "a.parquet", label_set=None, classes=("all",))
    assert (reviews.label_set.names, reviews.labels.tolist()) == (
        ("joy", "love", "sadness"),
        [0, 2, 1],
    )
    assert reviews.warnings == [f'{tmp_path / "a.parquet"}: "label" is empty in 1 row; dropped']


@pytest.mark.parametrize(
    ("counts", "purpose", "message"),
    [
        ([0, 0, 9], "training", r"only c reviews \(n=9\); training needs at least two classes"),
        ([0, 0, 0], "training", "no reviews"),
        ([5, 4, 9], "training", r'only 4 labelled "b"; .* 5 reviews of each .*--classes a,c$'),
        ([5, 0, 2], "training", 'none labelled "b", only 2 labelled "c"; .*: add more$'),
        ([5, 1, 9], "evaluation", None),
        ([5, 5, 5], "training", None),
    ],
)
def test_classes_of_enough_reviews_are_required(counts, purpose, message):
    labels = np.repeat(np.arange(3, dtype=np.int16), counts)
    reviews = LabelledReviews(["x"] * labels.size, labels, label_set=LabelSet(("a", "b", "c")))
    if message is None:
        require_classes(reviews, "x", purpose)
    else:
        with pytest.raises(DataError, match=message):
            require_classes(reviews, "x", purpose)


@pytest.mark.parametrize(
    ("training", "classes", "validation", "labels"),
    [
        ("neg neutral pos", "", "pos neg", [2, 0]),
        ("neg neutral pos", "", "0 1", [0, 2]),
        ("neg pos", "", "pos neutral", [1]),
        ("joy fear", "all", "JOY", [1]),
        ("1 2 4 5", "stars", "5 1", [3, 0]),
        ("joy fear x", "joy,fear", "x fear other", [0]),
        ("joy fear", "all", "hate", r'"label" holds hate, not among the classes fear, joy'),
        ("joy fear", "all", "0 1", "holds 0, 1, not among the classes fear, joy"),
        (
            "joy fear",
            "all",
            "joy hate",
            r"has hate, not .*\(fear, joy\); correct",
        ),
    ],
)
def test_validation_reviews_have_the_classes_of_training(
    tmp_path, training, classes, validation, labels
):
    classes = tuple(classes.split(",")) if classes else ()
    reviews = read(save_labels(tmp_path, "t.csv", training), label_set=None, classes=classes)
    path, options = str(save_labels(tmp_path, "v.csv", validation)), ReadOptions(classes=classes)
    if isinstance(labels, str):
        with pytest.raises(DataError, match=labels):
            read_labelled([path], options, rules_from=reviews)
    else:
        found = read_labelled([path], options, rules_from=reviews)
        assert (reviews.label_set, labels) == (found.label_set, found.labels.tolist())


@pytest.mark.parametrize("factor", [1, 1e-6, 1 / 7, 1e300])
def test_of_weights_only_the_ratios_count(factor):
    reviews = LabelledReviews(["a", "b", "c", "d"], np.array([0, 1, 0, 1]))
    weighted = reviews.weighted(factor * np.array([1.0, 0, 2, 3]))
    assert list(weighted.texts) == ["a", "c", "d"]
    assert weighted.weights == pytest.approx([0.5, 1, 1.5])
