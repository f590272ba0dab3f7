"""As many reviews as are asked for, made of the sentences of real ones, with ever new words."""

import json
import re
from pathlib import Path

import numpy as np

from sentiment.reviews.labelled import read_labelled
from sentiment.reviews.streams import ReadOptions

_SENTENCE = re.compile(r"(?<=[.!?])\s+")
# Share of the words that are replaced by invented ones, whose number has no end.
_INVENTED = 0.02


def write_grown(source: Path, path: Path, count: int, seed: int = 0, part: int = 2) -> None:
    """Write reviews as JSON lines, with `text` and `label`.

    Each is half of one review and half of another with the same label, sentence by sentence, or a
    smaller part of both; 2% of the words are replaced by draws from a Zipf distribution, so that
    the vocabulary keeps growing.

    Args:
        source: reviews with labels, of the training part of a data set.
        path: the file to write.
        count: how many reviews.
        seed: for the draws.
        part: every how many-th sentence of both reviews is taken.
    """
    reviews = read_labelled([str(source)], ReadOptions())
    random = np.random.default_rng(seed)
    sentences = [_SENTENCE.split(text) for text in reviews.texts]
    of_label = [np.flatnonzero(reviews.labels == label) for label in (0, 1)]
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            label = number % 2
            one, other = (sentences[row] for row in random.choice(of_label[label], 2))
            words = " ".join(one[::part] + other[1::part]).split(" ")
            places = np.flatnonzero(random.random(len(words)) < _INVENTED)
            ranks = random.zipf(1.1, places.size)
            for place, rank in zip(places.tolist(), ranks.tolist(), strict=True):
                words[place] = f"w{rank}"
            file.write(json.dumps({"text": " ".join(words), "label": label}) + "\n")
