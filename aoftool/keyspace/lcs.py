"""The longest common subsequence of two strings, with its matches as Redis has them (LCS, STRALGO).

Redis fills a table of lengths and walks it backwards. Here a row of the table is one integer, a bit
a column, set where the length grows from the column before: all that the walk has to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch both strings share: first and last index in each, both inclusive."""

    a_start: int
    a_end: int
    b_start: int
    b_end: int

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.a_end - self.a_start + 1


def lcs_length(a: bytes, b: bytes) -> int:
    """The length of the longest common subsequence (``LCS a b LEN``)."""
    last = 0
    for row in _rows(a, b):
        last = row
    return last.bit_count()


def lcs_text(a: bytes, b: bytes) -> bytes:
    """The longest common subsequence, of several the one that Redis gives (``LCS a b``)."""
    return b"".join(a[found.a_start : found.a_end + 1] for found in reversed(_matches(a, b)))


def lcs_matches(a: bytes, b: bytes, min_length: int = 0) -> tuple[list[Match], int]:
    """The matches, from the end of the strings to their start, and the LCS's length (IDX).

    Matches shorter than ``min_length`` (MINMATCHLEN) are left out; the length counts them.
    """
    found = _matches(a, b)
    return [one for one in found if one.length >= min_length], sum(one.length for one in found)


def _rows(a: bytes, b: bytes) -> Iterator[int]:
    """Row by row, for longer and longer starts of ``a``, the columns in which the length grows.

    The bit-vector algorithm of Hyyrö ("Bit-parallel LCS-length computation revisited", 2004).
    """
    places: dict[int, int] = {}
    for column, byte in enumerate(b):
        places[byte] = places.get(byte, 0) | 1 << column
    full = (1 << len(b)) - 1
    level = full
    for byte in a:
        hit = level & places.get(byte, 0)
        level = ((level + hit) | (level - hit)) & full
        yield level ^ full


def _matches(a: bytes, b: bytes) -> list[Match]:
    """All matches, last first: the way back through the table (``lcsCommand`` in t_string.c)."""
    rows = list(_rows(a, b))
    found: list[Match] = []
    i, j = len(a), len(b)
    while i and j:
        if a[i - 1] == b[j - 1]:
            a_end, b_end = i - 1, j - 1
            while i and j and a[i - 1] == b[j - 1]:
                i -= 1
                j -= 1
            found.append(Match(i, a_end, j, b_end))
        elif rows[i - 1] >> (j - 1) & 1:
            i -= 1
        else:
            j -= 1
    return found
