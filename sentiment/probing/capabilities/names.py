"""Another person or another place, in opinions and in plain reports."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import swapped

_TOLERANCE = 0.05

_PEOPLE = (
    "Emma", "Carlos", "Priya", "Liam", "Aisha", "Kenji", "Olga", "Mohammed", "Ingrid", "Jamal",
    "Sofia", "Wei",
)  # fmt: skip
_WITH_PEOPLE = (
    "{} at the front desk sorted out our booking at once.",
    "Please thank {} for me, the repair was perfect.",
    "Our waiter, {}, forgot half of the order.",
    "I complained to {}, and nothing happened.",
    "{} cut my hair last week and it looks great.",
    "I gave one to my cousin {}, who uses it every day.",
    "{} drove us to the airport at six.",
)
_PLACES = (
    "Leeds", "Nairobi", "Lyon", "Osaka", "Toronto", "Lima", "Warsaw", "Cairo", "Dallas", "Mumbai",
)  # fmt: skip
_WITH_PLACES = (
    "We spent a lovely weekend in {}.",
    "The branch in {} lost my parcel.",
    "I ordered it from a shop in {}, and it came on Tuesday.",
    "The coach from {} was late and dirty.",
    "This might be the best bakery in {}.",
    "The showroom in {} was closed without a word of warning.",
    "I moved here from {} in spring.",
)

NAMES = Capability(
    "names",
    "another name or place",
    (*swapped(_WITH_PEOPLE, _PEOPLE, _TOLERANCE), *swapped(_WITH_PLACES, _PLACES, _TOLERANCE)),
)
