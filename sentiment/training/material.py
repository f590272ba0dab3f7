"""What a training is made from: all reviews in one order, and which are for what."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.errors import DataError
from sentiment.features.hashing import Hashes
from sentiment.model import Rows
from sentiment.reviews import LabelledReviews, joined, stratified_folds, stratified_split
from sentiment.training.options import FOLDS, TrainingOptions, cross_validates

Numbers = NDArray[np.int64]


class Split(NamedTuple):
    """Reviews by their numbers: those that a network fits, and those that it is judged by."""

    training: Numbers
    held_out: Numbers


@dataclass(frozen=True, eq=False)
class Material:
    """Reviews by their numbers: labelled ones first, then those without labels.

    Attributes:
        texts: all reviews, [n].
        labels: 0 or 1, int8 [labelled].
        digests: hashes of the labelled texts, uint64 [labelled].
        splits: what each network of a trial fits and is judged by. One split where a share is held
            out; in cross-validation one for each fold, and a last one that fits all.
        unlabeled: numbers of the reviews without labels.
    """

    texts: Sequence[str]
    labels: NDArray[np.int8]
    digests: Hashes
    splits: Sequence[Split]
    unlabeled: Numbers

    @classmethod
    def gather(
        cls,
        reviews: LabelledReviews,
        validation: LabelledReviews | None,
        unlabeled: Sequence[str],
        options: TrainingOptions,
    ) -> "Material":
        """Put all reviews together, and split them unless there are others to judge by.

        Raises:
            DataError: there are too few different reviews to hold some out.
        """
        texts, labels, digests = reviews.texts, reviews.labels, reviews.digest()
        if validation is not None:
            texts = joined(texts, validation.texts)
            labels = np.concatenate((labels, validation.labels))
            digests = np.concatenate((digests, validation.digest()))
            splits = [Split(*np.split(np.arange(labels.size), [len(reviews)]))]
        elif cross_validates(len(reviews), options):
            folds = stratified_folds(labels, FOLDS, options.seed, digests)
            everything = np.arange(labels.size)
            splits = [Split(np.setdiff1d(everything, fold), fold) for fold in folds if fold.size]
            splits.append(Split(everything, everything[:0]))
        else:
            share = options.validation_share
            splits = [Split(*stratified_split(labels, share, options.seed, groups=digests))]
        judged = np.concatenate([split.held_out for split in splits])
        if any(
            len(set(labels[rows].tolist())) < 2
            for rows in [*(split.training for split in splits), judged]
        ):
            positive, negative = (np.unique(digests[labels == label]).size for label in (1, 0))
            raise DataError(
                f"too few different reviews to hold some of each label out: {positive:,} positive, "
                f"{negative:,} negative; give more, or --validation"
            )
        last = labels.size + len(unlabeled)
        return cls(joined(texts, unlabeled), labels, digests, splits, np.arange(labels.size, last))

    @property
    def cross_validated(self) -> bool:
        """Whether each review is held out from one network, and all are fitted by the last."""
        return len(self.splits) > 1

    @property
    def training(self) -> Numbers:
        """Numbers of the reviews that the last network of a trial fits."""
        return self.splits[-1].training

    @property
    def held_out(self) -> Numbers:
        """Numbers of the reviews that networks are judged by, in the order of the splits."""
        return np.concatenate([split.held_out for split in self.splits])

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
        every: list[NDArray[np.integer]] = [self.labels, self.unlabeled]
        for split in self.splits:
            every += [split.training, split.held_out]
        for numbers in every:
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
