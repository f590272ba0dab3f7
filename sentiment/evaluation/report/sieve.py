"""By what the mistakes on the page can be filtered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sentiment.evaluation.report.content import Report

_MAX_CHOICES = 50  # of a column, the most frequent


@dataclass(frozen=True)
class Sieve:
    """By what the mistakes on the page can be filtered.

    Attributes:
        choices: by column, the number and value of each choice, with its count of mistakes.
        numbers: the numbers of the choices that each mistake belongs to.
    """

    choices: dict[str, list[tuple[int, str, int]]]
    numbers: list[list[int]]

    @classmethod
    def of(cls, report: Report) -> "Sieve":
        """Number the slices of the mistakes, and what they are labelled."""
        columns: list[tuple[str, Sequence[str]]] = [
            ("label", [mistake.labelled for mistake in report.mistakes]),
            *zip(report.slices, zip(*report.mistake_slices, strict=True), strict=False),
        ]
        choices: dict[str, list[tuple[int, str, int]]] = {}
        numbers: list[list[int]] = [[] for _ in report.mistakes]
        first = 0
        for column, values in columns:
            counts = Counter(values).most_common(_MAX_CHOICES)
            known = {value: number for number, (value, _) in enumerate(counts, start=first)}
            choices[column] = [(known[value], value, count) for value, count in counts]
            for mistake, value in enumerate(values):
                numbers[mistake] += [known[value]] if value in known else []
            first += len(known)
        return cls({name: of for name, of in choices.items() if len(of) > 1}, numbers)
