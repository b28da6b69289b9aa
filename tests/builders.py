"""Small AOFs for tests, from words."""

from __future__ import annotations

from collections.abc import Iterator

from aoftool.format.resp import encode_command


def command(*words: str | bytes) -> bytes:
    """One command as RESP."""
    return encode_command([word.encode() if isinstance(word, str) else word for word in words])


def commands(*lines: str) -> bytes:
    """Commands from lines of words."""
    return b"".join(command(*line.split()) for line in lines)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """``data`` cut into pieces of ``size`` bytes."""
    for at in range(0, len(data), size):
        yield data[at : at + size]
