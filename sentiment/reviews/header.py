"""Names of columns, and detection of header rows."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sentiment.reviews.rules import has_letters, is_figure, is_label_word, is_number, is_numbered
from sentiment.reviews.words import YES_OR_NO
from sentiment.values import MISSING_WORDS


def words_in(text: str, separator: str | None = None) -> frozenset[str]:
    """Return the words of a list, which white space or another separator divides."""
    return frozenset(text.split(separator))


# Names in order of rank; two columns of the best rank are a tie, which is an error.
TEXT_NAMES = (
    words_in(
        "text,review,review text,review body,sentence,comment,tweet,content,body,message,"
        "feedback,document,reviewtext,reviewbody,commenttext,tweettext,fulltext,selftext,full text",
        ",",
    ),
    words_in(
        "verbatim testimonial opinion remark utterance phrase post response answer transcript "
        "caption"
    ),
    frozenset(
        f"{of} {what}"
        for of in ("review", "comment", "feedback", "customer")
        for what in ("description", "title", "summary", "headline")
    ),
    words_in("description"),  # usually of the product
    words_in("title summary headline"),
)
LABEL_NAMES = (
    words_in("label sentiment polarity target class y"),
    words_in("rating,star,star rating,overall,score", ","),
    words_in("voted up,thumb up,recommended,recommended ind,recommend,recommendation,nps", ","),
)
ID_NAMES = words_in(",id,uid,uuid,index,idx,key,line,no,nr,number,row,unnamed 0", ",")
# Subjects and authors of reviews; their columns are not texts.
_OTHERS = words_in(
    """
    address airline author brand by category city company country customer email guest hotel
    language location member name place product region reviewer state store url user username writer
    """
)
# Names by which a header is recognized; *recommended* might be a label.
_TEXT_NAMES = frozenset().union(*TEXT_NAMES)
HEADER_NAMES = _TEXT_NAMES.union(*LABEL_NAMES[:2])
_WORDS = frozenset(word for name in HEADER_NAMES | ID_NAMES for word in name.split())
_PARTS = re.compile(r"[^\W_]+")
# Before a capital after a small letter or a digit, and before the last of several capitals.
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST = 100  # characters of a name
_BEFORE_NUMBER = words_in("out of max to")
_OPTIONAL_S = re.compile(r"\(s\)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def normal_name(name: str) -> str:
    """Return a name as lower-case words in the singular.

    Words are split at punctuation and in camel case: `Review-Texts`, `reviews.text`, `reviewText`
    and `Review Text*` are all `review text`.
    """
    if len(name) > _LONGEST:
        return name
    words = _PARTS.findall(_CAMEL.sub(" ", _OPTIONAL_S.sub("", name)))
    return " ".join(map(_singular, words)).lower()


def last_word(name: str) -> str:
    """Return the last word of a name, without a final number: `airline_sentiment` → `sentiment`.

    `comment_2` is one of several columns of comments, *Rating (out of 10)* one of ratings.
    """
    words = normal_name(name).split()
    while len(words) > 1 and (words[-1].isdigit() or words[-1] in _BEFORE_NUMBER):
        words.pop()
    return words[-1] if words else ""


def is_among(name: str, names: frozenset[str]) -> bool:
    """Return whether a name, or its last word, is among some normal names."""
    return normal_name(name) in names or last_word(name) in names


def is_name_of_others(name: str) -> bool:
    """Return whether a name is that of a column of people, places or things."""
    return is_among(name, _OTHERS)


def is_id_name(name: str) -> bool:
    """Return whether a name is that of a column of row numbers or ids."""
    return is_among(name, ID_NAMES)


def numbered_names(count: int) -> list[str]:
    """Return names for columns without names: "1", "2", …."""
    return [str(number) for number in range(1, count + 1)]


def is_text_name(name: str) -> bool:
    """Return whether a name, or its last word, is known for columns of texts."""
    return is_among(name, _TEXT_NAMES)


def is_known_name(name: str) -> bool:
    """Return whether a name, or its last word, is known for columns of texts or labels."""
    return is_among(name, HEADER_NAMES)


def is_written_as_name(name: str) -> bool:
    """Return whether a cell is clearly a known name: `Reviews`, `tweet_text`, not *Nice review*.

    Words with spaces between them may be a text.
    """
    return normal_name(name) in HEADER_NAMES or (is_known_name(name) and " " not in name.strip())


def _singular(word: str) -> str:
    lower = word.lower()
    for plural, singular in (("ies", "y"), ("ses", "s"), ("s", "")):
        found = lower.removesuffix(plural) + singular
        if lower.endswith(plural) and found in _WORDS:
            return found
    return lower


MAX_TITLES = 5  # lines above a header, besides comments
HEADER_TAKEN = "first row taken as header; --no-header reads it as a row"
SURVEY_LEFT_OUT = "rows of a survey program below the header left out"
FEW_COLUMNS = 3
MANY_WORDS = 6
NAME_WORDS = 4
MOST_ASKED = 25  # words
LONGEST = 320  # characters of a question or an address
SHOWN_COLUMNS = 5
NUMBER_WORDS = words_in("zero one two three four five six seven eight nine ten")
NO_LABELS = words_in("unlabeled unlabelled unknown unsup unsupervised")
TIMES = words_in("timestamp date time datetime day created")
# A cell of only these words is an opinion, not a name.
OPINIONS = words_in(
    """
    abysmal amazed amazing annoying appalling atrocious avoid awesome awful bad beautiful best
    better boring brilliant broken charming cheap clean cold comfortable cool cosy cozy crap dead
    decent defective delicious delightful dirty disappointed disappointing disappointment disgusting
    dreadful dull enjoyable enjoyed exceeded excellent exceptional expensive fabulous fair fantastic
    faulty filthy fine flawless friendly fun garbage good gorgeous great happy hate hated helpful
    hopeless horrible horrid impressed impressive incredible junk like liked loud love loved lovely
    magnificent mediocre meh nice noisy ok okay outstanding overpriced pathetic perfect pleasant
    pleased poor poorly quiet recommended relaxing rubbish rude satisfied scam shocking slow smelly
    spotless stunning stylish super superb tasty terrible terrific thanks trash ugly unacceptable
    uncomfortable unfriendly unhappy unhelpful useless waste welcoming wonderful worked works worse
    worst worth worthless wow yuck yum yummy
    """
)
_FILLING = words_in(
    "a all and as at but in is it just my not of really so such the this to too very was"
)
# Words that do not occur in names of columns.
_SAID = words_in("again ever never not really so thank too very was were")
# A question in a form addresses its reader; one in a review is about the product.
_ASKED = words_in("you your we our us")
_ASKING = words_in("i my me this it they them these those anyone")
_REQUESTS = words_in("any describe explain how please rate share tell what when where which why")
# Prompts of a form: *I liked it because*, *Things you noticed*.
_PROMPT = re.compile(
    r".*\b(?:because|was|were|is|are|to|the|of|about|with|and|for|that|when|if|by|a)"
    r"|(?:\w+ ){0,3}(?:parts?|things?|aspects?|features?|moments?|improve|improvements?|"
    r"suggestions?|pros|cons|likes|dislikes|strengths?|weaknesse?s?|reasons?|"
    r"thoughts|notes|complaints|compliments)"
    r"|(?:.*\b(?:about|for|of|on|with|during) )?your\b.*"
    r"|.*\b(?!thanks\b|was\b|is\b|as\b)(?:\w+s|\w*thing|what|part|area|reason|time|place) you\b.*"
)
_TRAILING = " :_.…"
_NUMBERING = re.compile(r"\A\s*+\w{1,3}[.):]\s+")
_NO_QUESTION = re.compile(r"[.!?@#…]|://")
# Links, addresses, and texts that begin with a handle, such as an answer on Twitter.
_FOREIGN = re.compile(r"https?://\S+|\S+@\S+\.\S+|@\w.*", re.IGNORECASE | re.DOTALL)
_IDENTIFIER = re.compile(r"[^\W\d_]+(_[^\W_]+)+")


def detect_header(
    first: Sequence[str],
    below: Callable[[], Sequence[Sequence[str]]],
    asked: Sequence[str],
    *,
    certain: bool = False,
) -> tuple[bool, list[str]]:
    """Return whether a first row is a header, and notes about it.

    Args:
        first: The row.
        below: Returns some rows below it.
        asked: Columns that the user named.
        certain: Whether it is one for another reason.
    """
    is_header = certain or reads_as_header(first, asked)
    if is_header is None:
        is_header = stands_above(first, below())
    if is_header:
        return True, [] if is_plain_header(first, asked) else [HEADER_TAKEN]
    return False, [describe_columns(len(first))] if first else []


def is_survey_row(row: Sequence[str]) -> bool:
    """Return whether a row is a second header, of Qualtrics or SurveyMonkey."""
    filled = [cell for cell in map(str.strip, row) if cell]
    return bool(filled) and all(
        cell.startswith('{"ImportId"') or cell in ("Response", "Open-Ended Response")
        for cell in filled
    )


def reads_as_header(row: Sequence[str], asked: Sequence[str] = ()) -> bool | None:
    """Return whether a first row is a header, judged by itself and by the columns the user named.

    Returns:
        True for a row with a column the user named, or with a well-known name and without cells
        that look like data, such as sentences; False for data; None if it depends on the rows
        below.
    """
    cells = [cell.strip() for cell in row]
    if _names_one(cells, asked):
        return True
    if _counts(cells):
        return None
    if not any(cells) or any(is_figure(cell) or _is_foreign(cell) for cell in cells):
        return False
    could_be_label = len(cells) <= FEW_COLUMNS and any(map(is_label_word, cells))
    if could_be_label or any(map(_is_sentence, cells)):
        return None
    # *Overall* alone is not a name of texts; `Y` and `LABEL_1` may be labels.
    known = is_text_name if len(cells) == 1 else is_known_name
    names = [cell for cell in cells if is_written_as_name(cell) and known(cell)]
    return True if any(cell not in "Yy" and not is_numbered(cell) for cell in names) else None


def stands_above(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Return whether a row for which `reads_as_header` is None is a header, by the rows below."""
    cells = [cell.strip() for cell in row]
    columns = [_Column(cell, _values(below, place)) for place, cell in enumerate(cells)]
    if _counts(cells):
        return any(column.is_text for column in columns)
    if not any(column.values for column in columns) or any(c.holds_its_head for c in columns):
        return False
    differing = [column for column in columns if column.differs]
    if any(map(_is_sentence, cells)):
        return len(below) > 1 and (
            len(differing) > 1 or any(is_plain_name(c.head) for c in differing)
        )
    if len(columns) == 1:
        of_labels = all(map(is_label_word, columns[0].values))  # these are short texts
        return not of_labels and (bool(differing) or columns[0].is_headed)
    if differing:
        return len(cells) > FEW_COLUMNS or len(set(cells)) == len(cells)
    return _could_be_names(columns)


def is_plain_header(row: Sequence[str], asked: Sequence[str]) -> bool:
    """Return whether a header is too clear to be announced: two names are known."""
    cells = [cell.strip() for cell in row]
    known = sum(is_written_as_name(name) or is_id_name(name) for name in cells)
    return _names_one(cells, asked) or (known > 1 and not any(map(_is_sentence, cells)))


def is_plain_name(cell: str) -> bool:
    """Return whether a cell is a name common in tables of reviews, and not part of a text."""
    known = HEADER_NAMES | ID_NAMES | _OTHERS | TIMES
    words = set(normal_name(cell).split())
    return is_among(cell, known) and words.isdisjoint(OPINIONS | _FILLING)


def describe_columns(count: int) -> str:
    """Return the note that there is no header, with the names of the columns."""
    if count == 1:
        return "no header: the column is called 1"
    numbers = ", ".join(map(str, range(1, count + 1)))
    return f"no header: columns are called {numbers if count <= SHOWN_COLUMNS else f'1 to {count}'}"


@dataclass(frozen=True)
class _Column:
    """The head of a column, and the non-empty values below it."""

    head: str
    values: list[str]

    @cached_property
    def is_text(self) -> bool:
        """Whether most values have letters."""
        return 2 * sum(map(has_letters, self.values)) > len(self.values)

    @cached_property
    def mean_words(self) -> float:
        return sum(len(value.split()) for value in self.values) / max(len(self.values), 1)

    @property
    def holds_its_head(self) -> bool:
        """Whether the head is data: one of the values, or of their kind."""
        if not self.values or not self.head:
            return False
        head = self.head.casefold()
        if head in {value.casefold() for value in self.values} - MISSING_WORDS:
            return True
        if is_label_word(head):
            labels = all(is_label_word(v) or v.casefold() in MISSING_WORDS for v in self.values)
            return labels and not self.answers_head
        if head in YES_OR_NO or is_numbered(head):  # `Y` above `N`, `LABEL_1` above `LABEL_0`
            return all(v.casefold() in YES_OR_NO or is_numbered(v) for v in self.values)
        return _is_opinion(head) and self.is_text

    @property
    def answers_head(self) -> bool:
        """Whether the values are only yes and no, of what the head is: `negative` above `False`."""
        answers = {value.casefold() for value in self.values}
        asked = self.head.casefold() not in YES_OR_NO
        return asked and bool(answers) and answers <= YES_OR_NO.keys()

    @property
    def differs(self) -> bool:
        """Whether all values are of one kind, and the head is not."""
        head, values = self.head, self.values
        no_name = MISSING_WORDS | NUMBER_WORDS | NO_LABELS
        if not values or not has_letters(head) or head.casefold() in no_name:
            return False
        if all(map(is_figure, values)) or all(map(_is_foreign, values)):
            return True
        if _gives_an_opinion(head) or all(map(is_label_word, values)):
            answered = is_label_word(head) and self.answers_head
            return answered or not (_gives_an_opinion(head) or is_label_word(head))
        if len(values) > 1 and _IDENTIFIER.fullmatch(head):
            return not any(map(_IDENTIFIER.fullmatch, values))
        if len(values) > 2 and not _has_digit(head) and all(map(_has_digit, values)):
            return True
        counts = Counter(values)
        once = sum(count == 1 for count in counts.values())
        return len(values) >= 10 and 10 * once <= len(values) and "" not in counts

    @property
    def is_headed(self) -> bool:
        """Whether the head is clearly shorter than the values, or a question that they answer."""
        words = len(self.head.split())
        if asks(self.head):
            return 5 * sum(map(asks, self.values)) <= len(self.values)
        if _gives_an_opinion(self.head):
            return False
        if is_text_name(self.head):
            return self.mean_words > words
        as_short = sum(len(value.split()) <= words for value in self.values)
        wordier = self.mean_words >= max(2 * words, 3)
        return words <= NAME_WORDS and wordier and 2 * (as_short + 1) < len(self.values) + 2

    @property
    def head_is_a_text(self) -> bool:
        """Whether the head may be a text: as long as the values, or an opinion."""
        words = len(self.head.split())
        if not self.is_text or is_known_name(self.head) or asks(self.head):
            return False
        if _gives_an_opinion(self.head):
            return True
        return words > 1 and self.mean_words > 1 and words >= 0.75 * self.mean_words


def _could_be_names(columns: Sequence[_Column]) -> bool:
    """Return whether the heads of several columns could be their names."""
    heads = [column.head for column in columns]
    if any(map(is_written_as_name, heads)):
        return not any(map(is_label_word, heads))
    no_name = MISSING_WORDS | NO_LABELS | {""}
    missing = any(head.casefold() in no_name for head in heads[1:])
    doubled = len(set(heads)) < len(heads)
    most = max(column.mean_words for column in columns)  # a place may have two words, too
    wordy = [column for column in columns if 2 * column.mean_words > most]
    named = any((is_text_name(c.head) or asks(c.head)) and c.is_headed for c in wordy)
    return not (missing or doubled) and (named or not any(c.head_is_a_text for c in wordy))


def _values(rows: Sequence[Sequence[str]], place: int) -> list[str]:
    values = [row[place].strip() for row in rows if place < len(row)]
    return [value for value in values if value]


def _names_one(cells: Sequence[str], asked: Sequence[str]) -> bool:
    """Return whether a cell is a column the user named."""
    return not {name.casefold() for name in asked}.isdisjoint(
        cell.casefold() for cell in cells if not is_number(cell)
    )


def _counts(cells: Sequence[str]) -> bool:
    """Return whether a row counts 0, 1, 2, …, as pandas names columns; an index has no name."""
    counted = [cell for cell in cells if cell]
    return len(cells) - len(counted) < 2 and counted == list(map(str, range(len(counted))))


def _is_sentence(cell: str) -> bool:
    if asks(cell):
        return False
    return len(cell.split()) >= MANY_WORDS or cell.endswith((".", "!", "?", "…"))


def _is_foreign(cell: str) -> bool:
    """Return whether a cell is a link or an address, or begins with a handle."""
    return len(cell) <= LONGEST and _FOREIGN.fullmatch(cell) is not None


def asks(cell: str) -> bool:
    """Return whether a cell is a question of a form: *How was your stay?*."""
    if len(cell) > LONGEST:
        return False
    question = _NUMBERING.sub("", cell).removesuffix("?")
    if _is_prompt(question):
        return True
    words = re.findall(r"[^\W\d_]+", question.casefold())
    if not 1 < len(words) <= MOST_ASKED or question[:1].islower() or _NO_QUESTION.search(question):
        return False
    reader = not _ASKED.isdisjoint(words)
    if cell.endswith("?"):
        return reader or _ASKING.isdisjoint(words)
    return words[0] in _REQUESTS and reader and "," not in question


def _is_prompt(cell: str) -> bool:
    """Return whether a cell is the beginning of an answer, or a prompt."""
    prompt = cell.rstrip(_TRAILING)
    words = prompt.casefold().split()
    if not 0 < len(words) <= MOST_ASKED or prompt[0].islower() or _NO_QUESTION.search(prompt):
        return False
    return words[0] not in ("thank", "thanks") and _PROMPT.fullmatch(" ".join(words)) is not None


def _gives_an_opinion(cell: str) -> bool:
    """Return whether a cell has a word of opinion: *Great review*, *Never again*."""
    return not (OPINIONS | _SAID).isdisjoint(re.findall(r"[^\W\d_]+", cell.casefold()))


def _is_opinion(cell: str) -> bool:
    """Return whether a cell has only words of opinion: *Not so good*."""
    words = set(re.findall(r"[^\W\d_]+", cell.casefold())) - _FILLING
    return bool(words) and words <= OPINIONS


def _has_digit(cell: str) -> bool:
    return any(map(str.isdigit, cell))
