"""Fine-tune the published encoder to three classes, in stages, step by step, resumable.

Sources, lessons and sentences about different people are mixed in every epoch; AdamW with a linear
warm-up and a cosine decay in each stage; dropout; soft targets.
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.features.pieces import PieceEncoder
from sentiment.features.wordpiece import Pieces
from sentiment.model.transformer import Transformer
from sentiment.training.transformer import (
    batches_by_length,
    build,
    optimizer,
    padded,
    to_numpy,
    warmed_up,
)
from tools.general.corpus import Course, Example, Mixture
from tools.general.upstream import SHA256

# Steps between two checkpoints.
_EVERY = 200


@dataclass(frozen=True)
class Stage:
    """A part of the training, with a learning rate that rises and falls.

    Attributes:
        mixture: what an epoch is made of.
        epochs: how many there are, each with other lessons and other parts of large sources.
        learning_rate: its highest value.
        warm_up: the share of steps in which it rises.
    """

    mixture: Mixture
    epochs: int = 1
    learning_rate: float = 1.2e-4
    warm_up: float = 0.06


# What is read: all sources, large ones in part, and small ones several times.
READING = Mixture(
    shares={"trees": 0.5, "goemotions": 0.75, "imdb": 0.7, "own": 3.0, "yelp": 2.0, "amazon": 2.0},
    views={"imdb": ((55, 0.8), (0, 0.45)), "multidomain": ((40, 0.25), (0, 1.0))},
    lessons=30_000,
    groups=5_000,
)
# What order, typing errors and people do, over a part of the same texts, so that none is forgotten.
BEHAVIOUR = Mixture(
    shares={
        "trees": 0.15,
        "goemotions": 0.3,
        "imdb": 0.35,
        "multidomain": 0.3,
        "objective": 0.3,
        "clothing": 0.5,
        "own": 2.0,
    },
    views={"imdb": ((0, 1.0),), "multidomain": ((40, 0.25), (0, 1.0))},
    lessons=40_000,
    groups=12_000,
    mistyped=0.35,
)


@dataclass(frozen=True)
class Recipe:
    """How an encoder is made.

    Attributes:
        without: sources that are left out.
        stages: one after the other.
        pieces: of a batch, padding included.
        dropout: in each block and before the output.
        seed: of all random numbers.
        bfloat16: whether kernels are multiplied so.
    """

    without: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = (Stage(READING, epochs=2), Stage(BEHAVIOUR, learning_rate=6e-5))
    pieces: int = 2048
    dropout: float = 0.1
    seed: int = 0
    bfloat16: bool = True

    def digest(self, corpus: dict[str, list[Example]]) -> str:
        """Return a hash of the recipe, the published weights and the texts, hexadecimal."""
        found = blake2b(json.dumps([asdict(self), SHA256]).encode(), digest_size=8)
        for name, examples in corpus.items():
            found.update(json.dumps([name, examples], ensure_ascii=True).encode())
        return found.hexdigest()


class Batch(NamedTuple):
    """Texts of similar length.

    Attributes:
        rows: their pieces.
        targets: float32 [texts, 3].
    """

    rows: Pieces
    targets: NDArray[np.float32]


def fine_tune(
    recipe: Recipe,
    corpus: dict[str, list[Example]],
    encoder: PieceEncoder,
    upstream: Transformer,
    folder: Path,
) -> Transformer:
    """Return the fine-tuned network; what was made before is in a folder.

    A run that was stopped goes on at its last checkpoint.
    """
    network = upstream
    for number in range(len(recipe.stages)):
        part = replace(recipe, stages=recipe.stages[: number + 1])
        kept = folder / f"encoder-{part.digest(corpus)}.npz"
        network = _last_stage(part, corpus, encoder, network, kept)
    return network


def _last_stage(
    recipe: Recipe,
    corpus: dict[str, list[Example]],
    encoder: PieceEncoder,
    network: Transformer,
    kept: Path,
) -> Transformer:
    """Return the network after the last stage of a recipe, given that after the one before."""
    stage = recipe.stages[-1]
    model = build(network, 3, recipe.seed, recipe.dropout, recipe.bfloat16)
    model.compile(optimizer(), "categorical_crossentropy", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    variables = [*model.trainable_variables, *model.optimizer.variables]
    variables += [each for each in model.non_trainable_variables if "seed" in each.path]
    done, last = _restored(kept, variables)
    if done < last:
        course = Course(corpus)
        before = sum(each.epochs for each in recipe.stages[:-1])
        batches = [
            batch
            for epoch in range(before, before + stage.epochs)
            for batch in _batches(recipe, course, encoder, epoch)
        ]
        _train(stage, model, batches, done, partial(_save, kept, variables))
    return to_numpy(model, network)


def _batches(recipe: Recipe, course: Course, encoder: PieceEncoder, epoch: int) -> Iterator[Batch]:
    """Yield the batches of an epoch of the last stage."""
    seed = 1000 * recipe.seed + epoch
    examples = course.epoch(seed, recipe.stages[-1].mixture)
    rows = encoder.transform([each.text for each in examples])
    targets = np.array([each.target for each in examples], np.float32)
    rng = np.random.default_rng(seed)
    for some in batches_by_length(rows.lengths, recipe.pieces, rng):
        yield Batch(rows.take(some), targets[some])


def _train(stage: Stage, model: Any, batches: list[Batch], done: int, save: Any) -> None:
    """Make the steps after the first `done`, and save now and then."""
    last, began, pieces, losses = len(batches), time.perf_counter(), 0, []
    for step in range(done, last):
        rows, targets = batches[step]
        rate = warmed_up((step + 1) / last, stage.warm_up)
        model.optimizer.learning_rate.assign(stage.learning_rate * rate)
        losses.append(float(model.train_on_batch(padded(rows), targets)))
        pieces += rows.ids.size
        if (step + 1) % _EVERY == 0 or step + 1 == last:
            save(step + 1, last)
            took = time.perf_counter() - began
            left = took / (step + 1 - done) * (last - step - 1)
            print(
                f"step {step + 1:,} of {last:,}: loss {np.mean(losses[-_EVERY:]):.4f}, "
                f"{pieces / took:,.0f} pieces a second, {left / 60:.0f} minutes left",
                file=sys.stderr,
                flush=True,
            )


def _save(path: Path, variables: list[Any], done: int, last: int) -> None:
    """Write all variables and how many steps are done, and replace the file at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {str(place): np.asarray(each) for place, each in enumerate(variables)}
    scratch = path.with_suffix(".part")
    with scratch.open("wb") as file:
        np.savez(file, steps=np.array([done, last]), **arrays)  # type: ignore[arg-type]
    scratch.replace(path)


def _restored(path: Path, variables: list[Any]) -> tuple[int, int]:
    """Set all variables as they were saved; return how many steps are done, and how many to do."""
    if not path.exists():
        return 0, 1
    with np.load(path, allow_pickle=False) as kept:
        for place, each in enumerate(variables):
            each.assign(kept[str(place)])
        done, last = kept["steps"].tolist()
        return done, last
