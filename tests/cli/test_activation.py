"""`train --activation` as users meet it."""

import json

import numpy as np
import pytest

from sentiment.model.file import load_model


@pytest.fixture
def reviews(tmp_path):
    rows = (f"{'wonderful' if n % 2 else 'terrible'} film {n},{n % 2}\n" for n in range(60))
    (tmp_path / "few.csv").write_text("text,label\n" + "".join(rows))
    return tmp_path


TRAIN = ["train", "few.csv", "-q", "--epochs", "2", "--hidden", "8", "-o"]


@pytest.mark.slow
def test_a_model_says_its_activation_and_answers_by_it(run, reviews):
    done = run(*TRAIN, "tanh", "--activation", "tanh", cwd=reviews)
    assert done.returncode == 0, done.stderr
    facts = json.loads(run("info", "tanh", "--json", cwd=reviews).stdout)
    assert [layer["activation"] for layer in facts["layers"]] == ["tanh", "sigmoid"]
    text = "a wonderful film"
    explained = json.loads(run("explain", text, "-m", "tanh", "--json", cwd=reviews).stdout)
    moved = sum(word["contribution"] for word in explained["words"])
    assert explained["base"] + moved == pytest.approx(explained["logit"], abs=1e-5)
    model = load_model(reviews / "tanh")
    first, last = (layer.dense_kernel() for layer in model.own.network.layers)
    biases = [layer.bias for layer in model.own.network.layers]
    row = model.own.encoder.transform([text])
    hidden = np.tanh(row.data @ first[row.indices] + biases[0])
    assert model.own.network.logits(row)[0] == pytest.approx(hidden @ last + biases[1], abs=1e-5)


def test_another_name_is_refused(run, reviews):
    done = run(*TRAIN, "m", "--activation", "sigmoid", cwd=reviews)
    assert (done.returncode, (reviews / "m").exists()) == (2, False)
    assert "'relu', 'tanh', 'gelu'" in done.stderr


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_it_is_refused_where_no_hidden_layer_is_asked_for(run, reviews, activation):
    done = run(*TRAIN, "m", "--hidden", "", "--activation", activation, cwd=reviews)
    assert (done.returncode, (reviews / "m").exists()) == (2, False)
    line = "error: --activation needs hidden layers, --hidden '' has none: leave out one\n"
    assert done.stderr == line
    done = run("cross-validate", "few.csv", "--hidden", "", "--activation", activation, cwd=reviews)
    assert (done.returncode, done.stderr) == (2, line)


@pytest.mark.slow
def test_it_is_warned_of_where_there_is_no_hidden_layer_by_default(run, reviews):
    train = ("train", "few.csv", "-q", "--epochs", "1")
    done = run(*train, "-o", "m", "--activation", "tanh", cwd=reviews)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "--activation" in line]
    assert line == (
        "warning: --activation has no effect: by default, so few reviews are trained on without a "
        "hidden layer; --hidden 16 adds one"
    )
    followed = run(*train, "-o", "l", "--activation", "tanh", "--hidden", "16", cwd=reviews)
    assert "--activation" not in followed.stderr
    assert "--activation" not in run(*train, "-o", "n", cwd=reviews).stderr
    # A base has layers of its own, which were trained with another choice.
    based = run(*train, "-o", "b", "--activation", "gelu", "--base", "l", cwd=reviews)
    assert line in based.stderr.splitlines()


@pytest.mark.slow
def test_a_checkpoint_is_of_one_activation_and_resumed_with_it(run, reviews, monkeypatch):
    from sentiment.training.run import Checkpoint

    save = Checkpoint.save

    def save_and_stop(*arguments):
        save(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", save_and_stop)
    kept = [*TRAIN, "m", "--activation", "gelu", "--checkpoint", "ck"]
    done = run(*kept, cwd=reviews)
    monkeypatch.undo()
    assert not (reviews / "m").exists(), done.stderr
    other = run(*TRAIN, "m", "--checkpoint", "ck", "--resume", cwd=reviews)
    assert "a training with another activation" in other.stderr
    assert run(*kept, "--resume", cwd=reviews).returncode == 0
    assert run(*TRAIN, "again", "--activation", "gelu", cwd=reviews).returncode == 0
    assert (reviews / "m").read_bytes() == (reviews / "again").read_bytes()


@pytest.mark.parametrize("option", [("--activation", "tanh"), ("--min-df", "2")])
@pytest.mark.parametrize("command", ["train", "cross-validate"])
def test_what_a_cnn_does_not_have_is_refused(run, reviews, command, option):
    done = run(command, "few.csv", "--architecture", "cnn", *option, cwd=reviews)
    line = (
        f"error: {option[0]} cannot be combined with --architecture cnn: leave out one of the two"
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, line)
