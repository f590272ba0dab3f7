"""Labelled reviews that are known, in the layouts of files and folders that people have them in."""

import csv
import io
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions
from tests.torture.row_files import TEXTS, one_line

Row = tuple[str, bool]  # a text, and whether it is positive

# A beginning keeps wild texts from looking like tables, labels or JSON.
WILD = TEXTS.map(lambda text: f"It was {text}")
LINES = WILD.map(one_line).map(
    lambda text: text.replace("\t", " ").replace("\r", "").replace("__label__", "label")
)
WORDS = st.sampled_from([("positive", "negative"), ("Positive", "NEGATIVE"), ("pos", "neg"),
                         ("1", "0"), ("5", "1"), ("LABEL_1", "LABEL_0")])  # fmt: skip


@dataclass
class Layout:
    """Files, and the truth about them.

    Attributes:
        files: their contents by their paths.
        rows: what is in them, in the order in which they are read.
        names: what to name on the command line.
        options: how to read them.
    """

    files: dict[str, bytes]
    rows: list[Row]
    names: list[str]
    options: dict[str, Any] = field(default_factory=dict)


def check(layout: Layout, folder: Path) -> None:
    """Write files into a folder, read them as the program does, and compare.

    Raises:
        AssertionError: Other texts or labels came back.
    """
    for name, data in layout.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    options = dict(layout.options)
    if labels := options.pop("label_files", ()):
        options["label_files"] = tuple(str(folder / name) for name in labels)
    reviews = read_labelled([str(folder / name) for name in layout.names], ReadOptions(**options))
    assert list(reviews.texts) == [text for text, _ in layout.rows]
    assert [label == 1 for label in reviews.labels] == [positive for _, positive in layout.rows]


def _rows(texts: st.SearchStrategy[str], most: int = 6) -> st.SearchStrategy[list[Row]]:
    """Rows of both classes."""
    rows = st.lists(st.tuples(texts, st.booleans()), max_size=most)
    return st.builds(
        lambda first, second, more: [(first, True), (second, False), *more], texts, texts, rows
    ).flatmap(st.permutations)


def _of(rows: list[Row], positive: bool) -> list[Row]:
    return [row for row in rows if row[1] == positive]


def _by_line(texts: list[str], end: str = "\n") -> bytes:
    return "".join(f"{text}{end}" for text in texts).encode()


def _as_csv(rows: list[list[str]], **options: Any) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream, **options).writerows(rows)
    return stream.getvalue().encode()


def _labels(draw: Any, rows: list[Row]) -> list[str]:
    names = draw(WORDS)
    return [names[not positive] for _, positive in rows]


@st.composite
def files_by_class(draw: Any) -> Layout:
    """A file of lines for each class: x.pos and x.neg."""
    pos, neg = draw(st.sampled_from([("rt.pos", "rt.neg"), ("a/rt-polarity.pos", "a/b.neg"),
                                     ("positive.txt", "negative.txt"),
                                     ("the positive.txt", "the NEG.txt")]))  # fmt: skip
    # As in prose: what is between marks without spaces may be the cells of a table.
    rows = draw(_rows(LINES.map(lambda text: re.sub(r"([,;|])(?! )", r"\1 ", text))))
    files = {pos: _of(rows, True), neg: _of(rows, False)}
    end = draw(st.sampled_from(["\n", "\r\n"]))
    data = {name: _by_line([text for text, _ in some], end) for name, some in files.items()}
    if draw(st.booleans()):
        return Layout(data, files[pos] + files[neg], [pos, neg])
    in_order = sorted(files, key=Path)
    return Layout(data, [row for name in in_order for row in files[name]], [""])


@st.composite
def folders_by_class(draw: Any) -> Layout:
    """A folder of texts for each class, perhaps in another folder."""
    pos, neg = draw(st.sampled_from([("pos", "neg"), ("Positive", "NEG"), ("1", "0"), ("5", "1"),
                                     ("positive", "negative")]))  # fmt: skip
    above = draw(st.sampled_from(["", "aclImdb/train/", "a/b/c/"]))
    rows = draw(_rows(WILD.map(lambda text: text.rstrip("\r\n"))))
    files, truth = {}, {}
    for number, row in enumerate(rows):
        name = f"{above}{pos if row[1] else neg}/{number}.txt"
        # A carriage return would be the end of a line of an old Mac.
        end = "\n" if "\r" in row[0] or draw(st.booleans()) else ""
        files[name], truth[name] = (row[0] + end).encode(), row
    return Layout(files, [truth[name] for name in sorted(truth, key=Path)], [""])


@st.composite
def folders_of_csv(draw: Any) -> Layout:
    """A folder of CSV for each class."""
    pos, neg = draw(st.sampled_from([("pos", "neg"), ("Positive", "NEG"), ("1", "0")]))
    rows = draw(_rows(WILD))
    files, truth = {}, {}
    for folder, positive in ((pos, True), (neg, False)):
        some = _of(rows, positive)
        cut = draw(st.integers(0, len(some)))
        for name, part in (("a.csv", some[:cut]), ("b.csv", some[cut:])):
            if part:
                table = [["text", "city"], *([text, "Rome"] for text, _ in part)]
                files[f"{folder}/{name}"] = _as_csv(table)
                truth[f"{folder}/{name}"] = part
    order = sorted(truth, key=Path)
    return Layout(files, [row for name in order for row in truth[name]], [""])


@st.composite
def labels_beside(draw: Any) -> Layout:
    """Texts in one file, their labels in another."""
    kind = draw(st.sampled_from(["txt", "csv", "jsonl"]))
    rows = draw(_rows(LINES if kind == "txt" else WILD))
    texts = [text for text, _ in rows]
    data = {
        "txt": lambda: _by_line(texts),
        "csv": lambda: _as_csv([["text", "city"], *([text, "Rome"] for text in texts)]),
        "jsonl": lambda: _by_line([json.dumps({"text": text}) for text in texts]),
    }[kind]()
    labels = _labels(draw, rows)
    above = ["label"] if draw(st.booleans()) else []
    if draw(st.booleans()):
        beside = "labels.txt", _by_line([*above, *labels])
    else:
        beside = "labels.csv", _as_csv([["id", "label"], *([f"n{n}", label] for n, label
                                                          in enumerate(labels))])  # fmt: skip
    files = {f"texts.{kind}": data, beside[0]: beside[1]}
    return Layout(files, rows, [f"texts.{kind}"], {"label_files": [beside[0]]})


@st.composite
def parted_names(draw: Any) -> Layout:
    """Columns whose names have a part in common, as those of nested data have."""
    mark = draw(st.sampled_from("./:_"))
    names = [f"reviews{mark}{name}" for name in ("id", "text", "rating", "votes")]
    rows = draw(_rows(WILD))
    table = [[f"AV1{n}", text, "5" if positive else "1", str(n % 3)]
             for n, (text, positive) in enumerate(rows)]  # fmt: skip
    return Layout({"in.csv": _as_csv([names, *table])}, rows, ["in.csv"])


@st.composite
def tabbed_lines(draw: Any) -> Layout:
    """A text and a label in either order, with a tab between, and no header."""
    rows = draw(_rows(LINES))
    assume(len({text for text, _ in rows}) == len(rows))  # a column of one value is no texts
    pairs = list(zip(_labels(draw, rows), [text for text, _ in rows], strict=True))
    order = draw(st.sampled_from([1, -1]))
    name = draw(st.sampled_from(["in.txt", "in.tsv", "in.tab"]))
    return Layout({name: _by_line(["\t".join(pair[::order]) for pair in pairs])}, rows, [name])


@st.composite
def marked_lines(draw: Any) -> Layout:
    """fastText, with the label first or last."""
    drawn = draw(_rows(LINES))
    last = draw(st.booleans())
    rows = [(text.rstrip(" \t,;|") if last else text, positive) for text, positive in drawn]
    lines = [
        f"{text} __label__{label}" if last else f"__label__{label} {text}"
        for (text, _), label in zip(rows, _labels(draw, rows), strict=True)
    ]
    name = draw(st.sampled_from(["in.txt", "in.ft"]))
    return Layout({name: _by_line(lines)}, rows, [name])


@st.composite
def lines_with_a_mark(draw: Any) -> Layout:
    """Texts and words with a mark between them, as in `Lovely stay@positive`."""
    mark = draw(st.sampled_from("@|"))
    rows = draw(_rows(LINES.map(lambda text: f"{text.replace(mark, ' ')} film".replace('"', "'"))))
    words = [f"{text}{mark}{'positive' if positive else 'negative'}" for text, positive in rows]
    return Layout({"in.txt": _by_line(words)}, rows, ["in.txt"])


@st.composite
def dataset_folders(draw: Any) -> Layout:
    """What Hugging Face's `datasets` write of a dictionary of datasets, as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = {"dataset_dict.json": b'{"splits": ["train", "test"]}'}
    rows = draw(_rows(WILD))
    cut = draw(st.integers(0, len(rows)))
    for part, some in (("test", rows[:cut]), ("train", rows[cut:])):
        table = pa.table({
            "text": pa.array([text for text, _ in some], pa.string()),
            "label": pa.array([int(positive) for _, positive in some], pa.int64()),
        })  # fmt: skip
        stream = io.BytesIO()
        pq.write_table(table, stream)
        files |= {
            f"{part}/data-00000-of-00001.parquet": stream.getvalue(),
            f"{part}/dataset_info.json": b'{"features": {}}',
            f"{part}/state.json": b"{}",
        }
    return Layout(files, rows, [""])


@st.composite
def nested_json(draw: Any) -> Layout:
    """JSON whose rows hold the text within an object."""
    rows = draw(_rows(WILD))
    values = [{"id": n, "review": {"text": text, "stars": 5 if positive else 1}}
              for n, (text, positive) in enumerate(rows)]  # fmt: skip
    ascii_only = draw(st.booleans())
    indent = draw(st.sampled_from([None, 0, 2]))
    kind = draw(st.sampled_from(["lines", "list", "object"]))
    if kind == "lines":
        data = "".join(json.dumps(each, ensure_ascii=ascii_only) + "\n" for each in values)
    else:
        whole = values if kind == "list" else {"n": len(values), "data": values}
        data = json.dumps(whole, ensure_ascii=ascii_only, indent=indent)
    name = draw(st.sampled_from(["in.json", "in.jsonl", "in.txt"]))
    return Layout({name: data.encode()}, rows, [name])


LAYOUTS = [files_by_class, folders_by_class, folders_of_csv, labels_beside, parted_names,
           tabbed_lines, marked_lines, lines_with_a_mark, dataset_folders,
           nested_json]  # fmt: skip
