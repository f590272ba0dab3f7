"""Make the bundled model `general`, step by step: the fine-tuned encoder and n-grams beside it.

Slow steps are kept in a folder.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.features.pieces import PieceEncoder
from sentiment.labels import WITH_NEUTRAL
from sentiment.model.component import Component, sigmoid
from sentiment.model.model import Model
from sentiment.reviews.labelled import read_texts
from sentiment.reviews.streams import ReadOptions
from tools.general.corpus import Example, held_out, read_corpus, to_train_on
from tools.general.encoder import Recipe, fine_tune
from tools.general.lessons import lessons
from tools.general.ngrams import Lesson, School
from tools.general.sources import Source, anonymous, fresh_words, identity_words
from tools.general.stack import calibrated, cut, stacked
from tools.general.teaching import teach
from tools.general.upstream import download, read_upstream

Floats = NDArray[np.float64]

SENTENCES = 40_000
LESSONS = 80_000
# How often n-grams see each source, and how far they believe its labels against the encoder.
TIMES = {"imdb": 2, "yelp": 2, "amazon": 2, "own": 3, "clothing": 2, "multidomain": 2}
BELIEVED = {"goemotions": 0.4}

_SENTENCE = re.compile(r"(?<=[.!?])\s+|<br\s*/?>")


@dataclass(frozen=True)
class Workshop:
    """What the model is made from.

    Attributes:
        datasets: the folder of the real data sets.
        own: the training reviews of this project.
        folder: where slow steps are kept, and the published encoder.
        recipe: of the encoder.
    """

    datasets: Path
    own: Path
    folder: Path
    recipe: Recipe = Recipe()

    @cached_property
    def corpus(self) -> dict[str, list[Example]]:
        """The texts of all sources."""
        return read_corpus(self.datasets, self.own, self.recipe.without)

    @cached_property
    def unlabeled(self) -> list[str]:
        """Whole reviews without labels."""
        if "imdb" in self.recipe.without:
            return []
        return list(read_texts([str(self.datasets / "imdb/unsup.parquet")], ReadOptions()))

    @cached_property
    def held_out(self) -> list[Example]:
        """The texts that no component is trained on."""
        every = chain.from_iterable(self.corpus.values())
        return [each for each in every if held_out(each.text)]

    @cached_property
    def encoder(self) -> Component:
        """The encoder, quantized, with the pieces that occur; not calibrated."""
        pieces, upstream = read_upstream(download(self.folder))
        reader = PieceEncoder(pieces, judges=False)
        network = fine_tune(self.recipe, self.corpus, reader, upstream, self.folder)
        texts = (each.text for each in chain.from_iterable(self.corpus.values()))
        reader, network = cut(reader, network, chain(texts, self.unlabeled))
        return Component(reader, network.quantized(), labels=WITH_NEUTRAL)

    @cached_property
    def ngrams(self) -> Component:
        """N-grams of whole texts, taught by labels, the encoder and lessons; not calibrated."""
        rng = random.Random(self.recipe.seed)
        teacher = calibrated(self.encoder, self.held_out)
        every = {
            name: self._lesson(name, to_train_on(some), teacher)
            for name, some in self.corpus.items()
        }
        if self.unlabeled:
            sentences = list(_sentences(self.unlabeled, rng))
            every["sentences"] = Lesson(sentences, self._opinion(teacher, sentences))
            nothing = np.full((len(self.unlabeled), 3), np.nan)
            every["unlabeled"] = Lesson(self.unlabeled, nothing)
        every["lessons"] = _as_lesson([Example(*each) for each in teach(LESSONS, self.recipe.seed)])
        every["two sides"] = _of_two_sides(self.recipe.seed)
        school = School(_masked(every), self.recipe.seed)
        if self.unlabeled:
            whole = school.rows["unlabeled"]
            school.targets[whole] = _of_two(school.expert(school.rows["imdb"], whole))
        return school.teach(WITH_NEUTRAL)

    def general(self) -> Model:
        """Return the encoder with n-grams beside it, fitted to held-out texts."""
        return stacked(self.encoder, self.ngrams, self.held_out)

    def _lesson(self, name: str, examples: Sequence[Example], teacher: Model) -> Lesson:
        """Return the texts of a source with its labels, or partly the opinion of a model."""
        lesson = _as_lesson(examples, TIMES.get(name, 1))
        believed = BELIEVED.get(name, 1.0)
        if believed == 1:
            return lesson
        opinion = self._opinion(teacher, lesson.texts)
        return replace(lesson, targets=believed * lesson.targets + (1 - believed) * opinion)

    def _opinion(self, model: Model, texts: Sequence[str]) -> Floats:
        """Return the probabilities that a model gives texts, [n, 3], kept by their hash."""
        name = blake2b(self.recipe.digest(self.corpus).encode(), digest_size=8)
        for text in texts:
            name.update(text.encode("utf-8", "replace") + b"\0")
        kept = self.folder / f"opinion-{name.hexdigest()}.npy"
        if not kept.exists():
            parts = [
                model.probabilities(texts[first : first + 1024])
                for first in range(0, len(texts), 1024)
            ]
            found = np.concatenate(parts)
            found[np.isnan(found).any(axis=1)] = 1 / 3
            np.save(kept, found)
        return np.load(kept)


def _as_lesson(examples: Sequence[Example], times: int = 1) -> Lesson:
    targets = np.array([each.target for each in examples])
    return Lesson([each.text for each in examples], targets, times)


def _of_two_sides(seed: int) -> Lesson:
    """Return older lessons, which praise or blame, for what n-grams can see of a negation."""
    made = list(lessons(LESSONS, seed=seed))
    sides = np.array([each.positive for each in made])
    targets = np.stack((0.97 * (1 - sides), np.full(sides.size, 0.03), 0.97 * sides), axis=1)
    return Lesson([each.text for each in made], targets)


def _of_two(z: Floats) -> Floats:
    """Return probabilities of three classes of log-odds of two, hardly ever neutral."""
    positive = sigmoid(z)
    neutral = 0.15 * 4 * positive * (1 - positive)
    rest = 1 - neutral
    return np.stack((rest * (1 - positive), neutral, rest * positive), axis=1)


def _sentences(reviews: Sequence[str], rng: random.Random) -> Iterator[str]:
    """Yield sentences of reviews, one of each at most."""
    for review in rng.sample(reviews, min(SENTENCES, len(reviews))):
        some = [each for each in _SENTENCE.split(review) if 4 <= len(each.split()) <= 40]
        if some:
            yield rng.choice(some)


def _masked(every: dict[str, Lesson]) -> dict[str, Lesson]:
    """Return lessons in which names and identities are words that occur once."""
    fresh = fresh_words()
    names = ("imdb", "unlabeled", "goemotions")
    hidden = identity_words(text for name in names if name in every for text in every[name].texts)
    return {
        name: replace(each, texts=anonymous(Source.unlabelled(each.texts), hidden, fresh).texts)
        for name, each in every.items()
    }
