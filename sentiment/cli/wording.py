"""What things are called when people read of them."""

from sentiment.features import NGrams
from sentiment.model import Decision


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
    if ngrams.ratings:
        parts.append("ratings")
    return ", ".join(parts) + "; texts are not repaired" * (not ngrams.repair)


def describe_band(decision: Decision) -> str:
    """Say from which probability of *positive* on what is answered."""
    if decision.band is None:
        return f"positive from {decision.threshold:.3g} on"
    low, high = decision.band
    negative = "never negative" if low < 0 else f"negative up to {min(low, 1):.3g}"
    positive = "never positive" if high > 1 else f"positive from {max(high, 0):.3g} on"
    return f"{negative}, {positive}"
