"""The last words turn round all that was said before: …, but it wasn't."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import answered

_POSITIVE = (
    "I thought the waiters would be rude, but they weren't.",
    "I expected the crossing to be awful, but it wasn't.",
    "We feared that the room would be noisy, but it was not.",
    "They say the old town is full of tourist traps. It isn't.",
    "Everyone told me the lectures were boring. They are not.",
    "I was warned that the app is full of bugs. It isn't.",
    "The comments made me expect a terrible sequel, and it wasn't.",
    "I was sure that I would hate the class, and I didn't.",
    "I wanted to hate this remake, I really did, but I couldn't.",
    "My sister said that I would regret the purchase; I did not.",
    "You would think that at this price the headphones are junk, but they aren't.",
    "People call the nurses there unfriendly, which they are not.",
    "I was told that the insurance company is a nightmare to deal with. It isn't.",
    "I had expected to find the hostel dirty, but it wasn't.",
    "A disappointment it was not.",
    "Dull it was not.",
    "I dreaded a painful hour at the dentist, which this was not.",
    "I worried that my son would hate the summer camp, but he didn't.",
    "The cover makes the book look silly, but it isn't.",
    "I assumed that such a cheap tent would leak, but it didn't.",
    "Some say the soup is too salty and the portions are mean, and I say they're not.",
)
_NEGATIVE = (
    "I thought the guide would be friendly, but she wasn't.",
    "I expected the bed to be comfortable, but it wasn't.",
    "We hoped that the buffet would be good, but it was not.",
    "They say the beach is clean. It isn't.",
    "Everyone told me these speakers were great. They are not.",
    "I was promised that the app is easy to use. It isn't.",
    "The reviews made me expect a funny film, and it wasn't.",
    "I was sure that I would love the class, and I didn't.",
    "I wanted to like the new menu, I really did, but I couldn't.",
    "My brother said that I would enjoy the musical; I did not.",
    "You would think that at this price the towels are soft, but they aren't.",
    "The website calls the rooms spacious, which they are not.",
    "I was told that the help desk is excellent. It isn't.",
    "I had expected to find the ferry clean, but it wasn't.",
    "A relaxing weekend it was not.",
    "Fresh it was not.",
    "They promised a quick and careful repair, which this was not.",
    "I hoped that my daughter would enjoy the museum, but she didn't.",
    "The trailer makes the series look exciting, but it isn't.",
    "I assumed that such expensive boots would keep the rain out, but they didn't.",
    "Some say the steak is tender and the portions are generous, and I say they're not.",
)

NEGATION_AT_END = Capability(
    "negation-at-end",
    "turned round by the last words: …, but it wasn't",
    answered(_POSITIVE, _NEGATIVE),
)
