"""Who may ask: host names, tokens, and pages of other sites."""

import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sentiment.errors import UsageError
from sentiment.serving.requests import json_response
from sentiment.serving.server import bare_name

OPEN = frozenset({"/health", "/ready"})  # paths that need no token

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1
_LARGEST = 1 << 20  # bytes of a file of tokens
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
_DEFAULT_PORTS = (("http:", ":80"), ("https:", ":443"))

# What pages of other sites may send and read; browsers keep the permission for so many seconds.
_METHODS = b"GET, HEAD, POST"
_SENT = b"Authorization, Content-Type, X-Request-ID"
_READ = b"Content-Disposition, Retry-After, X-Model, X-Request-ID"
_KEPT = b"600"

Check = Callable[[Scope], None]


class Access:
    """What a request has to have.

    Attributes:
        checks: raise HTTPException for a request that lacks it.
        needs_token: whether a token is among it.
    """

    def __init__(self, hosts: frozenset[str] | None = None, tokens: "Tokens | None" = None) -> None:
        """Ask for one of some host names, and for one of some tokens; None for any."""
        self.checks: list[Check] = [] if hosts is None else [check_host(hosts)]
        self.needs_token = tokens is not None
        if tokens is not None:
            self.checks.append(tokens.check)


def check_host(hosts: frozenset[str]) -> Check:
    """Return a function that raises HTTPException for a request to another host name."""

    def check(scope: Scope) -> None:
        named = [value for name, value in scope["headers"] if name == b"host"]
        host = bare_name(named[0].decode("latin-1").strip()) if len(named) == 1 else None
        if host is None:
            raise HTTPException(400, "the Host header must be a single host name")
        if host not in hosts:
            raise HTTPException(421, "this host name is not allowed; --allow-host NAME allows it")

    return check


class Tokens:
    """The tokens of a file, one on each line; blank lines and those that begin with # are none.

    Only their hashes are kept. They are compared in constant time, all of them for each request, so
    that the time of an answer tells nothing about them.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            UsageError: it cannot be read, has no token, or a line that is none.
        """
        self._path = path
        self.read()

    def read(self) -> int:
        """Read the file again, and return the number of tokens; they stay if it cannot be used.

        Raises:
            UsageError: it cannot be read, has no token, or a line that is none.
        """
        self._digests = _digests(self._path)
        return len(self._digests)

    def check(self, scope: Scope) -> None:
        """Raise HTTPException for a request without one of the tokens, unless its path is open."""
        if scope["path"] in OPEN:
            return
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if not given:
            why = "a token is needed; send the header Authorization: Bearer TOKEN"
            raise HTTPException(401, why, {"WWW-Authenticate": "Bearer"})
        scheme, _, token = given[0].partition(b" ")
        digest = sha256(token.strip()).digest()
        found = [compare_digest(digest, each) for each in self._digests]
        if len(given) > 1 or scheme.lower() != b"bearer" or not any(found):
            why = "the Authorization header must be Bearer and a token that is valid here"
            raise HTTPException(401, why, {"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _digests(path: Path) -> list[bytes]:
    advice = "write a token on each line, such as `openssl rand -hex 32` prints"
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"--token-file {path}: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise UsageError(f"--token-file {path}: more than {_LARGEST:,} bytes; {advice}")
    tokens = []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").split("\n"), 1):
        token = line.strip()
        if token and not token.startswith("#"):
            if not _TOKEN.fullmatch(token):  # which is not printed
                what = "a token has only letters, digits and - . _ ~ + /"
                raise UsageError(f"--token-file {path}, line {number}: {what}; {advice}")
            tokens.append(token.encode())
    if not tokens:
        raise UsageError(f"--token-file {path}: it has no token; {advice}")
    return [sha256(token).digest() for token in tokens]


def origin_of(named: str) -> str:
    """Return an origin as browsers send it, or `*`.

    Raises:
        UsageError: it is none.
    """
    origin = named.lower().rstrip("/")
    for scheme, port in _DEFAULT_PORTS:
        if origin.startswith(scheme):
            origin = origin.removesuffix(port)
    if named != "*" and not _ORIGIN.fullmatch(origin):
        raise UsageError(
            f"--cors {named}: not an origin; write scheme, host and perhaps a port, such as "
            "https://www.example.com, or * for all"
        )
    return origin


class Cors:
    """An ASGI application that lets pages of other origins ask, and read the answers.

    Browsers ask for permission first, without a token. Cookies are never allowed, so that `*` gives
    a page no more than any client has. See the Fetch standard, section 3.2.
    """

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"])
        allowing = self._allowing(given.get(b"origin"))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *allowing]}
            await send(message)

        if scope["method"] == "OPTIONS" and b"access-control-request-method" in given:
            await _permission(allowing)(scope, receive, send)
        else:
            await self._app(scope, receive, with_headers)

    def _allowing(self, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        """Return the headers by which a browser lets a page read the answer, if it may."""
        everyone = b"*" in self._origins
        headers = [] if everyone else [(b"vary", b"Origin")]
        if origin is None or not (everyone or origin in self._origins):
            return headers
        allowed = b"*" if everyone else origin
        headers.append((b"access-control-allow-origin", allowed))
        return [*headers, (b"access-control-expose-headers", _READ)]


def _permission(allowing: list[tuple[bytes, bytes]]) -> ASGIApp:
    """Return the answer to a browser that asks whether a page may send a request."""
    if any(name == b"access-control-allow-origin" for name, _ in allowing):
        response = Response(status_code=204)
        response.raw_headers += [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _SENT),
            (b"access-control-max-age", _KEPT),
        ]
    else:
        why = "pages of this origin may not ask; --cors ORIGIN allows it"
        response = json_response({"error": why}, 403)
    response.raw_headers += allowing
    return response
