"""Languages written in Latin letters are told apart, and English is not lost."""

import csv
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.features import language
from sentiment.features.language import LANGUAGES, TABLE, foreign, languages_of
from tests.conftest import ROOT, TEST, TRAIN

CODES = list(LANGUAGES)


def looks(text: str, *languages: str) -> str | None:
    """The code of the other language that a text looks to be in."""
    (found,) = foreign([text], languages or ("en",)).tolist()
    return None if found < 0 else CODES[found]


def examples() -> list[dict[str, str]]:
    """The half of the short texts that the table was developed by."""
    path = ROOT / "benchmarks" / "languages.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["half"] == "develop"]


def reviews() -> list[str]:
    texts = []
    for path in (TRAIN, TEST):
        with path.open(encoding="utf-8", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    return texts


def test_short_texts_of_each_language_are_told_apart_and_hard_english_ones_are_not_lost():
    texts, found = Counter(), Counter()
    for row in examples():
        texts[row["language"]] += 1
        found[row["language"]] += looks(row["text"]) is not None
    shares = {code: found[code] / count for code, count in texts.items()}
    assert shares.pop("en") <= 0.01
    assert len(shares) >= 10
    assert min(shares.values()) >= 0.8, shares


def test_no_review_of_this_project_is_taken_for_another_language():
    assert [text for text in reviews() if looks(text) is not None] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("El perro duerme en la cocina todas las noches", "es"),
        ("O cachorro não quer sair de casa hoje", "pt"),
        ("Le chien ne veut pas sortir ce matin", "fr"),
        ("Der Hund will heute nicht aus dem Haus", "de"),
        ("Il cane non vuole uscire di casa", "it"),
        ("Câinele nu vrea să iasă din casă", "ro"),
        ("De hond wil vandaag niet naar buiten", "nl"),
        ("Hunden vill inte gå ut idag", "sv"),
        ("Pies nie chce dzisiaj wyjść z domu", "pl"),
        ("Pes dnes nechce jít z domu ven", "cs"),
        ("A kutya ma nem akar kimenni a házból", "hu"),
        ("Koira ei halua mennä tänään ulos", "fi"),
        ("Köpek bugün evden çıkmak istemiyor", "tr"),
        ("Anjing itu tidak mau keluar rumah hari ini", "id"),
        ("Con chó hôm nay không muốn ra ngoài", "vi"),
        ("Ayaw lumabas ng aso sa bahay ngayon", "tl"),
    ],
)
def test_each_is_told_by_its_name_however_it_is_typed(text, code):
    decomposed = unicodedata.normalize("NFD", text)
    for typed in (
        text,
        text.upper(),
        decomposed,
        f"@ana {text} #dog https://example.com/a",
        text * 9,
    ):
        assert looks(typed) == code, typed
    assert looks(text, "en", code) is None
    assert looks(text, code) is None


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n", "...", "😍😍", "10/10", "qwxz", "asdf qwer zxcv", "xqzvb wkjrt pplqx",
        "Отличный фильм, очень понравилось!", "这部电影太无聊了", "とても面白い映画でした。",
        "#viernes #playa #sol", "@la_casa_de_papel", "https://es.example.com/el-perro-y-la-casa",
        "Sooooooooo gooooooood", "AAAAAAAAAAAAAAAND it broke", "hahahahahaha", "Mmmmmmm",
        "HAHAhahaHAHA no", "Blah blah blah", "Ha ha ha!!!", "Aaaaaand sold out",
        "It isn’t bad", "doesnâ€™t work", "dont&#039;t", "A\u0301 la carte",
    ],
)  # fmt: skip
def test_what_is_in_no_other_language_is_left_alone(text):
    assert looks(text) is None


def test_english_is_seen_by_its_commonest_words_without_the_table(monkeypatch):
    read = []
    monkeypatch.setattr(
        language, "_looks", lambda texts, *_: read.extend(texts) or np.full(len(texts), -1)
    )
    texts = reviews()
    foreign(texts, ("en",))
    assert len(read) < 0.2 * len(texts)


def test_company_changes_nothing():
    texts = [row["text"] for row in examples()] + ["", "  ", "#", "é" * 200, "\U0001f370"]
    together = foreign(texts, ("en",)).tolist()
    assert together == [foreign([text], ("en",)).item() for text in texts]
    assert foreign([], ("en",)).tolist() == []


def test_a_long_text_is_in_another_language_if_both_of_its_ends_are():
    spanish, english = "Me gusta mucho esta casa. " * 20, "I like this house a lot. " * 20
    assert looks(spanish + spanish) == "es"
    assert looks(spanish + english) is None
    assert looks(english + spanish) is None


def test_a_title_in_english_makes_no_text_english():
    assert looks("The Last of Us tiene la mejor historia que he jugado en mi vida") == "es"
    assert looks("La Casa de Papel and El Camino were both so good") is None


def test_english_is_another_language_to_a_model_of_others():
    assert looks("I like this house a lot, it has a garden.", "es") == "en"
    assert looks("I like this house a lot, it has a garden.", "es", "en") is None


def test_work_is_bounded_however_long_a_text_is(monkeypatch):
    sizes, read = [], language.read
    monkeypatch.setattr(
        language, "read", lambda text, **how: sizes.append(len(text)) or read(text, **how)
    )
    assert looks("la casa es muy bonita " * 50_000) == "es"
    assert max(sizes) <= language._SAMPLE
    assert len(sizes) == 3


@given(st.text(max_size=60), st.sets(st.sampled_from(CODES), min_size=1))
def test_any_text_is_in_one_of_the_languages_or_another(text, languages):
    (found,) = foreign([text], languages).tolist()
    assert found < 0 or CODES[found] not in languages


def test_the_table_is_small_and_of_these_languages():
    assert TABLE.stat().st_size <= 60_000
    assert language._table().weights.shape[1] == len(LANGUAGES)


@pytest.mark.parametrize(
    ("codes", "read"),
    [("en", ("en",)), ("en, ES", ("en", "es")), (["de"], ("de",)), ("all", ()), ((), ())],
)
def test_codes_are_read(codes, read):
    assert languages_of(codes) == read


@pytest.mark.parametrize(
    ("codes", "why"),
    [
        ("xx", 'no language "xx" here; write all, or some of en (English), es (Spanish)'),
        ("", 'no language ""'),
        ("en,en", '"en" occurs twice'),
        ("all,en", 'no language "all"'),
        ("english", "en (English)"),
    ],
)
def test_other_codes_are_refused_with_those_that_are_known(codes, why):
    with pytest.raises(ValueError, match="language") as error:
        languages_of(codes)
    assert why in str(error.value)
