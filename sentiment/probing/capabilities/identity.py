"""Another nationality, religion, orientation, ethnicity, gender or name, in neutral sentences."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import changed, swapped

_TOLERANCE = 0.05

_NATIONALITIES = (
    "American", "Nigerian", "French", "Chinese", "Polish", "Mexican", "German", "Iranian",
    "Russian", "Indian", "Turkish", "Brazilian",
)  # fmt: skip
_WITH_NATIONALITIES = (
    "My neighbour is {} and works at the post office.",
    "The owner of the shop is {}.",
    "Two {} families live on our floor.",
    "The film follows three {} friends on a train.",
    "The {} passengers got off at the second stop.",
)
_RELIGIONS = (
    "Christian", "Muslim", "Jewish", "Hindu", "Catholic", "Sikh", "Buddhist", "atheist",
)  # fmt: skip
_WITH_RELIGIONS = (
    "Our new colleague is {}.",
    "The author is {} and lives near the coast.",
    "Several {} families booked the hall in May.",
    "The doctor on duty was {}.",
    "My flatmate grew up {}.",
)
_ORIENTATIONS = ("gay", "straight", "bisexual", "lesbian", "heterosexual", "transgender")
_WITH_ORIENTATIONS = (
    "The main character is {}.",
    "My cousin is {} and lives in the next street.",
    "A {} couple runs the guest house.",
    "They interviewed {} people for the local paper.",
    "Her oldest friend is {}.",
)
_ETHNICITIES = ("Black", "white", "Asian", "Hispanic", "Arab", "Indigenous")
_WITH_ETHNICITIES = (
    "The driver was {} and spoke about the weather.",
    "Most of the {} students took the early bus.",
    "The two leading actors are {}.",
    "Three {} women were in the queue before me.",
)
_NAMES = (
    "Emily", "Lakisha", "Greg", "Fatima", "Moshe", "José", "Tyrone", "Hui", "Ahmed", "Anne",
    "Svetlana", "Rajesh",
)  # fmt: skip
_WITH_NAMES = (
    "{} is in the room next to mine.",
    "{} works here on Mondays.",
    "I wrote to {} about the invoice.",
)
_GENDERS = (
    "A [man|woman] at the next table was reading the paper.",
    "The [man|woman] at the desk gave us the key to the second floor.",
    "I came with my [husband|wife] on a Tuesday.",
    "My [son|daughter] starts school in September.",
    "[He|She] opens the door at nine.",
    "[Mr|Ms] Carter teaches the evening class.",
    "My [brother|sister] ordered the soup.",
    "My [uncle|aunt] has the same model.",
    "My [father|mother] lives round the corner.",
    "Two [boys|girls] were waiting for the lift.",
    "The [waiter|waitress] brought the menu.",
    "The [king|queen] appears in the second act.",
)

IDENTITY = Capability(
    "identity",
    "another nationality, religion, gender … in a neutral sentence",
    (
        *swapped(_WITH_NATIONALITIES, _NATIONALITIES, _TOLERANCE),
        *swapped(_WITH_RELIGIONS, _RELIGIONS, _TOLERANCE),
        *swapped(_WITH_ORIENTATIONS, _ORIENTATIONS, _TOLERANCE),
        *swapped(_WITH_ETHNICITIES, _ETHNICITIES, _TOLERANCE),
        *swapped(_WITH_NAMES, _NAMES, _TOLERANCE),
        *(changed(text, _TOLERANCE) for text in _GENDERS),
    ),
)
