import csv
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentiment.features.ngrams import holds_negation
from sentiment.features.repair import ENTITIES, ESCAPES, MISREAD, edited, repair, repairs
from sentiment.features.tokens import read
from sentiment.general import FAST_MODEL
from sentiment.model.file import load_model
from tests.format.wild import WILD

SIGNS = "`´′＇‛‚ʹʻʽʾʿˈˊˋꞌ׳‵｀❛❜’‘ʼ\x91\x92"
ENTITIES_WRITTEN = [
    "&#39;", "&#039;", "&#0039;", "&#39", "&apos;", "&APOS;", "&#x27;", "&#X27;", "&#x0027;",
    "&rsquo;", "&lsquo;", "&#8217;", "&#8216;", "&#x2019;", "&#X2019;", "&#146;", "&#x92;",
    "&acute;", "&#180;", "&grave;", "&#96;", "&prime;", "&#8242;", "&amp;#039;", "&amp;#39;",
    "&amp;rsquo;",
    "&amp;amp;#8217;", "&AMP;#X27;", "#39;", " #39;", "#039;",
]  # fmt: skip
ESCAPES_WRITTEN = [
    r"\u2019", r"\\u2019", r"\\\\u2019", r"\U2019", r"\u0027", r"\u02bc", r"\u02BC", r"\x27",
    r"\x92", r"\xe2\x80\x99", r"\u00e2\u0080\u0099", r"\u00e2\u20ac\u2122", r"\u0060", r"\u00b4",
]  # fmt: skip
MISREAD_WRITTEN = [
    "â€™", "â€˜", "â\x80\x99", "â\x80™", "‚Äô", "‚Äò", "Ã¢â‚¬â„¢", "Ã¢Â€Â™",
    "ÃƒÂ¢Ã¢â€šÂ¬Ã¢â€žÂ¢", "‚Äö√Ñ√¥", "Â´", "Ã‚Â´", "¬¥", "Â’", "Â\x92", "Ã‚Â’", "â€²", "ï¼‡", "a€™",
]  # fmt: skip
LOST = ["?", "\ufffd", "Õ", "õ", "í", "Æ", "æ"]
SINGLES = ("cp437", "cp850", "cp866", "mac_cyrillic", "koi8_r", "cp1251", "mac_roman", "cp1252")
ENCODED = [
    "<U+2019>", "U+2019", "u+02BC", "%27", "%60", "%92", "%u2019", "%E2%80%99", "%e2%80%98",
    "%C2%B4", "%2527", "%25E2%2580%2599", "%C3%A2%E2%82%AC%E2%84%A2", "=27", "=92", "=E2=80=99",
    "<92>", "<e2><80><99>", "\\'92", "\\\\'92", "\\222", "\\342\\200\\231", "_x2019_", "\\u8217?",
    "\\u8217\\'92", "\\U00002019", "\\u{2019}", "\\u{27}", "&rsquo", "&shy;'", "\xad'",
    "’\xad", "\u2060'",
]  # fmt: skip
LOST_TOO = [
    *dict.fromkeys(bytes([byte]).decode(e) for byte in (0x92, 0xD5) for e in SINGLES),
    "??", "???", "\ufffd\ufffd\ufffd", "â", "â€", "â€?", "â??", "â€TM", " '", "' ", "’ ", " ´",
    " ' ", "\xa0'", "Т", ";", '"',
]  # fmt: skip
FOREIGN = [
    sign.encode().decode(encoding)
    for encoding in (
        "cp1251",
        "cp1253",
        "cp1255",
        "cp1257",
        "mac_cyrillic",
        "cp850",
        "cp437",
        "koi8_r",
    )
    for sign in "’´ʼ"
    if (encoding, sign) != ("cp1255", "ʼ")
] + ["麓", "쨈", "織", "РІР‚в„ў", "├ö├ç├û"]
ESCAPED = ["''", r"\'", r"\\'", "’’", "´´", "``", r"\’"]
APOSTROPHES = [
    *SIGNS,
    *ENTITIES_WRITTEN,
    *ESCAPES_WRITTEN,
    *MISREAD_WRITTEN,
    *LOST,
    *ESCAPED,
    *ENCODED,
    *LOST_TOO,
    *FOREIGN,
]


@pytest.mark.parametrize("apostrophe", APOSTROPHES, ids=ascii)
@pytest.mark.parametrize("word", ["don't", "Can't", "WOULDN'T", "ain't"])
def test_an_apostrophe_is_read_as_one_however_it_is_written(word, apostrophe):
    written = word.replace("'", apostrophe)
    plain, damaged = f"I {word} like it.", f"I {written} like it."
    assert read(damaged, repaired=True, rated=False) == read(plain, repaired=True, rated=False)
    assert holds_negation([damaged]).all()


@pytest.mark.parametrize(
    "text",
    [
        "`code` and ``quotes'' and 'these'",
        "5´ 3′ tall, a '90s film",
        "Is it?that Can?the n?t don?to",
        "Tom & Jerry &amp; AT&T &quotx &eacute; &#38; &#1139; &lt;br&gt; &rsquo",
        r"C:\users\temp \n \u12 \ud83d alone \xyz \x41",
        "“fiancé’”, ‘résumé’… cliché”–“ naïve café’s",
        "VÝŠKA ÚŽASNÝ „Spaß“ DÉJÀ… “CAFÉ” Île à hâlâ…”",
        "NÃO, São Tomé; ÂNGELO",
        "caf\ufffd na\ufffdve",
        "a=92 x=92b width=92px C:\\dir\\222b 50%27 x%20y ?q=%27a%27 b<92>, a <U+2019> b",
        "Отличный фильм, очень iPhone понравился тАЩ; 这部iPhone很好用，Ｌove鈥 it; don麓 t",
        "the boys' team said 'the end'; the \"things\" that can 'try', ok;then",
        "été ± 5° ©2020 ½ ™ √9 ¬a 10€",
        "",
    ],
)
def test_what_is_fine_stays_as_it_is(text):
    assert repair(text) == text
    assert not list(repairs(text))


@pytest.mark.parametrize(
    ("damaged", "text"),
    [
        (r"\ud83d\ude00 \\ud83d\\ude00", "😀 😀"),
        (r"\u0001f602 \U0001F602", "😂 😂"),
        ("ðŸ˜€ â\x9d¤ï¸\x8f ðŸ‘\x8d", "😀 ❤️ 👍"),
        ("\uf8ffüòÄ", "😀"),
        ("â˜…â˜…â˜†", "★★☆"),
        ("cafÃ© naÃ¯ve Ã¼ber", "café naïve über"),
        ("caf√© na√Øve", "café naïve"),
        ("â€œgoodâ€\x9d â€“ â€” â€¦", "“good” – — …"),
        ("Â£5 10Â° Å“uvre", "£5 10° œuvre"),
        ("Itâ??s, weâ€TMre, Iâ€m, 2â??d, câ??ad", "It's, we're, I'm, 2â??d, câ??ad"),
        ("&quot;so&#34;, beauti&shy;ful, soft\xadly", '"so", beautiful, softly'),
        ("It&#8217;s &rsquo;tis &#8216;so&#8217;", "It’s ’tis ‘so’"),
    ],
)
def test_other_characters_come_back_too(damaged, text):
    assert repair(damaged) == text


CLEAN = st.lists(
    st.sampled_from(
        ["don’t", "café", "“so”", "a – b", "…", "😀", "naïve", "★", "10 €", "ok", "Über", "😍 ✨"]
    ),
    min_size=1,
).map(" ".join)


@pytest.mark.parametrize("encoding", ["gbk", "cp932"])
def test_a_letter_that_was_swallowed_with_the_apostrophe_comes_back(encoding):
    text = "it doesn’t, it’s that I’ve"
    damaged = text.encode().decode(encoding)
    assert "t," not in damaged
    assert repair(damaged) == text


def misread(text: str, encoding: str) -> str:
    """Read UTF-8 as another encoding; a byte that it leaves open as Latin-1 does."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())


@given(CLEAN, st.sampled_from(["cp1252", "latin-1", "mac_roman"]), st.integers(1, 2))
def test_what_was_misread_is_read_again(text, encoding, times):
    damaged = text
    for _ in range(times):
        damaged = misread(damaged, encoding)
    assert repair(damaged) == text


@given(CLEAN, st.sampled_from(["cp1252", "latin-1", "mac_roman"]))
def test_ftfy_would_read_it_so_too_or_leave_it(text, encoding):
    ftfy = pytest.importorskip("ftfy", reason="ftfy is not installed")
    damaged = misread(f"don’t — {text}", encoding)
    theirs = ftfy.fix_encoding(damaged)
    assert theirs == repair(damaged) or (encoding == "mac_roman" and "\uf8ff" in damaged)
    assert "’" in theirs


def test_ftfy_finds_nothing_misread_in_real_texts_that_is_left(datasets):
    ftfy = pytest.importorskip("ftfy", reason="ftfy is not installed")
    lines = (datasets / "goemotions" / "train.tsv").read_text(encoding="utf-8").splitlines()
    texts = [line.split("\t")[0] for line in lines if not line.isascii()][:3000]
    for text in texts:
        misread_here = any(step.kind == MISREAD for step in repairs(text))
        assert misread_here == (ftfy.fix_encoding(text) != text), text


@given(WILD)
@example("don\ua78cll")
def test_each_step_makes_its_changes_in_order_within_the_text_before_it(text):
    before = text
    for step in repairs(text):
        ends = [0, *(edit.end for edit in step.edits)]
        assert all(
            end <= edit.start < edit.end for end, edit in zip(ends[:-1], step.edits, strict=True)
        )
        assert ends[-1] <= len(before)
        assert step.text == edited(before, step.edits) != before
        before = step.text
    assert before == repair(text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("don&#039;t", [ENTITIES]),
        (r"don\u2019t", [ESCAPES]),
        (r"don\xe2\x80\x99t", [ESCAPES, MISREAD]),
        ("Ã¢â‚¬â„¢", [MISREAD, MISREAD]),
    ],
)
def test_each_step_says_what_was_damaged(text, kinds):
    assert [step.kind for step in repairs(text)] == kinds


@pytest.mark.parametrize(
    "bit",
    [
        "\\",
        "&amp;",
        "`",
        "'",
        "Â",
        "Ã",
        "â€",
        "&#0",
        "#0",
        "a€",
        "ʹ",
        "?",
        "в",
        "鈥",
        "nвЂ",
        "%25",
        "=27",
        "<9",
        "n'",
        "\xad",
    ],
)
def test_a_flood_of_what_damage_begins_with_is_soon_read(bit):
    # Searched from each place to the end, a hundred thousand of them would take minutes.
    text = f"x{bit * 100_000}x"
    assert len(repair(text)) <= len(text)


@pytest.mark.slow
def test_no_answer_about_airlines_changes_with_the_sign_for_the_apostrophe(datasets):
    with (datasets / "airline" / "Tweets.csv").open(encoding="utf-8", errors="replace") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    model = load_model(FAST_MODEL)
    scores = model.scores(texts)
    expected = model.answers(scores)
    for sign in ("`", "´", "&#039;", "â€™", "%27", "<U+2019>", "ÔÇÖ"):
        damaged = [re.sub(r"(?<=[^\W\d_])'(?=[^\W\d_])", sign, text) for text in texts]
        assert damaged != texts
        found = model.scores(damaged)
        assert (found.p_positive == scores.p_positive).all()
        assert model.answers(found) == expected
