"""What things are called when people read of them."""

from sentiment.features import NGrams


def describe(ngrams: NGrams) -> str:
    """Say which n-grams are features."""
    parts = [f"words 1–{ngrams.words}"]
    if ngrams.tail:
        parts.append(f"1–{ngrams.tail_words} of the last {ngrams.tail}")
    if ngrams.stem:
        parts.append(f"stems of {ngrams.stem} letters")
    if ngrams.negation:
        parts.append("negated words")
    if ngrams.characters[1]:
        parts.append("characters {}–{}".format(*ngrams.characters))
    return ", ".join(parts)
