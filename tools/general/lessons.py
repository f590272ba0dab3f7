"""Short sentences from word lists, for what few reviews teach, such as negated praise.

The bundled model is trained on them and on real reviews. They are not the checks of `sentiment
probe`: the first were written without looking at those, and later ones (what things do, trouble,
service) for the kinds of checks that failed.
"""

import random
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_TEXT = (Path(__file__).parent / "words.toml").read_text(encoding="utf-8")
_LISTS = tomllib.loads(_TEXT)


def _words(name: str) -> list[str]:
    return str(_LISTS[name]).split()


def _phrases(name: str) -> list[str]:
    return str(_LISTS[name]).strip().splitlines()


GOOD = _words("good")
BAD = _words("bad")
FEELING_GOOD = _words("feeling_good")
FEELING_BAD = _words("feeling_bad")
LIKING = _words("liking")
DISLIKING = _words("disliking")
GOOD_THING = _words("good_thing")
BAD_THING = _words("bad_thing")
DELIVERING = _words("delivering")
FAILING = _words("failing")
TROUBLE = _words("trouble")
VIRTUES = _words("virtues")
BETTER = _words("better")
WORSE = _words("worse")
THINGS = _words("things")
HAPPY = _words("happy")
SAD = _words("sad")
GOOD_NEWS = _phrases("good_news")
BAD_NEWS = _phrases("bad_news")
COMPLIMENTS = _phrases("compliments")
COMPLAINTS = _phrases("complaints")
PRAISE = _phrases("praise")
BLAME = _phrases("blame")
STATEMENTS = _phrases("statements")
PEOPLE = _words("people")
NO_SUBJECT = _words("no_subject")

# Subjects of *was* in real texts: *the end of the book*.
_SUBJECT = re.compile(
    r"\b((?:the|my|this|our|their|his|her|these|those|your) (?:[a-z'-]+ ){1,4}?)"
    r"(?:is|was|are|were|looks|seems|feels|looked|felt)\b"
)

# The probability that a sentence is positive: stated, negated, leaning, neutral. *Not bad* is not
# always good.
_SAID = {True: 0.97, False: 0.03}
_TAKEN_BACK = {True: 0.06, False: 0.85}
_LEANING = {True: 0.8, False: 0.2}
_NEUTRAL = 0.5


class Writer:
    """Fills patterns with words at random."""

    def __init__(self, seed: int, subjects: Sequence[str] = ()) -> None:
        """Seed the random numbers; `subjects` are used in addition to the listed things."""
        self._random = random.Random(seed)
        self._subjects = subjects

    def one(self, *choices: str) -> str:
        """Return one of the choices."""
        return self._random.choice(choices)

    def side(self) -> bool:
        """Return whether a sentence is to be positive."""
        return self._random.random() < 0.5

    def adjective(self, good: bool) -> str:
        """Return an adjective."""
        return self.one(*(GOOD if good else BAD))

    def thing(self) -> tuple[str, bool]:
        """Return a subject with its article, and whether it is plural."""
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
        """Return a singular noun without an article."""
        return self.one(*(thing for thing in THINGS if not thing.endswith("*")))

    def was(self, several: bool) -> str:
        """Return *was* or *is*, or the plural."""
        return self.one("were", "are") if several else self.one("was", "is", "was")

    def was_not(self, several: bool) -> str:
        """Return a form of *was not*."""
        not_, n_t = ("were not", "weren't") if several else ("was not", "wasn't")
        now = ("are not", "aren't") if several else ("is not", "isn't")
        return self.one(not_, n_t, *now)

    def degree(self) -> str:
        """Return an adverb of degree, or ""."""
        return self.one(
            "", "", "", "really ", "very ", "so ", "absolutely ", "quite ", "just ", "pretty "
        )

    def like(self, good: bool, tense: int) -> str:
        """Return a verb of liking or disliking; with tense 1, in the past tense."""
        return self.one(*(LIKING if good else DISLIKING)).split("/")[tense]

    def said(self, good: bool) -> str:
        """Return a plain opinion."""
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
        """Fill in the placeholders of a phrase."""
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
        """Return something that satisfied customers do again."""
        return self.one("buy it again", "go back", "order again", "come back", "watch it again", "stay here again",
                        "use them again", "recommend it", "read it again", "do it again")  # fmt: skip


class Lesson(NamedTuple):
    """A sentence, and the degree to which it is positive, from 0 to 1."""

    text: str
    positive: float


def _plain(w: Writer) -> Lesson:
    good = w.side()
    text = w.said(good)
    if w.side():
        text += w.one(", ", ". ", " and ", "! ") + w.said(good)
    return Lesson(text, _SAID[good])


def _negation(w: Writer) -> Lesson:
    good = w.side()
    (thing, several), adjective = w.thing(), w.adjective(good)
    is_not = w.was_not(several)
    text = w.one(
        f"{thing} {is_not} {w.one('', '', 'very ', 'that ', 'particularly ', 'really ', 'all that ')}{adjective}",
        f"{thing} {is_not} {adjective} {w.one('at all', 'in the least', 'in any way', 'by any means')}",
        f"{thing} {w.was(several)} {w.one('never', 'hardly', 'not', 'by no means', 'in no way', 'not exactly')} {adjective}",
        f"I {w.one('did not', 'didn’t', 'do not', 'don’t', 'never', 'can not', 'can’t')} {w.like(good, 0)} {thing}",
        f"I {w.one('cannot', 'can’t', 'wouldn’t', 'won’t')} {w.one('say', 'say that', 'claim')} I {w.like(good, 1)} {thing}",
        f"I {w.one('wouldn’t', 'would not', 'cannot')} {w.one('call', 'say')} {thing} {w.one('', 'is ')}{adjective}",
        f"{w.one('nobody', 'no one', 'none of us')} {w.one('would call', 'could call', 'found', 'thought')} {thing} {adjective}",
        f"{w.one('nobody', 'no one', 'none of us')} {w.like(good, 1)} {thing}",
        f"there {w.one('is', 'was')} nothing {adjective} about {thing}",
        f"there {w.one('is', 'was')} {w.one('not a single', 'no')} {adjective} {w.noun()}",
        f"{w.one('not', 'hardly', 'never')} a {adjective} {w.noun()}",
        f"not {w.one('very ', 'so ', '')}{adjective}{w.one(' at all', '')}",
        f"I {w.one('don’t', 'do not', 'didn’t')} {w.one('think', 'believe', 'find', 'feel')} {thing} {w.was(several)} {adjective}",
        f"I {w.one('am', 'was')} not {w.one('', 'very ', 'at all ')}{w.one(*(FEELING_GOOD if good else FEELING_BAD))} with {thing}",
        f"{thing} {w.was(several)} {w.one('far from', 'anything but', 'nowhere near')} {adjective}",
        f"{thing} {is_not} a {w.one(*(GOOD_THING if good else BAD_THING))}",
        f"{thing} {w.was(several)} {w.one('neither', 'not')} {adjective} {w.one('nor', 'or')} {w.adjective(good)}",
        f"without {w.one('any', 'a single')} {adjective} {w.noun()}",
        f"{w.one('I see nothing', 'I found nothing', 'we saw nothing')} {adjective} in {thing}",
        f"{thing} {w.one('lacks', 'lacked')} anything {adjective}",
    )  # fmt: skip
    return Lesson(text, _TAKEN_BACK[good])


def _doing(w: Writer) -> Lesson:
    """Describe what things do or do not do."""
    good = w.side()
    thing, several = w.thing()
    base, does, did = w.one(*(DELIVERING if good else FAILING)).split("/")
    if w.side():
        return Lesson(f"{thing} {base if several else w.one(does, did)}", _SAID[good])
    do_not = (
        w.one("do not", "don’t", "didn’t")
        if several
        else w.one("does not", "doesn’t", "did not", "didn’t", "won’t")
    )
    text = w.one(
        f"{thing} {do_not} {base}",
        f"{thing} {do_not} {base} or {w.one(*(DELIVERING if good else FAILING)).split('/')[0]}",
        f"{thing} never {did}",
        f"{thing} has {w.one('never', 'not')} {did.replace('broke', 'broken').replace('froze', 'frozen')}",
        f"nothing {w.one(does, did)}",
    )
    return Lesson(text, _TAKEN_BACK[good])


def _having(w: Writer) -> Lesson:
    """Describe what a thing has or lacks."""
    good = w.side()
    one, two = (w.one(*(VIRTUES if good else TROUBLE)) for _ in range(2))
    thing, _ = w.thing()
    if w.side():
        text = w.one(f"nothing but {one}", f"{one} and {two}", f"{one} with {thing}", f"so much {one}", f"{thing} has {one}",
                     f"{one} everywhere", f"{thing} was full of {one}", f"{one} after {one}", f"endless {one}",
                     f"plenty of {one}", f"{thing} has so much {one}")  # fmt: skip
        return Lesson(text, _SAID[good])
    text = w.one(f"no {one}", f"no {one}, no {two}", f"no {one} with {thing}", f"without {w.one('any ', '')}{one}",
                 f"not {w.one('a single bit of', 'any', 'a hint of', 'a trace of')} {one}", f"I {w.one('have', 'had')} no {one}",
                 f"there {w.one('was', 'were')} no {one} in {thing}", f"{thing} {w.one('had', 'has')} no {one}", f"no {one} at all",
                 f"zero {one}", f"no {one} or {two}", f"never any {one}", f"{thing} {w.one('lacks', 'lacked')} {one}")  # fmt: skip
    return Lesson(text, 0.05 if good else 0.88)


def _service(w: Writer) -> Lesson:
    """Write to a company."""
    good = w.side()
    text = w.one(*(COMPLIMENTS if good else COMPLAINTS))
    if w.side():
        text += w.one(". ", ", ", " ", "! ") + (w.said(good) if w.side() else w.one(*STATEMENTS))
    return Lesson(w.one("", "", "@shop ", "@support ", "hey @shop ") + text, _SAID[good])


def _fixed(w: Writer) -> Lesson:
    """Use idioms whose words mislead."""
    good = w.side()
    return Lesson(w.filled(w.one(*(PRAISE if good else BLAME))), _SAID[good])


def _at_the_end(w: Writer) -> Lesson:
    good = w.side()
    (thing, several), adjective = w.thing(), w.adjective(good)
    it = "they" if several else "it"
    was_not = (
        w.one("weren’t", "were not") if several else w.one("wasn’t", "was not", "isn’t", "is not")
    )
    text = w.one(
        f"I {w.one('thought', 'hoped', 'expected', 'was told', 'believed')} {thing} would be {adjective}"
        f"{w.one(', but ', ' but ', '; ', '. ')}{it} {was_not}",
        f"I {w.one('wanted to', 'thought I would', 'expected to', 'hoped to', 'tried to')} {w.like(good, 0)} {thing}"
        f"{w.one(', but ', ' but ', '. ')}I {w.one('didn’t', 'did not', 'couldn’t', 'don’t')}",
        f"{w.one('everyone said', 'people told me', 'the ad claimed', 'my friends said', 'they say')} {thing} {w.was(several)} "
        f"{adjective}{w.one(', but ', ' but ', '. ', '; ')}{it} {was_not}",
        f"{thing} should have been {adjective}{w.one(', but ', '. ')}{it} {was_not}",
        f"{thing} {w.one('looks', 'sounds', 'seemed', 'looked')} {adjective}{w.one(', but ', '. ')}{it} {was_not}",
        f"{adjective}? {w.one('no', 'not at all', 'hardly', 'not really', 'not even close', 'nope')}",
        f"{w.one('my friends', 'the critics', 'others')} {w.like(good, 1)} {thing}{w.one(', but ', '. ')}I {w.one('didn’t', 'did not', 'don’t')}",
        f"{w.one('you would think', 'you’d expect')} {thing} {w.was(several)} {adjective}{w.one(', but ', '. ')}{it} {was_not}",
        f"I wish I could say {thing} {w.was(several)} {adjective}",
        f"if only {thing} were {adjective}",
        f"a {adjective} {w.noun()}? {w.one('not this one', 'not here', 'not for me', 'far from it', 'no', 'not this time')}",
        f"some {w.one('call', 'find', 'say')} {thing} {adjective}{w.one('. ', ', but ')}I {w.one('don’t', 'do not', 'cannot agree', 'couldn’t disagree more')}",
        f"I {w.one('was told to expect', 'was ready for', 'expected')} a {adjective} {w.noun()}{w.one(', but ', '. ')}it was "
        f"{w.one('nothing of the kind', 'nothing of the sort', 'the opposite', 'not like that at all', 'not')}",
        f"{adjective}, {w.adjective(good)}, {w.adjective(good)}: {thing} {w.was(several)} {w.one('none of that', 'none of these')}",
        f"calling {thing} {adjective} would be {w.one('a lie', 'wrong', 'a stretch')}",
    )  # fmt: skip
    return Lesson(text, _TAKEN_BACK[good])


def _contrast(w: Writer) -> Lesson:
    good = w.side()
    first, last = w.said(not good), w.said(good)
    text = w.one(
        f"{first}{w.one(', but ', ' but ', '; however, ', '. However, ', ', yet ')}{last}",
        f"{w.one('although', 'though', 'even though', 'while')} {first}, {last}",
        f"{last}, {w.one('although', 'though', 'even though', 'even if')} {first}",
        f"despite the {w.adjective(not good)} {w.noun()}, {last}",
        f"{last} despite the {w.adjective(not good)} {w.noun()}",
        f"{first}, but {w.one('in the end', 'overall', 'still', 'all in all')} {last}",
    )
    return Lesson(text, _LEANING[good])


def _comparison(w: Writer) -> Lesson:
    good = w.side()
    thing, several = w.thing()
    other = w.one("the old one", "my last one", "the others", "the competition", "I expected", "what I had before",
                  "anything else", "the original", "the previous version", "the one next door")  # fmt: skip
    more = w.one(*(BETTER if good else WORSE))
    if w.side():
        text = f"{thing} {w.was(several)} {w.one('', 'much ', 'far ', 'a lot ', 'so much ')}{more} than {other}"
        return Lesson(text, _SAID[good])
    old = w.one(
        "the old one",
        "my last one",
        "the previous version",
        "the original",
        "the other place",
        "their rival",
    )
    text = w.one(
        f"{old} was {w.one('much ', 'far ', '')}{more}",
        f"I {w.one('prefer', 'miss', 'want')} {old}",
        f"{thing} {w.one('is no match for', 'does not compare to', 'cannot compete with')} {old}",
        f"I should have kept {old}",
        f"not as {w.adjective(True)} as {other}",
    )
    return Lesson(text, _TAKEN_BACK[good] if text.endswith(more) else _LEANING[False])


def _question(w: Writer) -> Lesson:
    good = w.side()
    thing, several = w.thing()
    kind = w.one("answered", "answered", "again", "why", "open")
    if kind == "open":
        adjective = w.adjective(good)
        text = w.one(f"is {thing} {adjective}?", f"does anyone know if {thing} {w.was(several)} {adjective}?",
                     f"do you {w.like(good, 0)} {thing}?", f"which {w.noun()} is {adjective}?")  # fmt: skip
        return Lesson(text, _NEUTRAL)
    if kind == "why":
        text = w.one(f"why would anyone {w.again()}?", f"who {w.one('approved', 'designed', 'wrote')} {thing}?",
                     "how hard can it be?", "what were they thinking?", "is that too much to ask?")  # fmt: skip
        return Lesson(text, _LEANING[False])
    if kind == "again":
        yes = w.one(
            "in a heartbeat", "absolutely", "definitely", "yes", "any day", "without a doubt"
        )
        no = w.one("never", "no way", "no", "not a chance", "absolutely not", "definitely not")
        return Lesson(f"would I {w.again()}? {yes if good else no}", _SAID[good])
    adjective = w.adjective(good)
    asked = w.one(f"was {thing} {adjective}?", f"is {thing} {adjective}?", f"did I {w.like(good, 0)} {thing}?",
                  f"{adjective}?", f"was there anything {adjective} about {thing}?")  # fmt: skip
    if w.side():
        answer = w.one(
            "yes", "absolutely", "very", "you bet", "yes it was", "oh yes", "definitely", "and how"
        )
        return Lesson(f"{asked} {answer}", _SAID[good])
    answer = w.one(
        "no",
        "not really",
        "not at all",
        "hardly",
        "no it wasn’t",
        "absolutely not",
        "nope",
        "not one bit",
    )
    return Lesson(f"{asked} {answer}", _TAKEN_BACK[good])


def _time(w: Writer) -> Lesson:
    good = w.side()
    (thing, several), adjective = w.thing(), w.adjective(good)
    then = w.one(
        "last year",
        "before the update",
        "at first",
        "when it was new",
        "under the old owner",
        "years ago",
        "once",
    )
    now = f"{w.one('now ', 'these days ', 'today ', 'nowadays ', 'lately ')}"
    it_is = "they are" if several else w.one("it is", "it’s")
    other = w.adjective(not good)
    both = (
        f"{thing} used to be {adjective}{w.one(', but ', ', ', '. ')}{now}{it_is} {other}",
        f"{thing} {w.was(False).replace('is', 'was')} {adjective} {then}{w.one(', but ', ', ', '. ')}{now}{it_is} {other}",
        f"{it_is} {other} now, {w.one('it used to be', 'it was once')} {adjective}",
        f"I used to {w.like(good, 0)} {thing}, {w.one('but ', '')}{now}I {w.like(not good, 0)} it",
        f"{thing} went from {adjective} to {other}",
        f"{thing} {w.one('was', 'had been')} {adjective} until {w.one('the update', 'they changed it', 'recently', 'the new owner came')}",
        f"since {w.one('the update', 'the move', 'they changed it', 'last month')} {thing} is {other}",
        f"{thing} {w.one('has become', 'became', 'turned', 'got', 'is getting')} {other}",
    )  # fmt: skip
    before = (
        f"{w.one('I remember when', 'that was back when', 'gone are the days when')} {thing} was {adjective}",
        f"{thing} used to be {adjective}", f"I used to {w.like(good, 0)} {thing}",
        f"I {w.like(good, 1)} {thing} {then}, not anymore", f"{thing} {w.one('is no longer', 'is not', 'isn’t')} {adjective} {w.one('', 'anymore')}",
        f"{thing} was {adjective} {then}, {w.one('but no longer', 'not anymore', 'not now')}",
    )  # fmt: skip
    if w.side():
        return Lesson(w.one(*both), 0.1 if good else 0.92)
    return Lesson(w.one(*before), _TAKEN_BACK[good])


def _emoji(w: Writer) -> Lesson:
    good = w.side()
    face = " ".join(w.one(*(HAPPY if good else SAD)) for _ in range(1 + w.side() * w.side()))
    text = w.one(w.one(*STATEMENTS), w.one(*STATEMENTS), w.said(good))
    return Lesson(f"{text}{w.one(' ', ' ', '. ')}{face}", 0.93 if good else 0.07)


def _statement(w: Writer) -> Lesson:
    return Lesson(w.one(*STATEMENTS), _NEUTRAL)


_KINDS: dict[Callable[[Writer], Lesson], int] = {
    _plain: 36,
    _negation: 25,
    _doing: 10,
    _having: 12,
    _service: 12,
    _fixed: 14,
    _at_the_end: 12,
    _contrast: 8,
    _comparison: 6,
    _question: 8,
    _time: 12,
    _emoji: 5,
    _statement: 2,
}


def lessons(count: int, subjects: Sequence[str] = (), seed: int = 0) -> Iterator[Lesson]:
    """Yield a number of lessons, the same for the same seed.

    Args:
        count: the number.
        subjects: additional subjects of sentences, such as *the end of the book*.
        seed: of the random numbers.
    """
    writer, mechanics = Writer(seed, subjects), random.Random(seed + 1)
    kinds, shares = list(_KINDS), list(_KINDS.values())
    for _ in range(count):
        made = mechanics.choices(kinds, shares)[0](writer)
        text = made.text
        if mechanics.random() < 0.7:
            text = text[0].upper() + text[1:]
        if text[-1].isalpha() and mechanics.random() < 0.8:
            text += mechanics.choice("....!")
        yield Lesson(text.replace("’", "'"), made.positive)


def subjects_of(texts: Iterable[str]) -> list[str]:
    """Return the subjects of sentences in real texts, except those that express an opinion."""
    opinions = {*NO_SUBJECT, *GOOD, *BAD}
    found = {match.strip() for text in texts for match in _SUBJECT.findall(text)}
    return sorted(subject for subject in found if opinions.isdisjoint(subject.split()))
