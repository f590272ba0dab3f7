"""Naming phrases once: `a great film` says what `great film` says."""

from collections.abc import Iterable


def unnested(names: Iterable[str], limit: int) -> list[str]:
    """Keep the first names of which none stands within another, whole words alone.

    Args:
        names: phrases as `name_features` spells them, the most important first.
        limit: how many to keep at the most.
    """
    kept: list[str] = []
    bare: list[str] = []
    for name in names:
        if len(kept) == limit:
            break
        words = f" {name.removeprefix('… ')} "
        if not any(words in other or other in words for other in bare):
            kept.append(name)
            bare.append(words)
    return kept
