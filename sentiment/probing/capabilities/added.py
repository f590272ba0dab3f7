"""A clear opinion added, to reports of all kinds, must not move the answer the other way."""

from sentiment.model.decision import NEGATIVE, POSITIVE
from sentiment.probing.checks import Capability, Moved
from sentiment.probing.writing import in_turn

# An opinion that is as clear as can be has no room to move.
_TOLERANCE = 0.05

_TEXTS = (
    "We stayed for two nights.",
    "The parcel came on Friday.",
    "I have had this mixer since Christmas.",
    "It is the third book of the series.",
    "The clinic is on the ground floor.",
    "I changed trains in the city centre.",
    "The pasta was served on a wooden board.",
    "The game takes about an hour.",
    "The rooms are bright and well kept.",
    "I slept well and the staff were kind.",
    "A charming film with a clever script.",
    "The bag is light, strong and good looking.",
    "The rooms are dark and badly kept.",
    "I slept badly and the staff were cold.",
    "A clumsy film with a stupid script.",
    "The bag is heavy, weak and ugly.",
    "The food is great, the music is too loud.",
    "Cheap, but it does not last.",
    "Late again, though the driver said sorry.",
    "Not what I ordered, but it looks nice.",
)
_PRAISE = (
    "{} I love it.",
    "{} Highly recommended!",
    "{} Everything was perfect.",
    "{} I am very happy with it.",
    "{} Simply wonderful.",
)
_BLAME = (
    "{} I hate it.",
    "{} Stay away!",
    "{} Everything was terrible.",
    "{} I am very unhappy with it.",
    "{} Simply dreadful.",
)

ADDED = Capability(
    "added",
    "a clear opinion added",
    tuple(
        Moved((text, after), label, _TOLERANCE)
        for label, frames in ((POSITIVE, _PRAISE), (NEGATIVE, _BLAME))
        for text, after in zip(_TEXTS, in_turn(frames, _TEXTS), strict=True)
    ),
)
