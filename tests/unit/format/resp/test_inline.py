"""Words in a line, quoted and not (sdssplitargs, sdscatrepr)."""

from __future__ import annotations

import pytest

from aoftool.format.resp import needs_quotes, quote, split_args


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"a\fb\v c", [b"a\fb\v", b"c"]),
        (b"\f\va", [b"a"]),
        (b'"a"\fb', [b"a", b"b"]),
        (b'x"a"\v', [b"xa"]),
        (b"", []),
        (b"  \t ", []),
        (b"SET key value", [b"SET", b"key", b"value"]),
        (b' a  "b c" d ', [b"a", b"b c", b"d"]),
        (b'"\\x41\\n\\r\\t\\b\\a\\"\\\\" x', [b'A\n\r\t\b\a"\\', b"x"]),
        (b"'it\\'s' '\\n'", [b"it's", b"\\n"]),
        (b'"\\xZZ" "\\q"', [b"xZZ", b"q"]),
        (b'""', [b""]),
        (b'a"b c"', [b"ab c"]),
        (b'"open', None),
        (b"'open", None),
        (b'"a"b', None),
        (b'"a\\', None),
        (b"'a'b", None),
    ],
)
def test_split(line: bytes, words: list[bytes] | None) -> None:
    assert split_args(line) == words


@pytest.mark.parametrize("word", [b"", b"plain", b"two words", bytes(range(256)), b'"\\', b"'"])
def test_what_is_quoted_comes_back(word: bytes) -> None:
    assert split_args(b"x " + quote(word) + b" y") == [b"x", word, b"y"]


def test_which_words_need_quotes() -> None:
    assert not needs_quotes(b"appendonly.aof.1.base.rdb")
    assert all(
        needs_quotes(word) for word in (b"", b"a b", b'a"b', b"a\\b", b"\xff", b"a\nb", b"'")
    )
