"""Make the bundled models, step by step: the fine-tuned encoder, and n-grams that it teaches.

`general` is both, `fast` the n-grams alone. Slow steps are kept in a folder.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.features.pieces import PieceEncoder
from sentiment.labels import WITH_NEUTRAL
from sentiment.model.component import Component, fit_logistic, log_odds, sigmoid
from sentiment.model.model import Model
from sentiment.model.transformer import Transformer
from sentiment.reviews.labelled import read_texts
from sentiment.reviews.streams import ReadOptions
from sentiment.workers import Scorer, default_workers
from tools.general.corpus import Example, held_out, opinion_words, read_corpus, to_train_on
from tools.general.encoder import Recipe, fine_tune
from tools.general.lessons import lessons
from tools.general.ngrams import Lesson, School
from tools.general.sources import Source, anonymous, fresh_words, identity_words
from tools.general.stack import calibrated, cut, occurring, stacked
from tools.general.teaching import teach
from tools.general.upstream import download, read_upstream

Floats = NDArray[np.float64]

SENTENCES = 120_000
LESSONS = 80_000
# Lessons that tell how far n-grams can be believed where the order of words decides, and a seed
# that no training uses.
OTHER_LESSONS, _UNSEEN = 1_500, 1_000_000
# How often n-grams see each source, and how far they believe its labels against the encoder.
TIMES = {"imdb": 2, "yelp": 2, "amazon": 2, "own": 3, "clothing": 2, "multidomain": 2}
BELIEVED = {"goemotions": 0.4}

_SENTENCE = re.compile(r"(?<=[.!?])\s+|<br\s*/?>")


@dataclass(frozen=True)
class Workshop:
    """What the models are made from.

    Attributes:
        datasets: the folder of the real data sets.
        own: the training reviews of this project.
        folder: where slow steps are kept, and the published encoder.
        recipe: of the encoder.
        wholes: whether n-grams learn from whole unlabeled reviews, too. The encoder takes twenty
            minutes to read them.
    """

    datasets: Path
    own: Path
    folder: Path
    recipe: Recipe = Recipe()
    wholes: bool = True

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
        return self._component(self.recipe)

    @cached_property
    def teacher(self) -> Model:
        """The encoder after its first stage: what it has read suffices to teach.

        It is calibrated to targets as soft as those of labels, which its opinions stand beside.
        """
        return calibrated(self._component(self._first_stage), self.held_out)

    @property
    def _first_stage(self) -> Recipe:
        return replace(self.recipe, stages=self.recipe.stages[:1])

    def _component(self, recipe: Recipe) -> Component:
        reader, upstream = self._published
        network = fine_tune(recipe, self.corpus, reader, upstream, self.folder)
        reader, network = cut(reader, network, self._occurring)
        reader = replace(reader, pieces=replace(reader.pieces, corrected=self._corrected))
        return Component(reader, network.quantized(), labels=WITH_NEUTRAL)

    @cached_property
    def _published(self) -> tuple[PieceEncoder, Transformer]:
        """The encoder as it was published."""
        pieces, network = read_upstream(download(self.folder))
        return PieceEncoder(pieces, judges=False), network

    @cached_property
    def _occurring(self) -> NDArray[np.int64]:
        """The numbers of the pieces that are kept."""
        texts = (each.text for each in chain.from_iterable(self.corpus.values()))
        return occurring(self._published[0], chain(texts, self.unlabeled))

    @cached_property
    def _corrected(self) -> tuple[str, ...]:
        """The words that are read through a typing error."""
        vocabulary = self._published[0].pieces.vocabulary
        kept = {vocabulary[number] for number in self._occurring.tolist()}
        shown = chain.from_iterable(map(to_train_on, self.corpus.values()))
        return tuple(word for word in opinion_words(shown) if word in kept)

    @cached_property
    def ngrams(self) -> Component:
        """N-grams of whole texts, taught by labels, the encoder and lessons; not calibrated."""
        rng = random.Random(self.recipe.seed)
        every = {name: self._lesson(name, to_train_on(some)) for name, some in self.corpus.items()}
        if self.unlabeled:
            sentences = _sentences(self.unlabeled, rng)
            every["sentences"] = Lesson(sentences, self._opinion(sentences))
        judges = self.wholes and bool(self.unlabeled)
        if judges:
            # Their targets need an expert, below.
            unknown = np.full((len(self.unlabeled), 3), np.nan)
            every["unlabeled"] = Lesson(self.unlabeled, unknown)
            every["held out"] = _as_lesson(self._reviews_held_out, times=0)
        every["lessons"] = _as_lesson([Example(*each) for each in teach(LESSONS, self.recipe.seed)])
        every["two sides"] = _of_two_sides(self.recipe.seed)
        school = School(_masked(every), self.recipe.seed)
        if judges:
            self._judge_unlabeled(school)
        return school.teach(WITH_NEUTRAL)

    @property
    def _reviews_held_out(self) -> list[Example]:
        return [each for each in self.held_out if each.source == "imdb"]

    def _judge_unlabeled(self, school: School) -> None:
        """Set the targets of whole unlabeled reviews, by n-grams of labelled ones and the encoder.

        The encoder reads only the ends of a review. Both have weights that fit held-out reviews.
        """
        known, judged = school.rows["held out"], school.rows["unlabeled"]
        labels = school.targets[known].argmax(axis=1) // 2
        expert = school.expert(school.rows["imdb"], np.concatenate((known, judged)))
        texts = [each.text for each in self._reviews_held_out]
        opinion = np.concatenate((self._opinion(texts), self._opinion(self.unlabeled)))
        encoder = log_odds(opinion[:, 2] / (opinion[:, 0] + opinion[:, 2]))
        logits = np.stack((expert, encoder), axis=1)
        school.targets[judged] = _of_two(_added(logits, labels)[len(known) :])

    def general(self) -> Model:
        """Return the encoder with n-grams beside it, fitted to held-out texts and other lessons."""
        others = [Example(*each) for each in teach(OTHER_LESSONS, _UNSEEN + self.recipe.seed)]
        others = [each._replace(source="lessons") for each in others]
        return stacked(self.encoder, self.ngrams, _labelled([*self.held_out, *others]))

    def fast(self) -> Model:
        """Return the n-grams alone, calibrated on held-out texts."""
        return calibrated(self.ngrams, _labelled(self.held_out))

    def _lesson(self, name: str, examples: Sequence[Example]) -> Lesson:
        """Return the texts of a source with its labels, or partly the opinion of the teacher."""
        lesson = _as_lesson(examples, TIMES.get(name, 1))
        believed = BELIEVED.get(name, 1.0)
        if believed == 1:
            return lesson
        opinion = self._opinion(lesson.texts)
        return replace(lesson, targets=believed * lesson.targets + (1 - believed) * opinion)

    def _opinion(self, texts: Sequence[str]) -> Floats:
        """Return the probabilities that the teacher gives texts, [n, 3], kept by their hash."""
        name = blake2b(self._first_stage.digest(self.corpus).encode(), digest_size=8)
        for text in texts:
            name.update(text.encode("utf-8", "replace") + b"\0")
        kept = self.folder / f"opinion-{name.hexdigest()}.npy"
        if not kept.exists():
            batches = [texts[start : start + 256] for start in range(0, len(texts), 256)]
            with Scorer(self.teacher, default_workers()) as scorer:
                scored = scorer.scored(batches, list, lambda: False)
                found = np.concatenate([scores.probabilities for _, scores in scored])
            found[np.isnan(found).any(axis=1)] = 1 / 3
            np.save(kept, found)
        return np.load(kept)


def _as_lesson(examples: Sequence[Example], times: int = 1) -> Lesson:
    targets = np.array([each.target for each in examples])
    return Lesson([each.text for each in examples], targets, times)


def _labelled(examples: Sequence[Example]) -> list[Example]:
    """Return examples with their likeliest label for certain, which probabilities are to match."""
    certain = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return [each._replace(target=certain[np.argmax(each.target)]) for each in examples]


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


def _added(logits: Floats, labels: NDArray[np.int64]) -> Floats:
    """Return the sum of log-odds, [n, 2] → [n], weighted to fit the labels of the first rows."""
    design = np.concatenate((logits, np.ones((len(logits), 1))), axis=1)
    known = design[: labels.size]
    none = np.zeros(3)
    targets, every = labels.astype(np.float64), np.ones(labels.size)
    weights = fit_logistic(known, targets, none, none, every, ridge=1e-9)
    return design @ weights


def _sentences(reviews: Sequence[str], rng: random.Random) -> list[str]:
    """Return different sentences of reviews, neither short nor long."""
    every = {
        each: None
        for review in reviews
        for each in _SENTENCE.split(review)
        if 4 <= len(each.split()) <= 40
    }
    return rng.sample(list(every), min(SENTENCES, len(every)))


def _masked(every: dict[str, Lesson]) -> dict[str, Lesson]:
    """Return lessons in which names and identities are words that occur once."""
    fresh = fresh_words()
    names = ("imdb", "unlabeled", "goemotions")
    hidden = identity_words(text for name in names if name in every for text in every[name].texts)
    return {
        name: replace(each, texts=anonymous(Source.unlabelled(each.texts), hidden, fresh).texts)
        for name, each in every.items()
    }
