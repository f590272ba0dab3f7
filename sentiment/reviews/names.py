"""The names by which columns of texts and of labels are known."""

import re

# Each list holds names of one rank; a file with two of the best rank is a tie, never a guess.
TEXT_NAMES = (
    frozenset(
        {
            "text", "review", "review text", "review body", "sentence", "comment", "tweet",
            "content", "body", "message", "feedback", "document",
        }
    ),
    frozenset({"title", "summary", "headline"}),
)  # fmt: skip
LABEL_NAMES = (
    frozenset({"label", "sentiment", "polarity", "target", "class", "y"}),
    frozenset({"rating", "stars", "star rating", "overall", "score"}),
)
ID_NAMES = frozenset(
    {"", "id", "ids", "uid", "uuid", "index", "idx", "key", "line", "no", "nr", "number", "row",
     "unnamed: 0"}
)  # fmt: skip
KNOWN_NAMES = frozenset().union(*TEXT_NAMES, *LABEL_NAMES)


def normal_name(name: str) -> str:
    """Write a name in lower-case words: `Review-Text` and `reviewText` → `review text`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return " ".join(re.sub(r"[\s_-]+", " ", words).split()).lower()


def last_word(name: str) -> str:
    """Give the last word of a name: `airline_sentiment` → `sentiment`."""
    return normal_name(name).rpartition(" ")[2]


def is_id_name(name: str) -> bool:
    """Tell whether a name is one of a column that numbers or identifies the rows."""
    return normal_name(name) in ID_NAMES or last_word(name) in ID_NAMES


def numbered_names(count: int) -> list[str]:
    """Name columns without names: "1", "2", …."""
    return [str(number) for number in range(1, count + 1)]


def is_text_name(name: str) -> bool:
    """Tell whether a name is one that columns of texts have."""
    return any(normal_name(name) in names for names in TEXT_NAMES)


def is_known_name(name: str) -> bool:
    """Tell whether a name is one that columns of texts or of labels have."""
    return normal_name(name) in KNOWN_NAMES
