"""Saying once how many texts were repaired, and of what."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sentiment.cli.console import console
from sentiment.features.repair import repairs
from sentiment.reviews.cells import count_of


class Repairs:
    """Counts texts that are repaired, as they pass.

    Args:
        wanted: whether any are; if not, or with `--quiet`, nothing is looked at or said.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and not console.quiet
        self._texts = 0
        self._kinds: Counter[str] = Counter()

    def counted(self, texts: Sequence[str]) -> Sequence[str]:
        """Count texts by what is damaged in them, and return them."""
        if self._wanted:
            self._count(texts)
        return texts

    def _count(self, texts: Iterable[str]) -> None:
        for text in texts:
            if kinds := {step.kind for step in repairs(text)}:
                self._texts += 1
                self._kinds.update(kinds)

    def say(self) -> None:
        """Say what was repaired, if anything was, the most frequent first."""
        if self._texts:
            kinds = sorted(self._kinds.items(), key=lambda kind: (-kind[1], kind[0]))
            found = ", ".join(f"{kind} in {count:,}" for kind, count in kinds)
            console.note(f"repaired {count_of(self._texts, 'text')}: {found}")
