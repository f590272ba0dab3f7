"""Choices the data make: which features, how many epochs, how large a step."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sentiment.features import NGrams
from sentiment.training.options import FEW, Recipe, TrainingOptions

# Beyond this many words a review repeats itself enough for words alone.
_SHORT = 60
# Of few reviews so many steps are enough, and more are no better.
_FEW_STEPS, _FEW_EPOCHS, _FEW_RATE = 6, 10, 0.01
# With fewer a hidden layer tells the classes apart no better, and its answers lean to one side.
_TINY, _TINY_RATE = 1_000, 0.02
# Beyond this many, reviews repeat one another, and what they share is learned by heart.
_MANY = 100_000
# A label rarer than this makes accuracy a poor thing to aim at.
UNBALANCED = 0.4


def choose_recipe(
    some: Sequence[str], labels: NDArray[np.integer], options: TrainingOptions
) -> Recipe:
    """Decide what the user left open, from the training rows alone.

    Args:
        some: of their texts, a thousand or so.
        labels: of all of them.
        options: the user's choices.
    """
    few = labels.size < FEW  # many words are met once or never, and pieces of words help
    short = float(np.median([len(text.split()) for text in some])) < _SHORT
    share = float(labels.mean())
    balanced = UNBALANCED <= share <= 1 - UNBALANCED
    small, tiny = few or short, labels.size < _TINY
    # About twenty-five steps an epoch; Adam's step grows with the batch.
    batch_size = int(np.clip(2 ** round(np.log2(labels.size / 24)), 32, 1024))
    if few:
        batch_size = max(-(-labels.size // _FEW_STEPS), 1)
    batch_size = options.batch_size or batch_size
    # Long reviews, and many, bear large steps, and then need few. Of very many, each says less
    # that is new: they are gone through less often, by smaller steps, and an n-gram has to be in
    # as large a share of them to weigh as much.
    learning_rate = (0.01 if short else 0.02) * (batch_size / 1024) ** 0.5
    if few:
        learning_rate = _TINY_RATE if tiny else _FEW_RATE
    more = max(labels.size / _MANY, 1.0)
    epochs = _FEW_EPOCHS if few else 5 if short else 3
    ngrams = NGrams(words=2, tail=0, characters=(2, 5)) if small else NGrams()
    return Recipe(
        ngrams=ngrams._replace(repair=options.repair, ratings=True),
        min_count=1 if short or tiny else 2,
        smoothing=2.0 * more,
        epochs=options.epochs or max(round(epochs / more), 1),
        batch_size=batch_size,
        learning_rate=options.learning_rate or learning_rate / more,
        hidden=(() if tiny else (16,)) if options.hidden is None else options.hidden,
        objective=options.optimize or ("accuracy" if balanced else "macro-f1"),
    )


def gentler(recipe: Recipe) -> Recipe:
    """Give the recipe for fits beside unlabeled reviews: many rows, and what they say is known."""
    epochs = max(round(recipe.epochs * 2 / 3), 1)
    return replace(recipe, epochs=epochs, learning_rate=recipe.learning_rate / 2)
