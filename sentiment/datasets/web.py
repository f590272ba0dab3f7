"""Asking for addresses: TLS that is verified, few redirects, and errors in plain words."""

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sentiment import __version__

BLOCK = 1 << 18
_TROUBLE = (OSError, http.client.HTTPException)  # HTTPError and URLError are OSErrors


class NoAnswer(Exception):  # noqa: N818  # never leaves the package
    """An address gives nothing, or not all; says why in words that the other side did not choose.

    Attributes:
        status: The HTTP status of the answer, None where there was none.
    """

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class Answer:
    """The answer to a request, its body still on the way."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self._response = response

    def blocks(self) -> Iterator[bytes]:
        """Give the body as it comes. It may end too early: compare its length.

        Raises:
            NoAnswer: The connection broke, or nothing came for too long.
        """
        while block := self._next():
            yield block

    def _next(self) -> bytes:
        try:
            return self._response.read1(BLOCK)
        except _TROUBLE as error:
            raise _no_answer(error) from error


class _Redirects(HTTPRedirectHandler):
    """Follows a few redirects, and none that gives up encryption."""

    max_redirections = 5
    max_repeats = 2

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> Request | None:
        before, after = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if after != "https" and (before, after) != ("http", "http"):
            raise URLError("it redirects to an address without encryption")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def ask(url: str, headers: Mapping[str, str], timeout: float) -> Iterator[Answer]:
    """Ask for an address; proxies are those that the environment names.

    Args:
        url: An http or https address.
        headers: What to say beside the usual.
        timeout: Seconds to wait for the connection, and for each piece of the answer.

    Raises:
        NoAnswer: There is no answer, or it is no success.
    """
    try:
        request = Request(url, headers={"User-Agent": f"sentiment/{__version__}", **headers})
        response = build_opener(_Redirects).open(request, timeout=timeout)
    except (*_TROUBLE, ValueError) as error:  # ValueError: not an address at all
        raise _no_answer(error) from error
    with response:
        yield Answer(response)


def _no_answer(error: Exception) -> NoAnswer:
    if isinstance(error, HTTPError):
        error.close()
        if 300 <= error.code < 400:
            return NoAnswer("it redirects in a circle, or too often", error.code)
        meaning = http.client.responses.get(error.code, "")
        return NoAnswer(f"it answers {error.code} {meaning}".rstrip(), error.code)
    return NoAnswer(_explain(error.reason if isinstance(error, URLError) else error))


def _explain(cause: BaseException | str) -> str:
    match cause:
        case TimeoutError():
            return "it does not answer in time"
        case ssl.SSLCertVerificationError():
            return f"its certificate cannot be verified ({cause.verify_message})"
        case ConnectionRefusedError():
            return "it refuses the connection"
        case http.client.HTTPException() | ConnectionError():
            return "the connection broke"
        case OSError():
            return f"no connection ({cause.strerror or 'for an unknown reason'})"
    return str(cause)
