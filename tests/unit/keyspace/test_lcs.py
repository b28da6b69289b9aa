"""The longest common subsequence against the table of lengths it stands for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoftool.keyspace.lcs import Match, lcs_length, lcs_matches, lcs_text

CASES = [
    (b"ohmytext", b"mynewtext", b"mytext"),
    (b"", b"abc", b""),
    (b"abc", b"", b""),
    (b"abc", b"abc", b"abc"),
    (b"abc", b"xyz", b""),
    (b"ab", b"ba", b"b"),
    (b"\0\xff\0", b"\xff\0\xff", b"\xff\0"),
]


@pytest.mark.parametrize(("a", "b", "text"), CASES)
def test_text_and_length(a: bytes, b: bytes, text: bytes) -> None:
    assert lcs_text(a, b) == text
    assert lcs_length(a, b) == len(text)


def test_matches_come_from_the_end() -> None:
    matches, length = lcs_matches(b"ohmytext", b"mynewtext")
    assert matches == [Match(4, 7, 5, 8), Match(2, 3, 0, 1)]
    assert [match.length for match in matches] == [4, 2]
    assert length == 6


def test_short_matches_are_left_out_but_counted() -> None:
    assert lcs_matches(b"ohmytext", b"mynewtext", 4) == ([Match(4, 7, 5, 8)], 6)


def table(a: bytes, b: bytes) -> list[list[int]]:
    lengths = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, left in enumerate(a, 1):
        for j, right in enumerate(b, 1):
            lengths[i][j] = (
                lengths[i - 1][j - 1] + 1
                if left == right
                else max(lengths[i - 1][j], lengths[i][j - 1])
            )
    return lengths


def walked(a: bytes, b: bytes) -> bytes:
    """Back through the table: up where that is strictly longer, else to the left."""
    lengths = table(a, b)
    i, j, found = len(a), len(b), bytearray()
    while i and j:
        if a[i - 1] == b[j - 1]:
            found.append(a[i - 1])
            i, j = i - 1, j - 1
        elif lengths[i - 1][j] > lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return bytes(reversed(found))


@given(st.text("abc", max_size=20), st.text("abc", max_size=20))
def test_agrees_with_the_table(left: str, right: str) -> None:
    a, b = left.encode(), right.encode()
    assert lcs_text(a, b) == walked(a, b)
    assert lcs_length(a, b) == table(a, b)[-1][-1]
    matches, length = lcs_matches(a, b)
    assert length == lcs_length(a, b)
    assert all(a[m.a_start : m.a_end + 1] == b[m.b_start : m.b_end + 1] for m in matches)


def test_long_strings_take_no_table() -> None:
    a = bytes(range(256)) * 40
    assert lcs_length(a, a[:5000]) == 5000
    assert lcs_text(a, a[100:]) == a[100:]
