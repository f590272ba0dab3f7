"""Made-up reviews, as the passages that a summary samples."""

import numpy as np

from sentiment.summary.result import Passage

CLASSES = ("negative", "positive")

_BLAME = [
    "The {} was late and I was on hold for {} hours.",
    "They lost my bags at the {} and I was kept on hold for {} hours.",
    "My bag is lost. {} people told me {} different things.",
    "Flights delayed at the {}, and {} agents were rude.",
    "A terrible day at the {}; the flight was delayed by {} hours.",
]
_PRAISE = [
    "Great legroom on the {}, and {} films to watch.",
    "The {} was fine. I love the legroom, all {} inches of it.",
    "Thank you for the {}! The crew were friendly, all {} of them.",
    "A friendly crew at the {} and {} free drinks.",
    "Great crew, great {}, seat {} was fine.",
]
_PLACES = ["gate", "desk", "airport", "terminal", "hotel", "lounge", "counter", "station", "tower"]


def passages(reviews: int = 200, *, periods: int = 4) -> list[Passage]:
    """Make reviews that complain of waiting and bags, and praise legroom and crews."""
    made = []
    for number in range(reviews):
        label = number % 2
        words = (_BLAME, _PRAISE)[label][number // 2 % 5]
        text = words.format(_PLACES[number // 10 % 9], 2 + number % 7)
        likelihood = np.array([0.9 - 0.8 * label, 0.1 + 0.8 * label])
        made.append(Passage(text, label, f"row {number + 1}", number % periods, likelihood))
    return made
