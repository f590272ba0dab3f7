"""One file in, one out: what a worker does, without a cluster."""

import io
import pickle
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment.cluster import files
from sentiment.cluster.files import FileJob, Named, check_job, check_written, score_file
from sentiment.errors import DataError, UsageError
from sentiment.general import FAST_MODEL
from sentiment.labels import SENTIMENT, WITH_NEUTRAL
from sentiment.model.file import load_model, save_model
from sentiment.reviews.streams import ReadOptions
from tests.model.encoders import pieces_model
from tests.model.small import small_model


@pytest.fixture(scope="module")
def model():
    """A model of two classes."""
    return load_model(FAST_MODEL).restricted(SENTIMENT)


def job(folder, table, *, name="in.parquet", **options):
    source = folder / name
    pq.write_table(table, source)
    reading = ReadOptions(text_columns=options.pop("text_columns", ()))
    return FileJob(Named.of(source), reading, folder / "out.parquet", **options)


def reviews(count=5):
    return pa.table(
        {"id": range(count), "text": ["I loved it", "Dreadful.", "", None, "x"][:count]}
    )


def test_rows_keep_their_order_and_columns_and_get_an_answer(model, tmp_path):
    table = reviews()
    done = score_file(model, job(tmp_path, table))
    scored = pq.read_table(tmp_path / "out.parquet")
    assert (done.rows, done.how) == (5, 'text from "text" (by name)')
    assert scored.select(["id", "text"]).equals(table)
    assert scored.column_names == ["id", "text", "predicted", "p_positive"]
    assert scored["predicted"].to_pylist()[:4] == ["positive", "negative", None, None]
    assert scored["p_positive"].null_count == 2


def test_the_file_is_the_one_that_predict_writes(run, model, tmp_path):
    table = pa.table({"title": ["Good", "Bad"] * 3000, "body": ["coffee", "tea"] * 3000})
    given = job(tmp_path, table, text_columns=("title", "body"), prefix="m_")
    score_file(model, given)
    done = run(
        "predict", "-m", "fast", "-i", given.source.path, "-o", tmp_path / "plain.parquet",
        "--text-column", "title", "--text-column", "body", "--prefix", "m_",
        "--classes", "negative,positive",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plain.parquet").read_bytes() == given.target.read_bytes()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.none() | st.text(max_size=60))),
    group=st.integers(1, 7),
)
def test_whatever_is_in_the_rows_they_come_out_once_in_order(model, tmp_path, rows, group):
    numbers, texts = zip(*rows, strict=True) if rows else ((), ())
    texts = [text and f"a {text}".encode("utf-8", "replace").decode() for text in texts]
    table = pa.table({"n": pa.array(numbers, pa.int64()), "text": pa.array(texts, pa.string())})
    given = job(tmp_path, table)
    pq.write_table(table, given.source.path, row_group_size=group)
    assert score_file(model, given).rows == len(rows)
    scored = pq.read_table(given.target)
    assert scored.select(["n", "text"]).equals(table)
    told = np.array([answer is not None for answer in scored["predicted"].to_pylist()], bool)
    assert np.array_equal(told, ~np.array(scored["p_positive"].is_null(), bool))


def test_a_file_without_rows_has_the_columns(model, tmp_path):
    assert score_file(model, job(tmp_path, reviews(0))).rows == 0
    assert pq.read_schema(tmp_path / "out.parquet").names == [
        "id", "text", "predicted", "p_positive",
    ]  # fmt: skip


def test_a_job_that_is_done_twice_leaves_one_file(model, tmp_path):
    given = job(tmp_path, reviews())
    score_file(model, given)
    once = given.target.read_bytes()
    score_file(model, given)
    assert given.target.read_bytes() == once
    assert {path.name for path in tmp_path.iterdir()} == {"in.parquet", "out.parquet"}


def test_other_rows_than_went_in_are_an_error_and_leave_nothing(model, tmp_path, monkeypatch):
    def losing(*arguments, **options):
        writer = writer_for(*arguments, **options)
        write = writer.write
        writer.write = lambda batch, *answers: write(
            batch.part(1, len(batch.rows)), *(part[1:] for part in answers)
        )
        return writer

    writer_for = files.writer_for
    monkeypatch.setattr(files, "writer_for", losing)
    with pytest.raises(DataError, match=r"in\.parquet: 4 rows written instead of 5"):
        score_file(model, job(tmp_path, reviews()))
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_a_damaged_file_is_called_as_the_user_did_and_leaves_nothing(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = job(tmp_path, reviews())
    content = given.source.path.read_bytes()
    given.source.path.write_bytes(content[:4] + b"\xff" * 40 + content[44:])
    given = replace(given, source=Named.of(given.source.path.relative_to(tmp_path)))
    with pytest.raises(DataError, match=r"^in\.parquet: not a Parquet file, or damaged"):
        score_file(model, given)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_what_is_wrong_with_a_job_is_found_before_it_is_done(tmp_path):
    check_job(SENTIMENT, job(tmp_path, reviews()))
    with pytest.raises(UsageError, match='no column "body"'):
        check_job(SENTIMENT, job(tmp_path, reviews(), text_columns=("body",)))
    taken = reviews().append_column("predicted", [["x"] * 5])
    with pytest.raises(UsageError, match="--prefix"):
        check_job(SENTIMENT, job(tmp_path, taken))
    check_job(SENTIMENT, job(tmp_path, taken, prefix="m_"))


def test_what_a_worker_wrote_has_to_be_here(model, tmp_path):
    given = job(tmp_path, reviews())
    done = score_file(model, given)
    check_written(given, done)
    pq.write_table(reviews(3), given.target)
    with pytest.raises(DataError, match="3 rows written instead of 5"):
        check_written(given, done)
    given.target.unlink()
    with pytest.raises(DataError, match="shared by all machines"):
        check_written(given, done)


def stored(model):
    """The model as Ray's store hands it out: its arrays cannot be written."""
    buffers = []
    head = pickle.dumps(model, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(head, buffers=[bytes(buffer.raw()) for buffer in buffers])


@pytest.mark.slow
def test_a_model_of_pieces_writes_what_predict_does(start, tmp_path):
    made = pieces_model(WITH_NEUTRAL).on(small_model(labels=WITH_NEUTRAL), 0.5)
    save_model(made, tmp_path / "m.safetensors")
    texts = [f"the film was {'good ' * (n % 30)}" for n in range(2000)]
    given = job(tmp_path, pa.table({"text": ["", None, "qwxz", *texts]}))
    model = stored(load_model(tmp_path / "m.safetensors"))
    assert not model.own.network.words.rows.flags.writeable
    done = score_file(model, given)
    assert done.rows == 2003
    plain = start("predict", "-m", tmp_path / "m.safetensors", "-i", given.source.path,
                  "-o", tmp_path / "plain.parquet")  # fmt: skip
    assert plain.returncode == 0, plain.stderr
    ours, theirs = (pq.read_table(path) for path in (given.target, tmp_path / "plain.parquet"))
    assert ours.column_names == theirs.column_names
    assert ours["predicted"].to_pylist() == theirs["predicted"].to_pylist()
    for name in ours.column_names[2:]:
        found, expected = (np.array(each[name].to_pylist(), float) for each in (ours, theirs))
        assert found == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_jobs_and_models_go_to_other_processes(model, tmp_path):
    given = pickle.loads(pickle.dumps(job(tmp_path, reviews())))
    assert score_file(pickle.loads(pickle.dumps(model)), given).rows == 5
    assert pq.read_table(io.BytesIO(given.target.read_bytes())).num_rows == 5
