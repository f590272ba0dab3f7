"""Words of opinion, from mild to strong: a plain sentence with one of them."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import answered, in_turn, listed

_ANYTHING = (
    "The breakfast was {}.",
    "This jacket is {}.",
    "The whole trip was {}.",
    "The second season is {}.",
    "Our room was {}.",
    "The new update is {}.",
    "Their delivery service is {}.",
    "My flight home was {}.",
    "The exhibition was {}.",
    "I found the audiobook {}.",
    "The camera on this phone is {}.",
)
_ANYTHING_GOOD = listed(
    "good, great, nice, excellent, amazing, wonderful, fantastic, superb, brilliant, "
    "outstanding, perfect, lovely, impressive, enjoyable, delightful, terrific, fabulous, "
    "exceptional, awesome, decent, pleasant, flawless, marvellous, incredible, satisfying, "
    "worthwhile, stunning, splendid"
)
_ANYTHING_BAD = listed(
    "bad, poor, terrible, awful, horrible, dreadful, appalling, disappointing, mediocre, "
    "pathetic, abysmal, atrocious, dismal, unacceptable, useless, worthless, lousy, subpar, "
    "ghastly, unpleasant, underwhelming, forgettable, shoddy, disgraceful, woeful, laughable, "
    "hopeless, horrendous"
)

_PEOPLE = ("The receptionist was {}.", "Our driver was {}.", "I found the sales team {}.")
_PEOPLE_GOOD = listed(
    "friendly, helpful, polite, attentive, kind, knowledgeable, courteous, welcoming, "
    "professional, patient"
)
_PEOPLE_BAD = listed(
    "rude, unhelpful, arrogant, incompetent, careless, dismissive, hostile, lazy, "
    "condescending, impatient"
)

_FOOD = ("The noodles were {}.", "The sandwiches on board were {}.", "My chips were {}.")
_FOOD_GOOD = listed("delicious, tasty, crispy and fresh, mouth-watering, scrumptious, yummy")
_FOOD_BAD = listed("bland, stale, disgusting, inedible, soggy, tasteless")

_PLACES = ("The apartment was {}.", "The waiting room is {}.", "Their cabins are {}.")
_PLACES_GOOD = listed(
    "clean, spotless, cosy, charming, comfortable, beautiful, gorgeous, immaculate, peaceful, "
    "inviting"
)
_PLACES_BAD = listed(
    "dirty, filthy, noisy, cramped, shabby, grubby, dingy, smelly, mouldy, overcrowded"
)

_GOODS = ("The backpack is {}.", "This printer is {}.", "My new earphones are {}.")
_GOODS_GOOD = listed(
    "sturdy, reliable, durable, well made, easy to use, handy, built to last, worth every cent"
)
_GOODS_BAD = listed(
    "flimsy, unreliable, defective, badly made, impossible to use, faulty, cheap and nasty, "
    "overpriced"
)

_STORIES = ("The novel is {}.", "The plot of the film is {}.", "The podcast was {}.")
_STORIES_GOOD = listed(
    "gripping, hilarious, moving, thrilling, engaging, clever, captivating, heartwarming, "
    "fascinating, witty"
)
_STORIES_BAD = listed(
    "boring, dull, tedious, predictable, pretentious, shallow, incoherent, pointless, "
    "unwatchable, lifeless"
)

_SENTENCES_GOOD = (
    "I love this raincoat.",
    "We adore our new kettle.",
    "I enjoyed the walking tour.",
    "I recommend this dentist.",
    "I like the colour of the curtains.",
    "I admire how this shop treats people.",
    "They delighted the children.",
    "The tool is a bargain.",
    "The spa is a treat.",
    "This little museum is a gem.",
    "The train journey was a joy.",
    "Her latest album is a masterpiece.",
    "The loan application was a breeze.",
    "Our wedding dinner was a triumph.",
)
_SENTENCES_BAD = (
    "I hate this raincoat.",
    "We despise our new kettle.",
    "I endured the walking tour.",
    "I regret choosing this dentist.",
    "I dislike the colour of the curtains.",
    "I resent how this shop treats people.",
    "They upset the children.",
    "The tool is a rip-off.",
    "The spa is a scam.",
    "This little museum is a waste of time.",
    "The train journey was a nightmare.",
    "Her latest album is garbage.",
    "The loan application was a hassle.",
    "Our wedding dinner was a disaster.",
)

VOCABULARY = Capability(
    "vocabulary",
    "one clear word in a plain sentence, mild to strong",
    answered(
        [
            *in_turn(_ANYTHING, _ANYTHING_GOOD),
            *in_turn(_PEOPLE, _PEOPLE_GOOD),
            *in_turn(_FOOD, _FOOD_GOOD),
            *in_turn(_PLACES, _PLACES_GOOD),
            *in_turn(_GOODS, _GOODS_GOOD),
            *in_turn(_STORIES, _STORIES_GOOD),
            *_SENTENCES_GOOD,
        ],
        [
            *in_turn(_ANYTHING, _ANYTHING_BAD),
            *in_turn(_PEOPLE, _PEOPLE_BAD),
            *in_turn(_FOOD, _FOOD_BAD),
            *in_turn(_PLACES, _PLACES_BAD),
            *in_turn(_GOODS, _GOODS_BAD),
            *in_turn(_STORIES, _STORIES_BAD),
            *_SENTENCES_BAD,
        ],
    ),
)
