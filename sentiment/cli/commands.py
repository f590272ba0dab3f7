"""What our commands do otherwise than click's: ask whether another name was meant; know `--`."""

from collections.abc import Sequence
from typing import Any

import click

from sentiment.errors import hint


class Group(click.Group):
    """A group of commands that asks whether another was meant.

    The `obj` of its contexts, and of those of its commands, is the whole command line: a tuple.
    """

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
        """Say what may have been meant by arguments without a command, if anything."""
        return ""


class Choice(click.Choice):  # type: ignore[type-arg]  # generic from click 8.2 on
    """One of some words."""

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: D102
        message = super().get_invalid_choice_message(value, ctx)
        return f"{message.removesuffix('.')}{hint(str(value), map(str, self.choices))}."


class Text(str):
    """An argument that is a text, whatever file may have its name: one after `--`."""

    __slots__ = ()


class TextOrFile(click.Path):
    """An argument as it was given, `Text` or not; a shell completes names of files."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: D102
        return value


class TextCommand(click.Command):
    """A command of texts, all of whose arguments after `--` are `Text`."""

    def parse_args(self, ctx: click.Context, args: Sequence[str]) -> list[str]:  # noqa: D102
        args = list(args)
        if "--" in args:
            after = args.index("--") + 1
            args[after:] = map(Text, args[after:])
        return super().parse_args(ctx, args)
