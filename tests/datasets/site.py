"""A web server on this machine that behaves as it is told, and small sets of reviews to serve."""

import gzip
import io
import sys
import tarfile
import threading
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class File:
    """What an address answers.

    Attributes:
        content: the file.
        cut: bytes after which the connection breaks.
        wait: seconds before anything is sent after those bytes.
        status, location: another answer than the file.
        chunked: sent without a length.
    """

    content: bytes = b""
    cut: int | None = None
    wait: float = 0
    status: int | None = None
    location: str | None = None
    chunked: bool = False


@dataclass
class Site:
    """A server; `requests` holds the path of each that came."""

    url: str
    files: dict[str, File] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self):
        self.site.requests.append(self.path)
        self.close_connection = True
        file = self.site.files.get(self.path, File(status=404))
        if file.status:
            self._head(file.status, {"Location": file.location, "Content-Length": "0"})
        else:
            self._send(file)

    def _send(self, file):
        body = file.content
        if file.chunked:
            headers = {"Transfer-Encoding": "chunked"}
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            headers = {"Content-Length": str(len(body))}
        self._head(200, headers)
        self.wfile.write(body[: file.cut])
        self.wfile.flush()
        time.sleep(file.wait)

    def _head(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), ConnectionError):  # a client was killed
            super().handle_error(request, client_address)


@contextmanager
def serving():
    site = Site("")
    handler = type("Handler", (_Handler,), {"site": site})
    server = _Server(("127.0.0.1", 0), handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def tar_of(files, *entries):
    """A .tar.gz of names and contents, and of further `TarInfo`s."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        for entry in entries:
            archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    return gzip.compress(packed.getvalue(), mtime=0)


def zip_of(files, *entries):
    """A .zip of names and contents, and of further `ZipInfo`s."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        for entry in entries:
            archive.writestr(entry, b"elsewhere")
    return packed.getvalue()


def lines(*texts):
    return "".join(f"{text}\n" for text in texts).encode()


IMDB = {
    "aclImdb/README": b"not a review",
    "aclImdb/test/neg/0_2.txt": b"It drags on.<br />Avoid.",
    "aclImdb/test/pos/7_9.txt": "Déjà vu, in the best way".encode(),
    "aclImdb/train/neg/3_1.txt": b'Wooden, loud and "long"',
    "aclImdb/train/pos/1_10.txt": b"A gem, every minute of it",
    "aclImdb/train/unsup/0_0.txt": b"Seen on a plane",
    "aclImdb/train/urls_pos.txt": b"http://example.com",
}
UCI = {
    "sentiment labelled sentences/readme.txt": b"about",
    "sentiment labelled sentences/amazon_cells_labelled.txt": lines(
        "The plug fits.\t1", 'No "charge" at all.\t0', "Sturdy case\t1", "It broke at once\t0"
    ),
    "sentiment labelled sentences/imdb_labelled.txt": lines(
        "Next\u0085line stays.  \t1", "A dull film.  \t0"
    ),
    "sentiment labelled sentences/yelp_labelled.txt": lines("Tasty soup.\t1", "Cold soup.\t0"),
    "__MACOSX/sentiment labelled sentences/._yelp_labelled.txt": b"\0\1\2",
}
TREES = {
    "trees/train.txt": lines(
        "(3 (2 Quite) (3 (2 -LRB-) (3 (3 good) (2 -RRB-))))",
        "(2 (2 A) (2 film))",
        "(0 (1 Bad) (2 and\\/or) (1 worse))",
    ),
    "trees/dev.txt": lines("(4 (3 Bright) (2 .))"),
    "trees/test.txt": lines("(1 (2 It) (1 sags))"),
}
TWEETS = {
    "train_text.txt": lines("Best day! @user", "It is Tuesday", "So tired of this", "Yay", "Nope"),
    "train_labels.txt": lines("2", "1", "0", "2", "0"),
    "val_text.txt": lines("Lovely morning", "Rain again, ugh"),
    "val_labels.txt": lines("2", "0"),
    "test_text.txt": lines("What a win", "Bus late again"),
    "test_labels.txt": lines("2", "0"),
}
YELP = {
    "yelp_review_polarity_csv/train.csv": lines(
        '"2","Warm bread\\nand \\""real\\"" butter"', '"1","Stale, twice"'
    ),
    "yelp_review_polarity_csv/test.csv": lines('"1","Rude"', '"2","Kind"'),
}
AMAZON = {
    "amazon_review_polarity_csv/readme.txt": b"about",
    "amazon_review_polarity_csv/train.csv": lines(
        '"2","Works","Two years, no trouble"', '"1","No","It ""melted"""'
    ),
    "amazon_review_polarity_csv/test.csv": lines('"1","Meh","Too small"'),
}
