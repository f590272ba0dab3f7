"""`sentiment export` through the real command line."""

import pytest


def test_onnx(run, trained, tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    done = run("export", trained, "--to", "onnx", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.startswith("saved model.onnx (")
    onnx.checker.check_model(onnx.load(tmp_path / "model.onnx"), full_check=True)
    again = run("export", trained, "--to", "onnx", cwd=tmp_path)
    assert (again.returncode, "--force" in again.stderr) == (2, True)


@pytest.mark.slow
def test_keras(start, trained, tmp_path):
    target = tmp_path / "mine.keras"
    done = start("export", trained, "--to", "keras", "-o", target)
    assert (done.returncode, done.stdout, target.read_bytes()[:2]) == (0, "", b"PK"), done.stderr
    assert done.stderr == f"saved {target} ({target.stat().st_size / 1e6:.1f} MB)\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["m", "--to", "onnx"], 4, "m: no such model"),
        (["fast", "--to", "keras", "-o", "m.h5"], 2, ".keras"),
        (["fast", "--to", "tflite"], 2, "'tflite' is not one of"),
        (["fast"], 2, "'--to'. Choose from: keras, onnx. Try"),
    ],
)
def test_what_cannot_be_done_is_one_line(run, tmp_path, arguments, code, words):
    done = run("export", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n"), words in done.stderr) == (code, 1, True)
    assert not list(tmp_path.iterdir())


def test_without_onnx_it_says_how_to_install_it(start, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u; f = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'onnx' else f(name, *more)\n"
    )
    done = start("export", "fast", "--to", "onnx", env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (5, 1), done.stderr
    assert done.stderr.endswith("pip install onnx\n")
