"""The provenance of a model: its data, options and versions, and hashes of its reviews."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digests_of, passages_of
from sentiment.features.hashing import Hashes, among
from sentiment.labels import MAX_CLASSES, SENTIMENT
from sentiment.model.tensors import listed, mapping, number, string, whole

_MOST = 1 << 62

# The limits of a model card: texts, and characters of a title and of a text.
_CARD_TEXTS = 32
_CARD_TITLE = 80
_CARD_TEXT = 10_000


# Characters of the name of a model, and of a note on it.
LONGEST_NAME = 80
LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class DatasetSummary:
    """A set of reviews that went into a model.

    Attributes:
        counts: the number of each class, by its name, in the order of labels.
        hash: of texts and labels in order; equal for the same data.
    """

    counts: dict[str, int]
    hash: str

    @property
    def total(self) -> int:
        """The number of reviews."""
        return sum(self.counts.values())

    def as_json(self) -> dict[str, Any]:
        """Return JSON values; two sentiment classes are two fields, as in older files."""
        if tuple(self.counts) == SENTIMENT.names:
            return {name: self.counts[name] for name in reversed(self.counts)} | {"hash": self.hash}
        return {"counts": self.counts, "hash": self.hash}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Check and return what `as_json` made JSON values of."""
        fields = mapping(value)
        counts = fields.get("counts") or {name: fields[name] for name in SENTIMENT.names}
        return cls(_counts(counts), string(fields["hash"]))


def _counts(value: object) -> dict[str, int]:
    counts = {string(name): whole(count, 0, _MOST) for name, count in mapping(value).items()}
    if not 2 <= len(counts) <= MAX_CLASSES:
        raise ValueError(f"reviews of {len(counts)} classes")
    return counts


def _matrix(value: object) -> list[list[float]] | None:
    """Return a square matrix of counts, None for None."""
    if value is None:
        return None
    rows = [[number(count, 0, _MOST) for count in listed(row)] for row in listed(value)]
    if any(len(row) != len(rows) for row in rows):
        raise ValueError("a matrix that is not square")
    return rows


_JSON_NAMES = {"cross_validated": "in_turns"}


@dataclass(frozen=True)
class Provenance:
    """Data, options and versions of a training.

    Attributes:
        training: the reviews it was fitted on.
        validation: the held-out reviews, without those that a base was trained on.
        accuracy: the share of correctly answered held-out reviews; slightly optimistic, since they
            also chose epoch, calibration and threshold. None if the base was trained on all.
        best_epoch: the epoch whose weights were kept, from 1.
        right: correctly answered held-out reviews by class; None in older files.
        confusion: held-out reviews by label (rows) and answer, with their weights; None for two
            classes without weights, where `right` says it.
        cross_validated: whether the held-out answers are those of a cross-validation.
        refitted: whether the held-out reviews were fitted on afterwards.
        unlabeled: the number of unlabeled reviews learned from.
        calibrated: whether there were enough held-out reviews to calibrate on.
        options: the user's choices, JSON values.
        recipe: all choices, JSON values.
        versions: package → version.
        goal: the goal of the decision, such as `precision=0.95`; empty for none.
        card: title → text, by the model's maker: what it is, sources and licences, limits.
        name: what the model is called, by whoever trained it; empty for none.
        note: what they say of it; empty for nothing.
    """

    training: DatasetSummary
    validation: DatasetSummary
    accuracy: float | None
    best_epoch: int
    calibrated: bool
    refitted: bool
    right: dict[str, int] | None = None
    confusion: list[list[float]] | None = None
    cross_validated: bool = False
    unlabeled: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    goal: str = ""
    card: dict[str, str] = field(default_factory=dict)
    name: str = ""
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return JSON values; missing figures, and an empty card, name or note, are left out."""
        values = {_JSON_NAMES.get(name, name): value for name, value in asdict(self).items()}
        values |= {"training": self.training.as_json(), "validation": self.validation.as_json()}
        for name in ("card", "right", "confusion", "name", "note"):
            if not values[name]:
                del values[name]
        return values

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Check and return what `as_json` made JSON values of.

        Raises:
            ValueError, KeyError: it is anything else.
        """
        fields = mapping(value)
        validation = DatasetSummary.from_json(fields["validation"])
        return cls(
            training=DatasetSummary.from_json(fields["training"]),
            validation=validation,
            accuracy=None if fields["accuracy"] is None else number(fields["accuracy"], 0, 1),
            best_epoch=whole(fields["best_epoch"], 1, _MOST),
            calibrated=bool(fields["calibrated"]),
            refitted=bool(fields["refitted"]),
            right=_right(fields.get("right"), validation.counts),
            confusion=_matrix(fields.get("confusion")),
            cross_validated=bool(fields.get("in_turns", False)),  # older files have none
            unlabeled=whole(fields["unlabeled"], 0, _MOST),
            options=mapping(fields["options"]),
            recipe=mapping(fields["recipe"]),
            versions={
                string(name): string(text) for name, text in mapping(fields["versions"]).items()
            },
            goal=string(fields.get("goal", "")),  # older files have none
            card=_card(fields.get("card", {})),
            name=_at_most(LONGEST_NAME, fields.get("name", "")),
            note=_at_most(LONGEST_NOTE, fields.get("note", "")),
        )


def _at_most(characters: int, value: object) -> str:
    """Return a text of at most so many characters."""
    text = string(value)
    if len(text) > characters:
        raise ValueError(f"a name or note of more than {characters:,} characters")
    return text


def _right(value: object, of: dict[str, int]) -> dict[str, int] | None:
    """Return the right answers among some reviews by class, in their order; older files none."""
    if value is None:
        return None
    right = _counts(value)
    if right.keys() != of.keys() or any(right[name] > of[name] for name in of):
        raise ValueError("the right answers are not of the held-out reviews")
    return {name: right[name] for name in of}


def _card(value: object) -> dict[str, str]:
    card = {string(title): string(text) for title, text in mapping(value).items()}
    if len(card) > _CARD_TEXTS:
        raise ValueError(f"a card of more than {_CARD_TEXTS} texts")
    for title, text in card.items():
        if len(title) > _CARD_TITLE or len(text) > _CARD_TEXT:
            raise ValueError(f"a card's title or text is longer than {_CARD_TITLE}, {_CARD_TEXT:,}")
    return card


# Hashes to keep of a set: enough to find reviews shared with training data of any size.
SEEN_LIMIT = 16_384

# The share of known reviews among those that can be checked that does not matter for the others.
_FEW = 0.05
# A set with a smaller share of reviews that are new for certain is a known set.
_FEWEST_NEW = 0.05
_AT_ONCE = 4096

Flags = NDArray[np.bool_]


class Overlap(NamedTuple):
    """How many of some reviews a model was trained, selected or calibrated on.

    Attributes:
        found: reviews that it is known to have been trained on.
        checked: reviews that can be checked: not all if the model keeps only a part of its hashes.
        new: reviews that it can be evaluated on, see `TrainingHashes.new`.
        reviews: all of them.
    """

    found: int
    checked: int
    new: int
    reviews: int

    @property
    def is_known_set(self) -> bool:
        """Whether hardly any review is new for certain, so that no figure means anything."""
        return self.found > 0 and self.new < _FEWEST_NEW * self.reviews


def _none() -> Hashes:
    return np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False)
class TrainingHashes:
    """Hashes of the reviews a model was trained on: all of each set, or the `SEEN_LIMIT` smallest.

    The `SEEN_LIMIT` smallest of all sets are a bottom-k sketch (Cohen and Kaplan, 2007): a uniform
    sample of all reviews that can be checked for any hash up to the largest of them. Those above it
    are from smaller sets: the few reviews of a model with a base of many, or of a calibration.
    Reviews are found by their longest sentence, so it does not matter whether they are read with
    their titles.

    Attributes:
        whole: of whole texts, uint64, sorted.
        passages: of their longest sentences, uint64, sorted; None for a model of an older program,
            which finds whole texts only.
    """

    whole: Hashes = field(default_factory=_none)
    passages: Hashes | None = field(default_factory=_none)

    def adding(self, texts: Iterable[str], digests: Hashes | None = None) -> "TrainingHashes":
        """Return these hashes and those of a set of texts, which is read once.

        Args:
            texts: the set.
            digests: their `digests_of`, where they are known already.
        """
        rest, passages = iter(texts), [_none()]
        whole = [_none() if digests is None else digests]
        while some := list(islice(rest, _AT_ONCE)):
            if digests is None:
                whole.append(digests_of(some))
            if self.passages is not None:
                passages.append(passages_of(some))
        every = np.union1d(self.whole, _smallest(whole))
        if self.passages is None:  # those of this set alone would pass for all
            return TrainingHashes(every, None)
        return TrainingHashes(every, np.union1d(self.passages, _smallest(passages)))

    def digests(self, texts: Iterable[str]) -> Hashes:
        """Return the hashes to look texts up by, uint64 [n]."""
        return digests_of(texts) if self.passages is None else passages_of(texts)

    def checkable(self, digests: Hashes) -> Flags:
        """Return which texts, given by their `digests`, would be found if known, bool [n]."""
        kept = self._kept
        if kept.size < SEEN_LIMIT:
            return np.ones(digests.size, np.bool_)
        return digests <= kept[SEEN_LIMIT - 1]

    def known(self, digests: Hashes) -> Flags:
        """Return which texts are found, bool [n]."""
        return among(digests, self._kept)

    def overlap(self, digests: Hashes) -> Overlap:
        """Count the texts that are found, that can be checked, and that are new."""
        known = self.known(digests)
        masks = known, known | self.checkable(digests), self.new(digests)
        found, checked, new = (int(np.count_nonzero(mask)) for mask in masks)
        return Overlap(found, checked, new, digests.size)

    def new(self, digests: Hashes) -> Flags:
        """Return which texts a model can be evaluated on, bool [n].

        If hardly any that can be checked is known, all others are new; a short one, such as *Thank
        you*, may be known by chance. Otherwise only those that can be checked are new for certain.
        """
        known, checkable = self.known(digests), self.checkable(digests)
        found, checked = np.count_nonzero(known & checkable), np.count_nonzero(checkable)
        few = found <= max(_FEW * checked, 1 if checked > 1 else 0)
        return ~known if few else ~known & checkable

    def is_known_set(self, digests: Hashes) -> bool:
        """Return whether hardly any text is new for certain; see `Overlap`."""
        return self.overlap(digests).is_known_set

    @property
    def _kept(self) -> Hashes:
        return self.whole if self.passages is None else self.passages


def _smallest(parts: list[Hashes]) -> Hashes:
    return np.unique(np.concatenate(parts))[:SEEN_LIMIT]
