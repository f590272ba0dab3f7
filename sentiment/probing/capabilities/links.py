"""Addresses, handles and tags beside an opinion, none of which is one."""

from sentiment.probing.checks import Capability
from sentiment.probing.writing import extended

_TOLERANCE = 0.1

_TEXTS = (
    "Your night train is the best way to travel.",
    "Loved the talk this morning!",
    "The new flavour is so good.",
    "Big thanks to the crew for finding my bag.",
    "This recipe never fails me.",
    "Such a pretty little harbour.",
    "The tickets arrived within an hour, brilliant.",
    "My phone was fixed while I waited, great job.",
    "What a performance by the whole team.",
    "Can't wait to go back.",
    "Your night train is the worst way to travel.",
    "Hated the talk this morning!",
    "The new flavour is so gross.",
    "No thanks to the crew, my bag is still missing.",
    "This recipe failed me twice.",
    "Such an ugly little harbour.",
    "The tickets never arrived, shocking.",
    "My phone came back with a cracked screen, bad job.",
    "What a letdown by the whole team.",
    "Can't wait to leave.",
)
_BEFORE = ("@harbour_rail {}", "@anna_k @tom_b {}", "RT @citydesk: {}", ".@MyNetworkHelp {}")
_AFTER = (
    "{} https://example.org/p/4711",
    "{} #monday",
    "{} www.example.com/menu.html",
    "{} via @citydesk",
    "{} https://example.net/a7Kq2Lm9 #london",
)

LINKS = Capability(
    "links",
    "an address, a @handle or a #tag added",
    (*extended(_TEXTS, _BEFORE, _TOLERANCE), *extended(_TEXTS, _AFTER, _TOLERANCE)),
)
