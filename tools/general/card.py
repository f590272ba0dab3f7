"""What the cards of the bundled models say, and the record of their training."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from importlib.metadata import version
from itertools import chain

import numpy as np

from sentiment.digests import digests_of
from sentiment.labels import WITH_NEUTRAL
from sentiment.model.model import Model, Record
from sentiment.model.provenance import DatasetSummary, Provenance, TrainingHashes
from tools.general.corpus import Example, to_train_on
from tools.general.measure import figures

GENERAL = {
    "what it is": (
        "Answers for English reviews and short posts where no model of your own is: of films, "
        "shops, restaurants, services. It tells negative, neutral and positive texts apart. A "
        "transformer reads the first 50 and the last 110 pieces of words of a text, and n-grams "
        "the whole; their log-odds are added."
    ),
    "the language model": (
        "all-MiniLM-L6-v2 (Sentence Transformers; Apache License 2.0, see general-NOTICE.txt): "
        "MiniLM-L6-H384-uncased, trained by its authors on a billion pairs of sentences from "
        "Reddit, scientific papers, WikiAnswers, Stack Exchange, web searches, captions and the "
        "like; here fine-tuned on what follows."
    ),
    "sources and licences": (
        "Stanford Sentiment Treebank train (Socher et al., 2013; none stated); GoEmotions train "
        "(Demszky et al., 2020; CC BY 4.0); IMDb reviews, with labels and, for the n-grams, "
        "without (Maas et al., 2011; none stated); Multi-Domain Sentiment Dataset (Blitzer et al., "
        "2007; none stated); UCI sentences of Yelp and Amazon (Kotzias et al., 2015; CC BY 4.0); "
        "objective sentences of the Subjectivity dataset (Pang and Lee, 2004; none stated); "
        "Women's Clothing E-Commerce Reviews (CC0); this project's data/train.csv and lessons "
        "(CC0)."
    ),
    "limits": (
        "English only. Names, nations, faiths and the like were swapped for others in training, so "
        "that they should move nothing; benchmarks/RESULTS.md counts how often they do."
    ),
    "known failures": (
        "Irony; understatement; facts that imply an opinion which only a person would draw; texts "
        "of which the middle says something else than both ends. `sentiment probe -m general` "
        "counts some of them."
    ),
}
FAST = {
    "what it is": (
        "Answers where `general` is too slow, and for English reviews and short posts where no "
        "model of your own is. It tells negative, neutral and positive texts apart, by n-grams, "
        "which `general`'s language model taught."
    ),
    "sources and licences": GENERAL["sources and licences"],
    "limits": GENERAL["limits"],
    "known failures": (
        "Irony; understatement; comparisons in which the other thing is the better one; praise "
        "and blame in one sentence; negation far away. `sentiment probe -m fast` counts some of "
        "them."
    ),
}


def recorded(
    model: Model,
    card: dict[str, str],
    corpus: dict[str, list[Example]],
    held_out: Sequence[Example],
    unlabeled: int,
) -> Model:
    """Return a model with a record: its card, what it was trained on, and hashes of these texts.

    Args:
        model: of the three classes.
        card: what is said of it; its figures are added.
        corpus: the texts of all sources.
        held_out: those of them that it was not trained on; its figures are on these.
        unlabeled: how many texts without labels were used.
    """
    every = list(chain.from_iterable(corpus.values()))
    right = [
        f"{name} {found['accuracy 2']:.1%}"
        for name in corpus
        if "accuracy 2" in (found := figures(model, [e for e in held_out if e.source == name]))
    ]
    provenance = Provenance(
        training=_about(to_train_on(every)),
        validation=_about(held_out),
        accuracy=_right(model, held_out),
        best_epoch=1,
        calibrated=True,
        refitted=False,
        unlabeled=unlabeled,
        versions={name: version(name) for name in ("keras", "numpy", "tensorflow")},
        card=card
        | {"figures": f"Right of held-out reviews that are not neutral: {', '.join(right)}."},
    )
    seen = TrainingHashes().adding(each.text for each in every)
    return replace(model, record=Record(provenance=provenance, training_hashes=seen))


def _right(model: Model, examples: Sequence[Example]) -> float:
    """Return the share of texts whose likeliest label is the likeliest answer."""
    labels = np.array([each.target for each in examples]).argmax(axis=1)
    found = model.probabilities([each.text for each in examples])
    return float(np.mean(np.nan_to_num(found).argmax(axis=1) == labels))


def _about(examples: Sequence[Example]) -> DatasetSummary:
    """Count and hash texts and their likeliest labels."""
    labels = np.array([each.target for each in examples]).argmax(axis=1)
    content = blake2b(_digests(examples), digest_size=16)
    content.update(labels.astype(np.int8).tobytes())
    counts = np.bincount(labels, minlength=len(WITH_NEUTRAL)).tolist()
    return DatasetSummary(dict(zip(WITH_NEUTRAL.names, counts, strict=True)), content.hexdigest())


def _digests(examples: Iterable[Example]) -> bytes:
    return digests_of(each.text for each in examples).astype("<u8").tobytes()
