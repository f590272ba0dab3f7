"""Bars made of block characters, finer than a character is wide."""

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, width: int) -> str:
    """Draw a bar to the right: up to `width` characters for a share of 1."""
    eighths = round(8 * width * min(max(share, 0.0), 1.0))
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()


def two_sided(share: float, width: int) -> str:
    """Draw a bar from a middle line, to the left below 0: `width` characters on either side."""
    if share >= 0:
        return " " * width + "│" + bar(share, width)
    halves = round(2 * width * min(-share, 1.0))
    return ("▐" * (halves % 2) + "█" * (halves // 2)).rjust(width) + "│"
