"""Made-up reviews of a chain of restaurants as CSV: text, site, date. `python -m tools.reviews`.

The documents show a summary of them: nobody's words are in the picture. The wait at one site gets
longer over the year.
"""

import csv
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta

REVIEWS = 4_000
SITES = {"Harbor": 0.2, "Old Town": 0.25, "Station": 0.5, "Market Hall": 0.3, "Riverside": 0.15}
LONGER_WAIT = "Station"
BEGIN, DAYS = date(2025, 1, 1), 365

DISHES = ("soup", "risotto", "lamb", "trout", "pasta", "salad", "stew", "pie", "curry", "steak")
PEOPLE = ("parents", "colleagues", "sister", "neighbors", "children", "team", "friends", "aunt")
TIMES = (
    "Friday",
    "Sunday",
    "Tuesday",
    "a rainy evening",
    "my birthday",
    "our anniversary",
    "lunch",
)
MINUTES = ("forty", "fifty", "sixty", "seventy", "ninety")

PLAIN = (
    "I came with my {person} on {time}.",
    "We had the {dish} and the {other}.",
    "It was {time}, and my {person} chose the place.",
    "My {person} ordered the {dish}, I took the {other}.",
    "A table for four, booked for {time}.",
    "We stopped here after the market with my {person}.",
    "I had the {dish}; my {person} had the {other}.",
)
# What a sentence is about, and what it says of that.
WAIT = (
    ("the long wait", "a long wait"),
    (
        "spoiled it, {minutes} minutes for a {dish}",
        "of {minutes} minutes was the worst part",
        "before anyone took our order, {minutes} minutes, is unacceptable",
        "for a {dish} ruined the night with my {person}",
        "made us leave, {minutes} minutes without even water",
        "annoyed my {person}, and nobody apologized",
        "is no way to treat guests",
    ),
)
BLAME = (
    (
        ("cold food", "the cold food"),
        (
            "on a cold plate, and that is the {dish} for you",
            "was a disappointment, the {dish} most of all",
            "twice in a row, so I sent the {dish} back",
            "ruined {time}, my {person} left the {other}",
            "is disgusting, above all a cold {dish}",
        ),
    ),
    (
        ("the rude waiter", "a rude waiter"),
        (
            "ignored us, and my {person} was upset",
            "threw the menu on the table",
            "argued about the price of the {dish}",
            "rolled his eyes at my {person}",
            "forgot the {other} and blamed us",
            "made {time} miserable",
        ),
    ),
    (
        ("the loud music", "such loud music"),
        (
            "made it impossible to talk to my {person}",
            "gave my {person} a headache",
            "is awful at {time}",
            "drowned every word, a horrible evening",
        ),
    ),
    (
        ("the wrong bill", "a wrong bill"),
        (
            "charged us for a {dish} we never had",
            "was off by two drinks, and they would not listen",
            "came twice, what a terrible way to end {time}",
        ),
    ),
)
PRAISE = (
    (
        ("the fresh bread", "such fresh bread"),
        (
            "alone is worth the trip",
            "came warm and delicious before the {dish}",
            "was wonderful, my {person} asked for more",
            "and an excellent {dish}, what a pleasure",
            "tasted better than at home",
            "is the best in town",
        ),
    ),
    (
        ("the friendly staff", "such friendly staff"),
        (
            "found a chair for my {person} at once",
            "remembered my {person} from last time",
            "explained the {dish} with a smile",
            "made {time} special",
            "brought a second {other} for free, fantastic",
        ),
    ),
    (
        ("the lovely garden", "a lovely garden"),
        (
            "under the chestnut is perfect for {time}",
            "with lights in the trees, my {person} loved it",
            "is a great place for a {dish}",
            "made us stay until late, beautiful",
        ),
    ),
    (
        ("great value", "really great value"),
        (
            "for a {dish} like this",
            "for {time}, and the {other} was perfect",
            "compared with the rest of town, we enjoyed every bite",
        ),
    ),
)
ENDS = {
    True: (
        "We will not come back.",
        "Never again.",
        "A waste of an evening.",
        "Very disappointed.",
    ),
    False: (
        "We will be back.",
        "Highly recommended.",
        "A lovely evening.",
        "Thank you to the team.",
    ),
}


def reviews(seed: int = 1) -> Iterator[tuple[str, str, str]]:
    """Yield text, site and date."""
    chance = random.Random(seed)
    for _ in range(REVIEWS):
        site = chance.choice(list(SITES))
        day = chance.randrange(DAYS)
        waits = site == LONGER_WAIT and chance.random() < 0.45 * day / DAYS
        bad = waits or chance.random() < SITES[site] * 0.8
        about = chance.sample(BLAME if bad else PRAISE, chance.choice((1, 1, 2)))
        if bad and (waits or chance.random() < 0.2):
            about.append(WAIT)
        if chance.random() < 0.15:
            about.append(chance.choice(PRAISE if bad else BLAME))
        said = [chance.choice(PLAIN), *(_sentence(chance, each) for each in about)]
        if chance.random() < 0.5:
            said.append(chance.choice(ENDS[bad]))
        dish, other = chance.sample(DISHES, 2)
        text = " ".join(said).format(
            dish=dish,
            other=other,
            person=chance.choice(PEOPLE),
            time=chance.choice(TIMES),
            minutes=chance.choice(MINUTES),
        )
        yield text, site, (BEGIN + timedelta(days=day)).isoformat()


def _sentence(chance: random.Random, about: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    subject, remark = map(chance.choice, about)
    return f"{subject[0].upper()}{subject[1:]} {remark}."


def main() -> None:
    """Write them to stdout."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("text", "site", "date"))
    writer.writerows(reviews())


if __name__ == "__main__":
    main()
