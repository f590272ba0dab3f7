"""A summary made up by code: as rich as one of real reviews, whatever the words in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sentiment.summary.result import (
    Aspect,
    Cell,
    Difference,
    Group,
    LeftOut,
    Quote,
    Repeated,
    Share,
    Summary,
    Theme,
)

TWO = ("negative", "positive")
THREE = ("negative", "neutral", "positive")

_TALK = {
    "negative": {
        "long wait": "We waited an hour for a table we had booked.",
        "cold food": "The soup came cold, and so did the second one.",
        "rude waiter": "The waiter rolled his eyes when we asked for water.",
        "too loud": "The music was so loud that we wrote notes to each other.",
    },
    "neutral": {"price": "It costs what it costs everywhere in town."},
    "positive": {
        "fresh bread": "The bread was warm and smelled of the oven.",
        "kind staff": "They found a high chair before we had asked for one.",
        "lovely garden": "We sat under the old chestnut until the lights went out.",
        "good value": "For that price I have eaten far worse elsewhere.",
    },
}
_SITES = ("Harbor", "Old Town", "Station", "Airport", "University", "Market Hall", "Riverside")


def plain(text: str) -> str:
    """Return a text as it is."""
    return text


@dataclass(frozen=True)
class Maker:
    """Makes summaries.

    Attributes:
        classes: names of the answers.
        periods: months; 0 without dates.
        sites: groups; 0 without groups.
        themes: whether there are themes and aspects.
        labelled: whether the reviews have labels.
        corrected: whether shares account for the model's errors.
        word: what becomes of each text that a stranger could have written.
    """

    classes: tuple[str, ...] = TWO
    periods: int = 14
    sites: int = 7
    themes: bool = True
    labelled: bool = False
    corrected: bool = True
    word: Callable[[str], str] = plain

    def summary(self) -> Summary:
        """Return the summary."""
        first = [f"{2023 + month // 12}-{month % 12 + 1:02}-01" for month in range(self.periods)]
        names: list[Group] = [(self.word(self._site(site)),) for site in range(self.sites)]
        worst = 0.27
        cells = [self._cell((), None, 8_412, worst)]
        cells += [
            self._cell((), period, 601 - 3 * at, worst - 0.05 + 0.1 * at / self.periods)
            for at, period in enumerate(first)
            if at != 5
        ]
        cells += [self._cell(name, None, 1_900 // (at + 1), 0.2 + 0.13 * (at % 3))
                  for at, name in enumerate(names)]  # fmt: skip
        cells += [
            self._cell(name, period, 40, 0.2 + 0.13 * (site % 3) + 0.002 * at)
            for site, name in enumerate(names)
            for at, period in enumerate(first)
        ]
        if names:
            cells.append(Cell((self.word("Closed"),), None, 12, 1, ()))
        return Summary(
            title=self.word("reviews.csv"),
            model=self.word("general"),
            rows=9_001,
            reviews=8_412,
            classes=self.classes,
            by=(self.word("site"),) if names else (),
            unit="month" if first else "",
            periods=tuple(first),
            corrected=self.corrected,
            cells=tuple(cells),
            differences=tuple(
                Difference(name, 0, 0.46, 0.26, 1e-9, 1e-8) for name in names[2:3]
            ) + tuple(Difference(name, 0, 0.2, 0.29, 1e-3, 2e-3) for name in names[:1]),
            moves=(Difference((), 0, 0.31, 0.23, 1e-5, 1e-4),) if first else (),
            sampled=5_000,
            themes=tuple(self._themes(first)) if self.themes else (),
            aspects=tuple(self._aspects()) if self.themes else (),
            left_out=LeftOut(31, 2, 301, ((self.word("German"), 120), ("French", 8)), 257,
                             (Repeated(self.word("Great!"), 97), Repeated("ok", 12))),
            notes=("shares hold for reviews like these", self.word("2 values are no dates")),
        )  # fmt: skip

    def _site(self, site: int) -> str:
        again = site // len(_SITES)
        return _SITES[site % len(_SITES)] + (f" {again + 1}" if again else "")

    def _cell(self, group: Group, period: str | None, reviews: int, worst: float) -> Cell:
        rest = 1 - worst
        values = [worst, *(rest * share for share in self._split())]
        reach = 1.96 * np.sqrt(0.25 / reviews)
        shares = tuple(
            Share(value, max(value - reach, 0.0), min(value + reach, 1.0), value * 0.9 + 0.05,
                  value * 0.98 if self.labelled else None)
            for value in values
        )  # fmt: skip
        return Cell(group, period, reviews, reviews // 28, shares)

    def _split(self) -> Sequence[float]:
        weights = np.arange(1.0, len(self.classes))
        return (weights / weights.sum()).tolist()

    def _quotes(self, label: int, sentence: str) -> tuple[Quote, ...]:
        texts = (sentence, f"{sentence[:-1]}, again!")
        return tuple(
            Quote(
                self.word(text),
                f"We came twice. {self.word(text)} We will see.",
                f"{self.word('reviews.csv')}:{row}",
                label,
            )
            for row, text in enumerate(texts, start=7)
        )

    def _themes(self, periods: Sequence[str]) -> Sequence[Theme]:
        return [
            Theme(
                name=self.word(name),
                phrases=(self.word(name), self.word(f"a {name}"), self.word(name.split()[-1])),
                label=label,
                reviews=420 - 70 * at,
                share=0.21 - 0.035 * at,
                z=14.0 - at,
                trend=tuple(
                    None if month == 5 else 0.1 + 0.01 * month * (-1) ** at
                    for month in range(len(periods))
                ),
                quotes=self._quotes(label, sentence),
            )
            for label, kind in enumerate(self.classes)
            for at, (name, sentence) in enumerate(_TALK.get(kind, {}).items())
        ]

    def _aspects(self) -> Sequence[Aspect]:
        even = tuple(1 / len(self.classes) for _ in self.classes)
        return [
            Aspect(self.word("parking"), (self.word("parking"),), 0, (), asked=True),
            Aspect(self.word("food"), (self.word("food"), self.word("dishes")), 910,
                   (0.35, *(0.65 * share for share in self._split())),
                   quotes=self._quotes(0, "The food was cold.")),
            Aspect(self.word("garden"), (self.word("garden"),), 204, even),
        ]  # fmt: skip
