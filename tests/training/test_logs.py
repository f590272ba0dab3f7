"""`train --log-dir`: curves that TensorBoard reads, and the same model."""

import json

import pytest

from tests.conftest import TRAIN

pytestmark = pytest.mark.slow

pytest.importorskip("tensorboard", reason="tensorboard is not installed")


@pytest.fixture(scope="module")
def logged(start, tmp_path_factory):
    folder = tmp_path_factory.mktemp("logged")
    done = start("train", TRAIN, "-o", folder / "m", "--log-dir", folder / "deep" / "logs",
               "--epochs", "8")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not [line for line in done.stderr.splitlines() if "ensor" in line]
    return folder


def scalars(folder):
    """What TensorBoard's own reader finds: by run and tag, the value of each step."""
    from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

    runs = EventMultiplexer().AddRunsFromDirectory(str(folder)).Reload()
    return {
        (name, tag): [float(_value(event)) for event in runs.Tensors(name, tag)]
        for name, about in runs.Runs().items()
        for tag in about["tensors"]
    }


def _value(event):
    from tensorboard.util.tensor_util import make_ndarray

    return make_ndarray(event.tensor_proto)


def test_the_model_is_the_same_byte_for_byte(start, logged, tmp_path):
    start("train", TRAIN, "-o", tmp_path / "m", "--epochs", "8")
    assert (logged / "m").read_bytes() == (tmp_path / "m").read_bytes()


def test_tensorboard_reads_what_the_training_said(start, logged):
    found = scalars(logged / "deep" / "logs")
    history = json.loads(start("info", logged / "m", "--json").stdout)["history"]
    for (name, tag), figure in {
        ("network-1/train", "epoch_loss"): "loss",
        ("network-1/validation", "epoch_loss"): "validation_loss",
        ("network-1/validation", "epoch_accuracy"): "validation_accuracy",
    }.items():
        assert found[name, tag] == pytest.approx([epoch[figure] for epoch in history], abs=1e-6)
    assert len(found["network-1/train", "epoch_learning_rate"]) == len(history)


def test_two_trainings_do_not_share_a_folder(start, logged, tmp_path):
    done = start("train", TRAIN, "-o", tmp_path / "m", "--log-dir", logged / "deep" / "logs")
    assert (done.returncode, "use a new folder" in done.stderr) == (2, True)
    done = start("train", TRAIN, "-o", tmp_path / "m", "--log-dir", logged / "m")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_without_tensorboard_it_says_how_to_install_it(start, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u; f = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'tensorboard' else f(name, *more)\n"
    )
    done = start(
        "train", TRAIN, "--log-dir", "logs", cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}
    )
    assert (done.returncode, done.stderr.count("\n")) == (5, 1), done.stderr
    assert done.stderr.endswith("pip install tensorboard\n")
    assert not (tmp_path / "logs").exists()
