"""What a model knows too little of is left uncertain, with a reason, never guessed."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.labels import SENTIMENT
from sentiment.model.component import Coverage, sigmoid
from sentiment.model.decision import Decision
from sentiment.model.explanation import explain
from sentiment.model.model import Scores, answers_of, reasons_of
from sentiment.model.removal import smallest_removal
from tests.conftest import TEST
from tests.model.knowing import FAMILIES, knowing
from tests.model.small import changed

every = pytest.mark.parametrize("family", FAMILIES)

OTHER_SCRIPTS = [
    "Отличный фильм, очень понравилось!",
    "Купил 2 года назад за 3000 рублей, до сих пор работает.",
    "这部电影太无聊了，浪费时间。",
    "とても面白い映画でした。",
    "الفيلم ممل جدا ولا أنصح به.",
    "정말 재미있는 영화였어요.",
    "फिल्म बहुत उबाऊ थी।",
    "Εξαιρετική εξυπηρέτηση!",
    "หนังสนุกมาก",
    "השירות היה מעולה!",
]
NONSENSE = ["zxcv qwrtp.", "xqzvb wkjrt pplqx", "...", "!!!", "?", "🝰🝱"]
MADE_OF = st.sampled_from(
    ["good", "bad", "the", "фильм", "很好", "zxcv", "10", "😍", "!", "", "\n"]
)


def answers(model, texts):
    return model.answers(model.scores(texts))


@every
@pytest.mark.parametrize("text", OTHER_SCRIPTS + NONSENSE)
def test_what_nothing_is_known_of_is_uncertain_at_the_base_rate(family, text):
    model = knowing(family)
    scores = model.scores([text, text * 50])
    assert scores.unknown.all()
    assert scores.p_positive == pytest.approx(sigmoid(np.array([0.2, 0.2])))
    for decision in (Decision(), Decision(0.01), Decision(0.99), Decision(0.5, (0.49, 0.51))):
        assert answers_of(decision, scores, SENTIMENT) == ["uncertain", "uncertain"]


@every
def test_english_reviews_are_answered(family):
    with TEST.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert np.mean(knowing(family).scores(texts).unknown) < 0.002


@every
@pytest.mark.parametrize(
    "text",
    [
        "Loved it",
        "terrible",
        "😍😍😍",
        "Отличный фильм 😍",
        "10/10",
        "Это кино. But I loved every minute of it.",
        "Arrived on time, I love this and I would buy it again. " + "Очень хорошо! " * 4,
    ],
)
def test_what_is_known_is_answered_in_any_company(family, text):
    assert answers(knowing(family), [text]) != ["uncertain"]


def test_a_typo_is_known_by_its_characters_where_these_are_features():
    assert answers(knowing("characters"), ["excelent"]) == ["positive"]


@every
@pytest.mark.parametrize(
    "text",
    [
        "La comida llegó fría y el camarero ni siquiera pidió perdón.",
        "Die Lieferung kam zu spät und das Gerät war kaputt.",
    ],
)
def test_a_few_shared_words_do_not_make_a_language_known(family, text):
    scores = knowing(family).scores([text])
    assert scores.coverage.tolist() == [Coverage.LOW]
    assert reasons_of(Decision(), ["uncertain"], scores.coverage) == ["few known words"]


def test_a_review_without_a_token_has_no_answer():
    scores = knowing("words").scores(["", " <br> ", "\u200b"])
    assert np.isnan(scores.p_positive).all()
    assert not scores.unknown.any()
    assert answers_of(Decision(), scores, SENTIMENT) == ["", "", ""]


def test_reasons_are_given_for_what_is_uncertain_alone():
    evidence = np.array(
        [Coverage.OK, Coverage.OK, Coverage.LOW, Coverage.NONE, Coverage.OK], np.uint8
    )
    decision = Decision(0.5, (0.31, 0.738))
    p_positive = np.array([0.1, 0.5, 0.5, 0.5, np.nan])
    scores = Scores(np.stack((1 - p_positive, p_positive), axis=1), evidence)
    said = answers_of(decision, scores, SENTIMENT)
    assert said == ["negative", "uncertain", "uncertain", "uncertain", ""]
    assert reasons_of(decision, said, evidence) == [
        "", "between 0.31 and 0.738", "few known words", "no known words", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("band", "reason"), [((-1.0, 0.66), "below 0.66"), ((0.31, 2.0), "above 0.31")]
)
def test_a_label_that_is_never_answered_has_its_reason(band, reason):
    assert reasons_of(Decision(0.5, band), ["uncertain"], np.array([Coverage.OK])) == [reason]


@every
@given(texts=st.lists(st.lists(MADE_OF, max_size=12).map(" ".join), max_size=8))
def test_company_changes_nothing(family, texts):
    model = knowing(family)
    together = model.scores(texts)
    for row, text in enumerate(texts):
        alone = model.scores([text])
        assert alone.coverage[0] == together.coverage[row]
        assert alone.p_positive[0] == pytest.approx(together.p_positive[row], nan_ok=True)


def test_a_long_review_is_weighed_whole_over_its_pieces():
    texts = ["zxcv qwrtp " * 30_000, "zxcv qwrtp " * 30_000 + "I loved this film. " * 30_000]
    assert knowing("words").scores(texts).unknown.tolist() == [True, False]


def test_a_model_of_few_features_asks_for_less():
    model = knowing("words", limit=300)
    text = "The kettle boils quickly and pours without a drip, which is excellent."
    assert model.scores([text]).coverage.tolist() == [Coverage.LOW]
    asks_less = changed(model, min_coverage=0.0)
    assert asks_less.scores([text, "zxcv"]).coverage.tolist() == [Coverage.OK, Coverage.NONE]


def test_what_the_model_or_its_base_knows_is_answered():
    words = knowing("words")
    blind = knowing("words", limit=1)
    both = blind.on(words, 2.0)
    text = "I loved this wonderful film"
    assert blind.scores([text]).unknown.all()
    assert not both.scores([text]).unknown.any()
    assert both.log_odds([text]) == pytest.approx(0.2 + 2 * words.log_odds([text]))
    assert blind.on(words, 0.0).scores([text]).unknown.all()
    assert both.log_odds(["очень"]) == pytest.approx(np.array([[0.2 + 2 * 0.2]]))


@every
@pytest.mark.parametrize("text", [*OTHER_SCRIPTS[:2], "La comida fría y el camarero ni pidió"])
def test_an_explanation_credits_no_word_of_what_is_not_known(family, text):
    model = knowing(family)
    explanation = explain(model, text)
    assert explanation.answer == "uncertain"
    assert explanation.reason in ("few known words", "no known words")
    assert explanation.logit == explanation.base
    assert {word.contribution for word in explanation.words} == {0}
    assert explanation.phrases == ()
    assert smallest_removal(model, explanation) is None


@every
@pytest.mark.parametrize(
    "text",
    [
        "no comment", "No comments.", "NO COMMENT!!", "see above", "(See above)", "N/A", "n.a.",
        "nan", "None", "#N/A", "null", "nothing", "Nothing to add, thanks.", "Don\u2019t know",
        "[deleted]", "No comment at this time.", "I have no further comments, thank you", "None.",
        "n/a.", "NaT", "#REF!", "#NAME?", "#DIV/0!", "[object Object]", "{{ review.text }}",
        "empty", "Blank", "test", "xxx", "No Positive", "No Negative", "This review was removed",
        "[removed by moderator]", "Comment deleted by user", "Too early to say", "no", "No.",
        "Nope", "None at all", "Nothing at all!", "None that I can think of", "none so far",
    ],
)  # fmt: skip
def test_what_gives_no_opinion_is_uncertain_whatever_its_words_are(family, text):
    model = knowing(family)
    scores = model.scores([text, "good"])
    assert scores.coverage.tolist() == [Coverage.NO_OPINION, Coverage.OK]
    assert scores.p_positive[0] == pytest.approx(sigmoid(np.array([0.2]))[0])
    assert explain(model, text).reason == "no opinion"


@pytest.mark.parametrize(
    "text",
    [
        "good", "bad", "ok", "deleted", "Nothing works", "none that I can recommend",
        "no comment from rude staff",
        "no comment on the food, but it was awful", "empty promises", "blank stares from staff",
        "not sure I would come back", "no complaints", "No problem", "nothing to complain about",
        "Nothing special", "nothing yet", "no reply yet", "no response at all", "no value",
        "none left", "No negatives", "can't say no", "hard to say anything good", "test failed",
        "unknown quality", "I don't know why anyone would buy this", "no idea why",
        "text missing", "content removed", "See the review above, it was bad",
        "not available in my size", "the post was late",
    ],
)  # fmt: skip
def test_short_opinions_are_opinions(text):
    assert Coverage.NO_OPINION not in knowing("words").scores([text]).coverage
