"""Reviews made by chance from two vocabularies."""

import numpy as np

from sentiment.reviews.dataset import LabelledReviews

GOOD = ["lovely", "great", "kind", "clean", "warm", "friendly", "superb", "cosy", "bright", "tasty"]
BAD = ["awful", "dirty", "rude", "cold", "broken", "noisy", "stale", "grim", "bland", "slow"]
PLAIN = [
    "hotel",
    "room",
    "staff",
    "breakfast",
    "view",
    "lobby",
    "towel",
    "lift",
    "street",
    "night",
    "morning",
    "door",
]


def made(count: int, seed: int = 0, words: list[str] = PLAIN) -> tuple[list[str], np.ndarray]:
    """Texts of a dozen words, three of them from the side of their label."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    texts = []
    for label in labels:
        plain = random.choice(words, 8)
        said = random.choice(GOOD if label else BAD, 3)
        texts.append(" ".join(random.permutation([*plain, *said])))
    return texts, labels.astype(np.int16)


def reviews_of(texts: list[str], labels: np.ndarray) -> LabelledReviews:
    return LabelledReviews(texts, labels.astype(np.int16))


def flipped(labels: np.ndarray, count: int, seed: int = 0) -> tuple[np.ndarray, set[int]]:
    rows = np.random.default_rng(seed).permutation(labels.size)[:count]
    changed = labels.copy()
    changed[rows] = 1 - changed[rows]
    return changed, set(rows.tolist())
