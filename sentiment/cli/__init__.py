"""The command line: a module for each command, and the only place that prints or exits.

The module of a command is imported when it runs, so that `sentiment --help` and
`sentiment predict` start without what `train` needs.
"""

import os
import re
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import NoReturn

import click

from sentiment import __version__
from sentiment.cli.commands import Group
from sentiment.cli.console import console, prepare
from sentiment.errors import INTERRUPTED, READER_GONE, SentimentError, hint, system_error
from sentiment.runtime import stop

# The name of each command (its module has the same), and its line in `sentiment --help`.
COMMANDS = {
    "train": "Train a model on labelled reviews.",
    "evaluate": "Measure a model on labelled reviews.",
    "cross-validate": "Measure what training makes of reviews.",
    "tune": "Search for better training options, and train with them.",
    "report": "Write a page that shows how good a model is, and why.",
    "compare": "Compare two models on the same reviews.",
    "calibrate": "Refit a model's probabilities, or set where it abstains.",
    "probe": "Check what a model can do: negation, typos and more.",
    "check": "Find wrong labels, repeats and leaks in labelled reviews.",
    "drift": "Tell whether new texts differ from earlier ones.",
    "predict": "Classify reviews as positive or negative.",
    "summarize": "Show what many reviews say: shares, trends, groups, themes.",
    "explain": "Show which words led to an answer.",
    "info": "Show what is in a model.",
    "serve": "Answer over HTTP, with a page to try it on.",
    "export": "Export a model's network to Keras or ONNX.",
    "datasets": "Download public data sets, and use them by name.",
    "help": "Show the help of a command.",
    "man": "Write manual pages for man.",
}


def find_command(name: str) -> click.Command:
    """Return a command, by importing its module."""
    command: click.Command = import_module(f"sentiment.cli.{name.replace('-', '_')}").command
    return command


class _LazyGroup(Group):
    """Imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return find_command(cmd_name) if cmd_name in COMMANDS else None

    def without_command(self, args: Sequence[str]) -> str:
        """Suggest `predict` for a text, with or without quotes, and for a file."""
        from sentiment.reviews.streams import looks_like_file  # only for a mistake

        text = " ".join(args)
        some = any(arg.startswith("-") or looks_like_file(arg) for arg in args)
        if (some and len(args) > 1) or not (some or " " in text):
            return ""
        quoted = shlex.quote(text) if re.search(r'["$`!\\]', text) else f'"{text}"'
        return f"; to classify a text or a file: sentiment predict {quoted}"

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


# Help is as wide as the terminal, 80 columns in a pipe.
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=_LazyGroup, context_settings=_SETTINGS)
@click.version_option(__version__, message="sentiment %(version)s")
def group() -> None:
    """Classify reviews as positive or negative, and train on your own.

    \b
    Examples:
      sentiment train reviews.csv
      sentiment evaluate held_out.csv
      sentiment predict "The room was spotless and the staff were kind."
      cat reviews.txt | sentiment predict
      sentiment summarize reviews.csv --by store --over date
      sentiment explain "The room was spotless but the staff were rude."

    Help on a command: sentiment help train, or sentiment train --help
    """


def run() -> NoReturn:
    """Run the program and exit at once.

    Python's own exit would wait for threads, and abort during an import of TensorFlow.
    """
    stop.listen()
    os._exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run a command and return its exit code; an error is one line on stderr."""
    prepare()
    console.reset()
    try:
        _run(arguments)
        code = 0
    except click.exceptions.Exit as request:
        code = request.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help(), err=True)
        code = error.exit_code
    except click.ClickException as error:
        console.error(_usage_message(error))
        code = error.exit_code
    except SentimentError as error:
        console.error(str(error), error)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        console.error("interrupted")
        code = INTERRUPTED
    except SystemExit as request:
        code = request.code if isinstance(request.code, int) else 1
    except BrokenPipeError:
        code = READER_GONE
    except OSError as error:
        console.error(system_error(error), error)
        code = 1
    except Exception as error:  # still one line
        code = _unexpected(error)
    return _flushed(code)


def _unexpected(error: Exception) -> int:
    """Print an unexpected error, unless a signal caused it; return the exit code."""
    if stop.code is None:
        console.error(f"unexpected {type(error).__name__}: {error} (--debug shows where)", error)
    elif stop.code == INTERRUPTED:
        console.error("interrupted")
    return stop.code or 1


def _run(arguments: list[str]) -> None:
    """Run a command; unlike click's `main`, leave all exceptions to the caller."""
    if "_SENTIMENT_COMPLETE" in os.environ:
        from sentiment.cli.completion import complete

        complete(group)
    with group.make_context("sentiment", arguments) as context:
        group.invoke(context)


def _usage_message(error: click.ClickException) -> str:
    context: click.Context | None = getattr(error, "ctx", None)
    if isinstance(error, click.NoSuchOption) and context is not None:
        message = f"No such option: {error.option_name}{_near_options(error.option_name, context)}"
    else:
        message = re.sub(r"\s*\n\s*", " ", error.format_message())
    if context is None:
        return message
    end = "" if message.endswith((".", "?")) else "."
    return f"{message}{end} Try '{context.command_path} --help'."


def _near_options(name: str, context: click.Context) -> str:
    """Return a suggestion of similar options."""
    options = context.command.get_params(context)
    names = (name for each in options for name in (*each.opts, *each.secondary_opts))
    return hint(name, (each for each in names if each.startswith("--")))


def _flushed(code: int) -> int:
    """Flush the output; return the exit code, or another if that fails."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or READER_GONE
    except OSError as error:
        if code == 0:
            console.error(f"cannot write: {error.strerror}")
            code = 1
    with suppress(OSError):
        sys.stderr.flush()
    return code
