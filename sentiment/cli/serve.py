"""`sentiment serve`: answer over HTTP."""

from pathlib import Path
from typing import Any

import click

from sentiment.cli import options
from sentiment.cli.console import console
from sentiment.cli.info import facts_of
from sentiment.cli.models import open_model
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
                 help="Texts in a JSON body; JSON lines are not limited."),
    click.option("--max-chars", type=click.IntRange(1), default=_DEFAULT.max_chars,
                 show_default=True, metavar="N", help="Characters of a text."),
    click.option("--max-file", type=click.IntRange(1), default=_DEFAULT.max_file,
                 show_default=True, metavar="BYTES", help="Size of a file, also after unpacking."),
    click.option("--max-requests", type=click.IntRange(1), default=_DEFAULT.max_requests,
                 show_default=True, metavar="N", help="Requests that are answered at once."),
    click.option("--max-connections", type=click.IntRange(1), default=_DEFAULT.max_connections,
                 show_default=True, metavar="N",
                 help="Open connections; requests over others get 503."),
    click.option("--timeout", type=options.Number(0.1, 3600), default=_DEFAULT.timeout,
                 show_default=True, metavar="SECONDS",
                 help="Time for a body to arrive, and for a stream to continue and be read."),
]  # fmt: skip


@click.command(cls=options.TopicCommand, short_help="Answer over HTTP, with a page to try it on.")
@options.model
@options.answered_classes
@options.threshold
@options.languages
@options.words
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Address to listen on; 0.0.0.0 is open to other machines.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True,
              metavar="N", help="Port to listen on; 0 for any free one.")  # fmt: skip
@click.option("--allow-host", "allowed", multiple=True, metavar="NAME",
              help="Full host name that requests may use; may be repeated.")  # fmt: skip
@options.group(Limits, "limits", _LIMITS)
@options.verbosity
def command(
    model_path: Path | None,
    only: tuple[str, ...],
    threshold: float | None,
    languages: tuple[str, ...] | None,
    words: Path | None,
    host: str,
    port: int,
    allowed: tuple[str, ...],
    limits: Limits,
) -> None:
    """Answer over HTTP, with a page to try it on.

    POST /predict takes {"text": "…"}, {"texts": ["…", …]} or a stream of JSON lines, POST /explain
    takes {"text": "…"}; they answer like predict --json and explain --json. POST /files takes a
    file and answers like predict -i. GET /info describes the model, /openapi.json the service, and
    / is a page for people.

    It listens only on this machine unless --host says otherwise. It has no TLS and no passwords:
    use a proxy for those. Ctrl-C or SIGTERM stops it, after requests in progress are completed.

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
            raise UsageError(f"--allow-host {name}: not a host name")
    path, model = open_model(model_path, threshold, classes=only, languages=languages, words=words)
    from sentiment.serving.app import App  # after the packages were checked
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
    """Return what `sentiment info --json` prints, without the path."""
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
