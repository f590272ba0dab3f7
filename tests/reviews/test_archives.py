"""The table in a zip archive; what else there may be in one, and what that costs."""

import gzip
import io
import json
import random
import re
import shlex
import shutil
import subprocess
import tracemalloc
import zipfile
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sentiment.errors import DataError
from sentiment.reviews.opening import expand
from sentiment.reviews.opening import open_source as open_with
from sentiment.reviews.streams import OpenFile, ReadOptions, TooLargeError
from tests.reviews.books import book, zipped
from tests.reviews.helpers import open_source, rows_from, rows_of, save

CSV = "text,label\nLovely,1\nDull,0\n"
ROWS = [{"text": "Lovely", "label": "1"}, {"text": "Dull", "label": "0"}]


def parquet():
    stream = io.BytesIO()
    pq.write_table(pa.table({"text": ["Lovely", "Dull"], "label": ["1", "0"]}), stream)
    return stream.getvalue()


ONE_TABLE = {
    "alone": {"r.csv": CSV},
    "in a folder": {"a/": "", "a/b/r.csv": CSV},
    "in this folder": {"./": "", "./r.csv": CSV, "./.DS_Store": "y", "./__MACOSX/._r.csv": "x"},
    "with a description": {"README.txt": "x", "LICENSE": "y", "r.csv": CSV, "figure.png": "z"},
    "with what macOS adds": {"r.csv": CSV, "__MACOSX/._r.csv": "x", ".DS_Store": "y"},
    "with what Office adds": {"r.csv": CSV, "~$r.xlsx": "x"},
    "with texts beside it": {"notes.txt": "x", "more.txt": "y", "r.tsv": CSV.replace(",", "\t")},
    "compressed": {"r.csv.gz": gzip.compress(CSV.encode())},
    "as a workbook": {"r.xlsx": book(("text", "label"), ("Lovely", "1"), ("Dull", "0"))},
    "as Parquet": {"r.parquet": parquet()},
    "as lines of objects": {"r.json": '{"text": "Lovely", "label": "1"}\n'
                            '{"text": "Dull", "label": "0"}\n'},
    "of no known kind": {"r.dat": CSV},
    "as a text": {"r.txt": CSV, "readme.txt": "x", "License.txt": "y"},
}  # fmt: skip


@pytest.mark.parametrize("name", ["r.zip", "r.csv", "r"])
@pytest.mark.parametrize("kind", ONE_TABLE)
def test_the_only_table_of_an_archive_is_read(tmp_path, kind, name):
    path = save(tmp_path, name, zipped(ONE_TABLE[kind]))
    source = open_source(path)
    assert source.name.startswith(f"{path}/")
    assert [row for batch in source.batches() for row in batch.rows] == ROWS


@pytest.mark.parametrize("kind", ONE_TABLE)
def test_so_is_that_of_standard_input(kind):
    data = zipped(ONE_TABLE[kind], zipfile.ZIP_STORED)
    assert rows_from(data) == ROWS
    assert rows_from(gzip.compress(data)) == ROWS


def test_options_are_those_of_the_table(tmp_path):
    path = save(tmp_path, "r.zip", zipped({"r.txt": "caf\xe9,1\n".encode("latin-1")}))
    rows = rows_of(path, format="csv", encoding="latin-1", header=False)
    assert rows == [{"1": "caf\xe9", "2": "1"}]


SEVERAL = {"train.csv": CSV, "sets/test.csv": CSV, "more.csv": "text\nFine\n", "a b.csv": CSV}


def test_several_tables_are_named_with_two_ways_out_that_work(tmp_path):
    path = save(tmp_path, "r.zip", zipped(SEVERAL))
    with pytest.raises(DataError, match=r"a zip archive of 4 files: train\.csv, ") as error:
        open_source(path)
    choice, unzip = re.fullmatch(
        r".*; name one: (\S+); or unpack it first: (unzip .+?); then name .*", str(error.value)
    ).groups()
    (chosen,) = expand(shlex.split(choice))
    assert rows_of(chosen) == ROWS
    if not shutil.which("unzip"):
        pytest.skip("no unzip")
    subprocess.run(unzip, shell=True, cwd=tmp_path, check=True, capture_output=True)
    assert rows_of(tmp_path / "r" / "sets" / "test.csv") == ROWS
    with pytest.raises(DataError, match=r"<stdin>: .*; save it as FILE, and name one: FILE/train"):
        rows_from(path.read_bytes())


def test_a_path_names_a_table_in_an_archive_or_several(tmp_path):
    path = save(tmp_path, "r.zip", zipped(SEVERAL))
    (found,) = expand([f"{path}/more.csv"])
    assert rows_of(found) == [{"text": "Fine"}]
    assert [str(each) for each in expand([f"{path}/*.csv"])] == [
        f"{path}/{name}" for name in sorted(SEVERAL)
    ]
    assert rows_of(f"{path}/a b.csv") == ROWS
    with pytest.raises(DataError, match=r'r\.zip: no "tran.csv" in this archive .*train\.csv\?'):
        expand([f"{path}/tran.csv"])
    with pytest.raises(DataError, match=r'r\.zip: no "tran.csv" in this archive'):
        rows_of(f"{path}/tran.csv")
    with pytest.raises(DataError, match=r"no such file: .*/plain\.csv/r\.csv"):
        expand([f"{save(tmp_path, 'plain.csv', CSV)}/r.csv"])
    with pytest.raises(DataError, match=r"no such file: .*/plain\.csv/r\.csv"):
        rows_of(tmp_path / "plain.csv" / "r.csv")
    workbook = save(tmp_path, "b.xlsx", book(("text",), ("Lovely",)))
    with pytest.raises(DataError, match=r"to read a sheet of it, give: \S+ --sheet Sheet1"):
        expand([f"{workbook}/Sheet1"])


def test_names_in_an_archive_lead_nowhere_else(tmp_path):
    save(tmp_path, "secret.csv", CSV)
    names = {"../secret.csv": "text\nFine\n", f"{tmp_path}/secret.csv": "text\nGood\n"}
    path = save(tmp_path, "r.zip", zipped(names))
    assert rows_of(path) == [{"text": "Good"}]
    outside, absolute = expand([f"{path}/*"])
    assert rows_of(outside) == [{"text": "Fine"}]
    with pytest.raises(DataError, match=r'r\.zip: no ".*secret\.csv" in this archive'):
        rows_of(absolute)


# What is not read


def encrypted(data):
    """Mark the files of an archive as encrypted."""
    raw = bytearray(data)
    for start, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(start) + place] |= 1
    return bytes(raw)


REFUSED = {
    r"r\.zip/in\.zip: an archive in an archive, .*; unpack it first: unzip \S*r\.zip$":
        zipped({"in.zip": zipped({"r.csv": CSV})}),
    r"r\.zip/r\.csv: an archive in an archive": zipped({"r.csv": zipped({"r.csv": CSV})}),
    r"r\.zip/in\.csv\.gz: an archive in an archive":
        zipped({"in.csv.gz": gzip.compress(zipped({"r.csv": CSV}))}),
    r"r\.zip/in\.tar: archives are not read; unpack it first": zipped({"in.tar": "x"}),
    r"r\.zip/r\.csv: has a password; unpack it first: 7z x": encrypted(zipped({"r.csv": CSV})),
    r"r\.zip/r\.csv: packed by a method that is not read \(12\); unpack it first: 7z x":
        zipped({"r.csv": CSV}, zipfile.ZIP_BZIP2),
    r"r\.zip/r\.csv: packed by a method that is not read \(14\); unpack it first: 7z x":
        zipped({"r.csv": CSV}, zipfile.ZIP_LZMA),
    r"r\.zip: a zip archive without files": zipped({}),
    r"r\.zip: a zip archive without files$": zipped({"a/": ""}),
    r"r\.zip: a zip archive of 2 files: a\.pdf, b\.png": zipped({"a.pdf": "x", "b.png": "y"}),
    r"r\.zip/a\.pdf: a PDF": zipped({"a.pdf": "%PDF-1.7"}),
    r"r\.zip/r\.ods: a spreadsheet \(\.ods\), .*soffice --headless --convert-to xlsx FILE":
        zipped({"r.ods": zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"})}),
    r"r\.zip: an archive of too many files; unpack it first: unzip":
        zipped({f"{n:060}.txt": "" for n in range(20_000)}, zipfile.ZIP_STORED),
}  # fmt: skip


@pytest.mark.parametrize("said", REFUSED)
def test_what_is_not_read_is_one_line(tmp_path, said):
    with pytest.raises(DataError, match=said) as error:
        rows_of(save(tmp_path, "r.zip", REFUSED[said]))
    assert "\n" not in str(error.value)


def test_a_spreadsheet_of_another_kind_is_one_line_with_a_way_out(tmp_path):
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    ods = zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"})
    way_out = "convert it: soffice --headless --convert-to xlsx FILE"
    for name, data in [("r.xls", old), ("r.xlsx", old), ("r.ods", ods), ("r.csv", ods)]:
        with pytest.raises(DataError, match=f"{name}: .*which is not read; .*{way_out}"):
            rows_of(save(tmp_path, name, data))


# Damage, and files made to do harm


def test_a_damaged_archive_is_an_error_of_the_file(tmp_path):
    data = zipped({"r.csv": CSV + "".join(f"Lovely {n},1\n" for n in range(300))})
    chance = random.Random(3)
    errors, read = [], 0
    for _ in range(200):
        start = chance.randrange(len(data))
        cut = data[:start] + chance.randbytes(3) + data[start + 3 :]
        path = save(tmp_path, "r.zip", chance.choice([cut, cut, data[:start]]))
        try:
            read += bool(rows_of(path))
        except DataError as error:
            errors.append(str(error))
    assert errors
    assert read
    assert [line for line in errors if not line.startswith(f"{path}") or "\n" in line] == []


def test_a_changed_byte_is_found_by_the_checksum(tmp_path):
    data = zipped({"r.csv": CSV}, zipfile.ZIP_STORED).replace(b"Lovely", b"Lonely")
    with pytest.raises(DataError, match=r"damaged or cut short \(Bad CRC-32 .*; get it again"):
        rows_of(save(tmp_path, "r.zip", data))


def test_a_file_that_unpacks_to_far_more_than_its_size_is_refused_at_once(tmp_path):
    path = save(tmp_path, "r.zip", zipped({"r.csv": f"{CSV}{'x' * 3_000_000},1\n"}))
    with (
        patch("sentiment.reviews.archives.MIN_SUSPECT", 1_000_000),
        pytest.raises(TooLargeError, match=r"like a zip bomb; the limit is 250; if you trust it,"),
    ):
        rows_of(path)
    with (
        patch("sentiment.reviews.archives.MAX_UNPACKED", 1_000_000),
        pytest.raises(TooLargeError, match=r"3,000,\d+ bytes when unpacked, and the limit is"),
    ):
        rows_of(path)
    assert len(rows_of(path)) == 3


def upload(data, max_bytes, max_row_chars=1 << 20):
    file = OpenFile(io.BytesIO(data), "r.zip", max_bytes, max_row_chars)
    return [row for batch in open_with(file, ReadOptions()).batches() for row in batch.rows]


def test_an_upload_has_the_limits_of_the_service():
    assert upload(zipped({"r.csv": CSV}), 1_000) == ROWS
    rows = CSV + "Lovely,1\n" * 1_000
    with pytest.raises(DataError, match=r"2 files: a\.csv, b\.csv; send one of them by itself"):
        upload(zipped({"a.csv": CSV, "b.csv": CSV}), 1_000)
    with pytest.raises(DataError, match=r"r\.zip/r\.parquet: Parquet in an archive; send it"):
        upload(zipped({"r.parquet": parquet()}), 10_000)
    with pytest.raises(TooLargeError, match=r"the limit is 5,000; cut it up"):
        upload(zipped({"r.csv": rows}), 5_000)
    with pytest.raises(TooLargeError, match=r"more than 5,000 bytes, unpacked; cut it up"):
        upload(zipped({"r.csv.gz": gzip.compress(rows.encode())}), 5_000)
    with pytest.raises(DataError, match=r"a line of more than 1,000 characters"):
        upload(zipped({"r.csv": CSV + "x" * 2_000}), 1 << 20, 1_000)


def test_a_size_that_is_a_lie_is_an_error(tmp_path):
    raw = bytearray(zipped({"r.csv": CSV + "Lovely,1\n" * 1_000}))
    start = raw.index(b"PK\x01\x02") + 24
    raw[start : start + 4] = (20).to_bytes(4, "little")
    with pytest.raises(DataError, match=r"damaged or cut short \(Bad CRC"):
        rows_of(save(tmp_path, "r.zip", bytes(raw)))


def test_a_long_table_is_read_in_little_memory(tmp_path):
    path = save(tmp_path, "r.zip", zipped({"r.csv": CSV + "A lovely stay,1\n" * 1_000_000}))
    source = open_source(path)
    tracemalloc.start()
    try:
        batches = source.batches()
        for _ in range(20):
            next(batches)
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
        source.close()
    assert source.expected_rows() == pytest.approx(1_000_002, rel=0.1)


def test_folders_in_an_archive_tell_labels_as_others_do(run, tmp_path):
    texts = {f"sets/{label}/{n}.csv": f"text\n{text}\n" for n in (1, 2)
             for label, text in (("pos", "Lovely"), ("neg", "Dull"))}  # fmt: skip
    save(tmp_path, "in.zip", zipped(texts))
    done = run("evaluate", "in.zip/sets/*.csv", "-m", "fast", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 4
    assert 'label positive, by the folder "pos"' in done.stderr


def test_an_archive_of_folders_of_texts_is_read_as_its_message_says(run, tmp_path):
    texts = {f"data/{label}/{n}.txt": f"{text}\nIn every way.\n" for n in (1, 2)
             for label, text in (("pos", "Lovely"), ("neg", "Dull"))}  # fmt: skip
    path = save(tmp_path, "in.zip", zipped(texts))
    done = run("evaluate", path, "-m", "fast")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    command, folder = re.search(
        r"(unzip \S+ -d \S+); then name the folder (\S+)", done.stderr
    ).groups()
    if not shutil.which("unzip"):
        pytest.skip("no unzip")
    subprocess.run(command, shell=True, check=True, capture_output=True)
    done = run("evaluate", folder, "-m", "fast", "--json")
    assert json.loads(done.stdout)["n"] == 4
