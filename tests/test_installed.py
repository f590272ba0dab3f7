"""The wheel away from the checkout, and with next to nothing installed."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

from sentiment.general import bundled
from tests.conftest import ROOT

BUNDLED = list(bundled())


@pytest.fixture(scope="module")
def wheel(trained, tmp_path_factory) -> Path:
    """The package unpacked from a wheel built without network, small models in it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source")
    for name in (".gitignore", "LICENSE", "README.md", "hatch_build.py", "pyproject.toml"):
        copy(ROOT / name, source)
    for name in ("sentiment", "data"):
        copytree(ROOT / name, source / name, ignore=ignore_patterns("__pycache__"))
    for name in BUNDLED:
        copy(trained, source / "sentiment" / f"{name}.safetensors")
    (source / "sentiment" / "other.safetensors").write_bytes(b"not to be packed")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", source, "--no-deps", "--no-build-isolation",
         "--no-index", "--quiet", "--wheel-dir", folder],
        check=True,
    )  # fmt: skip
    (archive,) = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder / "site")
    return folder / "site"


def python(site: Path, *args: str, light: bool = False, cwd: Path) -> subprocess.CompletedProcess:
    flags = ["-S"] if light else []
    return subprocess.run(
        [sys.executable, "-B", *flags, *args],
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_wheel_has_what_the_service_sends_as_it_is(wheel):
    folder = wheel / "sentiment" / "serving"
    assert (folder / "openapi.json").is_file()
    for path in (ROOT / "sentiment" / "serving" / "page").iterdir():
        assert (folder / "page" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.slow
def test_the_wheel_trains_and_evaluates_on_its_bundled_reviews(wheel, tmp_path):
    where = python(wheel, "-c", "import sentiment; print(sentiment.__file__)", cwd=tmp_path)
    assert where.stdout.startswith(str(wheel))
    done = python(wheel, "-m", "sentiment", "train", "--epochs", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = python(wheel, "-m", "sentiment", "evaluate", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["n"] == 400
    assert str(wheel) in done.stderr
    done = python(wheel, "-m", "sentiment", "report", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "<style>:root {" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_wheel_answers_with_the_models_that_ship_with_it(wheel, trained, tmp_path):
    packed = {path.stem: path for path in wheel.rglob("*.safetensors")}
    assert packed == {name: wheel / "sentiment" / f"{name}.safetensors" for name in BUNDLED}
    assert {path.read_bytes() for path in packed.values()} == {trained.read_bytes()}
    done = python(wheel, "-m", "sentiment", "predict", "-v", "wonderful", cwd=tmp_path)
    assert done.stdout.startswith("positive\t"), done.stderr
    assert "model: general, the bundled model" in done.stderr
    for name, path in packed.items():
        done = python(wheel, "-m", "sentiment", "info", name, "--json", cwd=tmp_path)
        assert json.loads(done.stdout)["model"] == str(path)
    done = python(wheel, "-m", "sentiment", "probe", "--capability", "time", cwd=tmp_path)
    assert re.search(r"^time +\d", done.stdout, re.MULTILINE), done.stderr


@pytest.mark.slow
def test_the_wheel_has_the_licences_of_all_that_ships(wheel):
    (folder,) = wheel.glob("*.dist-info")
    about = (folder / "METADATA").read_text(encoding="utf-8")
    assert "License-Expression: MIT AND Apache-2.0" in about
    texts = [*sorted((folder / "licenses").rglob("*.*")), folder / "licenses" / "LICENSE"]
    names = ["general-LICENSE.txt", "general-NOTICE.txt", "LICENSE"]
    assert [path.name for path in texts] == names
    assert all(path.read_bytes() for path in texts)


def test_the_light_installation_of_the_docs_is_all_that_answers_need():
    page = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
    (light,) = re.findall(r"\| answers alone, .* `pip install --no-deps \S+\.whl (.*)` \|", page)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {each.replace("2,<3", "2.0,<3") for each in shlex.split(light)}
    assert named == {
        each for each in project["dependencies"] if each.startswith(("click", "numpy>"))
    }


def test_click_and_numpy_are_enough_to_predict(trained, tmp_path):
    light = tmp_path / "light"
    light.mkdir()
    (light / "sentiment").symlink_to(ROOT / "sentiment")
    for name in ("click", "numpy"):
        package = Path(find_spec(name).origin).parent
        (light / name).symlink_to(package)
        if (libraries := package.with_name(f"{name}.libs")).exists():
            (light / libraries.name).symlink_to(libraries)
    run = ["-m", "sentiment"]
    assert python(light, "-c", "import keras", light=True, cwd=tmp_path).returncode == 1
    done = python(light, *run, "--help", light=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = python(light, *run, "predict", "-m", str(trained), "wonderful", light=True, cwd=tmp_path)
    assert done.stdout.startswith("positive\t"), done.stderr


@pytest.mark.slow
def test_the_wheel_has_the_manual_pages_where_installers_look(wheel):
    (page,) = wheel.glob("*.data/data/share/man/man1/sentiment-train.1")
    assert ".SH SYNOPSIS" in page.read_text(encoding="utf-8")
