import pytest

from sentiment.errors import DataError

from .helpers import rows_from, stdin_source


def test_objects_keep_their_keys_in_order():
    data = b'{"b": 1, "a": {"c": [true, null]}}\n{"a": 2.5, "d": "x"}\n'
    source = stdin_source(data, "jsonl")
    assert source.columns == ["b", "a", "d"]
    rows = [row for batch in source.batches() for row in batch.rows]
    assert rows == [{"b": 1, "a": {"c": [True, None]}}, {"a": 2.5, "d": "x"}]


def test_a_string_is_a_text():
    assert rows_from(b'"good\\nfilm"\n', format="jsonl") == [{"text": "good\nfilm"}]


def test_blank_lines_are_no_rows():
    data = b'{"text": "a"}\n\n  \r\n{"text": "b"}\n\n'
    assert rows_from(data, format="jsonl") == [{"text": "a"}, {"text": "b"}]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("good film", "not JSON"),
        ("[1]", "an object is expected"),
        ("null", "an object is expected"),
        ("{'a': 1}", "Python's notation, with single quotes"),
        ("5", "an object is expected on each line, not a number"),
        ('{"a', "not JSON .Unterminated string at character 2.; each line must be one object"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"a": ' + "1" * 5000 + "}", "a number of 5,000 digits is too long; write it as a string"),
        ('{"a": [1e400]}', "1e400 is too large a number; write it as a string"),
        ('{"a": 1, "a": 2}', 'the key "a" occurs twice'),
        ('{"a": {"b\\n": 1, "b\\n": 2}}', 'the key "b\n" occurs twice'),
    ],
)
def test_a_broken_line_is_named(line, message):
    data = '{"text": "a"}\n\n' + line + "\n"
    with pytest.raises(DataError, match=rf"<stdin>, row 2 \(line 3\): .*{message}"):
        rows_from(data.encode(), format="jsonl")
