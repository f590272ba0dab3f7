"""`train --checkpoint` as users meet it: what is kept, until when, and for which training."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

DYING = """
import os, sys
from sentiment.training.run import Checkpoint
save = Checkpoint.save
def save_and_die(*arguments):
    save(*arguments)
    os._exit(9)
Checkpoint.save = save_and_die
from sentiment.cli import run
run()
"""
TRAIN = ["train", "few.csv", "-q", "--epochs", "2", "-o", "m.safetensors", "--checkpoint", "ck"]


@pytest.fixture
def folder(tmp_path):
    """A folder with a training on a base that was killed after its first epoch."""
    rows = (f"{'wonderful' if n % 2 else 'terrible'} {n},{n % 2}\n" for n in range(60))
    (tmp_path / "few.csv").write_text("text,label\n" + "".join(rows))
    command = [sys.executable, "-c", DYING, *TRAIN, "--base", "fast"]
    assert subprocess.run(command, cwd=tmp_path, check=False).returncode == 9
    return tmp_path


def test_a_checkpoint_stays_until_a_training_begins_anew(run, folder):
    before = (folder / "ck" / "fit-1.checkpoint").read_bytes()
    typo = [each.replace("few", "fwe") for each in TRAIN]
    assert run(*typo, "--force", cwd=folder).returncode == 3
    assert run(*TRAIN, "--label-column", "x", "--force", cwd=folder).returncode == 2
    assert (folder / "ck" / "fit-1.checkpoint").read_bytes() == before
    done = run(*TRAIN, "--force", cwd=folder)
    assert (done.returncode, (folder / "ck").exists()) == (0, False), done.stderr


def test_what_was_begun_on_a_base_goes_on_on_one(run, trained, folder):
    done = run(*TRAIN, "--resume", "--base", trained, cwd=folder)  # its networks are the same
    assert done.returncode == 0, done.stderr
    resumed = (folder / "m.safetensors").read_bytes()
    run(*TRAIN, "--base", trained, "--force", cwd=folder)
    assert (folder / "m.safetensors").read_bytes() == resumed
