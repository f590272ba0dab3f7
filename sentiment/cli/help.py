"""`sentiment help`: the help of the program, or of one of its commands."""

import click

from sentiment.cli import options


class _Name(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A command, or one within a command; shells complete both."""

    name = "command"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list["click.shell_completion.CompletionItem"]:
        found, words = ctx.find_root(), ctx.find_root().obj[1:]
        for word in words:
            found = _within(found, word)
        return found.command.shell_complete(found, incomplete)


@click.command(cls=options.TopicCommand, short_help="Show the help of a command.")
@click.argument("names", nargs=-1, type=_Name(), metavar="[COMMAND]...")
@click.pass_context
def command(context: click.Context, names: tuple[str, ...]) -> None:
    """Show the help of a command; without COMMAND, the commands there are.

    \b
    Examples:
      sentiment help
      sentiment help train
      sentiment help datasets get
    """
    found = context.find_root()
    for name in names:
        found = _within(found, name)
    click.echo(found.get_help())


def _within(context: click.Context, name: str) -> click.Context:
    """Return the context of a command of a group.

    Raises:
        click.UsageError: there is no such command.
    """
    group = context.command
    if not isinstance(group, click.Group):
        raise click.UsageError(f"{context.command_path} has no commands of its own", context)
    _, command, _ = group.resolve_command(context, [name])
    if command is None:
        raise click.UsageError(f"No such command {name!r}", context)
    return click.Context(command, context, name, obj=context.obj)
