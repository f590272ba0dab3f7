"""A training that was killed goes on from its checkpoint, and ends as if nothing had happened."""

import numpy as np
import pytest

from sentiment.errors import DataError, UsageError
from sentiment.model.network import DenseNetwork
from sentiment.training.decide import EncodedSplit
from sentiment.training.fitting import Fitter
from sentiment.training.options import TrainingOptions
from sentiment.training.run import Checkpoint, Run
from tests.training.test_train import recipe, some_rows, targets

pytestmark = pytest.mark.slow

OPTIONS = TrainingOptions(dropout=0.3, patience=3)
FILE = "fit-1.checkpoint"


class Killed(BaseException):
    """What a test raises where a process is killed: nothing handles it."""


class Mortal(Checkpoint):
    """Dies once it has saved so many states."""

    left = 0

    def save(self, fit, state):
        super().save(fit, state)
        self.left -= 1
        if not self.left:
            raise Killed


def checkpoint_in(folder, *, left=0, data="data", **choices):
    checkpoint = Mortal(folder, resuming=True)
    checkpoint.left = left
    checkpoint.begin(data, choices)
    return checkpoint


def fits(checkpoint=None) -> list[tuple[tuple[DenseNetwork, ...], list, int]]:
    """A fit of three epochs with reviews to judge by, one of two without, and two side by side."""
    labels, rows = np.random.default_rng(0).integers(0, 2, 90) * 1.0, some_rows(90)
    training, held_out = (
        EncodedSplit(rows, part, targets(labels[part]))
        for part in (np.arange(60), np.arange(60, 90))
    )
    fitter, three = (
        Fitter(OPTIONS, Run(checkpoint=checkpoint)),
        recipe(epochs=3, learning_rate=0.05, hidden=(4,)),
    )
    done = (
        fitter.fit(three, [training], [held_out]),
        fitter.fit(three, [training], epochs=2),
        fitter.fit(three, [training, held_out], [held_out]),
    )
    return [(fit.networks, fit.epochs, fit.best_epoch) for fit in done]


def same(one, other):
    networks = zip(one, other, strict=True)
    return all(a[1:] == b[1:] and weights(a[0]) == weights(b[0]) for a, b in networks)


def weights(networks):
    return [
        (layer.kernel.tobytes(), layer.bias.tobytes())
        for network in networks
        for layer in network.layers
    ]


@pytest.fixture(scope="module")
def undisturbed():
    return fits()


@pytest.mark.parametrize("left", [2, 5, 8])
def test_killed_after_any_epoch_it_ends_with_the_same_networks(tmp_path, undisturbed, left):
    with pytest.raises(Killed):
        fits(checkpoint_in(tmp_path, left=left))
    assert same(fits(checkpoint_in(tmp_path)), undisturbed)


def test_what_was_done_is_not_done_again(tmp_path, undisturbed):
    assert same(fits(checkpoint_in(tmp_path)), undisturbed)
    checkpoint = Checkpoint(tmp_path, resuming=True)
    assert checkpoint.begin("data", {}) == (4, 0)
    checkpoint.save = None
    assert same(fits(checkpoint), undisturbed)


@pytest.fixture(scope="module")
def halfway(tmp_path_factory):
    """The file of a fit after two epochs."""
    folder = tmp_path_factory.mktemp("halfway")
    with pytest.raises(Killed):
        fits(checkpoint_in(folder, left=2, epochs=3))
    return (folder / FILE).read_bytes()


def test_it_says_where_it_goes_on(tmp_path, halfway):
    checkpoint = Checkpoint(tmp_path, resuming=True)
    assert checkpoint.begin("data", {"epochs": 3}) == (1, 0)
    (tmp_path / FILE).write_bytes(halfway)
    assert checkpoint.begin("data", {"epochs": 3}) == (1, 2)


def test_a_checkpoint_of_another_training_is_refused(tmp_path, halfway):
    (tmp_path / FILE).write_bytes(halfway)
    with pytest.raises(UsageError, match="with another epochs; use the same"):
        checkpoint_in(tmp_path, epochs=4)
    with pytest.raises(DataError, match="on other reviews; use the same"):
        checkpoint_in(tmp_path, data="other", epochs=3)


def test_a_damaged_checkpoint_is_refused(tmp_path, halfway):
    file = tmp_path / FILE
    for damage in (b"", b"hello", halfway[:-1], halfway[: len(halfway) // 2]):
        file.write_bytes(damage)
        with pytest.raises(DataError, match="damaged checkpoint"):
            checkpoint_in(tmp_path, epochs=3)
    for place in range(0, len(halfway), len(halfway) // 50):
        content = bytearray(halfway)
        content[place] ^= 1
        file.write_bytes(content)
        with pytest.raises(DataError, match="damaged checkpoint"):
            checkpoint_in(tmp_path, epochs=3)


def test_a_state_of_another_network_is_refused(tmp_path, halfway):
    (tmp_path / FILE).write_bytes(halfway)
    fitter = Fitter(OPTIONS, Run(checkpoint=checkpoint_in(tmp_path, epochs=3)))
    labels = np.arange(60) % 2 * 1.0
    with pytest.raises(DataError, match="of another network"):
        fitter.fit(
            recipe(epochs=3, hidden=(4,)),
            [EncodedSplit(some_rows(60, 31), np.arange(60), targets(labels))],
        )


def test_a_folder_is_for_one_training_at_a_time(tmp_path):
    folder = tmp_path / "checkpoints"
    with Checkpoint(folder, resuming=False).opened(overwrite=False):
        assert folder.is_dir()
        with (
            pytest.raises(UsageError, match="another training uses"),
            Checkpoint(folder, resuming=True).opened(overwrite=False),
        ):
            pass
    assert not folder.exists()


def test_what_else_would_wait_is_no_other_training(tmp_path):
    with (
        pytest.raises(BlockingIOError, match="a full pipe"),
        Checkpoint(tmp_path / "checkpoints", resuming=False).opened(overwrite=False),
    ):
        raise BlockingIOError("a full pipe")


def test_what_is_there_is_neither_overwritten_nor_left_out_unasked(tmp_path, halfway):
    (tmp_path / FILE).write_bytes(halfway)
    (tmp_path / "fit-1.txt").write_text("somebody's notes")
    with (
        pytest.raises(UsageError, match="--resume continues it, --force starts over"),
        Checkpoint(tmp_path, resuming=False).opened(overwrite=False),
    ):
        pass
    with Checkpoint(tmp_path, resuming=True).opened(overwrite=True):
        assert (tmp_path / FILE).read_bytes() == halfway
    checkpoint = Checkpoint(tmp_path, resuming=False)
    with checkpoint.opened(overwrite=True):
        assert (tmp_path / FILE).read_bytes() == halfway  # it may all come to nothing yet
        checkpoint.begin("other", {})
        assert [path.name for path in tmp_path.iterdir()] == ["fit-1.txt"]
