"""Commands and groups of commands: help by topic, suggestions for mistyped names."""

from collections.abc import Sequence
from typing import Any

import click

from sentiment.errors import hint

_WIDEST = 25  # of the flags; the help of longer ones begins on a line of its own


class TopicCommand(click.Command):
    """A command whose help has its options by topic."""

    def format_options(  # noqa: D102
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        from sentiment.cli.topics import options_of  # only help needs them

        topics = [*options_of(self, ctx)]
        lengths = [len(flags) for _, rows in topics for flags, _ in rows]
        width = max((each for each in lengths if each <= _WIDEST), default=0)
        for topic, rows in topics:
            with formatter.section(topic):  # the texts of all topics begin in the same column
                formatter.write_dl([(flags.ljust(width), text) for flags, text in rows], width)


class Text(str):
    """An argument after `--`: always a text, even if a file has its name."""

    __slots__ = ()


class TextCommand(TopicCommand):
    """A command whose arguments after `--` are `Text`."""

    def parse_args(self, ctx: click.Context, args: Sequence[str]) -> list[str]:  # noqa: D102
        args = list(args)
        if "--" in args:
            after = args.index("--") + 1
            args[after:] = map(Text, args[after:])
        return super().parse_args(ctx, args)


class Group(click.Group):
    """A group of commands that suggests the nearest name for a mistyped one.

    Contexts hold the whole command line, a tuple, as their `obj`.
    """

    command_class = TopicCommand

    def make_context(  # noqa: D102
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if parent is None:
            extra.setdefault("obj", tuple(args))
        return super().make_context(info_name, args, parent, **extra)

    def resolve_command(  # noqa: D102
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        is_option = name.startswith("-")
        if is_option or ctx.resilient_parsing or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        near = hint(name, self.list_commands(ctx))
        raise click.UsageError(f"No such command {name!r}{near or self.without_command(args)}", ctx)

    def without_command(self, args: Sequence[str]) -> str:
        """Return a suggestion for arguments that name no command; empty for none."""
        return ""
