from sentiment.cli.tables import shortened


def test_a_shortened_text_is_one_line_that_any_terminal_takes():
    assert shortened("fine \n\t day", 8) == "fine day"
    assert shortened("fine days", 8) == "fine da…"
    assert shortened("a\x1b[2J\ud800", 20) == "a\\x1b[2J\\ud800"
