"""What is done about rows that cannot be read: stop, leave them out, or keep their places."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from sentiment.reviews.cells import count_of
from sentiment.reviews.source import BadRow, Batch, Row, row_error

Policy = Literal["stop", "skip", "keep"]
POLICIES: tuple[Policy, ...] = get_args(Policy)
DONE = {"skip": "left out", "keep": "kept, without an answer"}


@dataclass
class BadRows:
    """A policy, and what came of it.

    Attributes:
        policy: `stop` raises an error at the first; `skip` leaves them out; `keep` gives them out
            with what can be read of them, and `Batch.bad` says which they are.
        tell: Is told of each that is left out or kept: the file, the number of the row, and it.
        advice: What else can be done where it stops, for the end of the message.
    """

    policy: Policy = "stop"
    tell: Callable[[str, int, BadRow], None] | None = None
    advice: str = ""
    _counts: dict[str, int] = field(default_factory=dict)
    _firsts: dict[str, str] = field(default_factory=dict)

    def batches(
        self, items: Sequence[Row | BadRow], first_row: int, *, name: str, format: str
    ) -> Iterator[Batch]:
        """Make a batch of what was read together, if a row of it is left.

        Args:
            items: Rows, and what is known of those that cannot be read.
            first_row: The number of the first.
            name: The name of the source.
            format: Its format.

        Raises:
            DataError: The policy is to stop at the bad row; the rows before it were given out.
        """
        good = [item for item in items if not isinstance(item, BadRow)]
        if len(good) == len(items):
            yield Batch(good, first_row, name=name, format=format)
            return
        bad = {place: item for place, item in enumerate(items) if isinstance(item, BadRow)}
        if self.policy == "stop":
            place, first = next(iter(bad.items()))
            if place:
                yield Batch(good[:place], first_row, name=name, format=format)
            raise row_error(
                first.file or name, first_row + place, first.reason + self.advice, first.line
            )
        for place, row in bad.items():
            self._note(row, first_row + place, name)
        if self.policy == "keep":
            rows = [item.row if isinstance(item, BadRow) else item for item in items]
            yield Batch(rows, first_row, name=name, format=format, bad=bad)
        elif good:
            gaps = [place - before for before, place in enumerate(bad)]
            yield Batch(good, first_row, name=name, format=format, gaps=gaps)

    @property
    def found(self) -> int:
        """How many were left out or kept so far."""
        return sum(self._counts.values())

    def summaries(self) -> Iterator[str]:
        """Say of each source how many rows could not be read, and why the first could not."""
        for name, times in self._counts.items():
            what = f"{count_of(times, 'row')} that cannot be read {DONE[self.policy]}"
            yield f"{what}; the first: {self._firsts[name]}"

    def _note(self, bad: BadRow, number: int, name: str) -> None:
        self._counts[name] = self._counts.get(name, 0) + 1
        if name not in self._firsts:
            self._firsts[name] = str(row_error(bad.file or name, number, bad.reason, bad.line))
        if self.tell:
            self.tell(bad.file or name, number, bad)


STOP = BadRows()
