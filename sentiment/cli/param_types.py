"""What options and arguments take: choices, files, models, columns, classes, numbers.

Shells complete them, see `completion.py`.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sentiment.cli.paths import STDOUT
from sentiment.errors import hint
from sentiment.labels import can_be_class

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Choice(click.Choice):  # type: ignore[type-arg]  # generic from click 8.2 on
    """One of some words; suggests the nearest for a mistyped one."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:  # noqa: D102
        from sentiment.cli.topics import choices_beside  # only help needs it

        return choices_beside(self) or ("FORMAT" if str(param.name).endswith("format") else "NAME")

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:  # noqa: D102
        message = super().get_invalid_choice_message(value, ctx)
        return f"{message.removesuffix('.')}{hint(str(value), map(str, self.choices))}."


class InputName(click.Path):
    """A file, glob or folder of reviews, or a public data set; shells complete both.

    click does not check that a file is readable: models and reviews have different exit codes.
    """

    def __init__(self) -> None:
        super().__init__(readable=False)

    def shell_complete(  # noqa: D102
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list["CompletionItem[str]"]:
        from sentiment.cli.completion import data_sets

        return data_sets(incomplete) or super().shell_complete(ctx, param, incomplete)


class TextOrFile(InputName):
    """An argument left as it is; shells complete names of inputs."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: D102
        return value


class ModelPath(click.Path):
    """A model: a file, or the name of a bundled one; shells complete both."""

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def shell_complete(  # noqa: D102
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list["CompletionItem[str]"]:
        from sentiment.cli.completion import models

        return models(incomplete) or super().shell_complete(ctx, param, incomplete)


class Column(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A column, or field, of the input; shells complete those of the files named before.

    Args:
        besides: names of what is built in.
    """

    name = "column"

    def __init__(self, *besides: str) -> None:
        self.besides = besides

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: D102
        return value

    def shell_complete(  # noqa: D102
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list["CompletionItem[str]"]:
        from sentiment.cli.completion import columns, items

        return [*columns(ctx, incomplete), *items(self.besides, incomplete)]


class TargetPath(click.Path):
    """A file to write; `-` is stdout."""

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: D102
        return STDOUT if value == "-" else super().convert(value, param, ctx)


class Classes(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Names of classes, separated by commas; or `all` or `stars`."""

    name = "classes"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:  # noqa: D102
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in value.split(","))
        if len({name.casefold() for name in names}) < len(names) or not all(names):
            self.fail(f"{value!r}: name each class once, as in negative,positive.")
        if len(names) == 1 and names[0] not in ("all", "stars"):
            self.fail(f"{value!r}: name at least two classes, as in negative,positive.")
        if none := [name for name in names if not can_be_class(name)]:
            self.fail(f"{value!r}: {none[0]} cannot be the name of a class.")
        return names


class Languages(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """Codes of languages, separated by commas; or `all`, an empty tuple."""

    name = "languages"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:  # noqa: D102
        if isinstance(value, tuple):
            return value
        from sentiment.features.language import languages_of  # no help needs it

        try:
            return languages_of(value)
        except ValueError as error:
            self.fail(f"{error}.")


class Number(click.FloatRange):
    """A finite number within bounds; click alone would accept `nan`."""

    def convert(self, value: Any, param: Any, ctx: Any) -> float:  # noqa: D102
        text = str(value).strip()
        try:
            number = float(text.removesuffix("%"))
        except ValueError:
            self.fail(f"{value!r} is not a number.")
        if text.endswith("%"):
            self.fail(f"{value!r}: write {number / 100:g}.")
        if not math.isfinite(number):
            self.fail(f"{value!r} is not finite.")
        return float(super().convert(number, param, ctx))


class Share(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.4 on
    """A share from 0 to 1: `0.01` or `1%`."""

    name = "share"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:  # noqa: D102
        text = str(value).strip()
        number, percent = text.removesuffix("%"), text.endswith("%")
        try:
            share = float(number) / (100 if percent else 1)
        except ValueError:
            share = math.nan
        if not 0 <= share <= 1:
            self.fail(f"{value!r}: write a share such as 0.01 or 1%.")
        return share


NAME = InputName()
FILE = click.Path(readable=False, path_type=Path)
MODEL = ModelPath()
TARGET = TargetPath()
COLUMN = Column()
