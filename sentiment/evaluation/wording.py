"""Figures as people read them."""

from sentiment.evaluation.bootstrap import Interval


def percent(value: float | None) -> str:
    """Write a share; a dash for None."""
    return "–" if value is None else f"{value:.1%}"


def percents(ends: Interval | None) -> str:
    """Write the interval of a share; nothing for None."""
    return "" if ends is None else f"{100 * ends[0]:.1f}–{ends[1]:.1%}"


def number(value: float | None) -> str:
    """Write a figure that is not a share; a dash for None."""
    return "–" if value is None else f"{value:.4f}".replace("-", "−")


def numbers(ends: Interval | None) -> str:
    """Write the interval of a figure that is not a share; nothing for None."""
    return "" if ends is None else f"{ends[0]:.4f}–{ends[1]:.4f}".replace("-", "−")


def signed(value: float) -> str:
    """Write what is added to a logit, or taken from it."""
    return f"{value:+.2f}".replace("-", "−")
