"""The page that people see: a few files, read once."""

from pathlib import Path

from sentiment.serving.exchange import Response

_FOLDER = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}


def read_page() -> dict[str, Response]:
    """Read the files of the page: path → what is sent.

    `index.html` is `/`, every other file `/static/` and its name.
    """
    return {
        "/" if path.name == "index.html" else f"/static/{path.name}": Response(
            200,
            path.read_bytes(),
            _TYPES[path.suffix],
            {"Cache-Control": "no-cache"},
        )
        for path in sorted(_FOLDER.iterdir())
        if path.suffix in _TYPES
    }
