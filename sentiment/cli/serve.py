"""`sentiment serve`: answer over HTTP."""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

import click

from sentiment.cli import options
from sentiment.cli.info import facts_of
from sentiment.cli.models import adjusted, choose_model, find_model, open_model
from sentiment.errors import UsageError
from sentiment.model.file import hash_of_file, load_model
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
from sentiment.serving.unix_socket import listening_at

if TYPE_CHECKING:
    from sentiment.serving.models import Source
    from sentiment.serving.service import Service

_HOST, _PORT = "127.0.0.1", 8000
_NAMED = re.compile(r"([\w.-]{1,64})=(.+)", re.DOTALL)
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


_ADDRESS = [
    click.option("--host", metavar="ADDRESS",
                 help="Address to listen on; 0.0.0.0 is open to other machines. Default: "
                 f"{_HOST}."),
    click.option("--port", type=click.IntRange(0, 65535), metavar="N",
                 help=f"Port to listen on; 0 for any free one. Default: {_PORT}."),
    click.option("--uds", type=options.FILE, metavar="PATH",
                 help="Listen on a Unix socket instead, for a proxy of the same user or group."),
]  # fmt: skip
_ACCESS = [
    click.option("--allow-host", "allowed", multiple=True, metavar="NAME",
                 help="Full host name that requests may use; may be repeated."),
    click.option("--token-file", type=options.FILE, metavar="FILE",
                 help="Ask for one of the tokens of a file, one on each line, on all paths but "
                 "/health and /ready: Authorization: Bearer TOKEN."),
    click.option("--cors", "origins", multiple=True, metavar="ORIGIN",
                 help="Let pages of another site ask, such as https://www.example.com; * for all; "
                 "may be repeated."),
]  # fmt: skip


_LOG = [
    click.option("--forwarded-for", "proxies", multiple=True, metavar="ADDRESS",
                 help="Proxy or network whose X-Forwarded-For names the client in the log; may be "
                 "repeated."),
    click.option("--log-format", "form", type=click.Choice(["text", "json"]), default="text",
                 show_default=True, help="Form of the lines on stderr; -v adds one per request."),
]  # fmt: skip


@dataclass(frozen=True)
class _Address:
    """Where to listen: at a host and port, or at a Unix socket."""

    host: str | None
    port: int | None
    uds: Path | None

    def listen(self) -> AbstractContextManager[socket]:
        """Open the socket.

        Raises:
            UsageError: it cannot be opened, or both are named.
        """
        if self.uds is None:
            host = _HOST if self.host is None else self.host
            return listen(host, _PORT if self.port is None else self.port)
        if self.host is not None or self.port is not None:
            raise UsageError("--uds listens on no port: leave out --host and --port, or --uds")
        return listening_at(self.uds)


@dataclass(frozen=True)
class _Asked:
    """What options say of who may ask."""

    allowed: tuple[str, ...]
    token_file: Path | None
    origins: tuple[str, ...]


@dataclass(frozen=True)
class _Logged:
    """What options say of the log."""

    proxies: tuple[str, ...]
    form: str


@click.command(cls=options.TopicCommand, short_help="Answer over HTTP, with a page to try it on.")
@click.option("-m", "--model", "named", multiple=True, type=options.MODEL, metavar="[NAME=]MODEL",
              help="Model file, or a bundled model: general, or fast. Repeat it for several; "
              "requests choose by ?model=NAME, else the first answers. Default: "
              "$SENTIMENT_MODEL, else ./model.safetensors, else general.")  # fmt: skip
@options.answered_classes
@options.threshold
@options.languages
@options.words
@click.option("--watch", is_flag=True,
              help="Load a model again when its file changes, as SIGHUP does.")  # fmt: skip
@options.group(_Address, "address", _ADDRESS)
@options.group(_Asked, "asked", _ACCESS)
@options.group(_Logged, "logged", _LOG)
@options.group(Limits, "limits", _LIMITS)
@options.verbosity
def command(
    named: tuple[Path, ...],
    only: tuple[str, ...],
    threshold: float | None,
    languages: tuple[str, ...] | None,
    words: Path | None,
    watch: bool,
    address: _Address,
    asked: _Asked,
    logged: _Logged,
    limits: Limits,
) -> None:
    """Answer over HTTP, with a page to try it on.

    POST /predict takes {"text": "…"}, {"texts": ["…", …]} or a stream of JSON lines, POST /explain
    takes {"text": "…"}; they answer like predict --json and explain --json. POST /files takes a
    file and answers like predict -i. GET /info describes the model, /docs and /openapi.json the
    service; /health, /ready, /version and /metrics are for those who run it, and / is a page for
    people.

    It listens only on this machine unless --host says otherwise. It has no TLS: use a proxy for
    that. Ctrl-C or SIGTERM stops it, after requests in progress are completed. SIGHUP loads models
    and tokens again; what is damaged is refused, and the old stays.

    \b
    Examples:
      sentiment serve
      sentiment serve -m shop.safetensors --port 0 --watch
      sentiment serve -m general -m shop=models/shop.safetensors
      sentiment serve --host 0.0.0.0 --allow-host reviews.example.com --token-file tokens
    """
    require(
        "serving needs starlette, uvicorn and httptools",
        "starlette uvicorn httptools",
        "starlette uvicorn httptools uvloop",
    )
    for name in asked.allowed:
        if bare_name(name) is None:
            raise UsageError(f"--allow-host {name}: not a host name")
    from sentiment.cli.serve_log import ServiceLog  # after the packages were checked
    from sentiment.serving.access import Access, Cors, Tokens, origin_of
    from sentiment.serving.app import App
    from sentiment.serving.logs import Proxies
    from sentiment.serving.models import POLL, Models, Reloader

    log, proxies = ServiceLog(logged.form), Proxies(logged.proxies)
    origins = [*map(origin_of, asked.origins)]
    tokens = None if asked.token_file is None else Tokens(asked.token_file)
    adjust = {"threshold": threshold, "classes": only, "languages": languages, "words": words}
    chosen = _choose(named)
    sources = [_source(name, path, adjust) for name, path in chosen.items()]
    also = {} if tokens is None else {"tokens": tokens.read}
    reloader = Reloader(sources, log.note, log.warn, also)
    models = Models({name: _first(name, path, adjust) for name, path in chosen.items()})
    with address.listen() as listening:
        access = Access(_hosts(listening, asked.allowed), tokens)
        app = App(models, access, limits, log.report, log.requests, proxies)

        def started() -> None:
            reloader.start(models, poll=POLL if watch else None)
            log.started(models.services, address_of(listening))

        served: Any = Cors(app, origins) if origins else app
        run(served, listening, limits, log.warn, started, app.operations.stop, reloader.ask)


def _choose(named: Sequence[Path]) -> dict[str, Path | None]:
    """Return the models of `-m` by name, `NAME=MODEL` or MODEL; None for the default one.

    Raises:
        ModelError: there is no model.
        UsageError: two have the same name.
    """
    if not named:
        path, _ = choose_model(None)
        return {path.stem: None}
    chosen: dict[str, Path | None] = {}
    for each in named:
        is_file = os.path.exists(each)  # noqa: PTH110  # Path raises on names that are too long
        found = None if is_file else _NAMED.fullmatch(str(each))
        path = Path(found[2]) if found else each
        name = found[1] if found else find_model(each).stem
        if name in chosen:
            raise UsageError(
                f"-m {each}: another model is called {name}, too; name one, as in -m {name}2={path}"
            )
        chosen[name] = path
    return chosen


def _first(name: str, path: Path | None, adjust: Mapping[str, Any]) -> "Service":
    """Load a model, and tell which it is; see `open_model` for errors."""
    from sentiment.serving.service import Service

    found, model = open_model(path, **adjust)
    return Service(model, model_info(found, model, name))


def _source(name: str, named: Path | None, adjust: Mapping[str, Any]) -> "Source":
    """Return where a model is loaded from again; raise ModelError if it is nowhere."""
    from sentiment.serving.models import Source
    from sentiment.serving.service import Service

    path, _ = choose_model(named)

    def load() -> Service:
        model = adjusted(load_model(path), **adjust)
        return Service(model, model_info(path, model, name))

    words = adjust["words"]
    return Source(name, (path,) if words is None else (path, words), load)


def _hosts(listening: socket, allowed: Sequence[str]) -> frozenset[str] | None:
    loopback = is_loopback(listening)
    own = [address_of(listening).removeprefix("http://")] if loopback else []  # as 127.0.0.2
    return host_names(loopback, [*allowed, *own])


def model_info(path: Path, model: Model, name: str | None = None) -> dict[str, Any]:
    """Return what `sentiment info --json` prints, without the path, and the name of the model."""
    facts = facts_of(model)
    card = (facts["provenance"] or {}).get("card", {})
    return {
        "name": name or path.stem,
        "kind": facts["vectorizer"]["kinds"],
        "bytes": path.stat().st_size,
        "hash": hash_of_file(path),
        "card": card,
        **facts,
    }
