"""Texts that stand for no text: missing values as programs write them, and *no comment*."""

import re

# How pandas, R, spreadsheets and SQL write that there is no value, in lower case.
MISSING_WORDS = frozenset(
    {"#n/a", "#n/a n/a", "#na", "-nan", "<na>", "\\n", "n/a", "na", "nan", "none", "null"}
)
# What people write where they have no opinion to give: words alone, as `words_of` gives them.
_NO_OPINION = frozenset(
    f"{words}{more}"
    for words in (
        "no comment", "no comments", "no further comment", "no further comments",
        "no other comment", "no other comments", "no additional comment", "no additional comments",
        "no more comments", "no comment at all", "no comments at all", "without comment",
        "i have no comment", "i have no comments", "i have no further comments",
        "no feedback", "no remark", "no remarks", "no opinion", "i have no opinion",
        "no answer", "no response", "no reply", "no review", "no text", "no data", "no input",
        "no description", "no suggestion", "no suggestions", "none given", "none provided",
        "not provided", "not given", "not specified", "not stated", "not available",
        "not applicable", "does not apply", "unavailable", "undefined", "unspecified", "unknown",
        "n a", "n a n a", "na", "nan", "none", "null", "nil", "nothing",
        "nothing to add", "nothing to say", "nothing else", "nothing else to add", "nothing more",
        "nothing more to add", "nothing more to say", "nothing further", "nothing further to add",
        "nothing to report", "nothing to comment", "nothing comes to mind", "nothing in particular",
        "see above", "as above", "same as above", "see below", "as below", "see other comment",
        "see other comments", "see comment", "see comments", "see comment above",
        "see comments above", "see my comment above", "see my comments above",
        "see previous", "see previous comment", "see previous comments", "see previous answer",
        "see attached", "see attachment", "see title", "see the title", "see subject",
        "see headline", "see review", "see my review", "ditto", "idem", "tbd", "tba",
        "no idea", "not sure", "dont know", "i dont know", "do not know", "i do not know", "idk",
        "cant say", "cannot say", "hard to say", "prefer not to say", "prefer not to answer",
        "rather not say", "lorem ipsum",
    )
    for more in ("", " thanks", " thank you")
)  # fmt: skip
# Placeholders, which in other texts are words like any other: only in brackets.
_BRACKETED = re.compile(r"\s*[\[(<{]\s*(blank|deleted|empty|missing|no \w+|removed)\s*[\])>}]\s*")
_LONGEST = max(map(len, _NO_OPINION))
_MOST_CHARS = 2 * _LONGEST  # with white space and marks


def is_missing_word(text: str) -> bool:
    """Tell whether a cell holds nothing but a word for a missing value, such as `NaN` or `N/A`."""
    return len(text) <= _MOST_CHARS and text.strip().casefold() in MISSING_WORDS


def gives_no_opinion(text: str) -> bool:
    """Tell whether a whole text says that there is nothing to say: *No comment.*, *see above*."""
    if len(text) > _MOST_CHARS:
        return False
    lower = text.casefold()
    return words_of(lower) in _NO_OPINION or _BRACKETED.fullmatch(lower) is not None


def words_of(text: str) -> str:
    """Return the words of a text with a space between them, without marks; `don't` is one."""
    return " ".join(re.findall(r"[^\W_]+", re.sub("['\u2019`\u00b4]", "", text)))
