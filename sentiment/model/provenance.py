"""What a model was made of, and which reviews it has seen."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sentiment.digests import digests_of, passages_of
from sentiment.features.hashing import Hashes, among
from sentiment.model.tensors import mapping, number, string, whole

_MOST = 1 << 62

# A model card: how many texts, and how long their titles and they themselves may be.
_CARD_TEXTS = 32
_CARD_TITLE = 80
_CARD_TEXT = 10_000


@dataclass(frozen=True)
class Rows:
    """A set of reviews that went into a model.

    Attributes:
        positive, negative: how many there were.
        hash: of texts and labels in order, to tell whether two models saw the same.
    """

    positive: int
    negative: int
    hash: str

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Check and build from what `asdict` made."""
        fields = mapping(value)
        return cls(
            whole(fields["positive"], 0, _MOST),
            whole(fields["negative"], 0, _MOST),
            string(fields["hash"]),
        )


class Right(NamedTuple):
    """How many held-out reviews of each class were answered right."""

    negative: int
    positive: int


@dataclass(frozen=True)
class Provenance:
    """Data, options and versions of a training.

    Attributes:
        training: the reviews it was fitted on.
        validation: the reviews held out, but for those that a base was made with.
        accuracy: share of held-out reviews answered right; they also chose epoch, calibration and
            threshold, so it flatters a little. None where the base knew them all.
        best_epoch: the epoch whose weights were kept, from 1.
        right: how many held-out reviews of each class were answered right; None in older files.
        in_turns: whether all reviews were held out, in turns (cross-validation).
        refitted: whether the held-out reviews were then fitted on, too.
        unlabeled: unlabeled reviews that were learned from.
        calibrated: whether there were enough held-out reviews to calibrate on.
        options: what the user asked for, JSON values.
        recipe: what was chosen where nothing was asked, JSON values.
        versions: package → version.
        goal: what the decision was chosen to hold, such as `precision=0.95`; empty for nothing.
        card: what its maker says of it, title → text: what it is, sources and licences, limits.
    """

    training: Rows
    validation: Rows
    accuracy: float | None
    best_epoch: int
    calibrated: bool
    refitted: bool
    right: Right | None = None
    in_turns: bool = False
    unlabeled: int = 0
    options: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    goal: str = ""
    card: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Turn into JSON values; a card and figures are there only if there are any."""
        values = asdict(self)
        values["right"] = None if self.right is None else self.right._asdict()
        for name in ("card", "right"):
            if not values[name]:
                del values[name]
        return values

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Check and build from what `as_json` made.

        Raises:
            ValueError, KeyError: it was something else.
        """
        fields = mapping(value)
        return cls(
            training=Rows.from_json(fields["training"]),
            validation=Rows.from_json(fields["validation"]),
            accuracy=None if fields["accuracy"] is None else number(fields["accuracy"], 0, 1),
            best_epoch=whole(fields["best_epoch"], 1, _MOST),
            calibrated=bool(fields["calibrated"]),
            refitted=bool(fields["refitted"]),
            right=_right(fields.get("right")),
            in_turns=bool(fields.get("in_turns", False)),  # older files know nothing of it
            unlabeled=whole(fields["unlabeled"], 0, _MOST),
            options=mapping(fields["options"]),
            recipe=mapping(fields["recipe"]),
            versions={
                string(name): string(text) for name, text in mapping(fields["versions"]).items()
            },
            goal=string(fields.get("goal", "")),  # older files have none
            card=_card(fields.get("card", {})),
        )


def _right(value: object) -> Right | None:
    if value is None:
        return None
    fields = mapping(value)
    return Right(*(whole(fields[name], 0, _MOST) for name in Right._fields))


def _card(value: object) -> dict[str, str]:
    card = {string(title): string(text) for title, text in mapping(value).items()}
    if len(card) > _CARD_TEXTS:
        raise ValueError(f"a card of more than {_CARD_TEXTS} texts")
    for title, text in card.items():
        if len(title) > _CARD_TITLE or len(text) > _CARD_TEXT:
            raise ValueError(f"a card's title or text is longer than {_CARD_TITLE}, {_CARD_TEXT:,}")
    return card


# Enough to find reviews that another file shares with the training data, however large that was.
SEEN_LIMIT = 16_384

# Of reviews that cannot be checked, so small a share of known ones does not matter.
_FEW = 0.05
# A set of which no larger share is new for certain is known.
_FEWEST_NEW = 0.05
_AT_ONCE = 4096

Flags = NDArray[np.bool_]


class Overlap(NamedTuple):
    """How many of some reviews a model was trained, chosen or calibrated on.

    Attributes:
        found: reviews that it is known to have been made with.
        checked: reviews that could be checked; fewer than all where those it was made with are so
            many that it remembers only a part of them.
        new: reviews that it can be judged by, see `Seen.new`.
        reviews: all of them.
    """

    found: int
    checked: int
    new: int
    reviews: int

    @property
    def is_known_set(self) -> bool:
        """Whether hardly any review is new for certain: no figure of them means anything."""
        return self.found > 0 and self.new < _FEWEST_NEW * self.reviews


def _none() -> Hashes:
    return np.zeros(0, np.uint64)


@dataclass(frozen=True, eq=False)
class Seen:
    """Hashes of reviews: of each set of them all, or the `SEEN_LIMIT` smallest.

    The `SEEN_LIMIT` smallest of all sets are a bottom-k sketch (Cohen and Kaplan, 2007): whatever
    is not above the largest of them can be told for certain, and is a uniform sample of all
    reviews. Those above it are known, too: the few reviews that stand on a base of many, or that a
    model was calibrated on. Reviews are found by their longest sentence, so that it does not matter
    whether they are read with their titles.

    Attributes:
        whole: of whole texts, uint64, sorted.
        passages: of their longest sentences, uint64, sorted; None for a model of an older program,
            which finds whole texts alone.
    """

    whole: Hashes = field(default_factory=_none)
    passages: Hashes | None = field(default_factory=_none)

    def adding(self, texts: Iterable[str]) -> "Seen":
        """Return a memory of this set of texts, too; they are gone through once."""
        rest, whole, passages = iter(texts), [_none()], [_none()]
        while some := list(islice(rest, _AT_ONCE)):
            whole.append(digests_of(some))
            if self.passages is not None:
                passages.append(passages_of(some))
        if self.passages is None:  # it would be taken for all that there is
            return Seen(np.union1d(self.whole, _smallest(whole)), None)
        return Seen(
            np.union1d(self.whole, _smallest(whole)),
            np.union1d(self.passages, _smallest(passages)),
        )

    def digests(self, texts: Iterable[str]) -> Hashes:
        """Return the hashes by which this memory knows texts, uint64 [n]."""
        return digests_of(texts) if self.passages is None else passages_of(texts)

    def checkable(self, digests: Hashes) -> Flags:
        """Return which texts would surely be remembered if they were known, bool [n].

        Args:
            digests: hashes of n texts, from `digests`.
        """
        kept = self._kept
        if kept.size < SEEN_LIMIT:
            return np.ones(digests.size, np.bool_)
        return digests <= kept[SEEN_LIMIT - 1]

    def known(self, digests: Hashes) -> Flags:
        """Return which texts are remembered, bool [n]."""
        return among(digests, self._kept)

    def overlap(self, digests: Hashes) -> Overlap:
        """Count the texts that are remembered, that could be checked, and that are new."""
        known = self.known(digests)
        masks = known, known | self.checkable(digests), self.new(digests)
        found, checked, new = (int(np.count_nonzero(mask)) for mask in masks)
        return Overlap(found, checked, new, digests.size)

    def new(self, digests: Hashes) -> Flags:
        """Return which texts a model can be judged by, bool [n].

        Where hardly any that can be checked is known, all others are new; one may be known by
        chance, such as *Thank you*. Otherwise those that cannot be checked are as likely known, and
        only those that can be are new for certain.
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
