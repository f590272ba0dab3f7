"""Words, phrases and emoji that name a class of sentiment: `neg`, *Not recommended*, 👍."""

import re
from functools import lru_cache

from sentiment.labels import NEGATIVE, NEUTRAL, POSITIVE
from sentiment.values import words_of

POSITIVE_WORDS = frozenset({"pos", "positive", "good", "true", "yes"})
NEGATIVE_WORDS = frozenset({"neg", "negative", "bad", "false", "no"})
NEUTRAL_WORDS = frozenset({"neu", "neut", "neutral", "neither", "mixed"})
# The labels that are told from the words of a text.
LABEL_WORDS = POSITIVE_WORDS | NEGATIVE_WORDS | NEUTRAL_WORDS


def _meanings(positive: str, negative: str, neutral: str = "") -> dict[str, str]:
    """Return the class of each word of three lists."""
    lists = ((POSITIVE, positive), (NEGATIVE, negative), (NEUTRAL, neutral))
    return {word: name for name, words in lists for word in words.split()}


# Words whose orientation is assumed, like that of numbers.
_ASSUMED = _meanings("true yes ✅ ✔ ✓ ➕", "false no ❌ ✖ ✗ ➖")
# With the letters that stand for them; `n` beside `pos` and `neg` is neutral.
YES_OR_NO = _ASSUMED | _meanings("t y", "f n")
_ALONE = _meanings(
    "promoter like liked upvote upvoted fresh bullish",
    "detractor dislike disliked downvote downvoted rotten bearish",
    "passive ok okay average fair",
)
# Words that also stand in *very positive*, *positive sentiment*, `label_pos`.
_GRADED = _meanings(
    "pos positive good great excellent amazing outstanding superb perfect best favorable "
    "favourable satisfied recommend recommends recommended positif positiv positiva positivo",
    "neg negative bad poor terrible awful horrible dreadful worst unfavorable unfavourable "
    "dissatisfied unsatisfied negatif négatif negativ negativa negativo",
    "neu neut neutral neither mixed neutra neutre neutro",
)
_PHRASES = {
    phrase: name
    for name, phrases in (
        (POSITIVE, ["thumbs up", "thumb up", "would recommend", "i recommend"]),
        (NEGATIVE, ["thumbs down", "thumb down", "not satisfied"]),
        (NEUTRAL, ["so so", "neither positive nor negative", "neither good nor bad"]),
    )
    for phrase in phrases
} | {
    f"{refusal} {verb}": NEGATIVE
    for refusal in ("not", "do not", "dont", "would not", "wouldnt", "i do not", "i dont", "never")
    for verb in ("recommend", "recommended")
}
_GRADES = frozenset(
    words_of(
        """
    a absolutely bit clear clearly completely definitely extreme extremely fairly highly leaning
    little mild mildly moderate moderately more most mostly overwhelmingly partially partly pretty
    quite rather really slight slightly somewhat strong strongly super totally ultra very weak
    weakly
    """
    ).split()
)
_FILLING = frozenset(
    words_of(
        "class emotion experience feedback feeling feelings label opinion overall polarity rating "
        "review sentiment tone"
    ).split()
)
# The least that is a label wherever it stands: these and their grades.
_POLES = frozenset({"pos", "positive", "neg", "negative", "neutral"})
_NUMBERING = re.compile(r"\A\d+\s*[-–.:)=]\s*|\s*[(\[]-?\d+[)\]]\Z")  # `5 - Excellent`
_JOINED = re.compile(r"(?<=[a-z])(?=(?:posi|nega)tive\b)")  # as in `VeryPositive`
_SIGNS = {
    POSITIVE: "👍😀😃😄😁😆😊☺🙂😍🥰🤩😎❤♥💚👏🎉",
    NEGATIVE: "👎😞😠😡🙁☹😢😭😤🤬😒😖😫😩🤮💩💔",
    NEUTRAL: "😐😑😶🫤",
}
_OF_SIGN = {sign: name for name, signs in _SIGNS.items() for sign in signs}
_OF_SIGN |= {":)": POSITIVE, ":-)": POSITIVE, ":d": POSITIVE, ":-d": POSITIVE}
_OF_SIGN |= {":(": NEGATIVE, ":-(": NEGATIVE, ":|": NEUTRAL, ":-|": NEUTRAL}
_LONGEST = 60  # characters of a label


def is_assumed_word(word: str) -> bool:
    """Return whether a word may be meant the other way round: `yes`, `false`."""
    return word in _ASSUMED


def meaning_of(word: str) -> str | None:
    """Return the class that a case-folded word or phrase names, or None."""
    return _ASSUMED.get(word) or _ALONE.get(word) or named_class(word)


@lru_cache(maxsize=4096)
def named_class(word: str) -> str | None:
    """Return the class that a word plainly names, as `yes` does not, or None."""
    if len(word) > _LONGEST:
        return None
    if signs := _of_signs(word):
        return signs
    words = [each for each in _words(word) if each not in _FILLING]
    ungraded = [each for each in words if each not in _GRADES]
    if phrase := _PHRASES.get(" ".join(words)) or _PHRASES.get(" ".join(ungraded)):
        return phrase
    named = {_GRADED.get(each) for each in ungraded}  # *neutral/mixed* is one class
    return named.pop() if len(named) == 1 else None


def is_pole(word: str) -> bool:
    """Return whether a word is `positive`, `negative` or `neutral`, perhaps graded."""
    if len(word) > _LONGEST:
        return False
    poles = [each for each in _words(word) if each not in _GRADES]
    return len(poles) == 1 and poles[0] in _POLES


def _words(text: str) -> list[str]:
    return _JOINED.sub(" ", words_of(_NUMBERING.sub("", text))).split()


def _of_signs(text: str) -> str | None:
    """Return the class of one sign, or of several that agree."""
    named = {_OF_SIGN.get(text)} if text in _OF_SIGN else {_OF_SIGN.get(sign) for sign in text}
    return named.pop() if len(named) == 1 else None
