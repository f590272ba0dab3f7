"""Which model is asked: named, of the environment, here, or the one that comes along."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from sentiment.cli import COMMANDS, compare, info, predict, train
from sentiment.cli.console import console
from sentiment.cli.models import fast_model, find_model, open_model
from sentiment.cli.train_options import load_base
from sentiment.errors import ModelError
from sentiment.model.file import load_model, save_model
from tests.conftest import TEST
from tests.model.small import changed


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A folder without models, in a copy of the program that comes without any."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SENTIMENT_MODEL", raising=False)
    monkeypatch.setattr("sentiment.general.MODEL", tmp_path / "along.safetensors")
    monkeypatch.setattr("sentiment.general.FAST_MODEL", tmp_path / "quick.safetensors")
    return tmp_path


@pytest.fixture
def along(empty, trained):
    """The same with models that come along."""
    for name in ("along", "quick"):
        shutil.copy(trained, empty / f"{name}.safetensors")
    return empty / "along.safetensors"


def test_the_model_is_that_of_the_program_as_a_last_resort(along, trained, monkeypatch, capsys):
    monkeypatch.setattr(console, "verbose", True)
    assert open_model(None)[0] == along
    assert "model: general, the bundled model" in capsys.readouterr().err
    here = Path("model.safetensors")
    shutil.copy(trained, here)
    assert open_model(None)[0] == here
    for name, path in (("general", along), ("fast", along.with_stem("quick"))):
        monkeypatch.setenv("SENTIMENT_MODEL", name)
        assert open_model(None)[0] == path
        assert open_model(Path(name))[0] == path
    monkeypatch.setenv("SENTIMENT_MODEL", str(trained))
    assert open_model(None)[0] == trained


def test_a_copy_without_a_model_says_how_to_get_one(empty):
    with pytest.raises(ModelError, match=r"no model here yet: `sentiment train"):
        open_model(None)
    for name in ("general", "fast"):
        with pytest.raises(ModelError, match=f"{name}: this copy .* lacks the bundled model of"):
            open_model(Path(name))
    assert fast_model() is None


@pytest.mark.parametrize("name", ["general", "fast"])
def test_a_file_of_the_name_of_a_bundled_model_goes_first(along, trained, name):
    shutil.copy(trained, name)
    assert find_model(Path(name)) == Path(name)


@pytest.mark.parametrize(("typo", "meant"), [("genral", "general"), ("fats", "fast")])
def test_a_bundled_model_is_suggested(along, typo, meant):
    with pytest.raises(ModelError, match=rf"no such model \(did you mean {meant}\?\)"):
        find_model(Path(typo))


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("ge", ["general"]), ("", ["general", "fast", "mine.safetensors"]),
     ("mi", ["mine.safetensors"]), ("rev", ["rev"])],
)  # fmt: skip
def test_shells_complete_bundled_models_and_files(tmp_path, monkeypatch, typed, completed):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.safetensors").touch()
    for command, name in ((predict.command, "model_path"), (info.command, "model_path"),
                          (train.command, "base_path")):  # fmt: skip
        (parameter,) = [each for each in command.params if each.name == name]
        context = command.make_context(command.name, [], resilient_parsing=True)
        found = parameter.shell_complete(context, typed)
        assert [each.value for each in found] == completed
        assert found[0].type == ("file" if completed == [typed] else "plain")


@pytest.mark.parametrize("name", ["imdb", "SST-2", "uci:yelp"])
def test_a_public_set_is_no_model(empty, name):
    with pytest.raises(ModelError, match=f"{name}: a public data set.* `sentiment train {name} -o"):
        find_model(Path(name))


@pytest.mark.parametrize("name", ["general", "fast"])
def test_a_bundled_model_is_known_wherever_a_model_is_named(along, capsys, name):
    arguments = [name, str(along), str(TEST), "-q"]
    with compare.command.make_context("compare", arguments) as context:
        compare.command.invoke(context)
    assert "Both give the same answers." in capsys.readouterr().out
    assert load_base(Path(name)).own.network == load_model(along).own.network


@pytest.mark.parametrize("name", ["evaluate", "calibrate", "probe", "predict", "explain", "report"])
def test_the_help_says_which_model_is_asked(run, name):
    assert name in COMMANDS
    help_text = " ".join(run(name, "--help").stdout.split())
    assert "$SENTIMENT_MODEL, else ./model.safetensors, else general." in help_text


def test_info_shows_the_card_last(run, trained, tmp_path):
    model = load_model(trained)
    card = {"what it is": "A model for tests.\nIt knows little.", "limits": "one \x1b[31m line"}
    save_model(
        changed(model, provenance=replace(model.record.provenance, card=card)),
        tmp_path / "carded.safetensors",
    )
    shown = run("info", tmp_path / "carded.safetensors").stdout.splitlines()
    assert shown[-6:] == [
        "", "what it is", "  A model for tests.", "  It knows little.", "", "limits",
        r"  one \x1b[31m line",
    ][-6:]  # fmt: skip
    done = run("info", tmp_path / "carded.safetensors", "--json")
    assert '"card": {"what it is": "A model for tests.\\nIt knows little."' in done.stdout
    assert "card" not in run("info", trained, "--json").stdout


@pytest.mark.slow
def test_an_option_that_cross_validation_leaves_idle_is_warned_of(run, trained, tmp_path):
    reviews = "".join(f"liked {n},1\nhated {n},0\n" for n in range(20))
    (tmp_path / "few.csv").write_text(f"text,label\n{reviews}")
    tuned = tmp_path / "tuned.safetensors"
    done = run("train", tmp_path / "few.csv", "--base", trained, "-o", tuned, "--epochs", "1",
               "--hidden", "", "--patience", "3", "-q")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "warning: --patience has no effect: fewer than 5,000 reviews are trained on by "
        "cross-validation\n"
    )
