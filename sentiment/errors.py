"""Errors with their exit codes, suggestions for misspelt names, and commands to paste."""

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

# The exit codes of programs that were stopped, or whose reader went away.
INTERRUPTED = 130
READER_GONE = 141
TERMINATED = 143


class SentimentError(Exception):
    """An error that the user can fix; the base of all errors raised on purpose."""

    exit_code = 1


class UsageError(SentimentError):
    """The options of a command do not fit together."""

    exit_code = 2


class DataError(SentimentError):
    """A file of reviews cannot be read."""

    exit_code = 3


class ModelError(SentimentError):
    """A model file is missing or damaged, or is not a model."""

    exit_code = 4


class MissingDependencyError(SentimentError):
    """An optional package is not installed; the message has the command that installs it."""

    exit_code = 5


class GoalError(SentimentError):
    """A gate or a goal was not met."""

    exit_code = 6


def system_error(error: OSError) -> str:
    """Return an error of the operating system in one line: its file, and why."""
    return f"{error.filename or 'cannot write'}: {error.strerror or error}"


def command_line(*words: object) -> str:
    """Return a command of this program, quoted for the shell."""
    return shlex.join(["sentiment", *map(str, words)])


# What other programs call it.
_SYNONYMS = {
    "analyse": "summarize", "analyze": "summarize", "analysis": "summarize",
    "aggregate": "summarize", "overview": "summarize", "summarise": "summarize",
    "summary": "summarize", "topics": "summarize", "themes": "summarize", "trends": "summarize",
    "classify": "predict", "infer": "predict",
    "score": "predict", "benchmark": "evaluate", "eval": "evaluate", "test": "evaluate",
    "validate": "evaluate", "finetune": "train", "fit": "train", "learn": "train",
    "diff": "compare", "interpret": "explain", "why": "explain", "show": "info",
    "api": "serve", "server": "serve", "convert": "export", "download": "datasets",
    "fetch": "get", "ls": "list",
    "layer": "hidden", "layers": "hidden", "units": "hidden", "lr": "learning-rate",
    "eta": "learning-rate", "dev": "validation", "eval-file": "validation",
    "test-size": "validation-share", "pretrained": "base", "max-features": "features",
    "random-state": "seed", "cores": "workers", "jobs": "workers", "n-jobs": "workers",
    "threads": "workers", "file": "input", "out": "output", "delimiter": "input-format",
    "sep": "input-format", "target": "label-column", "y": "label-column", "overwrite": "force",
    "yes": "force", "silent": "quiet", "cutoff": "threshold", "group-by": "slice", "by": "slice",
}  # fmt: skip

_MAX_NAMES = 3  # suggestions
_MIN_RATIO = 0.75  # difflib's ratio: "thread" must not match "header" (0.67)
_MIN_RATIO_SHORT = 0.66  # "jsno" must match "jsonl", "arch" not "force" (0.44)
_MIN_LONG = 6  # letters
_MIN_PREFIX = 3  # letters of a prefix
_MIN_PART = 5  # letters of a single word of a name


def hint(word: str, known: Iterable[str], quote: str = "") -> str:
    """Return ` (did you mean general?)`, with known names similar to a word in quotes, or ""."""
    return _suggestion([f"{quote}{name}{quote}" for name in near(word, known)])


def hint_file(path: Path, others: Sequence[Path]) -> str:
    """Return a suggestion like `hint`, comparing file names without folders and suffixes."""
    stems = near(path.stem, (other.stem for other in others))
    found = [str(other) for stem in stems for other in others if other.stem == stem]
    return _suggestion(found[:_MAX_NAMES])


def _suggestion(names: Sequence[str]) -> str:
    if not names:
        return ""
    *others, last = names
    return f" (did you mean {', '.join(others)}{' or ' if others else ''}{last}?)"


def near(word: str, known: Iterable[str]) -> list[str]:
    """Return up to three similar names.

    The first of these rules that finds any decides: the same but for case and hyphens; what other
    programs call it; all words of one in the other; a common beginning; the same letters; a similar
    spelling, of the whole or of one of its words.
    """
    words = {name: _words(name) for name in known}
    asked = _words(word)
    squeezed = "".join(asked)
    if not squeezed:
        return []
    synonym = _words(_SYNONYMS.get("-".join(asked), ""))
    for alike in (
        lambda parts: "".join(parts) == squeezed,
        lambda parts: parts == synonym,
        lambda parts: _is_part(parts, asked) or _is_part(asked, parts),
        lambda parts: _share_start("".join(parts), squeezed),
        lambda parts: sorted("".join(parts)) == sorted(squeezed),
    ):
        if found := [name for name, parts in words.items() if parts and alike(parts)]:
            return found[:_MAX_NAMES]
    from difflib import get_close_matches  # rarely needed

    spelled = {"".join(parts): name for name, parts in reversed(words.items())}
    least = _MIN_RATIO if len(squeezed) >= _MIN_LONG else _MIN_RATIO_SHORT
    if found := get_close_matches(squeezed, spelled, 1, least):
        return [spelled[each] for each in found]
    if len(squeezed) < _MIN_PART:
        return []
    part_of = {part: name for name, parts in reversed(words.items()) for part in parts}
    long = [part for part in part_of if len(part) >= _MIN_PART]
    return [part_of[part] for part in get_close_matches(squeezed, long, 1, _MIN_RATIO)]


def _words(name: str) -> list[str]:
    """Split a name: `--text-column`, `text_column` and `textColumn` → text, column."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W_]+", parted.casefold())


def _is_part(few: Sequence[str], many: Sequence[str]) -> bool:
    """Return whether some words occur consecutively in others."""
    return f" {' '.join(few)} " in f" {' '.join(many)} "


def _share_start(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= _MIN_PREFIX and long.startswith(short)
