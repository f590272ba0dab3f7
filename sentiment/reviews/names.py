"""The names by which columns of texts and of labels are known: one rule for all who ask."""

import re
from functools import lru_cache

# Each list holds names of one rank; a file with two of the best rank is a tie, never a guess.
TEXT_NAMES = (
    frozenset(
        {
            "text", "review", "review text", "review body", "sentence", "comment", "tweet",
            "content", "body", "message", "feedback", "document", "reviewtext", "reviewbody",
            "commenttext", "tweettext", "fulltext", "selftext", "full text",
        }
    ),
    frozenset(
        {
            "verbatim", "testimonial", "opinion", "remark", "utterance", "phrase", "post",
            "response", "answer", "transcript", "caption", "description",
        }
    ),
    frozenset({"title", "summary", "headline"}),
)  # fmt: skip
LABEL_NAMES = (
    frozenset({"label", "sentiment", "polarity", "target", "class", "y"}),
    frozenset({"rating", "star", "star rating", "overall", "score"}),
    frozenset({"voted up", "thumb up", "recommended", "recommended ind", "recommend"}),
)
ID_NAMES = frozenset(
    {"", "id", "uid", "uuid", "index", "idx", "key", "line", "no", "nr", "number", "row",
     "unnamed 0"}
)  # fmt: skip
# What a first row may be known by; *recommended* may as well be a label.
HEADER_NAMES = frozenset().union(*TEXT_NAMES, *LABEL_NAMES[:2])
_WORDS = frozenset(word for name in HEADER_NAMES | ID_NAMES for word in name.split())
_PARTS = re.compile(r"[^\W_]+")
# Before a capital that follows a small letter or a digit, and before the last of several capitals.
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST = 100  # characters; what is longer is no name
_OPTIONAL_S = re.compile(r"\(s\)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def normal_name(name: str) -> str:
    """Return a name in lower-case words, known ones in the singular.

    Words are parted at all marks and in camel case: `Review-Texts`, `reviews.text`, `reviewText`
    and `Review Text*` are all `review text`.
    """
    if len(name) > _LONGEST:
        return name
    words = _PARTS.findall(_CAMEL.sub(" ", _OPTIONAL_S.sub("", name)))
    return " ".join(map(_singular, words)).lower()


def last_word(name: str) -> str:
    """Return the last word of a name, a number behind it aside: `airline_sentiment` → `sentiment`.

    `comment_2` is one of several columns of comments.
    """
    words = normal_name(name).split()
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    return words[-1] if words else ""


def is_id_name(name: str) -> bool:
    """Tell whether a name is one of a column that numbers or identifies the rows."""
    return normal_name(name) in ID_NAMES or last_word(name) in ID_NAMES


def numbered_names(count: int) -> list[str]:
    """Name columns without names: "1", "2", …."""
    return [str(number) for number in range(1, count + 1)]


def is_text_name(name: str) -> bool:
    """Tell whether a name is one that columns of texts have, as a whole or by its last word."""
    return any(normal_name(name) in names or last_word(name) in names for names in TEXT_NAMES)


def is_known_name(name: str) -> bool:
    """Tell whether a name is one of a column of texts or labels, as a whole or by its last word."""
    return normal_name(name) in HEADER_NAMES or last_word(name) in HEADER_NAMES


def is_written_as_name(name: str) -> bool:
    """Tell whether a known name could be nothing else: `Reviews`, `tweet_text`, not *Nice review*.

    Words with spaces between them may be a text.
    """
    return normal_name(name) in HEADER_NAMES or (is_known_name(name) and " " not in name.strip())


def _singular(word: str) -> str:
    lower = word.lower()
    for plural, singular in (("ies", "y"), ("ses", "s"), ("s", "")):
        found = lower.removesuffix(plural) + singular
        if lower.endswith(plural) and found in _WORDS:
            return found
    return lower
