"""Charts of what a model holds, made of text."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from sentiment.cli.bars import bar
from sentiment.reviews.cells import printable

_WORD = 24
_WORD_BAR = 6
_CURVE_BAR = 12

Move = tuple[str, float]


def words_beside(words: Mapping[str, Sequence[Move]]) -> Iterator[str]:
    """Show the n-grams that speak for either answer beside each other, the strongest first.

    Args:
        words: `positive` and `negative`, each n-grams with the change of the logit.
    """
    if not any(words.values()):
        yield "this model keeps no n-grams as text"
        return
    most = max(abs(moved) for side in words.values() for _, moved in side)
    width = 8 + _WORD_BAR + 2 + _WORD
    yield f"{'positive':<{width}}  negative"
    for pair in zip_longest(words["positive"], words["negative"]):
        left, right = (_move(move, most) if move else "" for move in pair)
        yield f"{left:<{width}}  {right}".rstrip()


def _move(move: Move, most: float) -> str:
    name, moved = move
    shown = printable(name)
    shown = shown if len(shown) <= _WORD else f"{shown[: _WORD - 1]}…"
    return f"{moved:+7.3f} {bar(abs(moved) / most, _WORD_BAR):<{_WORD_BAR}}  {shown}"


def epochs_as_text(facts: Mapping[str, Any]) -> Iterator[str]:
    """Show loss, validation loss and accuracy of each epoch, a bar each.

    Args:
        facts: `history`, and `provenance`, which says which epoch was kept, or None.
    """
    epochs: list[dict[str, float]] = facts["history"]
    about = facts["provenance"]
    if not epochs:
        in_turns = about is not None and about["in_turns"]
        yield (
            "no curve: this model was cross-validated by an older program, which kept none"
            if in_turns
            else "this model keeps no record of its training"
        )
        return
    losses = [epoch.get(name, 0.0) for epoch in epochs for name in ("loss", "validation_loss")]
    most = max(losses) or 1.0
    # Accuracies lie close together: their bars begin at a round number below the lowest.
    lowest = min(epoch.get("validation_accuracy", 0.0) for epoch in epochs)
    floor = min(int(lowest * 20), 19) / 20
    column = 8 + _CURVE_BAR
    kept = 0 if about is None else about["best_epoch"]
    yield (
        f"epoch  {'loss':<{column}} {'validation loss':<{column}} accuracy (bars from {floor:.0%})"
    )
    for number, epoch in enumerate(epochs, start=1):
        cells = [
            f"{loss:.4f}  {bar(loss / most, _CURVE_BAR):<{_CURVE_BAR}}"
            for loss in (epoch.get("loss", 0.0), epoch.get("validation_loss", 0.0))
        ]
        accuracy = epoch.get("validation_accuracy", 0.0)
        risen = bar((accuracy - floor) / (1 - floor), _CURVE_BAR)
        mark = "kept" if number == kept else ""
        line = f"{number:>5}  {' '.join(cells)} {accuracy:6.1%}  {risen:<{_CURVE_BAR}}  {mark}"
        yield line.rstrip()
    if 0 < kept <= len(epochs):
        losses = [epoch.get("validation_loss", 0.0) for epoch in epochs]
        yield f"kept: {why_kept(losses, kept)}"


def why_kept(losses: Sequence[float], number: int) -> str:
    """Return why an epoch was kept, by all validation losses; see `sentiment.training.judge`."""
    if losses[number - 1] == min(losses):
        return "the epoch of the lowest validation loss"
    return "the latest epoch within one standard error of the lowest validation loss"
