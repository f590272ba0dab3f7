"""How it was and how it is now: the present decides."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import answered

_POSITIVE = (
    "I used to avoid this café; now I eat there every day.",
    "Last year the service was awful. This year it is excellent.",
    "The app was a mess two years ago, but today it works beautifully.",
    "The first version was unusable; the current one is a pleasure.",
    "In the nineties I found this band boring. Today I think they are wonderful.",
    "The old owners ran a filthy kitchen. Under the new ones the place is spotless.",
    "Until last month I disliked this gym; since the renovation I like it a lot.",
    "It started badly, but by the end of the week I was in love with the island.",
    "Once the worst hotel in town, it is now the best.",
    "I did not like the show at first, but I do now.",
    "At first the boots hurt; after a week they are the most comfortable ones I own.",
    "When it came out I thought the game was dull; these days I play it every night and love it.",
    "Previously rude, the staff are now a delight.",
    "Five years ago I told everybody to stay away; today I would send my own mother there.",
    "I was wrong to complain about this phone in spring: since the update it is brilliant.",
    "Back then we dreaded every visit, and now we look forward to it.",
    "The early seasons bored me. The latest one is fantastic.",
    "The queue used to be endless; now you are in and out in minutes.",
    "What was a dreadful bar is now a lovely restaurant.",
    "They no longer lose my parcels.",
    "My skin used to be a disaster, and since I switched to this soap it is perfect.",
)
_NEGATIVE = (
    "I used to eat at this café every day; now I avoid it.",
    "Last year the service was excellent. This year it is awful.",
    "The app was a joy two years ago, but today it hardly works.",
    "The first version was a pleasure; the current one is unusable.",
    "In the nineties I found this band wonderful. Today I think they are boring.",
    "The old owners ran a spotless kitchen. Under the new ones the place is filthy.",
    "Until last month I liked this gym a lot; since the renovation I dislike it.",
    "It started well, but by the end of the week I was sick of the island.",
    "Once the best hotel in town, it is now the worst.",
    "I liked the show at first, but I don't now.",
    "At first the boots were comfortable; after a week they hurt with every step.",
    "When it came out I loved the game and played every night; these days I find it dull.",
    "Previously a delight, the staff are now rude.",
    "Five years ago I would have sent my own mother there; today I tell everybody to stay away.",
    "I was wrong to praise this phone in spring: since the update it is terrible.",
    "Back then we looked forward to every visit, and now we dread it.",
    "The early seasons were fantastic. The latest one bored me.",
    "You used to be in and out in minutes; now the queue is endless.",
    "What was a lovely restaurant is now a dreadful bar.",
    "They no longer answer my emails.",
    "My skin used to be perfect, and since I switched to this soap it is a disaster.",
)

TIME = Capability(
    "time",
    "how it was, and how it is now",
    answered(_POSITIVE, _NEGATIVE),
)
