"""The checks, written for this project: a module a capability.

They were written before any model was asked. One whose expected answer people would argue about is
mended or taken out; that a model fails it is no reason.
"""

from sentiment.probing.capabilities.added import ADDED
from sentiment.probing.capabilities.case import CASE
from sentiment.probing.capabilities.comparison import COMPARISON
from sentiment.probing.capabilities.contrast import CONTRAST
from sentiment.probing.capabilities.emoji import EMOJI
from sentiment.probing.capabilities.identity import IDENTITY
from sentiment.probing.capabilities.irrelevant import IRRELEVANT
from sentiment.probing.capabilities.links import LINKS
from sentiment.probing.capabilities.names import NAMES
from sentiment.probing.capabilities.negation import NEGATION
from sentiment.probing.capabilities.negation_at_end import NEGATION_AT_END
from sentiment.probing.capabilities.question import QUESTION
from sentiment.probing.capabilities.time import TIME
from sentiment.probing.capabilities.typos import TYPOS
from sentiment.probing.capabilities.vocabulary import VOCABULARY
from sentiment.probing.checks import Capability

# In the order in which they are shown: what is said, what must not matter, what must move it.
CAPABILITIES: dict[str, Capability] = {
    each.name: each
    for each in (
        VOCABULARY,
        NEGATION,
        NEGATION_AT_END,
        CONTRAST,
        COMPARISON,
        QUESTION,
        TIME,
        EMOJI,
        NAMES,
        IDENTITY,
        TYPOS,
        CASE,
        LINKS,
        IRRELEVANT,
        ADDED,
    )
}
