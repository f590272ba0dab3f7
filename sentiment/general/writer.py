"""Words put together at random, for the patterns of lessons."""

import random
import re
from collections.abc import Iterable, Sequence

from sentiment.general.words import (
    BAD,
    BAD_NEWS,
    BAD_THING,
    BETTER,
    DISLIKING,
    FEELING_BAD,
    FEELING_GOOD,
    GOOD,
    GOOD_NEWS,
    GOOD_THING,
    LIKING,
    NO_SUBJECT,
    THINGS,
    WORSE,
)

# What comes before *was* in real texts: *the end of the book*.
_SUBJECT = re.compile(
    r"\b((?:the|my|this|our|their|his|her|these|those|your) (?:[a-z'-]+ ){1,4}?)"
    r"(?:is|was|are|were|looks|seems|feels|looked|felt)\b"
)


class Writer:
    """Fills patterns with words at random."""

    def __init__(self, seed: int, subjects: Sequence[str] = ()) -> None:
        """Take a seed, and more things to say something of."""
        self._random = random.Random(seed)
        self._subjects = subjects

    def one(self, *choices: str) -> str:
        """One of some texts."""
        return self._random.choice(choices)

    def side(self) -> bool:
        """Whether it is good."""
        return self._random.random() < 0.5

    def adjective(self, good: bool) -> str:
        """A word of praise or blame."""
        return self.one(*(GOOD if good else BAD))

    def thing(self) -> tuple[str, bool]:
        """Something with its article, and whether it is several."""
        if self._subjects and self._random.random() < 0.5:
            return self._random.choice(self._subjects), False
        thing = self.one(*THINGS)
        several = thing.endswith("*")
        if self._random.random() < 0.2:
            return self.one("it", "this", "that", "everything", "the whole thing"), False
        return (
            f"{self.one('the', 'the', 'the', 'this' if not several else 'these', 'my', 'our')} "
            + thing.rstrip("*"),
            several,
        )

    def noun(self) -> str:
        """Something single, without an article."""
        return self.one(*(thing for thing in THINGS if not thing.endswith("*")))

    def was(self, several: bool) -> str:
        """*Was* or *is*."""
        return self.one("were", "are") if several else self.one("was", "is", "was")

    def was_not(self, several: bool) -> str:
        """*Was not*, in one of its forms."""
        not_, n_t = ("were not", "weren't") if several else ("was not", "wasn't")
        now = ("are not", "aren't") if several else ("is not", "isn't")
        return self.one(not_, n_t, *now)

    def degree(self) -> str:
        """How much, or nothing."""
        return self.one(
            "", "", "", "really ", "very ", "so ", "absolutely ", "quite ", "just ", "pretty "
        )

    def like(self, good: bool, tense: int) -> str:
        """To like or dislike; or, with tense 1, to have done so."""
        return self.one(*(LIKING if good else DISLIKING)).split("/")[tense]

    def said(self, good: bool) -> str:
        """An opinion, said outright."""
        thing, several = self.thing()
        adjective = self.adjective(good)
        return self.one(
            f"{thing} {self.was(several)} {self.degree()}{adjective}",
            f"{thing} {self.was(several)} {self.degree()}{adjective}",
            f"I {self.one('', 'really ', 'absolutely ')}{self.like(good, self._random.choice((0, 1)))} {thing}",
            f"what a {adjective} {self.noun()}",
            f"{adjective} {self.noun()}",
            f"{self.one('a', 'such a', 'this is a')} {adjective} {self.noun()}",
            f"{thing} {self.one(*(GOOD_NEWS if good else BAD_NEWS))}",
            f"the {self.noun()} {self.one(*(GOOD_NEWS if good else BAD_NEWS))}",
            f"I {self.one('am', 'was')} {self.degree()}{self.one(*(FEELING_GOOD if good else FEELING_BAD))} with {thing}",
            f"{thing} is a {self.degree().replace('very ', '')}{self.one(*(GOOD_THING if good else BAD_THING))}",
            f"{self.one('found', 'I found', 'we found')} {thing} {self.degree()}{adjective}",
        )

    def filled(self, phrase: str) -> str:
        """Put words where a phrase leaves them open."""
        return phrase.format_map(
            {
                "thing": self.thing()[0],
                "noun": self.noun(),
                "again": self.again(),
                "good": self.adjective(True),
                "bad": self.adjective(False),
                "better": self.one(*BETTER),
                "worse": self.one(*WORSE),
            }
        )

    def again(self) -> str:
        """What one does again."""
        return self.one("buy it again", "go back", "order again", "come back", "watch it again", "stay here again",
                        "use them again", "recommend it", "read it again", "do it again")  # fmt: skip


def subjects_of(texts: Iterable[str]) -> list[str]:
    """Find what real texts say something of, without what says something by itself."""
    opinions = {*NO_SUBJECT, *GOOD, *BAD}
    found = {match.strip() for text in texts for match in _SUBJECT.findall(text)}
    return sorted(subject for subject in found if opinions.isdisjoint(subject.split()))
