"""The options of a command by topic, as its help and its manual page show them."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

# By the parameter that an option sets. What stands nowhere belongs to its command alone.
TOPICS = {
    "Output": (
        "output", "output_format", "as_json", "prefix", "csv", "html", "plots", "plot", "force",
    ),
    "Starting from a model": ("base_path", "encoder_path"),
    "Features": (
        "architecture", "features", "word_ngrams", "char_ngrams", "min_df", "smoothing",
        "embeddings",
    ),
    "Network": ("hidden", "activation", "dropout", "fine_tune"),
    "Fitting": (
        "validation", "validation_share", "unlabeled", "weight_column", "epochs", "patience",
        "batch_size", "learning_rate", "refit", "optimize", "seed",
    ),
    "Long trainings": ("checkpoint", "resume", "memory", "log_dir"),
    "Answers": ("only", "threshold", "languages", "repair", "words"),
    "Rows": ("sort", "top", "skip_empty", "max_rejects", "summary"),
    "Kept with the model": ("name", "note"),
    "Reading files": (
        "format", "text_columns", "encoding", "sheet", "header", "delimiter", "quote", "comment",
        "skip_lines", "on_bad_bytes", "on_bad_row", "rejects", "fail_if_empty",
    ),
    "Labels": (
        "label_column", "label_files", "classes", "positive", "negative", "neutral", "strict",
    ),
    "Speed": ("workers", "engine", "address"),
    "Who may ask": ("allowed", "token_file", "origins"),
    "Log": ("proxies", "form"),
    "Limits": (
        "max_body", "max_texts", "max_chars", "max_file", "max_requests", "max_connections",
        "timeout",
    ),
    "Messages": ("quiet", "verbose", "debug", "help"),
}  # fmt: skip
OTHERS = "Options"
_FEW = 12  # options of a command that need no topics
_BESIDE = 24  # characters of choices that have a place beside the flag
_IN_HELP = 80  # characters of choices that the help lists; more are in the text of the command
_UNBOUNDED = 10**6  # a maximum that nobody meets
_DEFAULT = "Default:"


def options_of(
    command: click.Command, context: click.Context
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each topic of a command with how its options are written, and their help."""
    params = command.get_params(context)
    options = [each for each in params if isinstance(each, click.Option) and not each.hidden]
    for topic, some in by_topic(options):
        yield topic, [row for each in some if (row := describe(each, context))]


def by_topic(options: Sequence[click.Option]) -> Iterator[tuple[str, list[click.Option]]]:
    """Yield each topic with its options in the order of `TOPICS`, after those of no topic.

    An option that would be alone in its topic has none.
    """
    places = {name: (topic, n) for topic, names in TOPICS.items() for n, name in enumerate(names)}
    topics = {each: places.get(_name(each), (OTHERS, 0)) for each in options}
    sizes = Counter(topic for topic, _ in topics.values())
    found: dict[str, list[click.Option]] = {topic: [] for topic in (OTHERS, *TOPICS)}
    for option in sorted(options, key=lambda each: topics[each][1]):
        topic = topics[option][0]
        is_alone = len(options) <= _FEW or sizes[topic] == 1
        found[OTHERS if is_alone else topic].append(option)
    found[OTHERS].sort(key=options.index)
    yield from ((topic, some) for topic, some in found.items() if some)


def _name(option: click.Option) -> str:
    return "help" if "--help" in option.opts else str(option.name)


def describe(option: click.Option, context: click.Context) -> tuple[str, str] | None:
    """Return how an option is written, and its help in sentences; None if it is hidden."""
    record = option.get_help_record(context)
    if record is None:
        return None
    text, _, default = (option.help or "").partition(f" {_DEFAULT} ")
    extra = option.get_help_extra(context)
    sentences = [text, *_constraints(option.type, extra)]
    if default or "default" in extra:
        sentences.append(f"{_DEFAULT} {default or extra['default'] + '.'}")
    return record[0], " ".join(sentences).strip()


def _constraints(kind: Any, extra: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the declaration of an option says of its values."""
    if isinstance(kind, click.Choice) and choices_beside(kind) is None:
        choices = ", ".join(map(str, kind.choices))
        if len(choices) <= _IN_HELP:
            yield f"One of {choices}."
    if isinstance(kind, click.IntRange | click.FloatRange) and (bounds := _bounds(kind)):
        yield f"{bounds}."
    if "required" in extra:
        yield "Required."


def choices_beside(kind: "click.Choice[Any]") -> str | None:
    """Return choices as they stand beside a flag, `[stop|skip]`; None if they are too many."""
    shown = f"[{'|'.join(map(str, kind.choices))}]"
    return shown if len(shown) <= _BESIDE else None


def _bounds(kind: click.IntRange | click.FloatRange) -> str:
    """Return the bounds of a number in words; "" if only absurd numbers are outside."""
    low, high = kind.min, kind.max
    if high is None or high > _UNBOUNDED:
        return "Above 0" if low == 0 and kind.min_open else ""
    lowest = f"{'Above' if kind.min_open else 'From'} {low or 0:g}"
    return f"{lowest}, below {high:g}" if kind.max_open else f"{lowest} to {high:g}"
