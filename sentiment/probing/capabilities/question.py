"""A question with its answer, and questions that do not ask."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import answered

_POSITIVE = (
    "Is the kitchen clean? Yes, it is.",
    "Would I buy this kettle again? Yes.",
    "Did we enjoy the boat trip? Absolutely.",
    "Was the manager rude? No, not at all.",
    "Is the lecture boring? No.",
    "Do I regret moving to this provider? No, not for a second.",
    "Any problems with the installation? None.",
    "Can I recommend the surgeon? Without hesitation.",
    "Was the food awful, as people say? No.",
    "Did anything break in the move? No.",
    "Is this a bad restaurant? Certainly not.",
    "Worth the money? Every penny.",
    "Is there a friendlier crew anywhere? I doubt it.",
    "Who could dislike a film like this?",
    "What more could you want from a guest house?",
    "Why didn't I buy one of these years ago?",
    "How can a soup this simple be so good?",
    "Would I fly with them again? In a heartbeat.",
    "Does the cream sting? Not a bit.",
    "Disappointed? Not us.",
    "Was it a pain to set up, as I had read? No.",
)
_NEGATIVE = (
    "Is the kitchen clean? No, it isn't.",
    "Would I buy this kettle again? No.",
    "Did we enjoy the boat trip? Not at all.",
    "Was the manager polite? No, not once.",
    "Is the comedian funny? No.",
    "Do I trust this provider any more? No, not for a second.",
    "Any help with the installation? None.",
    "Can I recommend the surgeon? Sadly not.",
    "Was the food delicious, as people say? No.",
    "Did anything arrive in one piece? No.",
    "Is this a good restaurant? Certainly not.",
    "Worth the money? Not a penny of it.",
    "Is there a ruder crew anywhere? I doubt it.",
    "Who could enjoy a film like this?",
    "What else can go wrong in this guest house?",
    "Why did I waste my money on this?",
    "How can a soup this expensive taste of nothing?",
    "Would I fly with them again? Over my dead body.",
    "Does the cream help? Not a bit.",
    "Impressed? Not us.",
    "Was it easy to set up, as I had read? No.",
)

QUESTION = Capability(
    "question",
    "a question and its answer, or one that does not ask",
    answered(_POSITIVE, _NEGATIVE),
)
