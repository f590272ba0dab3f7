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
WAIT = (
    "The long wait spoiled it: {minutes} minutes for a {dish}.",
    "A long wait again, {minutes} minutes before anyone took our order.",
    "After a long wait of {minutes} minutes the {dish} was still not there.",
    "We left after a long wait, {minutes} minutes without even water.",
)
BLAME = (
    "The {dish} arrived as cold food, and the {other} too.",
    "Cold food on a cold plate, the {dish} was a disappointment.",
    "I sent the {dish} back because it was cold food twice.",
    "The rude waiter ignored us and my {person} was upset.",
    "A rude waiter threw the menu on the table.",
    "The rude waiter argued about the bill for the {dish}.",
    "Loud music made it impossible to talk to my {person}.",
    "Awful loud music all evening, my {person} got a headache.",
    "The bill was wrong, they charged us for a {dish} we never had.",
    "They made the bill wrong by two drinks and would not listen.",
    "The {dish} was salty and dry, and far too expensive.",
    "Terrible {dish}, tasteless and greasy.",
)
PRAISE = (
    "The fresh bread alone is worth the trip.",
    "They bring fresh bread, warm and delicious, before the {dish}.",
    "Wonderful fresh bread, and an excellent {dish}.",
    "The friendly staff found a chair for my {person} at once.",
    "Such friendly staff, they remembered my {person} from last time.",
    "Friendly staff who explained the {dish} with a smile.",
    "We loved the lovely garden under the chestnut.",
    "The lovely garden is the best place in town on {time}.",
    "Great value, a {dish} like this costs twice as much elsewhere.",
    "Great value for lunch, the {other} was perfect.",
    "The {dish} was perfectly cooked, the best I have had.",
    "Delicious {dish}, and a beautiful {other}.",
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
        said = [chance.choice(PLAIN)]
        said += chance.sample(BLAME if bad else PRAISE, chance.choice((1, 1, 2)))
        if bad and (waits or chance.random() < 0.2):
            said.append(chance.choice(WAIT))
        if chance.random() < 0.15:
            said.append(chance.choice(PRAISE if bad else BLAME))
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


def main() -> None:
    """Write them to stdout."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("text", "site", "date"))
    writer.writerows(reviews())


if __name__ == "__main__":
    main()
