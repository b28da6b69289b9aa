"""LZF: what goes in comes out, from our own bytes and from a server's."""

from __future__ import annotations

import pytest

from aoftool.errors import CorruptError
from aoftool.format.rdb import lzf

TEXTS = [
    b"a" * 5,
    b"a" * 264,
    b"a" * 265,
    b"a" * 1000,
    b"abcabcabcabcabcabcabc",
    bytes(range(256)) * 3,
    bytes(range(200)) + b"x" * 300 + bytes(range(200)),
    (b"the quick brown fox " * 50)[:777],
    bytes(8190) + b"abcdef" + bytes(range(256)) * 33 + b"abcdef",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_round_trip(text: bytes) -> None:
    packed = lzf.compress(text)
    if packed is None:
        assert len(text) == 5
        return
    assert len(packed) + lzf.MIN_SAVING <= len(text)
    assert lzf.decompress(packed, len(text)) == text


@pytest.mark.parametrize("text", [b"", b"a", b"abcd", bytes(range(256))])
def test_what_does_not_shrink(text: bytes) -> None:
    assert lzf.compress(text) is None


def test_bytes_of_a_server() -> None:
    # "ab" 40 times, as Redis 7.0.15 saved it.
    packed = bytes.fromhex("02616261e04201016162")
    assert lzf.decompress(packed, 80) == b"ab" * 40


@pytest.mark.parametrize(
    ("hexed", "length"),
    [
        ("1f61", 32),
        ("2000", 3),
        ("0061" + "2001", 4),
        ("0061" + "e0", 10),
        ("0061" + "e005", 10),
        ("0061" + "20", 4),
        ("0061", 2),
        ("0161" + "61", 1),
        ("0061" + "e0ff00", 5),
        ("", 1),
    ],
)
def test_wrong_bytes(hexed: str, length: int) -> None:
    with pytest.raises(CorruptError):
        lzf.decompress(bytes.fromhex(hexed), length)


def test_every_cut_is_noticed() -> None:
    packed = lzf.compress(b"abcd" * 100)
    assert packed is not None
    for cut in range(len(packed)):
        with pytest.raises(CorruptError):
            lzf.decompress(packed[:cut], 400)
