"""The same words in capitals, and without any."""

from sentiment.probing.checks import Capability, Unmoved

_TOLERANCE = 0.1

_TEXTS = (
    "Best tacos in the whole county.",
    "I really like the new Sunday brunch.",
    "Thank you, Maria, you saved our holiday!",
    "The lamp is pretty and bright.",
    "What a cosy cinema.",
    "My Italian class is so much fun.",
    "The mattress is heaven for my back.",
    "Fast, cheap and always on time.",
    "I keep coming back to this bakery.",
    "It fits well and looks smart.",
    "Worst tacos in the whole county.",
    "I can't stand the new Sunday brunch.",
    "Thanks for nothing, you ruined our holiday!",
    "The lamp is ugly and far too dim.",
    "What a depressing cinema.",
    "My Italian class is such a bore.",
    "The mattress is torture for my back.",
    "Slow, expensive and always late.",
    "I will not set foot in this bakery again.",
    "It doesn't fit and looks cheap.",
)

CASE = Capability(
    "case",
    "ALL CAPITALS, or none",
    tuple(
        Unmoved((text, after), _TOLERANCE)
        for text in _TEXTS
        for after in (text.upper(), text.lower())
    ),
)
