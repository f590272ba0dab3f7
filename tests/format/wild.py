"""Texts that nobody thinks of, made of what the rules of docs/format.md are about."""

from hypothesis import strategies as st

from tests.format import reader

# Words, marks and characters that rules are about, in any order.
PARTS = [
    *reader.NEGATIONS, *reader.SINGLES, *reader.PAIRS, *reader.STOPS, *reader.FILLERS,
    "good", "film", "bad", "a", "I", ":)", ":-d", "<3", "'", "’", "<br />", "\n", "映画", "👍", "é",
]  # fmt: skip
# What repairs and ratings are about, whole and in bits.
DAMAGED = [
    "`", "´", "''", "\\'", "&#039;", "&amp;rsquo;", "&#x27", "#39;", "\\u2019", "\\ud83d\\ude00",
    "<U+2019>", "u+2019", "%27", "%u2019", "%E2%80%99", "=92", "=E2=80=99", "<92>", "<e2><80><99>",
    "\\'92", "\\222", "\\u8217", "_x2019_", "\\U00002019", "\\u{2019}", "вЂ™", "ÔÇÖ", "鈥檛", "麓",
    "\xad", "&shy", "â??", "â€TM", '"', "%25", "ll", "re", "<", ">", "_", "=", "U+", "D800", "0000",
    "\\x92", "â€™", "Ã¢â‚¬â„¢", "‚Äô", "a€™", "\x92", "?", "\ufffd", "Õ", "ʼ", "ꞌ", "don", "isn",
    "t", "s", "n", " ", *"&#;xuâ€™Ã©ÂÔ√¬ï¸\x8f\uf8ffüòÄÍ\\039",
]  # fmt: skip
RATED = [*"★☆⭐½*/-−.,: 12345", "10", "4/5", "8/10", "\ufe0f", "of", "days", "x", "\n"]
WILD = st.one_of(
    st.lists(st.sampled_from(DAMAGED), max_size=20).map("".join),
    st.lists(st.sampled_from(RATED), max_size=12).map("".join),
    st.text(max_size=60),
    st.lists(st.sampled_from(PARTS), max_size=25).map(" ".join),
    st.lists(st.sampled_from([*":;=-^')(d3po<x ", "word"]), max_size=25).map("".join),
)
