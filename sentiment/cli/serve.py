"""`sentiment serve`: answer over HTTP."""

from pathlib import Path
from typing import Any

import click

from sentiment.cli.console import console
from sentiment.cli.info import facts_of
from sentiment.cli.models import open_model
from sentiment.cli.options import (
    Number,
    gathered,
    model_option,
    threshold_option,
    verbosity_options,
)
from sentiment.errors import UsageError
from sentiment.model.model import Model
from sentiment.runtime import require
from sentiment.serving.server import (
    Limits,
    address_of,
    bare_name,
    host_names,
    is_loopback,
    listen,
    run,
)

_DEFAULT = Limits()
_LIMITS = [
    click.option("--max-body", type=click.IntRange(1), default=_DEFAULT.max_body,
                 show_default=True, metavar="BYTES",
                 help="Size of a JSON body, and of a line of JSON lines."),
    click.option("--max-texts", type=click.IntRange(1), default=_DEFAULT.max_texts,
                 show_default=True, metavar="N",
                 help="Texts in a JSON body; JSON lines have no such limit."),
    click.option("--max-chars", type=click.IntRange(1), default=_DEFAULT.max_chars,
                 show_default=True, metavar="N", help="Characters of a text."),
    click.option("--max-file", type=click.IntRange(1), default=_DEFAULT.max_file,
                 show_default=True, metavar="BYTES", help="Size of a file, also unpacked."),
    click.option("--max-requests", type=click.IntRange(1), default=_DEFAULT.max_requests,
                 show_default=True, metavar="N", help="Requests that are answered at once."),
    click.option("--max-connections", type=click.IntRange(1), default=_DEFAULT.max_connections,
                 show_default=True, metavar="N",
                 help="Connections that are open at once; requests over others are 503."),
    click.option("--timeout", type=Number(0.1, 3600), default=_DEFAULT.timeout,
                 show_default=True, metavar="SECONDS",
                 help="Time for a body to arrive, and for a stream to go on and to be read."),
]  # fmt: skip


@click.command(short_help="Answer over HTTP, with a page to try it on.")
@model_option
@threshold_option
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Where to listen; 0.0.0.0 is where anybody reaches it.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
              metavar="N", help="0 for one that is free.")  # fmt: skip
@click.option("--allow-host", "allowed", multiple=True, metavar="NAME",
              help="A full host name that it may be called by; may be repeated.")  # fmt: skip
@gathered(Limits, "limits", _LIMITS)
@verbosity_options
def command(
    model_path: Path | None,
    threshold: float | None,
    host: str,
    port: int,
    allowed: tuple[str, ...],
    limits: Limits,
) -> None:
    """Answer over HTTP, with a page to try it on.

    POST /predict takes {"text": "…"}, {"texts": ["…", …]} or JSON lines as a stream, POST /explain
    {"text": "…"}; they answer as predict --json and explain --json do. POST /files takes a file,
    and answers as predict -i does. GET /info tells of the model, /openapi.json of all this, and /
    is a page for people.

    It listens on this machine alone unless --host says otherwise, and has no TLS and no passwords:
    let a proxy see to those. Ctrl-C or SIGTERM stops it, once what was asked is answered.

    \b
    Examples:
      sentiment serve
      sentiment serve -m shop.safetensors --port 0
      sentiment serve --host 0.0.0.0 --allow-host reviews.example.com
    """
    require(
        "serving needs starlette, uvicorn and httptools",
        "starlette uvicorn httptools",
        "starlette uvicorn httptools uvloop",
    )
    for name in allowed:
        if bare_name(name) is None:
            raise UsageError(f"--allow-host {name}: not the name of a host")
    path, model = open_model(model_path, threshold)
    from sentiment.serving.app import App  # once it is known that it can be run
    from sentiment.serving.service import Service

    with listen(host, port) as listening:
        address, loopback = address_of(listening), is_loopback(listening)
        own = [address.removeprefix("http://")] if loopback else []  # it may be 127.0.0.2
        app = App(
            Service(model, model_info(path, model)),
            host_names(loopback, [*allowed, *own]),
            limits,
            report=_report,
            log=console.detail if console.verbose else None,
        )
        line = f"{path.stem} answers at {address} (Ctrl-C stops it)"
        run(app, listening, limits, console.warn, started=lambda: console.note(line))


def model_info(path: Path, model: Model) -> dict[str, Any]:
    """Return what `sentiment info --json` tells of a model, but not where it is."""
    facts = facts_of(model)
    card = (facts["provenance"] or {}).get("card", {})
    return {
        "name": path.stem,
        "kind": facts["vectorizer"]["kinds"],
        "bytes": path.stat().st_size,
        "card": card,
        **facts,
    }


def _report(error: BaseException) -> None:
    console.error(f"unexpected {type(error).__name__}: {error} (--debug shows where)", error)
