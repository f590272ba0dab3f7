"""`sentiment export`: the network of a model in the format of another program."""

from pathlib import Path

import click

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.models import open_model
from sentiment.errors import UsageError
from sentiment.export import ONNX, keras_file, onnx_file, recipe_file
from sentiment.files import is_stream, replacing
from sentiment.runtime import require


@click.command(cls=options.TopicCommand, short_help="Export a model's network to Keras or ONNX.")
@click.argument("model_path", required=False, type=options.MODEL, metavar="[MODEL]")
@click.option("--to", "kind", required=True, type=options.Choice(["keras", "onnx"]),
              help="The format.")  # fmt: skip
@click.option("-o", "--output", type=options.TARGET, metavar="FILE",
              help="Write it here. Default: ./model.keras or ./model.onnx.")  # fmt: skip
@options.force
@options.verbosity
def command(model_path: Path | None, kind: str, output: Path | None, force: bool) -> None:
    """Export a model's network to Keras or ONNX, with its calibration.

    Its inputs are the indices of features and their weights, and of a language model the numbers of
    pieces of words, not text: docs/format.md shows how to compute them in any language. Of a
    language model the vocabulary, with a tokenizer, is written to FILE.json. A Keras file loads
    without this program and contains no code of it.

    \b
    Examples:
      sentiment export --to onnx
      sentiment export imdb.safetensors --to onnx -o imdb.onnx
      sentiment export fast --to keras -o fast.keras
    """
    target = output or Path(f"model.{kind}")
    if kind == "keras" and target.suffix != ".keras":
        raise UsageError(f"{target}: Keras opens only files whose names end with .keras")
    if kind == "onnx":
        require(*ONNX)
    path, model = open_model(model_path)
    beside = Path(f"{target}.json")
    recipe = None if is_stream(target) else recipe_file(model)
    targets = [target] if recipe is None else [target, beside]
    options.check_targets(targets, [path], force=force)
    data = onnx_file(model) if kind == "onnx" else keras_file(model)
    if recipe is not None:
        with replacing(beside) as file:
            file.write(recipe)
    with replacing(target) as file:
        file.write(data)
    console.note(f"saved {target} ({len(data) / 1e6:.1f} MB)")
    if recipe is not None:
        console.note(f"saved {beside}: the vocabulary, and how a text becomes numbers")
