"""`sentiment tune`, with something quick in the place of trainings where that does."""

import json
import shlex
import sqlite3
from contextlib import closing
from importlib.util import find_spec

import numpy as np
import pytest

from sentiment.selection import fits
from sentiment.selection.crossing import Answered
from tests.cli.test_cross_validate import rows, write

needs_optuna = pytest.mark.skipif(
    not find_spec("optuna"), reason="no Optuna here: pip install '.[tune]'"
)
quiet = pytest.mark.filterwarnings("ignore")  # of Optuna's parts that are experimental
QUICK = ["--epochs", "1", "--features", "500"]


@pytest.fixture
def data(tmp_path):
    return write(tmp_path / "data.csv", rows())


@pytest.fixture
def quick(monkeypatch):
    """Answers are right if there is a learning rate, as there is in all trials but the default."""

    def trained(options, *_):
        def fit(training, texts):
            known = dict(zip(every.texts, every.labels, strict=True))
            labels = np.array([known[text] for text in texts]).astype(int)
            if options.smoothing is None:
                labels[::3] = 1 - labels[::3]
            return Answered(np.eye(2)[labels], labels, [""] * len(texts))

        return fit

    from sentiment.cli import tune

    read = tune.read_reviews

    def remembered(*args, **kwargs):
        nonlocal every
        every = read(*args, **kwargs)
        return every

    every = None
    monkeypatch.setattr(fits, "trained", trained)
    monkeypatch.setattr(tune, "read_reviews", remembered)


@needs_optuna
@quiet
@pytest.mark.usefixtures("quick")
def test_it_searches_says_what_it_found_and_trains_with_it(run, data, tmp_path):
    args = ["tune", data, "--trials", "5", "-o", tmp_path / "m.safetensors", *QUICK]
    done = run(*args, "--json")
    assert done.returncode == 0, done.stderr
    flat = json.loads(done.stdout)
    assert (flat["metric"], flat["folds"], flat["best"]) == ("accuracy", 5, 1.0)
    assert flat["chosen"]["smoothing"] in (1.0, 4.0)
    assert "on 5 folds: accuracy" in done.stderr
    assert (tmp_path / "m.study.db").is_file()
    # The command that is shown makes the same model.
    (line,) = (line for line in done.stderr.splitlines() if "the same model: " in line)
    command = shlex.split(line.partition("the same model: ")[2])
    assert command[:2] == ["sentiment", "train"]
    first = (tmp_path / "m.safetensors").read_bytes()
    command = [word for word in command[1:] if word != "--json"]
    assert run(*command).returncode == 0
    assert (tmp_path / "m.safetensors").read_bytes() == first


@pytest.fixture
def without_training(monkeypatch):
    from sentiment.cli import tune

    monkeypatch.setattr(tune, "train", lambda *_, **__: None)
    monkeypatch.setattr(tune, "save_model", lambda model, path: path.write_text("model"))


@needs_optuna
@quiet
@pytest.mark.usefixtures("quick", "without_training")
def test_the_same_command_goes_on(run, data, tmp_path):
    args = ["tune", data, "-o", tmp_path / "m", "--study", tmp_path / "s.db"]
    assert run(*args, "--trials", "2").returncode == 0
    done = run(*args, "--trials", "3")
    assert (done.returncode, "exists; --force overwrites it" in done.stderr) == (2, True)
    done = run(*args, "--trials", "3", "--force")
    assert (done.returncode, "after 2 trials" in done.stderr) == (0, True), done.stderr
    done = run(*args, "--trials", "3", "--force", "--seed", "1")
    assert (done.returncode, "a study of other reviews" in done.stderr) == (2, True)


@needs_optuna
@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["--no-refit"], 2, "leave it out"),
        (["--folds", "50"], 3, "try --folds 40"),
        (["--trials", "0"], 2, "--trials"),
        (["--minutes", "0"], 2, "--minutes"),
        (["--study", "data.csv"], 2, "would overwrite an input"),
        (["--study", "m"], 2, "m would be written twice"),
        (["--study", "-"], 2, "a search is kept in a file"),
        (["--study", "/dev/full"], 2, "a search is kept in a file"),
        (["--study", "other.db"], 3, "other.db: no study of sentiment tune; name another --study"),
        (["--study", "text.db"], 3, "text.db: no study of sentiment tune; name another --study"),
    ],
)
def test_bad_input_is_one_line(run, data, tmp_path, args, code, words):
    (tmp_path / "text.db").write_text("notes of mine")
    with closing(sqlite3.connect(tmp_path / "other.db")) as database:
        database.execute("CREATE TABLE mine (a)")
    before = {name: (tmp_path / name).read_bytes() for name in ("text.db", "other.db")}
    done = run("tune", "data.csv", "-o", "m", *args, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr.splitlines()[-1]
    assert not (tmp_path / "m").exists()
    assert before == {name: (tmp_path / name).read_bytes() for name in before}


@needs_optuna
@quiet
@pytest.mark.usefixtures("quick", "without_training")
@pytest.mark.parametrize("name", ["a?b#c %41.db", "x;y&z=1.db"])
def test_a_study_is_in_the_file_that_was_named(run, data, tmp_path, name):
    folder = tmp_path / "in"
    folder.mkdir()
    args = ["tune", data, "-o", tmp_path / "m", "--force", "--study", folder / name]
    assert run(*args, "--trials", "1").returncode == 0
    assert [each.name for each in folder.iterdir()] == [name]
    assert "after 1 trial" in run(*args, "--trials", "1").stderr


@needs_optuna
@quiet
@pytest.mark.usefixtures("quick", "without_training")
def test_a_study_that_cannot_be_saved_any_more_is_one_line_and_nothing_is_lost(run, data, tmp_path):
    """As on a full disk; SQLite is told how many pages a database may have."""
    import sqlalchemy

    def filled(connection, _):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {max(pages, least)}")

    least = 29
    sqlalchemy.event.listen(sqlalchemy.pool.Pool, "connect", filled)
    args = ["tune", data, "-o", tmp_path / "m", "--study", tmp_path / "s.db", "--trials", "60"]
    try:
        done = run(*args)
    finally:
        sqlalchemy.event.remove(sqlalchemy.pool.Pool, "connect", filled)
    assert done.returncode == 1, done.stderr
    last = done.stderr.splitlines()[-1]
    assert "s.db: cannot keep the search (database or disk is full)" in last
    assert not (tmp_path / "m").exists()
    done = run(*args[:-1], "1")
    assert (done.returncode, "resuming" in done.stderr) == (0, True), done.stderr


def test_without_optuna_it_says_how_to_install_it(run, data, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = run("tune", data)
    assert (done.returncode, "pip install optuna" in done.stderr) == (5, True)


@needs_optuna
@quiet
@pytest.mark.slow
def test_the_same_trials_and_seed_give_the_same_model(run, data, tmp_path):
    models = []
    for name in ("a", "b"):
        args = ["--trials", "3", "--folds", "2", "-o", tmp_path / name]
        assert run("tune", data, *args, *QUICK).returncode == 0
        models.append((tmp_path / name).read_bytes())
    assert models[0] == models[1]
