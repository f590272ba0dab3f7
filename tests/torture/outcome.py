"""What a part of the torture finds: how many cases were tried, and which of them failed."""

from dataclasses import dataclass, field


@dataclass
class Outcome:
    """One line of RELIABILITY.md.

    Attributes:
        what: what was tried, and what has to hold, in a line.
        cases: how many times.
        failures: a line for each case in which it did not hold, with what it takes to see it again.
    """

    what: str
    cases: int = 0
    failures: list[str] = field(default_factory=list)

    def check(self, holds: bool, case: str) -> None:
        """Count a case; `case` says which it was, should it have failed."""
        self.cases += 1
        if not holds:
            self.failures.append(case)
