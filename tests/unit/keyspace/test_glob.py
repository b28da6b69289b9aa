"""Glob patterns: tables of cases, a plain twin, and patterns that take naive matchers ages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoftool.keyspace import glob

CASES = [
    (b"h?llo", b"hello", True),
    (b"h?llo", b"hllo", False),
    (b"h*llo", b"heeeello", True),
    (b"h*llo", b"hllo", True),
    (b"h[ae]llo", b"hillo", False),
    (b"h[^e]llo", b"hallo", True),
    (b"h[^e]llo", b"hello", False),
    (b"h[a-c]llo", b"hbllo", True),
    (b"h[c-a]llo", b"hbllo", True),
    (b"\\*", b"*", True),
    (b"\\*", b"a", False),
    (b"\\", b"\\", True),
    (b"a\\", b"a\\", True),
    (b"**", b"a", True),
    (b"a**", b"a", True),
    (b"*a*", b"xay", True),
    (b"*a", b"ab", False),
    # An empty text is matched by nothing but the empty pattern.
    (b"", b"", True),
    (b"*", b"", False),
    (b"**", b"", False),
    (b"", b"a", False),
    # Classes that are not closed, empty ones, brackets and dashes within.
    (b"[", b"[", False),
    (b"[", b"a", False),
    (b"[^", b"a", True),
    (b"[a", b"a", True),
    (b"[^a", b"a", False),
    (b"[]", b"]", False),
    (b"[^]", b"x", True),
    (b"[]a]", b"]a]", False),
    (b"[\\]]", b"]", True),
    (b"[a-", b"-", True),
    (b"[a-]", b"]", True),
    (b"[a-]", b"_", True),
    (b"[\\a-c]", b"b", False),
    (b"[\\a-c]", b"-", True),
    (b"[\\", b"\\", True),
    # Bytes are signed: from 0x80 up to "a" there are all bytes above 0x7f, and the ASCII ones.
    (b"[\x80-a]", b"\xff", True),
    (b"[\x80-a]", b"b", False),
    (b"?", b"\n", True),
    (b"a*b", b"a\n\0b", True),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), CASES)
def test_matches(pattern: bytes, text: bytes, expected: bool) -> None:
    assert glob.matches(pattern, text) is expected


NOCASE = [
    (b"ABC", b"abc", True),
    (b"a[B-C]", b"Ac", True),
    (b"[^X]", b"x", False),
    (b"[\\X]", b"x", False),
    (b"[Z-a]", b"z", False),
    (b"\\A", b"a", True),
    (b"\xc4", b"\xe4", False),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), NOCASE)
def test_matches_without_case(pattern: bytes, text: bytes, expected: bool) -> None:
    assert glob.matches(pattern, text, nocase=True) is expected


@pytest.mark.parametrize("pattern", [b"a*" * 60 + b"b", b"*a" * 60 + b"b", b"*a?" * 60 + b"b*"])
def test_many_stars_take_no_exponential_time(pattern: bytes) -> None:
    assert not glob.matches(pattern, b"a" * 20_000)


def test_more_than_a_thousand_stars_match_nothing() -> None:
    assert glob.matches(b"*a" * 1000 + b"*", b"a" * 1200)
    assert not glob.matches(b"*a" * 1001, b"a" * 1200)


def test_a_compiled_pattern_serves_many_texts() -> None:
    match = glob.compiled(b"user:[0-9]*")
    texts = [b"user:1", b"user:", b"user:x", b"user:22"]
    assert [match(text) for text in texts] == [True, False, False, True]


def plain(pattern: bytes, text: bytes) -> bool:
    """Stars, question marks and letters, the slow way."""
    if not pattern:
        return not text
    if pattern[:1] == b"*":
        return any(plain(pattern[1:], text[n:]) for n in range(len(text) + 1))
    return bool(text) and pattern[:1] in (b"?", text[:1]) and plain(pattern[1:], text[1:])


@given(st.text("ab*?", max_size=8), st.text("ab", min_size=1, max_size=8))
def test_agrees_with_a_plain_matcher(pattern: str, text: str) -> None:
    assert glob.matches(pattern.encode(), text.encode()) == plain(pattern.encode(), text.encode())
