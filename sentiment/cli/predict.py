"""`sentiment predict`: answers for texts, files and pipes."""

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.models import open_model
from sentiment.errors import UsageError, command_line
from sentiment.features.repair import repairs
from sentiment.files import is_stream
from sentiment.labels import shown_probability
from sentiment.model.model import Model
from sentiment.reviews.cells import and_more, encode, text_line
from sentiment.reviews.streams import OUTPUT_FORMATS, SUFFIXES, ReadOptions, looks_like_file
from sentiment.runtime import require

if TYPE_CHECKING:
    from sentiment.reviews.batch import Policy
    from sentiment.reviews.opening import Opened
    from sentiment.reviews.streams import Where

_SHOWN = 40  # characters of a text in a message
_FEW = 3  # files named in a message


class Given(NamedTuple):
    """The input of a command: texts or files; neither is stdin.

    Attributes:
        texts: reviews.
        files: names of files, as `-i` takes them.
    """

    texts: tuple[str, ...]
    files: tuple[str, ...]


def sort_arguments(
    arguments: Sequence[str], inputs: Sequence[str], *, command: str, verb: str
) -> Given:
    """Separate files from texts among the arguments.

    Args:
        arguments: texts, and names of files, see `_names_file`.
        inputs: files given with -i.
        command: the name of the command, for messages.
        verb: what it does to a text, for messages.

    Raises:
        UsageError: there are both texts and files, or nothing at all.
    """
    files = tuple(each for each in arguments if _names_file(each))
    texts = [each for each in arguments if not _names_file(each)]
    if texts and files:
        there = files[0] == "-" or os.path.exists(files[0]) or _matches(files[0])  # noqa: PTH110
        text = texts[0] if len(texts[0]) <= _SHOWN else f"{texts[0][:_SHOWN]}…"
        raise UsageError(
            f"{f'{files[0]} is a file' if there else f'no such file: {files[0]}'}, and {text!r} "
            "a text: give files or texts, not both; arguments after -- are texts"
        )
    if texts and inputs:
        raise UsageError(
            "give either texts or -i files, not both; put quotes around a pattern: -i '*.csv'"
        )
    if not (arguments or inputs) and (sys.stdin is None or sys.stdin.isatty()):
        raise UsageError(
            f"nothing to {verb}: give a text in quotes, a file with -i, or pipe reviews "
            f"in; see sentiment {command} --help"
        )
    if named := [file for file in files if file != "-"]:
        words = "" if inputs else f"; to {verb} the words themselves: {_again(files, named)}"
        console.note(f"reading the file {and_more(named, 1)}{words}")
    for text in texts:
        if not isinstance(text, options.Text):
            _refuse_file(text)
            _suggest_file(text, texts, verb)
    # The shell's bytes are UTF-8 whatever the locale says.
    decoded = (os.fsencode(text).decode("utf-8", "replace") for text in texts)
    return Given(tuple(decoded), _in_order([*files, *inputs]))


def _in_order(files: Sequence[str]) -> tuple[str, ...]:
    """Sort names as they were given: a shell turns `-i *.csv` into an option and arguments."""
    left, found = Counter(files), []
    for word in click.get_current_context().obj:
        for name in (word, word.removeprefix("--input="), word.removeprefix("-i")):
            if left[name]:
                left[name] -= 1
                found.append(name)
                break
    return (*found, *left.elements())


def _again(gone: Iterable[str], texts: Sequence[str], *options: str) -> str:
    """Return the command with other texts in place of these arguments."""
    words = list(click.get_current_context().obj)
    for each in (*gone, *["--"] * ("--" in words)):
        del words[len(words) - 1 - words[::-1].index(each)]
    few = [*texts[:_FEW], "…"] if len(texts) > _FEW else texts
    return command_line(*words, *options, *(["--", *few] if few else []))


def _names_file(argument: str) -> bool:
    """Return whether an argument names one or more files.

    It does if it is `-`; if it looks like a file of reviews, even one that does not exist (a
    review is never `reviews.csv`); or if it exists and has a slash, or is a pattern with a dot.
    """
    if isinstance(argument, options.Text):
        return False
    if argument == "-":
        return True
    there = os.path.exists(argument)  # noqa: PTH110  # Path raises on a text too long for a name
    is_word = not re.search(r"\s", argument)
    if looks_like_file(argument):
        return there or is_word
    has_slash = re.search(r"[/\\]", argument)
    return bool(has_slash and there) or (
        is_word and ("." in argument or bool(has_slash)) and _matches(argument)
    )


def _refuse_file(text: str) -> None:
    """Refuse a text that can only be a file name, but of a file that does not exist.

    Raises:
        UsageError: it is a pattern, or a name with white space around it.
    """
    name = text.strip()
    is_word = not re.search(r"\s", name)
    if name != text and looks_like_file(name) and (is_word or os.path.exists(name)):  # noqa: PTH110
        raise UsageError(
            f"no such file: {text!r} (did you mean {name!r}?); -- before it makes it a text"
        )
    if is_word and _is_pattern(name):
        raise UsageError(f"no file matches {name!r}; -- before it makes it a text")


def _is_pattern(word: str) -> bool:
    """Return whether a word is a pattern of file names: `reviews.*`, `*.c*`, `reviews.[ct]sv`.

    In *great.** the stars are emphasis.
    """
    stem, dot, suffix = word.rpartition(".")
    if not (stem and dot and re.search(r"[*?\[]", suffix)):
        return False
    from fnmatch import fnmatch  # most words have no star

    from sentiment.reviews.header import is_text_name

    if suffix.strip("*?!"):
        return any(fnmatch(each, f".{suffix}") for each in SUFFIXES)
    return suffix == "*" and (not stem.strip("*?") or is_text_name(stem))


def _matches(argument: str) -> bool:
    from glob import glob, has_magic  # most texts have no slash

    return has_magic(argument) and bool(glob(argument))  # noqa: PTH207  # Path.glob: no absolute ones


def _suggest_file(text: str, texts: Sequence[str], verb: str) -> None:
    """Print how to read a file whose name a text happens to be."""
    if os.path.exists(text):  # noqa: PTH110
        doing = verb.removesuffix("e") + "ing"
        instead = _again(texts, (), "-i", text)
        console.note(f"{doing} the text {text!r}; to {verb} the file of that name: {instead}")


def open_inputs(
    texts: Sequence[str], places: Sequence["Where"], reading: ReadOptions
) -> Iterator["Opened"]:
    """Open texts, or else files, one after the other."""
    from sentiment.reviews.batch import TextsSource
    from sentiment.reviews.opening import choose_columns, open_reviews

    if texts:
        return iter([choose_columns(TextsSource(texts), reading, need_label=False)])
    return _announced(open_reviews(where, reading, need_label=False) for where in places)


def _announced(opened: Iterable["Opened"]) -> Iterator["Opened"]:
    """Print which column has the texts of each input, and at its end what else was found."""
    for each in opened:
        source, known = each.source, 0
        if each.columns.text:
            how = [] if source.format == "lines" else [each.columns.how]
            known = len(source.notes)
            for note in (*how, *source.notes):
                console.note(f"{source.name}: {note}")
        yield each
        for note in source.notes[known:] if each.columns.text else ():
            console.note(f"{source.name}: {note}")


@dataclass(frozen=True)
class Engine:
    """What scores.

    Attributes:
        engine: `processes` of this machine, or `ray`.
        address: of a Ray cluster; None to start one.

    Raises:
        UsageError: the choices contradict each other.
    """

    engine: str = "processes"
    address: str | None = None

    def __post_init__(self) -> None:
        if self.address is not None and not self.is_ray:
            raise UsageError("--address names a Ray cluster: add --engine ray")
        if "://" in (self.address or ""):
            raise UsageError(
                f"--address {self.address}: run this on a machine of the cluster, and name it as "
                "HOST:PORT or auto"
            )
        if self.address == "":
            raise UsageError("--address is empty; leave it out to start Ray on this machine")

    @property
    def is_ray(self) -> bool:
        """Whether Ray scores."""
        return self.engine == "ray"

    def refuse(self, given: Iterable[tuple[object, str]]) -> None:
        """Refuse options that Ray does not support.

        Args:
            given: the value of each option, and what to say if it was given.

        Raises:
            UsageError: one was given, and the engine is Ray.
        """
        for value, why in given:
            if value and self.is_ray:
                raise UsageError(f"--engine ray {why}")


engine_options = options.group(
    Engine,
    "engine",
    [
        click.option(
            "--engine",
            type=options.Choice(["processes", "ray"]),
            default="processes",
            show_default=True,
            help="What scores: processes of this machine, or Ray on many; see docs/cluster.md.",
        ),
        click.option(
            "--address",
            metavar="ADDRESS",
            help="Ray cluster to join. Default: one is started here for the run.",
        ),
    ],
)


@dataclass(frozen=True)
class _Job:
    """What `predict` was asked to do; fields are named like its options."""

    model_path: Path | None
    output: Path | None
    output_format: str | None
    threshold: float | None
    only: tuple[str, ...]
    repair: bool | None
    languages: tuple[str, ...] | None
    words: Path | None
    explain: bool
    sentences: bool
    workers: int | None
    prefix: str
    on_bad_row: "Policy"
    rejects: Path | None
    fail_if_empty: bool
    engine: Engine
    reading: ReadOptions
    force: bool

    def open_model(self) -> tuple[Path, Model]:
        """Load the model; it answers and repairs as the options ask."""
        return open_model(
            self.model_path,
            self.threshold,
            classes=self.only,
            repair=self.repair,
            languages=self.languages,
            words=self.words,
        )


@click.command(cls=options.TextCommand, short_help="Classify reviews as positive or negative.")
@click.argument("arguments", nargs=-1, type=options.TextOrFile(), metavar="[TEXT]...")
@options.model
@click.option("-i", "--input", "inputs", multiple=True, type=options.NAME, metavar="FILE",
              help="File, glob or folder of reviews, - for stdin; may be repeated.")  # fmt: skip
@click.option("-o", "--output", type=options.TARGET, metavar="FILE",
              help="Write the answers here instead of stdout; with Ray, a folder.")  # fmt: skip
@click.option("--format", "output_format", type=options.Choice(OUTPUT_FORMATS),
              help="Format of the answers. Default: that of -o, else text.")  # fmt: skip
@options.answered_classes
@options.threshold
@options.repair
@options.languages
@options.words
@click.option("--json", "as_json", is_flag=True, help="Short for --format jsonl.")
@click.option("--explain", is_flag=True,
              help="Add what each word adds to the log-odds; JSON only.")  # fmt: skip
@click.option("--sentences", is_flag=True,
              help="Answer each sentence, with the number of its review and its own.")  # fmt: skip
@options.answering_workers
@click.option("--prefix", default="", metavar="WORD",
              help="Put before the names of the added columns.")  # fmt: skip
@options.on_bad_row("stop", "skip", "keep")
@options.rejects
@click.option("--fail-if-empty", is_flag=True,
              help="Exit with code 3 if there are no rows at all.")  # fmt: skip
@engine_options
@options.reading
@options.force
@options.verbosity
def command(
    arguments: tuple[str, ...], inputs: tuple[str, ...], as_json: bool, **chosen: Any
) -> None:
    """Classify reviews: positive or negative, or the classes that the model was trained on.

    One line per review: the answer, the probability that the review is positive, and its text. With
    CSV, TSV, JSON, JSONL, Parquet and Excel each row keeps its own columns and gets `predicted` and
    `p_positive`; a table without a header stays without. Rows come out in order, none missing,
    none added; an empty text gets an empty answer. A zip archive with one table is read as that
    table; -o FILE.gz, .bz2, .xz or .zst is compressed.

    A model of more than two classes, such as negative, neutral and positive, adds a column for each
    of the others, too: `p_negative`, `p_neutral`. A line has the probability of the answer if no
    class is called positive. --classes negative,positive leaves out the other classes.

    The answer is `uncertain` if the model knows few words of a text or none, such as one in another
    script; if a text looks to be in another language than the model answers; or if the model was
    calibrated to abstain there. JSON then has a `reason`. The bundled models answer English;
    --languages all makes them answer every text.

    A TEXT that is the name of a file of reviews, such as reviews.csv, is read like -i, with a
    message; so is the name of an existing file with a slash. Arguments after -- are always texts.

    A row that cannot be read (too few or too many fields, an open quote, bytes that do not fit the
    encoding, a line that is not JSON) stops the run with exit code 3. With --on-bad-row skip it is
    left out, counted, and listed in --rejects FILE (even if the run ends early, if the answers went
    to stdout). With keep it keeps its place, without an answer and with what can be read of it:
    fields cut or filled up, U+FFFD for bad bytes; in JSON also the reason as `error` and the
    row as `raw`.

    With --sentences each sentence has a row: the columns of its review, except the text; `review`,
    the number of its row in the input; `sentence`, its place in the review; `text`, the sentence;
    and its answer. An empty review has one empty row. Lines have both numbers before the text.

    With --engine ray, -o is a folder: each Parquet file is scored on one core of a cluster and
    written to a file of the same name, completely or not at all. Without --address, Ray is started
    here for the run.

    \b
    Examples:
      sentiment predict "Great coffee, lovely staff."
      cat reviews.txt | sentiment predict
      sentiment predict reviews.csv -o scored.csv
      sentiment predict feedback.xlsx --sheet May -o scored.xlsx
      sentiment predict -- "$text"
      sentiment predict -i reviews.jsonl --format fasttext
      sentiment predict --sentences reviews.csv -o sentences.csv
      sentiment predict --json --explain "Great coffee, lovely staff."
      sentiment predict -i dump.csv -o scored.csv --on-bad-row skip --rejects bad.csv
      tail -f chat.log | sentiment predict | grep ^negative
      sentiment predict -i 'reviews/*.parquet' -o scored/ --engine ray
    """
    named = chosen["output_format"]
    if as_json and named not in (None, "jsonl"):
        raise UsageError(f"--json is short for --format jsonl; --format {named} contradicts it")
    chosen["output_format"] = "jsonl" if as_json else named
    job = _Job(**chosen)
    given = sort_arguments(arguments, inputs, command="predict", verb="score")
    plain = job.output is None and job.output_format in (None, "text")
    plain = plain and not (job.explain or job.sentences)
    if job.engine.is_ray:
        _answer_on_cluster(job, given)
    elif given.texts and plain and job.rejects is None:
        _answer_texts(given.texts, job.open_model()[1])
    else:
        _answer_inputs(job, given)


def _answer_texts(texts: Sequence[str], model: Model) -> None:
    """Write a line for each of a few texts, with as few imports as possible."""
    if model.repairs and any(any(True for _ in repairs(text)) for text in texts):
        from sentiment.cli.reading import Repairs  # few texts are damaged

        damaged = Repairs(wanted=True)
        damaged.count(texts)
        damaged.report()
    scores = model.scores(texts)
    answers = model.answers(scores)
    probabilities = scores.of_columns(model.labels).tolist()
    shown = map(shown_probability(model.labels), answers, probabilities)
    lines = map(text_line, answers, shown, texts)
    sys.stdout.buffer.write(encode("".join([f"{line}\n" for line in lines])))


def _answer_inputs(job: _Job, given: Given) -> None:
    """Answer texts, files or stdin in any format."""
    from sentiment.cli.answering import Target, answer_rows, check_rejects, handling
    from sentiment.cli.progress import Meter

    kept = job.on_bad_row == "keep"
    target = Target(job.output, job.output_format, job.prefix, job.explain, kept, job.sentences)
    output = job.output or options.STDOUT
    if job.rejects is not None:
        check_rejects(job.rejects, job.on_bad_row)
    path, model = job.open_model()
    places = [] if given.texts else options.resolve_inputs(given.files or ["-"], "answering")
    targets = [output, *([job.rejects] if job.rejects else [])]
    read = [*places, path, *([] if job.words is None else [job.words])]
    options.check_targets(targets, read, force=job.force)
    with handling(job.on_bad_row, job.rejects, streamed=is_stream(output)) as bad_rows:
        opened = open_inputs(given.texts, places, replace(job.reading, bad_rows=bad_rows))
        # Answers on the terminal itself are a sign of progress, and a line between them is none.
        meter = Meter(path, places, shown=job.output is not None or not sys.stdout.isatty())
        tally = answer_rows(
            model, opened, target, job.workers, meter, fail_if_empty=job.fail_if_empty
        )
    tally.warn_if_empty()
    if not is_stream(output):
        tally.report(output, model.labels.names)


def _answer_on_cluster(job: _Job, given: Given) -> None:
    """Answer Parquet files by Ray."""
    format, named = job.output_format, job.reading.format
    job.engine.refuse([
        (given.texts, "scores Parquet files, not texts: name them with -i"),
        (not given.files, "scores Parquet files, not stdin: name them with -i"),
        (format not in (None, "parquet"), f"writes Parquet, not {format}"),
        (named not in (None, "parquet"), f"reads Parquet, not {named}"),
        (job.explain, "writes Parquet, and --explain JSON: run it without"),
        (job.sentences, "answers whole reviews: leave out --sentences"),
        (job.rejects or job.on_bad_row != "stop", "has no --on-bad-row: Parquet has no such rows"),
    ])  # fmt: skip
    from sentiment.cli.cluster import Layout, answer_files
    from sentiment.cluster.engine import RAY

    layout = Layout.of(given.files, job.output, is_parquet=named is not None)
    require(*RAY)
    path, model = job.open_model()
    layout.check(path, force=job.force)
    jobs = layout.jobs(job.reading, job.prefix)
    tally = answer_files(job.engine, model, jobs, layout.folder, job.workers)
    tally.report(layout.folder, model.labels.names)
    tally.warn_if_empty()
    if job.fail_if_empty:
        tally.fail_if_empty()
