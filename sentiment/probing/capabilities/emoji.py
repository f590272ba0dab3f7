"""Plain reports whose opinion is in an emoji or an emoticon."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import answered

_POSITIVE = (
    "Just got home from the new ramen place 😍",
    "New headphones came today 🥰",
    "First morning with the new bike 🤩",
    "My order is here 🎉",
    "Finished the last season tonight 👏👏",
    "Three days in Porto ❤️",
    "The update is out 🙌",
    "Dinner at my cousin's place 😋",
    "Our host left us a note ☺️",
    "Back from the hairdresser 💖",
    "Front row tonight 🔥🔥",
    "The plumber has been 👍",
    "Day two with the tablet 😁",
    "So this is the famous cheesecake 😍😍",
    "Flight number ten with them 💯",
    "Trying the new lipstick 😻",
    "The band is back on stage 🥳",
    "My room for the weekend 😊",
    "Read it in one night ⭐⭐⭐⭐⭐",
    "Customer service called back :)",
    "This is my new keyboard <3",
)
_NEGATIVE = (
    "Third hour at gate 14 😡",
    "New headphones came today 😞",
    "The driver is here 🙄",
    "My order is here 😤",
    "Finished the last season tonight 👎👎",
    "Three days in that hostel 🤢",
    "The update is out 🤦",
    "Dinner at the station 🤮",
    "Our host left us a note 😠",
    "Back from the hairdresser 😩",
    "Row 38 again 😒",
    "The plumber has been 👎",
    "Day two with the tablet 😫",
    "So this is the famous cheesecake 🤮🤮",
    "Flight number ten with them 💩",
    "Trying the new lipstick 😖",
    "The band is back on stage 🥱",
    "My room for the weekend 🤬",
    "One hour on hold 😤😤",
    "Customer service called back :(",
    "This is my new keyboard :-(",
)

EMOJI = Capability(
    "emoji",
    "a plain report whose opinion is in an emoji",
    answered(_POSITIVE, _NEGATIVE),
)
