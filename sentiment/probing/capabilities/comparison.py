"""Better or worse than something else; most sentences have a twin of nearly the same words."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import answered

_POSITIVE = (
    "This phone is far better than my old one.",
    "Nothing that I have tried cleans better than this sponge.",
    "The new menu beats the old one.",
    "I like this hotel more than any other in town.",
    "This vacuum makes my old one look like a toy.",
    "It sounds much clearer than the speakers it replaced.",
    "The sequel is even funnier than the first film.",
    "It is quieter, lighter and quicker than the last model.",
    "Compared with the bus, the train was a pleasure.",
    "Their pizza is the best in town.",
    "My last dentist was terrible; this one is the opposite.",
    "It puts the expensive brands to shame.",
    "Miles ahead of the competition.",
    "A big improvement on last year's festival.",
    "I have owned worse tents at three times the price.",
    "I would choose this café over the chain next door any day.",
    "None of the other apps comes close to this one.",
    "The book is good, and the series is even better.",
    "It costs less than the famous brand and lasts longer.",
    "Other couriers lose my parcels; this one never has.",
)
_NEGATIVE = (
    "This phone is far worse than my old one.",
    "Anything that I have tried cleans better than this sponge.",
    "The old menu beats the new one.",
    "I like every other hotel in town more than this one.",
    "My old vacuum makes this one look like a toy.",
    "It sounds much muddier than the speakers it replaced.",
    "The sequel is not half as funny as the first film.",
    "It is louder, heavier and slower than the last model.",
    "Compared with the train, the bus was an ordeal.",
    "Their pizza is the worst in town.",
    "My last dentist was excellent; this one is the opposite.",
    "Even the bargain brands put it to shame.",
    "Miles behind the competition.",
    "A big step down from last year's festival.",
    "I have owned better tents at a third of the price.",
    "I would choose the chain next door over this café any day.",
    "All of the other apps are better than this one.",
    "The book is bad, and the series is even worse.",
    "It costs more than the famous brand and breaks sooner.",
    "Other couriers bring my parcels on time; this one never has.",
)

COMPARISON = Capability(
    "comparison",
    "better or worse than something else",
    answered(_POSITIVE, _NEGATIVE),
)
