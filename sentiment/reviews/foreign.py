"""Recognition of files without reviews, by their first bytes or lines."""

import re

LOOKED_AT = 4096  # bytes
_CONVERT = "write it as CSV, JSON lines or Parquet"
_UNPACK = "unpack it first"

# First bytes → the kind of file, and what to do.
_KINDS = {
    rb"version https://git-lfs\.github\.com/spec/": (
        "a Git LFS pointer, not the data; fetch that with: git lfs pull"
    ),
    rb"(?:\.\./)*(?:\.git)?/?annex/objects/\S+\s*\Z": (
        "a git-annex pointer, not the data; fetch that with: git annex get FILE"
    ),
    rb"(?:[a-z]\w*+:[^\n]*+\n){0,20}?outs:\s*\n[ ]*- (?:md5|etag|hash|size|path|checksum):": (
        "a DVC pointer, not the data; fetch that with: dvc pull"
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
    # Protocols 0 and 1, which have no magic bytes.
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

_LIST_READ = "ast.literal_eval('(' + sys.stdin.read() + ')')"
_LINES_READ = "map(ast.literal_eval, sys.stdin)"
_ROWS = (
    "Python's notation of rows, which is not read; write it as CSV: python3 -c \"import ast, csv, "
    'sys; csv.writer(sys.stdout).writerows(%s)" < FILE > reviews.csv'
)
_OBJECTS = (
    "Python's notation of dictionaries, which is not read; write it as JSON lines: python3 -c "
    '"import ast, json, sys; [print(json.dumps(each)) for each in %s]" < FILE > reviews.jsonl'
)
_TEXT_LISTS = (
    "Python's notation of lists, which is not read; write it as JSON lines: python3 -c \"import "
    "ast, json, sys; [print(json.dumps(each)) for line in sys.stdin for each in "
    'ast.literal_eval(line)]" < FILE > reviews.jsonl'
)
_LITERAL = r"(?:[rbu]?'(?:[^'\\\n]|\\.)*+'|[rbu]?\"(?:[^\"\\\n]|\\.)*+\"|[-+.\d]++|None|True|False)"
_ROW = rf"[(\[]\s*+(?=.*['\"])(?:{_LITERAL}\s*,\s*)++(?:{_LITERAL}\s*)?[)\]]"
_TEXT_LIST = (
    r"\[\s*(?:'(?:[^'\\\n]|\\.)*+'|\"[^\"\n]*'[^\"\n]*\")(?:\s*,\s*"
    rf"{_LITERAL})*+\s*,?\s*\]"
)
_DICT = r"\{\s*u?'[^'\n]*'\s*:.*\}"
_REFUSED = (
    r"(?:bad request|unauthori[sz]ed|payment required|forbidden|(?:\w+ )?not found|gone|"
    r"method not allowed|request time-?out|too many requests|internal server error|bad gateway|"
    r"service (?:temporarily )?unavailable|gateway time-?out|access denied)"
)
ERROR_ANSWER = "a web server's error, saved instead of the data; download the data again"
_XML = f"XML, which is not read; {_CONVERT}"
_DRAWN = "a table drawn for reading; write it as CSV (psql --csv, sqlite3 -header -csv)"
_INLINE = (
    r"(?:p|b|i|u|a|s|br|hr|q|div|span|em|strong|small|font|ul|ol|li|img|h\d|table|tr|td|th|pre|"
    r"code|blockquote|section|article|center|sup|sub|mark|del|ins)"
)
_COLUMNS = "words in columns (CoNLL), which are not read; write a text on each line"
_TAG = r"(?:O|[BIESLU]-\S+|DT|NNP?S?|JJ[RS]?|VB[DGNPZ]?|RB[RS]?|IN|PRP\$?|[.,:])"
_FEATURES = (
    r"[-+]?\d+(?:\.\d+)?(?: qid:\d+)?(?: +\d+:[-+.\de]+)+(?:\s*#.*)?|(?:\S+:\d+ +)+#label#:\S+"
)
# Kinds of text, readable with --input-format lines. Beginning → as above.
_TEXTS = {
    r"(?i:\s*(?:<!--[\s\S]{0,900}?-->\s*)?<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>]))": (
        "an HTML page, perhaps a login or an error, saved instead of the data; download the "
        "data again"
    ),
    rf"(?i:\s*(?:(?:http/[\d.]+|error:?)\s+)?[45]\d\d(?:\s*[:-]\s*|\s+){_REFUSED}\W*\Z)"
    r"|(?i:\s*(?:entry|repository) not found\W*\Z|\s*error code: \d{3,4}\s*\Z)"
    r"|HTTP/\d[.\d]* \d{3}\b": ERROR_ANSWER,
    r"\s*<\?xml[\s?]|\s*<!DOCTYPE\s|\s*<svg[\s>]": _XML,
    # XML without a declaration: an element that is not HTML, around others or to the end of a line.
    rf"(?i:\s*(?:<!--[\s\S]*?-->\s*)?<(?!{_INLINE}[\s/>])([a-z_][\w:.-]*)(?:\s[^<>]*)?>"
    r"(?:\s*<([a-z_][\w:.-]*)(?:\s[^<>]*)?(?:/>|>[^<]*</\2>|>\s*<)"
    r"|[\s\S]*?</\1>\s*(?:\n|<|\Z)))": _XML,
    r"-----BEGIN [A-Z0-9 ]+-----|(?:ssh-(?:rsa|dss|ed25519)|ecdsa-\S+) AAAA": (
        "a key or certificate, not reviews"
    ),
    r"(?:\s*[\w-]+/[\w-]+: .*\n){1,20}?review/\w+:": (
        "blocks of keys and values, as of SNAP, which are not read; take the texts out: "
        "sed -n 's#^review/text: ##p' FILE > reviews.txt"
    ),
    r"\s*\|.*\n\s*\|(?:\s*:?-+:?\s*\|)+": (
        "a Markdown table, which is not read; write it as CSV: "
        "sed -e '2d; s/^ *| *//; s/ *| *$//; s/ *| */|/g' FILE > reviews.csv"
    ),
    r"[^\n]*\|[^\n]*\n[ ]?-+(?:\+-+)+-?\n|\+-+(?:\+-+)*\+\n|[┌╭╔][─━═┬╦┐]": _DRAWN,
    r"%YAML |\s*(?:---\s*\n)?(?:[\w-]+:[ ]*\n)?"
    r"[ ]*- ([\w-]+):[ ].*\n(?:[ ]*- \1:|[ ]+[\w-]+:)": (f"YAML, which is not read; {_CONVERT}"),
    r"\s*\d+\s*\n\d+:\d\d:\d\d[,.]\d+ --> |WEBVTT\b": (
        "subtitles; take the texts out: grep -v -e '-->' -e '^[0-9]*[[:space:]]*$' FILE > "
        "reviews.txt"
    ),
    r"(?i:(?:\s|--.*\n|/\*[\s\S]*?\*/;?|(?!create\s+table)"
    r"(?:set|use|pragma|begin|start|lock|drop|create|alter|select)\b.*;)*+"
    r"(?:insert\s+(?:ignore\s+)?into\s+\S+\s*(?:\(|values|select)|create\s+table\s+[^\n]*\(|"
    r"copy\s+\S+.*from\s+stdin))": (
        "an SQL dump; load it into its database, and write the table as CSV"
    ),
    r"(?i:(?:\s|%.*\n)*@relation\s)": f"an ARFF file, which is not read; {_CONVERT}",
    r"-DOCSTART-|(?:#[^\n]*\n)*# text = ": _COLUMNS,
    r"From \S+ +\w{3} \w{3} +\d{1,2} \d\d:\d\d": (
        "mail (mbox), which is not read; write the text of each message as CSV or JSON lines"
    ),
    rf"\s*\[\s*{_ROW}|\s*{_ROW}\s*,\s*(?:\n|\Z)": _ROWS % _LIST_READ,
    rf"\s*\[\s*{_DICT}|\s*{_DICT}\s*,\s*(?:\n|\Z)": _OBJECTS % _LIST_READ,
}
# Pattern of every line, and the minimum number of lines → as above.
_LINES = {
    (rf"(?=\(){_ROW}", 1): _ROWS % _LINES_READ,
    (rf"(?=\[){_ROW}", 2): _ROWS % _LINES_READ,
    (_TEXT_LIST, 1): _TEXT_LISTS,
    (_DICT, 1): _OBJECTS % _LINES_READ,
    (_FEATURES, 1): "numbers of features (libsvm), not texts; use the texts they were made of",
    (rf"\S+(?:[ \t]+\S+){{0,9}}[ \t]+{_TAG}", 3): _COLUMNS,
}
READ_LINES = "--input-format lines reads its lines"
REFUSAL = re.compile(
    rf"(?i:{_REFUSED}\W*|bad credentials|invalid (?:api )?(?:key|token).*|.*rate limit.*)"
)
_KNOWN = [(re.compile(start, re.DOTALL), what) for start, what in _KINDS.items()]
_KNOWN_TEXTS = [(re.compile(start), what) for start, what in _TEXTS.items()]
_KNOWN_LINES = [(re.compile(line), least, what) for (line, least), what in _LINES.items()]


def foreign(start: bytes, *, markup: bool = False) -> str | None:
    """Return the kind of a file without reviews, and what to do; None if it may have reviews.

    Args:
        start: Its first bytes, as many as are available.
        markup: Whether to accept HTML, XML and other notations as texts.
    """
    head = start[:LOOKED_AT]
    what = next((what for pattern, what in _KNOWN if pattern.match(head)), None)
    if what or markup:
        return what
    text = re.sub(r"\r\n?", "\n", head.decode("utf-8", "replace").removeprefix("\ufeff"))
    what = next((what for pattern, what in _KNOWN_TEXTS if pattern.match(text)), None)
    what = what or _of_lines(text, cut=len(start) > LOOKED_AT)
    return what and f"{what}; {READ_LINES}"


def _of_lines(text: str, *, cut: bool) -> str | None:
    """Return the kind of the lines; None if they may be texts."""
    lines = text.split("\n")[: -1 if cut else None]
    lines = [line.strip() for line in lines if line.strip()]
    for pattern, least, what in _KNOWN_LINES:
        if len(lines) >= least and all(map(pattern.fullmatch, lines)):
            return what
    return None
