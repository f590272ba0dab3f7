"""What a training is made from: all reviews in one order, and which are for what."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.features.hashing import Hashes
from sentiment.model import Rows
from sentiment.reviews import LabelledReviews, joined, stratified_split
from sentiment.training.options import TrainingOptions

Numbers = NDArray[np.int64]


# Reviews scored at once.
_BLOCK = 4096


def in_blocks(numbers: Numbers) -> list[Numbers]:
    """Cut numbers of reviews into blocks of as many as are scored at once."""
    return [numbers[first : first + _BLOCK] for first in range(0, numbers.size, _BLOCK)]


@dataclass(frozen=True, eq=False)
class Material:
    """Reviews by their numbers: labelled ones first, then those without labels.

    Attributes:
        texts: all reviews, [n].
        labels: 0 or 1, int8 [labelled].
        digests: hashes of the labelled texts, uint64 [labelled].
        training, held_out, unlabeled: numbers of the reviews to fit, of those to choose by, and of
            those without labels.
    """

    texts: Sequence[str]
    labels: NDArray[np.int8]
    digests: Hashes
    training: Numbers
    held_out: Numbers
    unlabeled: Numbers

    @classmethod
    def gather(
        cls,
        reviews: LabelledReviews,
        validation: LabelledReviews | None,
        unlabeled: Sequence[str],
        options: TrainingOptions,
    ) -> "Material":
        """Put all reviews together, and hold a share out unless there are others for that.

        Raises:
            DataError: there are too few different reviews to hold some out.
        """
        texts, labels, digests = reviews.texts, reviews.labels, reviews.digest()
        if validation is None:
            training, held_out = stratified_split(
                labels, options.validation_share, options.seed, groups=digests
            )
        else:
            texts = joined(texts, validation.texts)
            labels = np.concatenate((labels, validation.labels))
            digests = np.concatenate((digests, validation.digest()))
            training, held_out = np.split(np.arange(labels.size), [len(reviews)])
        if any(len(set(labels[rows].tolist())) < 2 for rows in (training, held_out)):
            positive, negative = (np.unique(digests[labels == label]).size for label in (1, 0))
            raise DataError(
                f"too few different reviews to hold some of each label out: {positive:,} positive, "
                f"{negative:,} negative; give more, or --validation"
            )
        last = labels.size + len(unlabeled)
        rest = np.arange(labels.size, last)
        return cls(joined(texts, unlabeled), labels, digests, training, held_out, rest)

    def without_held_out(self) -> "Material":
        """Let all labelled reviews be fitted; they are to be held out in turns."""
        everything = np.arange(self.labels.size)
        return replace(self, training=everything, held_out=everything[:0])

    def texts_of(self, rows: Numbers) -> list[str]:
        """Give the reviews with these numbers."""
        return [self.texts[row] for row in rows.tolist()]

    def some_of(self, rows: Numbers, enough: int = 1_000) -> list[str]:
        """Give about so many of these reviews, or all, taken evenly."""
        return self.texts_of(rows[:: max(rows.size // enough, 1)])

    def identity(self) -> str:
        """Hash all there is: texts, labels, and which reviews are for what; hexadecimal."""
        content = hashlib.blake2b(digest_size=16)
        for text in self.texts:
            data = text.encode("utf-8", "surrogatepass")
            content.update(len(data).to_bytes(8, "little"))
            content.update(data)
        for numbers in (self.labels, self.training, self.held_out, self.unlabeled):
            content.update(numbers.size.to_bytes(8, "little"))
            content.update(numbers.astype("<i8").tobytes())
        return content.hexdigest()

    def about(self, rows: Numbers) -> Rows:
        """Count labelled reviews, and hash them with their labels."""
        labels = self.labels[rows]
        content = hashlib.blake2b(digest_size=16)
        content.update(self.digests[rows].astype("<u8").tobytes())
        content.update(labels.astype(np.int8).tobytes())
        positive = int(labels.sum())
        return Rows(positive, labels.size - positive, content.hexdigest())
