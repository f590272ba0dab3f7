"""Where a model came from: nothing here varies between two runs on the same data and options."""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

from sentiment.model.checks import mapping, number, string, whole

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
