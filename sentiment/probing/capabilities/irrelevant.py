"""A sentence added that says nothing of the matter, before the opinion or after it."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import extended

_TOLERANCE = 0.1

_TEXTS = (
    "The paella was out of this world.",
    "These socks are warm and soft.",
    "I laughed from beginning to end.",
    "They answered all my questions and were very kind.",
    "The suite was quiet and had a marvellous view.",
    "Such a useful little gadget.",
    "I am thrilled with the result.",
    "The teachers are excellent.",
    "The ferry was punctual and comfortable.",
    "It is a beautiful, touching story.",
    "The paella was cold and oily.",
    "These socks are thin and itchy.",
    "I yawned from beginning to end.",
    "They ignored all my questions and were very unpleasant.",
    "The suite was noisy and had a view of the bins.",
    "Such a useless little gadget.",
    "I am furious about the result.",
    "The teachers are hopeless.",
    "The ferry was late and overcrowded.",
    "It is a dreary, confusing story.",
)
_BEFORE = (
    "We were there on a Tuesday. {}",
    "I am writing this on the train. {}",
    "My cousin lives two streets away. {}",
    "It was about six o'clock. {}",
    "I had read about it in the paper. {}",
)
_AFTER = (
    "{} The car park is behind the building.",
    "{} My order was number 2114.",
    "{} There is a bus stop across the road.",
    "{} I paid by card.",
    "{} The other one is blue.",
)

IRRELEVANT = Capability(
    "irrelevant",
    "a sentence added that is beside the point",
    (*extended(_TEXTS, _BEFORE, _TOLERANCE), *extended(_TEXTS, _AFTER, _TOLERANCE)),
)
