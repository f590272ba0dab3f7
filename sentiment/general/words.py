"""Words of praise and blame, and things to say them of: what `words.toml` holds."""

import tomllib
from pathlib import Path

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
