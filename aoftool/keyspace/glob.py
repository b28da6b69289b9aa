"""Glob patterns as Redis matches them: KEYS, SCAN, PSUBSCRIBE, CONFIG GET (``stringmatchlen``).

A pattern becomes a regular expression once. Between stars its pieces match at their first possible
place and stay there (atomic groups): that decides alike, and never takes exponential time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

#: More stars than this that something follows, and the pattern matches nothing (6.2.16, 7.4.1).
MAX_STARS = 1000

_STAR, _ANY, _NOT, _OPEN, _CLOSE, _ESCAPE, _DASH = b"*?^[]\\-"


def matches(pattern: bytes, text: bytes, nocase: bool = False) -> bool:
    """Whether the whole ``text`` matches ``pattern`` (``stringmatchlen`` in util.c).

    ``*`` any bytes, ``?`` one, ``[a-c]`` one of a set, ``[^a-c]`` one of the others, ``\\`` takes
    the next byte as it is. A class that is not closed ends with the pattern. An empty text matches
    the empty pattern only, not even ``*``. ``nocase``: ASCII letters of both cases are the same.
    """
    return compiled(pattern, nocase)(text)


@lru_cache(maxsize=256)
def compiled(pattern: bytes, nocase: bool = False) -> Callable[[bytes], bool]:
    """A function that tells of a text whether it matches: for many texts with one pattern."""
    tokens = list(_tokens(pattern, nocase))
    if not tokens:
        return lambda text: not text
    if tokens == [None]:
        return bool
    pieces = _pieces(tokens)
    if len(pieces) - 1 - (not pieces[-1]) > MAX_STARS:
        return lambda text: False
    found = re.compile(_expression(pieces), re.DOTALL).fullmatch
    return lambda text: bool(text) and found(text) is not None


def _pieces(tokens: Iterable[bytes | None]) -> list[bytes]:
    """The expressions between stars; stars side by side are one."""
    pieces = [bytearray()]
    last: bytes | None = b""
    for token in tokens:
        if token is not None:
            pieces[-1] += token
        elif last is not None:
            pieces.append(bytearray())
        last = token
    return [bytes(piece) for piece in pieces]


def _expression(pieces: list[bytes]) -> bytes:
    first, *between = pieces
    if not between:
        return first
    last = between.pop()
    return first + b"".join(b"(?>.*?" + piece + b")" for piece in between) + b".*" + last


def _tokens(pattern: bytes, nocase: bool) -> Iterator[bytes | None]:
    """An expression for each byte to match; None for a star."""
    pos = 0
    while pos < len(pattern):
        byte = pattern[pos]
        pos += 1
        if byte == _STAR:
            yield None
        elif byte == _ANY:
            yield b"."
        elif byte == _OPEN:
            members, pos = _class(pattern, pos, nocase)
            yield _one_of(members)
        else:
            if byte == _ESCAPE and pos < len(pattern):
                byte = pattern[pos]
                pos += 1
            yield _one_of(_both_cases(byte) if nocase else {byte})


def _class(pattern: bytes, pos: int, nocase: bool) -> tuple[set[int], int]:
    """The bytes that the class beginning behind its bracket takes, and where it ends."""
    negated = pattern[pos : pos + 1] == b"^"
    pos += negated
    members: set[int] = set()
    size = len(pattern)
    while pos < size:
        byte = pattern[pos]
        if byte == _ESCAPE and pos + 1 < size:
            # An escaped byte stands for itself alone, nocase or not.
            members.add(pattern[pos + 1])
            pos += 2
        elif byte == _CLOSE:
            pos += 1
            break
        elif pos + 2 < size and pattern[pos + 1] == _DASH:
            members |= _range(byte, pattern[pos + 2], nocase)
            pos += 3
        else:
            members |= _both_cases(byte) if nocase else {byte}
            pos += 1
    return (set(range(256)) - members if negated else members), pos


def _range(start: int, end: int, nocase: bool) -> set[int]:
    """The bytes of a range; they are signed, as ``char`` is, and a range may run backwards."""
    low, high = sorted((_signed(start), _signed(end)))
    if nocase:
        low, high = _lower(low), _lower(high)
        return {byte for byte in range(256) if low <= _lower(_signed(byte)) <= high}
    return {byte & 0xFF for byte in range(low, high + 1)}


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte


def _lower(char: int) -> int:
    return char + 32 if 65 <= char <= 90 else char


def _both_cases(byte: int) -> set[int]:
    return set(bytes((byte,)).lower() + bytes((byte,)).upper())


def _one_of(members: set[int]) -> bytes:
    if not members:
        return b"(?!)"
    if len(members) == 256:
        return b"."
    return b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(members)) + b"]"
