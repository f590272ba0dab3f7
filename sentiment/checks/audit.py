"""All that `check` finds in labelled reviews, with its figures, and the rows to look at."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.checks.leaks import Leak, leaking_columns, leaking_words
from sentiment.checks.repeated import Repeated, find_repeated
from sentiment.checks.wrong_labels import WrongLabels, joined
from sentiment.features.language import LANGUAGES, foreign
from sentiment.model.component import probabilities_of
from sentiment.reviews.dataset import LabelledReviews
from sentiment.values import gives_no_opinion

# The kinds of rows to look at, in the order that they are shown, and what each is, in words.
KINDS = {
    "wrong_label": "labels in doubt, the most doubtful first",
    "contradiction": "texts that stand under different labels",
    "in_test": "texts that stand in the test reviews, too",
    "repeat": "texts that repeat an earlier one",
    "empty": "texts without an opinion",
    "foreign": "texts in another language",
}
# Figures that a limit can be set for: shares of the reviews, and the number of leaks.
FIGURES = ("wrong_labels", "contradictions", "in_test", "repeats", "empty", "foreign",
           "largest_class", "leaks")  # fmt: skip
_LETTERS = re.compile(r"[^\W_]")


class Problem(NamedTuple):
    """A row to look at.

    Attributes:
        kind: of `KINDS`.
        number: of the review.
        why: in a few words, such as the other label.
        suggested: the label that it may have instead; None if that is not the question.
    """

    kind: str
    number: int
    why: str
    suggested: int | None = None


@dataclass(frozen=True, eq=False)
class Audit:
    """What was found in n labelled reviews.

    Attributes:
        reviews: these.
        wrong: labels that are likely wrong.
        repeated: texts that stand more than once.
        test: the test reviews; None if there are none.
        leaks: columns and words that give labels away, the surest first.
        empty: reviews without an opinion, such as *n/a*, by number.
        languages: the language of each review in another one than most, by number.
        opinion: the log-odds of a model that saw none of the reviews, float64 [n, K − 1], NaN where
            it has none; None for no such model.
    """

    reviews: LabelledReviews
    wrong: WrongLabels
    repeated: Repeated
    test: LabelledReviews | None
    leaks: Sequence[Leak]
    empty: Sequence[int]
    languages: Mapping[int, str]
    opinion: NDArray[np.float64] | None = None

    @cached_property
    def counts(self) -> dict[str, int]:
        """The number of reviews of each class, by its name."""
        names = self.reviews.label_set.names
        found = np.bincount(self.reviews.labels, minlength=len(names)).tolist()
        return dict(zip(names, found, strict=True))

    @cached_property
    def dropped(self) -> list[tuple[str, int]]:
        """The file and row of each row that was left out in reading."""
        others = np.setdiff1d(np.arange(self.reviews.rows_read), self.reviews.places)
        of_them = replace(self.reviews, places=others)
        return [of_them.place(number) for number in range(others.size)]

    @cached_property
    def figures(self) -> dict[str, float]:
        """The figures of `FIGURES`."""
        rows = len(self.reviews)
        numbers = Counter(problem.kind for problem in self.problems)
        return {
            "wrong_labels": self.wrong.rows.size / rows,
            "contradictions": numbers["contradiction"] / rows,
            "in_test": numbers["in_test"] / rows,
            "repeats": numbers["repeat"] / rows,
            "empty": numbers["empty"] / rows,
            "foreign": numbers["foreign"] / rows,
            "largest_class": max(self.counts.values()) / rows,
            "leaks": float(len(self.leaks)),
        }

    @cached_property
    def problems(self) -> list[Problem]:
        """The rows to look at, by kind, the clearest first; a row may have several kinds."""
        return [*self._wrong(), *self._repeated(), *self._others()]

    def _wrong(self) -> list[Problem]:
        names, answers = self.reviews.label_set.names, self.wrong.probabilities.argmax(axis=1)
        found = []
        for row in self.wrong.rows.tolist():
            answer = int(answers[row])
            why = f"reads {names[answer]} ({self.wrong.probabilities[row, answer]:.2f})"
            why += self._said(row)
            found.append(Problem("wrong_label", row, why, answer))
        return found

    def _said(self, number: int) -> str:
        """Return what the other model says of a review, for people; "" if nothing."""
        if self.opinion is None or np.isnan(self.opinion[number]).any():
            return ""
        said = probabilities_of(self.opinion[number : number + 1])[0]
        answer = int(said.argmax())
        return f"; the model: {self.reviews.label_set.names[answer]} ({said[answer]:.2f})"

    def _repeated(self) -> list[Problem]:
        names, labels = self.reviews.label_set.names, self.reviews.labels
        found = []
        for group in self.repeated.contradictions:
            for row in group:
                other = next(each for each in group if labels[each] != labels[row])
                why = f"{self.where(other)} says the same and is {names[labels[other]]}"
                found.append(Problem("contradiction", row, why))
        if self.test is not None:
            for row, of_test in self.repeated.in_test:
                file, place = self.test.place(of_test)
                found.append(Problem("in_test", row, f"as row {place} of {file}"))
        for group in self.repeated.repeats:
            why = f"as {self.where(group[0])}"
            found += [Problem("repeat", row, why) for row in group[1:]]
        return found

    def _others(self) -> list[Problem]:
        found = [Problem("empty", row, "says nothing") for row in self.empty]
        return found + [Problem("foreign", row, name) for row, name in self.languages.items()]

    def where(self, number: int) -> str:
        """Return where a review stands, for people: `row 7`, with its file if there are several."""
        file, row = self.reviews.place(number)
        return f"{file} row {row}" if len(self.reviews.files) > 1 else f"row {row}"

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        names = self.reviews.label_set.names
        rows = []
        for kind, number, why, suggested in self.problems:
            file, row = self.reviews.place(number)
            facts = {"kind": kind, "file": file, "row": row, "why": why}
            facts["label"] = names[self.reviews.labels[number]]
            facts["suggested"] = None if suggested is None else names[suggested]
            rows.append(facts | {"text": self.reviews.texts[number]})
        leaks = [
            {"kind": leak.kind, "name": leak.name, "share": leak.share, "reviews": leak.reviews,
             "label": None if leak.label is None else names[leak.label]}
            for leak in self.leaks
        ]  # fmt: skip
        return {
            "n": len(self.reviews),
            "classes": self.counts,
            "figures": self.figures,
            "estimated_wrong_labels": self.wrong.estimated,
            "leaks": leaks,
            "dropped": [{"file": file, "row": row} for file, row in self.dropped],
            "rows": rows,
        }


def audit(
    reviews: LabelledReviews,
    log_odds: NDArray[np.float64],
    opinion: NDArray[np.float64] | None = None,
    test: LabelledReviews | None = None,
) -> Audit:
    """Check labelled reviews.

    Args:
        reviews: with the cells of all other columns.
        log_odds: of models fitted on other reviews, float64 [n, K − 1]; NaN for none.
        opinion: of a model that saw none of them, to be weighed in; see `Audit`.
        test: reviews that must not stand among these.
    """
    texts = [reviews.texts[row] for row in range(len(reviews))]
    labels = reviews.labels
    others = [] if test is None else [test.texts[row] for row in range(len(test))]
    empty = [row for row, text in enumerate(texts) if says_nothing(text)]
    leaks = [*leaking_columns(reviews.columns, labels), *leaking_words(texts, labels)]
    wrong = WrongLabels.find(joined(log_odds, opinion, labels), labels)
    repeated = find_repeated(texts, labels, others)
    languages = other_languages(texts)
    return Audit(reviews, wrong, repeated, test, leaks, empty, languages, opinion)


def says_nothing(text: str) -> bool:
    """Return whether a text has no letter or digit, or declines to give an opinion."""
    return not _LETTERS.search(text) or gives_no_opinion(text)


def other_languages(texts: Sequence[str]) -> dict[int, str]:
    """Return the language of each text that looks to be in another than most; by number.

    Only languages that `features/language.py` tells apart are found.
    """
    codes = [*LANGUAGES]
    found = foreign(texts, ("en",))
    for language, count in Counter(found.tolist()).most_common(1):
        if language >= 0 and count > len(texts) / 2:
            found = foreign(texts, (codes[language],))
    return {int(row): LANGUAGES[codes[found[row]]] for row in np.flatnonzero(found >= 0)}
