"""What holds no reviews that can be read, by its first bytes: what it is, and what to do.

Most of it would be read as text that is full of odd characters; a pointer or a page would be
scored line by line.
"""

import re

LOOKED_AT = 4096  # bytes
_CONVERT = "write it as CSV, JSON lines or Parquet"
_UNPACK = "unpack it first"
_MARK = rb"(?:\xef\xbb\xbf)?\s*"

# How it begins → what it is, and the way out.
_KINDS = {
    rb"version https://git-lfs\.github\.com/spec/": (
        "a Git LFS pointer, not the data; fetch that with: git lfs pull"
    ),
    rb"PAR1": "Parquet; read it with --input-format parquet",
    rb"SQLite format 3\0": (
        "an SQLite database; write a table as CSV: sqlite3 -header -csv FILE "
        "'SELECT * FROM reviews' > reviews.csv"
    ),
    rb"ARROW1|FEA1|\xff\xff\xff\xff[^\0]..\0": (
        f"an Arrow or Feather file, which is not read; {_CONVERT}"
    ),
    rb"\x80[\x02-\x05][\x80-\xffA-Z()\]}cKMJGX]": (
        f"a pickle, which could run code and is never read; {_CONVERT} with pandas"
    ),
    # Of protocols 0 and 1, which have no mark.
    rb"\((?:lp|dp|tp)\d+\n|\(?[VS][^\n]*\np\d+\n|c[\w.]+\n\w+\n(?:p\d+\n|q\0|\()"
    rb"|[\])}]q\0|\(?X..\0\0": (
        f"a pickle, which could run code and is never read; {_CONVERT} with pandas"
    ),
    rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|BM....\0\0\0\0": (
        "an image, which holds no text"
    ),
    rb"%PDF-": "a PDF; save its text as .txt or .csv",
    rb"\{\\rtf": "an RTF document; save its text as .txt or .csv",
    rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Office file; save a sheet as CSV",
    rb"PK\x03\x04[\s\S]{26,3900}?(?:xl/|opendocument\.spreadsheet)": (
        "a spreadsheet, which is not read; save the sheet as CSV"
    ),
    rb"PK\x03\x04[\s\S]{26,3900}?(?:word/|opendocument\.text)": (
        "a document of a word processor; save its text as .txt"
    ),
    rb"PK\x03\x04|PK\x05\x06": f"a zip archive; {_UNPACK}",
    rb"7z\xbc\xaf\x27\x1c": f"a 7z archive; {_UNPACK}",
    rb"Rar!\x1a\x07": f"a RAR archive; {_UNPACK}",
    rb"[\s\S]{257}ustar": f"a tar archive; {_UNPACK}",
    rb"\x04\x22\x4d\x18": f"compressed with lz4; {_UNPACK}",
    rb"\x1f\x9d": f"compressed with compress; {_UNPACK}",
    rb"[^\0][\s\S]{2}[\s\S]{0,2}\0{3,5}\{\"": (
        "a model (safetensors), not reviews; name a model with -m"
    ),
    rb"\x89HDF\r\n\x1a\n": f"an HDF5 file, which is not read; {_CONVERT}",
    rb"Obj\x01": f"an Avro file, which is not read; {_CONVERT}",
    rb"ORC[\s\S]?[\0-\x08]": f"an ORC file, which is not read; {_CONVERT}",
    rb"\x93NUMPY": f"a NumPy array, which is not read; {_CONVERT}",
    rb"RD[AX][23]\n|[ABX]\n\0\0\0": f"R data, which are not read; {_CONVERT}",
    rb"<stata_dta>|\$FL[23]@\(#\)|MATLAB 5\.0 MAT-file": (
        f"data of a statistics program, which are not read; {_CONVERT}"
    ),
    rb"\x7fELF|MZ\x90\0|\xca\xfe\xba\xbe": "a program, not reviews",
}
# Texts, and so readable as lines where somebody says so.
_MARKUP = {
    _MARK + rb"(?:<!--[\s\S]{0,900}?-->\s*)?<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])": (
        "an HTML page, perhaps a login or an error that was saved in place of the data; fetch the "
        "data anew, or read the page's lines with --input-format lines"
    ),
    _MARK + rb"<\?xml[\s?]": (
        f"XML, which is not read; {_CONVERT}, or read its lines with --input-format lines"
    ),
}
_KNOWN = [(re.compile(start, re.DOTALL), what) for start, what in _KINDS.items()]
_KNOWN_MARKUP = [(re.compile(start, re.IGNORECASE), what) for start, what in _MARKUP.items()]


def foreign(start: bytes, *, markup: bool = False) -> str | None:
    """Return what a file is that holds no reviews, and the way out; None if it may hold some.

    Args:
        start: The first bytes of it, as many as are there.
        markup: Whether HTML and XML are texts like any other.
    """
    head = start[:LOOKED_AT]
    known = _KNOWN if markup else _KNOWN + _KNOWN_MARKUP
    return next((what for pattern, what in known if pattern.match(head)), None)
