"""Pages as a browser would take them apart, and texts that try to break them."""

import re
from html.parser import HTMLParser

from hypothesis import strategies as st

from sentiment.pages.rendering import visible
from sentiment.values import SPELLED

NASTY = st.sampled_from(
    ["<script>alert(1)</script>", "</style>", "</script>", "<!--", "-->", "<![CDATA[", '"', "'",
     "&lt;", "&#60;", "{{ 7*7 }}", "{% raw %}", "\u202e", "\u2066", "\x1b[2J", "\x00", "\ud800",
     "javascript:alert(1)", "<img src=x onerror=alert(1)>", "\r\n", "\u2028", "<br />"]
)  # fmt: skip
ANY = st.lists(NASTY | st.text(st.characters(codec=None, exclude_categories=())), max_size=6).map(
    "".join
)


class Page(HTMLParser):
    """What a browser would make of the markup."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.reviews: list[str] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self.others: list[str] = []
        self.feed(content.decode())
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(f"{tag}.{dict(attrs).get('class', '')}")
        if self.open[-1] == "p.review":
            self.reviews.append("")

    def handle_endtag(self, tag):
        while self.open and not self.open.pop().startswith(f"{tag}."):
            pass

    def handle_data(self, data):
        here = self.open[-1].split(".")[0] if self.open else ""
        if here in self.raw:
            self.raw[here].append(data)
            return
        self.texts.append(data)
        if "p.review" in self.open:
            self.reviews[-1] += data

    def handle_comment(self, data):
        self.others.append(data)

    def unknown_decl(self, data):
        self.others.append(data)


SPACE = re.compile("|".join(re.escape(SPELLED[code]) for code in SPELLED if chr(code).isspace()))


def squeezed(text: str) -> str:
    """How it is spelled on the page, but for white space, which is spelled out within a word."""
    spelled = "".join(visible(text).encode("utf-8", "backslashreplace").decode().split())
    return SPACE.sub("", spelled)
